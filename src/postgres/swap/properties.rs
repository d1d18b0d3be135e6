//! What belongs to a database as a whole and not to anything in it: the new one gets it from the live one.
//!
//! A restore in place leaves all of this as it is, and so does a swap: what the backup holds of it, its statements
//! change in the new database as they would in the live one.

use tokio_postgres::{Client, Row};

use super::rights::{Rights, Target};
use crate::error::{Error, Result};
use crate::postgres::configuration::assignment;
use crate::postgres::connect::describe_error;
use crate::postgres::quote::{identifier, literal};
use crate::postgres::session::Server;

/// The live database as the server's shared catalogs describe it.
pub(super) struct Properties {
    pub(super) oid: u32,
    pub(super) owner: String,
    /// Where it is not the one that a new database has anyway, for which nobody needs a right.
    pub(super) tablespace: Option<String>,
    encoding: String,
    collate: String,
    ctype: String,
    /// `c`, `i` or `b` where the server knows of providers.
    provider: Option<String>,
    locale: Option<String>,
    rules: Option<String>,
    connection_limit: i32,
    is_template: bool,
    comment: Option<String>,
    settings: Vec<Setting>,
    labels: Vec<(String, String)>,
    rights: Rights,
}

/// Whose grants the new database gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grants {
    /// Those of the live one.
    Live,
    /// Those of the backup, which its own statements have made.
    Backup,
}

/// `ALTER DATABASE … SET`, or `ALTER ROLE … IN DATABASE … SET`.
pub(super) struct Setting {
    pub(super) role: Option<String>,
    pub(super) name: String,
    value: String,
}

impl Properties {
    pub(super) async fn read(client: &Client, server: &Server, live: &str) -> Result<Self> {
        let failed = |error| describe_error(error, "reading the database's properties");
        let row = client.query_opt(&query(server.version), &[&live]).await.map_err(failed)?;
        let row = row.ok_or_else(|| {
            Error::usage(format!("the server has no database {live}"))
                .hint("if a connection pooler gives it another name, let the alias in DATABASES name the server itself")
        })?;
        let oid = row.get("oid");
        let settings = client.query(SETTINGS, &[&oid]).await.map_err(failed)?;
        let labels = client.query(LABELS, &[&oid]).await.map_err(failed)?;
        Ok(Self {
            oid,
            owner: row.get("owner"),
            tablespace: row.get("tablespace"),
            encoding: row.get("encoding"),
            collate: row.get("collate"),
            ctype: row.get("ctype"),
            provider: row.get("provider"),
            locale: row.get("locale"),
            rules: row.get("rules"),
            connection_limit: row.get("connection_limit"),
            is_template: row.get("is_template"),
            comment: row.get("comment"),
            settings: settings.iter().map(setting).collect(),
            labels: labels.iter().map(|row| (row.get(0), row.get(1))).collect(),
            rights: Rights::of_database(client, oid).await?,
        })
    }

    /// The options of `CREATE DATABASE`: what cannot be changed afterwards.
    pub(super) fn options(&self) -> String {
        let tablespace = self.tablespace.as_deref().map(|name| format!("TABLESPACE {}", identifier(name)));
        let locale = self.locale.as_deref().map(literal).unwrap_or_default();
        let provider = self.provider.as_deref().and_then(|provider| match provider {
            "i" => Some(format!("LOCALE_PROVIDER icu ICU_LOCALE {locale}")),
            "b" => Some(format!("LOCALE_PROVIDER builtin BUILTIN_LOCALE {locale}")),
            "c" => Some("LOCALE_PROVIDER libc".to_owned()),
            _ => None,
        });
        let rules = self.rules.as_deref().map(|rules| format!("ICU_RULES {}", literal(rules)));
        let usual = [("ENCODING", &self.encoding), ("LC_COLLATE", &self.collate), ("LC_CTYPE", &self.ctype)];
        let usual = usual.map(|(option, value)| format!(" {option} {}", literal(value)));
        let further = [tablespace, provider, rules].into_iter().flatten().map(|option| format!(" {option}"));
        usual.into_iter().chain(further).collect()
    }

