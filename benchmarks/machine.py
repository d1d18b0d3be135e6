"""Says where and with what the figures were measured: without it no figure means anything."""

import importlib.metadata
import os
import platform
import sqlite3
import subprocess
from pathlib import Path


def describe() -> list[str]:
    """Lines for people."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    packages = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("django-holdfast", "Django"))
    return [
        f"machine: {os.cpu_count()} cores ({_processor()}), {_memory_gib():.0f} GiB, Linux {platform.release()}",
        f"load average before: {load} (more than a little means that the processor seconds tell more than the wall)",
        f"versions: {packages}, Python {platform.python_version()}, its SQLite {sqlite3.sqlite_version}, {_gzip()}",
    ]


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)


def _gzip() -> str:
    shown = subprocess.run(["gzip", "--version"], capture_output=True, text=True, check=True)
    return shown.stdout.partition("\n")[0]
