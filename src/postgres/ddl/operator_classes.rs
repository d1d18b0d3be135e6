//! Operator classes and the families that they are part of.
//!
//! A class is created with the members that depend on it; the others belong to the family alone: see `family_members`.

use tokio_postgres::Row;

use super::address::{self, Address};
use super::{Entry, Reader, scope};
use crate::error::Result;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for row in scope::rows(reader, "operator families", &families_query()).await? {
        let address = Address::read(&row);
        let sql = format!("CREATE OPERATOR FAMILY {};\n", address.target());
        entries.push(address::entry("operator family", &row, &address, sql));
    }
    for row in scope::rows(reader, "operator classes", &classes_query()).await? {
        entries.push(address::entry("operator class", &row, &Address::read(&row), create_class(&row)));
    }
    Ok(entries)
}

fn create_class(row: &Row) -> String {
    let mut members: Vec<String> = row.get("members");
    // An operator class consists of something, if only of a word about what it stores.
    if row.get("stores") || members.is_empty() {
        members.insert(0, format!("STORAGE {}", row.get::<_, &str>("stored")));
    }
    format!(
        "CREATE OPERATOR CLASS {}{} FOR TYPE {} USING {} FAMILY {} AS\n    {};\n",
        quote::qualified(row.get("schema"), row.get("name")),
        if row.get("default") { " DEFAULT" } else { "" },
        row.get::<_, &str>("type"),
        quote::identifier(row.get("method")),
        quote::qualified(row.get("family_schema"), row.get("family")),
        members.join(",\n    "),
    )
}

fn families_query() -> String {
    format!(
        "SELECT 'pg_opfamily'::regclass::oid AS class, f.oid, {columns} \
           FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace {address} \
          WHERE {} AND {} ORDER BY {columns}",
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_opfamily'", "f.oid"),
        columns = address::COLUMNS,
        address = address::of("'pg_opfamily'::regclass", "f.oid", "0"),
    )
}

fn classes_query() -> String {
    format!(
        "SELECT 'pg_opclass'::regclass::oid AS class, c.oid, {columns}, n.nspname AS schema, c.opcname AS name, \
                c.opcdefault AS default, format_type(c.opcintype, -1) AS type, m.amname AS method, \
                fn.nspname AS family_schema, f.opfname AS family, c.opckeytype <> 0 AS stores, \
                format_type(CASE c.opckeytype WHEN 0 THEN c.opcintype ELSE c.opckeytype END, -1) AS stored, \
                ARRAY(SELECT {OPERATOR} FROM pg_amop o WHERE {operator_inside} \
                       ORDER BY o.amopstrategy, o.amoplefttype, o.amoprighttype) || \
                ARRAY(SELECT {FUNCTION} FROM pg_amproc p WHERE {function_inside} \
                       ORDER BY p.amprocnum, p.amproclefttype, p.amprocrighttype) AS members \
           FROM pg_opclass c \
           JOIN pg_namespace n ON n.oid = c.opcnamespace \
           JOIN pg_am m ON m.oid = c.opcmethod \
           JOIN pg_opfamily f ON f.oid = c.opcfamily \
           JOIN pg_namespace fn ON fn.oid = f.opfnamespace \
           {address} \
          WHERE {} AND {} ORDER BY {columns}",
        scope::user_schema("n.nspname"),
        scope::unowned("'pg_opclass'", "c.oid"),
        columns = address::COLUMNS,
        operator_inside = inside("'pg_amop'", "o.oid", "= c.oid"),
        function_inside = inside("'pg_amproc'", "p.oid", "= c.oid"),
        address = address::of("'pg_opclass'::regclass", "c.oid", "0"),
    )
}

/// SQL: the row `oid` of the catalog `class` came with an operator class (with that one).
pub(super) fn inside(class: &str, oid: &str, which: &str) -> String {
    format!(
        "EXISTS (SELECT FROM pg_depend part WHERE part.classid = {class}::regclass AND part.objid = {oid} \
         AND part.refclassid = 'pg_opclass'::regclass AND part.refobjid {which})"
    )
}

/// SQL: the operator of the row `o` of `pg_amop`, as `CREATE OPERATOR CLASS` and `ALTER OPERATOR FAMILY` want it.
pub(super) const OPERATOR: &str = "format('OPERATOR %s %s', o.amopstrategy, o.amopopr::regoperator) || coalesce(( \
    SELECT format(' FOR ORDER BY %I.%I', sn.nspname, s.opfname) \
      FROM pg_opfamily s JOIN pg_namespace sn ON sn.oid = s.opfnamespace WHERE s.oid = o.amopsortfamily), '')";

/// SQL: the function of the row `p` of `pg_amproc`, likewise.
pub(super) const FUNCTION: &str = "format('FUNCTION %s (%s, %s) %s', p.amprocnum, \
    format_type(p.amproclefttype, -1), format_type(p.amprocrighttype, -1), p.amproc::regprocedure)";
