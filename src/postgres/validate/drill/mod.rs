//! A restore drill: into a scratch place on the server, compared row by row, and removed.
//!
//! With the right to create databases the place is a database of its own; with the right to create schemas alone, or where a
//! database of its own could not have an extension, it is one transaction beside the live objects, always rolled back. The restore itself is that of `restore`.

mod database;
mod schemas;
mod verdict;

use tokio_postgres::Client;

use crate::archive::Archive;
use crate::error::{Error, Kind, Result};
use crate::event::Progress;
use crate::manifest::{Content, Manifest};
use crate::plan::ConnectionParameters;
use crate::postgres::connect::{self, describe_error};
use crate::postgres::preflight;
use crate::postgres::quote::identifier;
use crate::postgres::restore::code_of_others::{self, Runs};
use crate::postgres::restore::load::{Loader, NOTHING, Place};
use crate::postgres::restore::requirements;
use crate::postgres::restore::selection::Tables;
use crate::postgres::runtime::{block_on, unless_stopped};
use crate::postgres::session;
use crate::postgres::swap::maintenance;
use crate::validate::threads;

/// The backup and who waits for the outcome.
#[derive(Clone, Copy)]
struct Drill<'a> {
    parameters: &'a ConnectionParameters,
    trusted_roles: &'a [String],
    archive: &'a Archive,
    progress: &'a Progress,
}

/// Restores the backup into a scratch place and says how.
pub fn rehearse(
    parameters: &ConnectionParameters,
    trusted_roles: &[String],
    archive: &Archive,
    progress: &Progress,
) -> Result<String> {
    let drill = Drill { parameters, trusted_roles, archive, progress };
    block_on(Box::pin(drill.run()))
}

/// What a verdict says of materialized views that could not be filled.
fn stayed_empty(unfilled: &[String]) -> String {
    if unfilled.is_empty() {
        return String::new();
    }
    format!("; materialized views stayed empty: {}", unfilled.join(", "))
}

impl Drill<'_> {
    async fn run(self) -> Result<String> {
        self.progress.stage("connecting", 0);
        let address = connect::resolve(self.parameters)?;
        let (home, server, rights, elsewhere) = unless_stopped(self.progress, async {
            let home = preflight::own_session(&address).await?;
            let server = session::prepare(&home.client).await?;
            let rights = Rights::of(&home.client).await?;
            let elsewhere = requirements::uncreatable_elsewhere(&home.client, &self.archive.manifest).await?.is_empty();
            Ok((home, server, rights, elsewhere))
        })
        .await?;
        // Extensions that a database of its own could not have are there in the live one.
        let elsewhere = elsewhere && !maintenance::is_fenced(&address).await;
        let apart = rights.create_database && (elsewhere || !rights.create_schema);
        let runs = if apart { Runs::Apart } else { Runs::BesideLiveObjects };
        unless_stopped(self.progress, code_of_others::refuse(&home.client, self.archive, self.trusted_roles, runs))
            .await?;
        if apart {
            Box::pin(database::rehearse(self, home, &server.version_text)).await
        } else if rights.create_schema {
            let canceller = home.canceller();
            let outcome = unless_stopped(self.progress, schemas::rehearse(self, home)).await;
            if outcome.as_ref().is_err_and(|error| error.kind() == Kind::Interrupted) {
                // A statement that still runs would keep the server busy to its end. Where the server is gone this
                // fails too, and being interrupted is what counts.
                canceller.cancel().await.ok();
            }
            outcome
        } else {
            Err(rights.missing())
        }
    }

    fn loader<'a>(&'a self, client: &'a Client, place: Place<'a>) -> Loader<'a> {
        let (archive, progress) = (self.archive, self.progress);
        Loader { client, archive, tables: &Tables::All, staying: &NOTHING, threads: threads(), progress, place }
    }
}

/// What the role may do.
struct Rights {
    role: String,
    database: String,
    create_database: bool,
    create_schema: bool,
}

impl Rights {
    async fn of(client: &Client) -> Result<Self> {
        let row = client
            .query_one(
                "SELECT rolname::text, pg_catalog.current_database()::text, rolsuper OR rolcreatedb, \
                 pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') \
                 FROM pg_catalog.pg_roles WHERE rolname = current_user",
                &[],
            )
            .await
            .map_err(|error| describe_error(error, "reading the rights of the role"))?;
        Ok(Self { role: row.get(0), database: row.get(1), create_database: row.get(2), create_schema: row.get(3) })
    }

    fn missing(&self) -> Error {
        let (role, database) = (identifier(&self.role), identifier(&self.database));
        Error::failed(format!(
            "the role {} may create neither databases nor schemas, so a restore drill has no place",
            self.role
        ))
        .hint(format!(
            "let an administrator run: ALTER ROLE {role} CREATEDB; or else: GRANT CREATE ON DATABASE {database} TO {role}"
        ))
    }
}

/// What agreed, for people.
fn agreement(manifest: &Manifest) -> String {
    let compared = manifest.tables.iter().filter(|table| table.fingerprint.is_some()).count();
    match manifest.content {
        Content::Full => format!("{} rows in {compared} tables agree", grouped(manifest.rows())),
        Content::SchemaOnly => format!("{} tables were created without rows", manifest.tables.len()),
    }
}

/// A number with a comma between each three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn numbers_have_commas() {
        assert_eq!([0, 999, 1000, 12_345, 1_234_567].map(grouped), ["0", "999", "1,000", "12,345", "1,234,567"]);
    }
}
