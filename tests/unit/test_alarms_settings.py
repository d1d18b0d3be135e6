"""Channels are read with care: what is wrong is named, and no secret ever is."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings

from holdfast import conf
from holdfast.alarms.environment import mail_envelope, scrubber
from holdfast.alarms.secret import Scrubber
from holdfast.alarms.settings import Thresholds

KEY = "signs-everything-7712"
ADDRESS = "https://hooks.example.com/T0P5ECRET"


def refused(**settings: Any) -> str:
    with override_settings(HOLDFAST=settings):
        problems = conf.problems()
    assert len(problems) == 1
    shown = f"{problems[0].code} {problems[0].message} {problems[0].hint}"
    assert "T0P5ECRET" not in shown and KEY not in shown
    return shown


def test_nobody_is_told_unless_somebody_is_named() -> None:
    assert conf.load().notify == ()
    assert conf.load().alarms == Thresholds(timedelta(hours=12), change=0.5, shrink=0.2, recent=7, disk_free=0.1)
    assert conf.load().alarms.duration == timedelta(minutes=30)


def test_what_is_given_arrives_and_shows_no_secret() -> None:
    given = {
        "NOTIFY": [
            {"CHANNEL": "webhook", "URL": ADDRESS, "KEY": KEY, "EVENTS": ["too_old"], "DATABASES": ["default"]},
            {"CHANNEL": "ping", "URL": ADDRESS},
        ],
        "ALARMS": {"REPEAT": "1d", "CHANGE": 0.2, "SHRINK": 0.1, "RECENT": 3, "DURATION": "2h", "DISK_FREE": 0.05},
    }
    with override_settings(HOLDFAST=given):
        configuration = conf.load()
    hook, ping = configuration.notify
    assert hook.options["URL"].reveal() == ADDRESS and hook.options["KEY"].reveal() == KEY
    assert hook.wants("too_old", "default", "daily") and hook.wants("too_old", None, None)
    assert not hook.wants("too_old", "other", "daily") and not hook.wants("changed", "default", "daily")
    assert ping.is_pinged("default", "daily") and not ping.is_pinged("default", "pre-restore")
    assert not ping.wants("backup_failed", "default", "daily")
    assert configuration.alarms == Thresholds(
        timedelta(days=1), change=0.2, shrink=0.1, recent=3, duration=timedelta(hours=2), disk_free=0.05
    )
    for shown in (repr(configuration), str(configuration), repr(hook.options), f"{hook.options['URL']}"):
        assert "T0P5ECRET" not in shown and KEY not in shown


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"NOTIFY": {"CHANNEL": "email"}}, "E003 HOLDFAST['NOTIFY'] is a dict."),
        ({"NOTIFY": [{"CHANNEL": "pigeon"}]}, "E004 HOLDFAST['NOTIFY'][0] does not say which channel it is."),
        ({"NOTIFY": [{"CHANNEL": "slack", "URl": ADDRESS}]}, "E002 HOLDFAST['NOTIFY'][0]['URl'] is not a setting"),
        ({"NOTIFY": [{"CHANNEL": "slack"}]}, "E003 HOLDFAST['NOTIFY'][0]['URL'] is a NoneType."),
        ({"NOTIFY": [{"CHANNEL": "slack", "URL": "ftp://T0P5ECRET"}]}, "E004 HOLDFAST['NOTIFY'][0]['URL'] is no address"),
        ({"NOTIFY": [{"CHANNEL": "slack", "URL": "https://[T0P5ECRET"}]}, "is no address"),
        ({"NOTIFY": [{"CHANNEL": "slack", "URL": f"{ADDRESS}\r\nHost: x"}]}, "is no address"),
        ({"NOTIFY": [{"CHANNEL": "webhook", "URL": ADDRESS, "KEY": "short"}]}, "E004 HOLDFAST['NOTIFY'][0]['KEY'] is shorter"),
        ({"NOTIFY": [{"CHANNEL": "apprise", "URL": "T0P5ECRET"}]}, "E004 HOLDFAST['NOTIFY'][0]['URL'] is no address"),
        ({"NOTIFY": [{"CHANNEL": "email", "TO": "ops@example.com"}]}, "E003 HOLDFAST['NOTIFY'][0]['TO'] is a str."),
        ({"NOTIFY": [{"CHANNEL": "email", "TO": ["ops"]}]}, "E004 HOLDFAST['NOTIFY'][0]['TO'] holds what is no address"),
        ({"NOTIFY": [{"CHANNEL": "email", "EVENTS": ["backup_faild"]}]}, "Did you mean 'backup_failed'?"),
        ({"NOTIFY": [{"CHANNEL": "email", "EVENTS": []}]}, "E004 HOLDFAST['NOTIFY'][0]['EVENTS'] is empty."),
        ({"NOTIFY": [{"CHANNEL": "ping", "URL": ADDRESS, "EVENTS": ["too_old"]}]}, "E002"),
        ({"NOTIFY": [{"CHANNEL": "email"}, {"CHANNEL": "email"}]}, "E004 HOLDFAST['NOTIFY'] has two channels named 'email'."),
        ({"ALARMS": []}, "E003 HOLDFAST['ALARMS'] is a list."),
        ({"ALARMS": {"REPEATS": "1h"}}, "Did you mean 'REPEAT'?"),
        ({"ALARMS": {"CHANGE": 50}}, "E004 HOLDFAST['ALARMS']['CHANGE'] is 50."),
        ({"ALARMS": {"CHANGE": "half"}}, "E003 HOLDFAST['ALARMS']['CHANGE'] is a str."),
        ({"ALARMS": {"RECENT": 2}}, "E004"),
        ({"ALARMS": {"REPEAT": "soon"}}, "E004"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(settings: dict[str, Any], said: str) -> None:
    assert said in refused(**settings)


@pytest.mark.parametrize("admins", [[("Ann", "ann@example.com")], ["ann@example.com"]])
def test_admins_of_both_forms(admins: list[Any]) -> None:
    with override_settings(ADMINS=admins):
        assert mail_envelope().admins == ("ann@example.com",)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("postgres://ann:pa55@db.example.com/shop", "postgres://***@db.example.com/shop"),
        ("amqp://pa55@mq", "amqp://***@mq"),
        ("--password=pa55 --user=ann", "--password=*** --user=ann"),
        ("PGPASSWORD='pa 55' psql", "PGPASSWORD=*** psql"),
        ('{"secret_key": "pa55", "id": 1}', '{"secret_key": ***, "id": 1}'),
        ("api_key: pa55, id: 1", "api_key: ***, id: 1"),
        ("known-one and known%2Fquoted", "*** and ***"),
        ("password authentication failed for user ann", "password authentication failed for user ann"),
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text: str, clean: str) -> None:
    assert Scrubber(["known-one", "known/quoted", "one", ""])(text) == clean


def test_secrets_of_the_project_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "from-the-environment")
    with override_settings(HOLDFAST={"NOTIFY": [{"CHANNEL": "slack", "URL": ADDRESS}]}, SECRET_KEY="signs-cookies"):
        scrub = scrubber(conf.load().notify)
        assert scrub(f"{ADDRESS} from-the-environment signs-cookies") == "*** *** ***"
