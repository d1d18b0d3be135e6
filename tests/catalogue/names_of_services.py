"""Strange names for text search, foreign data, rules, replication, event triggers and default privileges."""

from collections.abc import Callable

from tests.catalogue.entry import ONLY_WITH_ALL, Entry
from tests.catalogue.modes import quoted
from tests.catalogue.names import STRANGE, in_text, literal, longest

KINDS = (
    "parser", "template", "dictionary", "configuration", "wrapper", "server", "option", "foreign table", "column",
    "table", "rule", "publication", "event function", "event trigger",
)  # fmt: skip
KEYWORDS = (
    "select", "user", "order", "check", "primary", "all", "and", "table", "both", "case",
    "cast", "asc", "default", "else",
)  # fmt: skip

SERVICES = """
    CREATE ROLE {role};
    CREATE SCHEMA {schema};
    SET search_path = {schema};
    CREATE TEXT SEARCH PARSER {parser}
        (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype);
    CREATE TEXT SEARCH TEMPLATE {template} (lexize = dsimple_lexize);
    CREATE TEXT SEARCH DICTIONARY {dictionary} (template = {template});
    CREATE TEXT SEARCH CONFIGURATION {configuration} (parser = {parser});
    ALTER TEXT SEARCH CONFIGURATION {configuration} ADD MAPPING FOR word WITH {dictionary}, simple;
    CREATE TABLE {table} (id integer PRIMARY KEY, {column} text);
    CREATE RULE {rule} AS ON DELETE TO {table} WHERE OLD.{column} = {text} DO INSTEAD NOTHING;
    CREATE FOREIGN DATA WRAPPER {wrapper} OPTIONS ({option} {text});
    CREATE SERVER {server} TYPE {text} VERSION {text} FOREIGN DATA WRAPPER {wrapper} OPTIONS ({option} {text});
    CREATE USER MAPPING FOR {role} SERVER {server} OPTIONS ({option} {text});
    CREATE FOREIGN TABLE {foreign_table} ({column} text OPTIONS ({option} {text}) DEFAULT {text})
        SERVER {server} OPTIONS ({option} {text});
    CREATE PUBLICATION {publication} FOR TABLE {table} WITH (publish = 'insert');
    CREATE FUNCTION {event_function}() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER {event_trigger} ON sql_drop EXECUTE FUNCTION {event_function}();
    ALTER EVENT TRIGGER {event_trigger} DISABLE;
    COMMENT ON TEXT SEARCH CONFIGURATION {configuration} IS {text};
    COMMENT ON RULE {rule} ON {table} IS {text};
    COMMENT ON FOREIGN TABLE {foreign_table} IS {text};
    COMMENT ON SERVER {server} IS {text};
    COMMENT ON PUBLICATION {publication} IS {text};
    COMMENT ON EVENT TRIGGER {event_trigger} IS {text};
    ALTER TEXT SEARCH DICTIONARY {dictionary} OWNER TO {role};
    ALTER TEXT SEARCH CONFIGURATION {configuration} OWNER TO {role};
    ALTER SERVER {server} OWNER TO {role};
    ALTER FOREIGN TABLE {foreign_table} OWNER TO {role};
    ALTER PUBLICATION {publication} OWNER TO {role};
    GRANT USAGE ON FOREIGN DATA WRAPPER {wrapper} TO {role};
    ALTER DEFAULT PRIVILEGES FOR ROLE {role} GRANT SELECT ON TABLES TO PUBLIC;
    ALTER DEFAULT PRIVILEGES FOR ROLE {role} IN SCHEMA {schema} GRANT SELECT ON TABLES TO {role};
"""

SUBSCRIPTION = """
    CREATE SUBSCRIPTION {subscription} CONNECTION {connection} PUBLICATION {publication}
        WITH (connect = false, slot_name = NONE);
    COMMENT ON SUBSCRIPTION {subscription} IS {text};
"""


def services(schema: str, role: str, name: Callable[[str], str]) -> str:
    names = {kind.replace(" ", "_"): quoted(name(kind)) for kind in KINDS}
    return SERVICES.format(**names, schema=quoted(schema), role=quoted(role), text=literal(name("option")))


def subscription(tail: str) -> str:
    password = "'" + tail.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return SUBSCRIPTION.format(
        subscription=quoted("cat_subscription" + tail),
        publication=quoted("publication" + tail),
        connection=literal(f"password={password}"),
        text=literal(tail),
    )


def strange(label: str, tail: str) -> Entry:
    return Entry(
        name=f"services_with_{label}",
        create=services("cat_services" + tail, "cat_services role" + tail, lambda kind: f"cat_services {kind}{tail}"),
        shows=rf"CREATE (PUBLICATION|EVENT TRIGGER) {in_text('cat_services ')[:-1]}\w+( \w+)?" + in_text(tail)[1:],
        absent=ONLY_WITH_ALL,
    )


ENTRIES: list[Entry] = [
    *(strange(label, tail) for label, tail in STRANGE.items()),
    *(
        Entry(
            name=f"subscription_with_{label}",
            create=subscription(tail),
            shows=rf"CREATE SUBSCRIPTION {in_text('cat_subscription' + tail)}",
            # See replication.py.
            since=16,
            absent=ONLY_WITH_ALL,
        )
        for label, tail in STRANGE.items()
    ),
    Entry(
        name="services_of_63_bytes",
        create=services(
            longest("cat_services"), longest("cat_services role"), lambda kind: longest(f"cat_services {kind}")
        ),
        shows=rf"CREATE EVENT TRIGGER {in_text(longest('cat_services event trigger'))}",
        absent=ONLY_WITH_ALL,
    ),
    Entry(
        name="services_that_are_keywords",
        create=services("analyse", "authorization", dict(zip(KINDS, KEYWORDS, strict=True)).__getitem__),
        shows=r'CREATE EVENT TRIGGER "else"',
        absent=ONLY_WITH_ALL,
    ),
]
