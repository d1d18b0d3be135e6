"""Settings of the test project; the environment chooses the databases.

HOLDFAST_TEST_DATABASES  DATABASES as JSON; without it two SQLite files, `default` and `second`
HOLDFAST_TEST_DIR        folder of the SQLite files (a fixed folder under the system's temporary one)
HOLDFAST_TEST_BACKUPS    folder of the backups (`backups` in the folder above)
HOLDFAST_TEST_SETTINGS   more keys of HOLDFAST as JSON
HOLDFAST_TEST_DJANGO     more settings of Django as JSON
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

DIRECTORY = Path(os.environ.get("HOLDFAST_TEST_DIR") or Path(tempfile.gettempdir()) / "holdfast-test-project")
DIRECTORY.mkdir(parents=True, exist_ok=True)


def _databases() -> dict[str, dict[str, Any]]:
    """Return the databases of the environment, or two SQLite files."""
    given = os.environ.get("HOLDFAST_TEST_DATABASES")
    if given:
        databases: dict[str, dict[str, Any]] = json.loads(given)
        return databases
    return {
        alias: {"ENGINE": "django.db.backends.sqlite3", "NAME": str(DIRECTORY / f"{alias}.sqlite3")}
        for alias in ("default", "second")
    }


DATABASES = _databases()
DATABASE_ROUTERS = ["tests.project.router.SecondDatabaseRouter"]

ON_POSTGRESQL = any(name in DATABASES["default"]["ENGINE"] for name in ("postgresql", "postgis"))

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
    *(["django.contrib.postgres"] if ON_POSTGRESQL else []),
    "holdfast",
    "tests.project.catalog",
    *(["tests.project.postgres", "tests.project.postgres.contrib"] if ON_POSTGRESQL else []),
]

HOLDFAST = {
    "DIRECTORY": os.environ.get("HOLDFAST_TEST_BACKUPS") or str(DIRECTORY / "backups"),
    # Most tests compare databases to the last row, and a run that is recorded is a row.
    "HISTORY": False,
    **json.loads(os.environ.get("HOLDFAST_TEST_SETTINGS") or "{}"),
}

SECRET_KEY = "only-for-tests"
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "tests.project.urls"
STATIC_URL = "static/"
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# The models ask on purpose for what one of the two engines lacks: comments, covering indexes, NULLS NOT DISTINCT.
SILENCED_SYSTEM_CHECKS = ["fields.W163", "models.W040", "models.W044", "models.W046", "models.W047"]

globals().update(json.loads(os.environ.get("HOLDFAST_TEST_DJANGO") or "{}"))
