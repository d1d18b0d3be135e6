"""Commands of manage.py without the third of a second that Python takes to import Django.

A server has everything imported that needs no settings. For each command a launcher takes its place as a process, and
passes its arguments, environment, folder, process group and files to a fork of the server; it ends as the fork ends. So a
command is a process of its own as before, with signals, exit codes and files of its own.

    launcher <socket> <script> <arguments>     what `command()` gives
"""

from __future__ import annotations

import array
import atexit
import os
import socket
import sys

# Launchers import this file too: what only the server needs is imported where it is used.
STANDARD_FILES = (0, 1, 2)
LIMIT = 1 << 22


def command(script: str, *arguments: str) -> list[str]:
    """Give the command line which does what `python script arguments` does."""
    return [sys.executable, "-IS", __file__, _address(), script, *arguments]


_addresses: list[str] = []


def _address() -> str:
    """Start the server of this process at its first command. It ends when the pipe's other end, which is ours, does."""
    if _addresses:
        return _addresses[0]
    import subprocess
    import tempfile
    from pathlib import Path

    folder = tempfile.TemporaryDirectory(prefix="holdfast-warm-")
    address = str(Path(folder.name) / "socket")
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
    server = subprocess.Popen(
        [sys.executable, __file__, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd="/"
    )
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    atexit.register(folder.cleanup)
    atexit.register(server.terminate)
    _addresses.append(address)
    return address


def launch(address: str, arguments: list[str]) -> int:
    """Have a fork of the server run a script; return its exit code."""
    parts = [str(os.getpgrp()), str(len(arguments)), *arguments]
    parts += [f"{name}={value}" for name, value in os.environ.items()]
    message = b"\0".join(os.fsencode(part) for part in parts)
    files = (*STANDARD_FILES, os.open(".", os.O_RDONLY | os.O_DIRECTORY))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.connect(address)
        server.sendmsg(
            [len(message).to_bytes(4, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))]
        )
        server.sendall(message)
        status = int(server.makefile("rb").read() or b"9")
    if os.WIFSIGNALED(status):
        import signal

        # Python would make an exception of Ctrl-C; SIGKILL needs nothing, and takes nothing.
        if os.WTERMSIG(status) == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    return os.waitstatus_to_exitcode(status)


def serve(address: str) -> str | None:
    """Fork for each launcher; in each fork give the script that it is to run, and at the end of our parent nothing."""
    import gc
    import select
    import signal

    _import()
    # A fork that ends looks through all objects once more, which takes longer than most commands.
    gc.freeze()
    # How they end is told to the launchers.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(address)
        listener.listen(64)
        os.write(1, b"ready\n")
        while listener in select.select([listener, 0], [], [])[0]:
            launcher, _ = listener.accept()
            with launcher:
                if os.fork() == 0:
                    listener.close()
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    return _attend(launcher)
    return None


def _import() -> None:
    """Import what needs no settings; the settings are those of each command."""
    import importlib
    from pathlib import Path

    root = str(Path(__file__).resolve().parent.parent)
    sys.path[0] = root
    for name in (
        "django.core.management", "django.core.management.commands.migrate", "django.core.mail", "django.db.migrations.executor",
        "django.db.backends.postgresql.base", "django.db.backends.sqlite3.base", "django.urls", "django.contrib.admin",
        "django.views.debug", "cronsim", "holdfast.checks", "holdfast.rendering", "holdfast._core",
    ):  # fmt: skip
        importlib.import_module(name)
    sys.path.remove(root)


def _attend(launcher: socket.socket) -> str:
    """Go on as the command in a child; wait for it here. A launcher that is killed takes its command along."""
    import select
    import signal

    size, files, _, _ = socket.recv_fds(launcher, 4, len(STANDARD_FILES) + 1)
    message = b""
    while len(message) < int.from_bytes(size, "big"):
        message += launcher.recv(LIMIT)
    child = os.fork()
    if child == 0:
        launcher.close()
        return _become(message.split(b"\0"), files)
    for file in files:
        os.close(file)
    process = os.pidfd_open(child)
    if process not in select.select([process, launcher], [], [])[0]:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    launcher.sendall(str(status).encode())
    # Not by way of what the server would do at its end.
    os._exit(0)


def _become(parts: list[bytes], files: list[int]) -> str:
    """Be what the launcher stands for, but for the script itself."""
    from pathlib import Path

    group, count, *rest = map(os.fsdecode, parts)
    sys.argv, variables = rest[: int(count)], rest[int(count) :]
    os.setpgid(0, int(group))
    *standard, folder = files
    os.fchdir(folder)
    for file, target in zip(standard, STANDARD_FILES, strict=True):
        os.dup2(file, target)
    for file in files:
        os.close(file)
    os.environ.clear()
    os.environ.update(variable.split("=", 1) for variable in variables)
    sys.path.insert(0, str(Path(sys.argv[0]).parent))
    return sys.argv[0]


def main() -> None:
    """Be the launcher of a command, or the server."""
    if len(sys.argv) > 2:
        sys.exit(launch(sys.argv[1], sys.argv[2:]))
    if script := serve(sys.argv[1]):
        import runpy

        runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
