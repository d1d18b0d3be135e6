//! What a backup needs of the server that is to restore it, looked for before anything is dropped.

use tokio_postgres::Client;

use super::label_providers;
use super::selection::Tables;
use crate::error::{Error, Result};
use crate::manifest::{Manifest, Object, Requirement, Section};
use crate::plan::{Owners, RestorePlan, Scope};
use crate::postgres::connect::describe_error;
use crate::postgres::ddl::Reader;
use crate::postgres::quote::identifier;

/// How many objects an error names; the rest is counted.
const NAMED_OBJECTS: usize = 10;

/// Fails where the server cannot hold the whole of a backup, with everything that is missing and how to get it.
pub(in crate::postgres) async fn check(reader: &Reader<'_>, manifest: &Manifest, owners: Owners) -> Result<()> {
    label_providers::check(reader.client, manifest).await?;
    let mut missing = extensions(reader.client, manifest, &|_| true).await?;
    for Requirement { kind, name, statement } in lacking(reader.client, manifest).await? {
        if kind == "collation" {
            missing.push(format!("collation {} ({statement})", identifier(name)));
        }
    }
    refuse(&missing)?;
    let executed = |object: &Object| owners == Owners::Apply || object.section != Section::Owners;
    check_version(reader.version, manifest.objects.iter().filter(|object| executed(object)))
}

/// Fails where the server cannot hold a part of a backup.
pub(super) async fn check_part(reader: &Reader<'_>, manifest: &Manifest, tables: &Tables) -> Result<()> {
    let chosen: Vec<&Object> = (0..)
        .zip(&manifest.objects)
        .filter(|(index, object)| tables.contains_object(*index) && object.section != Section::Owners)
        .map(|(_, object)| object)
        .collect();
    let brought: Vec<&str> =
        chosen.iter().filter(|object| object.kind == "extension").map(|object| object.name.as_str()).collect();
    refuse(&extensions(reader.client, manifest, &|name| brought.contains(&name)).await?)?;
    check_version(reader.version, chosen.into_iter())
}

fn refuse(missing: &[String]) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::database(format!("the server lacks what the backup needs: {}", missing.join("; "))).hint(
        "install their packages on the database server (on Debian: postgresql-contrib, locales-all and the like), \
         let an administrator run the statements, then try again",
    ))
}

/// Fails where the server is too old for an object.
fn check_version<'a>(server_version: u32, objects: impl Iterator<Item = &'a Object>) -> Result<()> {
    let major = server_version / 10_000;
    let unknown: Vec<(u32, &Object)> =
        objects.filter_map(|object| Some((object.since?, object))).filter(|(since, _)| *since > major).collect();
    let Some((newest, _)) = unknown.iter().max_by_key(|(since, _)| since) else { return Ok(()) };
    let label = |(since, object): &(u32, &Object)| format!("{} {} (since {since})", object.kind, object.label());
    let mut names: Vec<String> = unknown.iter().take(NAMED_OBJECTS).map(label).collect();
    if unknown.len() > NAMED_OBJECTS {
        names.push(format!("{} more", unknown.len() - NAMED_OBJECTS));
    }
    Err(Error::database(format!("PostgreSQL {major} does not know what the backup holds: {}", names.join(", ")))
        .hint(format!("restore it into PostgreSQL {newest} or later; --table restores what this server knows")))
}

/// What is missing or different and stops nothing, in whole sentences.
pub(in crate::postgres) async fn warnings(
    plan: &RestorePlan,
    client: &Client,
    manifest: &Manifest,
) -> Result<Vec<String>> {
    if plan.scope == Scope::DataOnly {
        return Ok(Vec::new());
    }
    let for_roles = |object: &Object| object.kind == "policy" || object.section == Section::Owners;
    let roles_matter = plan.owners == Owners::Apply || manifest.objects.iter().any(|object| object.kind == "policy");
    let roles_matter = roles_matter && manifest.objects.iter().any(for_roles);
    let mut warnings = versions(client, manifest).await?;
    for Requirement { kind, name, statement } in lacking(client, manifest).await? {
        match kind.as_str() {
            "role" if roles_matter => warnings.push(format!(
                "the role {name} does not exist, and its rights and policies would be lost; this creates it: {statement}"
            )),
            "tablespace" => warnings.push(format!(
                "the tablespace {name} does not exist, and the database's own is used; this creates it: {statement}"
            )),
            _ => {}
        }
    }
    Ok(warnings)
}

