//! The database itself: its settings, those of roles in it, its comment and the rights on it.
//!
//! A backup is restored under any name, so that each statement asks for the name of its own database. Nothing is done
//! where all is as it should be already: these take rights and locks that a restore needs for nothing else. Values of
//! settings may be secrets, so that no message holds one.

use std::fmt::Write as _;

use tokio_postgres::Row;

use super::{Entry, Reader, guard, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::plan::Owners;
use crate::postgres::configuration::assignment;
use crate::postgres::quote;

/// What a setting is for.
const DATABASE_SETTING: &str = "database setting";
const ROLE_SETTING: &str = "role setting";

/// The kind of the object that holds the grants on the database.
pub const DATABASE_GRANTS: &str = "database acl";

/// What may go wrong with one setting: rights, and what another server or version does not know or take.
const TOLERATED: &str =
    "insufficient_privilege OR undefined_object OR invalid_parameter_value OR cant_change_runtime_param";

/// Whether objects of this kind are settings that a restore concerns itself with.
pub fn is_setting(kind: &str, owners: Owners) -> bool {
    kind == DATABASE_SETTING || kind == ROLE_SETTING && owners == Owners::Apply
}

/// A setting of the database, or of a role in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    role: Option<String>,
    name: String,
    value: String,
}

impl Setting {
    /// The field's word for it.
    pub fn kind(&self) -> &'static str {
        if self.role.is_some() { ROLE_SETTING } else { DATABASE_SETTING }
    }

    /// Its name, behind that of its role; never the value.
    pub fn label(&self) -> String {
        self.role.as_ref().map_or_else(|| self.name.clone(), |role| format!("{role}: {}", self.name))
    }

    /// The statement that sets it where it is not set so.
    pub fn sql(&self) -> String {
        let whose = self.role.as_ref().map_or("setrole = 0".to_owned(), |role| {
            format!("setrole = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = {})", quote::literal(role))
        });
        let alter = match &self.role {
            Some(role) => format!("ALTER ROLE {} IN DATABASE ", quote::identifier(role)),
            None => "ALTER DATABASE ".to_owned(),
        };
        quote::anonymous_block(&format!(
            "BEGIN\n  IF NOT EXISTS (SELECT FROM pg_catalog.pg_db_role_setting JOIN pg_catalog.pg_database d \
             ON d.oid = setdatabase\n      WHERE datname = pg_catalog.current_database() AND {whose} AND {} = ANY (setconfig)) \
             THEN\n    EXECUTE {} || pg_catalog.quote_ident(pg_catalog.current_database()) || {};\n  END IF;\n{}END",
            quote::literal(&format!("{}={}", self.name, self.value)),
            quote::literal(&alter),
            quote::literal(&format!(" SET {}", assignment(&self.name, &self.value))),
            tolerating(&format!("the {} {} was not restored", self.kind(), self.label())),
        ))
    }
}

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let settings = settings(reader).await?;
    let mut entries: Vec<Entry> = Vec::new();
    for (kind, section) in [(DATABASE_SETTING, Section::PostData), (ROLE_SETTING, Section::Owners)] {
        let wanted: Vec<&Setting> = settings.iter().filter(|setting| setting.kind() == kind).collect();
        entries.push(entry("database", section, format!("other {kind}s"), reset(kind, &wanted)));
        entries.extend(wanted.iter().map(|setting| entry(kind, section, setting.label(), setting.sql())));
    }
    let rows = scope::rows(reader, "the comment on the database", COMMENT).await?;
    let comment: Option<&str> = rows.first().and_then(|row| row.get(0));
    entries.push(entry("database comment", Section::PostData, "database".to_owned(), commented(comment)));
    let grants = scope::rows(reader, "rights on the database", GRANTS).await?;
    entries.push(entry(DATABASE_GRANTS, Section::Owners, "database".to_owned(), granted(&grants)));
    Ok(entries)
}

/// The settings that are the database's own, and those of roles in it.
pub async fn settings(reader: &Reader<'_>) -> Result<Vec<Setting>> {
    let rows = scope::rows(reader, "settings of the database", SETTINGS).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let setting: &str = row.get("setting");
            let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
            Setting { role: row.get("role"), name: name.to_owned(), value: value.to_owned() }
        })
        .collect())
}

fn entry(kind: &'static str, section: Section, name: String, sql: String) -> Entry {
    Entry { id: None, section, kind, schema: None, name, table: None, sql }
}

