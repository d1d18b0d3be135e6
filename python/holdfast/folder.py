"""Makes the folder of backups: for its owner alone, and not for git: `git add .` would publish it."""

from contextlib import suppress
from pathlib import Path

# What people put into an empty folder so that git keeps it.
_PLACEHOLDERS = {".gitkeep", ".keep"}
_GITIGNORE = "# Made by Holdfast: backups hold all that the database holds.\n*\n"


def prepare(folder: Path) -> None:
    """Make it where it is missing; a new or an empty one is kept out of git.

    One that holds anything else may be more than a folder of backups, and what is in there is its owner's to decide.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A full disk must not keep anybody from a restore, nor another process that did this just now.
    with suppress(OSError):
        if {path.name for path in folder.iterdir()} <= _PLACEHOLDERS:
            with (folder / ".gitignore").open("x") as file:
                file.write(_GITIGNORE)
