//! Columns of tables: what stands inside `CREATE TABLE`, and what can only be said after it.

use std::collections::HashMap;
use std::fmt::Write as _;

use tokio_postgres::Row;

use super::types::collation;
use super::{ObjectId, Reader, apart, foreign, options, scope};
use crate::error::Result;
use crate::postgres::quote;

/// A column of a table.
pub(super) struct Column {
    pub(super) name: String,
    /// Whether the server computes its values.
    pub(super) generated: bool,
    /// Defined by the table itself; others come from a parent with `INHERITS`.
    own: bool,
    /// `GENERATED …`, whether it is said here or by a parent.
    generation: String,
    /// The action that gives it the storage of the parents' columns.
    parents_storage: Option<String>,
    /// Name, type and collation.
    head: String,
    /// `DEFAULT …`, `GENERATED …`, `NOT NULL`.
    clauses: String,
    /// `NOT NULL` that a table adds to an inherited column; a constraint of the table since PostgreSQL 18.
    added_not_null: Option<String>,
    /// `ALTER COLUMN` actions.
    pub(super) actions: Vec<String>,
    /// A default that needs a statement of its own.
    pub(super) default: Option<(ObjectId, String)>,
}

impl Column {
    /// Its line inside `CREATE TABLE`, if it has one.
    pub(super) fn line(&self) -> Option<String> {
        match &self.added_not_null {
            _ if self.own => Some(format!("{}{}", self.head, self.clauses)),
            added => added.clone(),
        }
    }

    /// Its line in a table that has nothing but the same columns in the same order.
    pub(super) fn bare(&self) -> String {
        format!("{}{}", self.head, self.generation)
    }

    /// What else `INHERITS` compares between parents.
    pub(super) fn storage_of_parents(&self) -> Option<String> {
        let action = self.parents_storage.as_ref()?;
        Some(format!("ALTER COLUMN {} {action}", quote::identifier(&self.name)))
    }

    /// Its line inside `CREATE TABLE … OF`: the type says the rest.
    pub(super) fn line_of_type(&self) -> Option<String> {
        let clauses = &self.clauses;
        (!clauses.is_empty()).then(|| format!("{} WITH OPTIONS{clauses}", quote::identifier(&self.name)))
    }
}

/// The columns of every table, in order.
pub(super) async fn read(reader: &Reader<'_>) -> Result<HashMap<u32, Vec<Column>>> {
    let mut columns: HashMap<u32, Vec<Column>> = HashMap::new();
    for row in scope::rows(reader, "columns", &query(reader.version)).await? {
        columns.entry(row.get("table")).or_default().push(column(&row));
    }
    Ok(columns)
}

fn column(row: &Row) -> Column {
    let name: String = row.get("name");
    let default: Option<String> = row.get("default");
    let apart = row.get::<_, bool>("apart");
    Column {
        own: row.get("own"),
        generated: !row.get::<_, &str>("generated").is_empty(),
        generation: generation(row.get("generated"), row.get("expression")),
        parents_storage: row.get("parents_storage"),
        head: format!("{} {}{}", quote::identifier(&name), row.get::<_, &str>("type"), collation(row)),
        clauses: clauses(row),
        added_not_null: row
            .get::<_, bool>("named_not_null")
            .then(|| format!("{} {}{}", not_null(row).trim_start(), quote::identifier(&name), no_inherit(row))),
        actions: row.get("actions"),
        default: match (default, row.get::<_, Option<u32>>("default_oid")) {
            (Some(expression), Some(object)) if apart => {
                Some((ObjectId { class: row.get("default_class"), object }, expression))
            }
            _ => None,
        },
        name,
    }
}

