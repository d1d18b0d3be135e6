"""`health/`, `metrics` and the admin: right answers, and nothing for those who may not see it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpResponse
from django.test import Client, RequestFactory, override_settings
from prometheus_client.parser import text_string_to_metric_families

import holdfast
from holdfast import clock, views
from tests.deployment import Deployment

TOKEN = "only-the-monitor-knows-it"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def watched(deployment: Deployment) -> Deployment:
    settings = {"DATABASES": ["default"], "HISTORY": True, "MAX_AGE": {"default": "1h"}, "STATUS_TOKEN": TOKEN}
    return replace(deployment, settings=settings)


def health(user: object = None, **headers: str) -> tuple[int, dict[str, object]]:
    request = RequestFactory().get("/health/", headers=headers)
    request.user = user or AnonymousUser()  # type: ignore[assignment]
    answer = views.health(request)
    assert "no-store" in answer["Cache-Control"]
    return answer.status_code, json.loads(answer.content)


def metrics(**headers: str) -> HttpResponse:
    return views.metrics(RequestFactory().get("/metrics", headers=headers))


def test_health_says_that_a_backup_is_too_old_and_a_fresh_one_clears_it(
    watched: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watched.in_process():
        assert health() == (503, {"status": "critical"})
        holdfast.backup()
        assert health() == (200, {"status": "ok"})
        with monkeypatch.context() as patch:
            patch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(hours=2))
            assert health() == (503, {"status": "critical"})
            code, document = health(**BEARER)
            assert code == 503 and "2 hours old" in str(document["databases"])
        holdfast.backup()
        assert health() == (200, {"status": "ok"})


def test_an_answer_to_a_monitor_is_no_failure_of_the_site(
    watched: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    """Django logs answers from 500 on as errors, and mails them to ADMINS where nothing else is set."""
    with (
        watched.in_process(),
        override_settings(ROOT_URLCONF="holdfast.urls", MIDDLEWARE=[]),
        caplog.at_level("WARNING", logger="django.request"),
    ):
        assert Client().get("/health/").status_code == 503
    assert [record for record in caplog.records if record.name == "django.request"] == []


def fail(_event: object) -> None:
    message = "the disk is full"
    raise holdfast.exceptions.HoldfastError(message)


def test_a_failure_is_seen_at_once_and_is_no_reason_to_page_anybody(watched: Deployment) -> None:
    with watched.in_process():
        holdfast.backup()
        assert health()[1] == {"status": "ok"}
        with pytest.raises(holdfast.exceptions.HoldfastError):
            holdfast.backup(on_event=fail)
        assert health() == (200, {"status": "warning"})


def test_details_are_for_those_who_may_see_them(watched: Deployment) -> None:
    anybody = User(is_active=True)
    staff = User(pk=2_000_000_000, is_active=True, is_staff=True)
    chief = User(is_active=True, is_staff=True, is_superuser=True)
    gone = User(is_active=False, is_staff=True, is_superuser=True)
    with watched.in_process():
        for user in (anybody, staff, gone):
            assert "databases" not in health(user)[1]
        assert "databases" in health(chief)[1]
        assert "databases" in health(**BEARER)[1]
        for wrong in ("Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN[:-1]}", "Bearer é", TOKEN):
            assert "databases" not in health(Authorization=wrong)[1]
            assert metrics(Authorization=wrong).status_code == 403
    with replace(watched, settings={"DATABASES": ["default"]}).in_process():
        assert "databases" not in health(Authorization="Bearer None")[1]


def test_wrong_settings_are_not_told_to_strangers(watched: Deployment) -> None:
    with replace(watched, settings={"JOBS": -1}).in_process():
        assert health() == (503, {"status": "unknown"})


def test_both_answer_while_the_database_is_gone(watched: Deployment) -> None:
    with watched.in_process():
        holdfast.backup()
    elsewhere = {"NAME": str(watched.folder / "gone" / "nowhere")} if watched.server is None else {"PORT": "1"}
    databases = {**watched.databases, "default": {**watched.databases["default"], **elsewhere}}
    with replace(watched, databases=databases).in_process():
        assert health() == (200, {"status": "ok"})
        assert "databases" in health(**BEARER)[1]
        assert b"holdfast_backup_rows" in metrics(**BEARER).content
        # What may be seen is in the database that is gone.
        staff = User(pk=2_000_000_000, is_active=True, is_staff=True)
        assert health(staff) == (200, {"status": "ok"})


def test_only_questions_are_answered(watched: Deployment) -> None:
    with watched.in_process():
        for page in (views.health, views.metrics):
            assert page(RequestFactory().post("/")).status_code == 405


def test_metrics_have_the_figures(watched: Deployment) -> None:
    with watched.in_process():
        report = holdfast.backup(kind="daily")
        holdfast.validate(report.name, depth="restore")
        answer = metrics(**BEARER)
        families = {family.name: family for family in text_string_to_metric_families(answer.content.decode())}
    figures = {
        name: family.samples[0].value
        for name, family in families.items()
        if family.samples and family.samples[0].labels["database"] == "default"
    }
    assert figures["holdfast_backup_rows"] == report.rows
    assert figures["holdfast_backup_stored_bytes"] == report.stored_size
    assert figures["holdfast_backup_raw_bytes"] == report.raw_size
    assert figures["holdfast_backup_timestamp_seconds"] == datetime.fromisoformat(report.created).timestamp()
    assert (
        figures["holdfast_condition"] == figures["holdfast_backup_failures"] == figures["holdfast_target_missed"] == 0
    )
    assert figures["holdfast_drill_success"] == figures["holdfast_backup_copies"] == 1
    assert figures["holdfast_target_max_age_seconds"] == 3600
    assert figures["holdfast_proven_duration_seconds"] > 0
    assert figures["holdfast_free_bytes"] > 0
    # Nothing is scheduled here.
    assert not families["holdfast_backup_next_due_timestamp_seconds"].samples


def test_metrics_without_their_library_say_what_to_install(
    watched: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "find_spec", lambda _name: None)
    with watched.in_process():
        answer = metrics(**BEARER)
    assert answer.status_code == 501 and b"django-holdfast[metrics]" in answer.content


BROWSE = """
import json
from django.contrib.auth.models import Permission, User
from django.db import connections
from django.test import Client
from django.test.utils import setup_test_environment
setup_test_environment()
seer = User.objects.create_user("seer", is_staff=True)
seer.user_permissions.add(Permission.objects.get(codename="view_backuprun"))
other = User.objects.create_user("other", is_staff=True)
from holdfast.models import BackupRun
pages = ["/admin/holdfast/backuprun/", "/admin/holdfast/backuprun/add/"]
found = {}
for user in (seer, other):
    client = Client()
    client.force_login(user)
    listed = client.get(pages[0])
    if user == seer:
        run = BackupRun.objects.get()
        pages += [f"/admin/holdfast/backuprun/{run.pk}/{action}/" for action in ("change", "delete")]
    found[user.username] = {
        "get": [client.get(page).status_code for page in pages],
        "post": [client.post(page, {"action": "delete_selected", "_selected_action": run.pk, "post": "yes"}).status_code for page in pages],
        "health": client.get("/backups/health/").json(),
        "metrics": client.get("/backups/metrics").status_code,
    }
found["runs"] = BackupRun.objects.count()
found["strangers"] = [Client().get(page).status_code for page in ("/backups/health/", "/backups/metrics", pages[0])]
print(json.dumps(found))
"""


def test_the_admin_shows_runs_and_changes_none(watched: Deployment) -> None:
    # What the table lacks is added when somebody looks.
    replace(watched, settings={**watched.settings, "HISTORY": False}).run("backup_db")
    found = watched.run("shell", "--no-imports", "-c", BROWSE, code=None)
    found = json.loads(found.out.splitlines()[-1])
    assert found["seer"]["get"] == [200, 403, 200, 403]
    assert found["seer"]["post"][1:] == [403, 403, 403]
    assert found["seer"]["health"]["databases"][0]["condition"] == "ok"
    assert found["seer"]["metrics"] == 200
    assert found["other"]["get"] == found["other"]["post"] == [403, 403, 403, 403]
    assert found["other"]["health"] == {"status": "ok"}
    assert found["other"]["metrics"] == 403
    assert found["runs"] == 1
    assert found["strangers"] == [200, 403, 302]
