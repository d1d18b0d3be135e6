"""Text search: parsers, templates, dictionaries, configurations and the dictionaries of each token."""

from tests.catalogue.entry import Entry

ENTRIES: list[Entry] = [
    Entry(
        name="text_search_parser",
        create="""
            CREATE SCHEMA cat_text_search_parser;
            CREATE TEXT SEARCH PARSER cat_text_search_parser."par""ser
with 'all'" (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, headline = prsd_headline,
                lextypes = prsd_lextype);
            CREATE TEXT SEARCH PARSER cat_text_search_parser."select" (start = prsd_start, gettoken = prsd_nexttoken,
                end = prsd_end, lextypes = prsd_lextype);
            COMMENT ON TEXT SEARCH PARSER cat_text_search_parser."select" IS 'without headlines';
        """,
        shows=r"CREATE TEXT SEARCH PARSER cat_text_search_parser\.|COMMENT ON TEXT SEARCH PARSER cat_text_search_parser",
    ),
    Entry(
        name="text_search_template",
        create="""
            CREATE SCHEMA cat_text_search_template;
            CREATE TEXT SEARCH TEMPLATE cat_text_search_template."Ö rt" (init = dsimple_init, lexize = dsimple_lexize);
            CREATE TEXT SEARCH TEMPLATE cat_text_search_template.plain (lexize = dsimple_lexize);
            COMMENT ON TEXT SEARCH TEMPLATE cat_text_search_template.plain IS 'it''s plain';
        """,
        shows=r"CREATE TEXT SEARCH TEMPLATE cat_text_search_template\.|COMMENT ON TEXT SEARCH TEMPLATE cat_text_sea",
    ),
    Entry(
        name="text_search_dictionary",
        create="""
            CREATE SCHEMA cat_text_search_dictionary;
            SET search_path = cat_text_search_dictionary;
            CREATE TEXT SEARCH TEMPLATE own (init = dsimple_init, lexize = dsimple_lexize);
            CREATE TEXT SEARCH DICTIONARY of_own (template = own, stopwords = 'english', accept = false);
            CREATE TEXT SEARCH DICTIONARY stems (template = snowball, language = 'german', stopwords = 'german');
            CREATE TEXT SEARCH DICTIONARY "wi""th na'me" (template = simple);
            COMMENT ON TEXT SEARCH DICTIONARY of_own IS 'a dictionary';
        """,
        shows=r"CREATE TEXT SEARCH DICTIONARY cat_text_search_dictionary\.|language = 'german', stopwords = 'german'",
    ),
    Entry(
        name="text_search_dictionary_of_extension",
        create="""
            CREATE SCHEMA cat_text_search_dictionary_of_extension;
            CREATE EXTENSION IF NOT EXISTS dict_int WITH SCHEMA cat_text_search_dictionary_of_extension;
            CREATE TEXT SEARCH DICTIONARY cat_text_search_dictionary_of_extension.short
                (template = cat_text_search_dictionary_of_extension.intdict_template, maxlen = '4', rejectlong = 'true');
        """,
        shows=r"maxlen = '4', rejectlong = 'true'",
    ),
    Entry(
        name="text_search_configuration",
        create="""
            CREATE SCHEMA cat_text_search_configuration;
            SET search_path = cat_text_search_configuration;
            CREATE TEXT SEARCH PARSER "own parser" (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end,
                lextypes = prsd_lextype);
            CREATE TEXT SEARCH DICTIONARY "fir""st" (template = simple, accept = false);
            CREATE TEXT SEARCH DICTIONARY "second" (template = snowball, language = 'french');
            CREATE TEXT SEARCH CONFIGURATION mapped (parser = "own parser");
            ALTER TEXT SEARCH CONFIGURATION mapped ADD MAPPING FOR asciiword, word, hword_numpart
                WITH "second", "fir""st", pg_catalog.simple;
            ALTER TEXT SEARCH CONFIGURATION mapped ADD MAPPING FOR url WITH pg_catalog.simple;
            CREATE TEXT SEARCH CONFIGURATION copied (copy = pg_catalog.english);
            ALTER TEXT SEARCH CONFIGURATION copied DROP MAPPING FOR email;
            CREATE TEXT SEARCH CONFIGURATION "empty ééééééééééééééééééééééééééééé" (parser = "own parser");
            COMMENT ON TEXT SEARCH CONFIGURATION mapped IS 'a configuration';
        """,
        shows=(
            r"ADD MAPPING FOR hword_numpart WITH cat_text_search_configuration\.second, "
            r'cat_text_search_configuration\."fir""st", simple|CREATE TEXT SEARCH CONFIGURATION cat_text_search_config'
        ),
    ),
    Entry(
        name="text_search_index",
        create="""
            CREATE SCHEMA cat_text_search_index;
            SET search_path = cat_text_search_index;
            CREATE TEXT SEARCH CONFIGURATION words (copy = pg_catalog.simple);
            CREATE TABLE t (id integer PRIMARY KEY, body text,
                found tsvector GENERATED ALWAYS AS (to_tsvector('cat_text_search_index.words', body)) STORED);
            INSERT INTO t VALUES (1, 'some words'), (2, NULL);
            CREATE INDEX ON t USING gin (to_tsvector('cat_text_search_index.words', body));
        """,
        shows=r"to_tsvector\('cat_text_search_index\.words'::regconfig, body\)",
    ),
]