fn clauses(row: &Row) -> String {
    let (generated, default): (&str, Option<&str>) = (row.get("generated"), row.get("default"));
    let mut clauses = generation(generated, default);
    if let Some(expression) = default.filter(|_| generated.is_empty() && !row.get::<_, bool>("apart")) {
        let _ = write!(clauses, " DEFAULT {expression}");
    }
    if row.get("not_null") {
        clauses.push_str(&not_null(row));
        clauses.push_str(no_inherit(row));
    }
    clauses
}

fn generation(generated: &str, expression: Option<&str>) -> String {
    let storage = match generated {
        "s" => "STORED",
        "v" => "VIRTUAL",
        _ => return String::new(),
    };
    expression.map_or_else(String::new, |expression| format!(" GENERATED ALWAYS AS ({expression}) {storage}"))
}

/// The name only where the server may choose another one.
fn not_null(row: &Row) -> String {
    match row.get::<_, Option<&str>>("not_null_name") {
        Some(name) => format!(" CONSTRAINT {} NOT NULL", quote::identifier(name)),
        None => " NOT NULL".to_owned(),
    }
}

fn no_inherit(row: &Row) -> &'static str {
    if row.get("not_null_no_inherit") { " NO INHERIT" } else { "" }
}

/// A column of a child says only what its parents' columns do not: those of a partition are all its own, because
/// partitions are created alone and attached.
fn query(version: u32) -> String {
    format!(
        "SELECT c.oid AS table, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, \
                ln.nspname AS collation_schema, l.collname AS collation, \
                own.own, a.attgenerated::text AS generated, pg_get_expr(d.adbin, d.adrelid) AS expression, \
                CASE WHEN up.storage <> t.typstorage::text THEN 'SET STORAGE ' || {parents_storage} END AS parents_storage, \
                'pg_attrdef'::regclass::oid AS default_class, d.oid AS default_oid, default_apart.apart, \
                CASE WHEN a.attgenerated <> '' AND (NOT own.own OR pg_get_expr(d.adbin, d.adrelid) = ANY (up.generated)) \
                     THEN NULL ELSE pg_get_expr(d.adbin, d.adrelid) END AS default, \
                a.attnotnull AND nn.own AND nn.valid AND own.own AS not_null, \
                a.attnotnull AND nn.own AND nn.valid AND NOT own.own AND nn.is_constraint AS named_not_null, \
                nn.name AS not_null_name, nn.no_inherit AS not_null_no_inherit, \
                {actions} AS actions \
           FROM pg_attribute a \
           JOIN pg_class c ON c.oid = a.attrelid \
           JOIN pg_namespace n ON n.oid = c.relnamespace \
           JOIN pg_type t ON t.oid = a.atttypid \
           LEFT JOIN pg_collation l ON l.oid = a.attcollation AND a.attcollation <> t.typcollation \
           LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace \
           LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef \
           {PARENTS} \
           CROSS JOIN LATERAL (SELECT c.relispartition OR a.attislocal AS own) own \
           {not_nulls} \
           CROSS JOIN LATERAL (SELECT d.oid IS NOT NULL AND a.attgenerated = '' AND {apart} AS apart) default_apart \
          WHERE c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped AND {schema} \
          ORDER BY c.oid, a.attnum",
        parents_storage = storage("up.storage"),
        actions = actions(),
        not_nulls = not_nulls(version),
        apart = apart::condition("'pg_attrdef'", "d.oid"),
        schema = scope::user_schema("n.nspname"),
    )
}

/// SQL that joins to the column `a` what the parents' columns of its name give, as `up`. Few tables have parents, so that
/// they are gathered once and not looked up for each column.
const PARENTS: &str = "LEFT JOIN ( \
    SELECT i.inhrelid, p.attname, bool_or(p.attnotnull) AS not_null, bool_or(pd.oid IS NOT NULL) AS has_default, \
           max(p.attstorage::text) AS storage, max(p.attcompression::text) AS compression, \
           array_agg(pg_get_expr(pd.adbin, pd.adrelid)) FILTER (WHERE p.attgenerated <> '') AS generated \
      FROM pg_inherits i \
      JOIN pg_class child ON child.oid = i.inhrelid AND child.relkind IN ('r', 'f') AND NOT child.relispartition \
      JOIN pg_attribute p ON p.attrelid = i.inhparent AND p.attnum > 0 AND NOT p.attisdropped \
      LEFT JOIN pg_attrdef pd ON pd.adrelid = p.attrelid AND pd.adnum = p.attnum \
     GROUP BY i.inhrelid, p.attname) up ON up.inhrelid = c.oid AND up.attname = a.attname";

