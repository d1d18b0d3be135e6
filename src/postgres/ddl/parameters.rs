//! Storage parameters: `WITH (…)` of tables and indexes.

use crate::postgres::quote;

/// `name=value` as the catalog has it, as ` WITH (name = 'value')`; a prefix up to a dot is a name of its own.
pub(super) fn clause(options: &[String]) -> String {
    if options.is_empty() {
        return String::new();
    }
    let parameters: Vec<String> = options
        .iter()
        .map(|option| {
            let (name, value) = option.split_once('=').unwrap_or((option, "true"));
            let name: Vec<String> = name.split('.').map(quote::identifier).collect();
            format!("{} = {}", name.join("."), quote::literal(value))
        })
        .collect();
    format!(" WITH ({})", parameters.join(", "))
}
