//! Names and texts as SQL; the only place that puts quotes around anything.

/// An identifier, always quoted: what `quote_ident` leaves bare today may be a keyword tomorrow.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `schema.name`, both quoted.
pub fn qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", identifier(schema), identifier(name))
}

/// A string literal that means the same whatever `standard_conforming_strings` says.
pub fn literal(text: &str) -> String {
    let escaped = text.replace('\'', "''");
    if escaped.contains('\\') { format!("E'{}'", escaped.replace('\\', "\\\\")) } else { format!("'{escaped}'") }
}

/// Many identifiers with commas between them.
pub fn identifiers<T: AsRef<str>>(names: &[T]) -> String {
    names.iter().map(|name| identifier(name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// A `DO` statement with this PL/pgSQL code, between dollar quotes that do not occur in it.
pub fn anonymous_block(code: &str) -> String {
    let mut tag = "$holdfast$".to_owned();
    while code.contains(&tag) {
        tag.insert(1, '_');
    }
    format!("DO {tag}\n{code}\n{tag};\n")
}
