"""Keeps README and docs true: the commands of every page run and print what the page shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.object_stores import Bucket
from tests.pages import PAGES, ROOT, Project, copied, environment, name, prepared, shows, steps
from tests.servers import Server, start

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


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = copied(ROOT / "examples" / "blog", tmp_path_factory.mktemp("documentation") / "blog")
    return prepared(Project(folder, environment()))


@pytest.fixture(scope="module")
def filled_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Project]]:
    folder = copied(ROOT / "examples" / "blog", tmp_path_factory.mktemp("documentation") / "blog")
    with start(SERVER_MAJOR) as server:
        server.create_role("blog", "LOGIN CREATEDB", password="blog")
        server.create_database("blog", "OWNER blog")
        with (folder / "project" / "settings.py").open("a") as settings:
            settings.write(SETTINGS_OF_SERVER.format(host=server.host, port=server.port))
        libpq = {"PGHOST": server.host, "PGPORT": str(server.port), "PGUSER": "blog", "PGPASSWORD": "blog"}
        project = prepared(Project(folder, environment(**libpq, PGDATABASE="blog")))
        server.psql("CREATE DATABASE blog_filled TEMPLATE blog OWNER blog")
        yield server, project


@pytest.fixture
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Project]:
    """Gives a project of its own to a page, with the database and the store that the page asks for."""

    def fresh(text: str) -> Project:
        if "<!-- database: postgresql -->" not in text:
            base: Project = request.getfixturevalue("filled")
        else:
            server, base = request.getfixturevalue("filled_server")
            server.psql("DROP DATABASE IF EXISTS blog WITH (FORCE)")
            server.psql("CREATE DATABASE blog TEMPLATE blog_filled OWNER blog")
        folder = copied(base.folder, tmp_path / "blog")
        if "<!-- store: offsite -->" not in text:
            return Project(folder, base.environment)
        bucket: Bucket = request.getfixturevalue("bucket")
        with (folder / "project" / "settings.py").open("a") as settings:
            settings.write(f"\nHOLDFAST = {{'STORES': {{'offsite': {bucket.settings()!r}}}}}\n")
        return Project(folder, {**base.environment, **bucket.variables()}, bucket)

    return fresh


WITH_COMMANDS = [page for page in PAGES if steps(page.read_text())]


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=name)
def test_commands_run_and_print_what_the_page_shows(page: Path, project: Callable[[str], Project]) -> None:
    text = page.read_text()
    blog = project(text)
    for step in steps(text):
        status, output = blog.run(step.command)
        assert status == step.status, f"$ {step.command}\n{output}"
        missing = [line for line in step.output if line.strip(" …") and not shows(output, line)]
        assert not missing, f"$ {step.command}\nprinted\n{output}\nand not\n" + "\n".join(missing)


WITH_EXAMPLES = [page for page in PAGES if "```pycon\n" in page.read_text()]
RUN_EXAMPLES = """
import doctest, os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
django.setup()
flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
raise SystemExit(doctest.testfile("examples.txt", module_relative=False, optionflags=flags).failed)
"""


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=name)
def test_examples_in_python_give_what_the_page_shows(page: Path, project: Callable[[str], Project]) -> None:
    text = page.read_text()
    blog = project(text)
    (blog.folder / "examples.txt").write_text("\n".join(re.findall(r"(?ms)^```pycon\n(.*?)^```$", text)))
    (blog.folder / "run_examples.py").write_text(RUN_EXAMPLES)
    status, output = blog.run("python run_examples.py")
    assert status == 0, output


def test_enough_pages_have_commands() -> None:
    assert len(WITH_COMMANDS) >= 6
