//! Base types, which C functions read and write, and shells: names of types that are still to be defined.

use tokio_postgres::Row;

use super::{NAMES, of_users};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::ddl::{Entry, ObjectId, Reader, scope};
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::rows(reader, "base types", &query()).await?;
    Ok(rows.iter().map(|row| entry(row, &if row.get("defined") { definition(row) } else { String::new() })).collect())
}

fn entry(row: &Row, definition: &str) -> Entry {
    let (schema, name): (String, String) = (row.get("schema"), row.get("name"));
    Entry {
        id: Some(ObjectId::of(row)),
        section: Section::PreData,
        kind: "type",
        sql: format!("{}{definition};\n", shell(&schema, &name)),
        schema: Some(schema),
        name,
        table: None,
    }
}

/// The beginning of a definition, and all that a shell consists of.
pub(in crate::postgres::ddl) fn shell(schema: &str, name: &str) -> String {
    format!("CREATE TYPE {}", quote::qualified(schema, name))
}

fn definition(row: &Row) -> String {
    let mut options: Vec<String> = row.get("options");
    match (row.get::<_, Option<&str>>("default_expression"), row.get::<_, Option<&str>>("default")) {
        (Some(expression), _) => options.push(format!("DEFAULT = {expression}")),
        (None, Some(text)) => options.push(format!("DEFAULT = {}", quote::literal(text))),
        (None, None) => {}
    }
    format!(" (\n    {}\n)", options.join(",\n    "))
}

/// Arrays come with their element. A category and a delimiter are one byte each, and any byte will do.
fn query() -> String {
    format!(
        "SELECT {NAMES}, t.typisdefined AS defined, t.typdefault AS default, \
                pg_get_expr(t.typdefaultbin, 0) AS default_expression, \
                array_remove(ARRAY[ \
                    'INPUT = ' || t.typinput::text, \
                    'OUTPUT = ' || t.typoutput::text, \
                    'RECEIVE = ' || nullif(t.typreceive, 0)::regproc::text, \
                    'SEND = ' || nullif(t.typsend, 0)::regproc::text, \
                    'TYPMOD_IN = ' || nullif(t.typmodin, 0)::regproc::text, \
                    'TYPMOD_OUT = ' || nullif(t.typmodout, 0)::regproc::text, \
                    'ANALYZE = ' || nullif(t.typanalyze, 0)::regproc::text, \
                    'SUBSCRIPT = ' || nullif(t.typsubscript, 0)::regproc::text, \
                    'INTERNALLENGTH = ' || CASE WHEN t.typlen > 0 THEN t.typlen::text ELSE 'VARIABLE' END, \
                    CASE WHEN t.typbyval THEN 'PASSEDBYVALUE' END, \
                    'ALIGNMENT = ' || CASE t.typalign WHEN 'c' THEN 'char' WHEN 's' THEN 'int2' \
                                                      WHEN 'd' THEN 'double' ELSE 'int4' END, \
                    'STORAGE = ' || CASE t.typstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' \
                                                      WHEN 'x' THEN 'extended' ELSE 'main' END, \
                    'CATEGORY = ' || quote_literal(t.typcategory::text), \
                    CASE WHEN t.typispreferred THEN 'PREFERRED = true' END, \
                    'ELEMENT = ' || CASE WHEN t.typelem <> 0 THEN format_type(t.typelem, -1) END, \
                    'DELIMITER = ' || quote_literal(t.typdelim::text), \
                    CASE WHEN t.typcollation <> 0 THEN 'COLLATABLE = true' END \
                ], NULL) AS options \
           FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace \
          WHERE (t.typtype = 'b' OR NOT t.typisdefined) AND {} \
            AND NOT EXISTS (SELECT FROM pg_type element WHERE element.typarray = t.oid) \
          ORDER BY n.nspname, t.typname",
        of_users(),
    )
}
