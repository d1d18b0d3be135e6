"""A news site."""
