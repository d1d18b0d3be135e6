//! The settings under which we read and write: the same values `pg_dump` relies on, so that text means one thing.

use tokio_postgres::Client;

use super::connect::describe_error;
use crate::archive::SCRIPT;
use crate::error::{Error, Result};

/// The oldest server whose catalogs we know.
const OLDEST_SERVER: u32 = 140_000;

/// What the server told us of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    /// `server_version_num`: 160004 is 16.4.
    pub version: u32,
    /// `server_version`, for people.
    pub version_text: String,
    /// Whether the database says what the bytes of its texts mean.
    pub encoding: Encoding,
}

/// What a database says of its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Their encoding; they come and go as UTF-8.
    Known,
    /// Nothing (`SQL_ASCII`): any bytes are text, and come and go as they are.
    Unknown,
}

impl Encoding {
    /// The `client_encoding` under which every text comes as it is stored, or as UTF-8.
    pub(super) fn of_client(self) -> &'static str {
        match self {
            Self::Known => "UTF8",
            Self::Unknown => "SQL_ASCII",
        }
    }
}

/// Makes a fresh connection read and write values exactly, whatever the role's or database's own settings are.
///
/// `row_security = off` turns a table filtered by a policy into an error instead of a backup with missing rows;
/// `jit = off`, because compiling the catalog queries takes longer than running them. `money` is written and read by the
/// rules of `lc_monetary`, and without `array_nulls` a NULL in an array becomes the word NULL. The `search_path` is empty since the
/// session has begun.
pub(super) async fn prepare(client: &Client) -> Result<Server> {
    let rows = client
        .simple_query("SHOW server_version_num; SHOW server_version; SHOW server_encoding")
        .await
        .map_err(|error| describe_error(error, "asking the server for its version"))?;
    let mut texts = rows.iter().filter_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    let version = texts.next().and_then(|text| text.parse().ok()).unwrap_or(0);
    let version_text = texts.next().unwrap_or_default().to_owned();
    if version < OLDEST_SERVER {
        return Err(Error::database(format!("the server is PostgreSQL {version_text}; version 14 or later is needed"))
            .hint("upgrade the server, or back it up with the pg_dump that came with it"));
    }
    let encoding = if texts.next() == Some("SQL_ASCII") { Encoding::Unknown } else { Encoding::Known };
    let mut settings = format!("SET client_encoding = '{}';", encoding.of_client());
    settings.push_str(
        "SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; \
         SET extra_float_digits = 3; SET synchronize_seqscans = off; SET statement_timeout = 0; \
         SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET idle_session_timeout = 0; SET row_security = off; \
         SET standard_conforming_strings = on; SET check_function_bodies = off; SET xmloption = content; \
         SET quote_all_identifiers = off; SET bytea_output = 'hex'; SET client_min_messages = warning; \
         SET jit = off; SET default_transaction_read_only = off; \
         SET lc_monetary = 'C'; SET array_nulls = on; SET transform_null_equals = off; \
         SET default_tablespace = ''; SET default_table_access_method = heap;",
    );
    if version >= 170_000 {
        settings.push_str("SET transaction_timeout = 0;");
    }
    client.batch_execute(&settings).await.map_err(|error| describe_error(error, "preparing the session"))?;
    Ok(Server { version, version_text, encoding })
}

/// Lets nobody run code as us while we read: a table swapped for a view between listing and reading it would
/// (CVE-2024-7348). Minor releases from August 2024 on know the setting; on older ones no row matches. A restore must
/// not have it, since materialized views are filled from views.
pub(super) async fn distrust_views(client: &Client) -> Result<()> {
    client
        .batch_execute(
            "SELECT pg_catalog.set_config(name, 'view, foreign-table', false) FROM pg_catalog.pg_settings \
             WHERE name = 'restrict_nonsystem_relation_kind'",
        )
        .await
        .map_err(|error| describe_error(error, "preparing the session"))
}

/// Lets rows have one text wherever they are read: that of a point in time depends on the zone, and with it would the
/// table's fingerprint. For reading alone: what a restore computes (checks, materialized views) is to be computed in
/// the zone of the database, as the application does.
pub(super) const READ_IN_UTC: &str = "SET TimeZone = 'UTC'";

/// Undoes [`READ_IN_UTC`].
pub(super) const READ_IN_OWN_ZONE: &str = "RESET TimeZone";

/// Bounds how long a statement waits for a table lock; queries queue behind a waiting lock.
pub(super) async fn limit_lock_wait(client: &Client, seconds: f64) -> Result<()> {
    let milliseconds = (seconds * 1000.0).clamp(0.0, f64::from(i32::MAX));
    client
        .batch_execute(&format!("SET lock_timeout = {milliseconds:.0}"))
        .await
        .map_err(|error| describe_error(error, "setting the lock timeout"))
}

/// The lines that open a `sql` payload, for `psql`; the wire protocol's session has [`prepare`] instead.
pub(super) fn preamble(encoding: Encoding) -> String {
    let settings = SETTINGS.replace("'UTF8'", &format!("'{}'", encoding.of_client()));
    format!(
        "{SCRIPT}: restore it with restore_db, or with: zcat FILE | psql -X -1 -v ON_ERROR_STOP=1 DATABASE\n{settings}"
    )
}

const SETTINGS: &str = "\
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET lc_monetary = 'C';
SET array_nulls = on;
SET transform_null_equals = off;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;

";
