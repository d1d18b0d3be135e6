"""Which revision of the code this is, as git knows it; None where git, its repository or its answer is missing."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

# A revision is worth a moment, never a migration that hangs.
_TIME_LIMIT_SECONDS = 10


def current() -> str | None:
    """Give the revision of the project, by the folder of its settings."""
    return _git("rev-parse", "--verify", "--quiet", "HEAD")


def before(files: Iterable[Path]) -> str | None:
    """Give the newest revision on the way to the current one that has none of these files."""
    top = _git("rev-parse", "--show-toplevel")
    # Those of installed packages say nothing about the project's own revisions.
    own = [str(file.resolve()) for file in files if top and file.resolve().is_relative_to(top)]
    touched = _git("rev-list", "--first-parent", "HEAD", "--", *own) if own else None
    # A file that is not committed belongs to no revision, and the first one of a shallow clone has none before it.
    return _git("rev-parse", "--verify", "--quiet", f"{touched.split()[-1]}^") if touched else None


def _git(*arguments: str) -> str | None:
    settings = sys.modules.get(os.environ.get("DJANGO_SETTINGS_MODULE", ""))
    file = getattr(settings, "__file__", None)
    if file is None:
        return None
    # Within a hook of git, GIT_DIR names another repository than that of the folder. Commands like these run no hooks;
    # the options keep git from running a configured program, from the network, and from reading names as patterns.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"}
    command = ["git", "-c", "core.fsmonitor=false", "--literal-pathspecs", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - nothing in it comes from outside
            command,
            cwd=Path(file).parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIME_LIMIT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
