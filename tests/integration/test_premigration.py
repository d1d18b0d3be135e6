"""A shop migrates: backups before what cannot be taken back, and the way back when it goes wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from holdfast import _core
from tests.deployment import ROOT, Deployment, Outcome
from tests.integration.test_retention_command import typed
from tests.object_stores import Bucket
from tests.project.snapshot import differences

TEMPLATE = ROOT / "tests" / "shop"
SQLITE = "django.db.backends.sqlite3"
Shops = Callable[..., "Shop"]


class Shop(Deployment):
    """A copy of the shop with databases of its own."""

    def environment(self, **variables: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "SHOP_DATABASES": json.dumps(self.databases),
            "SHOP_HOLDFAST": json.dumps({"DIRECTORY": str(self.backups), **self.settings}),
            **self.variables,
            **variables,
        }

    @property
    def manage(self) -> Path:
        return self.folder / "manage.py"

    def run(self, *arguments: object, **more: Any) -> Outcome:
        """As somebody types it: in a process group of its own, which is a deployment of its own."""
        return super().run(*arguments, process_group=0, **more)

    def migrate(self, *arguments: object, **more: Any) -> Outcome:
        return self.run("migrate", *arguments, **more)

    def python(self, code: str, **more: Any) -> Outcome:
        setup = "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'settings'; import django; django.setup()\n"
        return self._finish([sys.executable, "-c", setup + code], 0, None, process_group=0, **more)

    def script(self, *lines: str, code: int = 0, **more: Any) -> Outcome:
        """Run a script of a shell, in which `manage` stands for manage.py."""
        manage = f'manage() {{ "{sys.executable}" "{self.manage}" "$@"; }}'
        return self._finish(["sh", "-c", "\n".join((manage, *lines))], code, None, process_group=0, **more)

    def made(self, alias: str = "default", kind: str = "pre-migrate") -> list[Path]:
        return sorted(self.backups.glob(f"{alias}_{kind}_*.gz"))

    def record(self) -> dict[str, Any]:
        manifest = json.loads(Path(f"{self.made()[-1]}.json").read_text())
        found: dict[str, Any] = manifest["django"]["pre_migrate"]
        return found


@pytest.fixture
def shops(request: pytest.FixtureRequest, tmp_path: Path) -> Shops:
    def make(engine: str | int = "sqlite", aliases: tuple[str, ...] = ("default",), **settings: Any) -> Shop:
        folder = tmp_path / "site"
        shutil.copytree(TEMPLATE, folder, ignore=shutil.ignore_patterns("__pycache__"))
        if engine == "sqlite":
            files = {
                alias: {"ENGINE": SQLITE, "NAME": str(folder / f"{alias}.sqlite3"), "TEST": {"NAME": str(folder / "t")}}
                for alias in aliases
            }
            return Shop(folder, files, settings=settings)
        servers = {alias: request.getfixturevalue("postgresql_with")("SELECT 1") for alias in aliases}
        databases = {alias: server.databases["default"] for alias, server in servers.items()}
        return Shop(folder, databases, servers[aliases[0]].server, settings)

    return make


@pytest.fixture(params=("sqlite", 18), ids=str)
def shop(request: pytest.FixtureRequest, shops: Shops) -> Shop:
    """One of each engine, with the first table."""
    made = shops(request.param)
    made.migrate("shop", "0001", "--verbosity=0")
    return made


@pytest.fixture
def small(shops: Shops) -> Shop:
    """On SQLite, with the first table."""
    made = shops()
    made.migrate("shop", "0001", "--verbosity=0")
    return made


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=Keeper", "-c", "user.email=keeper@example.org", *arguments]
    # Nothing of the caller's: in a hook, git says which repository it means.
    own = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    return subprocess.run(command, cwd=folder, env=own, check=True, capture_output=True, text=True).stdout.strip()


def test_the_first_migration_of_an_empty_database_needs_no_backup(shop: Shop) -> None:
    assert shop.files() == []


def test_a_schema_change_is_backed_up_first_and_the_manifest_says_why(shop: Shop) -> None:
    before = shop.state()
    told = shop.migrate("shop", "0002").out

    assert "Backing up default before migrating: shop.0002_price changes the schema (AddField)." in told
    assert len(shop.made()) == 1
    assert told.index(shop.made()[0].name) < told.index("Running migrations")
    record = shop.record()
    assert record["plan"] == [
        {"app": "shop", "name": "0002_price", "direction": "forwards", "operations": {"AddField": 1}}
    ]
    assert (record["policy"], record["reason"]) == ("smart", "shop.0002_price changes the schema (AddField)")
    shop.run("restore_db", shop.made()[0].name, "--no-input", "--verbosity=0")
    shop.assert_unchanged({"default": before})


def test_rows_that_change_back_need_no_backup_and_rows_that_do_not_need_one(small: Shop) -> None:
    small.migrate("shop", "0002", "--verbosity=0")
    kept = small.files()

    reversible = small.migrate("shop", "0003").out
    assert "No backup of default before migrating: rows alone are changed, and there is a reverse" in reversible
    assert small.files() == kept
    back = small.migrate("shop", "0002").out
    assert "No backup of default" in back
    small.migrate("shop", "0003", "--verbosity=0")

    irreversible = small.migrate("shop", "0004").out
    assert "shop.0004_fewer_products changes rows and has no reverse (RunPython)" in irreversible
    assert len(small.made()) == 2

    small.migrate("shop", "0001", "--verbosity=0")
    assert {step["direction"] for step in small.record()["plan"]} == {"backwards"}
    assert small.record()["reason"].startswith("shop.0002_price taken back changes the schema")


@pytest.mark.parametrize("failure", ["command", "program", "interrupt"])
def test_a_migration_that_fails_behind_a_backup_leaves_the_database_as_it_was(shop: Shop, failure: str) -> None:
    before = shop.state()
    outcome = shop.run("migrate_safely", code=1, environment={"SHOP_FAILS": failure})

    shop.assert_unchanged({"default": before})
    assert ("interrupted" if failure == "interrupt" else "the sky fell down") in outcome.err
    assert "Database 'default' is what it was before the migration" in outcome.err
    assert shop.made()[0].name in outcome.err
    left = shop.made(kind="pre-restore")[0].name
    assert left in outcome.err
    shop.run("restore_db", left, "--no-input", "--verbosity=0")
    product = "public.shop_product" if shop.server else "shop_product"
    assert shop.state()[product] == []


def test_a_migration_behind_a_backup_that_works_is_one(small: Shop) -> None:
    told = small.run("migrate_safely", "shop", "0003").out
    assert "migrate_safely always makes one" in told
    assert "Applying shop.0003_upper_names... OK" in told
    assert len(small.made()) == 1
    assert "No migrations to apply" in small.run("migrate_safely", "shop", "0003").out
    assert len(small.made()) == 1


def test_a_migration_that_fails_says_how_to_go_back(small: Shop) -> None:
    outcome = small.run("migrate", code=None, environment={"SHOP_FAILS": "command"})
    assert outcome.code != 0
    assert f"To go back to this state: manage.py rollback_migration {small.made()[0].name}" in outcome.out
    plan = small.run("rollback_migration", "latest", "--dry-run").out
    assert "What a migration has changed that failed halfway" in plan or "Migrations taken back:" in plan


def test_when_going_back_fails_too_both_errors_are_told_and_where_the_backup_is(small: Shop) -> None:
    trouble = {"SHOP_FAILS": "command", "SHOP_DAMAGES": str(small.backups)}
    outcome = small.run("migrate_safely", code=1, environment=trouble)
    assert "the sky fell down" in outcome.err
    assert "Database 'default' is as the migration left it, because going back failed too" in outcome.err
    assert str(small.made()[0]) in outcome.err
    assert f"manage.py rollback_migration {small.made()[0].name}" in outcome.err


def test_behind_a_backup_there_is_no_way_back_to_an_empty_database(shops: Shops) -> None:
    outcome = shops().run("migrate_safely", code=1, environment={"SHOP_FAILS": "command"})
    assert "had no tables before this migration" in outcome.err


def test_several_databases_go_back_each_by_itself(shops: Shops) -> None:
    shop = shops(aliases=("default", "second"))
    for alias in shop.databases:
        shop.migrate("shop", "0001", "--database", alias, "--verbosity=0")
    shop.migrate("shop", "0002", "--database", "second", "--verbosity=0")
    assert (len(shop.made("default")), len(shop.made("second"))) == (0, 1)

    before = shop.states()
    shop.run("migrate_safely", "--database=second", "shop", "0005", "--verbosity=0")
    shop.run("rollback_migration", "latest", "--database", "second", "--no-input", "--verbosity=0")
    shop.assert_unchanged(before)
    assert "second_pre-migrate" in shop.run("rollback_migration").out
    assert "There are no backups" in shop.run("rollback_migration", "--database", "default").out
    refused = shop.run("rollback_migration", shop.made("second")[0].name, "--database", "default", "--no-input", code=2)
    assert "is of database 'second', not 'default'" in refused.err


def test_going_back_restores_rows_schema_and_the_record_of_migrations(shop: Shop) -> None:
    before = shop.state()
    shop.migrate("shop", "0005", "--verbosity=0")
    after = shop.state()

    listed = shop.run("rollback_migration").out
    assert shop.made()[0].name in listed
    assert "shop.0002_price (AddField)" in listed
    assert "because shop.0002_price changes the schema" in listed

    plan = shop.run("rollback_migration", "latest", "--dry-run").out
    assert "Migrations taken back:\n   shop.0002_price\n   shop.0003_upper_names" in plan
    assert "Deploy that code before the site starts again" in plan
    assert "run `manage.py migrate`" not in plan
    shop.assert_unchanged({"default": after})

    assert "no terminal" in shop.run("rollback_migration", "latest", code=2).err
    done = shop.run("rollback_migration", "latest", "--verify", "--no-input").out
    assert "row counts and fingerprints compared" in done
    shop.assert_unchanged({"default": before})
    shop.migrate("shop", "0005", "--verbosity=0")
    assert differences(after, shop.state()).keys() <= {"django_migrations", "public.django_migrations"}


def test_the_name_of_the_database_must_be_typed(small: Shop) -> None:
    before = small.states()
    small.migrate("shop", "0002", "--verbosity=0")
    after = small.states()
    for answer in ("", "yes"):
        code, output = typed(small, "rollback_migration", "latest", answer=answer)
        assert (code, "was not typed, nothing was changed" in output) == (1, True)
        small.assert_unchanged(after)
    code, _ = typed(small, "rollback_migration", "latest", answer=small.typed_name())
    assert code == 0
    small.assert_unchanged(before)


def test_only_backups_from_before_a_migration_can_be_gone_back_to(small: Shop) -> None:
    def refused(selector: str) -> str:
        return small.run("rollback_migration", selector, "--no-input", code=2).err

    assert "no backup of 'default' was made before a migration" in refused("latest")
    small.run("backup_db", "--type", "daily", "--verbosity=0")
    assert "was not made before a migration" in refused("default_daily")


def test_the_revision_that_belongs_to_the_state_is_told(small: Shop) -> None:
    migrations = "shop/migrations"
    _git(small.folder, "init", "--quiet")
    _git(small.folder, "add", "settings.py", f"{migrations}/0001_products.py")
    _git(small.folder, "commit", "--quiet", "--message=old")
    old = _git(small.folder, "rev-parse", "HEAD")
    _git(small.folder, "add", "shop")
    _git(small.folder, "commit", "--quiet", "--message=new")
    new = _git(small.folder, "rev-parse", "HEAD")
    _git(small.folder, "commit", "--quiet", "--allow-empty", "--message=newest")

    # As in a hook of another repository.
    small.migrate("shop", "0002", "--verbosity=0", environment={"GIT_DIR": "/elsewhere"})
    record = small.record()
    assert record["belongs_to"] == old
    assert record["revision"] not in (old, new, None)
    told = small.run("rollback_migration", "latest", "--no-input").out
    assert f"The code of that state is revision {old}." in told


@pytest.mark.parametrize("git", ["missing", "empty"])
def test_without_git_or_a_repository_no_revision_is_told(small: Shop, git: str) -> None:
    if git == "empty":
        _git(small.folder, "init", "--quiet")
    environment = {"PATH": str(small.folder)} if git == "missing" else {}
    small.migrate("shop", "0002", "--verbosity=0", environment=environment)
    assert (small.record()["revision"], small.record()["belongs_to"]) == (None, None)
    plan = small.run("rollback_migration", "latest", "--dry-run").out
    assert "The code of that state is the one that was live before shop.0002_price came." in plan


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["shop", "0002", "--fake"], 0),
        (["--plan"], 0),
        (["--check"], 1),
        (["shop", "0001"], 0),
        (["shop", "--prune"], 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_changes_nothing_is_not_backed_up(small: Shop, arguments: list[str], code: int) -> None:
    small.settings["PRE_MIGRATE"] = "always"
    told = small.migrate(*arguments, code=code).out
    assert "before migrating" not in told
    assert small.files() == []


def test_a_fake_migration_is_known_however_it_is_called(small: Shop) -> None:
    call = "from django.core.management import call_command; call_command('migrate', 'shop', '{}', fake={})\n"
    small.python(call.format("0002", "True") + call.format("0001", "True"))
    assert small.files() == []
    small.python(call.format("0002", "False"))
    assert len(small.made()) == 1


def test_migrations_of_tests_and_of_test_databases_are_not_backed_up(shop: Shop) -> None:
    shop.settings["PRE_MIGRATE"] = "always"
    assert "OK" in shop.run("test", "--verbosity=2", "--no-input").err
    # Without a test runner, as `testserver` does it; the second time there are tables, and something to migrate.
    making = (
        "from django.db import connection as c; name = c.settings_dict['NAME']; c.creation.create_test_db({}=True)\n"
    )
    shop.python(making.format("keepdb"))
    (shop.folder / "shop" / "migrations" / "0007_next.py").write_text(
        "from django.db import migrations\n"
        "class Migration(migrations.Migration):\n"
        "    dependencies = [('shop', '0006_breaks')]\n"
        "    operations = [migrations.RunSQL('DELETE FROM shop_product')]\n"
    )
    told = shop.python(making.format("verbosity=2, keepdb") + "c.creation.destroy_test_db(name)")
    assert "Applying shop.0007_next... OK" in told.text
    assert shop.files() == []


def test_a_mirror_and_a_database_that_is_not_ours_are_left_alone(shops: Shops) -> None:
    shop = shops(aliases=("default", "second"), DATABASES=["default"])
    shop.migrate("shop", "0001", "--database=second", "--verbosity=0")
    shop.migrate("shop", "0002", "--database=second", "--verbosity=0")
    del shop.settings["DATABASES"]
    shop.databases["second"]["TEST"] = {"MIRROR": "default"}
    shop.migrate("shop", "0004", "--database=second", "--verbosity=0")
    assert shop.files() == []
    refused = shop.run("migrate_safely", "--database=second", code=2).err
    assert "is a mirror of another one" in refused


@pytest.mark.parametrize(
    ("policy", "made"),
    [("always", 3), ("smart", 2), ("schema", 1), ("never", 0), ("shop.policies.prices", 1), ("shop.policies.told", 1)],
)
def test_each_policy_has_its_own_mind(small: Shop, policy: str, made: int) -> None:
    (small.folder / "shop" / "policies.py").write_text(
        "import holdfast\n"
        "def prices(plan): return any('price' in step.name for step in plan.migrations)\n"
        "def told(plan): return holdfast.Verdict(prices(plan), 'prices are dear')\n"
    )
    small.settings["PRE_MIGRATE"] = {"POLICY": policy}
    told = [small.migrate("shop", number).out for number in ("0002", "0003", "0004")]
    assert all("before migrating: " in text for text in told)
    assert len(small.made()) == made
    if policy == "shop.policies.told":
        assert small.record()["reason"] == "prices are dear"


def test_the_environment_gives_a_policy_where_the_settings_have_none(small: Shop) -> None:
    told = small.migrate("shop", "0002", environment={"BACKUP_PRE_MIGRATE": "never"}).out
    assert "No backup of default before migrating: the policy is 'never'." in told
    assert small.files() == []


def test_a_policy_that_is_not_there_stops_the_migration(small: Shop) -> None:
    small.settings["PRE_MIGRATE"] = "shop.policies.missing"
    assert "holdfast.E004" in small.migrate("shop", "0002", code=1).err
    told = small.migrate("shop", "0002", "--skip-checks", code=2).err
    assert "cannot be imported" in told
    assert "[ ] 0002_price" in small.run("showmigrations", "--skip-checks").out


def test_a_backup_that_fails_stops_the_migration_unless_a_warning_is_enough(small: Shop) -> None:
    before = small.states()
    with _core.Lock(str(small.backups), "default", "backup"):
        stopped = small.migrate("shop", "0002", code=4).err
        assert "nothing was migrated, because the backup before it failed" in stopped
        assert "BACKUP_PRE_MIGRATE=never" in stopped
        small.assert_unchanged(before)

        small.settings["PRE_MIGRATE"] = {"ON_FAILURE": "warn"}
        assert "nothing was migrated" in small.run("migrate_safely", "shop", "0002", code=4).err
        small.assert_unchanged(before)
        warned = small.migrate("shop", "0002", "--verbosity=0").out
    assert "WARNING: migrating without a backup, which failed" in warned
    assert "[X] 0002_price" in small.run("showmigrations").out


def test_at_verbosity_0_nothing_is_said(small: Shop) -> None:
    assert small.migrate("shop", "0002", "--verbosity=0").text == ""
    assert len(small.made()) == 1


def test_what_django_refuses_is_refused_before_the_backup(small: Shop) -> None:
    migrations = small.folder / "shop" / "migrations"
    text = (migrations / "0002_price.py").read_text()
    (migrations / "0002_other_price.py").write_text(text)
    assert "Conflicting migrations" in small.run("migrate_safely", code=1).err
    (migrations / "0002_other_price.py").write_text(text.replace("0001_products", "0001_missing"))
    assert "NodeNotFoundError" in small.run("migrate_safely", code=1).err
    assert small.files() == []


def test_backups_from_before_migrations_have_a_retention_of_their_own(small: Shop) -> None:
    small.settings.update(
        PRE_MIGRATE={"POLICY": "always", "RETENTION": {"last": 1, "days": 0}}, RETENTION={"daily": 1, "weekly": 1}
    )
    small.run("backup_db", "--type=daily", "--verbosity=0")
    told = [small.migrate("shop", number).out for number in ("0002", "0003", "0004")]
    assert ["removed default_pre-migrate" in text for text in told] == [False, True, True]
    assert (len(small.made()), len(small.made(kind="daily"))) == (1, 1)
    assert small.made()[0].name in told[2]

    assert "0 to remove" in small.run("cleanup_backups", "--dry-run").out


def test_a_copy_in_a_store_is_enough_to_go_back(small: Shop, bucket: Bucket) -> None:
    small.variables = bucket.variables()
    small.settings.update(STORES={"offsite": bucket.settings()}, PRE_MIGRATE={"UPLOAD": ["offsite"]})
    before = small.states()
    small.migrate("shop", "0005", "--verbosity=0")
    shutil.rmtree(small.backups)

    assert "in offsite" in small.run("rollback_migration").out
    small.run("rollback_migration", "latest", "--no-input", "--verbosity=0")
    small.assert_unchanged(before)

    small.settings["PRE_MIGRATE"] = {"UPLOAD": ["elsewhere"]}
    assert "uploads to 'elsewhere', which is not in HOLDFAST['STORES']" in small.migrate("shop", "0002", code=1).err


def test_a_database_of_another_engine_is_named_and_left(shops: Shops) -> None:
    shop = shops()
    (shop.folder / "other").mkdir()
    (shop.folder / "other" / "base.py").write_text(
        "from django.db.backends.sqlite3.base import DatabaseWrapper as Base\n"
        "class DatabaseWrapper(Base):\n    vendor = 'other'\n"
    )
    other = replace(shop, databases={"default": {**shop.databases["default"], "ENGINE": "other"}})
    other.migrate("shop", "0001", "--verbosity=0")
    assert (
        "No backup of default before migrating: Holdfast knows PostgreSQL and SQLite only."
        in other.migrate("shop", "0002").out
    )
    assert "Holdfast cannot back up" in other.run("migrate_safely", "shop", "0003", code=2).err
