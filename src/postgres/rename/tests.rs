#![allow(clippy::unwrap_used, reason = "tests")]

use super::{Renaming, schema_of_extension};
use crate::error::Kind;
use crate::manifest::{Object, Section};

fn renaming() -> Renaming {
    let names = [("public", "s1"), ("Shop \"A\"", "s2"), ("blog", "s3")];
    Renaming {
        schemas: names.into_iter().map(|(from, to)| (from.to_owned(), to.to_owned())).collect(),
        kept: [("public", "citext"), ("public", "~~")]
            .into_iter()
            .map(|(schema, name)| (schema.to_owned(), name.to_owned()))
            .collect(),
        extensions: ["citext".to_owned()].into(),
    }
}

fn object(kind: &str) -> Object {
    Object {
        section: Section::PreData,
        kind: kind.to_owned(),
        schema: None,
        name: "it".to_owned(),
        table: None,
        chunk: 0,
        offset: 0,
        since: None,
        size: 0,
        needs: Vec::new(),
    }
}

#[track_caller]
fn becomes(sql: &str, expected: &str) {
    assert_eq!(renaming().statement(&object("table"), sql).unwrap(), expected);
}

#[track_caller]
fn is_refused(sql: &str) {
    let error = renaming().statement(&object("function"), sql).unwrap_err();
    assert_eq!(error.kind(), Kind::Failed);
    assert!(error.message().starts_with("function it cannot be rehearsed beside the live database"));
}

#[test]
fn names_before_a_dot_are_schemas() {
    becomes(
        "CREATE TABLE \"public\".\"a\" (b PUBLIC.state, \"public\" int, c \"Shop \"\"A\"\"\" /* x */ . t);",
        "CREATE TABLE \"s1\".\"a\" (b \"s1\".state, \"public\" int, c \"s2\" /* x */ . t);",
    );
    becomes(
        "SELECT a.public, publicly.x, \"Public\".y, x.public.z",
        "SELECT a.public, publicly.x, \"Public\".y, x.public.z",
    );
}

#[test]
fn names_behind_the_word_schema_are_schemas() {
    becomes("CREATE SCHEMA \"blog\";", "CREATE SCHEMA \"s3\";");
    becomes("CREATE SCHEMA IF NOT EXISTS blog", "CREATE SCHEMA IF NOT EXISTS \"s3\"");
    becomes("COMMENT ON SCHEMA \"public\" IS 'public'", "COMMENT ON SCHEMA \"s1\" IS 'public'");
}

#[test]
fn members_of_extensions_stay_where_they_are() {
    becomes("a public.citext, b public.other", "a public.citext, b \"s1\".other");
    becomes("a OPERATOR(public.~~) b OPERATOR(public.=) c", "a OPERATOR(public.~~) b OPERATOR(\"s1\".=) c");
}

#[test]
fn literals_that_are_cast_to_names_are_names() {
    becomes("nextval('public.a_seq'::regclass)", "nextval('\"s1\".a_seq'::regclass)");
    becomes(
        "setval('\"blog\".\"it''s\"'::pg_catalog.regclass, 1)",
        "setval('\"s3\".\"it''s\"'::pg_catalog.regclass, 1)",
    );
    becomes("DEFAULT E'a\\\\b'::text", "DEFAULT E'a\\\\b'::text");
    becomes("CHECK (visibility IN ('public', 'private'))", "CHECK (visibility IN ('public', 'private'))");
}

#[test]
fn a_literal_that_may_be_a_name_is_refused() {
    is_refused("nextval(('public.a_seq'::text)::regclass)");
    is_refused("CHECK (url <> 'blog.example.com')");
    is_refused("CREATE FUNCTION f() LANGUAGE plpython3u AS $$ plpy.execute(\"select public.x\") $$");
    let comment = object("comment");
    let sql = "COMMENT ON TABLE public.a IS 'see public.b';";
    assert_eq!(renaming().statement(&comment, sql).unwrap(), "COMMENT ON TABLE \"s1\".a IS 'see public.b';");
}

#[test]
fn bodies_of_functions_are_rewritten_too() {
    becomes(
        "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql SET search_path TO 'public', pg_temp AS $f$SELECT blog.g('public')$f$;",
        "CREATE FUNCTION \"s1\".f() RETURNS int LANGUAGE sql SET search_path TO 's1', pg_temp AS $f$SELECT \"s3\".g('public')$f$;",
    );
    becomes(
        "DO $x$\nBEGIN EXECUTE 'ALTER POLICY p ON public.t TO ' || x; RAISE WARNING '%', 'policy on blog.t'; END\n$x$;",
        "DO $x$\nBEGIN EXECUTE 'ALTER POLICY p ON \"s1\".t TO ' || x; RAISE WARNING '%', 'policy on \"s3\".t'; END\n$x$;",
    );
}

#[test]
fn comments_inside_statements_change_nothing() {
    becomes("SELECT 1 -- public.x\n, blog.y", "SELECT 1 -- public.x\n, \"s3\".y");
}

#[test]
fn the_schema_of_an_extension_is_found() {
    let sql = "CREATE EXTENSION IF NOT EXISTS \"schema\" WITH SCHEMA \"Shop \"\"A\"\"\";\n";
    assert_eq!(schema_of_extension(sql).as_deref(), Some("Shop \"A\""));
}

#[test]
fn commands_of_psql_are_told_from_text() {
    for text in [
        "SELECT 1;\n\\! id\n",
        "SELECT 'a';\\q",
        "CREATE FUNCTION f() AS $$a$$;\n-- 'open\n\\! id",
        "SELECT E'\\'';\n\\! id",
    ] {
        assert!(super::has_command(text), "{text}");
    }
    for text in [
        "COMMENT ON TABLE \"a\n\\! id\" IS 'b\n\\! id';",
        "SELECT E'\\\\! ''\\' ', $body$\n\\! id\n$body$; -- \\! id\n/* \\! id */",
    ] {
        assert!(!super::has_command(text), "{text}");
    }
}

#[test]
fn a_path_of_one_statement_leads_to_what_extensions_brought() {
    becomes(
        "SET search_path = \"public\", \"blog\";\nCREATE VIEW public.v AS SELECT 1;\nSET search_path = '';\n",
        "SET search_path = \"s1\", \"public\", \"s3\";\nCREATE VIEW \"s1\".v AS SELECT 1;\nSET search_path = '';\n",
    );
}
