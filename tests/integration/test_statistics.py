"""A restore gathers the statistics of what it has filled, and stands without them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.deployment import Deployment

SCHEMA = """
    CREATE TABLE plain AS SELECT i FROM generate_series(1, 100) i;
    CREATE TABLE parted (i integer) PARTITION BY RANGE (i);
    CREATE TABLE part_1 PARTITION OF parted FOR VALUES FROM (0) TO (50);
    CREATE TABLE part_2 PARTITION OF parted FOR VALUES FROM (50) TO (500);
    INSERT INTO parted SELECT generate_series(1, 100);
"""
ROWS = "SELECT relname, reltuples FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 2200 ORDER BY 1"
ALL = [("part_1", "49"), ("part_2", "51"), ("parted", "100"), ("plain", "100")]
# Nothing evaluates it before the statistics are gathered.
UNGATHERABLE = """
    CREATE FUNCTION refusing(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no statistics of me'; END $$;
    CREATE TABLE refused AS SELECT i FROM generate_series(1, 100) i;
    CREATE STATISTICS of_nothing ON refusing(i), i FROM refused;
"""


@pytest.mark.parametrize("options", [("in-place",), ("in-place", "--jobs", "1"), ("swap",)])
def test_all_tables_are_analyzed(postgresql_with: Callable[[str], Deployment], options: tuple[str, ...]) -> None:
    site = replace(postgresql_with(SCHEMA), settings={"DATABASES": ["default"]})
    site.run("backup_db")
    site.run("restore_db", "latest", "--no-input", "--no-safety-backup", "--strategy", *options)
    assert site.execute(ROWS) == ALL
    site.run("restore_db", "--drop-old", "--no-input")


def test_a_partition_that_comes_back_alone_is_analyzed(postgresql_with: Callable[[str], Deployment]) -> None:
    site = postgresql_with(SCHEMA)
    site.run("backup_db")
    site.run("restore_db", "latest", "--no-input", "--no-safety-backup", "--data-only", "--table", "part_1")
    assert dict(site.execute(ROWS))["part_1"] == "49"


@pytest.mark.parametrize("strategy", ["in-place", "swap"])
def test_a_table_that_cannot_be_analyzed_is_told(postgresql_with: Callable[[str], Deployment], strategy: str) -> None:
    site = replace(postgresql_with(SCHEMA + UNGATHERABLE), settings={"DATABASES": ["default"]})
    site.run("backup_db")
    done = site.run("restore_db", "latest", "--no-input", "--no-safety-backup", "--strategy", strategy)
    assert "the rows are restored, but ANALYZE failed" in done.text
    assert "public.refused" in done.text
    assert "no statistics of me" in done.text
    assert [row for row in site.execute(ROWS) if row[0] != "refused"] == ALL
    assert site.execute("SELECT count(*) FROM refused") == [("100",)]
    site.run("restore_db", "--drop-old", "--no-input")
