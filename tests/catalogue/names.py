"""Names that break whoever does not quote them, for every kind of object that is named; and values that look like commands."""

import re
from collections.abc import Callable

from tests.catalogue.entry import Entry
from tests.catalogue.modes import quoted

# What is strange about a name; the kind of object is put before it, so that no two names of a schema are the same.
STRANGE = {
    "quotes": """ 'single' "double" `back` """,
    "spaces": "   with  spaces   ",
    "newlines": "\n\\! touch no\nDROP TABLE x;--",
    "carriage_returns": "\r\\! touch no\r\nx",
    "control_characters": "\t\v\f\b\x1b[2J\x7f",
    "unicode": " ünïcode 🐘 \u202e\u00a0\u2028 ß",
    "comments": " -- /* # */ ;",
    "end_of_copy": "\n\\.\n",
    "dollars": " $$ $_$ $1 ${HOME} $(no)",
    "percents": " %s %I %% {} {0}",
    "backslashes": " \\ \\n \\\\ \\",
    "dots": '.public."x".',
    "upper_case": "UPPER Case",
}
KINDS = (
    "table", "column", "second column", "check", "key", "index", "sequence", "function", "argument", "trigger", "view",
    "materialized view", "policy", "type", "label", "domain", "domain check", "statistics", "collation",
)  # fmt: skip
KEYWORDS = (
    "select", "user", "order", "check", "primary", "all", "and", "analyse", "array", "both", "case",
    "cast", "collate", "table", "asc", "default", "else", "end", "authorization",
)  # fmt: skip

EVERYTHING = """
    CREATE ROLE {role};
    CREATE SCHEMA {schema} AUTHORIZATION {role};
    SET search_path = {schema};
    CREATE TYPE {type} AS ENUM ({label_text}, '');
    CREATE DOMAIN {domain} AS integer CONSTRAINT {domain_check} CHECK (VALUE > 0);
    CREATE COLLATION {collation} (provider = libc, locale = 'C');
    CREATE TABLE {table} ({column} serial CONSTRAINT {key} PRIMARY KEY, {second_column} text COLLATE {collation} DEFAULT {label_text},
        CONSTRAINT {check} CHECK ({second_column} <> 'x'), e {type} DEFAULT {label_text}, d {domain},
        "references" integer REFERENCES {table});
    CREATE SEQUENCE {sequence};
    CREATE FUNCTION {function}({argument} {type} DEFAULT {label_text}) RETURNS text LANGUAGE sql AS {body_text};
    CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER {trigger} BEFORE INSERT ON {table} FOR EACH ROW WHEN (NEW.{second_column} <> {label_text})
        EXECUTE FUNCTION touched({label_text});
    INSERT INTO {table} ({second_column}, d) VALUES ({label_text}, 1), (NULL, 2), ('', NULL), ('\\.', 3);
    CREATE INDEX {index} ON {table} (lower({second_column})) WHERE {second_column} <> {label_text};
    CREATE VIEW {view} AS SELECT {column}, {second_column} AS {sequence} FROM {table} WHERE {second_column} = {label_text};
    CREATE MATERIALIZED VIEW {materialized_view} AS SELECT {second_column} FROM {table};
    CREATE STATISTICS {statistics} ON {column}, {second_column} FROM {table};
    ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
    CREATE POLICY {policy} ON {table} TO {role} USING ({second_column} <> {label_text});
    COMMENT ON TABLE {table} IS {label_text};
    COMMENT ON COLUMN {table}.{column} IS {label_text};
    COMMENT ON CONSTRAINT {check} ON {table} IS {label_text};
    GRANT SELECT ({second_column}) ON {table} TO {role};
    GRANT EXECUTE ON FUNCTION {function} TO {role};
    ALTER TABLE {table} OWNER TO {role};
    ALTER FUNCTION {function} OWNER TO {role};
"""


def literal(text: str) -> str:
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def everything(schema: str, role: str, name: Callable[[str], str]) -> str:
    """One of each kind in a schema of that name; `name` is asked for each of KINDS."""
    label = name("label")
    return EVERYTHING.format(
        **{kind.replace(" ", "_"): quoted(name(kind)) for kind in KINDS},
        schema=quoted(schema),
        role=quoted(role),
        label_text=literal(label),
        body_text=literal(f"SELECT {literal(label)}"),
    )


def in_text(*names: str) -> str:
    """A regular expression for a qualified name."""
    return r"\.".join(re.escape(quoted(name)) for name in names)


def longest(name: str) -> str:
    """63 bytes, as many as a name may have."""
    return name + "ü" * ((63 - len(name)) // 2) + "x" * ((63 - len(name)) % 2)


def strange(label: str, tail: str) -> Entry:
    schema, table = "cat_names" + tail, "table" + tail
    return Entry(
        name=f"names_with_{label}",
        create=everything(schema, "cat_names role" + tail, lambda kind: kind + tail),
        shows=rf"CREATE TABLE {in_text(schema, table)} \(",
    )


ENTRIES: list[Entry] = [
    *(strange(label, tail) for label, tail in STRANGE.items()),
    Entry(
        name="names_of_63_bytes",
        create=everything(longest("cat_names"), longest("cat_names role"), longest),
        shows=rf"CREATE TABLE {in_text(longest('cat_names'), longest('table'))} \(",
    ),
    Entry(
        name="names_that_are_keywords",
        # The server knows no role `public`; it does know these.
        create=everything("grant", "current_user", dict(zip(KINDS, KEYWORDS, strict=True)).__getitem__)
        + 'CREATE ROLE "PUBLIC"; GRANT SELECT ON "select" TO "PUBLIC", PUBLIC, "current_user";',
        shows=r'CREATE TABLE "grant"\."select" \(',
    ),
]
