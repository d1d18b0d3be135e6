//! Which members an extension has, and which of them `ALTER EXTENSION … ADD` has made so: `CREATE EXTENSION` does not make
//! these, and a backup that leaves them to it lacks them.
//!
//! No catalog tells who made a member one. What does is which transactions wrote the rows: that of `CREATE EXTENSION` wrote
//! the row of the extension, of its schema and of all its members, that of an update of the extension its row and those of
//! new members. After `pg_upgrade` each has its own, and then nothing can be told.

use super::address::{self, Address};
use super::{Reader, Refused, scope};
use crate::error::Result;

/// SQL: all members of extensions, with the transactions that wrote the member (`joined`), and the extension for the last
/// (`written`) and the first time (`born`).
pub(super) const MEMBERS: &str = "
    SELECT d.classid AS class, d.objid AS object, e.oid AS extension, e.extname, e.extversion, d.xmin AS joined,
           d.cmin::text AS command, e.xmin AS written, first.born,
           d.xmin <> e.xmin AND d.xmin <> first.born AND EXISTS (
               SELECT FROM pg_depend s WHERE s.refclassid = 'pg_extension'::regclass AND s.refobjid = e.oid
                  AND s.deptype = 'e' AND s.xmin = first.born) AS by_hand
      FROM pg_depend d
      JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND d.deptype = 'e'
     CROSS JOIN LATERAL (SELECT coalesce((
               SELECT s.xmin FROM pg_depend s WHERE s.classid = 'pg_extension'::regclass AND s.objid = e.oid
                  AND s.refclassid = 'pg_namespace'::regclass), e.xmin) AS born) first
     WHERE e.oid >= 16384";

/// SQL: the transaction `one` began after `other`. The numbers go round.
pub(super) fn newer(one: &str, other: &str) -> String {
    format!("(({one}::text::bigint - {other}::text::bigint + 4294967296) % 4294967296 BETWEEN 1 AND 2147483647)")
}

/// What is known of members that came by hand.
#[derive(Debug, Default)]
pub(super) struct ByHand {
    /// They have rows, and stood there before they became members.
    pub(super) refused: Vec<Refused>,
    /// The others, in whole sentences.
    pub(super) notices: Vec<String>,
}

/// Relations and types; functions are in the backup (`alterations.rs`).
pub(super) async fn by_hand(reader: &Reader<'_>) -> Result<ByHand> {
    let mut found = ByHand::default();
    for row in scope::rows(reader, "members of extensions", &gone_query()).await? {
        let (address, extension) = (Address::read(&row), row.get::<_, &str>("extension"));
        let remedy =
            format!("ALTER EXTENSION {} ADD {} {}", row.get::<_, &str>("quoted"), address.keyword(), address.target());
        found.refused.push(Refused {
            kind: address.kind().to_owned(),
            name: format!(
                "{} (ALTER EXTENSION has taken it from {extension}, which needs it: CREATE EXTENSION would not do beside it; \
                 {remedy} gives it back)",
                address.label()
            ),
        });
    }
    for row in scope::rows(reader, "members of extensions", &query()).await? {
        let address = Address::read(&row);
        let (kind, label, extension) = (address.kind(), address.label(), row.get::<_, &str>("extension"));
        let remedy =
            format!("ALTER EXTENSION {} DROP {} {}", row.get::<_, &str>("quoted"), address.keyword(), address.target());
        if row.get("sure") {
            found.refused.push(Refused {
                kind: kind.to_owned(),
                name: format!(
                    "{label} (ALTER EXTENSION has made it a part of {extension}, which CREATE EXTENSION would lack; \
                     {remedy} makes it the database's own)"
                ),
            });
        } else {
            found.notices.push(format!(
                "the {kind} {label} seems to have been made a part of the extension {extension} by hand, and is not in the \
                 backup; if CREATE EXTENSION does not make it, {remedy} makes it the database's own"
            ));
        }
    }
    Ok(found)
}

/// Functions that a script of an extension has made, that members of it need, and that are none any more: they would have to
/// be there before the extension, which makes them.
fn gone_query() -> String {
    format!(
        "SELECT DISTINCT {columns}, m.extname::text AS extension, quote_ident(m.extname) AS quoted \
           FROM ({MEMBERS}) m \
           JOIN pg_extension e ON e.oid = m.extension \
           JOIN pg_depend d ON d.classid = m.class AND d.objid = m.object AND d.deptype = 'n' \
           JOIN pg_proc p ON d.refclassid = 'pg_proc'::regclass AND p.oid = d.refobjid AND p.xmin = m.born {address} \
          WHERE m.written = m.born AND NOT m.by_hand AND p.cmin::text::bigint > e.cmin::text::bigint AND {unowned} \
          ORDER BY {columns}",
        columns = address::COLUMNS,
        address = address::of("d.refclassid", "d.refobjid", "0"),
        unowned = scope::unowned("'pg_proc'", "p.oid"),
    )
}

/// The columns of the system are never altered: their rows tell when a table was made.
fn query() -> String {
    format!(
        "SELECT {columns}, m.extname::text AS extension, quote_ident(m.extname) AS quoted, \
                coalesce(c.relkind IN ('r', 'p', 'm', 'S'), false) AND m.written = m.born AND {older} AS sure \
           FROM ({MEMBERS}) m \
           JOIN pg_extension e ON e.oid = m.extension \
           LEFT JOIN pg_class c ON m.class = 'pg_class'::regclass AND c.oid = m.object \
           LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = -1 \
           LEFT JOIN pg_type t ON m.class = 'pg_type'::regclass AND t.oid = m.object \
          CROSS JOIN LATERAL (SELECT coalesce(a.xmin, c.xmin, t.xmin) AS made) first {address} \
          WHERE m.by_hand AND first.made IS NOT NULL AND ({older} OR m.written = m.born AND c.oid IS NOT NULL) \
            AND NOT coalesce(m.object = ANY (e.extconfig), false) \
          ORDER BY {columns}",
        columns = address::COLUMNS,
        older = newer("m.joined", "first.made"),
        address = address::of("m.class", "m.object", "0"),
    )
}
