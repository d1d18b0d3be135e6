//! Composite types that stand alone; the row type of a table comes with its table.

use std::collections::HashMap;

use super::{NAMES, collation, create_type, of_users};
use crate::error::Result;
use crate::postgres::ddl::{Entry, Reader, scope};
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let attributes = attributes(reader).await?;
    let query = format!(
        "SELECT {NAMES}, c.oid AS relation \
           FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_class c ON c.oid = t.typrelid \
          WHERE c.relkind = 'c' AND {} ORDER BY n.nspname, t.typname",
        of_users(),
    );
    let rows = scope::rows(reader, "composite types", &query).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let attributes = attributes.get(&row.get("relation")).map_or(String::new(), |lines| lines.join(","));
            create_type(row, &format!("({attributes}\n)"))
        })
        .collect())
}

async fn attributes(reader: &Reader<'_>) -> Result<HashMap<u32, Vec<String>>> {
    let mut attributes: HashMap<u32, Vec<String>> = HashMap::new();
    for row in scope::rows(reader, "attributes of composite types", ATTRIBUTES).await? {
        let (name, data_type): (&str, &str) = (row.get("name"), row.get("type"));
        let line = format!("\n    {} {data_type}{}", quote::identifier(name), collation(&row));
        attributes.entry(row.get("relation")).or_default().push(line);
    }
    Ok(attributes)
}

const ATTRIBUTES: &str = "
SELECT a.attrelid AS relation, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
       ln.nspname AS collation_schema, l.collname AS collation
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_collation l ON l.oid = a.attcollation AND a.attcollation <> t.typcollation
  LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace
 WHERE c.relkind = 'c' AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attrelid, a.attnum";