    /// Settings that a role without the right to make them would lose.
    pub(super) fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// What the backup may change again, so it comes before it; with the owner first, who would take along our rights.
    pub(super) fn adornments(&self, database: &str) -> Vec<String> {
        let name = identifier(database);
        let mut statements = vec![format!("ALTER DATABASE {name} OWNER TO {}", identifier(&self.owner))];
        statements.extend(self.settings.iter().map(|setting| setting.statement(&name)));
        if let Some(comment) = &self.comment {
            statements.push(format!("COMMENT ON DATABASE {name} IS {}", literal(comment)));
        }
        for (provider, label) in &self.labels {
            let provider = identifier(provider);
            statements.push(format!("SECURITY LABEL FOR {provider} ON DATABASE {name} IS {}", literal(label)));
        }
        statements
    }

    /// What lets others in, so it comes last; the grants only where those of the backup are not there already.
    pub(super) fn opening(&self, database: &str, grants: Grants) -> Vec<String> {
        let name = identifier(database);
        let mut statements = vec![format!("ALTER DATABASE {name} WITH CONNECTION LIMIT {}", self.connection_limit)];
        if grants == Grants::Live {
            statements.extend(self.rights.statements(Target::Database(database)));
        }
        if self.is_template {
            statements.push(format!("ALTER DATABASE {name} WITH IS_TEMPLATE true"));
        }
        statements
    }
}

impl Setting {
    fn statement(&self, database: &str) -> String {
        let assignment = assignment(&self.name, &self.value);
        match &self.role {
            Some(role) => format!("ALTER ROLE {} IN DATABASE {database} SET {assignment}", identifier(role)),
            None => format!("ALTER DATABASE {database} SET {assignment}"),
        }
    }
}

fn setting(row: &Row) -> Setting {
    let text: String = row.get(1);
    let (name, value) = text.split_once('=').unwrap_or((&text, ""));
    Setting { role: row.get(0), name: name.to_owned(), value: value.to_owned() }
}

fn query(version: u32) -> String {
    let since = |first: u32, column: &'static str| if version >= first { column } else { "NULL" };
    let locale = if version >= 170_000 { "datlocale" } else { since(150_000, "daticulocale") };
    format!(
        "SELECT d.oid, pg_catalog.pg_get_userbyid(datdba)::text AS owner, \
                (SELECT spcname::text FROM pg_catalog.pg_tablespace t, pg_catalog.pg_database usual \
                  WHERE usual.datname = 'template0' AND t.oid = d.dattablespace \
                    AND t.oid <> usual.dattablespace) AS tablespace, \
                pg_catalog.pg_encoding_to_char(encoding)::text AS encoding, \
                datcollate::text AS collate, datctype::text AS ctype, {}::text AS provider, {locale}::text AS locale, \
                {}::text AS rules, datconnlimit AS connection_limit, datistemplate AS is_template, \
                pg_catalog.shobj_description(d.oid, 'pg_database') AS comment \
           FROM pg_catalog.pg_database d \
          WHERE datname = $1",
        since(150_000, "datlocprovider"),
        since(160_000, "daticurules"),
    )
}

const SETTINGS: &str = "
    SELECT r.rolname::text, setting
      FROM pg_catalog.pg_db_role_setting s
     CROSS JOIN LATERAL pg_catalog.unnest(setconfig) WITH ORDINALITY AS item(setting, position)
      LEFT JOIN pg_catalog.pg_roles r ON r.oid = setrole
     WHERE setdatabase = $1 ORDER BY setrole, position";

const LABELS: &str = "
    SELECT provider, label FROM pg_catalog.pg_shseclabel
     WHERE classoid = 'pg_database'::pg_catalog.regclass AND objoid = $1 ORDER BY provider";
