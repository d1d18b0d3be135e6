//! Parents of tables: by `INHERITS`, and of partitions, which are created alone and then attached.
//!
//! A partition that is created alone keeps the order of its own columns, whatever its parent's is.

use std::collections::HashMap;

use super::columns::Column;
use super::{Entry, ObjectId, Reader, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

/// A table that another one names in `INHERITS`.
pub(super) struct Parent {
    oid: u32,
    pub(super) qualified: String,
}

/// The names of the columns of every table that is a parent, in their order.
pub(super) fn columns_of_parents(
    parents: &HashMap<u32, Vec<Parent>>,
    columns: &HashMap<u32, Vec<Column>>,
) -> HashMap<u32, Vec<String>> {
    let names = |oid: &u32| Some((*oid, columns.get(oid)?.iter().map(|column| column.name.clone()).collect()));
    parents.values().flatten().filter_map(|parent| names(&parent.oid)).collect()
}

/// Whether `INHERITS` puts a child's columns where they are: the parents' first, in the order of the parents. Columns
/// that a parent got later, and those of a table that became a child later, stand elsewhere.
pub(super) fn orders(parents: &[Parent], columns: &[Column], names: &HashMap<u32, Vec<String>>) -> bool {
    let mut inherited: Vec<&str> = Vec::new();
    for parent in parents {
        let Some(names) = names.get(&parent.oid) else { return true };
        for name in names {
            if !inherited.contains(&name.as_str()) {
                inherited.push(name);
            }
        }
    }
    columns.iter().map(|column| column.name.as_str()).take(inherited.len()).eq(inherited)
}

/// The parents of every child that is no partition, in their order.
pub(super) async fn parents(reader: &Reader<'_>) -> Result<HashMap<u32, Vec<Parent>>> {
    let mut parents: HashMap<u32, Vec<Parent>> = HashMap::new();
    for row in scope::rows(reader, "inheritance", PARENTS).await? {
        let qualified = quote::qualified(row.get("schema"), row.get("name"));
        parents.entry(row.get("child")).or_default().push(Parent { oid: row.get("oid"), qualified });
    }
    Ok(parents)
}

/// `ATTACH PARTITION` of every partition.
pub(super) async fn attachments(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::rows(reader, "partitions", &attachments_query()).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let (schema, name): (String, String) = (row.get("schema"), row.get("name"));
            let table: u32 = row.get("oid");
            Entry {
                id: Some(ObjectId { class: row.get("class"), object: table }),
                section: Section::PreData,
                kind: "table attach",
                sql: format!(
                    "ALTER TABLE ONLY {} ATTACH PARTITION {} {};\n",
                    quote::qualified(row.get("parent_schema"), row.get("parent")),
                    quote::qualified(&schema, &name),
                    row.get::<_, &str>("bound"),
                ),
                schema: Some(schema),
                name,
                table: Some(table),
            }
        })
        .collect())
}

const PARENTS: &str = "
SELECT i.inhrelid AS child, p.oid, n.nspname AS schema, p.relname AS name
  FROM pg_inherits i
  JOIN pg_class c ON c.oid = i.inhrelid
  JOIN pg_class p ON p.oid = i.inhparent
  JOIN pg_namespace n ON n.oid = p.relnamespace
 WHERE c.relkind IN ('r', 'f') AND NOT c.relispartition
 ORDER BY i.inhrelid, i.inhseqno";

/// The dependencies know an attachment as the row of `pg_inherits`: see `order`.
fn attachments_query() -> String {
    format!(
        "SELECT 'pg_inherits'::regclass::oid AS class, c.oid, n.nspname AS schema, c.relname AS name, \
                pn.nspname AS parent_schema, p.relname AS parent, pg_get_expr(c.relpartbound, c.oid) AS bound \
           FROM pg_inherits i \
           JOIN pg_class c ON c.oid = i.inhrelid \
           JOIN pg_namespace n ON n.oid = c.relnamespace \
           JOIN pg_class p ON p.oid = i.inhparent \
           JOIN pg_namespace pn ON pn.oid = p.relnamespace \
          WHERE c.relkind IN ('r', 'p', 'f') AND c.relispartition AND NOT i.inhdetachpending AND {} AND {} \
          ORDER BY n.nspname, c.relname",
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_class'", "c.oid"),
    )
}
