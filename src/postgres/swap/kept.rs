//! Databases that were put aside: how they are named, found again, and dropped.
//!
//! The name alone tells whose they are and since when, so that they are found without a backup or a manifest:
//! `shop__before_20261121T020000`. The part before is the live database's name, or where that is too long its
//! beginning and a digest, which always have one byte more than a whole name can have.

use sha2::{Digest, Sha256};
use time::UtcDateTime;
use tokio_postgres::Client;

use super::subscriptions;
use crate::error::{Error, Result};
use crate::moment;
use crate::postgres::connect::describe_error;
use crate::postgres::quote::identifier;
use crate::restore::{Failure, Kept};

const MARK: &str = "__before_";

/// `NAMEDATALEN - 1` less the mark and `20261121T020000`.
const STEM: usize = 63 - MARK.len() - 15;

/// What of the digest stands in a shortened name at least, in hexadecimal digits.
const DIGEST: usize = 12;

/// What the names of all that was put aside for this database begin with.
pub(super) fn prefix(live: &str) -> String {
    if live.len() < STEM {
        return format!("{live}{MARK}");
    }
    let end = (0..STEM - DIGEST).rev().find(|&end| live.is_char_boundary(end)).unwrap_or(0);
    let digest = Sha256::digest(live).iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte));
    format!("{}_{}{MARK}", &live[..end], &format!("{digest:016x}")[..STEM - end - 1])
}

/// The name for a database that is put aside now; another than those that are taken.
pub(super) async fn new_name(client: &Client, live: &str) -> Result<String> {
    let taken: Vec<String> = all(client, live).await?.into_iter().map(|kept| kept.name).collect();
    let mut moment = UtcDateTime::now();
    loop {
        let name = format!("{}{}", prefix(live), moment::write_compact(moment)?.trim_end_matches('Z'));
        if !taken.contains(&name) {
            return Ok(name);
        }
        moment += time::Duration::SECOND;
    }
}

/// All that were put aside for this database, the newest first.
pub(super) async fn all(client: &Client, live: &str) -> Result<Vec<Kept>> {
    let prefix = prefix(live);
    let rows = client
        .query(
            "SELECT datname::text, CASE WHEN pg_catalog.has_database_privilege(oid, 'CONNECT') \
                    OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') THEN pg_catalog.pg_database_size(oid) END, oid, \
                    ARRAY(SELECT slot_name::text FROM pg_catalog.pg_replication_slots WHERE database = datname ORDER BY 1) \
             FROM pg_catalog.pg_database WHERE pg_catalog.starts_with(datname::text, $1) ORDER BY datname DESC",
            &[&prefix],
        )
        .await
        .map_err(|error| describe_error(error, "looking for databases that were put aside"))?;
    let subscriptions = subscriptions::all(client).await?;
    let mut found = Vec::new();
    for row in rows {
        let name: String = row.get(0);
        // Another database may have such a name by chance; with a moment in it, it is ours.
        let Some(since) = since(&prefix, &name) else { continue };
        let size = row.get::<_, Option<i64>>(1).map(i64::unsigned_abs);
        let of_this = subscriptions.iter().filter(|subscription| subscription.database == row.get::<_, u32>(2));
        let obstacles = of_this.map(|subscription| Failure::from(&subscription.refusal(&name))).collect();
        found.push(Kept { name, since: moment::write(since)?, size, slots: row.get(3), obstacles });
    }
    Ok(found)
}

/// One that has just been put aside. That is done: where the server does not tell its size any more, it has none.
pub(super) async fn described(client: &Client, live: &str, name: &str) -> Kept {
    let found = all(client, live).await.unwrap_or_default().into_iter().find(|kept| kept.name == name);
    found.unwrap_or_else(|| {
        let since = since(&prefix(live), name).and_then(|since| moment::write(since).ok());
        let (name, since) = (name.to_owned(), since.unwrap_or_default());
        Kept { name, since, size: None, slots: Vec::new(), obstacles: Vec::new() }
    })
}

/// The moment in a name.
fn since(prefix: &str, name: &str) -> Option<UtcDateTime> {
    name.strip_prefix(prefix).and_then(|stamp| moment::parse_compact(&format!("{stamp}Z")))
}

/// The chosen ones, each of which must be there still.
pub(super) async fn chosen(client: &Client, live: &str, names: &[String]) -> Result<Vec<Kept>> {
    let mut found = all(client, live).await?;
    for name in names {
        if !found.iter().any(|kept| kept.name == *name) {
            return Err(Error::usage(format!("there is no database {name} that was put aside for {live}"))
                .hint("restore_db --drop-old --dry-run lists those that there are"));
        }
    }
    found.retain(|kept| names.contains(&kept.name));
    Ok(found)
}

/// Drops one; somebody who is connected to it is not thrown out.
pub(super) async fn drop_database(client: &Client, kept: &Kept) -> Result<()> {
    let statement = format!("DROP DATABASE {}", identifier(&kept.name));
    client.batch_execute(&statement).await.map_err(|error| {
        describe_error(error, format!("dropping the database {}", kept.name))
            .hint("end the sessions in it, or let its owner drop it")
    })
}

#[cfg(test)]
mod tests {
    use super::{STEM, prefix};

    #[test]
    fn a_name_that_fits_stays_whole() {
        assert_eq!(prefix("shop"), "shop__before_");
        assert_eq!(prefix(&"n".repeat(STEM - 1)), format!("{}__before_", "n".repeat(STEM - 1)));
    }

    #[test]
    fn a_long_name_is_shortened_to_one_of_its_own() {
        let names = ["x".repeat(STEM), "x".repeat(63), format!("{}y", "x".repeat(62)), "é".repeat(31)];
        let shortened: Vec<String> = names.iter().map(|name| prefix(name)).collect();
        for (position, one) in shortened.iter().enumerate() {
            assert_eq!(one.len() + 15, 63, "{one}");
            assert!(!shortened[..position].contains(one), "{one}");
            // A database of this very name would not be shortened to itself.
            assert_ne!(prefix(one.trim_end_matches("__before_")), *one);
        }
    }
}
