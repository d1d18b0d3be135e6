"""Servers once for all tests, databases and folders fresh for each."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import django
import pytest
from django.conf import settings

from tests.servers import MAJORS, Server, start

if not settings.configured:
    os.environ["DJANGO_SETTINGS_MODULE"] = "minimal_settings"
    django.setup()

from tests.deployment import Deployment
from tests.fault_proxy import FaultProxy
from tests.object_stores import Bucket, ObjectStore, garage, moto
from tests.templates import ALIASES, OWNER, Deploy, prepared, server_databases, sqlite_deployment

ENGINES = ("sqlite", *MAJORS)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], Server]]:
    with ExitStack() as stack:
        running: dict[int, Server] = {}

        def server(major: int) -> Server:
            if major not in running:
                running[major] = stack.enter_context(start(major))
                prepared(running[major], tmp_path_factory.mktemp(f"postgresql-{major}"))
            return running[major]

        yield server


@pytest.fixture(scope="session")
def filled_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    sqlite_deployment(folder).prepare()
    return folder


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with garage(tmp_path_factory.mktemp("garage")) as store:
        yield store


@pytest.fixture(scope="session")
def object_store_with_tags(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """A stand-in for S3, for the calls that the real store does not have."""
    with moto(tmp_path_factory.mktemp("moto")) as store:
        yield store


@pytest.fixture
def bucket(object_store: ObjectStore) -> Bucket:
    return object_store.bucket()


@pytest.fixture
def proxy(object_store: ObjectStore) -> Iterator[FaultProxy]:
    with FaultProxy(object_store.port) as proxy:
        yield proxy


@pytest.fixture
def deploy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deploy]:
    """Makes deployments, filled ones where nothing else is said: `deploy(18)`, `deploy("sqlite")`."""
    made: list[tuple[Server, str]] = []

    def deployment(engine: str | int, template: str = "filled") -> Deployment:
        mark = secrets.token_hex(4)
        folder = tmp_path / mark
        folder.mkdir()
        if engine == "sqlite":
            for file in request.getfixturevalue("filled_files").glob("*.sqlite3"):
                shutil.copy(file, folder)
            return sqlite_deployment(folder)
        server: Server = request.getfixturevalue("servers")(engine)
        names = {alias: f"{alias}_{mark}" for alias in ALIASES}
        for alias, name in names.items():
            server.psql(f"CREATE DATABASE {name} TEMPLATE {template}_{alias} OWNER {OWNER}")
            made.append((server, name))
        return Deployment(folder, server_databases(server, names), server)

    yield deployment
    for server, name in made:
        server.psql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def postgresql_with(tmp_path: Path, servers: Callable[[int], Server]) -> Iterator[Callable[[str], Deployment]]:
    """Makes a database of PostgreSQL out of a script."""
    server = servers(18)
    made: list[str] = []

    def make(script: str) -> Deployment:
        name = f"script_{secrets.token_hex(4)}"
        made.append(name)
        server.create_database(name)
        server.psql(script, name)
        databases = {"default": server_databases(server, {"default": name})["default"]}
        return Deployment(tmp_path, databases, server)

    yield make
    for name in made:
        server.psql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=ENGINES, ids=str)
def everywhere(request: pytest.FixtureRequest, deploy: Deploy) -> Deployment:
    """SQLite, and every version of PostgreSQL that is tested."""
    return deploy(request.param)


@pytest.fixture(params=("sqlite", 18), ids=str)
def deployment(request: pytest.FixtureRequest, deploy: Deploy) -> Deployment:
    """One of each engine."""
    return deploy(request.param)


@pytest.fixture
def sqlite(deploy: Deploy) -> Deployment:
    return deploy("sqlite")


@pytest.fixture
def postgresql(deploy: Deploy) -> Deployment:
    return deploy(18)


@pytest.fixture
def single(deployment: Deployment) -> Deployment:
    """Backs up one alias alone, for what has nothing to do with several."""
    return replace(deployment, settings={"DATABASES": ["default"]})


@pytest.fixture
def stored(single: Deployment, bucket: Bucket) -> Deployment:
    """One alias of each engine, with a bucket beside the folder."""
    return _with_store(single, bucket)


@pytest.fixture
def stored_file(sqlite: Deployment, bucket: Bucket) -> Deployment:
    """The same with SQLite alone, for what has nothing to do with the engine."""
    return _with_store(replace(sqlite, settings={"DATABASES": ["default"]}), bucket)


def _with_store(deployment: Deployment, bucket: Bucket) -> Deployment:
    settings = {**deployment.settings, "STORES": {"offsite": bucket.settings()}}
    return replace(deployment, settings=settings, variables=bucket.variables())
