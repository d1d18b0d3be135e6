"""A store that speaks S3 on this machine, the client that AWS gives out, and what passes between."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

sys.path.insert(0, str(Path(__file__).parent.parent))

from news_site import CACHE, Site
from timing import Sample, run

from tests.fault_proxy import FaultProxy
from tests.object_stores import Bucket, garage

STORE = "offsite"
AWS_VERSION = "1.46.3"


@dataclass(frozen=True)
class Remote:
    """A bucket, seen by a site and by the AWS command line."""

    bucket: Bucket
    aws_program: Path
    proxy: FaultProxy

    def site(self, database: dict[str, object], backups: Path, *, counted: bool = False) -> Site:
        """A site that has the store; `counted` lets its requests pass the proxy."""
        settings = self.bucket.settings(self.proxy.endpoint if counted else None)
        return Site(database, backups, {"NEWS_STORES": json.dumps({STORE: settings}), **self.bucket.variables()})

    def aws(self, *arguments: str) -> Sample:
        """Run the AWS command line."""
        region = {"AWS_DEFAULT_REGION": self.bucket.store.region}
        command = [str(self.aws_program), "--endpoint-url", self.bucket.store.endpoint, "s3", *arguments]
        return run([*command, "--only-show-errors"], {**self.bucket.variables(), **region})

    def address(self, name: str) -> str:
        """A file in the bucket as the AWS command line calls it."""
        return f"s3://{self.bucket.name}/{self.bucket.key(name)}"

    def empty(self) -> None:
        """Remove everything."""
        self.aws("rm", "--recursive", f"s3://{self.bucket.name}/")


@contextmanager
def start(work: Path) -> Iterator[Remote]:
    """Garage, with its data in `work`."""
    folder = work / "garage"
    folder.mkdir()
    with garage(folder) as store, FaultProxy(store.port) as proxy:
        yield Remote(Bucket(store, store.first_bucket, "backups/news"), _aws(), proxy)


def _aws() -> Path:
    """The AWS command line, in an environment of its own: it wants exact versions of what the tests use too."""
    environment = CACHE / f"awscli-{AWS_VERSION}"
    program = environment / "bin" / "aws"
    if not (environment / "COMPLETE").exists():
        shutil.rmtree(environment, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        install = [str(environment / "bin" / "pip"), "install", "--quiet", f"awscli=={AWS_VERSION}"]
        subprocess.run([*install, "--disable-pip-version-check"], check=True)
        (environment / "COMPLETE").touch()
    return program


_RANDOM = """
import os, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("CREATE TABLE noise (id integer PRIMARY KEY, body blob)")
for _ in range(int(sys.argv[2])):
    database.execute("INSERT INTO noise (body) VALUES (?)", (os.urandom(1_000_000),))
database.commit()
"""


def incompressible(megabytes: float) -> Path:
    """A SQLite file whose backup is as large as it is itself, made once."""
    file = CACHE / f"noise-{megabytes:g}.sqlite3"
    if not file.exists():
        folder = Path(mkdtemp(dir=CACHE))
        draft = folder / file.name
        subprocess.run([sys.executable, "-c", _RANDOM, str(draft), str(max(1, round(megabytes)))], check=True)
        draft.rename(file)
        shutil.rmtree(folder)
    return file
