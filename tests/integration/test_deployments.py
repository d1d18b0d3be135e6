"""What is migrated in one go has one backup, the state before its first, however many processes do it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from holdfast import _core
from tests.deployment import ROOT
from tests.integration.test_premigration import Shop, Shops, shop, shops, small  # noqa: F401 - fixtures

TENANTS = ROOT / "tests" / "tenants"
MADE = "Backing up default before migrating"
AGAIN = "default is backed up already: this deployment began with"
FIELDS = "SELECT count(*) FROM information_schema.columns WHERE column_name = 'price'"

# It waits in the middle until somebody opens the other end.
SLOW = """
from django.db import migrations
def wait(apps, schema_editor):
    with open({!r}) as gate:
        gate.read()
class Migration(migrations.Migration):
    dependencies = [("shop", {!r})]
    operations = [migrations.RunPython(wait)]
"""


def test_a_script_that_migrates_several_times_has_one_backup(shop: Shop) -> None:  # noqa: F811
    before = shop.state()
    told = shop.script("manage migrate shop 0002 && manage check && manage migrate shop 0005").out
    assert (told.count(MADE), told.count(AGAIN), len(shop.made())) == (1, 1, 1)
    listed = shop.run("rollback_migration").out
    assert "before:\n      shop.0002" in listed
    assert "migrated since, and taken back with it:\n      shop.0003" in listed and "shop.0005" in listed
    shop.run("rollback_migration", "latest", "--no-input", "--verbosity=0")
    shop.assert_unchanged({"default": before})

    # What follows a restore, even in one script, begins with another state.
    told = shop.script(
        "manage migrate shop 0002 -v 1", "manage rollback_migration latest --no-input", "manage migrate shop 0002"
    ).out
    assert (told.count(MADE), told.count(AGAIN), len(shop.made())) == (2, 0, 3)


def test_a_script_that_fails_in_the_middle_goes_back_to_its_beginning(small: Shop) -> None:  # noqa: F811
    before = small.states()
    small.script("manage migrate shop 0004 || exit 3; manage migrate", code=1, environment={"SHOP_FAILS": "command"})
    assert len(small.made()) == 1
    small.run("rollback_migration", "latest", "--no-input", "--verbosity=0")
    small.assert_unchanged(before)

    small.script("manage migrate shop 0004 -v 0; manage migrate -v 0", code=1, environment={"SHOP_FAILS": "command"})
    half = small.state()["shop_product"]
    assert MADE in small.migrate().out
    small.run("rollback_migration", "latest", "--no-input", "--verbosity=0")
    assert small.state()["shop_product"] == half


def test_a_process_that_lives_on_begins_another_deployment_after_a_while(small: Shop) -> None:  # noqa: F811
    call = "call_command('migrate', 'shop', '{}')\n"
    later = "real = clock.now; clock.now = lambda: real() + timedelta(minutes=6)\n"
    start = (
        "from datetime import timedelta; from django.core.management import call_command; from holdfast import clock\n"
    )
    told = small.python(start + call.format("0002") + call.format("0004") + later + call.format("0005")).out
    assert (told.count(MADE), told.count(AGAIN), len(small.made())) == (2, 1, 2)


# What happens when the clock is put forward, in code that is run with -c.
LATER = (
    "from datetime import timedelta; from django.core.management import call_command; from holdfast import clock\n"
    "real = clock.now; later = lambda: setattr(clock, 'now', lambda: real() + timedelta(minutes=6))\n"
)


def test_a_command_that_lives_on_holds_nobody_up(small: Shop) -> None:  # noqa: F811
    gate = small.folder / "gate"
    os.mkfifo(gate)
    call = "call_command('migrate', 'shop', '{}')\n"
    lives = LATER + call.format("0002") + call.format("0004") + f"open({str(gate)!r}).read()\n"
    # Another deployment has migrated meanwhile: less than five minutes are too long, too.
    lives += call.format("0001") + "later()\n" + call.format("0002")
    command = [sys.executable, str(small.manage), "shell", "-c", lives]
    environment = small.environment(PYTHONUNBUFFERED="1")
    with subprocess.Popen(
        command, env=environment, process_group=0, stdout=subprocess.PIPE, text=True, cwd=small.folder
    ) as shell:
        with gate.open("w"):
            told = small.python(LATER + "later()\n" + call.format("0005")).out
            assert f"The command that migrated default (process {shell.pid}) goes on, but migrates nothing" in told
            assert (told.count(MADE), told.count(AGAIN)) == (1, 0)
        assert shell.stdout is not None
        own = shell.stdout.read()
    assert (shell.returncode, own.count(MADE), own.count(AGAIN), len(small.made())) == (0, 3, 1, 4), own


def test_another_database_under_an_alias_has_a_backup_of_its_own(small: Shop) -> None:  # noqa: F811
    other = replace(small, databases={"default": {**small.databases["default"], "NAME": str(small.folder / "other")}})
    other.migrate("shop", "0001", "--verbosity=0")
    elsewhere = f"export SHOP_DATABASES='{json.dumps(other.databases)}'"
    told = small.script(
        "manage migrate shop 0002", "manage migrate shop 0003", elsewhere, "manage migrate shop 0002"
    ).out
    assert (told.count(MADE), told.count(AGAIN), len(small.made())) == (2, 0, 2)


def test_an_empty_schema_of_the_role_is_no_new_tenant(shops: Shops) -> None:  # noqa: F811
    shop = shops(18)  # noqa: F811
    shop.migrate("shop", "0001", "--verbosity=0")
    shop.execute("CREATE SCHEMA AUTHORIZATION CURRENT_USER")
    assert MADE in shop.migrate("shop", "0002").out


@pytest.mark.parametrize(
    "ledger",
    ["[1]", "[" * 100_000, '{"a": 1}', "{name: {'at'", '{"NAME": {"at": NaN, "backup": "BACKUP"}}'],
    ids=["list", "deep", "number", "text", "nan"],
)
def test_a_damaged_ledger_costs_a_backup(small: Shop, ledger: str) -> None:  # noqa: F811
    damage = f"printf '%s' '{ledger}' > '{small.backups}/.default+migrations'"
    if "NAME" in ledger:
        damage = f"sed -i 's/\"at\": [0-9.]*/\"at\": NaN/g' '{small.backups}/.default+migrations'"
    told = small.script("manage migrate shop 0002", damage, "manage migrate shop 0004").out
    assert (told.count(MADE), told.count(AGAIN), len(small.made())) == (2, 0, 2)


@pytest.mark.parametrize("damage", [": > {}", "truncate -s -1 {}", "echo x > {}.json", "rm {}"])
def test_a_backup_that_nobody_can_go_back_to_is_none(small: Shop, damage: str) -> None:  # noqa: F811
    backup = f'"$(echo {small.backups}/default_pre-migrate_*.gz)"'
    told = small.script("manage migrate shop 0002", damage.format(backup), "manage migrate shop 0004").out
    assert (told.count(MADE), told.count(AGAIN)) == (2, 0)
    assert "with which this deployment began, is gone or damaged" in told


def test_each_database_of_a_deployment_has_a_backup(shops: Shops) -> None:  # noqa: F811
    shop = shops(aliases=("default", "second"))  # noqa: F811
    every = "for alias in default second; do manage migrate shop {} --database $alias -v 0; done"
    shop.script(every.format("0001"), every.format("0002"), every.format("0004"))
    assert (len(shop.made("default")), len(shop.made("second"))) == (1, 1)


def test_migrate_safely_goes_back_to_where_it_began_itself(small: Shop) -> None:  # noqa: F811
    fails = {"SHOP_FAILS": "command"}
    small.script("manage migrate shop 0002 -v 0; manage migrate_safely", code=1, environment=fails)
    listed = small.run("showmigrations", "shop").out
    assert ("[X] 0002_price" in listed, "[ ] 0003" in listed, len(small.made())) == (True, True, 2)


def test_a_backup_that_fails_is_tried_once_in_a_deployment(small: Shop) -> None:  # noqa: F811
    small.settings["PRE_MIGRATE"] = {"ON_FAILURE": "warn"}
    with _core.Lock(str(small.backups), "default", "backup"):
        told = small.script("manage migrate shop 0002 && manage migrate shop 0004").out
    assert told.count("WARNING: migrating without a backup") == 2
    assert "which failed at the beginning of this deployment" in told
    assert "[X] 0004" in small.run("showmigrations").out


def test_a_deployment_elsewhere_waits_and_finds_nothing_left_to_do(small: Shop) -> None:  # noqa: F811
    gate = small.folder / "gate"
    os.mkfifo(gate)
    migrations = small.folder / "shop" / "migrations"
    (migrations / "0002_wait.py").write_text(SLOW.format(str(gate), "0001_products"))
    for path in migrations.glob("000[23456]_[!w]*.py"):
        path.unlink()
    small.settings["PRE_MIGRATE"] = "always"
    command = [sys.executable, str(small.manage), "migrate"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "cwd": small.folder}
    environment = small.environment(PYTHONUNBUFFERED="1")
    with (
        subprocess.Popen(command, env=environment, process_group=0, **pipes) as one,
        gate.open("w") as opened,
        subprocess.Popen(command, env=environment, process_group=0, **pipes) as other,
    ):
        assert one.stdout is not None and other.stdout is not None
        while f"Waiting for another process that migrates default (process {one.pid})." not in (
            line := other.stdout.readline()
        ):
            assert line
        opened.close()
        assert "OK" in one.stdout.read()
        assert "Another process has migrated default meanwhile: nothing is left to do." in other.stdout.read()
    assert (one.returncode, other.returncode, len(small.made())) == (0, 0, 1)


@pytest.fixture
def tenants(shops: Shops) -> Shop:  # noqa: F811
    """Three tenants, and a public schema."""
    made = shops(18)
    shutil.copytree(TENANTS, made.folder, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    later = made.folder / "later"
    later.mkdir()
    for path in (made.folder / "shop" / "migrations").glob("000[23456]*.py"):
        path.rename(later / path.name)
    made.run("migrate_schemas", "--shared", "--verbosity=0")
    made.python(
        "from customers.models import Client\n"
        "Client.objects.create(schema_name='public')\n"
        "for name in ('anna', 'bert', 'carl'): Client(schema_name=name).save(verbosity=0)\n"
    )
    return made


def products(tenants: Shop) -> dict[str, list[object]]:
    return {name: rows for name, rows in tenants.state().items() if name.endswith((".shop_product", "columns"))}


def test_all_tenants_of_a_deployment_have_one_backup(tenants: Shop) -> None:
    server = tenants.server
    assert server is not None
    # Neither the first migration nor a new tenant has anything to lose.
    assert tenants.files() == []
    before = products(tenants)
    later: Path = tenants.folder / "later"
    (later / "0002_price.py").rename(tenants.folder / "shop" / "migrations" / "0002_price.py")

    for number, executor in enumerate(("standard", "multiprocessing", "subprocess"), start=1):
        told = tenants.run("migrate_schemas", "--executor", executor).out
        assert (told.count(MADE), told.count(AGAIN), len(tenants.made())) == (1, 3, number), told
        assert server.psql(FIELDS, tenants.name()) == "3"
        listed = tenants.run("rollback_migration").out
        assert "shop.0002_price" in listed
        tenants.run("rollback_migration", "latest", "--no-input", "--verbosity=0")
        assert products(tenants) == before


def test_tenants_that_fail_beside_each_other_go_back_together(tenants: Shop) -> None:
    for path in (tenants.folder / "later").iterdir():
        path.rename(tenants.folder / "shop" / "migrations" / path.name)
    before = products(tenants)
    outcome = tenants.run("migrate_safely", "--executor=multiprocessing", code=1, environment={"SHOP_FAILS": "command"})
    assert "Database 'default' is what it was before the migration" in outcome.err
    assert len(tenants.made()) == 1
    assert products(tenants) == before
