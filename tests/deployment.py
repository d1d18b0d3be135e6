"""One installation of the test project: its databases, its folder of backups, its commands and what they left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from django.db import connections
from django.db.utils import ConnectionHandler
from django.test import override_settings

from holdfast.history.audit import FILE_NAME
from tests import warm_start
from tests.project.snapshot import differences, state
from tests.wreck import WRECK

if TYPE_CHECKING:
    from tests.servers import Server

ROOT = Path(__file__).resolve().parent.parent
MANAGE = ROOT / "tests" / "project" / "manage.py"
PATIENCE = 120

# A command that says when its own work begins: after the start of Python and Django, with its signal handlers in place.
PRIMED = """
import signal, sys
# A shell ignores Ctrl-C on behalf of what it runs in the background, these tests perhaps.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path[0] = sys.argv.pop(1)
import django
django.setup()
import holdfast.operations
from django.core.management import BaseCommand, execute_from_command_line
execute = BaseCommand.execute
def announced(self, *arguments, **options):
    print("ready", flush=True)
    return execute(self, *arguments, **options)
BaseCommand.execute = announced
execute_from_command_line(["manage.py", *sys.argv[1:]])
"""

ROWS = 40
FILL = f"""
import sys
sys.path[0] = sys.argv.pop(1)
import django
django.setup()
from django.db import connections
from tests.project.fill import fill
for alias in connections:
    fill(alias, rows={ROWS})
