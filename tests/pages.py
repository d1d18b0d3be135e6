"""The pages of the documentation, and the sample blog that their commands run in.

A ```console block holds commands after `$ ` and their output. The commands of a page run in order, in a copy of the
sample blog with some posts and no backups. Each must succeed, unless the page shows `$ echo $?` and another status
after it. Of the output the shape is compared: numbers, sizes, times and widths of columns may differ, and a line that
ends in `…` shows a part. Comments stand for what a page does not show: `<!-- run: COMMAND -->` runs a command,
and `<!-- database: postgresql -->` gives the page a server. With `<!-- store: offsite -->` the blog has a store of this
name, in an empty bucket of a real S3 service.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tests.object_stores import Bucket
from tests.servers import CACHE

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@dataclass
class Step:
    """A command of a page, and what the page says of it."""

    command: str
    output: list[str] = field(default_factory=list)
    status: int = 0


def steps(text: str) -> list[Step]:
    found: list[Step] = []
    for match in re.finditer(r"(?m)^```console\n(?P<block>(?:.*\n)*?)```$|^<!-- run: (?P<hidden>.*) -->$", text):
        if match["hidden"]:
            found.append(Step(match["hidden"]))
            continue
        for line in match["block"].replace("\\\n", "").splitlines():
            if line.startswith("$ "):
                found.append(Step(line[2:]))
            else:
                found[-1].output.append(line)
    for step, following in pairwise(found):
        if following.command == "echo $?":
            step.status = int(following.output[0])
    return [step for step in found if step.command != "echo $?"]


def _shape(line: str) -> str:
    """A line without what differs from run to run."""
    line = re.sub(r"[0-9a-f]{32,}", "H", line.strip())
    line = re.sub(r"/\S+/(?=blog|backups)", "", line)
    line = re.sub(r"\bjust now\b|\b\d+ (second|minute)s?( ago)?", "N", line)
    line = re.sub(r"\d[\d,.:]*", "N", line)
    line = re.sub(r"\bN (bytes|[kMGT]B)", "N B", line)
    return re.sub(r"\s+", " ", line)


def shows(output: str, line: str) -> bool:
    wanted = _shape(line.removesuffix("…"))
    shapes = [_shape(found) for found in output.splitlines()]
    return any(shape.startswith(wanted) if line.endswith("…") else shape == wanted for shape in shapes)


@dataclass(frozen=True)
class Project:
    """A blog to run commands in."""

    folder: Path
    environment: dict[str, str]
    bucket: Bucket | None = None

    def run(self, command: str) -> tuple[int, str]:
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", self._with_real_names(command)],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def _with_real_names(self, command: str) -> str:
        """Put the newest backup of the kind where the page names one of another day."""

        here = [path.name for path in (self.folder / "backups").glob("default_*")]
        there = self.bucket.names() if self.bucket else []

        def newest(match: re.Match[str]) -> str:
            found = sorted(name for name in here + there if name.startswith(f"default_{match[1]}_"))
            return found[-1].partition(".")[0] if found else match[0]

        return re.sub(r"default_([a-z-]+)_\d{8}T\d{6}Z", newest, command)


def copied(source: Path, target: Path) -> Path:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "backups"))
    return target


def prepared(project: Project) -> Project:
    for command in ("python manage.py migrate --verbosity 0", "python manage.py fill_blog --posts 50"):
        status, output = project.run(command)
        assert status == 0, output
    return project


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BACKUP_", "PG", "DJANGO_"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), str(CACHE / "client" / "bin"), os.environ["PATH"]])
    return {**kept, "PATH": path, **more}
