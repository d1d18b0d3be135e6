"""Who runs an operation: the user of the system, the user of the site, the host, the command line."""

import getpass
import os
import pkgutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TypedDict

from holdfast.management import commands

_django_user: ContextVar[str] = ContextVar("holdfast_django_user", default="")
_LONGEST_COMMAND = 500


class Actor(TypedDict):
    """Who acts, in the fields of a run."""

    os_user: str
    django_user: str
    host: str
    command: str


@contextmanager
def acting_for(user: object) -> Iterator[None]:
    """Record the runs in this block as those of a Django user (anything with `get_username`, or a name)."""
    get_username = getattr(user, "get_username", None)
    mark = _django_user.set(str(get_username() if get_username else user))
    try:
        yield
    finally:
        _django_user.reset(mark)


def present() -> Actor:
    """Describe who acts now."""
    return {
        "os_user": _os_user(),
        "django_user": _django_user.get(),
        "host": socket.gethostname(),
        "command": command_line(sys.argv),
    }


def command_line(arguments: list[str]) -> str:
    """Tell how this process was called, without what could be a secret.

    Of our own commands and of `migrate` all arguments are known to hold none; of anything else (a worker, `shell -c`)
    only the program is told, and for a management command its name.
    """
    program, *rest = arguments or [""]
    name = Path(program).name
    if name == "__main__.py":
        name = f"python -m {Path(program).parent.name}"
    if name not in {"manage.py", "django-admin", "python -m django"} or not rest or rest[0].startswith("-"):
        return name[:_LONGEST_COMMAND]
    own = {module.name for module in pkgutil.iter_modules(commands.__path__)}
    told = rest if rest[0] in own | {"migrate"} else rest[:1]
    return " ".join([name, *told])[:_LONGEST_COMMAND]


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run as a number that has no name.
        return str(os.getuid())