/// `NOT NULL` has a name, and may be `NO INHERIT` or `NOT VALID`, since PostgreSQL 18. A child whose parent's was never
/// validated states its own, which was. The server avoids a name that another constraint of the schema has already, so
/// that a name that two have is always said.
fn not_nulls(version: u32) -> &'static str {
    if version >= 180_000 {
        "LEFT JOIN pg_constraint nnc ON nnc.conrelid = c.oid AND nnc.contype = 'n' AND nnc.conkey[1] = a.attnum \
         LEFT JOIN (SELECT connamespace, conname FROM pg_constraint GROUP BY 1, 2 HAVING count(*) > 1) shared \
           ON shared.connamespace = nnc.connamespace AND shared.conname = nnc.conname \
         CROSS JOIN LATERAL (SELECT \
             CASE WHEN nnc.conname <> c.relname || '_' || a.attname || '_not_null' OR shared.conname IS NOT NULL \
                  THEN nnc.conname END AS name, \
             coalesce(nnc.conislocal, false) OR c.relispartition OR above.not_validated AS own, \
             coalesce(nnc.convalidated, true) AS valid, \
             coalesce(nnc.connoinherit, false) AS no_inherit, true AS is_constraint \
           FROM (SELECT up.inhrelid IS NOT NULL AND EXISTS (SELECT FROM pg_inherits i \
                    JOIN pg_attribute p ON p.attrelid = i.inhparent AND p.attname = a.attname \
                    JOIN pg_constraint o ON o.conrelid = p.attrelid AND o.contype = 'n' AND o.conkey = ARRAY[p.attnum] \
                   WHERE i.inhrelid = c.oid AND NOT o.convalidated) AS not_validated) above) nn"
    } else {
        "CROSS JOIN LATERAL (SELECT NULL::name AS name, up.not_null IS NOT TRUE AS own, true AS valid, \
             false AS no_inherit, false AS is_constraint) nn"
    }
}

/// SQL: a storage strategy in words, from its letter.
fn storage(letter: &str) -> String {
    format!(
        "CASE {letter}::text WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END"
    )
}

/// A child's column begins with the storage and the compression of its parents' columns.
fn actions() -> String {
    format!(
        "array_remove(ARRAY[ \
    CASE WHEN a.attnotnull AND nn.own AND NOT own.own AND NOT nn.is_constraint THEN 'SET NOT NULL' END, \
    CASE WHEN own.own OR a.attgenerated <> '' OR default_apart.apart THEN NULL \
         WHEN d.oid IS NOT NULL THEN 'SET DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) \
         WHEN up.has_default THEN 'DROP DEFAULT' END, \
    CASE WHEN a.attstattarget >= 0 THEN 'SET STATISTICS ' || a.attstattarget::text END, \
    CASE WHEN a.attstorage::text <> coalesce(up.storage, t.typstorage::text) THEN 'SET STORAGE ' || {storage} END, \
    CASE WHEN a.attcompression::text <> coalesce(up.compression, '') THEN 'SET COMPRESSION ' || \
        CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' ELSE 'default' END END, \
    {options} \
] || ('OPTIONS (' || {foreign_options} || ')'), NULL)",
        options = options::action_of_column("a"),
        foreign_options = foreign::options_of("a.attfdwoptions"),
        storage = storage("a.attstorage"),
    )
}
