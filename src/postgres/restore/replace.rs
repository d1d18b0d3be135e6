//! Makes room for the rows of a backup without losing what surrounds them: foreign keys and triggers are put aside
//! and come back before the commit.
//!
//! Foreign keys are dropped and added again, not deferred: TRUNCATE and DROP refuse a referenced table, deferring works
//! only for constraints declared so, and adding them again checks every row.

use tokio_postgres::Client;

use crate::error::{Error, Result};
use crate::manifest::Table;
use crate::postgres::connect::describe_error;
use crate::postgres::quote::{identifiers, literal, qualified};

/// Statements that restore what was put aside.
#[derive(Debug, Default)]
pub(super) struct PutAside {
    foreign_keys: Vec<ForeignKey>,
    triggers: Vec<String>,
}

#[derive(Debug)]
struct ForeignKey {
    label: String,
    drop: String,
    add: String,
}

/// Names of the tables for SQL, as a `regclass[]` parameter.
pub(super) fn names(tables: &[&Table]) -> Vec<String> {
    tables.iter().map(|table| qualified(table.schema.as_deref().unwrap_or_default(), &table.name)).collect()
}

/// Drops the tables' definitions; what depends on them beside foreign keys is an error that the server words.
pub(super) async fn drop_tables(client: &Client, tables: &[&Table]) -> Result<PutAside> {
    let present = present(client, tables).await?;
    refuse_partitions(client, &present).await?;
    refuse_published(client, &present).await?;
    let foreign_keys = foreign_keys(client, &present, Direction::Incoming).await?;
    drop_foreign_keys(client, &foreign_keys).await?;
    if !present.is_empty() {
        client.batch_execute(&format!("DROP TABLE {}", present.join(", "))).await.map_err(|error| {
            describe_error(error, "dropping the tables to be restored")
                .hint("something else depends on them; --data-only replaces their rows and leaves the definitions")
        })?;
    }
    Ok(PutAside { foreign_keys, triggers: Vec::new() })
}

/// Empties the tables, which must exist with every column of the backup.
pub(super) async fn empty_tables(client: &Client, tables: &[&Table]) -> Result<PutAside> {
    check_columns(client, tables).await?;
    let names = names(tables);
    if names.is_empty() {
        return Ok(PutAside::default());
    }
    let foreign_keys = foreign_keys(client, &names, Direction::Both).await?;
    drop_foreign_keys(client, &foreign_keys).await?;
    let triggers = disable_triggers(client, &names).await?;
    client
        .batch_execute(&format!("TRUNCATE TABLE ONLY {}", names.join(", ONLY ")))
        .await
        .map_err(|error| describe_error(error, "emptying the tables to be restored"))?;
    Ok(PutAside { foreign_keys, triggers })
}

impl PutAside {
    /// Brings everything back; a row that points nowhere is an error here.
    pub(super) async fn bring_back(&self, client: &Client) -> Result<()> {
        for statement in &self.triggers {
            client
                .batch_execute(statement)
                .await
                .map_err(|error| describe_error(error, "switching triggers on again"))?;
        }
        for key in &self.foreign_keys {
            client.batch_execute(&key.add).await.map_err(|error| {
                describe_error(error, format!("checking the foreign key {}", key.label)).hint(
                    "rows outside the restored tables point to rows that the backup lacks; restore those tables too",
                )
            })?;
        }
        Ok(())
    }
}

async fn present(client: &Client, tables: &[&Table]) -> Result<Vec<String>> {
    let mut present = Vec::new();
    for name in names(tables) {
        let row = client
            .query_one("SELECT pg_catalog.to_regclass($1::text) IS NOT NULL", &[&name])
            .await
            .map_err(|error| describe_error(error, "looking for the tables to be restored"))?;
        if row.get(0) {
            present.push(name);
        }
    }
    Ok(present)
}

/// `DROP TABLE` takes the partitions of a table along without a word, and with them rows that nobody asked to replace;
/// and a partition that is made anew under a living parent gets its keys from both.
async fn refuse_partitions(client: &Client, present: &[String]) -> Result<()> {
    let row = client
        .query_opt(
            "SELECT inhparent::regclass::text, inhrelid::regclass::text FROM pg_catalog.pg_inherits \
             JOIN pg_catalog.pg_class c ON c.oid = inhrelid AND c.relispartition \
             WHERE (inhparent = ANY ($1::text[]::regclass[])) <> (inhrelid = ANY ($1::text[]::regclass[])) \
               AND c.relkind IN ('r', 'p', 'f') ORDER BY 1, 2 LIMIT 1",
            &[&present],
        )
        .await
        .map_err(|error| describe_error(error, "looking for partitions"))?;
    row.map_or(Ok(()), |row| {
        let (parent, partition): (&str, &str) = (row.get(0), row.get(1));
        Err(Error::usage(format!(
            "{partition} is a partition of {parent}, and one cannot be restored without the other"
        ))
        .hint("name the table and all its partitions, each with --table; or replace the rows alone with --data-only"))
    })
}

