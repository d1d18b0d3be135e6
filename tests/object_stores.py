"""Real S3 stores for the tests: Garage, and moto's server for the calls that Garage lacks (tags, object lock).

    with garage(folder) as store:
        bucket = store.bucket()
        deployment = replace(deployment, settings={"STORES": {"offsite": bucket.settings()}}, variables=bucket.variables())

Garage comes from ``scripts/install_test_servers.sh``. Both stores keep what they hold in a folder that goes with them
or in memory. Start them from the main thread: the kernel stops them when the thread that started them ends.
"""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers import CACHE, PATIENCE, ServerError, free_port

HOST = "127.0.0.1"
GARAGE_VERSION = "2.5.0"
# Nothing is compressed or written through: the tests look at the protocol, and the benchmarks at the client.
GARAGE_CONFIGURATION = """
metadata_dir = "{folder}/metadata"
data_dir = "{folder}/data"
db_engine = "lmdb"
metadata_fsync = false
data_fsync = false
compression_level = "none"
replication_factor = 1
rpc_bind_addr = "127.0.0.1:{rpc_port}"
rpc_public_addr = "127.0.0.1:{rpc_port}"
rpc_secret = "{rpc_secret}"
[s3_api]
s3_region = "{region}"
api_bind_addr = "127.0.0.1:{port}"
"""


@dataclass(frozen=True)
class ObjectStore:
    """A server that runs, and the one account that may do everything there."""

    port: int
    region: str
    access_key: str
    secret_key: str
    first_bucket: str = "first"

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    def client(self, endpoint: str | None = None, **configuration: Any) -> Any:
        """A client that knows nothing of the machine's own settings and tries once."""
        # Late, for the benchmarks: the memory of a process that starts another one counts as the memory of that one.
        import boto3
        import botocore.config

        once = {"retries": {"total_max_attempts": 1}, "s3": {"addressing_style": "path"}, **configuration}
        session = boto3.session.Session(self.access_key, self.secret_key, region_name=self.region)
        address = endpoint or self.endpoint
        return session.client("s3", endpoint_url=address, config=botocore.config.Config(**once))

    def bucket(self, prefix: str = "backups/shop", **options: Any) -> Bucket:
        name = f"holdfast-{secrets.token_hex(6)}"
        self.client().create_bucket(Bucket=name, **options)
        return Bucket(self, name, prefix)

    def variables(self) -> dict[str, str]:
        """What the environment of a command holds so that it gets in, and sees nothing of this machine's own."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@dataclass(frozen=True)
class Bucket:
    """A bucket of one test, looked at past the code under test."""

    store: ObjectStore
    name: str
    prefix: str

    def settings(self, endpoint: str | None = None, **more: Any) -> dict[str, Any]:
        """An entry of ``HOLDFAST["STORES"]``; `endpoint` may be that of a proxy."""
        return {
            "BUCKET": self.name,
            "PREFIX": self.prefix,
            "REGION": self.store.region,
            "ENDPOINT": endpoint or self.store.endpoint,
            "ADDRESSING": "path",
            **more,
        }

    def variables(self) -> dict[str, str]:
        return self.store.variables()

    def key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    def keys(self) -> list[str]:
        pages = self.store.client().get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def names(self) -> list[str]:
        """Keys below the prefix, without it."""
        start = self.key("")
        return [key.removeprefix(start) for key in self.keys() if key.startswith(start)]

    def uploads(self) -> list[str]:
        """The keys of uploads that were begun and neither finished nor given up."""
        pages = self.store.client().get_paginator("list_multipart_uploads").paginate(Bucket=self.name)
        return [upload["Key"] for page in pages for upload in page.get("Uploads", [])]

    def read(self, name: str) -> bytes:
        body: bytes = self.store.client().get_object(Bucket=self.name, Key=self.key(name))["Body"].read()
        return body

    def write(self, name: str, content: bytes, **options: Any) -> None:
        self.store.client().put_object(Bucket=self.name, Key=self.key(name), Body=content, **options)

    def copy_in_parts(self, name: str) -> None:
        """The same content again, as other programs copy it: with another ``ETag``."""
        client, there = self.store.client(), {"Bucket": self.name, "Key": self.key(name)}
        metadata = client.head_object(**there)["Metadata"]
        upload = client.create_multipart_upload(**there, Metadata=metadata)["UploadId"]
        part = client.upload_part(**there, UploadId=upload, PartNumber=1, Body=self.read(name))
        parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        client.complete_multipart_upload(**there, UploadId=upload, MultipartUpload=parts)

    def remove(self, name: str) -> None:
        self.store.client().delete_object(Bucket=self.name, Key=self.key(name))

    def contents(self) -> dict[str, bytes]:
        """Everything in the bucket below the prefix."""
        return {name: self.read(name) for name in self.names()}


@contextmanager
def garage(folder: Path) -> Iterator[ObjectStore]:
    """One node of Garage with its data in `folder`, which is removed."""
    program = CACHE / f"garage-{GARAGE_VERSION}"
    if not (program / "VERSION").is_file():
        raise ServerError(f"Garage {GARAGE_VERSION} is not in {CACHE}: run scripts/install_test_servers.sh")
    store = ObjectStore(free_port(), "garage", f"GK{secrets.token_hex(12)}", secrets.token_hex(32))
    filled = GARAGE_CONFIGURATION.format(
        folder=folder, port=store.port, rpc_port=free_port(), rpc_secret=secrets.token_hex(32), region=store.region
    )
    configuration = folder / "garage.toml"
    configuration.touch(mode=0o600)
    configuration.write_text(filled)
    account = {
        "GARAGE_DEFAULT_ACCESS_KEY": store.access_key,
        "GARAGE_DEFAULT_SECRET_KEY": store.secret_key,
        "GARAGE_DEFAULT_BUCKET": store.first_bucket,
        "RUST_LOG": "garage=warn",
    }
    command = [program / "bin" / "garage", "-c", configuration, "server", "--single-node", "--default-bucket"]
    try:
        with _running(command, store.port, folder / "log", account):
            yield store
    finally:
        shutil.rmtree(folder)


@contextmanager
def moto(folder: Path) -> Iterator[ObjectStore]:
    """moto's server, which keeps everything in memory; its log is in `folder`."""
    store = ObjectStore(free_port(), "us-east-1", "testing", "testing")
    command = [sys.executable, Path(__file__).with_name("moto_server.py"), "-H", HOST, "-p", str(store.port)]
    with _running(command, store.port, folder / "log", store.variables()):
        yield store


@contextmanager
def _running(command: Sequence[str | Path], port: int, log: Path, variables: Mapping[str, str]) -> Iterator[None]:
    with log.open("wb") as written:
        # Its own session, so that Ctrl-C in the terminal reaches the tests alone.
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig=KILL", "--", *command], stdin=subprocess.DEVNULL, stdout=written, stderr=written,
            cwd=log.parent, env={"PATH": "/usr/bin:/bin", "HOME": str(log.parent), **variables}, start_new_session=True,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + PATIENCE
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise ServerError(f"{Path(command[0]).name} did not start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.01)
        yield
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=PATIENCE):
            return True
    except OSError:
        return False
