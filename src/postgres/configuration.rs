//! A stored setting as the words behind `SET`.

use super::quote::{identifier, literal};

/// Settings whose value is a list of names, which the server would quote once more if it got it as one text.
/// <https://www.postgresql.org/docs/current/view-pg-settings.html> does not tell them; `pg_dump` has the same list.
const LISTS_OF_NAMES: [&str; 6] = [
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
];

/// `"work_mem" TO '64MB'`; a setting of an extension has two names.
pub(super) fn assignment(name: &str, value: &str) -> String {
    let target: Vec<String> = name.split('.').map(identifier).collect();
    let value = if LISTS_OF_NAMES.contains(&name.to_ascii_lowercase().as_str()) {
        let names: Vec<String> = names(value).iter().map(|name| literal(name)).collect();
        if names.is_empty() { "''".to_owned() } else { names.join(", ") }
    } else {
        literal(value)
    };
    format!("{} TO {value}", target.join("."))
}

/// The names in a stored list, without their quotes.
fn names(list: &str) -> Vec<String> {
    let (mut names, mut name, mut quoted, mut seen) = (Vec::new(), String::new(), false, false);
    let mut characters = list.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                name.push('"');
            }
            '"' => {
                quoted = !quoted;
                seen = true;
            }
            ',' if !quoted => {
                names.push(std::mem::take(&mut name));
                seen = false;
            }
            ' ' if !quoted => {}
            other => {
                name.push(other);
                seen = true;
            }
        }
    }
    if seen {
        names.push(name);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::{assignment, names};

    #[test]
    fn lists_are_taken_apart() {
        let path = r#""$user", public, "a,b", "say ""x""", """#;
        assert_eq!(assignment("search_path", path), r#""search_path" TO '$user', 'public', 'a,b', 'say "x"', ''"#);
        assert_eq!(assignment("search_path", ""), "\"search_path\" TO ''");
        assert_eq!(assignment("work_mem", "64MB"), "\"work_mem\" TO '64MB'");
        assert_eq!(assignment("app.list", "a, b's"), "\"app\".\"list\" TO 'a, b''s'");
    }

    #[test]
    fn names_lose_their_quotes_alone() {
        assert_eq!(names("\"$user\", public"), ["$user", "public"]);
        assert_eq!(names("\"\""), [""]);
        assert_eq!(names("\"a \"\"b\"\", c\",d"), ["a \"b\", c", "d"]);
        assert_eq!(names("\"\"\"\""), ["\""]);
    }
}