async fn lacking<'a>(client: &Client, manifest: &'a Manifest) -> Result<Vec<&'a Requirement>> {
    let needed = &manifest.database.requirements;
    let (kinds, names): (Vec<&str>, Vec<&str>) =
        needed.iter().map(|requirement| (requirement.kind.as_str(), requirement.name.as_str())).unzip();
    let rows = client
        .query(
            "SELECT place::int8 FROM ROWS FROM (unnest($1::text[]), unnest($2::text[])) \
                    WITH ORDINALITY AS needed(kind, name, place) \
              WHERE CASE kind \
                  WHEN 'role' THEN NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name) \
                  WHEN 'tablespace' THEN NOT EXISTS (SELECT FROM pg_catalog.pg_tablespace WHERE spcname = name) \
                  WHEN 'collation' THEN NOT EXISTS ( \
                      SELECT FROM pg_catalog.pg_collation JOIN pg_catalog.pg_database ON datname = current_database() \
                       WHERE collname = name AND collnamespace = 'pg_catalog'::pg_catalog.regnamespace \
                         AND collencoding IN (-1, encoding)) \
                  ELSE false END ORDER BY place",
            &[&kinds, &names],
        )
        .await
        .map_err(|error| describe_error(error, "looking for what the backup needs"))?;
    let places = rows.iter().filter_map(|row| usize::try_from(row.get::<_, i64>(0)).ok());
    Ok(places.filter_map(|place| needed.get(place - 1)).collect())
}

/// Extensions that the server does not offer, and those that it has not got yet and would not let us create.
async fn extensions(client: &Client, manifest: &Manifest, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<String>> {
    let needed = manifest.database.extensions.iter().map(|extension| extension.name.as_str());
    let needed: Vec<&str> = needed.filter(|name| wanted(name)).collect();
    let rows = client
        .query(
            "SELECT needed.name, a.name IS NULL FROM pg_catalog.unnest($1::text[]) AS needed(name) \
               LEFT JOIN pg_catalog.pg_available_extensions a ON a.name = needed.name \
               LEFT JOIN pg_catalog.pg_available_extension_versions v ON v.name = a.name AND v.version = a.default_version \
               JOIN pg_catalog.pg_roles ON rolname = current_user \
              WHERE a.name IS NULL OR a.installed_version IS NULL AND NOT (rolsuper OR NOT v.superuser \
                    OR v.trusted AND pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')) \
              ORDER BY 1",
            &[&needed],
        )
        .await
        .map_err(|error| describe_error(error, "looking for extensions"))?;
    Ok(rows
        .iter()
        .map(|row| {
            let name: &str = row.get(0);
            let why = if row.get(1) { "not installed on the server" } else { "only a superuser may create it" };
            format!("extension {name}, {why} (CREATE EXTENSION {};)", identifier(name))
        })
        .collect())
}

/// Why extensions that the backup needs cannot be created in a database of their own on this server, in sentences: they may
/// be there in the live one all the same.
pub(in crate::postgres) async fn uncreatable_elsewhere(client: &Client, manifest: &Manifest) -> Result<Vec<String>> {
    let needed: Vec<&str> = manifest.database.extensions.iter().map(|extension| extension.name.as_str()).collect();
    let bound = ONE_DATABASE.iter().filter(|name| needed.contains(name)).map(|name| {
        format!("the extension {name} can be created in one database of a server alone, which its configuration names")
    });
    let rows = client
        .query(SUPERUSERS_EXTENSIONS, &[&needed])
        .await
        .map_err(|error| describe_error(error, "looking for extensions"))?;
    Ok(rows.iter().map(|row| row.get(0)).chain(bound).collect())
}

/// Extensions whose scripts refuse every database but one (`cron.database_name`).
const ONE_DATABASE: [&str; 1] = ["pg_cron"];

const SUPERUSERS_EXTENSIONS: &str = "
    SELECT pg_catalog.format('only a superuser may create the extension %s', name)
      FROM pg_catalog.pg_available_extensions a
      JOIN pg_catalog.pg_available_extension_versions v USING (name)
     WHERE a.name = ANY ($1::text[]) AND v.version = a.default_version AND v.superuser AND NOT v.trusted
       AND a.name <> 'plpgsql' AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
     ORDER BY 1";

/// Extensions whose version here is not that of the backup: they may lack functions, or have others.
async fn versions(client: &Client, manifest: &Manifest) -> Result<Vec<String>> {
    let (names, versions): (Vec<&str>, Vec<&str>) = manifest
        .database
        .extensions
        .iter()
        .map(|extension| (extension.name.as_str(), extension.version.as_str()))
        .unzip();
    let rows = client
        .query(
            "SELECT needed.name, needed.version, coalesce(installed_version, default_version) \
               FROM ROWS FROM (unnest($1::text[]), unnest($2::text[])) AS needed(name, version) \
               JOIN pg_catalog.pg_available_extensions a ON a.name = needed.name \
              WHERE coalesce(installed_version, default_version) <> needed.version ORDER BY 1",
            &[&names, &versions],
        )
        .await
        .map_err(|error| describe_error(error, "comparing versions of extensions"))?;
    Ok(rows
        .iter()
        .map(|row| {
            let (name, then, now): (&str, &str, &str) = (row.get(0), row.get(1), row.get(2));
            format!("the extension {name} was at version {then} and will be at {now}")
        })
        .collect())
}
