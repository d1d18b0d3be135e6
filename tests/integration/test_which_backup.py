"""Which backups stand for their database: whole, not known to be bad, and not of the future."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from holdfast.operations import list_backups, status
from holdfast.schedule import last_good
from tests.deployment import Deployment

TABLES = {"sqlite": "catalog_author", "postgresql": "public.catalog_author"}


def backup(deployment: Deployment, *options: str) -> str:
    name: str = deployment.run("backup_db", *options, "--format=json").document()["backups"][0]["name"]
    return name


def move(folder: Path, name: str, moment: datetime) -> str:
    """Give a backup another time, as a wrong clock would have: the manifest in the sidecar, and all the names."""
    head, _, tail = name.rpartition("_")
    other = f"{head}_{moment:%Y%m%dT%H%M%SZ}{tail[16:]}"
    document = json.loads((folder / f"{name}.json").read_text())
    document |= {"name": other, "created": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}
    (folder / f"{name}.json").write_text(json.dumps(document))
    for path in list(folder.glob(f"{name}*")):
        path.rename(folder / (other + path.name.removeprefix(name)))
    return other


def test_a_partial_backup_is_chosen_by_its_name_alone(single: Deployment) -> None:
    whole = backup(single, "--type=daily")
    table = TABLES[single.engine]
    excluded = backup(single, "--type=weekly", f"--exclude-table-data={table}")
    empty = backup(single, "--type=monthly", "--schema-only")
    listing = {
        line.split()[0]: line for line in single.run("list_backups").out.splitlines() if line.startswith("default_")
    }
    assert f"lacks the rows of {table}" in listing[excluded]
    assert "lacks all rows" in listing[empty]
    assert "lacks" not in listing[whole]
    plan = single.run("restore_db", "--dry-run").out
    assert whole in plan
    assert empty not in plan
    assert "holds no rows" in single.run("restore_db", empty, "--dry-run").out
    with single.in_process():
        listed = list_backups()
        assert status()[0].backup == whole
        assert last_good("default", "weekly", listed) is None
    single.run("cleanup_backups", "--keep-last=1", "--no-recent", "--no-input")
    assert whole in single.files()


def test_where_all_are_partial_none_is_chosen_unasked(single: Deployment) -> None:
    before = single.states()
    empty = backup(single, "--schema-only")
    refused = single.run("restore_db", "--no-input", code=3).err
    assert f"{empty}: it lacks all rows" in refused
    single.assert_unchanged({"default": before["default"]})


@pytest.mark.parametrize("days", [1, 365])
def test_a_backup_of_the_future_satisfies_nothing(single: Deployment, days: int) -> None:
    good = backup(single)
    future = move(single.backups, backup(single, "--type=daily"), datetime.now(UTC) + timedelta(days=days))
    assert good in single.run("restore_db", "--dry-run").out
    assert "dated in the future" in single.run("list_backups").out
    told = single.run("backup_status", code=None).out
    assert f"dated in the future and counted for nothing: {future}" in told
    with single.in_process():
        (found,) = status()
        assert (found.backup, found.condition) == (good, "warning")
        assert found.age_seconds is not None
        assert found.age_seconds >= 0


def test_rows_of_an_extension_are_a_lack(postgresql: Deployment) -> None:
    assert postgresql.server is not None
    name = postgresql.databases["default"]["NAME"]
    postgresql.server.psql(
        "CREATE EXTENSION IF NOT EXISTS tablefunc; CREATE TABLE kept (id int); "
        "ALTER EXTENSION tablefunc ADD TABLE kept; INSERT INTO kept VALUES (1); "
        "UPDATE pg_extension SET extconfig = ARRAY['kept'::regclass::oid], extcondition = ARRAY[''] "
        "WHERE extname = 'tablefunc'",
        name,
    )
    single = replace(postgresql, settings={"DATABASES": ["default"]})
    backup(single, "--exclude-table-data=kept")
    assert "lacks the rows of kept" in single.run("list_backups").out


def test_what_the_project_never_keeps_is_lacking_in_none(single: Deployment) -> None:
    table = TABLES[single.engine]
    settings = {**single.settings, "EXCLUDE_TABLE_DATA": {"default": ["django_session", table, "of_tomorrow"]}}
    settled = replace(single, settings=settings)
    outcome = settled.run("backup_db", "--format=json")
    assert "there is no table of_tomorrow" in outcome.err
    made = outcome.document()["backups"][0]["name"]
    assert "lacks" not in settled.run("list_backups").out
    plan = settled.run("restore_db", "--dry-run").out
    assert made in plan
    assert f"without the rows of {table}: they are not in it" in plan
    # It was whole when it was made, whatever the settings say later; what is asked for once makes it partial.
    assert made in single.run("restore_db", "--dry-run").out
    asked = backup(settled, f"--exclude-table-data={TABLES[single.engine].replace('author', 'book')}")
    assert made in settled.run("restore_db", "--dry-run").out
    assert "catalog_book" in next(line for line in settled.run("list_backups").out.splitlines() if asked in line)


def test_in_a_bucket_too(stored: Deployment) -> None:
    whole = backup(stored, "--location=offsite")
    backup(stored, "--location=offsite", "--schema-only")
    assert whole in stored.run("restore_db", "--location=offsite", "--dry-run").out


def test_what_was_proven_outlives_the_file(single: Deployment) -> None:
    proven = backup(single)
    single.run("validate_backup", proven, "--deep")
    backup(single, "--type=daily")
    single.run("cleanup_backups", "--keep-last=1", "--no-recent", "--no-input")
    for path in single.backups.glob(f"{proven}*"):
        path.unlink()
    with single.in_process():
        (found,) = status()
        assert found.proven is not None
        assert (found.proven.backup, found.proven.how) == (proven, "drill")
        assert found.proven.seconds is not None


def test_a_full_text_index_lacks_nothing(sqlite: Deployment) -> None:
    """The rows of a virtual table are in its shadow tables."""
    sqlite.execute("CREATE VIRTUAL TABLE search USING fts5 (a); INSERT INTO search VALUES ('lighthouse'); SELECT 1")
    whole = backup(sqlite, "--database=default")
    assert "lacks" not in sqlite.run("list_backups").out
    assert whole in sqlite.run("restore_db", "--dry-run").out
    for table in ("search_content", "search"):
        partial = backup(sqlite, "--database=default", f"--exclude-table-data={table}")
        assert f"lacks the rows of {table}" in sqlite.run("list_backups", partial).out
        assert "without the rows of" in sqlite.run("restore_db", partial, "--table", table, "--dry-run", code=2).err
