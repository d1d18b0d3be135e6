"""Aliases and connection parameters, as Django knows them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from holdfast import databases
from holdfast.exceptions import UsageError

Connect = Callable[..., BaseDatabaseWrapper]


@pytest.fixture
def postgresql() -> Connect:
    def connect(**settings: Any) -> BaseDatabaseWrapper:
        handler = ConnectionHandler({"default": {"ENGINE": "django.db.backends.postgresql", **settings}})
        connection = handler["default"]
        assert isinstance(connection, BaseDatabaseWrapper)
        return connection

    return connect


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, dict[str, Any]]], None]:
    def use(settings: dict[str, dict[str, Any]]) -> None:
        monkeypatch.setattr(databases, "connections", ConnectionHandler(settings))

    return use


SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": "/srv/shop.sqlite3"}
POSTGRESQL = {"ENGINE": "django.db.backends.postgresql", "NAME": "shop"}


def test_only_what_libpq_knows_is_passed_on(postgresql: Connect) -> None:
    connection = postgresql(
        NAME="shop",
        USER="anna",
        PASSWORD="secret",
        HOST="db.example",
        PORT=5433,
        OPTIONS={
            "sslmode": "verify-full",
            "sslrootcert": Path("/etc/ca.pem"),
            "keepalives": 1,
            "pool": {"min_size": 2},
            "isolation_level": 3,
            "server_side_binding": True,
            "prepare_threshold": 5,
        },
    )

    assert databases.libpq_parameters(connection) == {
        "dbname": "shop",
        "client_encoding": "UTF8",
        "user": "anna",
        "password": "secret",
        "host": "db.example",
        "port": "5433",
        "sslmode": "verify-full",
        "sslrootcert": "/etc/ca.pem",
        "keepalives": "1",
    }


def test_a_service_can_hold_everything(postgresql: Connect) -> None:
    connection = postgresql(NAME="", OPTIONS={"service": "shop", "passfile": "/etc/pgpass"})

    parameters = databases.libpq_parameters(connection)

    assert parameters == {"service": "shop", "passfile": "/etc/pgpass", "client_encoding": "UTF8"}
    assert databases.display_name(connection) == "default"


def test_the_role_that_django_assumes_is_assumed_too(postgresql: Connect) -> None:
    connection = postgresql(NAME="shop", OPTIONS={"assume_role": "shop owner", "options": "-c search_path=shop"})

    parameters = databases.libpq_parameters(connection)
    assert (parameters["options"], parameters["role"]) == ("-c search_path=shop", "shop owner")


def test_what_belongs_to_django_and_psycopg_alone_stays_there(postgresql: Connect) -> None:
    theirs = {"pool": True, "server_side_binding": True, "isolation_level": 2, "prepare_threshold": 5}
    libpqs = {"servicefile": "/etc/services", "max_protocol_version": "3.0", "scram_client_key": "a2V5"}
    parameters = databases.libpq_parameters(postgresql(NAME="shop", OPTIONS={**theirs, **libpqs}))
    assert parameters == {"dbname": "shop", "client_encoding": "UTF8", **libpqs}


def test_every_supported_alias_is_meant_but_no_mirror(project: Callable[..., None]) -> None:
    project(
        {
            "default": POSTGRESQL,
            "replica": {**POSTGRESQL, "TEST": {"MIRROR": "default"}},
            "logs": SQLITE,
            "other": {"ENGINE": "django.db.backends.dummy"},
        },
    )

    assert databases.all_aliases(None) == ["default", "logs"]
    assert databases.all_aliases(["logs"]) == ["logs"]
    assert databases.unsupported_aliases() == []
    assert databases.default_alias(None) == "default"


def test_without_a_default_the_only_alias_is_meant(project: Callable[..., None]) -> None:
    project({"default": {}, "logs": SQLITE})
    assert databases.default_alias(None) == "logs"


def test_without_a_default_two_aliases_are_a_question(project: Callable[..., None]) -> None:
    project({"default": {}, "logs": SQLITE, "shop": POSTGRESQL})
    with pytest.raises(UsageError) as refusal:
        databases.default_alias(None)
    assert "logs, shop" in str(refusal.value.hint)


@pytest.mark.parametrize(
    ("alias", "settings", "said"),
    [
        ("nope", SQLITE, "there is no database 'nope'"),
        ("../x", SQLITE, "cannot be part of a file's name"),
        ("default", {**SQLITE, "NAME": ":memory:"}, "lives in memory"),
        ("default", {"ENGINE": "django.db.backends.dummy"}, "which Holdfast cannot back up"),
    ],
)
def test_what_cannot_be_backed_up_is_refused(
    project: Callable[..., None], alias: str, settings: dict[str, Any], said: str
) -> None:
    project({"default": SQLITE, "../x": SQLITE} | ({alias: settings} if alias != "nope" else {}))
    with pytest.raises(UsageError, match=said):
        databases.connection_for(alias)


def test_a_drill_goes_to_another_server_when_the_alias_is_gone(project: Callable[..., None]) -> None:
    project({"default": SQLITE, "shop": POSTGRESQL})

    assert databases.connection_of_engine("gone", "postgresql").alias == "shop"
    with pytest.raises(UsageError, match="no database in DATABASES is of the engine 'oracle'"):
        databases.connection_of_engine("gone", "oracle")


@pytest.mark.parametrize("name", ["/srv/shop.sqlite3", Path("/srv/shop.sqlite3"), "file:/srv/shop.sqlite3?mode=rw"])
def test_the_name_to_type_for_sqlite_is_that_of_its_file(monkeypatch: pytest.MonkeyPatch, name: str | Path) -> None:
    monkeypatch.setitem(connections["default"].settings_dict, "NAME", name)
    assert databases.display_name(connections["default"]) == "shop.sqlite3"
