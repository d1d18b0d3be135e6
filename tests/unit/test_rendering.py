"""What people read."""

import doctest
import json
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from stand_in_core import made, manifest

from holdfast import compression, rendering, rendering_kept, rendering_status
from holdfast.inventory import Backup
from holdfast.reports import KeptDatabase, Report, RestorePreview, TableChange, UndoReport

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("module", [compression, rendering])
def test_examples_are_true(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert (result.attempted > 0, result.failed) == (True, 0)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (4_100_000, "4.1 MB"), (2e9, "2.0 GB"), (3e15, "3000.0 TB")],
)
def test_sizes(number: float, text: str) -> None:
    assert rendering.size(number) == text


@pytest.mark.parametrize(
    ("created", "text"),
    [
        ("2026-11-21T11:59:30Z", "just now"),
        ("2026-11-21T11:59:00Z", "1 minute"),
        ("2026-11-21T02:00:00Z", "10 hours"),
        ("2026-11-01T02:00:00Z", "20 days"),
        ("2026-11-22T02:00:00Z", "in the future"),
    ],
)
def test_ages(created: str, text: str) -> None:
    assert rendering.age(created, NOW) == text


def preview(**changes: Any) -> RestorePreview:
    values: dict[str, Any] = {
        "alias": "default",
        "database": "shop",
        "engine": "postgresql",
        "backup": "default_daily_20261121T020000Z.sql.gz",
        "path": Path("/backups/default_daily_20261121T020000Z.sql.gz"),
        "location": "local",
        "proven_at": None,
        "created": "2026-11-21T02:00:00Z",
        "strategy": "in-place",
        "strategy_reason": "",
        "kept_as": None,
        "scope": "full",
        "tables": (),
        "drops": (),
        "creates": (),
        "keeps": (),
        "warnings": (),
    }
    return RestorePreview(**{**values, **changes})


def test_a_plan_tells_what_goes_what_comes_and_what_to_note() -> None:
    text = rendering.restore_plan(
        preview(
            tables=(
                TableChange("public.order", 1200, 1000),
                TableChange("public.new", None, 5),
                TableChange("public.log", 9, 8, estimated=True),
            ),
            drops=("table public.tomorrow",),
            creates=("table public.new",),
            warnings=("the backup was made with Django 5.1, this is Django 5.2",),
        ),
    )

    assert text == (
        "Restore default_daily_20261121T020000Z.sql.gz of 2026-11-21T02:00:00Z\n"
        "   into database 'shop' (alias 'default', PostgreSQL, in-place)\n"
        "   last proven restorable: never\n"
        "\n"
        "Dropped, because the backup does not have it:\n"
        "   table public.tomorrow\n"
        "\n"
        "Created:\n"
        "   table public.new\n"
        "\n"
        "Rows per table, before and after:\n"
        "   public.order         1,200 ->        1,000\n"
        "   public.new               - ->            5\n"
        "   public.log         about 9 ->            8\n"
        "\n"
        "Take note:\n"
        "   the backup was made with Django 5.1, this is Django 5.2"
    )


def test_a_plan_tells_why_it_swaps_and_what_is_kept() -> None:
    text = rendering.restore_plan(
        preview(strategy="swap", strategy_reason="it was asked for", kept_as="shop__before_<time>")
    )
    assert "\n   swap, because it was asked for\n" in text
    assert "   the old database is kept as shop__before_<time>; restore_db --undo" in text


def test_databases_that_were_put_aside() -> None:
    known = KeptDatabase("shop__before_20261121T020000", "2026-11-21T02:00:00Z", 4_100_000)
    unknown = KeptDatabase("shop__before_20261101T020000", "2026-11-01T02:00:00Z", None)
    assert rendering_kept.drop_plan([known, unknown], NOW).splitlines()[1:] == [
        f"   shop__before_20261121T020000 (4.1 MB), put aside 2026-11-21T02:00:00Z ({rendering.age(known.since, NOW)})",
        "   shop__before_20261101T020000, put aside 2026-11-01T02:00:00Z (20 days)",
    ]
    assert rendering_kept.drop_plan([], NOW) == "No database was put aside."
    done = UndoReport(alias="default", database="shop", restored=known, kept=unknown)
    assert "Swap database 'shop' (alias 'default') with\n   shop__before_20261121T020000" in rendering_kept.undo_plan(
        done, NOW
    )
    assert (
        rendering_kept.undo_line(done).splitlines()[0] == "The database shop__before_20261121T020000 is 'shop' again."
    )


