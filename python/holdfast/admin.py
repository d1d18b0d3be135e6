"""The history of runs in the admin: to look at, never to change."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from holdfast import history
from holdfast.models import BackupRun


@admin.register(BackupRun)
class BackupRunAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows runs to users with the permission `holdfast.view_backuprun`."""

    list_display = ("started", "operation", "alias", "kind", "result", "backup", "location", "seconds", "os_user")
    list_filter = ("operation", "result", "alias", "kind")
    search_fields = ("backup", "error", "os_user", "django_user", "host", "command")
    date_hierarchy = "started"

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's own names
        """Refuse: what has not happened is no run."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: BackupRun | None = None) -> bool:  # noqa: ARG002
        """Refuse: what happened has happened."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: BackupRun | None = None) -> bool:  # noqa: ARG002
        """Refuse: the audit log would bring it back."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list, with what happened while there was no table or no database."""
        history.rebuild()
        return super().changelist_view(request, extra_context)
