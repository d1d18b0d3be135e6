//! How SQL names an object of any kind: the server takes its address apart, this puts it together with quotes.

use tokio_postgres::Row;

use crate::manifest::Section;
use crate::postgres::quote;

/// An object as `pg_identify_object_as_address` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    kind: String,
    names: Vec<String>,
    arguments: Vec<String>,
}

/// SQL: the columns that [`Address::read`] wants, of the object in these columns; goes behind the tables of `FROM`.
pub(super) fn of(class: &str, object: &str, part: &str) -> String {
    format!(
        "CROSS JOIN LATERAL pg_identify_object_as_address({class}, {object}, {part}) \
         address(address_kind, address_names, address_arguments)"
    )
}

/// SQL: the columns of [`of`].
pub(super) const COLUMNS: &str = "address_kind, address_names, address_arguments";

impl Address {
    pub(super) fn read(row: &Row) -> Self {
        Self { kind: row.get("address_kind"), names: row.get("address_names"), arguments: row.get("address_arguments") }
    }

    /// The field's word for it.
    pub(super) fn kind(&self) -> &str {
        match self.kind.as_str() {
            "statistics object" => "statistics",
            "foreign-data wrapper" => "foreign data wrapper",
            "default acl" => "default privileges",
            kind => kind,
        }
    }

    /// What stands between `ALTER`, `DROP` or `COMMENT ON` and the name.
    pub(super) fn keyword(&self) -> String {
        match self.kind() {
            "table constraint" | "domain constraint" => "CONSTRAINT".to_owned(),
            kind if kind.ends_with(" column") => "COLUMN".to_owned(),
            kind => kind.to_uppercase(),
        }
    }

    /// The name as `ALTER`, `DROP` and `COMMENT ON` want it. Types come from the server in quotes already.
    pub(super) fn target(&self) -> String {
        let arguments = self.arguments.join(", ");
        match (self.kind.as_str(), self.names.as_slice()) {
            ("table constraint" | "trigger" | "policy" | "rule", [schema, table, name]) => {
                format!("{} ON {}", quote::identifier(name), quote::qualified(schema, table))
            }
            ("domain constraint", [domain]) => format!("{} ON DOMAIN {domain}", quote::identifier(&arguments)),
            ("operator class" | "operator family", [method, schema, name]) => {
                format!("{} USING {}", quote::qualified(schema, name), quote::identifier(method))
            }
            ("operator", [schema, name]) => format!("{}.{name} ({})", quote::identifier(schema), self.operands()),
            ("aggregate", [schema, name]) if arguments.is_empty() => format!("{}(*)", quote::qualified(schema, name)),
            ("function" | "procedure" | "aggregate", [schema, name]) => {
                format!("{}({arguments})", quote::qualified(schema, name))
            }
            ("type" | "large object", [name]) => name.clone(),
            ("user mapping", [role]) => {
                let role = if role == "public" { "PUBLIC".to_owned() } else { quote::identifier(role) };
                format!("FOR {role} SERVER {}", quote::identifier(&arguments))
            }
            ("cast", [from]) => format!("({from} AS {arguments})"),
            (_, names) => names.iter().map(|name| quote::identifier(name)).collect::<Vec<_>>().join("."),
        }
    }

    /// The schema, where the kind has one and the server tells it apart.
    pub(super) fn schema(&self) -> Option<&str> {
        match self.names.as_slice() {
            [_, schema, _] if self.kind.starts_with("operator") => Some(schema),
            [schema, _, ..] => Some(schema),
            _ => None,
        }
    }

    /// When comments and security labels are put on it: a large object comes with the rows, an event trigger last.
    pub(super) fn section_of_remarks(&self) -> Section {
        match self.kind() {
            "large object" => Section::LargeObjects,
            "event trigger" => Section::EventTriggers,
            _ => Section::PostData,
        }
    }

    /// The full name, for people.
    pub(super) fn label(&self) -> String {
        let name = self.names.join(".");
        match self.kind.as_str() {
            "function" | "procedure" | "aggregate" | "operator" => format!("{name}({})", self.arguments.join(", ")),
            "cast" => self.target(),
            "user mapping" => format!("{name} on {}", self.arguments.join(", ")),
            "transform" => format!("{name} for {}", self.arguments.join(", ")),
            "default acl" => self.default_privileges(),
            "domain constraint" => format!("{name}.{}", self.arguments.join(", ")),
            _ => name,
        }
    }

    /// A prefix operator has one operand only, and SQL wants the missing one said.
    fn operands(&self) -> String {
        match self.arguments.as_slice() {
            [right] => format!("NONE, {right}"),
            both => both.join(", "),
        }
    }

    /// `tables of owner in schema`; the server has a letter for what the privileges are on.
    fn default_privileges(&self) -> String {
        let on = match self.arguments.concat().as_str() {
            "r" => "tables",
            "S" => "sequences",
            "f" => "functions",
            "T" => "types",
            "n" => "schemas",
            _ => "large objects",
        };
        format!("{on} of {}", self.names.join(" in "))
    }
}
