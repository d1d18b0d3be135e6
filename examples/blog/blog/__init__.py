"""A small blog to back up."""
