"""What operations do to a database is told by looking at them; what is not known to be harmless is not."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.contrib.contenttypes.management import RenameContentType
from django.contrib.postgres.operations import CreateExtension
from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.test import override_settings

from holdfast import clock, conf
from holdfast.ordinary_files import held_open
from holdfast.premigration import ledger
from holdfast.premigration.effects import Effect, effect_of, flattened
from holdfast.premigration.guard import stand, standing
from holdfast.premigration.settings import PreMigrate
from holdfast.retention import Retention

NOW = clock.now().timestamp()


def change(_apps: Any, _schema_editor: Any) -> None:
    """Stand for a change of rows."""


NOOP = migrations.RunPython.noop


class Odd(Operation):
    """An operation of some package."""


class Shouting(migrations.RunPython):
    """Differs in nothing that touches the database."""

    def describe(self) -> str:
        return "LOUD"


class Sneaky(migrations.RunPython):
    def database_forwards(self, *_arguments: Any) -> None:
        """Do something else."""


def sql(forwards: Any, backwards: Any = None) -> migrations.RunSQL:
    return migrations.RunSQL(forwards, backwards)


@pytest.mark.parametrize(
    ("operation", "forwards", "backwards"),
    [
        (migrations.AddField("a", "b", models.IntegerField()), Effect.SCHEMA, Effect.SCHEMA),
        (migrations.DeleteModel("a"), Effect.SCHEMA, Effect.SCHEMA),
        (CreateExtension("hstore"), Effect.SCHEMA, Effect.SCHEMA),
        (migrations.CreateModel("a", []), Effect.SCHEMA, Effect.SCHEMA),
        (migrations.CreateModel("a", [], {"proxy": True}), Effect.NONE, Effect.NONE),
        (migrations.CreateModel("a", [], {"managed": False}), Effect.NONE, Effect.NONE),
        (migrations.AlterModelOptions("a", {}), Effect.NONE, Effect.NONE),
        (migrations.AlterModelManagers("a", []), Effect.NONE, Effect.NONE),
        (migrations.RunPython(change, change), Effect.REVERSIBLE, Effect.REVERSIBLE),
        (migrations.RunPython(change), Effect.IRREVERSIBLE, Effect.NONE),
        (migrations.RunPython(change, NOOP), Effect.IRREVERSIBLE, Effect.NONE),
        (migrations.RunPython(NOOP, change), Effect.NONE, Effect.IRREVERSIBLE),
        (RenameContentType("a", "b", "c"), Effect.REVERSIBLE, Effect.REVERSIBLE),
        (Shouting(change, change), Effect.REVERSIBLE, Effect.REVERSIBLE),
        (Sneaky(change, change), Effect.UNKNOWN, Effect.UNKNOWN),
        (Odd(), Effect.UNKNOWN, Effect.UNKNOWN),
        (sql("UPDATE a SET b = 1", "UPDATE a SET b = 2"), Effect.REVERSIBLE, Effect.REVERSIBLE),
        (sql("-- why\nINSERT INTO a VALUES (1);", "DELETE FROM a;"), Effect.REVERSIBLE, Effect.REVERSIBLE),
        (sql([("UPDATE a SET b = %s", [1])], ["DELETE FROM a"]), Effect.REVERSIBLE, Effect.REVERSIBLE),
        (sql("DELETE FROM a"), Effect.IRREVERSIBLE, Effect.NONE),
        (sql("DELETE FROM a", ""), Effect.IRREVERSIBLE, Effect.NONE),
        (sql("", "DELETE FROM a"), Effect.NONE, Effect.IRREVERSIBLE),
        (sql("CREATE TABLE a (b int)", "DROP TABLE a"), Effect.SCHEMA, Effect.SCHEMA),
        (sql("UPDATE a SET b = 1; DROP TABLE c", "DELETE FROM a"), Effect.SCHEMA, Effect.REVERSIBLE),
        (sql("UPDATE a SET begin = 1; DROP TABLE c;", "DELETE FROM a"), Effect.SCHEMA, Effect.REVERSIBLE),
        (sql("TRUNCATE a", "DELETE FROM a"), Effect.SCHEMA, Effect.REVERSIBLE),
        (sql("SELECT drop_everything()", "DELETE FROM a"), Effect.SCHEMA, Effect.REVERSIBLE),
    ],
)
def test_each_operation_is_known_by_what_it_does(operation: Operation, forwards: Effect, backwards: Effect) -> None:
    assert effect_of(operation, backwards=False) is forwards
    assert effect_of(operation, backwards=True) is backwards


def test_operations_for_the_database_are_found_within_others() -> None:
    add = migrations.AddField("a", "b", models.IntegerField())
    inner = migrations.SeparateDatabaseAndState(database_operations=[add], state_operations=[Odd()])
    outer = migrations.SeparateDatabaseAndState(database_operations=[inner])
    assert list(flattened([outer])) == [add]
    alone = migrations.SeparateDatabaseAndState(state_operations=[add])
    assert list(flattened([alone])) == [alone]
    assert effect_of(alone, backwards=False) is Effect.NONE


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (None, PreMigrate()),
        ("schema", PreMigrate(policy="schema")),
        ({"ON_FAILURE": "warn"}, PreMigrate(on_failure="warn")),
        (
            {"POLICY": "shop.policy", "RETENTION": {"last": 3}},
            PreMigrate("shop.policy", retention=Retention(last=3, daily=0, weekly=0, monthly=0, days=30, recent=False)),
        ),
    ],
)
def test_the_setting_is_a_policy_or_a_dictionary(given: object, meant: PreMigrate) -> None:
    with override_settings(HOLDFAST={"PRE_MIGRATE": given}):
        assert conf.load().pre_migrate == meant


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (3, "E003"),
        ("clever", "E004"),
        ("shop.", "E004"),
        ({"POLICY": 3}, "E003"),
        ({"WHEN": "always"}, "E002"),
        ({"ON_FAILURE": "ignore"}, "E004"),
        ({"RETENTION": 3}, "E003"),
        ({"RETENTION": {"daily": 3}}, "E002"),
        ({"RETENTION": {"last": "3"}}, "E003"),
        ({"RETENTION": {"last": 0, "days": 0}}, "E004"),
    ],
)
def test_what_makes_no_sense_is_refused(given: object, code: str) -> None:
    with override_settings(HOLDFAST={"PRE_MIGRATE": given}):
        assert [problem.code for problem in conf.problems()] == [code]


def test_a_policy_of_the_environment_is_refused_by_its_own_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKUP_PRE_MIGRATE", "clever")
    assert [problem.code for problem in conf.problems()] == ["E005"]


def test_the_guard_of_another_process_counts_and_that_of_another_thread_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOLDFAST_MIGRATE_SAFELY", f"{os.getpid()} migrate_safely/other")
    assert standing() is None
    monkeypatch.setenv("HOLDFAST_MIGRATE_SAFELY", f"{os.getppid()} migrate_safely/other")
    inherited = standing()
    assert inherited is not None
    assert inherited.name == "migrate_safely/other"
    with stand() as guard:
        assert standing() is guard
        assert os.environ.pop("HOLDFAST_MIGRATE_SAFELY") == f"{os.getpid()} {guard.name}"


@pytest.mark.parametrize(
    "entry",
    [
        {"backup": "a"},
        {"at": True},
        {"at": "1"},
        {"at": float("inf")},
        {"at": 10**400},
        {"at": -1e9},
        {"at": NOW + 90_000},
        {"at": NOW, "backup": "../a"},
        {"at": NOW, "backup": ""},
        {"at": NOW, "backup": 1},
        {"at": NOW, "failed": 1},
        [],
    ],
)
def test_what_a_ledger_cannot_say_is_not_heard(tmp_path: Path, entry: object) -> None:
    good = {"at": NOW, "backup": "a", "failed": False}
    with held_open(tmp_path / "ledger") as file:
        ledger.write(file, {"bad": entry, "good": good})
        assert ledger.read(file) == {"good": good}


def test_a_ledger_is_no_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"), held_open(tmp_path / "link"):
        pass
    assert not (tmp_path / "elsewhere").exists()
