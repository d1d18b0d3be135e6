"""The engine, whose connections are no connections of Python's module."""

from typing import Any

from django.db.backends.sqlite3 import base


class Proxy:
    """Passes everything on."""

    def __init__(self, wrapped: Any) -> None:
        """Stand in front of this."""
        self.__dict__["__wrapped__"] = wrapped

    def __getattr__(self, name: str) -> Any:
        """Pass it on."""
        return getattr(self.__wrapped__, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Pass it on."""
        setattr(self.__wrapped__, name, value)


class DatabaseWrapper(base.DatabaseWrapper):
    """Gives proxies."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Open it."""
        return Proxy(super().get_new_connection(conn_params))
