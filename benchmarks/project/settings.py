"""Settings of the measured news site; the environment says which database, and whether Holdfast is installed.

NEWS_DATABASE  Django's settings of the database as JSON
NEWS_BACKUPS   folder of the backups
NEWS_RATE_LIMIT  bytes a second, if any
NEWS_STORES    stores beside the folder as JSON, if any
NEWS_WITHOUT_HOLDFAST  leaves the app out, for the cost of its import
"""

import json
import os

DATABASES = {"default": json.loads(os.environ["NEWS_DATABASE"])}

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "news",
    *([] if os.environ.get("NEWS_WITHOUT_HOLDFAST") else ["holdfast"]),
]

HOLDFAST = {
    "DIRECTORY": os.environ["NEWS_BACKUPS"],
    "RATE_LIMIT": int(os.environ.get("NEWS_RATE_LIMIT", "0")) or None,
    **({"STORES": json.loads(os.environ["NEWS_STORES"])} if "NEWS_STORES" in os.environ else {}),
}

SECRET_KEY = "only-for-measurements"  # noqa: S105
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
