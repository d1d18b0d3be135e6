//! Triggers and whether they fire. Those that enforce foreign keys come with their constraint.

use super::{Entry, ObjectId, Reader, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    for row in scope::rows(reader, "triggers", &query()).await? {
        let name: String = row.get("name");
        let table = quote::qualified(row.get("schema"), row.get("table"));
        if row.get::<_, bool>("root") {
            entries.push(Entry {
                id: Some(ObjectId::of(&row)),
                section: Section::PostData,
                kind: "trigger",
                schema: Some(row.get("schema")),
                name: name.clone(),
                table: Some(row.get("table_oid")),
                sql: format!("{};\n", row.get::<_, &str>("definition")),
            });
        }
        // Clones on partitions follow their trigger: `CREATE TRIGGER` on the parent made them, only their state is theirs.
        if let (Some(entry), Some(state)) = (entries.last_mut(), state(row.get("state"), row.get("stated"))) {
            let trigger = quote::identifier(&name);
            entry.sql += &["ALTER TABLE ", &table, " ", state, " TRIGGER ", &trigger, ";\n"].concat();
        }
    }
    Ok(entries)
}

/// Switching the parent's trigger switches its clones too on some versions, so that once one of a family differs from
/// what `CREATE TRIGGER` makes, each is told its state, parents first.
fn state(state: i8, stated: bool) -> Option<&'static str> {
    match state.cast_unsigned() {
        b'D' => Some("DISABLE"),
        b'A' => Some("ENABLE ALWAYS"),
        b'R' => Some("ENABLE REPLICA"),
        _ if stated => Some("ENABLE"),
        _ => None,
    }
}

fn query() -> String {
    format!(
        "WITH RECURSIVE family AS ( \
            SELECT t.oid, t.oid AS root, 0 AS depth \
              FROM pg_trigger t WHERE t.tgparentid = 0 AND NOT t.tgisinternal \
            UNION ALL \
            SELECT t.oid, family.root, family.depth + 1 \
              FROM pg_trigger t JOIN family ON t.tgparentid = family.oid \
        ) \
        SELECT 'pg_trigger'::regclass::oid AS class, t.oid, n.nspname AS schema, c.relname AS table, \
               c.oid AS table_oid, t.tgname AS name, t.tgenabled AS state, family.depth = 0 AS root, \
               bool_or(t.tgenabled <> 'O') OVER (PARTITION BY family.root) AS stated, \
               CASE WHEN family.depth = 0 THEN pg_get_triggerdef(t.oid) END AS definition \
          FROM family \
          JOIN pg_trigger t ON t.oid = family.oid \
          JOIN pg_class c ON c.oid = t.tgrelid \
          JOIN pg_namespace n ON n.oid = c.relnamespace \
          JOIN pg_trigger root ON root.oid = family.root \
          JOIN pg_class top ON top.oid = root.tgrelid \
          JOIN pg_namespace top_schema ON top_schema.oid = top.relnamespace \
         WHERE {} AND {} \
         ORDER BY top_schema.nspname, top.relname, root.tgname, family.root, family.depth, n.nspname, c.relname",
        scope::user_schema("top_schema.nspname"),
        scope::unowned("'pg_class'", "top.oid"),
    )
}
