"""The whole content of a database as plain values, so that two states can be compared exactly.

Reads tables, not models: what a manager hides, what no model names and what another schema holds is all there.
"""

from typing import Any

from django.db import connections, transaction

# The server writes the values as text, so what it writes must not depend on the session.
POSTGRESQL_SESSION = """
SET LOCAL search_path = '';
SET LOCAL TimeZone = 'UTC';
SET LOCAL DateStyle = 'ISO, YMD';
SET LOCAL IntervalStyle = 'postgres';
SET LOCAL bytea_output = 'hex';
SET LOCAL extra_float_digits = 3;
SET LOCAL row_security = off;
"""

# A partitioned table is empty itself: its partitions are tables of their own. ONLY keeps children out of their parent.
POSTGRESQL_RELATIONS = """
SELECT format('%I.%I', namespace.nspname, class.relname),
       class.relkind IN ('r', 'm') AS is_stored,
       (SELECT coalesce(array_agg(format('%I::text', attribute.attname) ORDER BY attribute.attnum), '{}')
        FROM pg_catalog.pg_attribute AS attribute
        WHERE attribute.attrelid = class.oid AND attribute.attnum > 0 AND NOT attribute.attisdropped)
FROM pg_catalog.pg_class AS class
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
WHERE class.relkind IN ('r', 'm', 'v', 'f') AND (class.relkind <> 'm' OR class.relispopulated)
  AND namespace.nspname NOT LIKE 'pg\\_%' AND namespace.nspname <> 'information_schema'
"""

POSTGRESQL_SEQUENCES = """
SELECT format('%I.%I', namespace.nspname, class.relname)
FROM pg_catalog.pg_class AS class
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
WHERE class.relkind = 'S' AND namespace.nspname NOT LIKE 'pg\\_%'
"""

POSTGRESQL_LARGE_OBJECTS = """
SELECT oid::text, encode(pg_catalog.lo_get(oid), 'hex') FROM pg_catalog.pg_largeobject_metadata
"""


def state(using: str) -> dict[str, list[tuple[str | None, ...]]]:
    """Return the sorted rows of every table of a database, by table.

    Keys are table names on SQLite and quoted `schema.name` on PostgreSQL; `sequences` and `large objects` (there) and
    `sqlite_master` and `sqlite_sequence` (here) stand for what is no ordinary table. NULL is None, the rest is text.
    """
    vendor = connections[using].vendor
    readers = {"postgresql": _postgresql, "sqlite": _sqlite}
    if vendor not in readers:
        message = f"no snapshot for the vendor {vendor!r}"
        raise NotImplementedError(message)
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        return readers[vendor](cursor, connections[using])


def differences(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> dict[str, str]:
    """Say, by table, how two states differ; empty when they are equal."""
    found = {}
    for table in sorted(before.keys() | after.keys()):
        if table not in after:
            found[table] = "missing"
        elif table not in before:
            found[table] = "new"
        elif before[table] != after[table]:
            lost, gained = set(before[table]) - set(after[table]), set(after[table]) - set(before[table])
            counts = f"{len(before[table])} rows before, {len(after[table])} after"
            found[table] = f"{counts}; lost {_few(lost)}, gained {_few(gained)}"
    return found


def _few(rows: set[Any]) -> str:
    return f"{sorted(rows, key=repr)[:3]!r:.500}"


def _ordered(rows: list[tuple[str | None, ...]]) -> list[tuple[str | None, ...]]:
    return sorted(rows, key=lambda row: [(value is not None, value or "") for value in row])


def _postgresql(cursor: Any, _connection: Any) -> dict[str, list[tuple[str | None, ...]]]:
    cursor.execute(POSTGRESQL_SESSION)
    tables: dict[str, list[tuple[str | None, ...]]] = {}
    cursor.execute(POSTGRESQL_RELATIONS)
    for name, is_stored, columns in cursor.fetchall():
        cursor.execute(f"SELECT {', '.join(columns)} FROM {'ONLY ' if is_stored else ''}{name}")
        tables[name] = _ordered(cursor.fetchall())
    cursor.execute(POSTGRESQL_SEQUENCES)
    tables["sequences"] = []
    for (name,) in _ordered(cursor.fetchall()):
        cursor.execute(f"SELECT last_value::text, is_called::text FROM {name}")
        tables["sequences"].append((name, *cursor.fetchone()))
    cursor.execute(POSTGRESQL_LARGE_OBJECTS)
    tables["large objects"] = _ordered(cursor.fetchall())
    return tables


def _sqlite(cursor: Any, connection: Any) -> dict[str, list[tuple[str | None, ...]]]:
    cursor.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
    tables = {"sqlite_master": _ordered(cursor.fetchall())}
    names = connection.introspection.table_names(cursor, include_views=True)
    if any(row[1] == "sqlite_sequence" for row in tables["sqlite_master"]):
        names.append("sqlite_sequence")
    for name in names:
        quoted = _quoted(name)
        cursor.execute(f"PRAGMA table_xinfo({quoted})")
        columns = [_quoted(row[1]) for row in cursor.fetchall()]
        # Bytes come back whole whatever they hold; the expression also keeps Django's converters away.
        values = ", ".join(
            f"typeof({column}), CASE typeof({column}) WHEN 'text' THEN CAST({column} AS blob) ELSE {column} END"
            for column in columns
        )
        cursor.execute(f"SELECT {values} FROM {quoted}")
        tables[name] = _ordered([tuple(map(_text, row[::2], row[1::2])) for row in cursor.fetchall()])
    return tables


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(storage_class: str, value: Any) -> str | None:
    """Write a value with its storage class, since 1, 1.0 and '1' are three values to SQLite."""
    if value is None:
        return None
    if storage_class == "text":
        value = value.decode("utf-8", "surrogateescape")
    elif storage_class in {"blob", "real"}:
        value = value.hex()
    return f"{storage_class}:{value}"
