"""Rows that go into the server as binary: to the last bit those that the backup holds as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.deployment import Deployment
from tests.servers import MAJORS, Server
from tests.templates import server_databases

# Every type that has a form of its own, with the ends of its range and what lies between them at random.
VALUES = r"""
    CREATE TABLE exact (
        id integer PRIMARY KEY, small int2, large int8, single float4, double float8, number numeric,
        money numeric(12, 2), flag boolean, word text, short varchar(20), padded char(12), document json,
        packed jsonb, bytes bytea, mark uuid, day date, hour time, local timestamp, moment timestamptz,
        second timestamptz(0)
    );
    SELECT setseed(0.25);
    INSERT INTO exact
    SELECT n, (random() * 65535 - 32768)::int2, ((random() - 0.5) * 18446744073709549568)::int8,
           ((random() - 0.5) * 10 ^ (random() * 76 - 38))::float4, (random() - 0.5) * 10 ^ (random() * 620 - 320),
           ((random() - 0.5)::numeric * 10::numeric ^ (n % 60 - 30))::numeric, (random() * 1e9)::numeric(12, 2),
           n % 3 = 0, repeat(chr(1 + n % 126), n % 7) || E'\t\\N\n\b\r\v\f\\' || chr(1000 + n), left(md5(n::text), n % 21),
           left(md5(n::text), n % 13), json_build_object('n', n, 'text', E'a\n"\\' || n), jsonb_build_array(n, E'\t\\', NULL),
           decode(repeat(md5(n::text), n % 5), 'hex'), md5(n::text)::uuid, date '0001-01-01' + (random() * 3652058)::int,
           time '00:00' + random() * interval '86399.999999 s',
           timestamp '0001-01-01' + random() * interval '9998 years',
           timestamptz '0001-01-01 00:00Z' + random() * interval '9998 years',
           timestamptz '2000-01-01 00:00Z' + random() * interval '9 years'
      FROM generate_series(1, 20000) n;
    INSERT INTO exact (id) VALUES (-1);
    INSERT INTO exact VALUES
        (-2, -32768, -9223372036854775808, -3.4028235e38, -1.7976931348623157e308, -1e900, -9999999999.99, false, '', '',
         '', '[]', '{}', '', '00000000-0000-0000-0000-000000000000', '0001-01-01', '00:00', '0001-01-01', '0001-01-01 00:00Z',
         '0001-01-01 00:00Z'),
        (-3, 32767, 9223372036854775807, 1.1754944e-38, 2.2250738585072014e-308, 1e-900, 0.00, true, '\N', 'NULL', '\.', '1',
         'null', '\x00', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '9999-12-31', '23:59:59.999999',
         '9999-12-31 23:59:59.999999', '9999-12-31 23:59:59.999999Z', '9999-12-31 23:59:59Z'),
        (-4, 0, 0, '-0', '-0', 0.000000, 0, NULL, E'\\', NULL, NULL, '""', '""', '\xff', NULL, '2000-01-01', '00:00:00.000001',
         '1999-12-31 23:59:59.999999', '2000-01-01 00:00Z', NULL);
"""
# What is written in words of its own, in the middle of what is not.
ODD = """
    CREATE TABLE odd (id integer PRIMARY KEY, moment timestamptz, day date, double float8, number numeric, local timestamp);
    INSERT INTO odd SELECT n, timestamptz '2020-01-01 00:00Z' + n * interval '1 s', '2020-01-01', n, n, '2020-01-01'
      FROM generate_series(1, 200000) n;
    UPDATE odd SET moment = 'infinity' WHERE id = 60000;
    UPDATE odd SET moment = '0044-03-15 12:00Z BC', day = '-infinity', double = 'NaN', number = 'NaN', local = '12000-01-01'
     WHERE id % 50000 = 7;
    UPDATE odd SET double = '-Infinity' WHERE id = 199999;
    CREATE TABLE other (id integer, list integer[], length interval, place inet);
    INSERT INTO other SELECT n, ARRAY[n, NULL], n * interval '1 h', '::1' FROM generate_series(1, 1000) n;
