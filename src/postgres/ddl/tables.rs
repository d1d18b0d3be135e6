//! Tables with their columns and checks, foreign ones too.

use std::fmt::Write as _;

use tokio_postgres::Row;

use super::checks::{self, Checks};
use super::columns::{self, Column};
use super::inheritance::{self, Parent};
use super::{Entry, ObjectId, Reader, Relation, Size, foreign, options, parameters, scope, tablespaces};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

/// What creates tables, and those whose rows are copied, ordered by schema and name; how large they are is not known yet.
pub(super) async fn read(reader: &Reader<'_>) -> Result<(Vec<Entry>, Vec<Relation>)> {
    let mut columns = columns::read(reader).await?;
    let (mut checks, added_checks) = checks::read(reader).await?;
    let mut parents = inheritance::parents(reader).await?;
    let columns_of_parents = inheritance::columns_of_parents(&parents, &columns);
    let (mut entries, mut relations) = (Vec::new(), Vec::new());
    for row in scope::rows(reader, "tables", &query(reader.version)).await? {
        let oid: u32 = row.get("oid");
        let (columns, parents) = (columns.remove(&oid).unwrap_or_default(), parents.remove(&oid).unwrap_or_default());
        let table = Table {
            id: ObjectId { class: row.get("class"), object: oid },
            schema: row.get("schema"),
            name: row.get("name"),
            ordered: inheritance::orders(&parents, &columns, &columns_of_parents),
            columns,
            checks: checks.remove(&oid).unwrap_or_default(),
            parents,
        };
        let kind = if row.get::<_, Option<&str>>("server").is_some() { "foreign table" } else { "table" };
        if kind == "table" {
            relations.push(table.relation(&row));
        }
        entries.push(table.entry(kind, table.id, table.create(&row)));
        entries.extend(table.columns.iter().filter_map(|column| table.default(column)));
    }
    entries.extend(added_checks);
    entries.extend(inheritance::attachments(reader).await?);
    Ok((entries, relations))
}

struct Table {
    id: ObjectId,
    schema: String,
    name: String,
    columns: Vec<Column>,
    checks: Checks,
    parents: Vec<Parent>,
    /// Whether the parents leave its columns in their order.
    ordered: bool,
}

impl Table {
    fn create(&self, row: &Row) -> String {
        let options: Vec<String> = row.get("options");
        let server = row.get::<_, Option<&str>>("server").map(quote::identifier);
        let create = format!(
            "CREATE {}TABLE {}{}{}{}{}{}{}{};\n",
            match (row.get("unlogged"), &server) {
                (_, Some(_)) => "FOREIGN ",
                (true, None) => "UNLOGGED ",
                (false, None) => "",
            },
            self.qualified(),
            self.elements(row),
            self.inherits(),
            clause(" PARTITION BY ", row.get("partition_key")),
            clause(" USING ", row.get::<_, Option<&str>>("access_method").map(quote::identifier).as_deref()),
            clause("\nSERVER ", server.as_deref()),
            foreign::options(row),
            parameters::clause(&options),
        );
        let create = tablespaces::within(row.get("tablespace"), create);
        let create = if self.ordered { create } else { self.in_order(&create) };
        create + &self.alterations(row)
    }

    /// The first parent decides where columns stand: one that has them all, in order, and is none for long.
    fn in_order(&self, create: &str) -> String {
        let (table, template) = (self.qualified(), self.template());
        let lines: Vec<String> = self.columns.iter().map(Column::bare).collect();
        let mut sql = format!("CREATE TABLE {template} (\n    {}\n);\n", lines.join(",\n    "));
        for action in self.columns.iter().filter_map(Column::storage_of_parents) {
            let _ = writeln!(sql, "ALTER TABLE {template} {action};");
        }
        let _ = write!(sql, "{create}ALTER TABLE {table} NO INHERIT {template};\nDROP TABLE {template};\n");
        sql
    }

    fn template(&self) -> String {
        quote::qualified(&self.schema, "holdfast_columns")
    }

