"""What commands parse, refuse, ask and print, and with which exit code they end."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.core.management import CommandError, ManagementUtility, call_command
from django.test import override_settings
from stand_in_core import manifest

from holdfast import exceptions, signals

# These tests look at presentation; switch the fixture to the real module and they still hold where no file is faked.
pytestmark = [pytest.mark.stand_in_core, pytest.mark.usefixtures("core", "live_file", "folder")]

Run = Callable[..., int]


@pytest.fixture
def folder(tmp_path: Path) -> Any:
    with override_settings(HOLDFAST={"DIRECTORY": tmp_path / "backups"}):
        yield tmp_path / "backups"


def run(*arguments: str) -> int:
    """Run a command as `manage.py` does and give its exit code."""
    try:
        ManagementUtility(["manage.py", *arguments]).execute()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def type_in(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", Terminal(text))

    return type_in


def done(core: ModuleType) -> list[str]:
    return [call[0] for call in core.calls]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["backup_db", "--upload"], "there is no store to upload to"),
        (["backup_db", "--all", "--database", "default"], "--database and --all exclude each other"),
        (["backup_db", "--database", "nope"], "no database 'nope'"),
        (["backup_db", "--compression", "lz4"], "choose gzip or zstd"),
        (["backup_db", "--jobs", "0"], "0 jobs"),
        (["backup_db", "--jobs", "many"], "invalid int value"),
        (["backup_db", "--type", "hourly"], "invalid choice"),
        (["backup_db", "--nonsense"], "unrecognized arguments"),
        (["restore_db", "--strategy", "swap", "--dry-run"], "a SQLite database is restored in place"),
        (["restore_db", "--undo", "--dry-run"], "its restores put no database aside"),
        (["restore_db", "--drop-old", "--no-input"], "its restores put no database aside"),
        (["restore_db", "--undo", "--drop-old"], "exclude each other"),
        (["restore_db", "--undo"], "no terminal"),
        (["restore_db", "--data-only", "--schema-only"], "exclude each other"),
        (["restore_db", "no-such-backup", "--no-input"], "no backup 'no-such-backup'"),
        (["restore_db", "--table", "nope", "--dry-run"], "the backup has no table 'nope'"),
        (["backup_db", "--location", "nowhere"], "there is no store 'nowhere'"),
        (["list_backups", "--location", "nowhere"], "there is no store 'nowhere'"),
        (["list_backups", "--url"], "an address is that of one backup"),
        (["list_backups", "latest", "--url", "--expires", "soon"], "no length of time"),
        (["sync_backups"], "no other store"),
        (["sync_backups", "--newer-than", "soon"], "no length of time"),
        (["download_backup"], "no store to fetch"),
        (["validate_backup", "latest", "--quick", "--deep"], "exclude each other"),
        (["list_backups", "no-such-backup"], "no backup 'no-such-backup'"),
        (["cleanup_backups", "--location", "nowhere"], "there is no store 'nowhere'"),
        (["cleanup_backups", "--pin", "a", "--unpin", "b"], "exclude each other"),
        (["cleanup_backups", "--keep-last", "-1"], "negative"),
        (["cleanup_backups", "--keep-daily=0", "--keep-weekly=0", "--keep-monthly=0"], "policy is empty"),
        (["validate_backup"], "say what to validate"),
        (["validate_backup", "--all", "latest"], "say what to validate"),
    ],
)
def test_a_request_that_makes_no_sense_ends_with_2(
    capsys: pytest.CaptureFixture[str], core: ModuleType, arguments: list[str], said: str
) -> None:
    assert run(*arguments) == 2

    output = capsys.readouterr()
    assert said in output.err
    assert output.out == ""
    assert not {"backup", "restore", "remove"} & set(done(core))


def test_wrong_settings_end_with_2_and_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    with override_settings(HOLDFAST={"DIRECTROY": "/x"}):
        codes = [run(command) for command in ("backup_db", "list_backups", "cleanup_backups")]

    assert codes == [2, 2, 2]
    assert capsys.readouterr().err.count("Did you mean 'DIRECTORY'?") == 3


def test_a_folder_that_a_web_server_shows_stops_a_backup(core: ModuleType, folder: Path) -> None:
    with override_settings(MEDIA_ROOT=str(folder.parent)):
        assert run("backup_db") == 2
    assert done(core) == []


class TestBackup:
    def test_prints_one_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("backup_db", "--type", "daily") == 0

        output = capsys.readouterr()
        assert output.out == (
            "default: default_daily_20261121T030000Z.sqlite3.gz  5 rows  4.1 MB (raw 12.0 MB)  1.2 s\n"
        )
        assert output.err == ""

    def test_says_nothing_when_told_so(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("backup_db", "--verbosity", "0") == 0
        assert capsys.readouterr() == ("", "")

    def test_prints_one_json_document(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("backup_db", "--format", "json") == 0

        document = json.loads(capsys.readouterr().out)
        assert document["failures"] == []
        assert document["backups"][0]["rows"] == 5
        assert document["backups"][0]["path"] == "/backups/default_manual_20261121T030000Z.sqlite3.gz"

    def test_passes_every_option_on(self, core: ModuleType) -> None:
        options = ["--schema-only", "--exclude-table-data", "shop_log", "--skip-unsupported", "--verify", "--jobs", "3"]
        assert run("backup_db", *options, "--compression", "zstd:9") == 0

        (_, plan) = core.calls[0]
        assert plan["content"] == "schema-only"
        assert plan["exclude_table_data"] == {"always": [], "once": ["shop_log"]}
        assert plan["unsupported"] == "skip"
        assert plan["verify"] == "full"
        assert plan["jobs"] == 3
        assert plan["codec"] == {"name": "zstd", "level": 9}

    def test_reads_a_private_copy_that_is_gone_afterwards(self, core: ModuleType, folder: Path) -> None:
        assert run("backup_db") == 0

        source = core.calls[0][1]["source"]
        assert Path(source["copy"]).parent == folder
        assert source["name"] == "shop.sqlite3"
        assert {path.name for path in folder.iterdir()} == {"audit.jsonl", ".gitignore"}
        assert folder.stat().st_mode & 0o777 == 0o700

    def test_one_failure_of_two_ends_with_5(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("backup_db", "--database", "nope", "--database", "default", "--format", "json") == 5

        output = capsys.readouterr()
        document = json.loads(output.out)
        assert [each["alias"] for each in document["backups"]] == ["default"]
        assert [(each["alias"], each["exit_code"]) for each in document["failures"]] == [("nope", 2)]
        assert "no backup of nope; the others are done" in output.err

    def test_signals_tell_of_it_and_a_bad_receiver_stops_nothing(self) -> None:
        heard: list[Any] = []

        def receive(**details: Any) -> None:
            heard.append(details)
            raise ValueError

        for sent in (signals.backup_started, signals.backup_finished):
            sent.connect(receive)
        try:
            assert run("backup_db") == 0
        finally:
            for sent in (signals.backup_started, signals.backup_finished):
                sent.disconnect(receive)

        assert [(each["alias"], each["kind"]) for each in heard] == [("default", "manual")] * 2
        assert heard[1]["report"].rows == 5

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (exceptions.DatabaseError("the server is gone", "Start it."), 1),
            (exceptions.UnsupportedObject("there is a rule on a view", "Add --skip-unsupported."), 1),
            (exceptions.LockHeld("process 17 backs up", "Wait for it."), 4),
        ],
    )
    def test_an_error_has_its_exit_code_and_hint(
        self, core: ModuleType, capsys: pytest.CaptureFixture[str], error: exceptions.HoldfastError, code: int
    ) -> None:
        def fail(*_arguments: Any) -> None:
            raise error

        core.backup = fail

        assert run("backup_db") == code
        assert capsys.readouterr().err == f"CommandError: {error.message}\n{error.hint}\n"

    def test_a_full_disk_is_an_error_and_no_traceback(
        self, core: ModuleType, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def fail(*_arguments: Any) -> None:
            raise OSError(28, "No space left on device", "/backups/x")

        core.backup = fail

        assert run("backup_db") == 1
        assert "/backups/x: No space left on device" in capsys.readouterr().err

    def test_an_interrupt_ends_all_of_it(self, core: ModuleType) -> None:
        asked: list[str] = []

        def stop(plan: dict[str, Any], _on_event: Any) -> None:
            asked.append(plan["alias"])
            raise exceptions.Interrupted("interrupted")

        core.backup = stop

        assert run("backup_db", "--database", "default", "--database", "nope") == 1
        assert asked == ["default"]

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_request_to_stop_is_orderly(
        self, core: ModuleType, capsys: pytest.CaptureFixture[str], folder: Path, number: int
    ) -> None:
        # A shell ignores Ctrl-C on behalf of what it runs in the background, these tests perhaps.
        given = signal.signal(number, signal.default_int_handler)
        core.backup = lambda *_arguments: os.kill(os.getpid(), number)

        try:
            assert run("backup_db") == 1
            left = signal.getsignal(number)
        finally:
            signal.signal(number, given)

        assert capsys.readouterr().err == "CommandError: interrupted: nothing was changed\n"
        assert {path.name for path in folder.iterdir()} == {"audit.jsonl", ".gitignore"}
        assert left is signal.default_int_handler


class TestRestore:
    @pytest.fixture(autouse=True)
    def private(self, core: ModuleType, tmp_path: Path, live_file: Path) -> None:
        core.private = tmp_path / "restored.sqlite3"
        core.private.write_bytes(live_file.read_bytes())

    def test_is_refused_without_a_terminal(self, core: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("restore_db") == 2
        assert "add --no-input" in capsys.readouterr().err
        assert done(core) == []

    def test_dry_run_shows_the_plan_and_stops(self, core: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("restore_db", "--dry-run") == 0

        output = capsys.readouterr().out
        assert "Restore default_manual_20261121T020000Z.sqlite3.gz" in output
        assert "'shop.sqlite3' (alias 'default', SQLite, in-place)" in output
        assert "3 ->            5" in output
        assert done(core) == ["validate"]

    def test_the_name_of_the_database_must_be_typed(
        self, core: ModuleType, capsys: pytest.CaptureFixture[str], typed: Callable[[str], None]
    ) -> None:
        typed("yes\n")
        assert run("restore_db") == 1
        assert "'shop.sqlite3' was not typed, nothing was changed" in capsys.readouterr().err
        assert done(core) == ["validate"]

    def test_an_end_of_input_is_a_no(self, core: ModuleType, typed: Callable[[str], None]) -> None:
        typed("")
        assert run("restore_db") == 1
        assert done(core) == ["validate"]

    def test_keeps_the_state_of_now_first(
        self, core: ModuleType, capsys: pytest.CaptureFixture[str], typed: Callable[[str], None], folder: Path
    ) -> None:
        typed("shop.sqlite3\n")
        assert run("restore_db") == 0

        assert done(core) == ["validate", "backup", "restore"]
        assert core.calls[1][1]["kind"] == "pre-restore"
        output = capsys.readouterr().out
        assert "Restored default_manual_20261121T020000Z.sqlite3.gz into 'shop.sqlite3': 1 table, 5 rows" in output
        assert "The state before it is in default_pre-restore_20261121T030000Z.sqlite3.gz." in output
        assert {path.name for path in folder.iterdir()} == {"audit.jsonl", ".gitignore"}

    @pytest.mark.parametrize("option", ["--no-input", "--noinput", "--force"])
    def test_asks_nothing_when_told_so(self, core: ModuleType, option: str) -> None:
        assert run("restore_db", option, "--no-safety-backup") == 0
        assert done(core) == ["validate", "restore"]

    def test_a_damaged_backup_is_refused_with_3(self, core: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
        core.validation = {**core.validation, "ok": False, "problems": ["chunk 3 is not what was written"]}

        assert run("restore_db", "--no-input") == 3
        assert "chunk 3 is not what was written" in capsys.readouterr().err
        assert done(core) == ["validate"]

    def test_a_backup_of_the_other_engine_is_refused(
        self, core: ModuleType, capsys: pytest.CaptureFixture[str]
    ) -> None:
        core.backups = [manifest(database={"engine": "postgresql", "name": "x", "server_version": "16"})]

        assert run("restore_db", "--no-input") == 2
        assert "the backup is of PostgreSQL, the database 'default' is SQLite" in capsys.readouterr().err

    def test_a_failed_safety_backup_stops_the_restore(
        self, core: ModuleType, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def fail(*_arguments: Any) -> None:
            raise exceptions.UnsupportedObject("there is a virtual table", "Add --skip-unsupported.")

        core.backup = fail

        assert run("restore_db", "--no-input") == 1
        assert "add --no-safety-backup" in capsys.readouterr().err
        assert done(core) == ["validate"]

    def test_verify_only_changes_nothing(self, core: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("restore_db", "--verify-only") == 0
        assert "good (read whole" in capsys.readouterr().out
        assert done(core) == ["validate", "status"]


class TestValidation:
    def test_a_bad_backup_ends_with_3_and_is_remembered(
        self, core: ModuleType, capsys: pytest.CaptureFixture[str]
    ) -> None:
        core.validation = {**core.validation, "ok": False, "problems": ["it is cut off"]}

        assert run("validate_backup", "latest") == 3

        output = capsys.readouterr()
        assert "problem: it is cut off" in output.out
        assert "default_manual_20261121T020000Z.sqlite3.gz" in output.err
        verified = core.calls[-1][1]["change"]["verified"]
        assert (verified["how"], verified["ok"], verified["problems"]) == ("read", False, ["it is cut off"])

    def test_what_is_no_backup_at_all_does_not_stop_the_others(
        self, core: ModuleType, capsys: pytest.CaptureFixture[str]
    ) -> None:
        find = core.find_backup

        def find_or_fail(plan: dict[str, Any], on_event: Any) -> Any:
            if plan["selector"] == "notes.txt":
                raise exceptions.InvalidBackup("notes.txt is no backup of Holdfast")
            return find(plan, on_event)

        core.find_backup = find_or_fail

        assert run("validate_backup", "notes.txt", "latest", "--format", "json") == 3

        bad, good = json.loads(capsys.readouterr().out)
        assert (bad["name"], bad["ok"], good["ok"]) == ("notes.txt", False, True)

    def test_deep_restores_into_a_private_file(self, core: ModuleType) -> None:
        assert run("validate_backup", "latest", "--deep") == 0
        assert core.calls[0][1]["drill"] == {"engine": "sqlite"}


class TestCatalog:
    def test_lists_as_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("list_backups", "--format", "json") == 0
        (backup,) = json.loads(capsys.readouterr().out)
        assert (backup["alias"], backup["rows"], backup["verified_at"]) == ("default", 5, None)

    def test_shows_rows_per_model(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("list_backups", "latest") == 0
        assert "shop.Order             5" in capsys.readouterr().out

    def test_an_empty_folder_is_no_error(self, core: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
        core.backups = []
        assert run("list_backups") == 0
        assert "no such backups" in capsys.readouterr().out

    def test_cleanup_tells_reasons_and_asks(
        self, core: ModuleType, capsys: pytest.CaptureFixture[str], typed: Callable[[str], None]
    ) -> None:
        core.backups = [manifest(), manifest("default_manual_20200101T000000Z.sqlite3.gz")]
        typed("no\n")

        assert run("cleanup_backups") == 1

        output = capsys.readouterr().out
        assert "keep    default_manual_20261121T020000Z.sqlite3.gz  (newest)" in output
        assert "remove  default_manual_20200101T000000Z.sqlite3.gz" in output
        assert done(core) == []

    @pytest.mark.parametrize(("option", "removed"), [("--no-input", 1), ("--dry-run", 0)])
    def test_cleanup_removes_what_it_showed(self, core: ModuleType, option: str, removed: int) -> None:
        core.backups = [manifest(), manifest("default_manual_20200101T000000Z.sqlite3.gz")]

        assert run("cleanup_backups", option) == 0
        assert done(core) == ["remove"] * removed

    def test_pins(self, core: ModuleType) -> None:
        assert run("cleanup_backups", "--pin", "latest") == 0
        assert run("cleanup_backups", "--unpin", "latest") == 0
        assert [plan["change"] for (_, plan) in core.calls] == [{"pin": "by hand"}, "unpin"]


def test_call_command_raises_with_the_exit_code() -> None:
    with pytest.raises(CommandError) as failure:
        call_command("backup_db", location="nowhere")
    assert failure.value.returncode == 2


def test_a_project_that_never_makes_a_backup_loads_nothing_of_it() -> None:
    code = (
        "import django, sys; django.setup(); import holdfast; "
        "print([name for name in ('holdfast._core', 'holdfast.operations', 'tqdm') if name in sys.modules])"
    )
    paths = os.pathsep.join(sys.path)
    environment = {**os.environ, "PYTHONPATH": paths, "DJANGO_SETTINGS_MODULE": "minimal_settings"}
    output = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    ).stdout
    assert output == "[]\n"
