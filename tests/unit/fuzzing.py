"""Gives one reader of files, for a while, what nobody has written: `python fuzzing.py READER SECONDS`; prints how many.

An input that is not survived is left beside the others, in `target/fuzz`, and named in what is printed.
"""

from __future__ import annotations

import io
import json
import logging
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.test import RequestFactory

KEPT = Path(__file__).resolve().parents[2] / "target" / "fuzz"
NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
TOKEN = "only-the-monitor-knows-it"

HOSTILE: tuple[Any, ...] = (
    None, True, 0, -1, 1 << 63, 1 << 80, -(1 << 80), 1e308, -0.5, float("inf"), float("nan"), [], {}, [[[[[]]]]], {"a": [None]},
    "", "..", "../../etc/passwd", "\0", "\x1b[2J", "\u202e", "\ud800", "a\nb", "x" * 10_000, "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-21T02:00:00", "2026-11-21", "NaN", "default",
)  # fmt: skip


def main(reader: str, seconds: float) -> None:
    seed = time.time_ns()
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["DJANGO_SETTINGS_MODULE"] = "minimal_settings"
        django.setup()
        logging.disable()
        settings.DATABASES["default"]["NAME"] = ":memory:"
        settings.HOLDFAST = {
            "DIRECTORY": folder, "HISTORY": False, "MAX_AGE": {"default": "1d"}, "STATUS_TOKEN": TOKEN,
            "SCHEDULE": {"hourly": "0 * * * *"},
        }  # fmt: skip
        path, sample, read = READERS[reader](folder)
        end = time.monotonic() + seconds
        rounds = 0
        while time.monotonic() < end:
            text = mutated(sample, dice)
            path.write_bytes(text)
            try:
                read()
            except BaseException:
                KEPT.mkdir(parents=True, exist_ok=True)
                (KEPT / reader).write_bytes(text)
                print(f"{reader}, seed {seed}: the input is {KEPT / reader}", file=sys.stderr)
                raise
            rounds += 1
    print(rounds)


def mutated(sample: bytes, dice: random.Random) -> bytes:
    """Change values of the documents in it, or bytes."""
    if dice.random() < 0.3:
        text = bytearray(sample)
        for _ in range(dice.randint(1, 4)):
            start = dice.randrange(len(text) + 1)
            end = min(len(text), start + dice.randrange(64))
            text[start:end] = dice.choice((b"", text[start:end] * 2, dice.randbytes(3), b"[" * 5000, b"\n", b"{", b'"'))
        return bytes(text)
    lines = [json.loads(line) for line in sample.splitlines()]
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(lines))
        places = list(inside(lines[at]))
        if not places:
            lines[at] = deepcopy(dice.choice(HOSTILE))
            continue
        holder, key = dice.choice(places)
        if isinstance(holder, dict) and dice.random() < 0.2:
            del holder[key]
        else:
            holder[key] = deepcopy(dice.choice(HOSTILE))
    return b"\n".join(json.dumps(line).encode() for line in lines) + b"\n"


def inside(value: Any) -> Any:
    """Give every place in a document at which something stands: the dictionary or list, and the key."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield value, key
        yield from inside(part)


Reader = tuple[Path, bytes, Callable[[], object]]


def audit_log(folder: Path) -> Reader:
    from holdfast import history, views
    from holdfast.history import audit

    for number, operation in enumerate(("backup", "restore", "drill", "backup")):
        for event, more in (("started", {}), ("ended", {"finished": "2026-11-21T02:00:01Z", "rows": 7, "raw_size": 9})):
            audit.append(folder, {
                "event": event, "id": str(number), "operation": operation, "alias": "default", "kind": "daily",
                "started": f"2026-11-21T02:00:0{number}.000000Z", "result": "done", "seconds": 1.5, "backup": "b", **more,
            })  # fmt: skip
    path = folder / audit.FILE_NAME

    def read() -> None:
        history.check_audit()
        for run in history.runs():
            json.dumps(run.as_dict())
        try:
            call_command("backup_status", stdout=io.StringIO(), stderr=io.StringIO())
        except SystemExit as ended:
            # No backup is there: that is critical.
            assert ended.code in (1, 2), ended.code
        answer = views.metrics(RequestFactory().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}))
        assert answer.status_code == 200

    return path, path.read_bytes(), read


def alarms(folder: Path) -> Reader:
    from holdfast.alarms import ledger, state
    from holdfast.alarms.alarm import EVENTS, Alarm
    from holdfast.alarms.settings import Channel
    from holdfast.clock import utc_text

    channel = Channel("email", "mail", frozenset(EVENTS), databases=None, kinds=None, options={})

    def work(entries: ledger.Entries) -> None:
        for hours, event in ((0, "backup_failed"), (1, "too_old"), (2, "recovered")):
            moment = NOW + timedelta(hours=hours)
            alarm = Alarm(
                event, "failed:default", "title", "text", utc_text(moment), alias="default", facts={"rows": 7}
            )
            ledger.enter(entries, alarm, moment)
            due = ledger.claim(entries, channel, moment, timedelta(hours=12))
            if due is not None and hours:
                ledger.settle(entries, channel, due, delivered=True)
            ledger.sweep(entries, [channel], moment)

    def first(entries: ledger.Entries) -> None:
        for key in ("a", "b"):
            ledger.enter(entries, Alarm("backup_failed", key, "title", "text", utc_text(NOW), facts={"rows": 7}), NOW)
            ledger.claim(entries, channel, NOW, timedelta(hours=12))

    state.change(folder, first)
    path = folder / state.FILE
    return path, path.read_bytes(), lambda: state.change(folder, work)


def schedule(folder: Path) -> Reader:
    from holdfast.schedule import memory

    at = "2026-11-21T02:00:00Z"
    memory.Memory(folder).record("default", "hourly", memory.Done(at, at, "a", 7, 1.5, ("bad",)))
    memory.Memory(folder).record("default", "drill", memory.Done(at, at, "b"))
    path = folder / memory.NAME

    def read() -> None:
        known = memory.Memory(folder)
        for kind in ("hourly", "drill"):
            done = known.done("default", kind)
            if done is not None:
                assert datetime.fromisoformat(done.at) - timedelta(days=1) < datetime.max.replace(tzinfo=UTC)
                assert datetime.fromisoformat(done.backup_of).astimezone(UTC).year > 0
                assert (done.seconds or 0) >= 0 and "".join(done.problems) is not None
        call_command("run_backups", "--dry-run", stdout=io.StringIO(), stderr=io.StringIO())

    return path, json.dumps(json.loads(path.read_bytes())).encode(), read


def deployments(folder: Path) -> Reader:
    from holdfast.premigration import ledger

    path = folder / "deployments"
    now = time.time()
    sample = json.dumps({"a": {"at": now, "backup": "b", "failed": False}, "c": {"at": now, "backup": None}}).encode()

    def read() -> None:
        with closing(os.fdopen(ledger.open_file(path), "r+b")) as file:
            for entry in ledger.read(file.fileno()).values():
                assert ledger.age(entry) >= 0
            ledger.write(file.fileno(), ledger.read(file.fileno()))

    return path, sample, read


READERS: dict[str, Callable[[Path], Reader]] = {
    "audit-log": audit_log, "alarms": alarms, "schedule": schedule, "deployments": deployments,
}  # fmt: skip

if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
