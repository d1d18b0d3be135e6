"""Readers of files get, for a minute each, what nobody has written, and go on: see `docs/decisions/0039-fuzzing.md`."""

import os
import subprocess
import sys
from pathlib import Path

from fuzzing import READERS

SCRIPT = Path(__file__).with_name("fuzzing.py")


def test_no_reader_of_files_fails_at_one() -> None:
    seconds = os.environ.get("HOLDFAST_FUZZ_SECONDS", "60")
    running = {
        reader: subprocess.Popen(
            [sys.executable, SCRIPT, reader, seconds], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for reader in READERS
    }
    for reader, process in running.items():
        rounds, error = process.communicate()
        assert process.returncode == 0, error
        assert int(rounds) > 10, reader
