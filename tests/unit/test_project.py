"""A manifest's Django state compared with the code of today."""

from typing import Any

import django
import pytest
from django.db import migrations
from django.db.migrations.loader import MigrationLoader

from holdfast import project

AUTH = ("auth", "0001_initial"), ("auth", "0002_squashed"), ("auth", "0004_next")


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code has two plain migrations and one that replaces two older ones, which are gone."""
    disk = {key: migrations.Migration(key[1], key[0]) for key in AUTH}
    disk["auth", "0002_squashed"].replaces = [("auth", "0002_a"), ("auth", "0003_b")]
    monkeypatch.setattr(MigrationLoader, "load_disk", lambda self: setattr(self, "disk_migrations", disk))


def state(*names: str, version: str | None = None) -> dict[str, Any]:
    return {"django": version or django.get_version(), "migrations": {"auth": list(names)} if names else {}}


@pytest.mark.usefixtures("on_disk")
class TestMigrations:
    @pytest.mark.parametrize(
        "names",
        [
            ("0001_initial", "0002_squashed", "0004_next"),
            ("0001_initial", "0002_a", "0003_b", "0004_next"),
            ("0001_initial", "0002_a", "0003_b", "0002_squashed", "0004_next"),
        ],
    )
    def test_the_same_state_has_no_differences(self, names: tuple[str, ...]) -> None:
        assert project.compare_migrations(state(*names)) == project.Migrations((), ())
        assert project.differences(state(*names)) == []

    def test_an_older_backup_lacks_migrations(self) -> None:
        found = project.compare_migrations(state("0001_initial", "0002_a"))

        assert found == project.Migrations((), ("auth.0002_squashed", "auth.0004_next"))

    def test_a_newer_backup_has_migrations_that_the_code_lacks(self) -> None:
        names = ("0001_initial", "0002_squashed", "0004_next", "0005_tomorrow")

        assert project.compare_migrations(state(*names)) == project.Migrations(("auth.0005_tomorrow",), ())
        (sentence,) = project.differences(state(*names))
        assert "the backup has migrations that the code lacks: auth.0005_tomorrow" in sentence

    def test_a_database_that_was_never_migrated_is_compared_with_nothing(self) -> None:
        assert project.compare_migrations(state()) == project.Migrations((), ())

    def test_another_series_of_django_is_told_another_patch_is_not(self) -> None:
        (sentence,) = project.differences(state(version="3.2.1"))
        assert sentence == f"the backup was made with Django 3.2.1, this is Django {django.get_version()}"
        series = ".".join(django.get_version().split(".")[:2])
        assert project.differences(state(version=f"{series}.999")) == []


def manifest(lost: str = "", column: str = "", migrations_of_auth: int = 99) -> dict[str, Any]:
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    names: dict[str, list[str]] = {}
    for app, name in loader.disk_migrations or {}:
        names.setdefault(app, []).append(name)
    names["auth"] = names["auth"][:migrations_of_auth]
    tables = [
        {
            "schema": "public",
            "name": model["table"],
            "all_columns": [each for each in model["columns"] if each != column],
        }
        for model in project.expected_models("default", ()).values()
        if model["table"] != lost
    ]
    return {"alias": "default", "tables": tables, "django": {"migrations": names}}


class TestModels:
    def test_every_table_and_column_is_found(self) -> None:
        assert project.compare_models(manifest()) == project.ModelFindings((), ())

    def test_a_table_that_the_migrations_made_and_the_backup_lacks_is_a_problem(self) -> None:
        found = project.compare_models(manifest(lost="auth_group"))

        assert found.problems == ("the code has model auth.Group, the backup lacks its table auth_group",)

    def test_in_an_older_backup_it_is_a_warning(self) -> None:
        found = project.compare_models(manifest(lost="auth_group", migrations_of_auth=1))

        assert found.problems == ()
        assert found.warnings == ("the code has model auth.Group, the backup lacks its table auth_group",)

    def test_a_missing_column_is_named(self) -> None:
        found = project.compare_models(manifest(column="last_login"))

        assert found.problems == (
            "the code has model auth.User, the backup lacks its columns last_login of table auth_user",
        )

    def test_tables_between_models_are_models_too(self) -> None:
        assert "auth.User_groups" in project.expected_models("default", ())


def test_what_brings_the_apps_is_recorded_with_its_version() -> None:
    distributions = project._distributions()
    assert distributions["Django"] == django.get_version()
    # Of what is installed and no app of this project nothing is said.
    assert "pytest" not in distributions
