"""Pages for monitors: `path("backups/", include("holdfast.urls"))`."""

from django.urls import path

from holdfast import views

app_name = "holdfast"
urlpatterns = [
    path("health/", views.health, name="health"),
    path("metrics", views.metrics, name="metrics"),
]
