"""Everybody is told once, again when it lasts, and once when it is over."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from holdfast.alarms import ledger, state
from holdfast.alarms.alarm import EVENTS, Alarm
from holdfast.alarms.ledger import Entries
from holdfast.alarms.settings import Channel
from holdfast.clock import utc_text

START = datetime(2026, 11, 21, 2, tzinfo=UTC)
REPEAT = timedelta(hours=12)


def channel(name: str = "mail", **changes: Any) -> Channel:
    whole = Channel("email", name, frozenset(EVENTS), databases=None, kinds=None, options={})
    return replace(whole, **changes)


def trouble(moment: datetime = START, event: str = "backup_failed", key: str = "backup_failed:default") -> Alarm:
    return Alarm(event, key, "title", "text", utc_text(moment), alias="default", kind="daily", host="here")


def recovery(moment: datetime) -> Alarm:
    return trouble(moment, "recovered")


def told(entries: Entries, to: Channel, moment: datetime, *, delivered: bool = True) -> list[str]:
    """Deliver everything that is due."""
    events = []
    while (alarm := ledger.claim(entries, to, moment, REPEAT)) is not None:
        events.append(alarm.event)
        ledger.settle(entries, to, alarm, delivered=delivered)
        if not delivered:
            break
    ledger.sweep(entries, [to], moment)
    return events


def test_what_lasts_is_told_again_after_the_set_time() -> None:
    entries: Entries = {}
    heard = []
    for hours in range(0, 30, 3):
        moment = START + timedelta(hours=hours)
        ledger.enter(entries, trouble(moment), moment)
        # Minutes of the delivery count for nothing.
        if told(entries, channel(), moment + timedelta(minutes=2)):
            heard.append(hours)
    assert heard == [0, 12, 24]


def test_what_is_not_noted_again_is_not_told_again() -> None:
    entries: Entries = {}
    ledger.enter(entries, trouble(), START)
    assert told(entries, channel(), START) == ["backup_failed"]
    assert told(entries, channel(), START + timedelta(days=3)) == []


def test_a_recovery_is_told_to_those_who_heard_of_the_trouble() -> None:
    entries: Entries = {}
    mail, chat = channel(), channel("chat")
    ledger.enter(entries, trouble(), START)
    assert ledger.is_open(entries, trouble().key)
    assert ledger.claim(entries, mail, START, REPEAT) is not None
    ledger.settle(entries, mail, trouble(), delivered=True)

    ledger.enter(entries, recovery(START + REPEAT), START + REPEAT)
    assert not ledger.is_open(entries, trouble().key)
    assert ledger.claim(entries, chat, START + REPEAT, REPEAT) is None
    assert told(entries, mail, START + REPEAT) == ["recovered"]
    assert entries == {}


def test_a_recovery_of_nothing_is_not_told() -> None:
    entries: Entries = {}
    ledger.enter(entries, recovery(START), START)
    assert told(entries, channel(), START) == []


def test_what_was_not_delivered_is_due_again() -> None:
    entries: Entries = {}
    ledger.enter(entries, trouble(), START)
    assert told(entries, channel(), START, delivered=False) == ["backup_failed"]
    assert told(entries, channel(), START) == ["backup_failed"]

    ledger.enter(entries, recovery(START), START)
    assert told(entries, channel(), START, delivered=False) == ["recovered"]
    assert told(entries, channel(), START) == ["recovered"]


def test_what_another_process_sends_is_left_to_it_until_it_must_be_dead() -> None:
    entries: Entries = {}
    ledger.enter(entries, trouble(), START)
    assert ledger.claim(entries, channel(), START, REPEAT) is not None
    assert ledger.claim(entries, channel(), START + timedelta(minutes=1), REPEAT) is None
    assert ledger.claim(entries, channel(), START + timedelta(minutes=6), REPEAT) is not None


def test_a_channel_hears_what_it_asked_for() -> None:
    entries: Entries = {}
    ledger.enter(entries, trouble(), START)
    assert ledger.claim(entries, channel(events=frozenset({"too_old"})), START, REPEAT) is None
    assert ledger.claim(entries, channel(databases=frozenset({"other"})), START, REPEAT) is None
    assert ledger.claim(entries, channel(kinds=frozenset({"weekly"})), START, REPEAT) is None
    assert ledger.claim(entries, channel(databases=frozenset({"default"})), START, REPEAT) is not None


def test_news_are_told_once_and_forgotten() -> None:
    entries: Entries = {}
    ledger.enter(entries, trouble(event="restore_done", key="restore_done:1"), START)
    assert told(entries, channel(), START) == ["restore_done"]
    assert entries == {}


def test_what_nobody_sees_any_more_is_forgotten() -> None:
    entries: Entries = {}
    ledger.enter(entries, trouble(), START)
    ledger.sweep(entries, [channel()], START + timedelta(days=29))
    assert entries
    ledger.sweep(entries, [channel()], START + timedelta(days=31))
    assert entries == {}


ADDING = """
import sys
from pathlib import Path
from holdfast.alarms import ledger, state
from holdfast.alarms.alarm import Alarm
from holdfast.clock import now, utc_text
for number in range(25):
    alarm = Alarm("too_old", f"{sys.argv[2]}:{number}", "title", "text", utc_text(now()))
    state.change(Path(sys.argv[1]), lambda entries: ledger.enter(entries, alarm, now()))
