"""The audit log shows every change, survives killed writers, and lets many write at once."""

import json
import multiprocessing
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings

from holdfast import history
from holdfast.history import audit


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with override_settings(HOLDFAST={"DIRECTORY": tmp_path, "HISTORY": False}):
        for number in range(6):
            audit.append(tmp_path, {"event": "ended", "id": f"run{number}", "rows": number, "error": "één\n"})
        yield tmp_path


def lines(folder: Path) -> list[bytes]:
    return (folder / audit.FILE_NAME).read_bytes().splitlines(keepends=True)


def rewrite(folder: Path, content: list[bytes]) -> None:
    (folder / audit.FILE_NAME).write_bytes(b"".join(content))


def test_what_was_written_holds_and_nobody_else_may_read_it(folder: Path) -> None:
    report = history.check_audit()
    assert (report.ok, report.lines, report.notes) == (True, 6, ())
    assert report.last_hash == json.loads(lines(folder)[-1])["hash"]
    assert stat.S_IMODE((folder / audit.FILE_NAME).stat().st_mode) == 0o600


def test_every_flipped_byte_is_found(folder: Path) -> None:
    whole = lines(folder)
    for position in range(len(whole[2])):
        changed = bytearray(whole[2])
        changed[position] ^= 1
        rewrite(folder, [*whole[:2], bytes(changed), *whole[3:]])
        report = history.check_audit()
        assert (report.ok, report.broken_line) == (False, 3), position


def test_lines_cut_out_put_in_or_exchanged_are_found(folder: Path) -> None:
    whole = lines(folder)
    forged = audit.line({"event": "ended", "id": "forged"}, json.loads(whole[2])["hash"])
    for content, broken in (
        ([*whole[:2], *whole[3:]], 3),
        (whole[1:], 1),
        ([*whole[:3], forged, *whole[3:]], 5),
        ([*whole[:3], b"nonsense\n", *whole[3:]], 4),
        ([*whole[:3], b"\n", *whole[3:]], 4),
        ([*whole[:2], whole[3], whole[2], *whole[4:]], 3),
        ([*whole[:5], b"nonsense\n"], 6),
        ([line.replace(b'","', b'", "') for line in whole], 1),
    ):
        rewrite(folder, content)
        report = history.check_audit()
        assert (report.ok, report.broken_line) == (False, broken), content


def test_an_unreadable_line_stays_found_when_the_log_goes_on(folder: Path) -> None:
    rewrite(folder, [*lines(folder)[:-1], b"nonsense\n"])
    audit.append(folder, {"event": "ended", "id": "later"})
    assert history.check_audit().broken_line == 6


def test_the_same_line_written_twice_is_found(folder: Path) -> None:
    whole = lines(folder)
    rewrite(folder, [*whole, whole[-1]])
    assert history.check_audit().broken_line == 7


def test_a_line_that_was_cut_off_is_told_and_the_log_goes_on(folder: Path) -> None:
    whole = b"".join(lines(folder))
    size_of_five = sum(map(len, lines(folder)[:5]))
    for cut in range(size_of_five + 1, len(whole) - 1):
        (folder / audit.FILE_NAME).write_bytes(whole[:cut])
        report = history.check_audit()
        assert report.ok and report.lines == 5 and "line 6" in report.notes[0]
        audit.append(folder, {"event": "ended", "id": "next"})
        report = history.check_audit()
        assert report.ok and report.lines == 7 and "line 6" in report.notes[0]
        assert [record.get("id") for record in audit.records(folder)][-3:] == ["run4", None, "next"]


def test_a_line_that_lacks_its_end_alone_is_whole(folder: Path) -> None:
    content = b"".join(lines(folder))
    (folder / audit.FILE_NAME).write_bytes(content[:-1])
    audit.append(folder, {"event": "ended", "id": "next"})
    report = history.check_audit()
    assert (report.ok, report.lines, report.notes) == (True, 7, ())


def test_nobody_can_pass_off_a_changed_line_as_one_that_was_cut_off(folder: Path) -> None:
    whole = lines(folder)
    confession = audit.line(audit.cut_off(b"something else"), json.loads(whole[2])["hash"])
    rewrite(folder, [*whole[:3], b"nonsense\n", confession])
    assert history.check_audit().broken_line == 4


def _write(folder: str, name: str, count: int) -> None:
    for number in range(count):
        audit.append(Path(folder), {"event": "ended", "id": f"{name}-{number}"})


def test_writers_at_the_same_time_keep_the_chain(folder: Path) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write, args=(str(folder), f"writer{which}", 25)) for which in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    report = history.check_audit()
    assert (report.ok, report.lines) == (True, 106)
    assert len({record["id"] for record in audit.records(folder)}) == 106


def test_a_killed_writer_does_no_harm(folder: Path) -> None:
    path = folder / audit.FILE_NAME
    for _ in range(3):
        size = path.stat().st_size
        writer = multiprocessing.get_context("fork").Process(target=_write, args=(str(folder), "x" * 2000, 1_000_000))
        writer.start()
        while path.stat().st_size == size:
            assert writer.is_alive()
            time.sleep(0.001)
        writer.kill()
        writer.join()
        audit.append(folder, {"event": "ended", "id": "after"})
        assert history.check_audit().ok


def test_no_log_at_all_is_said(tmp_path: Path) -> None:
    with override_settings(HOLDFAST={"DIRECTORY": tmp_path}):
        report = history.check_audit()
    assert (report.ok, report.broken_line, report.lines) == (False, None, 0)


def test_a_long_log_is_continued_and_its_end_is_found(folder: Path) -> None:
    for number in range(80):
        audit.append(folder, {"event": "ended", "id": f"long{number}", "error": "x" * 2000})
    assert history.check_audit().lines == 86
    latest, is_everything = audit.latest(folder)
    assert not is_everything
    assert latest[-1]["id"] == "long79"
    assert 10 < len(latest) < 80
