"""Keeps README and docs true: their commands run, their references are complete, their links lead somewhere.

A ```console block holds commands after `$ ` and their output. The commands of a page run in order, in a copy of the
sample blog with some posts and no backups. Each must succeed, unless the page shows `$ echo $?` and another status
after it. Of the output the shape is compared: numbers, sizes, times and widths of columns may differ, and a line that
ends in `…` shows a part. Two comments stand for what a page does not show: `<!-- run: COMMAND -->` runs a command,
and `<!-- database: postgresql -->` gives the page a server.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from django.core.management import load_command_class
from django.core.management.base import BaseCommand

import holdfast
from holdfast import checks, conf, exceptions, signals
from holdfast.retention import Retention
from tests.servers import CACHE, Server, start

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
COMMANDS = ("backup_db", "restore_db", "validate_backup", "list_backups", "cleanup_backups")
SERVER_MAJOR = 18

SETTINGS_OF_SERVER = """
DATABASES = {{
    "default": {{
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "blog",
        "HOST": "{host}",
        "PORT": "{port}",
        "USER": "blog",
        "PASSWORD": "blog",
    }}
}}
"""


@dataclass
class Step:
    """A command of a page, and what the page says of it."""

    command: str
    output: list[str] = field(default_factory=list)
    status: int = 0


@dataclass(frozen=True)
class Project:
    """A blog to run commands in."""

    folder: Path
    environment: dict[str, str]

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

        def newest(match: re.Match[str]) -> str:
            found = sorted((self.folder / "backups").glob(f"default_{match[1]}_*Z.s*z"))
            return found[-1].name.partition(".")[0] if found else match[0]

        return re.sub(r"default_([a-z-]+)_\d{8}T\d{6}Z", newest, command)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = _copied(ROOT / "examples" / "blog", tmp_path_factory.mktemp("documentation") / "blog")
    return _prepared(Project(folder, _environment()))


@pytest.fixture(scope="module")
def filled_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Project]]:
    folder = _copied(ROOT / "examples" / "blog", tmp_path_factory.mktemp("documentation") / "blog")
    with start(SERVER_MAJOR) as server:
        server.create_role("blog", "LOGIN CREATEDB", password="blog")
        server.create_database("blog", "OWNER blog")
        with (folder / "project" / "settings.py").open("a") as settings:
            settings.write(SETTINGS_OF_SERVER.format(host=server.host, port=server.port))
        environment = _environment(
            PGHOST=server.host, PGPORT=str(server.port), PGUSER="blog", PGPASSWORD="blog", PGDATABASE="blog"
        )
        project = _prepared(Project(folder, environment))
        server.psql("CREATE DATABASE blog_filled TEMPLATE blog OWNER blog")
        yield server, project


@pytest.fixture
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Project]:
    """Gives a project of its own to a page, with the database that the page asks for."""

    def fresh(text: str) -> Project:
        if "<!-- database: postgresql -->" not in text:
            base: Project = request.getfixturevalue("filled")
        else:
            server, base = request.getfixturevalue("filled_server")
            server.psql("DROP DATABASE IF EXISTS blog WITH (FORCE)")
            server.psql("CREATE DATABASE blog TEMPLATE blog_filled OWNER blog")
        return Project(_copied(base.folder, tmp_path / "blog"), base.environment)

    return fresh


def _copied(source: Path, target: Path) -> Path:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "backups"))
    return target


def _prepared(project: Project) -> Project:
    for command in ("python manage.py migrate --verbosity 0", "python manage.py fill_blog --posts 50"):
        status, output = project.run(command)
        assert status == 0, output
    return project


def _environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BACKUP_", "PG", "DJANGO_"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), str(CACHE / "client" / "bin"), os.environ["PATH"]])
    return {**kept, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT / "python"), **more}


def _steps(text: str) -> list[Step]:
    steps: list[Step] = []
    for match in re.finditer(r"(?m)^```console\n(?P<block>(?:.*\n)*?)```$|^<!-- run: (?P<hidden>.*) -->$", text):
        if match["hidden"]:
            steps.append(Step(match["hidden"]))
            continue
        for line in match["block"].replace("\\\n", "").splitlines():
            if line.startswith("$ "):
                steps.append(Step(line[2:]))
            else:
                steps[-1].output.append(line)
    for step, following in pairwise(steps):
        if following.command == "echo $?":
            step.status = int(following.output[0])
    return [step for step in steps if step.command != "echo $?"]


def _shape(line: str) -> str:
    """A line without what differs from run to run."""
    line = re.sub(r"[0-9a-f]{32,}", "H", line.strip())
    line = re.sub(r"/\S+/(?=blog|backups)", "", line)
    line = re.sub(r"\bjust now\b|\b\d+ (second|minute)s?( ago)?", "N", line)
    line = re.sub(r"\d[\d,.:]*", "N", line)
    line = re.sub(r"\bN (bytes|[kMGT]B)", "N B", line)
    return re.sub(r"\s+", " ", line)


def _shows(output: str, line: str) -> bool:
    wanted = _shape(line.removesuffix("…"))
    shapes = [_shape(found) for found in output.splitlines()]
    return any(shape.startswith(wanted) if line.endswith("…") else shape == wanted for shape in shapes)


WITH_COMMANDS = [page for page in PAGES if _steps(page.read_text())]


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_run_and_print_what_the_page_shows(page: Path, project: Callable[[str], Project]) -> None:
    text = page.read_text()
    blog = project(text)
    for step in _steps(text):
        status, output = blog.run(step.command)
        assert status == step.status, f"$ {step.command}\n{output}"
        missing = [line for line in step.output if line.strip(" …") and not _shows(output, line)]
        assert not missing, f"$ {step.command}\nprinted\n{output}\nand not\n" + "\n".join(missing)


WITH_EXAMPLES = [page for page in PAGES if "```pycon\n" in page.read_text()]
RUN_EXAMPLES = """
import doctest, os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
django.setup()
flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
raise SystemExit(doctest.testfile("examples.txt", module_relative=False, optionflags=flags).failed)
"""


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_in_python_give_what_the_page_shows(page: Path, project: Callable[[str], Project]) -> None:
    text = page.read_text()
    blog = project(text)
    (blog.folder / "examples.txt").write_text("\n".join(re.findall(r"(?ms)^```pycon\n(.*?)^```$", text)))
    (blog.folder / "run_examples.py").write_text(RUN_EXAMPLES)
    status, output = blog.run("python run_examples.py")
    assert status == 0, output


def test_every_public_name_is_documented() -> None:
    page = (DOCS / "reference" / "python.md").read_text()
    functions = {name for name in holdfast.__all__ if name[0].islower()}
    assert set(re.findall(r"(?m)^## `holdfast\.([a-z_]+)\(", page)) == functions
    named = [name for name, value in vars(exceptions).items() if isinstance(value, type) and value.__module__ == exceptions.__name__]
    assert not [name for name in named if f"| `{name}` |" not in page]
    assert not [name for name in vars(signals) if name.islower() and name[0] != "_" and f"| `{name}` |" not in page]


def test_enough_pages_have_commands() -> None:
    assert len(WITH_COMMANDS) >= 6


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


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_documented_and_nothing_else(name: str) -> None:
    section = _section((DOCS / "reference" / "commands.md").read_text(), f"`{name}`")
    documented = set(re.findall(r"(?m)^\| .*$", section))
    options = {option for row in documented for option in re.findall(r"--[a-z-]+", row.split(" | ")[0])}
    assert options == _options(load_command_class("holdfast", name))


def test_every_setting_and_its_environment_variable_is_documented() -> None:
    page = (DOCS / "reference" / "settings.md").read_text()
    assert set(re.findall(r"(?m)^\| `([A-Z_]+)` \|", _section(page, "Keys"))) == set(conf._READERS)
    assert set(re.findall(r"(?m)^\| `([a-z]+)` \|", _section(page, "`RETENTION`"))) == set(Retention.rules())
    variables = set(re.findall(r"BACKUP_[A-Z0-9_]+", (ROOT / "python" / "holdfast" / "conf.py").read_text()))
    assert set(re.findall(r"`(BACKUP_[A-Z0-9_]+)`", page)) == variables


def test_every_check_is_documented() -> None:
    page = (DOCS / "reference" / "checks.md").read_text()
    assert checks.__doc__ is not None
    assert re.findall(r"(?m)^## `(holdfast\.[EW]\d+)`", page) == re.findall(r"`(holdfast\.[EW]\d+)`", checks.__doc__)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
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
        for target in re.findall(r"\]\((?![a-z]+:)([^)#\s]+)", page.read_text()):
            waiting.append((page.parent / target).resolve())
    assert not set(PAGES) - reached