"""


def test_processes_do_not_lose_what_others_wrote(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ADDING, str(tmp_path)]
    running = [subprocess.Popen([*command, str(number)]) for number in range(4)]
    assert [process.wait() for process in running] == [0, 0, 0, 0]
    assert len(state.change(tmp_path, dict)) == 100


@pytest.mark.parametrize(
    "damage",
    [
        lambda entry: entry.pop("seen"),
        lambda entry: entry.update(seen="yesterday"),
        lambda entry: entry.update(seen="2026-11-21T02:00:00"),
        lambda entry: entry.update(channels=[]),
        lambda entry: entry.update(channels={"mail": {"told": 7}}),
        lambda entry: entry.update(recovery={}),
        lambda entry: entry["alarm"].pop("at"),
        lambda entry: entry["alarm"].update(at="0001-01-01T00:00:00+14:00"),
        lambda entry: entry["alarm"].update(facts={"sizes": []}),
        lambda entry: entry["alarm"].update(alias=7),
        lambda entry: entry["alarm"].update(more="than was asked for"),
        lambda entry: entry["alarm"].update(key="another"),
    ],
)
def test_an_entry_that_cannot_be_understood_takes_no_other_along(tmp_path: Path, damage: Callable[[Any], None]) -> None:
    for key in ("bad", "good"):
        alarm = trouble(key=key)
        state.change(tmp_path, lambda entries, alarm=alarm: ledger.enter(entries, alarm, START))  # type: ignore[misc]
    entries = json.loads((tmp_path / state.FILE).read_text())
    damage(entries["bad"])
    (tmp_path / state.FILE).write_text(json.dumps(entries))
    assert state.change(tmp_path, list) == ["good"]


def test_the_state_outlives_the_process_and_damage(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    state.change(tmp_path, lambda entries: ledger.enter(entries, trouble(), START))
    assert state.change(tmp_path, list) == ["backup_failed:default"]
    assert (tmp_path / state.FILE).stat().st_mode & 0o777 == 0o600

    (tmp_path / state.FILE).write_text('{"backup_failed')
    assert state.change(tmp_path, list) == []
    assert "begun anew" in caplog.text


def test_without_a_folder_the_process_itself_remembers(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "file"
    folder.write_text("")
    state.change(folder, lambda entries: ledger.enter(entries, trouble(), START))
    assert state.change(folder, list) == ["backup_failed:default"]
    assert "an alarm may be told twice" in caplog.text
