//! How SQL names an object of any kind: the server takes its address apart, this puts it together with quotes.

use tokio_postgres::Row;

use super::{Entry, ObjectId};
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

/// What creates the object of this row before any rows are loaded. The row has `class`, `oid` and the columns of [`of`].
pub(super) fn entry(kind: &'static str, row: &Row, address: &Address, sql: String) -> Entry {
    Entry {
        id: Some(ObjectId::of(row)),
        section: Section::PreData,
        kind,
        schema: address.schema().map(str::to_owned),
        name: address.name(),
        table: None,
        sql,
    }
}

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
            "operator of access method" | "function of access method" => "operator family member",
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
            ("procedure", _) => self.procedure(),
            ("function" | "aggregate", _) => self.function(),
            ("type" | "large object", [name]) => name.clone(),
            ("user mapping", [role]) => {
                let role = if role == "public" { "PUBLIC".to_owned() } else { quote::identifier(role) };
                format!("FOR {role} SERVER {}", quote::identifier(&arguments))
            }
            ("cast", [from]) => format!("({from} AS {arguments})"),
            ("transform", [data_type]) => format!("FOR {data_type} LANGUAGE {}", quote::identifier(&arguments)),
            _ => self.quoted(),
        }
    }

    /// A function, or an aggregate as `GRANT` takes it for one.
    pub(super) fn function(&self) -> String {
        format!("{}({})", self.quoted(), self.arguments.join(", "))
    }

    /// A procedure by its input parameters, which no other one of its name shares. Without a mode the server would also
    /// look for one that has these types with its `OUT` parameters among them, and might find two.
    fn procedure(&self) -> String {
        let inputs: Vec<String> = self.arguments.iter().map(|argument| format!("IN {argument}")).collect();
        format!("{}({})", self.quoted(), inputs.join(", "))
    }

    /// All names, as a path.
    fn quoted(&self) -> String {
        self.names.iter().map(|name| quote::identifier(name)).collect::<Vec<_>>().join(".")
    }

    /// Of a member of an operator family: the family, and the member as `ALTER OPERATOR FAMILY … DROP` wants it.
    pub(super) fn family_member(&self) -> Option<(String, String)> {
        let (word, _) = self.kind.split_once(" of access method")?;
        let [method, schema, family, number] = self.names.as_slice() else { return None };
        Some((
            format!("{} USING {}", quote::qualified(schema, family), quote::identifier(method)),
            format!("{} {number} ({})", word.to_uppercase(), self.arguments.join(", ")),
        ))
    }

    /// The schema, where the kind has one and the server tells it apart.
    pub(super) fn schema(&self) -> Option<&str> {
        match self.names.as_slice() {
            _ if self.kind == "default acl" => None,
            [_, schema, _, ..] if self.kind.starts_with("operator") || self.kind.starts_with("function of") => {
                Some(schema)
            }
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
        match self.schema() {
            Some(schema) => format!("{schema}.{}", self.name()),
            None => self.name(),
        }
    }

    /// The name within its schema, for people.
    pub(super) fn name(&self) -> String {
        let name = self.schema().map_or(self.names.as_slice(), |_| &self.names[1..]).join(".");
        let arguments = self.arguments.join(", ");
        match (self.kind.as_str(), self.names.as_slice()) {
            ("function" | "procedure" | "aggregate" | "operator", _) => format!("{name}({arguments})"),
            ("operator class" | "operator family", [method, _, name]) => format!("{name} using {method}"),
            ("operator of access method" | "function of access method", [method, _, family, number]) => {
                let word = self.kind.split(' ').next().unwrap_or_default();
                format!("{family} using {method} {word} {number}({arguments})")
            }
            ("cast", _) => self.target(),
            ("user mapping", _) => format!("{name} on {arguments}"),
            ("transform", _) => format!("for {name} language {arguments}"),
            ("default acl", _) => self.default_privileges(),
            ("domain constraint", _) => format!("{name}.{arguments}"),
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
