"""Lengths of time, flags and tokens are read one way wherever a setting has one."""

from datetime import timedelta

import pytest
from django.test import override_settings

from holdfast import conf
from holdfast.targets import Target


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90m", timedelta(minutes=90)),
        ("26h", timedelta(hours=26)),
        ("1d12h", timedelta(hours=36)),
        ("2w", timedelta(days=14)),
        (timedelta(hours=3), timedelta(hours=3)),
    ],
)
def test_a_length_of_time(text: object, length: timedelta) -> None:
    with override_settings(HOLDFAST={"MAX_AGE": {"default": text}}):
        assert conf.load().max_age.of("default") == (Target(None, length),)


def test_targets_by_kind() -> None:
    with override_settings(HOLDFAST={"MAX_AGE": {"default": {"daily": "26h", "weekly": "8d"}}}):
        targets = conf.load().max_age
    assert targets.of("default") == (Target("daily", timedelta(hours=26)), Target("weekly", timedelta(days=8)))
    assert targets.of("second") == ()


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"MAX_AGE": "26h"}, "E003"),
        ({"MAX_AGE": {"default": 26}}, "E003"),
        ({"MAX_AGE": {"default": {1: "26h"}}}, "E003"),
        ({"MAX_AGE": {"default": "26 hours"}}, "E004"),
        ({"MAX_AGE": {"default": "0h"}}, "E004"),
        ({"MAX_AGE": {"default": timedelta(seconds=-1)}}, "E004"),
        ({"HISTORY": "no"}, "E003"),
        ({"STATUS_TOKEN": 17}, "E003"),
        ({"STATUS_TOKEN": "short"}, "E004"),
    ],
)
def test_nonsense_is_refused(settings: dict[str, object], code: str) -> None:
    with override_settings(HOLDFAST=settings):
        assert [problem.code for problem in conf.problems()] == [code]


def test_a_token_is_never_shown() -> None:
    token = "only-the-monitor-knows-it"
    with override_settings(HOLDFAST={"STATUS_TOKEN": token}):
        configuration = conf.load()
    assert configuration.status_token == token
    assert token not in repr(configuration)
    with override_settings(HOLDFAST={"STATUS_TOKEN": token[:12]}):
        assert all(token[:12] not in f"{problem}" for problem in conf.problems())