/// What came since the backup goes.
fn reset(kind: &str, wanted: &[&Setting]) -> String {
    let wanted: Vec<String> = wanted.iter().map(|setting| quote::literal(&setting.label())).collect();
    let (whose, alter) = if kind == ROLE_SETTING {
        ("setrole <> 0", "'ALTER ROLE ' || pg_catalog.quote_ident(live.rolname) || ' IN DATABASE '")
    } else {
        ("setrole = 0", "'ALTER DATABASE '")
    };
    quote::anonymous_block(&format!(
        "DECLARE\n  live record;\nBEGIN\n  FOR live IN\n    \
         SELECT rolname, pg_catalog.split_part(setting, '=', 1) AS name\n      \
         FROM pg_catalog.pg_db_role_setting JOIN pg_catalog.pg_database d ON d.oid = setdatabase\n      \
         CROSS JOIN LATERAL pg_catalog.unnest(setconfig) setting\n      \
         LEFT JOIN pg_catalog.pg_roles r ON r.oid = setrole\n     \
         WHERE datname = pg_catalog.current_database() AND {whose}\n       \
         AND coalesce(rolname || ': ', '') || pg_catalog.split_part(setting, '=', 1) <> ALL (ARRAY[{}]::text[])\n  \
         LOOP\n    BEGIN\n      EXECUTE {alter} || pg_catalog.quote_ident(pg_catalog.current_database()) || ' RESET ' \
         || pg_catalog.quote_ident(live.name);\n    {}END;\n  END LOOP;\nEND",
        wanted.join(", "),
        tolerating("a setting that the backup does not have was not reset"),
    ))
}

fn commented(comment: Option<&str>) -> String {
    let text = comment.map_or_else(|| "NULL".to_owned(), quote::literal);
    guard::guarded(&format!(
        "  IF (SELECT pg_catalog.shobj_description(oid, 'pg_database') FROM pg_catalog.pg_database\n      \
         WHERE datname = pg_catalog.current_database()) IS DISTINCT FROM {text} THEN\n    \
         EXECUTE 'COMMENT ON DATABASE ' || pg_catalog.quote_ident(pg_catalog.current_database()) || {};\n  END IF;\n",
        quote::literal(&format!(" IS {text}")),
    ))
}

/// The owner's own rights follow the owner, who may be another one.
fn granted(rows: &[Row]) -> String {
    let wanted: Vec<String> = rows.iter().map(|row| quote::literal(row.get("described"))).collect();
    let mut sql = format!(
        "  IF coalesce((SELECT pg_catalog.array_agg(described ORDER BY described COLLATE \"C\") FROM ({LIVE}) live), \
         '{{}}') IS DISTINCT FROM ARRAY[{}]::text[] THEN\n    \
         FOR other IN SELECT DISTINCT role FROM ({LIVE}) live LOOP\n      \
         EXECUTE 'REVOKE ALL ON DATABASE ' || pg_catalog.quote_ident(pg_catalog.current_database()) || ' FROM ' || other || ' CASCADE';\n    \
         END LOOP;\n",
        wanted.join(", "),
    );
    for row in rows {
        let grant = format!("GRANT {} ON DATABASE ", row.get::<_, &str>("privilege"));
        let option = if row.get("grantable") { " WITH GRANT OPTION" } else { "" };
        let role = row.get::<_, Option<&str>>("grantee").map_or_else(|| "PUBLIC".to_owned(), quote::identifier);
        let _ = write!(
            sql,
            "    BEGIN\n      EXECUTE {} || pg_catalog.quote_ident(pg_catalog.current_database()) || {};\n    {}END;\n",
            quote::literal(&grant),
            quote::literal(&format!(" TO {role}{option}")),
            tolerating("a right on the database was not granted"),
        );
    }
    quote::anonymous_block(&format!(
        "DECLARE\n  other text;\nBEGIN\n{sql}  END IF;\n{}END",
        tolerating("the rights on the database were not restored")
    ))
}

fn tolerating(message: &str) -> String {
    format!("EXCEPTION WHEN {TOLERATED} THEN\n  RAISE WARNING '% (%)', {}, SQLSTATE;\n", quote::literal(message))
}

const SETTINGS: &str = "
SELECT rolname::text AS role, setting
  FROM pg_db_role_setting
  JOIN pg_database ON pg_database.oid = setdatabase
  CROSS JOIN LATERAL unnest(setconfig) WITH ORDINALITY AS config(setting, place)
  LEFT JOIN pg_roles ON pg_roles.oid = setrole
 WHERE datname = current_database() AND (setrole = 0 OR rolname IS NOT NULL)
 ORDER BY 1 NULLS FIRST, place";

const COMMENT: &str =
    "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()";

/// What others than the owner may do with the database.
const GRANTS: &str = "
SELECT described, privilege, grantable, CASE WHEN grantee <> 0 THEN pg_get_userbyid(grantee)::text END AS grantee
  FROM (SELECT grantee, is_grantable AS grantable, privilege_type AS privilege,
               CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
                   || ' ' || privilege_type || CASE WHEN is_grantable THEN ' *' ELSE '' END AS described
          FROM pg_database CROSS JOIN LATERAL aclexplode(coalesce(datacl, acldefault('d', datdba)))
         WHERE datname = current_database() AND grantee <> datdba) grants
 GROUP BY 1, 2, 3, 4
 ORDER BY described COLLATE \"C\"";

const LIVE: &str = "SELECT DISTINCT CASE WHEN grantee = 0 THEN 'PUBLIC' \
    ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(grantee)) END AS role, \
    CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(grantee)) END \
    || ' ' || privilege_type || CASE WHEN is_grantable THEN ' *' ELSE '' END AS described \
    FROM pg_catalog.pg_database CROSS JOIN LATERAL \
    pg_catalog.aclexplode(coalesce(datacl, pg_catalog.acldefault('d', datdba))) \
    WHERE datname = pg_catalog.current_database() AND grantee <> datdba";
