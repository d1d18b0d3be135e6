"""Text of others: what reaches a terminal, a mail or a log does nothing there."""

import inspect
import io
import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from holdfast import (
    rendering,
    rendering_kept,
    rendering_migrations,
    rendering_retention,
    rendering_schedule,
    rendering_status,
)
from holdfast.alarms import wording
from holdfast.alarms.alarm import Alarm
from holdfast.exceptions import HoldfastError
from holdfast.inventory import Backup
from holdfast.management.base import HoldfastCommand, with_hint
from holdfast.reports import RestorePreview, TableChange
from holdfast.visible import encodable, logger_of, visible, visible_lines

# Escape sequences of 7 and of 8 bits, a line break of each kind, marks of direction, half a character, a bell.
HOSTILE = "a\x1b[2J\x1b]0;t\x07\x9b31m\rb\nDropped:\x0b\x85\u2028\u2029\u202e\u2066\u200f\udcffz"


def is_harmless(text: str) -> bool:
    """Whether only line breaks are left of what a terminal acts on."""
    return all(line == visible(line) for line in text.split("\n"))


def test_every_character_that_does_something_is_shown_instead() -> None:
    shown = visible(HOSTILE)
    assert shown.isprintable()
    assert shown.startswith(r"a\x1b[2J\x1b]0;t\x07\x9b31m\rb\nDropped:")
    assert shown.endswith(r"\u202e\u2066\u200f\udcffz")
    assert visible(shown) == shown


@pytest.mark.parametrize("text", ["Überweisung", "表", "می\u200cخواهم", "👩\u200d👧", "a\u00a0b", "C:\\x"])
def test_ordinary_text_stays(text: str) -> None:
    assert visible(text) == text


def test_lines_of_ours_stay_lines() -> None:
    assert visible_lines("one\ntwo\x1b") == "one\ntwo\\x1b"


def test_a_terminal_of_another_encoding_shows_what_it_can() -> None:
    assert encodable("tär", "ascii") == r"t\xe4r"
    assert encodable("tär", None) == "tär"


def test_a_plan_has_only_lines_of_ours() -> None:
    plain = _preview("x")
    lines = rendering.restore_plan(plain).count("\n")
    shown = rendering.restore_plan(_preview(HOSTILE))
    assert shown.count("\n") == lines
    assert is_harmless(shown)
    # What programs read is exact.
    assert json.loads(json.dumps(_preview(HOSTILE).as_dict()))["drops"] == [HOSTILE]


def test_a_list_and_its_details_have_only_lines_of_ours() -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    listed = rendering.listing([_backup(HOSTILE)], now)
    assert listed.count("\n") == 1
    assert is_harmless(listed)
    shown = rendering.detail(_backup(HOSTILE), now)
    assert shown.count("\n") == rendering.detail(_backup("x"), now).count("\n")
    assert is_harmless(shown)


def test_whatever_makes_text_for_people_gets_visible_facts() -> None:
    """A new function beside the others must not be forgotten."""
    # These take numbers and moments, or what another function of the module has made visible already.
    inner = {
        "size",
        "counted",
        "in_store",
        "span",
        "age",
        "ago",
        "kept_database",
        "validity",
        "name",
        "proof",
        "moment",
    }
    modules = (
        rendering,
        rendering_kept,
        rendering_migrations,
        rendering_retention,
        rendering_schedule,
        rendering_status,
    )
    for module in modules:
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_") and name not in inner:
                assert hasattr(function, "__wrapped__"), f"{module.__name__}.{name}"


def test_an_error_is_two_lines_and_its_fields_are_exact() -> None:
    error = HoldfastError(HOSTILE, HOSTILE)
    assert with_hint(error).count("\n") == 1
    assert is_harmless(with_hint(error))
    assert str(error).isprintable()
    assert error.message == HOSTILE


def test_a_command_prints_nothing_that_acts() -> None:
    out, err = io.StringIO(), io.StringIO()
    command = HoldfastCommand(stdout=out, stderr=err, no_color=True)
    command.say(f"a\n{HOSTILE}", {"verbosity": 1})
    command.warn(HOSTILE)
    command.notices({"event": "notice", "text": HOSTILE})
    assert is_harmless(out.getvalue())
    assert is_harmless(err.getvalue())


def test_a_line_of_a_log_cannot_be_forged(caplog: pytest.LogCaptureFixture) -> None:
    logger = logger_of("holdfast.tests.visible")
    try:
        raise HoldfastError(HOSTILE)
    except HoldfastError as error:
        logger.warning("%s: %s in %s", HOSTILE, error, Path("a\nb"))
        logger.exception("failed")
    assert caplog.messages[0].isprintable()
    formatter = logging.Formatter()
    assert all(is_harmless(formatter.format(record)) for record in caplog.records)


def test_an_alarm_cannot_forge_facts_or_headers() -> None:
    alarm = Alarm("backup_failed", "k", HOSTILE, "said\nmore\x1b", "2026-11-21T00:00:00Z", facts={"table": HOSTILE})
    assert wording.headline(alarm).isprintable()
    assert is_harmless(wording.plain(alarm))
    assert [line for line in wording.plain(alarm).split("\n") if line.startswith("Dropped")] == []


def _backup(text: str) -> Backup:
    return Backup(
        name=text, path=Path(text.replace("/", "")), stored_size=1, problem=text, alias=text, kind=text,
        created="2026-11-20T00:00:00Z", id="1", engine=text, server_version=text, django=text, pinned=text,
        tables={text: 1}, models={text: text}, locations=("local", text),
    )  # fmt: skip


def _preview(text: str) -> RestorePreview:
    return RestorePreview(
        alias=text, database=text, engine="sqlite", backup=text, path=None, location=text, created=text,
        proven_at=text, strategy="in-place", strategy_reason=text, kept_as=text, scope="full",
        tables=(TableChange(text, 1, 2),), drops=(text,), creates=(text,), keeps=(text,), warnings=(text,),
    )  # fmt: skip
