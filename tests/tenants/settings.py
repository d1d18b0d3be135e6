"""The shop for tenants: each has a schema of its own with the tables of the shop. It is laid over `tests/shop`."""

import json
import os

DATABASES = json.loads(os.environ["SHOP_DATABASES"])
for database in DATABASES.values():
    database["ENGINE"] = "django_tenants.postgresql_backend"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
HOLDFAST = json.loads(os.environ["SHOP_HOLDFAST"])
SHARED_APPS = ["django_tenants", "customers", "django.contrib.contenttypes", "holdfast"]
TENANT_APPS = ["shop"]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]
TENANT_MODEL, TENANT_DOMAIN_MODEL = "customers.Client", "customers.Domain"
SECRET_KEY = "only-for-tests"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
