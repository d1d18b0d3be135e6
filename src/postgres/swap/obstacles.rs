//! What keeps a database from being swapped, or speaks against it; and what would stay with the old one.

use std::collections::BTreeSet;

use tokio_postgres::Client;

use super::maintenance;
use super::properties::Properties;
use super::sessions;
use crate::error::Result;
use crate::manifest::Manifest;
use crate::postgres::connect::{Address, Connection, describe_error};
use crate::postgres::restore::requirements;

/// Found by looking at the live database and at the role.
#[derive(Debug, Default)]
pub(super) struct Obstacles {
    /// With these it cannot be done.
    pub(super) forbidding: Vec<String>,
    /// With these it is done only when asked for.
    pub(super) discouraging: Vec<String>,
}

impl Obstacles {
    /// Of giving two databases of one owner other names: what [`super::exchange`] does.
    pub(super) async fn of_renaming(client: &Client, live: &Properties, name: &str) -> Result<Self> {
        let mut found = Self::default();
        if maintenance::is_reserved(name) {
            found.forbidding.push(format!("{name} is one of the server's own databases"));
        }
        found.forbidding.extend(texts(client, PREPARED, &[&name]).await?);
        found.forbidding.extend(texts(client, ROLE, &[&live.oid]).await?);
        found.discouraging.extend(texts(client, SLOTS, &[&name]).await?);
        found.discouraging.extend(texts(client, SUBSCRIPTIONS, &[&live.oid]).await?);
        found.discouraging.extend(texts(client, EVENT_TRIGGERS, &[]).await?);
        let sessions = sessions::present(client, &[live.oid]).await?;
        let foreign: BTreeSet<&str> =
            sessions.iter().filter(|session| !session.ours).map(|session| session.role.as_str()).collect();
        found.discouraging.extend(foreign.iter().map(|role| format!("this role may not end the sessions of {role}")));
        Ok(found)
    }

    /// Of making a new database like the live one, and of filling it.
    pub(super) async fn of_creating(&mut self, client: &Client, live: &Properties, manifest: &Manifest) -> Result<()> {
        let names: Vec<&str> = live.settings().iter().map(|setting| setting.name.as_str()).collect();
        let roles: Vec<Option<&str>> = live.settings().iter().map(|setting| setting.role.as_deref()).collect();
        self.forbidding.extend(texts(client, TABLESPACE, &[&live.tablespace]).await?);
        self.forbidding.extend(texts(client, SETTINGS, &[&names, &roles]).await?);
        self.forbidding.extend(requirements::uncreatable_elsewhere(client, manifest).await?);
        self.forbidding.extend(texts(client, PUBLIC, &[]).await?);
        Ok(())
    }
}

/// What the live database has and the new one will not.
pub(super) async fn left_behind(
    client: &Client,
    live: &Properties,
    name: &str,
    manifest: &Manifest,
) -> Result<Vec<String>> {
    let extensions: Vec<&str> = manifest.database.extensions.iter().map(|extension| extension.name.as_str()).collect();
    let publications: Vec<&str> = manifest
        .objects
        .iter()
        .filter(|object| object.kind == "publication")
        .map(|object| object.name.as_str())
        .collect();
    let mut found = texts(client, OTHER_EXTENSIONS, &[&extensions]).await?;
    found.extend(texts(client, OTHER_PUBLICATIONS, &[&publications]).await?);
    found.extend(texts(client, SLOTS, &[&name]).await?);
    found.extend(texts(client, SUBSCRIPTIONS, &[&live.oid]).await?);
    found.extend(texts(client, EVENT_TRIGGERS, &[]).await?);
    Ok(found.into_iter().map(|what| format!("{what} (stays with the old database)")).collect())
}

/// Whether `address` leads to the database of that name, and not a pooler to another one.
pub(super) async fn is_itself(connection: &Connection, address: &Address) -> Result<bool> {
    let row = connection
        .client
        .query_one("SELECT pg_catalog.current_database()::text", &[])
        .await
        .map_err(|error| describe_error(error, "asking for the database's name"))?;
    Ok(row.get::<_, &str>(0) == address.dbname())
}

