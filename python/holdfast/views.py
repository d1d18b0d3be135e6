"""What monitors ask over HTTP: whether all is well, for everybody; and figures, for those who may see them.

Both answer without the database, and read no backup.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from importlib.util import find_spec
from typing import Any

import django.db
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from holdfast import clock, conf
from holdfast.condition import Status
from holdfast.exceptions import HoldfastError
from holdfast.history import audit
from holdfast.operations import status

PERMISSION = "holdfast.view_backuprun"
# In seconds; a monitor that asks more often, or several of them, hear the same once more.
_FRESH = 10

_View = Callable[[HttpRequest], HttpResponse]


def _page(view: _View) -> _View:
    """Take only what changes nothing, keep caches out, and stay out of the transactions of ATOMIC_REQUESTS."""

    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        response = view(request)
        # Django logs every answer from 500 on, and by default mails it to ADMINS: each time that a monitor asks.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response

    return transaction.non_atomic_requests(never_cache(require_safe(answer)))


@_page
def health(request: HttpRequest) -> HttpResponse:
    """Answer 200, or 503 where a database has no good backup or too old a one; details for those who may see them."""
    try:
        statuses = _memory.recent()
    except HoldfastError as error:
        document: dict[str, Any] = {"status": "unknown"}
        if _may_see_details(request):
            document["error"] = error.message
        return JsonResponse(document, status=503)
    conditions = {one.condition for one in statuses}
    worst = next((condition for condition in ("critical", "warning") if condition in conditions), "ok")
    document = {"status": worst}
    if _may_see_details(request):
        document["databases"] = [one.as_dict() for one in statuses]
    return JsonResponse(document, status=503 if worst == "critical" else 200)


@_page
def metrics(request: HttpRequest) -> HttpResponse:
    """Give the figures to Prometheus; names and sizes of databases are not for everybody."""
    if not _may_see_details(request):
        return _text(403, f"Send the token of HOLDFAST['STATUS_TOKEN'], or log in with the permission {PERMISSION}.")
    if find_spec("prometheus_client") is None:
        return _text(501, "Install prometheus-client: pip install 'django-holdfast[metrics]'")
    from holdfast import exposition  # noqa: PLC0415 - its library is optional

    try:
        statuses = _memory.recent()
    except HoldfastError as error:
        return _text(503, error.message)
    return HttpResponse(exposition.text(statuses), content_type=exposition.CONTENT_TYPE)


def _may_see_details(request: HttpRequest) -> bool:
    if _has_token(request):
        return True
    try:
        user = getattr(request, "user", None)
        return user is not None and user.is_active and user.is_staff and user.has_perm(PERMISSION)
    except django.db.Error:
        # Sessions and permissions may be in the database that is gone; the answer is needed most just then.
        return False


def _has_token(request: HttpRequest) -> bool:
    try:
        token = conf.load().status_token
    except HoldfastError:
        # The settings are wrong: nobody has a token that is known to be right.
        return False
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return token is not None and scheme.lower() == "bearer" and constant_time_compare(given.strip(), token)


def _text(code: int, message: str) -> HttpResponse:
    return HttpResponse(f"{message}\n", status=code, content_type="text/plain; charset=utf-8")


class _Memory:
    """Remembers the last answer for some seconds, unless something has happened in the folder since."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._about: object = None
        self._asked: datetime | None = None
        self._answer: tuple[Status, ...] = ()

    def recent(self) -> tuple[Status, ...]:
        # One at a time: what the first has found out is good for those who wait.
        with self._lock:
            about, now = _traces(), clock.now()
            fresh = self._asked is not None and abs(now - self._asked) < timedelta(seconds=_FRESH)
            if not fresh or self._about != about:
                self._answer = status()
                self._about, self._asked = about, now
            return self._answer


def _traces() -> object:
    """Give something that is another one after each run."""
    configuration = conf.load()
    folder = configuration.directory
    return configuration, [path.stat().st_mtime_ns for path in (folder, folder / audit.FILE_NAME) if path.exists()]


_memory = _Memory()
