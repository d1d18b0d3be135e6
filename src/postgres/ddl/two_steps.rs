//! Objects that can be created in two steps, because what they need needs them: a type as a shell, a domain without its
//! default, a view with its columns alone, a function without its SQL-standard body.

use super::circles::needed_by;
use super::dependencies::Need;
use super::order::Graph;
use super::types::bases;
use super::{Entry, Reader, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::quote;

struct Steps {
    first: String,
    second: String,
}

/// Whether the first step gives all that a column or an argument of its type needs, rows included. A function without
/// its body gives nothing, and a shell cannot be stored.
pub(super) fn type_comes_first(entry: &Entry) -> bool {
    matches!(entry.kind, "view" | "domain")
}

/// Creates an entry in two steps, the first of them for these entries. False where there is no first step.
pub(super) async fn divide(reader: &Reader<'_>, graph: &mut Graph, index: usize, others: &[usize]) -> Result<bool> {
    let Some(steps) = steps(reader, &graph.entries[index]).await? else { return Ok(false) };
    let first = graph.entries.len();
    let section = others.iter().map(|other| graph.entries[*other].section).min().unwrap_or(Section::PreData);
    let needs = graph.edges[index].iter().filter(|(needed, need)| {
        let in_time = graph.entries[**needed].section <= section || **need == Need::Type;
        in_time && !needed_by(&graph.edges, **needed)[index]
    });
    let needs = needs.map(|(needed, need)| (*needed, *need)).collect();
    graph.edges.push(needs);
    graph.entries.push(Entry { sql: steps.first, section, ..graph.entries[index].clone() });
    graph.entries[index].sql = steps.second;
    for &other in others {
        if let Some(need) = graph.edges[other].remove(&index) {
            graph.edges[other].insert(first, need);
        }
    }
    graph.edges[index].insert(first, Need::Whole);
    Ok(true)
}

async fn steps(reader: &Reader<'_>, entry: &Entry) -> Result<Option<Steps>> {
    let query = match entry.kind {
        "type" => "SELECT '' AS part FROM pg_type WHERE typtype IN ('b', 'r') AND oid = ",
        "domain" => {
            "SELECT pg_get_expr(typdefaultbin, 0) AS part FROM pg_type WHERE typdefaultbin IS NOT NULL AND oid = "
        }
        "view" => COLUMNS,
        "function" | "procedure" => {
            "SELECT pg_get_function_sqlbody(oid) AS part FROM pg_proc WHERE prosqlbody IS NOT NULL AND oid = "
        }
        _ => return Ok(None),
    };
    let Some(id) = entry.id else { return Ok(None) };
    let rows = scope::rows(reader, "objects that need each other", &format!("{query}{}", id.object)).await?;
    let Some(part) = rows.first().map(|row| row.get::<_, Option<&str>>("part").unwrap_or_default()) else {
        return Ok(None);
    };
    let name = (entry.schema.as_deref().unwrap_or_default(), entry.name.as_str());
    Ok(match entry.kind {
        "type" => Some(Steps { first: format!("{};\n", bases::shell(name.0, name.1)), second: entry.sql.clone() }),
        "domain" => without(entry, &format!(" DEFAULT {part}"), "").map(|first| Steps {
            first,
            second: format!("ALTER DOMAIN {} SET DEFAULT {part};\n", quote::qualified(name.0, name.1)),
        }),
        "view" => Some(Steps {
            first: format!("CREATE VIEW {} AS\nSELECT {part};\n", quote::qualified(name.0, name.1)),
            second: entry.sql.replacen("CREATE VIEW", "CREATE OR REPLACE VIEW", 1),
        }),
        _ => without(entry, part.trim_end(), "AS ''").map(|first| Steps { first, second: entry.sql.clone() }),
    })
}

/// The statement with another end.
fn without(entry: &Entry, end: &str, instead: &str) -> Option<String> {
    let beginning = entry.sql.strip_suffix(";\n")?.strip_suffix(end)?;
    Some(format!("{beginning}{instead};\n"))
}

const COLUMNS: &str = "
SELECT string_agg(format('NULL::%s%s AS %I', format_type(a.atttypid, a.atttypmod),
                         ' COLLATE ' || (SELECT format('%I.%I', ln.nspname, l.collname) FROM pg_collation l
                             JOIN pg_namespace ln ON ln.oid = l.collnamespace
                            WHERE l.oid = a.attcollation AND l.oid <> t.typcollation), a.attname),
                  ', ' ORDER BY a.attnum) AS part
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
 WHERE a.attnum > 0 AND a.attrelid = ";
