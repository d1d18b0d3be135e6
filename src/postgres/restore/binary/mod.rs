//! Rows as the server's own binary format, which costs it about half of what reading their text does: see
//! `docs/decisions/0027-binary-rows.md`.
//!
//! A backup holds text. A value is put into the other form only where both are known to the last bit; a table with a
//! column of any other type, or a value that is not written in the one way that the server writes it, goes as text.

mod numeric;
mod value;

use std::collections::HashMap;

use tokio_postgres::Client;

use self::value::Form;
use super::load::Place;
use super::rows::Batch;
use crate::error::Result;
use crate::manifest::Manifest;
use crate::postgres::connect::describe_error;

/// What stands before the first row: the signature, no flags, no extension (`PostgreSQL` documentation, `COPY`, "Binary
/// Format").
pub(super) const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// What stands behind the last row.
pub(super) const TRAILER: &[u8] = b"\xff\xff";

/// Tables of a manifest, by their index, whose rows may go as binary.
pub(super) type BinaryTables = HashMap<u32, BinaryRows>;

/// How the rows of one table are put into binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BinaryRows {
    columns: Vec<Form>,
    /// What each row begins with.
    count: [u8; 2],
}

impl BinaryRows {
    fn new(types: &[u32]) -> Option<Self> {
        let columns: Vec<Form> = types.iter().map(|oid| Form::of(*oid)).collect::<Option<_>>()?;
        let count = i16::try_from(columns.len()).ok().filter(|count| *count > 0)?;
        Some(Self { columns, count: count.to_be_bytes() })
    }

    /// Appends rows of text to a message until it has `enough` bytes; gives the text that is left.
    ///
    /// A message that grows no longer means a row that can only go as text.
    pub(super) fn append<'a>(&self, mut rows: &'a [u8], enough: usize, message: &mut Vec<u8>) -> &'a [u8] {
        while message.len() < enough
            && let Some(end) = memchr::memchr(b'\n', rows)
        {
            let before = message.len();
            if self.append_row(&rows[..end], message).is_none() {
                message.truncate(before);
                break;
            }
            rows = &rows[end + 1..];
        }
        rows
    }

    fn append_row(&self, row: &[u8], message: &mut Vec<u8>) -> Option<()> {
        message.extend_from_slice(&self.count);
        let mut rest = Some(row);
        for form in &self.columns {
            let values = rest?;
            let value = match memchr::memchr(b'\t', values) {
                Some(end) => {
                    rest = Some(&values[end + 1..]);
                    &values[..end]
                }
                None => rest.take()?,
            };
            form.append(value, message)?;
        }
        rest.is_none().then_some(())
    }
}

/// Looks at the columns that the rows go into.
pub(super) async fn tables(
    client: &Client,
    manifest: &Manifest,
    place: Place<'_>,
    batches: &[Batch],
) -> Result<BinaryTables> {
    let (mut numbers, mut names, mut columns) = (Vec::new(), Vec::new(), Vec::new());
    for batch in batches {
        let Some(table) = manifest.tables.get(batch.table as usize) else { continue };
        let name = place.qualified(table);
        for column in &table.columns {
            numbers.push(i64::from(batch.table));
            names.push(name.clone());
            columns.push(column.as_str());
        }
    }
    let failed = |error| describe_error(error, "reading the types of columns");
    // A column that is not there has no type: COPY will say so itself.
    let rows = client
        .query(
            "SELECT number, pg_catalog.array_agg(coalesce(atttypid, 0) ORDER BY place) \
             FROM ROWS FROM (pg_catalog.unnest($1::int8[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[])) \
                  WITH ORDINALITY named(number, name, col, place) \
             LEFT JOIN pg_catalog.pg_attribute ON attrelid = pg_catalog.to_regclass(name) AND attname = col \
                  AND attnum > 0 AND NOT attisdropped \
             GROUP BY number",
            &[&numbers, &names, &columns],
        )
        .await
        .map_err(failed)?;
    let mut tables = BinaryTables::new();
    for row in rows {
        let number: i64 = row.try_get(0).map_err(failed)?;
        let types: Vec<u32> = row.try_get(1).map_err(failed)?;
        if let (Ok(number), Some(binary)) = (u32::try_from(number), BinaryRows::new(&types)) {
            tables.insert(number, binary);
        }
    }
    Ok(tables)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use tokio_postgres::types::Type;

    use super::BinaryRows;

    fn rows(types: &[Type]) -> BinaryRows {
        BinaryRows::new(&types.iter().map(Type::oid).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn rows_are_counted_columns_with_lengths() {
        let mut message = Vec::new();
        let left = rows(&[Type::INT2, Type::TEXT]).append(b"7\ta\\tb\n\\N\t\n", 1000, &mut message);
        assert!(left.is_empty());
        let first = b"\0\x02\0\0\0\x02\0\x07\0\0\0\x03a\tb";
        let second = b"\0\x02\xff\xff\xff\xff\0\0\0\0";
        assert_eq!(message, [&first[..], second].concat());
    }

    #[test]
    fn a_row_that_can_only_go_as_text_is_left() {
        for odd in ["x\t\n", "1\n", "1\ta\tb\n", "\n", "1\t\\x41\n", "1\ta\\\n"] {
            let mut message = Vec::new();
            let text = format!("1\ta\n{odd}2\tb\n");
            let binary = rows(&[Type::INT4, Type::TEXT]);
            let left = binary.append(text.as_bytes(), 1000, &mut message);
            assert_eq!(left, &text.as_bytes()[4..], "{odd:?}");
            assert_eq!(message, b"\0\x02\0\0\0\x04\0\0\0\x01\0\0\0\x01a", "{odd:?}");
            assert_eq!(binary.append(left, 1000, &mut Vec::new()), left, "{odd:?}");
        }
    }

    #[test]
    fn a_message_ends_when_it_is_long_enough() {
        let mut message = Vec::new();
        let left = rows(&[Type::INT4]).append(b"1\n2\n3\n4\n", 15, &mut message);
        assert_eq!((left, message.len()), (&b"3\n4\n"[..], 20));
    }

    #[test]
    fn a_column_of_another_type_leaves_the_table_to_text() {
        let oids = |types: &[Type]| types.iter().map(Type::oid).collect::<Vec<_>>();
        assert_eq!(BinaryRows::new(&oids(&[Type::INT4, Type::INT4_ARRAY])), None);
        assert_eq!(BinaryRows::new(&[0]), None);
        assert_eq!(BinaryRows::new(&[]), None);
    }
}
