//! Event triggers and whether they fire. They are the last of a backup: each statement behind them would set them off.

use std::fmt::Write as _;

use tokio_postgres::Row;

use super::{Entry, ObjectId, Reader, guard, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let rows = scope::rows(reader, "event triggers", &query()).await?;
    Ok(rows.iter().map(entry).collect())
}

fn entry(row: &Row) -> Entry {
    let name: String = row.get("name");
    let trigger = quote::identifier(&name);
    let tags: Vec<String> = row.get::<_, Vec<&str>>("tags").into_iter().map(quote::literal).collect();
    let when = if tags.is_empty() { String::new() } else { format!("\n    WHEN TAG IN ({})", tags.join(", ")) };
    let (event, function): (&str, &str) = (row.get("event"), row.get("function"));
    let mut sql = format!("CREATE EVENT TRIGGER {trigger} ON {event}{when}\n    EXECUTE FUNCTION {function}();\n");
    if let Some(state) = row.get::<_, Option<&str>>("state") {
        let _ = writeln!(sql, "ALTER EVENT TRIGGER {trigger} {state};");
    }
    Entry {
        id: Some(ObjectId::of(row)),
        section: Section::EventTriggers,
        kind: "event trigger",
        schema: None,
        table: None,
        // Most servers let superusers alone create them: an administrator's may be there already, or has to come from one.
        sql: guard::told(&format!("the event trigger {name}"), "", &sql),
        name,
    }
}

fn query() -> String {
    format!(
        "SELECT 'pg_event_trigger'::regclass::oid AS class, e.oid, e.evtname AS name, e.evtevent AS event, \
                coalesce(e.evttags, '{{}}') AS tags, e.evtfoid::regproc::text AS function, \
                CASE e.evtenabled WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS' \
                                  WHEN 'R' THEN 'ENABLE REPLICA' END AS state \
           FROM pg_event_trigger e WHERE {} ORDER BY e.evtname",
        scope::unowned("'pg_event_trigger'", "e.oid"),
    )
}
