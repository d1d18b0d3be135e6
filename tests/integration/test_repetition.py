"""A backup is only taken back where the one before holds the same: every row, definition and position."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import holdfast
from holdfast.operations import discard_repetition
from tests.deployment import Deployment

# What a backup must see, statement by statement, beside rows.
CHANGES = {
    "sqlite": [
        "CREATE INDEX added ON django_session (session_data)",
        "CREATE VIEW seen AS SELECT 1",
        "PRAGMA user_version = 7",
        "UPDATE django_content_type SET model = model || 'x' WHERE id = 1",
    ],
    "postgresql": [
        "CREATE INDEX added ON django_session (session_data)",
        "CREATE VIEW seen AS SELECT 1",
        "SELECT nextval(pg_get_serial_sequence('django_content_type', 'id'))",
        "COMMENT ON TABLE django_session IS 'changed'",
        "GRANT SELECT ON django_session TO PUBLIC",
        "SELECT lo_from_bytea(0, 'new')",
        "UPDATE django_content_type SET model = model || 'x' WHERE id = 1",
    ],
}


@pytest.fixture
def recording(single: Deployment) -> Iterator[Deployment]:
    """Writes every run into the database that is backed up."""
    single.settings["HISTORY"] = True
    single.run("migrate", "holdfast", "--verbosity=0")
    with single.in_process():
        yield single


def repeats() -> bool:
    earlier = holdfast.list_backups("default")[0]
    report = holdfast.backup("default")
    discarded = discard_repetition(report, earlier)
    assert report.path.exists() != discarded
    assert earlier.path.exists()
    return discarded


def test_a_repetition_is_taken_back_and_every_change_is_kept(recording: Deployment) -> None:
    holdfast.backup("default")
    assert repeats()
    assert repeats()
    for change in CHANGES[recording.engine]:
        recording.execute(change)
        assert not repeats(), change
        assert repeats(), change


@pytest.mark.usefixtures("recording")
def test_a_repetition_that_was_pinned_stays() -> None:
    holdfast.backup("default")
    earlier = holdfast.list_backups("default")[0]
    report = holdfast.backup("default")
    holdfast.pin(report.name)
    assert not discard_repetition(report, earlier)
    assert report.path.exists()


def test_nothing_is_taken_back_for_a_backup_that_is_gone_or_bad(recording: Deployment) -> None:
    holdfast.backup("default")
    earlier = holdfast.list_backups("default")[0]
    report = holdfast.backup("default")
    earlier.path.write_bytes(earlier.path.read_bytes()[:-1])
    assert not discard_repetition(report, earlier)
    earlier.path.unlink()
    assert not discard_repetition(report, earlier)
    assert recording.litter() == []
