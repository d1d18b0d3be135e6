"""Names that break whoever does not quote them, for the kinds of objects that are code."""

from collections.abc import Callable

from tests.catalogue.entry import Entry
from tests.catalogue.modes import quoted
from tests.catalogue.names import KEYWORDS, STRANGE, in_text, literal, longest

KINDS = (
    "base type", "shell type", "input", "output", "aggregate", "argument", "function", "handler", "language",
    "access method", "family", "class", "conversion",
)  # fmt: skip

EVERYTHING = """
    CREATE ROLE {role};
    CREATE SCHEMA {schema} AUTHORIZATION {role};
    SET search_path = {schema};
    CREATE TYPE {shell_type};
    CREATE TYPE {base_type};
    CREATE FUNCTION {input}(cstring) RETURNS {base_type} IMMUTABLE STRICT LANGUAGE internal AS 'textin';
    CREATE FUNCTION {output}({base_type}) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'textout';
    CREATE TYPE {base_type} (input = {input}, output = {output}, like = text, default = {text});
    CREATE FUNCTION {handler}() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
    CREATE TRUSTED LANGUAGE {language} HANDLER {handler};
    CREATE FUNCTION {function}({argument} {base_type}, {base_type}) RETURNS {base_type} LANGUAGE {language} IMMUTABLE
        AS 'BEGIN RETURN $1; END';
    CREATE AGGREGATE {aggregate}({argument} {base_type}) (sfunc = {function}, stype = {base_type}, initcond = {text});
    CREATE OPERATOR +# (leftarg = {base_type}, rightarg = {base_type}, function = {function}, commutator = +#);
    CREATE CAST ({base_type} AS text) WITHOUT FUNCTION;
    CREATE ACCESS METHOD {access_method} TYPE INDEX HANDLER bthandler;
    CREATE FUNCTION cat_compare({base_type}, {base_type}) RETURNS integer IMMUTABLE LANGUAGE internal AS 'bttextcmp';
    CREATE OPERATOR FAMILY {family} USING btree;
    CREATE OPERATOR CLASS {class} DEFAULT FOR TYPE {base_type} USING btree FAMILY {family} AS
        FUNCTION 1 cat_compare({base_type}, {base_type});
    CREATE OPERATOR FAMILY {family} USING {access_method};
    CREATE FUNCTION cat_compare({base_type}, text) RETURNS integer IMMUTABLE LANGUAGE internal AS 'bttextcmp';
    ALTER OPERATOR FAMILY {family} USING btree ADD FUNCTION 1 ({base_type}, text) cat_compare({base_type}, text);
    CREATE CONVERSION {conversion} FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
    CREATE TABLE t (a {base_type}, b {base_type}[]);
    INSERT INTO t (b) VALUES (ARRAY[{text}::{base_type}]);
    ALTER TYPE {base_type} OWNER TO {role};
    ALTER AGGREGATE {aggregate}({base_type}) OWNER TO {role};
    ALTER LANGUAGE {language} OWNER TO {role};
    ALTER OPERATOR +# ({base_type}, {base_type}) OWNER TO {role};
    ALTER OPERATOR FAMILY {family} USING {access_method} OWNER TO {role};
    ALTER OPERATOR CLASS {class} USING btree OWNER TO {role};
    ALTER CONVERSION {conversion} OWNER TO {role};
    GRANT USAGE ON LANGUAGE {language} TO {role};
    GRANT EXECUTE ON FUNCTION {aggregate}({base_type}) TO {role} WITH GRANT OPTION;
    COMMENT ON TYPE {base_type} IS {text};
    COMMENT ON TYPE {shell_type} IS {text};
    COMMENT ON AGGREGATE {aggregate}({base_type}) IS {text};
    COMMENT ON LANGUAGE {language} IS {text};
    COMMENT ON ACCESS METHOD {access_method} IS {text};
    COMMENT ON OPERATOR +# ({base_type}, {base_type}) IS {text};
    COMMENT ON OPERATOR FAMILY {family} USING {access_method} IS {text};
    COMMENT ON OPERATOR CLASS {class} USING btree IS {text};
    COMMENT ON CONVERSION {conversion} IS {text};
    COMMENT ON CAST ({base_type} AS text) IS {text};
"""


def entry(name: str, text: str, spell: Callable[[str], str]) -> Entry:
    whole = f"cat_{name}"
    names = {kind.replace(" ", "_"): quoted(spell(kind)) for kind in KINDS}
    schema, role = (quoted(spell(f"{whole} {kind}")) for kind in ("schema", "role"))
    # Names of the whole database must not be those of another entry.
    for kind in ("language", "access_method"):
        names[kind] = quoted(spell(f"{whole} {kind}"))
    statements = EVERYTHING.format(schema=schema, role=role, text=literal(text), **names)
    return Entry(name=name, create=statements, shows=rf"CREATE AGGREGATE {in_text(spell(f'{whole} schema'))}\.")


ENTRIES: list[Entry] = [
    *(entry(f"code_names_with_{name}", text, lambda kind, text=text: kind + text) for name, text in STRANGE.items()),
    entry("code_names_of_63_bytes", "x" * 63, longest),
    entry(
        "code_keywords",
        "select",
        lambda kind: kind if kind.startswith("cat_") else dict(zip(KINDS, KEYWORDS, strict=False))[kind],
    ),
]
