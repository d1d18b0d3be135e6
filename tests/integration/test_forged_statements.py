"""What somebody has written into a backup ends no transaction: the database stays as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.deployment import Deployment
from tests.forgery import forged

FORGERIES = {
    "plain": "\nCOMMIT; SELECT 1/0;",
    "commented": "\n/* a /* nested */ */ -- line\n cOmMiT AND CHAIN; SELECT 1/0;",
    "rolled back": "\nROLLBACK; DROP TABLE catalog_author CASCADE; BEGIN;",
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_statement_ends_no_transaction(postgresql: Deployment, tmp_path: Path, forgery: str) -> None:
    postgresql.run("backup_db", "--database=default")
    before = postgresql.states()

    def change(entry: dict[str, Any], sql: str) -> str:
        return sql + forgery if entry["kind"] == "table" and entry["name"] == "catalog_author" else sql

    backup = forged(postgresql.newest(), tmp_path / "forged", change)
    for command in (
        ("restore_db", "--strategy=in-place", "--no-safety-backup"),
        ("restore_db", "--strategy=swap"),
        ("restore_db", "--table=catalog_author", "--no-safety-backup"),
    ):
        outcome = postgresql.run(*command, str(backup), "--database=default", "--no-input", code=None)
        assert outcome.code != 0, outcome.out
        postgresql.assert_unchanged(before)
    assert postgresql.run("validate_backup", "--deep", str(backup), code=None).code == 3
    postgresql.assert_unchanged(before)


@pytest.mark.parametrize(("where", "before_it"), [("index", "table"), ("owner large object", "trigger")])
def test_a_changed_meaning_of_literals_hides_nothing(
    postgresql: Deployment, tmp_path: Path, where: str, before_it: str
) -> None:
    """Read in the other way, the literal would end before the COMMIT."""
    postgresql.execute("SELECT lo_create(4242)")
    postgresql.run("backup_db", "--database=default")
    before = postgresql.states()

    def change(entry: dict[str, Any], sql: str) -> str:
        if entry["kind"] == before_it:
            return sql + "\nSET standard_conforming_strings = off;"
        hides = where in f"{entry['kind']} {entry['name']}"
        return sql + "\nSELECT '\\'';COMMIT;SELECT 1/0;--';" if hides else sql

    backup = forged(postgresql.newest(), tmp_path / "forged", change)
    postgresql.run(
        "restore_db",
        str(backup),
        "--database=default",
        "--strategy=in-place",
        "--no-safety-backup",
        "--no-input",
        "--owners",
    )
    postgresql.assert_unchanged(before)
