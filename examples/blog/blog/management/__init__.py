"""Management of the blog."""
