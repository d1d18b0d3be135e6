"""The smallest project, for the type checker and for unit tests."""

from pathlib import Path

BASE_DIR = Path(__file__).parent
SECRET_KEY = "nothing is signed here"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "holdfast"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "never-made.sqlite3"}}
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