"""


@dataclass(frozen=True)
class Outcome:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    def document(self) -> Any:
        return json.loads(self.out)


@dataclass
class Deployment:
    """Nothing here is shared with another test."""

    folder: Path
    databases: dict[str, dict[str, Any]]
    server: Server | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    # What the environment of its commands holds besides.
    variables: Mapping[str, str] = field(default_factory=dict)
    # What runs its commands, with whatever that has installed.
    interpreter: Path = Path(sys.executable)

    @property
    def engine(self) -> str:
        return "sqlite" if self.server is None else "postgresql"

    @property
    def manage(self) -> Path:
        return MANAGE

    @property
    def backups(self) -> Path:
        return self.folder / "backups"

    def name(self, alias: str = "default") -> str:
        return str(self.databases[alias]["NAME"])

    def typed_name(self, alias: str = "default") -> str:
        """What the prompt of a restore wants typed."""
        return Path(self.name(alias)).name

    def environment(self, **variables: str) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "DJANGO_SETTINGS_MODULE": "tests.project.settings",
            "HOLDFAST_TEST_DATABASES": json.dumps(self.databases),
            "HOLDFAST_TEST_DIR": str(self.folder),
            "HOLDFAST_TEST_BACKUPS": str(self.backups),
            "HOLDFAST_TEST_SETTINGS": json.dumps(self.settings),
            **self.variables,
            **variables,
        }

    def run(self, *arguments: object, code: int | None = 0, stdin: str | None = None, **more: Any) -> Outcome:
        """Run a command of manage.py to its end; without `stdin` there is no terminal and nothing to read."""
        # What wraps the command, or changes Python itself, changes nothing in a fork of another process.
        cold = (
            "through" in more
            or self.interpreter != Path(sys.executable)
            or any(name.startswith("PYTHON") for name in (*self.variables, *more.get("environment", ())))
        )
        start = [str(self.interpreter), str(self.manage)] if cold else warm_start.command(str(self.manage))
        return self._finish([*start, *map(str, arguments)], code, stdin, **more)

    def _finish(self, command: list[str], code: int | None, stdin: str | None, **more: Any) -> Outcome:
        given = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
        variables, through = more.pop("environment", {}), more.pop("through", [])
        done = subprocess.run(
            [*through, *command], capture_output=True, text=True, env=self.environment(**variables), cwd=self.folder,
            check=False, timeout=PATIENCE, **given, **more,
        )  # fmt: skip
        outcome = Outcome(done.returncode, done.stdout, done.stderr)
        assert code in (None, outcome.code), f"{command[2:]} ended with {outcome.code}:\n{outcome.text}"
        for settings in self.databases.values():
            assert not settings.get("PASSWORD") or settings["PASSWORD"] not in outcome.text
        return outcome

    @contextmanager
    def primed(self, *arguments: object) -> Iterator[subprocess.Popen[str]]:
        """Give a command at the moment at which its own work begins; it is dead when this ends."""
        command = [str(self.interpreter), "-c", PRIMED, str(ROOT), *map(str, arguments)]
        with subprocess.Popen(
            command, env=self.environment(), cwd=self.folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as process:  # fmt: skip
            try:
                assert process.stdout is not None
                first = process.stdout.readline()
                assert first == "ready\n", first + process.stdout.read()
                yield process
            finally:
                process.kill()

    def prepare(self) -> None:
        """Migrate and fill the databases."""
        for alias in self.databases:
            self.run("migrate", "--verbosity=0", "--database", alias)
        self._finish([str(self.interpreter), "-c", FILL, str(ROOT)], 0, None)

    @contextmanager
    def in_process(self) -> Iterator[None]:
        """Let this process have the databases, the folder and the environment of this deployment."""
        known = dict(connections.settings)
        # Django fills in its defaults where it stands.
        _install(ConnectionHandler(deepcopy(self.databases)).settings)
        try:
            given = {"DIRECTORY": self.backups, "HISTORY": False, **self.settings}
            with override_settings(HOLDFAST=given), patch.dict(os.environ, self.variables):
                yield
        finally:
            _install(known)

    def state(self, alias: str = "default") -> dict[str, list[Any]]:
        with self.in_process():
            return state(alias)

    def states(self) -> dict[str, dict[str, list[Any]]]:
        return {alias: self.state(alias) for alias in self.databases}

    def assert_unchanged(self, before: Mapping[str, dict[str, list[Any]]]) -> None:
        for alias, content in before.items():
            assert differences(content, self.state(alias)) == {}, alias

    def execute(self, sql: str, alias: str = "default") -> list[tuple[Any, ...]]:
        """Run statements; give the rows of the last one."""
        if self.server is not None:
            lines = self.server.psql(sql, self.name(alias)).splitlines()
            return [tuple(line.split("|")) for line in lines]
        import sqlite3

        with closing(sqlite3.connect(self.name(alias))) as database:
            *most, last = [part for part in sql.split(";") if part.strip()]
            database.executescript(";".join(most))
            rows = database.execute(last).fetchall()
            database.commit()
            return rows

    def settle(self) -> None:
        """Wait until the server has noticed that a killed program is gone."""
        deadline = time.monotonic() + PATIENCE
        busy = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{self.name()}' AND state <> 'idle'"
        while self.server is not None and self.server.psql(busy) != "0":
            assert time.monotonic() < deadline

    def wreck(self, alias: str = "default") -> None:
        self.execute(WRECK[self.engine if alias == "default" else alias], alias)

    def files(self) -> list[str]:
        """Everything in the folder of backups but locks, the audit log, remembered listings and git's, hidden files too."""
        if not self.backups.is_dir():
            return []
        standing = (".lock", ".listing", ".gitignore", FILE_NAME)
        return sorted(path.name for path in self.backups.iterdir() if not path.name.endswith(standing))

    def contents(self) -> dict[str, bytes]:
        return {name: (self.backups / name).read_bytes() for name in self.files()}

    def litter(self) -> list[str]:
        return [name for name in self.files() if name.startswith(".")]

    def newest(self, alias: str = "default") -> Path:
        return max(path for path in self.backups.glob(f"{alias}_*") if path.suffix in {".gz", ".zst"})


def _install(settings: dict[str, dict[str, Any]]) -> None:
    for alias in list(connections.settings):
        connections[alias].close()
        delattr(connections._connections, alias)
        del connections.settings[alias]
    connections.settings.update(settings)
