//! Grants on a database and on the schema `public`, carried from the live database to the new one.

use tokio_postgres::{Client, Row};

use crate::error::Result;
use crate::postgres::connect::describe_error;
use crate::postgres::quote::{anonymous_block, identifier, literal};

/// What the grants are on; of a database the name, which changes.
#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    Database(&'a str),
    PublicSchema,
}

/// All grants on one object, and its owner.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rights {
    owner: String,
    grants: Vec<Grant>,
}

#[derive(Debug, PartialEq, Eq)]
struct Grant {
    grantor: String,
    /// `None` is everybody.
    grantee: Option<String>,
    privileges: Vec<String>,
    grantable: bool,
}

impl Rights {
    pub(super) async fn of_database(client: &Client, oid: u32) -> Result<Self> {
        let object = "SELECT datdba AS owner, coalesce(datacl, pg_catalog.acldefault('d', datdba)) AS acl \
                      FROM pg_catalog.pg_database WHERE oid = $1";
        let rows = client.query(&query(object), &[&oid]).await;
        Ok(Self::read(&rows.map_err(|error| describe_error(error, "reading the grants on the database"))?))
    }

    /// Of the database that is connected to; `None` where somebody dropped the schema.
    pub(super) async fn of_public_schema(client: &Client) -> Result<Option<Self>> {
        let object = "SELECT nspowner AS owner, coalesce(nspacl, pg_catalog.acldefault('n', nspowner)) AS acl \
                      FROM pg_catalog.pg_namespace WHERE nspname = 'public'";
        let rows = client.query(&query(object), &[]).await;
        let rows = rows.map_err(|error| describe_error(error, "reading the grants on the schema public"))?;
        Ok((!rows.is_empty()).then(|| Self::read(&rows)))
    }

    fn read(rows: &[Row]) -> Self {
        let owner = rows.first().map(|row| row.get("owner")).unwrap_or_default();
        let grants = rows.iter().filter_map(|row| {
            let privileges: Option<Vec<String>> = row.get("privileges");
            Some(Grant {
                grantor: row.get("grantor"),
                grantee: row.get("grantee"),
                privileges: privileges?,
                grantable: row.get("grantable"),
            })
        });
        Self { owner, grants: grants.collect() }
    }

    /// Statements after which these rights hold, and no others, for somebody who may act as the owner.
    pub(super) fn statements(&self, target: Target<'_>) -> Vec<String> {
        let object = match target {
            Target::Database(name) => format!("DATABASE {}", identifier(name)),
            Target::PublicSchema => "SCHEMA public".to_owned(),
        };
        // The user has a right that the load needed.
        let mut statements =
            vec![format!("REVOKE ALL ON {object} FROM PUBLIC, SESSION_USER, {}", identifier(&self.owner))];
        for grant in &self.grants {
            let grantee = grant.grantee.as_deref().map_or_else(|| "PUBLIC".to_owned(), identifier);
            let option = if grant.grantable { " WITH GRANT OPTION" } else { "" };
            let sql = format!("GRANT {} ON {object} TO {grantee}{option}", grant.privileges.join(", "));
            if grant.grantor == self.owner {
                statements.push(sql);
            } else {
                statements.push(in_the_name_of(&grant.grantor, &sql));
            }
        }
        statements
    }

    /// The same for the schema `public`, with its owner.
    pub(super) fn of_schema_statements(&self) -> Vec<String> {
        let mut statements = vec![format!("ALTER SCHEMA public OWNER TO {}", identifier(&self.owner))];
        statements.extend(self.statements(Target::PublicSchema));
        statements
    }
}

/// Only in the name of the one who gave it is it the same grant. The name that we go by may itself have been taken on, so
/// that RESET ROLE would give another one.
fn in_the_name_of(grantor: &str, grant: &str) -> String {
    anonymous_block(&format!(
        "DECLARE\n  own text := pg_catalog.current_setting('role');\nBEGIN\n\
         PERFORM pg_catalog.set_config('role', {}, true);\n{grant};\n\
         PERFORM pg_catalog.set_config('role', own, true);\nEND",
        literal(grantor)
    ))
}

/// One row for each grantor, grantee and option, in the order in which they were given: `pg_dump` shows it. One without
/// privileges where there is none.
fn query(object: &str) -> String {
    format!(
        "WITH object AS ({object}) \
         SELECT pg_catalog.pg_get_userbyid(owner)::text AS owner, pg_catalog.pg_get_userbyid(grantor)::text AS grantor, \
                CASE WHEN grantee <> 0 THEN pg_catalog.pg_get_userbyid(grantee)::text END AS grantee, \
                pg_catalog.array_agg(privilege_type ORDER BY privilege_type) \
                    FILTER (WHERE privilege_type IS NOT NULL) AS privileges, is_grantable AS grantable \
           FROM object \
           LEFT JOIN LATERAL unnest(acl) WITH ORDINALITY AS item(entry, position) ON true \
           LEFT JOIN LATERAL pg_catalog.aclexplode(ARRAY[entry]) ON true \
          GROUP BY owner, position, grantor, grantee, is_grantable \
          ORDER BY position, is_grantable"
    )
}
