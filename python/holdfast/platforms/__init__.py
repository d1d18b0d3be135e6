"""Ready configurations of what calls `run_backups`: one template each, filled in for this project, without secrets.

All of them call often and let the schedule in the settings decide: there is one place that says when a backup is made.
"""

import getpass
import json
import os
import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

# Often enough for a schedule by the hour, and cheap where nothing is due.
_MINUTES = 10


@dataclass(frozen=True)
class Project:
    """Where the project is, as the running command knows it."""

    manage: Path
    python: Path
    settings: str
    user: str

    @classmethod
    def present(cls) -> "Project":
        """Describe the project of this process."""
        program = Path(sys.argv[0]).absolute()
        if program.suffix != ".py" or program.name == "__main__.py":
            # Called as django-admin or python -m django: a project has a manage.py, where it was started.
            program = Path.cwd() / "manage.py"
        module = os.environ.get("DJANGO_SETTINGS_MODULE", "")
        return cls(program, Path(sys.executable), module, getpass.getuser())

    @property
    def name(self) -> str:
        """Give the folder's name, as services may be called."""
        return re.sub(r"[^a-z0-9]+", "-", self.manage.parent.name.lower()).strip("-") or "project"


def configuration(platform: str, project: Project) -> str:
    """Give the text for one of `PLATFORMS`."""
    template = files(__package__).joinpath("templates", f"{platform}.txt").read_text(encoding="utf-8")
    return Template(template).substitute(PLATFORMS[platform](project))


def _for_cron(project: Project) -> dict[str, str]:
    # A percent sign is a new line there.
    def quoted(text: object) -> str:
        return shlex.quote(str(text)).replace("%", r"\%")

    return {
        "user": project.user,
        "name": project.name,
        "folder": quoted(project.manage.parent),
        "command": f"{quoted(project.python)} {quoted(project.manage.name)}",
        "settings": project.settings,
        "minutes": f"*/{_MINUTES}",
    }


def _for_systemd(project: Project) -> dict[str, str]:
    def escaped(text: object) -> str:
        return str(text).replace("\\", "\\\\").replace("%", "%%")

    def quoted(text: object) -> str:
        return '"{}"'.format(escaped(text).replace('"', '\\"'))

    return {
        "user": project.user,
        "name": project.name,
        # The rest of the line is the path, whatever it holds.
        "folder": escaped(project.manage.parent),
        "settings": escaped(project.settings),
        "command": f"{quoted(project.python)} {quoted(project.manage)}",
        "minutes_systemd": f"0/{_MINUTES}",
    }


def _for_shell(project: Project) -> dict[str, str]:
    return {"manage": shlex.quote(project.manage.name)}


def _for_yaml(project: Project) -> dict[str, str]:
    # Every text of JSON is one of YAML.
    return {
        "manage": json.dumps(project.manage.name),
        "run": json.dumps(f"python {shlex.quote(project.manage.name)} run_backups --if-due"),
        "settings": json.dumps(project.settings),
        "python_version": json.dumps("{}.{}".format(*sys.version_info)),
        "every": json.dumps(f"*/{_MINUTES} * * * *"),
        "name_quoted": json.dumps(project.name),
        "name_backups": json.dumps(f"{project.name}-backups"),
        "name_image": json.dumps(f"{project.name}:latest"),
    }


def _for_nobody(_project: Project) -> dict[str, str]:
    return {}


PLATFORMS: dict[str, Callable[[Project], dict[str, str]]] = {
    "cron": _for_cron,
    "systemd": _for_systemd,
    "heroku": _for_shell,
    "github": _for_yaml,
    "docker": _for_yaml,
    "kubernetes": _for_yaml,
    "celery": _for_nobody,
}
