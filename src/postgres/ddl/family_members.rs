//! Operators and functions that belong to an operator family but to none of its classes, also those that users added to
//! a family of the system or of an extension. (`pg_dump` loses the latter: it creates no such family.)

use super::address::{self, Address};
use super::operator_classes::{FUNCTION, OPERATOR, inside};
use super::{Entry, Reader, scope};
use crate::error::Result;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::rows(reader, "members of operator families", &query()).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let family = format!("{} USING {}", row.get::<_, &str>("family"), row.get::<_, &str>("method"));
            let sql = format!("ALTER OPERATOR FAMILY {family} ADD\n    {};\n", row.get::<_, &str>("member"));
            address::entry("operator family member", row, &Address::read(row), sql)
        })
        .collect())
}

fn query() -> String {
    format!(
        "SELECT class, member.oid, {columns}, member.member, \
                format('%I.%I', n.nspname, f.opfname) AS family, quote_ident(m.amname) AS method \
           FROM ({}) member(class, oid, family, member) \
           JOIN pg_opfamily f ON f.oid = member.family \
           JOIN pg_namespace n ON n.oid = f.opfnamespace \
           JOIN pg_am m ON m.oid = f.opfmethod \
           {address} \
          ORDER BY {columns}",
        of_users(),
        columns = address::COLUMNS,
        address = address::of("class", "member.oid", "0"),
    )
}

/// SQL: class, oid, family and text of all members that users added.
pub(super) fn of_users() -> String {
    format!(
        "SELECT 'pg_amop'::regclass::oid, o.oid, o.amopfamily, {OPERATOR} FROM pg_amop o WHERE {} \
          UNION ALL \
         SELECT 'pg_amproc'::regclass, p.oid, p.amprocfamily, {FUNCTION} FROM pg_amproc p WHERE {}",
        added_by_users("'pg_amop'", "o.oid", "o.amopfamily", ("'pg_operator'", "o.amopopr")),
        added_by_users("'pg_amproc'", "p.oid", "p.amprocfamily", ("'pg_proc'", "p.amproc")),
    )
}

/// An extension's script adds members too, and nothing in the catalogs says which. It adds its own to families of the
/// system, and its own or the system's to its families; whatever else there is, users have added.
fn added_by_users(class: &str, oid: &str, family: &str, (object_class, object): (&str, &str)) -> String {
    format!(
        "{oid} >= 16384 AND NOT {} AND ({family} >= 16384 AND {} \
         OR {} AND ({family} < 16384 OR {object}::oid >= 16384))",
        inside(class, oid, "IS NOT NULL"),
        scope::unowned("'pg_opfamily'", family),
        scope::unowned(object_class, object),
    )
}
