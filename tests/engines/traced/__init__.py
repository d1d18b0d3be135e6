"""Python's SQLite behind proxies, as programs that trace statements put them there."""
