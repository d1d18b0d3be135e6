"""A shop whose migrations do all that migrations can do; tests copy it and choose its databases.

SHOP_DATABASES   DATABASES as JSON
SHOP_HOLDFAST    HOLDFAST as JSON; the folder of backups stands there too
"""

import json
import os

DATABASES = json.loads(os.environ["SHOP_DATABASES"])
HOLDFAST = json.loads(os.environ["SHOP_HOLDFAST"])
INSTALLED_APPS = ["django.contrib.contenttypes", "holdfast", "shop"]
SECRET_KEY = "only-for-tests"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
