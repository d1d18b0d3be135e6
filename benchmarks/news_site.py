"""The measured Django project as its user sees it: commands in a process of their own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from timing import Contender, Sample, run

CACHE = Path(os.environ.get("HOLDFAST_BENCH_CACHE", "/var/tmp/holdfast-bench"))  # noqa: S108 - large, and kept
FOLDER = Path(__file__).parent
PROJECT = FOLDER / "project"


@dataclass(frozen=True)
class Site:
    """A news site with its database and its folder of backups."""

    database: dict[str, object]
    backups: Path
    # What the environment of its commands holds besides.
    variables: Mapping[str, str] = field(default_factory=dict)

    def command(self, *arguments: str) -> Sample:
        """Run one of Django's commands."""
        return run([sys.executable, str(PROJECT / "manage.py"), *arguments], self.environment())

    def setup_sample(self, **environment: str) -> Sample:
        """Measure `django.setup()` in a fresh process, without the start of Python."""
        command = [sys.executable, str(PROJECT / "setup_seconds.py")]
        environment = {**os.environ, **self.environment(), **environment}
        shown = subprocess.run(command, capture_output=True, env=environment, check=True).stdout
        wall_seconds, processor_seconds = map(float, shown.split())
        return Sample(wall_seconds, processor_seconds, 0)

    def migrate(self) -> None:
        """Make the tables."""
        self.command("migrate", "--run-syncdb", "--verbosity=0")

    def backup(self, *options: str) -> Contender:
        """Measure `backup_db`; the last backup stays."""
        return Contender(lambda: self.command("backup_db", "--verbosity=0", *options), prepare=self.forget_backups)

    def restore(self, *options: str) -> Sample:
        """Restore the only backup."""
        return self.command("restore_db", "latest", "--no-input", "--no-safety-backup", "--verbosity=0", *options)

    def forget_backups(self) -> None:
        """Begin with an empty folder."""
        shutil.rmtree(self.backups, ignore_errors=True)

    def backup_file(self) -> Path:
        """The only backup, without its sidecars."""
        (file,) = (path for path in self.backups.iterdir() if path.suffix in {".gz", ".zst"})
        return file

    def backup_bytes(self) -> int:
        """Size of the only backup, without its sidecars."""
        return self.backup_file().stat().st_size

    def environment(self) -> dict[str, str]:
        """What a process needs to know of the site."""
        return {
            "NEWS_DATABASE": json.dumps(self.database),
            "NEWS_BACKUPS": str(self.backups),
            # As where a package was installed; else each command would compile it once more.
            "PYTHONDONTWRITEBYTECODE": "",
            **self.variables,
        }


def fill(engine: str, place: str, scale: float, *only: str) -> None:
    """Fill the tables, or only those named, in a process that takes its memory with it."""
    run([sys.executable, str(FOLDER / "fill.py"), engine, place, str(scale), *only])


def check_size(what: str, actual: int, wanted: float) -> None:
    """Refuse data that is not what the table would say it is."""
    if not 0.8 * wanted <= actual <= 1.25 * wanted:
        raise ValueError(f"{what} is of {actual / 1e6:.0f} MB instead of {wanted / 1e6:.0f} MB")
