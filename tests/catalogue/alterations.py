"""What extensions and the system have brought, and was altered: pg_dump tells of nothing but of what would not come back without."""

from tests.catalogue.entry import Entry

ENTRIES: list[Entry] = [
    Entry(
        name="altered_function",
        create="""
            CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;
            ALTER FUNCTION public.unaccent(text) IMMUTABLE;
            CREATE SCHEMA cat_altered_function;
            CREATE TABLE cat_altered_function.t (name text, plain text GENERATED ALWAYS AS (public.unaccent(name)) STORED);
            INSERT INTO cat_altered_function.t VALUES ('é');
            CREATE INDEX i ON cat_altered_function.t (public.unaccent(name));
        """,
        shows=r"CREATE INDEX i ON cat_altered_function\.t USING btree \(public\.unaccent\(name\)\);",
        table="cat_altered_function.t",
    ),
    Entry(
        name="altered_text_search",
        create="""
            CREATE SCHEMA cat_altered_text_search;
            CREATE TEXT SEARCH DICTIONARY cat_altered_text_search.own (TEMPLATE = simple, STOPWORDS = english);
            ALTER TEXT SEARCH CONFIGURATION danish ALTER MAPPING FOR asciiword WITH cat_altered_text_search.own, danish_stem;
            ALTER TEXT SEARCH DICTIONARY swedish_stem (StopWords = english);
            CREATE TABLE cat_altered_text_search.t (
                body text CHECK (to_tsvector('danish', body) = '''kept'':2' AND to_tsvector('swedish', body) = '''kept'':2')
            );
            INSERT INTO cat_altered_text_search.t VALUES ('the kept');
        """,
        shows=r"CREATE TABLE cat_altered_text_search\.t",
    ),
]
