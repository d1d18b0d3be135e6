//! Enumerations, their values in their order.

use super::{NAMES, create_type, of_users};
use crate::error::Result;
use crate::postgres::ddl::{Entry, Reader, scope};
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let query = format!(
        "SELECT {NAMES}, ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = t.oid \
                               ORDER BY enumsortorder) AS labels \
           FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace \
          WHERE t.typtype = 'e' AND {} ORDER BY n.nspname, t.typname",
        of_users(),
    );
    let rows = scope::rows(reader, "enumerations", &query).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let labels: Vec<String> = row.get("labels");
            let labels: Vec<String> = labels.iter().map(|label| format!("\n    {}", quote::literal(label))).collect();
            create_type(row, &format!("ENUM ({}\n)", labels.join(",")))
        })
        .collect())
}