"""


@pytest.fixture(params=(MAJORS[0], MAJORS[-1]), ids=str)
def typed(servers: Callable[[int], Server], tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Deployment]:
    """A database of these tables, whose sessions tell the server's log what they do."""
    server, name = servers(request.param), f"typed_{request.param}"
    server.create_database(name)
    server.psql(VALUES + ODD, name)
    server.psql(f"ALTER DATABASE {name} SET log_statement = 'all'")
    databases = {"default": server_databases(server, {"default": name})["default"]}
    yield replace(Deployment(tmp_path, databases, server), settings={"DATABASES": ["default"]})
    server.psql(f"DROP DATABASE {name} WITH (FORCE)")


def stored(deployment: Deployment, table: str) -> bytes:
    """The rows of a table as the server itself puts them into binary."""
    assert deployment.server is not None
    statement = f"COPY (SELECT * FROM {table} ORDER BY id) TO STDOUT (FORMAT binary)".encode()
    with psycopg.connect(deployment.server.dsn(deployment.name())) as connection, connection.cursor() as cursor:
        with cursor.copy(statement) as copied:
            return b"".join(bytes(part) for part in copied)


def formats(log: str, table: str) -> list[str]:
    """In which formats rows were sent, one after the other."""
    begins = [line for line in log.splitlines() if f'COPY "public"."{table}"' in line and "FROM stdin" in line]
    return [line.split("FORMAT ")[1].split(",")[0].split(")")[0] for line in begins]


def test_every_bit_is_the_same(typed: Deployment) -> None:
    tables = ("exact", "odd", "other")
    before = {table: stored(typed, table) for table in tables}
    typed.run("backup_db")
    typed.execute("DELETE FROM exact")
    typed.execute("DELETE FROM odd")
    assert typed.server is not None
    written = typed.server.log.stat().st_size
    typed.run("restore_db", "latest", "--strategy", "in-place", "--no-input", "--no-safety-backup")
    log = typed.server.log.read_bytes()[written:].decode(errors="replace")
    assert formats(log, "exact") == ["binary"]
    # Rows before the first one that only text can tell are in already; what comes behind it follows as text.
    assert formats(log, "odd") == ["binary", "text"]
    assert formats(log, "other") == ["text"]
    for table in tables:
        assert stored(typed, table) == before[table], table
    typed.run("restore_db", "latest", "--strategy", "swap", "--no-input", "--no-safety-backup", "--verify")
    for table in tables:
        assert stored(typed, table) == before[table], table
    typed.run("restore_db", "--drop-old", "--no-input")


def test_the_columns_of_the_database_say_what_is_sent(typed: Deployment) -> None:
    typed.run("backup_db", "--compression", "zstd")
    before = typed.execute("SELECT id, day::text, number::text FROM odd ORDER BY id")
    typed.execute("ALTER TABLE odd ALTER id TYPE bigint, ALTER day TYPE text, ALTER number TYPE text")
    typed.execute("TRUNCATE odd")
    typed.run("restore_db", "latest", "--table", "odd", "--data-only", "--no-input", "--no-safety-backup")
    assert typed.execute("SELECT id, day, number FROM odd ORDER BY id") == before


def test_a_value_that_the_column_refuses_is_named(typed: Deployment) -> None:
    typed.run("backup_db")
    typed.execute("ALTER TABLE exact ALTER large TYPE integer USING 0")
    outcome = typed.run(
        "restore_db", "latest", "--table", "exact", "--data-only", "--no-input", "--no-safety-backup", code=1
    )
    assert "public.exact" in outcome.text
    assert "out of range for type integer" in outcome.text
    assert typed.execute("SELECT count(*), max(large) FROM exact") == [("20004", "0")]
