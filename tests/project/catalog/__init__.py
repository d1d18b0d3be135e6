"""Models for both engines: every field, relation, constraint and odd name."""
