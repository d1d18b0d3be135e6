"""What somebody has decompressed is restored too, compared with the manifest of its backup, or not believed."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from tests.deployment import Deployment
from tests.integration.test_round_trip import assert_dumped_alike

TABLES = {"sqlite": "catalog_author", "postgresql": "public.catalog_author"}
RESTORE = ("restore_db", "--no-input", "--no-safety-backup")


def unpacked(deployment: Deployment, to: str = "") -> Path:
    """Make a backup, and leave beside it, or elsewhere, what it holds."""
    made = Path(deployment.run("backup_db", "--format=json").document()["backups"][0]["path"])
    file = deployment.folder / to if to else made.with_suffix("")
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(gzip.decompress(made.read_bytes()))
    return file


def test_an_unpacked_file_comes_back_whole_and_in_part(single: Deployment) -> None:
    before = single.states()
    file = unpacked(single)
    # As gunzip leaves it: the manifest is beside it, the backup is gone.
    file.with_name(f"{file.name}.gz").unlink()
    single.wreck()
    plan = single.run("restore_db", file, "--dry-run", "--drop-existing").out
    assert f"every byte of it is compared with the manifest of {file}.gz" in plan
    assert "--drop-existing changes nothing" in plan
    single.run(*RESTORE, file.name, "--owners", "--verify")
    single.assert_unchanged(before)
    if single.server is not None:
        assert_dumped_alike(single.server, single.name())
    single.run(*RESTORE, file, "--table", TABLES[single.engine])
    single.assert_unchanged(before)
    assert "good" in single.run("restore_db", file, "--verify-only").out
    assert not file.with_name(f"{file.name}.status.json").exists()
    assert single.litter() == []
    for option in ("--data-only", "--schema=public", "--table=catalog_author"):
        assert "exclude each other" in single.run(*RESTORE, file, "--drop-existing", option, code=2).err


def test_a_file_of_another_name_is_known_by_what_it_holds(single: Deployment) -> None:
    before = single.states()
    file = unpacked(single, "elsewhere/before the accident")
    single.wreck()
    single.run(*RESTORE, file, "--owners")
    single.assert_unchanged(before)


def test_what_was_changed_or_cut_off_is_refused(single: Deployment) -> None:
    file = unpacked(single)
    wrecked = single.states()
    content = file.read_bytes()
    middle = len(content) // 2
    for other, said in (
        (content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :], "does not have its SHA-256"),
        (content[:-1], "cut off"),
        (content + b"\n", "was changed"),
    ):
        file.write_bytes(other)
        assert said in single.run(*RESTORE, file, code=3).text
    assert "BAD" in single.run("restore_db", file, "--verify-only", code=3).text
    single.assert_unchanged(wrecked)


def test_without_a_manifest_the_plan_says_what_is_not_known(single: Deployment) -> None:
    before = single.states()
    file = unpacked(single, f"elsewhere/found.{'sql' if single.server else 'sqlite3'}")
    shutil.rmtree(single.backups)
    single.wreck()
    if single.server is not None:
        refused = single.run(*RESTORE, file, code=3).err
        assert "nothing tells whether it is whole" in refused
        assert f"psql -X -1 -v ON_ERROR_STOP=1 -d NEW_DATABASE -f {file.name}" in refused
        return
    assert "nothing tells what this file should hold" in single.run("restore_db", file, "--dry-run").out
    single.run(*RESTORE, file)
    single.assert_unchanged(before)
    assert single.litter() == []
    assert "nothing that it could be compared with" in single.run("restore_db", file, "--verify-only", code=3).text
    damaged = file.read_bytes()
    file.write_bytes(damaged[:4096] + bytes(4096) + damaged[8192:])
    single.run(*RESTORE, file, code=None)
    single.assert_unchanged(before)


def test_dumps_of_other_programs_name_the_program_that_restores_them(postgresql: Deployment) -> None:
    assert postgresql.server is not None
    script, archive, other = (postgresql.folder / name for name in ("dump.sql", "dump.sqlite3", "other.sql"))
    script.write_text(postgresql.server.pg_dump(postgresql.name()))
    archive.write_bytes(b"PGDMP" + bytes(600))
    with closing(sqlite3.connect(":memory:")) as database:
        other.write_text("PRAGMA foreign_keys=OFF;\n" + "\n".join(database.iterdump()))
    for file, advice in ((script, "psql -X"), (archive, "pg_restore"), (other, "sqlite3 NEW_FILE")):
        refused = postgresql.run(*RESTORE, file, "--database=default", code=3).err
        assert "no Holdfast backup" in refused
        assert advice in refused


def test_a_database_at_work_is_no_backup(sqlite: Deployment) -> None:
    live, other = Path(sqlite.name()), sqlite.folder / "other.sqlite3"
    before = sqlite.states()
    assert "is the live database 'default' itself" in sqlite.run(*RESTORE, live, code=2).err
    link = sqlite.folder / "link.sqlite3"
    link.symlink_to(live)
    assert "is the live database" in sqlite.run(*RESTORE, link, code=2).err
    assert "is the live database" in sqlite.run("validate_backup", live, code=2).err
    shutil.copy(live, other)
    other.with_name(f"{other.name}-wal").write_bytes(b"something")
    assert "a program uses it" in sqlite.run(*RESTORE, other, code=2).err
    sqlite.assert_unchanged(before)


def test_gunzip_and_zstd_are_what_people_use(sqlite: Deployment) -> None:
    before = sqlite.states()
    sqlite.run("backup_db", "--database=default", "--compression=zstd")
    (backup,) = sqlite.backups.glob("default_*.zst")
    subprocess.run(["zstd", "-d", "-q", "--rm", backup], check=True)
    sqlite.wreck()
    sqlite.run(*RESTORE, backup.with_suffix(""))
    sqlite.assert_unchanged(before)