def test_a_plan_of_many_tables_shows_those_that_change() -> None:
    same = tuple(TableChange(f"public.t{number}", 7, 7) for number in range(60))
    text = rendering.restore_plan(preview(tables=(*same, TableChange("public.order", 2, 1))))

    assert "public.order" in text
    assert "public.t5 " not in text
    assert "and 60 tables with as many rows as before" in text


@pytest.mark.parametrize(("scope", "text"), [("data-only", "only the rows"), ("schema-only", "only the schema")])
def test_a_plan_tells_its_scope(scope: str, text: str) -> None:
    assert text in rendering.restore_plan(preview(scope=scope))


def backup(**changes: Any) -> Backup:
    return Backup.from_document(manifest(**changes))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "not validated"),
        ({"status": {"pinned": "before the audit"}}, "not validated, pinned"),
        (
            {"status": {"verified": {"at": "2026-11-20T12:00:00Z", "how": "restored", "ok": True}}},
            "good (restored 1 day ago)",
        ),
        (
            {"status": {"verified": {"at": "2026-11-21T12:00:00Z", "how": "read", "ok": False}}},
            "BAD (read just now)",
        ),
        ({"problem": "the file is shorter than its manifest says"}, "BAD: the file is shorter than its manifest says"),
        ({"lacks": ["all rows"], "is_of_the_future": True}, "not validated, dated in the future, lacks all rows"),
        ({"lacks": ["the rows of a", "the rows of b"]}, "not validated, lacks the rows of a, and of 1 more"),
    ],
)
def test_validity(changes: dict[str, Any], text: str) -> None:
    assert rendering.validity(backup(**changes), NOW) == text


def test_a_listing_has_a_line_for_each_also_for_the_unreadable() -> None:
    known = manifest("x.sql.gz", stored_size=10, problem="it is cut off")
    names = ("name", "path", "location", "alias", "kind", "created", "stored_size", "problem", "status", "lacks")
    broken = Backup.from_document({name: known[name] for name in (*names, "is_of_the_future", "stands_for_database")})

    head, good, bad = rendering.listing([backup(), broken], NOW).splitlines()

    assert head.split() == ["NAME", "KIND", "AGE", "SIZE", "ROWS", "ENGINE", "DJANGO", "STATE"]
    assert "10 hours  4.1 MB    5     SQLite 3.51.3  5.2.1, 0 migrations  not validated" in good
    assert bad.split()[:5] == ["x.sql.gz", "manual", "10", "hours", "10"]
    assert bad.endswith("BAD: it is cut off")


def test_details_show_rows_per_model_and_tables_without_a_model() -> None:
    tables = [{"name": name, "rows": rows} for name, rows in (("shop_order", 5), ("legacy", None))]

    text = rendering.detail(backup(tables=tables), NOW)

    assert "shop.Order             5" in text
    assert "legacy                 -" in text


def test_reports_become_json() -> None:
    report = Report.from_document(made(skipped=[{"kind": "rule", "name": "public.r"}]), ("a notice",))

    document = json.loads(json.dumps(report.as_dict()))

    assert document["path"] == "/backups/default_manual_20261121T020000Z.sqlite3.gz"
    assert document["skipped"] == ["rule public.r"]
    assert document["notices"] == ["a notice"]


def test_a_list_ends_with_what_is_proven() -> None:
    def known(name: str, alias: str, **verified: Any) -> Backup:
        return Backup.from_document({**manifest(name, alias=alias, status={"verified": verified}), "location": "local"})

    backups = (
        known("a2", "a", at="2026-11-21T11:00:00Z", how="read", ok=True),
        known("a1", "a", at="2026-11-21T10:00:00Z", how="restored", ok=True),
        known("a0", "a", at="2026-11-20T10:00:00Z", how="restored", ok=True),
        known("b1", "b", at="2026-11-21T10:00:00Z", how="restored", ok=False),
    )
    assert rendering_status.proofs(backups, NOW) == (
        "a: last proven restorable 2 hours ago, a1\n"
        "b: none of these is proven restorable; `manage.py validate_backup --deep` does it"
    )