async fn texts(
    client: &Client,
    query: &str,
    parameters: &[&(dyn tokio_postgres::types::ToSql + Sync)],
) -> Result<Vec<String>> {
    let rows = client
        .query(query, parameters)
        .await
        .map_err(|error| describe_error(error, "looking for what keeps the database from being swapped"))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

const PREPARED: &str = "
    SELECT pg_catalog.format('it has %s prepared transactions', pg_catalog.count(*))
      FROM pg_catalog.pg_prepared_xacts WHERE database = $1::text HAVING pg_catalog.count(*) > 0";

const ROLE: &str = "
    SELECT pg_catalog.format('the role %s may not create databases (ALTER ROLE %1$I CREATEDB)', rolname)
      FROM pg_catalog.pg_roles WHERE rolname = current_user AND NOT (rolsuper OR rolcreatedb)
     UNION ALL
    SELECT pg_catalog.format('the role %s may not act as %s, the owner of the database', current_user,
                             pg_catalog.pg_get_userbyid(datdba))
      FROM pg_catalog.pg_database WHERE oid = $1 AND NOT pg_catalog.pg_has_role(datdba, 'USAGE')";

const SLOTS: &str = "
    SELECT pg_catalog.format('replication slot %s', slot_name)
      FROM pg_catalog.pg_replication_slots WHERE database = $1::text ORDER BY 1";

const SUBSCRIPTIONS: &str = "
    SELECT pg_catalog.format('subscription %s', subname)
      FROM pg_catalog.pg_subscription WHERE subdbid = $1 ORDER BY 1";

/// Nobody but their owners could make them in the new database.
const EVENT_TRIGGERS: &str = "
    SELECT pg_catalog.format('event trigger %s of the role %s', evtname, pg_catalog.pg_get_userbyid(evtowner))
      FROM pg_catalog.pg_event_trigger WHERE NOT pg_catalog.pg_has_role(evtowner, 'USAGE') ORDER BY 1";

const TABLESPACE: &str = "
    SELECT pg_catalog.format('the role %s may not create anything in the tablespace %s', current_user, spcname)
      FROM pg_catalog.pg_tablespace
     WHERE spcname = $1::text AND NOT pg_catalog.has_tablespace_privilege(oid, 'CREATE')";

/// Parameters that only superusers set, and those of roles that are not ours.
const SETTINGS: &str = "
    SELECT pg_catalog.format('the role %s may not repeat the setting %s%s of the database', current_user, name,
                             coalesce(' for ' || role, ''))
      FROM unnest($1::text[], $2::text[]) AS setting(name, role)
      LEFT JOIN pg_catalog.pg_settings USING (name)
     WHERE NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
       AND (coalesce(role <> current_user, false) OR context IN ('superuser', 'superuser-backend'))";

/// The schema `public` of a new database belongs to the database's owner, before version 15 to the first superuser; where
/// the live one's is another, it has to be given away.
const PUBLIC: &str = "
    SELECT pg_catalog.format('the role %s may not give the schema public the rights that it has', current_user)
      FROM pg_catalog.pg_namespace n
      JOIN pg_catalog.pg_roles me ON me.rolname = current_user
     CROSS JOIN LATERAL (SELECT pg_catalog.current_setting('server_version_num')::int >= 150000) server(is_new)
     CROSS JOIN LATERAL (SELECT coalesce(nspacl, pg_catalog.acldefault('n', nspowner)),
                                pg_catalog.acldefault('n', nspowner) || pg_catalog.format(
                                    CASE WHEN is_new THEN '=U/%I' ELSE '=UC/%I' END,
                                    pg_catalog.pg_get_userbyid(nspowner))::pg_catalog.aclitem) acl(live, usual)
     WHERE nspname = 'public' AND NOT me.rolsuper
       AND (nspowner <> CASE WHEN is_new THEN 'pg_database_owner'::regrole ELSE 10 END
            OR NOT (live @> usual AND usual @> live))
       AND (NOT is_new OR NOT pg_catalog.pg_has_role(nspowner, 'MEMBER'))";

const OTHER_EXTENSIONS: &str = "
    SELECT pg_catalog.format('extension %s', extname) FROM pg_catalog.pg_extension
     WHERE extname <> 'plpgsql' AND extname <> ALL ($1::text[]) ORDER BY 1";

const OTHER_PUBLICATIONS: &str = "
    SELECT pg_catalog.format('publication %s', pubname) FROM pg_catalog.pg_publication
     WHERE pubname <> ALL ($1::text[]) ORDER BY 1";
