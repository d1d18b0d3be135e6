//! Which objects are the user's own, and how rows of the catalogs are read.
//!
//! What belongs to the system or to an extension comes back with the server or with `CREATE EXTENSION`.

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use super::Reader;
use crate::error::{Error, Result};
use crate::postgres::connect::describe_error;

/// Runs one query over the catalogs; `what` completes "error while reading … from the catalogs".
pub(super) async fn rows(reader: &Reader<'_>, what: &str, query: &str) -> Result<Vec<Row>> {
    read(reader, what, query, "address_kind").await
}

/// Like [`rows`], for queries that ask the server for a whole `definition`.
pub(super) async fn defined(reader: &Reader<'_>, what: &str, query: &str) -> Result<Vec<Row>> {
    read(reader, what, query, "definition").await
}

/// The server's functions look at the catalogs of now, not of the snapshot: of what was dropped since, and could not be
/// locked as tables can, they know nothing any more.
async fn read(reader: &Reader<'_>, what: &str, query: &str, known: &str) -> Result<Vec<Row>> {
    let rows = reader
        .client
        .query(query, &[])
        .await
        .map_err(|error| describe_error(error, format!("reading {what} from the catalogs")))?;
    if let Some(row) = rows.iter().find(|row| !is_text(row)) {
        return Err(Error::database(format!("one of the {what} holds bytes that are no UTF-8: {}", label(row))).hint(
            "the database's encoding is SQL_ASCII; write it anew in ASCII or UTF-8, or drop it, then try again",
        ));
    }
    let columns = rows.first().map_or(&[][..], Row::columns);
    let told: Vec<usize> =
        (0..columns.len()).filter(|&index| [known, "address_names"].contains(&columns[index].name())).collect();
    let vanished = |row: &Row| told.iter().any(|&index| matches!(row.try_get::<_, Option<Anything>>(index), Ok(None)));
    if rows.iter().any(vanished) {
        return Err(Error::database(format!("one of the {what} was dropped while it was read"))
            .hint("wait until the running migration has ended, then try again"));
    }
    Ok(rows)
}

/// Whether everything in a row that says to be text is text: under `SQL_ASCII` a database takes any bytes for it.
fn is_text(row: &Row) -> bool {
    row.columns().iter().enumerate().all(|(index, column)| match *column.type_() {
        Type::TEXT | Type::NAME | Type::VARCHAR => row.try_get::<_, Option<&str>>(index).is_ok(),
        Type::TEXT_ARRAY | Type::NAME_ARRAY => row.try_get::<_, Option<Vec<Option<&str>>>>(index).is_ok(),
        _ => true,
    })
}

/// What such a row is about, as far as it can be shown.
fn label(row: &Row) -> String {
    let part = |name: &str| row.try_get::<_, Option<Bytes<'_>>>(name).ok().flatten().map(|part| vec![part]);
    let address = row.try_get::<_, Option<Vec<Bytes<'_>>>>("address_names").ok().flatten();
    let parts = [address, part("schema"), part("name")].into_iter().flatten().flatten();
    parts.map(|Bytes(bytes)| String::from_utf8_lossy(bytes)).collect::<Vec<_>>().join(".")
}

/// A text of which nobody knows whether it is one.
struct Bytes<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Bytes<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(data_type: &Type) -> bool {
        matches!(*data_type, Type::TEXT | Type::NAME | Type::VARCHAR)
    }
}

/// A value of any type, looked at only for being there.
struct Anything;

impl FromSql<'_> for Anything {
    fn from_sql(_: &Type, _: &[u8]) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// SQL: the row `oid` of the catalog `class` is no member of an extension that there is. Nothing but an extension has
/// members; said to the server, it finds the few there are at once instead of looking up each row.
pub(super) fn unowned(class: &str, oid: &str) -> String {
    format!(
        "NOT EXISTS (SELECT FROM pg_depend member JOIN pg_extension extension ON extension.oid = member.refobjid \
         WHERE member.classid = {class}::regclass \
         AND member.refclassid = 'pg_extension'::regclass AND member.objid = {oid} AND member.deptype = 'e')"
    )
}

/// SQL: `schema` names a schema that users create objects in. The server reserves all names that begin with `pg_`.
pub(super) fn user_schema(schema: &str) -> String {
    format!("({schema} <> 'information_schema' AND {schema} !~ '^pg_')")
}

/// SQL: the row `oid` of the catalog `class` was made for itself, not with another object as a constructor is with its
/// range or the sequence of an identity with its column. (Columns of a partition key hang on their own table so.)
pub(super) fn independent(class: &str, oid: &str) -> String {
    format!(
        "NOT EXISTS (SELECT FROM pg_depend part WHERE part.classid = {class}::regclass \
         AND part.objid = {oid} AND part.objsubid = 0 AND part.deptype = 'i' \
         AND CASE part.refclassid WHEN 'pg_class'::regclass THEN EXISTS (SELECT FROM pg_class WHERE pg_class.oid = part.refobjid) \
                  WHEN 'pg_type'::regclass THEN EXISTS (SELECT FROM pg_type WHERE pg_type.oid = part.refobjid) ELSE true END)"
    )
}
