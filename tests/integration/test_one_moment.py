"""A backup is one moment of the database, however many connections read it and whoever writes meanwhile."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.deployment import PATIENCE
from tests.servers import CACHE

if TYPE_CHECKING:
    from tests.deployment import Deployment

# Every transaction of pgbench adds one amount to an account, a teller and a branch and writes it down: at each moment
# these agree, and at no moment do two of them agree with a third of another moment.
SUMS = """
    SELECT (SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(tbalance) FROM pgbench_tellers),
           (SELECT sum(bbalance) FROM pgbench_branches), (SELECT sum(delta) FROM pgbench_history)
"""
SCALE = 6


def test_a_backup_under_load_is_one_moment(postgresql_with: Callable[[str], Deployment]) -> None:
    source = postgresql_with("")
    assert source.server is not None
    source.server.client("pgbench", "--initialize", f"--scale={SCALE}", "--foreign-keys", "--quiet", source.name())
    with transactions(source):
        first = written(source)
        source.run("backup_db", "--jobs", "4", "--verify")
        last = written(source)
    backup = source.newest()
    manifest = json.loads(backup.with_name(backup.name + ".json").read_text())
    tables = [table["name"] for table in manifest["tables"]]
    pieces = [chunk for chunk in manifest["chunks"] if chunk.get("table") == tables.index("pgbench_accounts")]
    assert len(pieces) > 4, "the table is too small to be read in several pieces"
    target = postgresql_with("")
    target.run("restore_db", backup, "--no-input", "--no-safety-backup", "--verify")
    ((accounts, tellers, branches, history),) = target.execute(SUMS)
    assert accounts == tellers == branches == history
    seen = int(target.execute("SELECT count(*) FROM pgbench_history")[0][0])
    assert first <= seen <= last
    assert last - first > 100, "nobody wrote while the backup was made"


@contextmanager
def transactions(deployment: Deployment) -> Iterator[None]:
    """Let four clients write without end; they are at work when this begins."""
    assert deployment.server is not None
    program = CACHE / "client" / "bin" / "pgbench"
    command = [program, "--client=4", "--time=3600", "--no-vacuum", deployment.server.dsn(deployment.name())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={}) as process:
        try:
            deadline = time.monotonic() + PATIENCE
            while written(deployment) < 100:
                assert process.poll() is None and time.monotonic() < deadline, "pgbench does not write"
            yield
            assert process.poll() is None, process.stdout and process.stdout.read()
        finally:
            process.kill()


def written(deployment: Deployment) -> int:
    return int(deployment.execute("SELECT count(*) FROM pgbench_history")[0][0])
