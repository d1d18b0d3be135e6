"""What an index would offer installs without a compiler, and works on each Python and Django that it is for."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deployment import Deployment
from tests.pythons import BARE, DIAGONAL, EVERY, ROOT, SERIES, UNAVAILABLE, build_wheel, install
from tests.servers import Server
from tests.templates import ALIASES, OWNER, server_databases

COMBINATIONS = EVERY if os.environ.get("HOLDFAST_TEST_LONG") else DIAGONAL


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module", params=COMBINATIONS, ids=lambda pair: f"python-{pair[0]}-django-{pair[1]}")
def python(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(wheel, tmp_path_factory.mktemp("fresh") / "environment", *request.param)


def test_the_sample_blog_loses_its_posts_and_gets_them_back(python: Path, tmp_path: Path) -> None:
    environment = BARE | {"PATH": f"{python.parent}:/usr/bin:/bin", "TMPDIR": str(tmp_path), "POSTS": "20"}
    where = subprocess.check_output([python, "-c", "import holdfast; print(holdfast.__file__)"], text=True)
    assert where.startswith(str(python.parent.parent))
    demo = [ROOT / "examples" / "blog" / "demo.sh"]
    done = subprocess.run(demo, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Restored default_manual_" in done.stdout and "Warning" not in done.stderr


def test_a_postgresql_site_comes_back(python: Path, servers: Callable[[int], Server], tmp_path: Path) -> None:
    server = servers(18)
    names = {alias: f"{alias}_{secrets.token_hex(4)}" for alias in ALIASES}
    for name in names.values():
        server.psql(f"CREATE DATABASE {name} OWNER {OWNER}")
    site = Deployment(tmp_path, server_databases(server, names), server, interpreter=python)
    site.prepare()
    before = site.states()
    # Whatever becomes an error in the next release of Django is one here.
    strict = {"environment": {"PYTHONWARNINGS": "error"}}
    site.run("check", "--tag", "holdfast", **strict)
    site.run("backup_db", **strict)
    site.run("validate_backup", "--all", "--deep", **strict)
    for alias in ALIASES:
        site.wreck(alias)
        site.run("restore_db", "--no-input", "--owners", "--database", alias, **strict)
    site.assert_unchanged(before)


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (metadata,) = [archive.read(name).decode() for name in names if name.endswith("/METADATA")]
    tracked = subprocess.check_output(["git", "ls-files", "python"], cwd=ROOT, text=True).split()
    package = {name.removeprefix("python/") for name in tracked} | {"holdfast/_core.abi3.so"}
    assert {name for name in names if ".dist-info/" not in name} == package
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert "Requires-Dist: django>=5.2" in metadata.splitlines()
    assert re.search(r"^Description-Content-Type: text/markdown", metadata, re.MULTILINE)


def test_the_source_distribution_builds_by_itself(tmp_path: Path) -> None:
    """It has what cargo needs, and what is compiled is what is here."""
    maturin = Path(sys.executable).with_name("maturin")
    subprocess.run([maturin, "sdist", "--out", tmp_path], check=True, cwd=ROOT, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    (tree,) = tmp_path.glob("*/")
    tracked = subprocess.check_output(["git", "ls-files", "python", "src"], cwd=ROOT, text=True).split()
    needed = [*tracked, "Cargo.toml", "Cargo.lock", "pyproject.toml", "README.md", "LICENSE"]
    assert [name for name in needed if not (tree / name).is_file()] == []
    cargo = ["cargo", "metadata", "--offline", "--locked", "--format-version", "1", "--quiet"]
    subprocess.run(cargo, check=True, cwd=tree, stdout=subprocess.DEVNULL)


def test_what_it_says_to_be_for_is_tried() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    said = re.findall(r"(Python|Django) :: (\d\.\d+)\b", "\n".join(project["classifiers"]))
    pythons = {version for language, version in said if language == "Python"}
    assert {version for language, version in said if language == "Django"} == set(SERIES)
    assert pythons == {version for versions in SERIES.values() for version in versions}
    for tried in (EVERY, DIAGONAL):
        assert {python for python, _ in tried} == pythons - {UNAVAILABLE}
        assert {django for _, django in tried} == set(SERIES)
