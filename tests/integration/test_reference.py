"""Keeps the reference complete: options, settings, checks, public names; and every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import load_command_class
from django.core.management.base import BaseCommand
from django.dispatch import Signal

import holdfast
from holdfast import checks, conf, exceptions, signals, stores
from holdfast.retention import KINDS, RECENT, Retention
from holdfast.schedule import settings as schedule
from tests.pages import DOCS, PAGES, ROOT, name

COMMANDS = (
    "backup_db",
    "run_backups",
    "schedule_backups",
    "restore_db",
    "validate_backup",
    "list_backups",
    "sync_backups",
    "download_backup",
    "cleanup_backups",
    "rollback_migration",
    "migrate_safely",
    "check_backups",
    "backup_status",
)


def _options(command: BaseCommand) -> set[str]:
    """The options that are this command's own and not those of every Django command."""
    of_django = {
        option
        for action in BaseCommand().create_parser("manage.py", "any")._actions
        for option in action.option_strings
    }
    parser = command.create_parser("manage.py", "any")
    return {option for action in parser._actions for option in action.option_strings} - of_django


def _section(text: str, title: str) -> str:
    """The part of a page under a heading of the second level."""
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_documented_and_nothing_else(command: str) -> None:
    section = _section((DOCS / "reference" / "commands.md").read_text(), f"`{command}`")
    documented = set(re.findall(r"(?m)^\| .*$", section))
    options = {option for row in documented for option in re.findall(r"--[a-z-]+", row.split(" | ")[0])}
    assert options == _options(load_command_class("holdfast", command))


def test_every_setting_and_its_environment_variable_is_documented() -> None:
    page = (DOCS / "reference" / "settings.md").read_text()
    assert set(re.findall(r"(?m)^\| `([A-Z_]+)` \|", _section(page, "Keys"))) == set(conf._READERS)
    assert set(re.findall(r"(?m)^\| `([a-z]+)` \|", _section(page, "`RETENTION`"))) == {
        *Retention.rules(),
        RECENT,
        KINDS,
    }
    options = set(re.findall(r"(?m)^\| `([A-Z_]+)` \|", _section(page, "`SCHEDULE`").partition("| key of `BUSY`")[0]))
    assert options == {"CRON", "EVERY", *schedule.OPTIONS}
    busy = set(re.findall(r"(?m)^\| `([A-Z_]+)` \|", _section(page, "`SCHEDULE`").partition("| key of `BUSY`")[2]))
    assert busy == set(schedule.BUSY_KEYS)
    assert set(re.findall(r"(?m)^\| `([A-Z_]+)` \|", _section(page, "`STORES`"))) == set(stores._KEYS)
    variables = set(
        re.findall(r"(?:AWS_S3_)?BACKUP_[A-Z0-9_]+", (ROOT / "python" / "holdfast" / "conf.py").read_text())
    )
    assert set(re.findall(r"`((?:AWS_S3_)?BACKUP_[A-Z0-9_]+)`", page)) == variables


def test_every_check_is_documented() -> None:
    page = (DOCS / "reference" / "checks.md").read_text()
    assert checks.__doc__ is not None
    assert re.findall(r"(?m)^## `(holdfast\.[EW]\d+)`", page) == re.findall(r"`(holdfast\.[EW]\d+)`", checks.__doc__)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_relative_links_resolve(page: Path) -> None:
    text = re.sub(r"(?ms)^```.*?^```$", "", page.read_text())
    for target, anchor in re.findall(r"\]\((?![a-z]+:)([^)#\s]*)(#[^)\s]*)?\)", text):
        linked = (page.parent / target).resolve() if target else page
        assert linked.exists(), f"{page.name} links to {target}, which does not exist"
        if anchor:
            assert anchor[1:] in _anchors(linked.read_text()), f"{page.name} links to {target}{anchor}"


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"(?m)^#+ (.*)$", text)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_reachable_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        targets = re.findall(r"\]\((?![a-z]+:)([^)#\s]+)", page.read_text())
        waiting.extend((page.parent / target).resolve() for target in targets)
    assert not set(PAGES) - reached


def test_every_public_name_is_documented() -> None:
    page = (DOCS / "reference" / "python.md").read_text()
    functions = {name for name in holdfast.__all__ if name[0].islower()}
    assert set(re.findall(r"(?m)^## `holdfast\.([a-z_]+)\(", page)) == functions
    raised = {key for key, value in vars(exceptions).items() if getattr(value, "__module__", "") == exceptions.__name__}
    sent = {key for key, value in vars(signals).items() if isinstance(value, Signal)}
    assert raised | sent <= set(re.findall(r"(?m)^\| `(\w+)` \|", page))
