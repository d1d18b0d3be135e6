"""Damaged, foreign and mixed-up backups are found by `validate_backup` and refused by `restore_db`."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

import holdfast
from holdfast.exceptions import HoldfastError, InvalidBackup
from tests.project.snapshot import differences

if TYPE_CHECKING:
    from tests.deployment import Deployment
    from tests.templates import Deploy

# For each of two codecs of a payload.
FLIPS = {"": 70, ".json": 24, ".sha256": 6}
TRUNCATIONS = {"": 17, ".json": 6, ".sha256": 2}

COMBINATIONS = pytest.mark.parametrize(
    ("engine", "codec"), [("sqlite", "gzip"), ("sqlite", "zstd"), (18, "gzip"), (18, "zstd")]
)


@dataclass
class Sample:
    """A good backup, and a database that is no longer what the backup holds: whatever a restore did would show."""

    deployment: Deployment
    path: Path
    good: dict[str, bytes]

    def spoil(self, suffix: str, content: bytes) -> None:
        self.beside(suffix).write_bytes(content)

    def beside(self, suffix: str) -> Path:
        return self.path.with_name(self.path.name + suffix)

    def heal(self) -> None:
        self.beside(".status.json").unlink(missing_ok=True)
        for suffix, content in self.good.items():
            self.spoil(suffix, content)

    def assert_bad(self, damage: str) -> None:
        report = holdfast.validate(str(self.path))
        assert not report.ok, damage
        assert report.problems, damage
        self.assert_refused(damage)

    def assert_refused(self, damage: str) -> None:
        # Whatever validation remembered must not be the reason.
        self.beside(".status.json").unlink(missing_ok=True)
        try:
            holdfast.restore(str(self.path), "default", safety_backup="skip")
        except InvalidBackup as error:
            if not error.hint:
                raise AssertionError(f"{damage}: no hint") from error
        except HoldfastError as error:
            raise AssertionError(f"{damage}: {type(error).__name__} {error}") from error
        else:
            raise AssertionError(f"{damage}: restored")


@pytest.fixture
def sample(deploy: Deploy, engine: str | int, codec: str) -> Iterator[Sample]:
    deployment = deploy(engine)
    deployment.run("backup_db", "--database", "default", "--compression", codec)
    path = deployment.newest()
    good = {suffix: path.with_name(path.name + suffix).read_bytes() for suffix in ("", ".json", ".sha256")}
    deployment.wreck()
    before = deployment.state()
    with deployment.in_process():
        assert holdfast.validate(str(path)).ok
        yield Sample(deployment, path, good)
    assert differences(before, deployment.state()) == {}
    assert deployment.litter() == []


@COMBINATIONS
def test_every_flipped_byte_is_found(sample: Sample, engine: str | int, codec: str) -> None:
    random = Random(f"{engine} {codec}")
    for suffix, count in FLIPS.items():
        for _ in range(count):
            content = bytearray(sample.good[suffix])
            position, mask = random.randrange(len(content)), random.randrange(1, 256)
            content[position] ^= mask
            sample.spoil(suffix, content)
            sample.assert_bad(f"byte {position} of {suffix or 'the file'} ^ {mask:#x}")
            sample.heal()


@COMBINATIONS
def test_every_truncation_is_found(sample: Sample, engine: str | int, codec: str) -> None:
    random = Random(f"{engine} {codec}")
    for suffix, count in TRUNCATIONS.items():
        content = sample.good[suffix]
        for length in [0, 1, len(content) - 1, *(random.randrange(len(content)) for _ in range(count))]:
            sample.spoil(suffix, content[:length])
            sample.assert_bad(f"{length} of {len(content)} bytes of {suffix or 'the file'}")
            sample.heal()


@COMBINATIONS
def test_a_lone_file_is_whole_or_bad(sample: Sample, engine: str | int, codec: str) -> None:
    random = Random(f"{engine} {codec}")
    for suffix in (".json", ".sha256"):
        sample.beside(suffix).unlink()
    assert holdfast.validate(str(sample.path)).ok
    content = sample.good[""]
    for _ in range(10):
        position = random.randrange(len(content))
        sample.spoil("", content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])
        sample.assert_bad(f"byte {position}")
        sample.spoil("", content[:position])
        sample.assert_bad(f"{position} bytes")


@COMBINATIONS
def test_files_that_are_no_backups(sample: Sample, engine: str | int, codec: str) -> None:
    del engine, codec
    foreign = [b"", b"\0" * 1000, b"SELECT 1;\n", gzip.compress(b"SELECT 1;\n"), gzip.compress(b""), b"PK\3\4" * 50]
    for content in foreign:
        for suffix in (".json", ".sha256"):
            sample.beside(suffix).unlink(missing_ok=True)
        sample.spoil("", content)
        sample.assert_bad(f"foreign file {content[:10]!r}")
        sample.heal()
        sample.spoil("", content)
        sample.assert_bad(f"foreign file {content[:10]!r} with sidecars")
        sample.heal()


@COMBINATIONS
def test_what_a_newer_version_wrote_is_refused_as_such(sample: Sample, engine: str | int, codec: str) -> None:
    del engine, codec
    newer = (
        sample.good[".json"]
        .replace(b'"format_version":1', b'"format_version":9')
        .replace(b'"format_version": 1', b'"format_version": 9')
    )
    assert newer != sample.good[".json"]
    sample.spoil(".json", newer)
    assert "reads formats up to 1" in " ".join(holdfast.validate(str(sample.path)).problems)
    sample.assert_bad("newer sidecar")
    start, _, end = sample.good[""].rpartition(b"HOLDFAST")
    for suffix in (".json", ".sha256"):
        sample.beside(suffix).unlink()
    sample.spoil("", start + b"HOLDFAST" + (9).to_bytes(4, "little") + end[4:])
    assert "reads formats up to 1" in " ".join(holdfast.validate(str(sample.path)).problems)
    sample.assert_bad("newer trailer")


@COMBINATIONS
def test_backups_that_are_mixed_up(sample: Sample, engine: str | int, codec: str) -> None:
    del engine
    other = Path(holdfast.backup("default", kind="daily", compression=codec).path)
    for suffix in sample.good:
        shutil.copy(other.with_name(other.name + suffix), sample.beside(suffix))
        sample.assert_bad(f"{suffix or 'the file'} of another backup")
        sample.heal()


@COMBINATIONS
def test_what_changes_between_plan_and_restore_is_noticed(sample: Sample, engine: str | int, codec: str) -> None:
    del engine, codec
    content = sample.good[""]
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]

    def plan() -> os.stat_result:
        sample.heal()
        holdfast.plan_restore(str(sample.path), "default")
        return sample.path.stat()

    before = plan()
    sample.spoil("", flipped)
    os.utime(sample.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = sample.path.stat()
    assert (after.st_ino, after.st_size, after.st_mtime_ns) == (before.st_ino, before.st_size, before.st_mtime_ns)
    sample.assert_refused("written with the time put back")
    plan()
    other = sample.beside(".other")
    other.write_bytes(flipped)
    other.replace(sample.path)
    sample.assert_refused("another file in its place")
    plan()
    sample.spoil(".sha256", bytes(reversed(sample.good[".sha256"])))
    sample.assert_refused("another digest beside it")


@COMBINATIONS
def test_the_commands_say_so(sample: Sample, engine: str | int, codec: str) -> None:
    del engine, codec
    content = sample.good[""]
    middle = len(content) // 2
    damages = [b"", content[:middle], content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]]
    for damage in damages:
        sample.spoil("", damage)
        assert sample.path.name in sample.deployment.run("validate_backup", sample.path.name, code=3).text
        sample.deployment.run("restore_db", sample.path.name, "--no-input", code=3)
    listed = sample.deployment.run("list_backups").out
    assert "BAD" in listed
    sample.deployment.run("restore_db", "latest", "--no-input", code=3)


def test_a_file_that_is_missing(sqlite: Deployment) -> None:
    """Nothing is left to remember the verdict beside; it is given all the same, and the others get theirs."""
    sqlite.run("backup_db")
    lost = sqlite.newest("second")
    lost.unlink()
    outcome = sqlite.run("validate_backup", "--all", code=3)
    assert f"{lost.name}: BAD" in outcome.out
    assert f"{sqlite.newest().name}: good" in outcome.out
