"""What the models need and Django does not make: a collation, and the tables of the unmanaged models."""

from django.db import migrations

from tests.project.catalog.operations import RunVendorSQL

COLLATION = """
DO $body$
BEGIN
    CREATE COLLATION "NOCASE" (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
EXCEPTION
    -- A server built without ICU has no collation that ignores case.
    WHEN feature_not_supported THEN CREATE COLLATION "NOCASE" FROM "C";
END
$body$
"""

TABLES = [
    "CREATE TABLE legacy_invoice (number integer PRIMARY KEY, customer text, amount numeric(12, 2) NOT NULL)",
    'CREATE TABLE "say ""hello"" table" (number integer PRIMARY KEY, "the ""value""" text DEFAULT \'say "hi"\')',
    # No model at all, no primary key, and a percent sign that no parameter style may touch.
    'CREATE TABLE "100% sure" ("50%" text, "%s" integer)',
]

DROP_TABLES = ["DROP TABLE legacy_invoice", 'DROP TABLE "say ""hello"" table"', 'DROP TABLE "100% sure"']

SQLITE_TABLES = [
    # A table without rowid, and one whose columns hold any type.
    "CREATE TABLE no_rowid (code text PRIMARY KEY, number integer) WITHOUT ROWID",
    "CREATE TABLE any_type (value)",
    "CREATE VIEW expensive_invoice AS SELECT number, customer FROM legacy_invoice WHERE amount > 100",
    "CREATE TABLE invoice_log (number integer)",
    (
        "CREATE TRIGGER invoice_logged AFTER INSERT ON legacy_invoice"
        " BEGIN INSERT INTO invoice_log VALUES (new.number); END"
    ),
]

DROP_SQLITE_TABLES = [
    "DROP TRIGGER invoice_logged",
    "DROP TABLE invoice_log",
    "DROP VIEW expensive_invoice",
    "DROP TABLE any_type",
    "DROP TABLE no_rowid",
]


class Migration(migrations.Migration):
    """Runs before the models' own tables are made."""

    initial = True

    dependencies = []

    operations = [
        RunVendorSQL(
            forwards={"postgresql": [COLLATION, *TABLES], "sqlite": [*TABLES, *SQLITE_TABLES]},
            backwards={
                "postgresql": [*DROP_TABLES, 'DROP COLLATION "NOCASE"'],
                "sqlite": [*DROP_SQLITE_TABLES, *DROP_TABLES],
            },
        ),
    ]
