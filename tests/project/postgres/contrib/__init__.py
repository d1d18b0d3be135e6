"""Models that need extensions; their tables are made where the server offers all of `EXTENSIONS`."""

EXTENSIONS = ("btree_gist", "citext", "hstore", "pg_trgm", "unaccent")
