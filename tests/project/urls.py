"""URLs of the test project: the admin, and the pages for monitors."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("backups/", include("holdfast.urls"))]
