"""The engine, which gives each connection its key."""

from typing import Any

from django.db.backends.sqlite3 import base
from sqlcipher3 import dbapi2


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes the key from the options; none leaves the file what it is."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Open it."""
        key = conn_params.pop("key", None)
        connection = dbapi2.connect(**conn_params)
        if key:
            connection.execute(f"PRAGMA key = '{key}'")
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        """Give a cursor of the library; Django's own is one of Python's."""
        del name
        return self.connection.cursor()