    fn elements(&self, row: &Row) -> String {
        let of_type: Option<&str> = row.get("of_type");
        let line = if of_type.is_some() { Column::line_of_type } else { Column::line };
        let lines: Vec<String> = self.columns.iter().filter_map(line).chain(self.checks.iter().cloned()).collect();
        match of_type {
            Some(of_type) if lines.is_empty() => format!(" OF {of_type}"),
            Some(of_type) => format!(" OF {of_type} (\n    {}\n)", lines.join(",\n    ")),
            None if lines.is_empty() => " ()".to_owned(),
            None => format!(" (\n    {}\n)", lines.join(",\n    ")),
        }
    }

    fn inherits(&self) -> String {
        if self.parents.is_empty() {
            return String::new();
        }
        let template = (!self.ordered).then(|| self.template());
        let parents = self.parents.iter().map(|parent| parent.qualified.as_str());
        let parents: Vec<&str> = template.as_deref().into_iter().chain(parents).collect();
        format!("\nINHERITS ({})", parents.join(", "))
    }

    fn alterations(&self, row: &Row) -> String {
        let table = self.qualified();
        let mut sql = String::new();
        for column in &self.columns {
            let name = quote::identifier(&column.name);
            for action in &column.actions {
                let _ = writeln!(sql, "ALTER TABLE ONLY {table} ALTER COLUMN {name} {action};");
            }
        }
        if let Some(identity) = row.get::<_, Option<&str>>("replica_identity") {
            let _ = writeln!(sql, "ALTER TABLE ONLY {table} REPLICA IDENTITY {identity};");
        }
        sql
    }

    fn default(&self, column: &Column) -> Option<Entry> {
        let (id, expression) = column.default.as_ref()?;
        let name = quote::identifier(&column.name);
        let table = self.qualified();
        let sql = format!("ALTER TABLE ONLY {table} ALTER COLUMN {name} SET DEFAULT {expression};\n");
        let mut entry = self.entry("default", *id, sql);
        entry.name = format!("{} {}", self.name, column.name);
        Some(entry)
    }

    fn relation(&self, row: &Row) -> Relation {
        let names = |wanted: fn(&&Column) -> bool| -> Vec<String> {
            self.columns.iter().filter(wanted).map(|column| column.name.clone()).collect()
        };
        Relation {
            oid: self.id.object,
            schema: self.schema.clone(),
            name: self.name.clone(),
            columns: names(|column| !column.generated),
            all_columns: names(|_| true),
            has_rows: row.get("has_rows"),
            heap: row.get("heap"),
            size: Size::default(),
        }
    }

    fn qualified(&self) -> String {
        quote::qualified(&self.schema, &self.name)
    }

    fn entry(&self, kind: &'static str, id: ObjectId, sql: String) -> Entry {
        Entry {
            id: Some(id),
            section: Section::PreData,
            kind,
            schema: Some(self.schema.clone()),
            name: self.name.clone(),
            table: Some(self.id.object),
            sql,
        }
    }
}

fn clause(keyword: &str, value: Option<&str>) -> String {
    value.map_or(String::new(), |value| format!("{keyword}{value}"))
}

/// A replica identity that is an index comes with the index.
fn query(version: u32) -> String {
    format!(
        "SELECT 'pg_class'::regclass::oid AS class, c.oid, n.nspname AS schema, c.relname AS name, \
                c.relpersistence = 'u' AS unlogged, pg_get_partkeydef(c.oid) AS partition_key, \
                nullif(am.amname, 'heap') AS access_method, c.relkind = 'r' AS has_rows, \
                coalesce(c.relkind = 'r' AND am.amname = 'heap', false) AS heap, s.srvname AS server, {} AS foreign_options, {}, \
                CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS of_type, \
                CASE WHEN c.relkind = 'f' THEN NULL WHEN c.relreplident = 'n' THEN 'NOTHING' \
                     WHEN c.relreplident = 'f' THEN 'FULL' END AS replica_identity, \
                {} || {} AS options \
           FROM pg_class c \
           JOIN pg_namespace n ON n.oid = c.relnamespace \
           LEFT JOIN pg_am am ON am.oid = c.relam \
           LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid \
           LEFT JOIN pg_foreign_server s ON s.oid = f.ftserver \
           LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid \
          WHERE c.relkind IN ('r', 'p', 'f') AND {} AND {} \
          ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"",
        foreign::options_of("f.ftoptions"),
        tablespaces::column("c"),
        options::of_relation("c", "", version),
        options::of_relation("toast", "toast.", version),
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_class'", "c.oid"),
    )
}
