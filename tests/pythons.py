"""Pythons and releases of Django that the package is for, each in a fresh environment with the wheel as an index has it.

``scripts/install_test_servers.sh`` installs the interpreters. No release of Debian has Python 3.12.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.servers import CACHE

ROOT = Path(__file__).resolve().parent.parent

# Which Pythons each series of Django runs on: https://docs.djangoproject.com/en/dev/faq/install/
SERIES = {
    "5.2": ("3.11", "3.12", "3.13", "3.14"),
    "6.0": ("3.12", "3.13", "3.14"),
    "6.1": ("3.12", "3.13", "3.14"),
}
UNAVAILABLE = "3.12"
EVERY = [(python, django) for django, pythons in SERIES.items() for python in pythons if python != UNAVAILABLE]
# Each Python and each Django once: what one combination lacks another seldom has.
DIAGONAL = [("3.11", "5.2"), ("3.13", "6.0"), ("3.14", "6.1")]

# Neither Rust nor a C compiler: whatever the wheel lacks cannot be made up for.
BARE = {**os.environ, "PATH": "/nowhere"}


def build_wheel(folder: Path) -> Path:
    """Build it from what `make build` has compiled; a release is built from the same sources and settings."""
    maturin = Path(sys.executable).with_name("maturin")
    options = ["--profile", "dev", "--locked", "--quiet", "--out", str(folder)]
    subprocess.run([maturin, "build", *options], check=True, cwd=ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


def interpreter(version: str) -> Path:
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return Path(sys.executable)
    return CACHE / f"python-{version}" / "usr" / "bin" / f"python{version}"


def install(wheel: Path, environment: Path, version: str, django: str) -> Path:
    """Make an environment that has the wheel, and what it asks for, as wheels alone; give its Python."""
    uv = str(Path(sys.executable).with_name("uv"))
    make = [uv, "venv", "--quiet", "--python", str(interpreter(version)), str(environment)]
    subprocess.run(make, check=True, cwd=environment.parent, env=BARE)
    python = environment / "bin" / "python"
    wanted = [f"django-holdfast[postgresql] @ {wheel.as_uri()}", f"django=={django}.*"]
    options = ["--quiet", "--only-binary", ":all:", "--compile-bytecode", "--python", str(python)]
    subprocess.run([uv, "pip", "install", *options, *wanted], check=True, cwd=environment.parent, env=BARE)
    return python