/// A publication forgets a dropped table without a word, and its subscribers stop getting changes.
async fn refuse_published(client: &Client, present: &[String]) -> Result<()> {
    let row = client
        .query_opt(
            "SELECT pubname, prrelid::regclass::text FROM pg_catalog.pg_publication_rel \
             JOIN pg_catalog.pg_publication p ON p.oid = prpubid \
             WHERE prrelid = ANY ($1::text[]::regclass[]) ORDER BY 1, 2 LIMIT 1",
            &[&present],
        )
        .await
        .map_err(|error| describe_error(error, "looking for publications"))?;
    row.map_or(Ok(()), |row| {
        let (publication, table): (&str, &str) = (row.get(0), row.get(1));
        Err(Error::usage(format!("the publication {publication} would lose the table {table}")).hint(
            "--data-only replaces the rows and leaves the table; or take it out of the publication and add it afterwards",
        ))
    })
}

#[derive(Clone, Copy)]
enum Direction {
    /// From tables outside the set to tables in it.
    Incoming,
    /// From or to tables in the set.
    Both,
}

async fn foreign_keys(client: &Client, names: &[String], direction: Direction) -> Result<Vec<ForeignKey>> {
    let condition = match direction {
        Direction::Incoming => {
            "c.confrelid = ANY ($1::text[]::regclass[]) AND c.conrelid <> ALL ($1::text[]::regclass[])"
        }
        Direction::Both => "(c.confrelid = ANY ($1::text[]::regclass[]) OR c.conrelid = ANY ($1::text[]::regclass[]))",
    };
    let query = format!(
        "SELECT n.nspname, t.relname, c.conname, pg_catalog.pg_get_constraintdef(c.oid), \
         pg_catalog.obj_description(c.oid, 'pg_constraint') \
         FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_class t ON t.oid = c.conrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace \
         WHERE c.contype = 'f' AND c.conparentid = 0 AND {condition} ORDER BY c.oid"
    );
    let rows = client.query(&query, &[&names]).await.map_err(|error| describe_error(error, "reading foreign keys"))?;
    Ok(rows
        .iter()
        .map(|row| {
            let (schema, table, name): (&str, &str, &str) = (row.get(0), row.get(1), row.get(2));
            let (definition, comment): (&str, Option<&str>) = (row.get(3), row.get(4));
            let target = qualified(schema, table);
            let constraint = identifiers(&[name]);
            let comment = comment.map_or_else(String::new, |text| {
                format!("COMMENT ON CONSTRAINT {constraint} ON {target} IS {};", literal(text))
            });
            ForeignKey {
                label: format!("{name} on {schema}.{table}"),
                drop: format!("ALTER TABLE {target} DROP CONSTRAINT {constraint};"),
                add: format!("ALTER TABLE {target} ADD CONSTRAINT {constraint} {definition};{comment}"),
            }
        })
        .collect())
}

async fn drop_foreign_keys(client: &Client, keys: &[ForeignKey]) -> Result<()> {
    let drops: String = keys.iter().map(|key| key.drop.as_str()).collect();
    client.batch_execute(&drops).await.map_err(|error| describe_error(error, "putting foreign keys aside"))
}

/// Switches the users' triggers off, so that rows arrive as they were; gives the statements that switch them on again.
async fn disable_triggers(client: &Client, names: &[String]) -> Result<Vec<String>> {
    let rows = client
        .query(
            "SELECT n.nspname, c.relname, t.tgname, t.tgenabled::text FROM pg_catalog.pg_trigger t \
             JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgrelid = ANY ($1::text[]::regclass[]) ORDER BY t.oid",
            &[&names],
        )
        .await
        .map_err(|error| describe_error(error, "reading triggers"))?;
    let (mut disable, mut enable) = (Vec::new(), Vec::new());
    for row in &rows {
        let table = qualified(row.get(0), row.get(1));
        let trigger = identifiers(&[row.get::<_, &str>(2)]);
        let mode = match row.get::<_, &str>(3) {
            "R" => "REPLICA ",
            "A" => "ALWAYS ",
            _ => "",
        };
        disable.push(format!("ALTER TABLE {table} DISABLE TRIGGER {trigger};"));
        enable.push(format!("ALTER TABLE {table} ENABLE {mode}TRIGGER {trigger};"));
    }
    client.batch_execute(&disable.concat()).await.map_err(|error| describe_error(error, "switching triggers off"))?;
    Ok(enable)
}

async fn check_columns(client: &Client, tables: &[&Table]) -> Result<()> {
    for table in tables {
        let name = qualified(table.schema.as_deref().unwrap_or_default(), &table.name);
        let rows = client
            .query(
                "SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass($1::text) \
                 AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
                &[&name],
            )
            .await
            .map_err(|error| describe_error(error, format!("reading the columns of {}", table.label())))?;
        let live: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
        if live.is_empty() && !table.columns.is_empty() {
            return Err(Error::usage(format!("the database has no table {} to load rows into", table.label()))
                .hint("without --data-only the table is created too"));
        }
        if let Some(missing) = table.columns.iter().find(|column| !live.contains(&column.as_str())) {
            return Err(Error::usage(format!(
                "the table {} has no column {missing}, which the backup fills",
                table.label()
            ))
            .hint("migrate the code to the state of the backup, or restore without --data-only"));
        }
    }
    Ok(())
}
