//! Rows that users have put into tables of extensions, where the extension says that a dump must have them.
//!
//! They are few, and the extension has rows of its own beside them: so they are statements that bring just these, and no
//! tables of the backup. The tables may belong to an administrator: rows that are there already are not touched, and what
//! cannot be written is told.

use std::fmt::Write as _;

use tokio_postgres::Row;

use super::{Entry, Reader, guard, scope};
use crate::error::Result;
use crate::exclusions::Exclusions;
use crate::manifest::Section;
use crate::postgres::connect::describe_error;
use crate::postgres::quote;

/// Rows of one `INSERT`: few enough for its plan to stay small.
const BATCH: usize = 500;

/// What the rows that a session sees, and the texts of their values, depend on; as they were read.
const SETTINGS: [(&str, &str); 7] = [
    ("row_security", "on"),
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO, YMD"),
    ("IntervalStyle", "postgres"),
    ("bytea_output", "hex"),
    ("extra_float_digits", "3"),
    ("lc_monetary", "C"),
];

/// What is known of these rows.
#[derive(Debug, Default)]
pub(super) struct ExtensionData {
    /// One for each extension with such tables. Those that others refer to come first, as the extension lists them.
    pub(super) entries: Vec<Entry>,
    /// Schema and name of each table.
    pub(super) tables: Vec<(String, String)>,
    /// What the backup lacks of them.
    pub(super) notices: Vec<String>,
}

/// Without the rows of the tables that are `excluded`, by name or by schema and name.
///
/// Row security shows what the role may see of these tables; where it hides rows of users' tables, nothing is backed up.
pub(super) async fn read(reader: &Reader<'_>, excluded: &Exclusions) -> Result<ExtensionData> {
    switch_row_security(reader, "on").await?;
    let data = gathered(reader, excluded).await?;
    switch_row_security(reader, "off").await?;
    Ok(data)
}

async fn switch_row_security(reader: &Reader<'_>, state: &str) -> Result<()> {
    let switched = reader.client.batch_execute(&format!("SET row_security = {state}")).await;
    switched.map_err(|error| describe_error(error, "reading rows of extensions"))
}

async fn gathered(reader: &Reader<'_>, excluded: &Exclusions) -> Result<ExtensionData> {
    let rows = scope::rows(reader, "tables of extensions", QUERY).await?;
    let mut data = ExtensionData::default();
    for members in rows.chunk_by(|one, next| one.get::<_, &str>("extension") == next.get::<_, &str>("extension")) {
        let mut script = Script::default();
        for member in members {
            let (schema, name): (&str, &str) = (member.get("schema"), member.get("name"));
            data.tables.push((schema.to_owned(), name.to_owned()));
            if excluded.hold(name, &format!("{schema}.{name}")) {
                continue;
            }
            data.notices.extend(notice(member));
            if member.get("readable") {
                script.add(reader, member).await?;
            }
        }
        data.entries.extend(script.entry(members[0].get("extension")));
    }
    Ok(data)
}

/// What a role sees of a table that belongs to an administrator may not be all.
fn notice(member: &Row) -> Option<String> {
    let (schema, name): (&str, &str) = (member.get("schema"), member.get("name"));
    let (extension, role): (&str, &str) = (member.get("extension"), member.get("role"));
    let table = format!("{schema}.{name}, which belongs to the extension {extension}");
    if !member.get::<_, bool>("readable") {
        return Some(format!(
            "the role {role} may not read {table}: what it holds is not in the backup; an administrator may GRANT SELECT on it \
             and USAGE on its schema, or leave it out with --exclude-table-data {schema}.{name}"
        ));
    }
    member.get::<_, bool>("filtered").then(|| {
        format!(
            "row security shows the role {role} its own rows of {table}: others are not in the backup; \
             a role with BYPASSRLS sees them all"
        )
    })
}

/// One step for all tables of an extension: rows go before any come, since they may refer to each other.
#[derive(Default)]
struct Script {
    variables: String,
    tables: usize,
    emptied: Vec<String>,
    filled: String,
}

impl Script {
    async fn add(&mut self, reader: &Reader<'_>, member: &Row) -> Result<()> {
        let relation = quote::qualified(member.get("schema"), member.get("name"));
        let extension: &str = member.get("extension");
        let told = |what: &str, code: &str| guard::told_inside(&format!("{what} of the extension {extension}"), code);
        if member.get("sequence") {
            if let Some(code) = position(reader, &relation).await? {
                self.filled += &told(&format!("the position of {relation}, a sequence"), &code);
            }
            return Ok(());
        }
        let columns: Vec<String> = member.get("columns");
        if columns.is_empty() {
            return Ok(());
        }
        let table = Table {
            relation,
            columns: quote::identifiers(&columns),
            width: columns.len(),
            condition: member.get("condition"),
        };
        let lines = table.lines(reader).await?;
        let wanted = format!("wanted_{}", self.tables);
        self.tables += 1;
        let quoted: Vec<String> = lines.iter().map(|line| quote::literal(line)).collect();
        let _ = writeln!(self.variables, "  {wanted} text[] := ARRAY[{}]::text[];", quoted.join(",\n    "));
        let what = format!("rows of {}, a table", table.relation);
        self.emptied.push(told(&what, &table.emptied(&wanted)));
        if !lines.is_empty() {
            self.filled += &told(&what, &table.filled(&wanted));
        }
        Ok(())
    }

    fn entry(mut self, extension: &str) -> Option<Entry> {
        self.emptied.reverse();
        let code = self.emptied.concat() + &self.filled;
        if code.is_empty() {
            return None;
        }
        let (own, set, reset) = settings();
        let code = format!(
            "#variable_conflict use_column\nDECLARE\n{}  statement text;\n  surplus tid[];\n  missing text[];\n  awake text[];\n  changed bigint;\n  written bigint;\n  own_settings text[] := ARRAY[{own}];\nBEGIN\n{set}{code}{reset}END",
            self.variables
        );
        Some(Entry {
            id: None,
            section: Section::Sequences,
            kind: "extension data",
            schema: None,
            name: extension.to_owned(),
            table: None,
            sql: quote::anonymous_block(&code),
        })
    }
}

/// SQL: the settings of the session, what sets them as the rows were read, and what sets them back. Of a table with row
/// security we see what the role sees, as when the backup was made.
fn settings() -> (String, String, String) {
    let (mut own, mut set, mut reset) = (String::new(), String::new(), String::new());
    for (place, (name, value)) in (1..).zip(SETTINGS) {
        let comma = if place == 1 { "" } else { ", " };
        let _ = write!(own, "{comma}pg_catalog.current_setting('{name}')");
        let _ = writeln!(set, "PERFORM pg_catalog.set_config('{name}', '{value}', true);");
        let _ = writeln!(reset, "PERFORM pg_catalog.set_config('{name}', own_settings[{place}], true);");
    }
    (own, set, reset)
}

/// A table that an extension keeps for its users; the condition begins with WHERE, or is empty.
struct Table<'a> {
    relation: String,
    columns: String,
    width: usize,
    condition: &'a str,
}

impl Table<'_> {
    /// SQL: each row with its place, as `INSERT` takes it. `%L` writes each value as its type does, which COPY does too.
    fn live(&self) -> String {
        let Self { relation, columns, width, condition } = self;
        let values = vec!["%L"; *width].join(", ");
        format!(
            "SELECT ctid AS place, pg_catalog.format('({values})', {columns}) AS line FROM ONLY {relation} {condition}"
        )
    }

    async fn lines(&self, reader: &Reader<'_>) -> Result<Vec<String>> {
        let rows = scope::rows(reader, "rows of extensions", &self.live()).await?;
        Ok(rows.iter().map(|row| row.get("line")).collect())
    }

    /// Removes the rows that the backup has not.
    fn emptied(&self, wanted: &str) -> String {
        let Self { relation, .. } = self;
        let change = self.with_triggers_off(&format!(
            "    DELETE FROM ONLY {relation} WHERE ctid = ANY (surplus);\n\
             \x20   GET DIAGNOSTICS changed = ROW_COUNT;\n"
        ));
        format!(
            "  surplus := ARRAY(SELECT place\n    \
                 FROM (SELECT place, line, row_number() OVER (PARTITION BY line) AS number FROM (\n{live}) here) here\n    \
                 LEFT JOIN (SELECT line, count(*) AS held FROM pg_catalog.unnest({wanted}) line GROUP BY line) there USING (line)\n   \
                 WHERE number > coalesce(held, 0));\n  \
               IF pg_catalog.cardinality(surplus) > 0 THEN\n{change}{}  END IF;\n",
            self.counted("surplus", "could not be removed"),
            live = self.live(),
        )
    }

    /// Adds the rows that the backup has and the table has not.
    fn filled(&self, wanted: &str) -> String {
        let Self { relation, columns, .. } = self;
        let insert = quote::literal(&format!("INSERT INTO {relation} ({columns}) OVERRIDING SYSTEM VALUE VALUES "));
        let change = self.with_triggers_off(&format!(
            "    changed := 0;\n    FOR batch IN 0 .. (pg_catalog.cardinality(missing) - 1) / {BATCH} LOOP\n      \
               EXECUTE {insert} || pg_catalog.array_to_string(missing[batch * {BATCH} + 1 : (batch + 1) * {BATCH}], ', ')\n        \
                 || ' ON CONFLICT DO NOTHING';\n      \
               GET DIAGNOSTICS written = ROW_COUNT;\n      changed := changed + written;\n    END LOOP;\n"
        ));
        format!(
            "  missing := ARRAY(SELECT line\n    \
                 FROM (SELECT line, place, row_number() OVER (PARTITION BY line ORDER BY place) AS number\n            \
                         FROM pg_catalog.unnest({wanted}) WITH ORDINALITY there(line, place)) there\n    \
                 LEFT JOIN (SELECT line, count(*) AS held FROM (\n{live}) here GROUP BY line) here USING (line)\n   \
                 WHERE number > coalesce(held, 0) ORDER BY place);\n  \
               IF pg_catalog.cardinality(missing) > 0 THEN\n{change}{}  END IF;\n",
            self.counted("missing", "could not be written"),
            live = self.live(),
        )
    }

    /// The extension's triggers are about what its users do; the rows were right when they were backed up. They can be
    /// switched off by the owner of the table alone.
    fn with_triggers_off(&self, change: &str) -> String {
        let Self { relation, .. } = self;
        let table = quote::literal(relation);
        format!(
            "    awake := ARRAY(SELECT pg_catalog.format('ALTER TABLE %s %s TRIGGER %I', {table}, CASE tgenabled \
                 WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE' END, tgname)\n      \
                 FROM pg_catalog.pg_trigger WHERE tgrelid = {table}::pg_catalog.regclass AND NOT tgisinternal AND tgenabled <> 'D');\n    \
               BEGIN\n      IF pg_catalog.cardinality(awake) > 0 THEN\n        ALTER TABLE {relation} DISABLE TRIGGER USER;\n      \
               END IF;\n    EXCEPTION WHEN insufficient_privilege THEN\n      awake := '{{}}';\n    END;\n\
             {change}    FOREACH statement IN ARRAY awake LOOP\n      EXECUTE statement;\n    END LOOP;\n"
        )
    }

    /// A trigger that was on, a rule, or a row with the same key may have kept some.
    fn counted(&self, rows: &str, failed: &str) -> String {
        let message = quote::literal(&format!(
            "of the rows of {}, a table of an extension, % {failed}: a trigger, a rule or other rows are in the way",
            self.relation.replace('%', "%%")
        ));
        format!(
            "    IF changed < pg_catalog.cardinality({rows}) THEN\n      \
               RAISE WARNING {message}, pg_catalog.cardinality({rows}) - changed;\n    END IF;\n"
        )
    }
}

/// Puts a sequence where it was, unless it is there.
async fn position(reader: &Reader<'_>, sequence: &str) -> Result<Option<String>> {
    let query = format!("SELECT last_value, is_called FROM {sequence}");
    let rows = scope::rows(reader, "positions of sequences", &query).await?;
    Ok(rows.first().map(|row| {
        let (last_value, is_called): (i64, bool) = (row.get("last_value"), row.get("is_called"));
        format!(
            "  IF EXISTS (SELECT FROM {sequence} WHERE last_value <> {last_value} OR is_called <> {is_called}) THEN\n    \
             PERFORM pg_catalog.setval({}::pg_catalog.regclass, {last_value}, {is_called});\n  END IF;\n",
            quote::literal(sequence)
        )
    }))
}

/// Tables that stand in the schema of the server belong to it.
const QUERY: &str = "
SELECT e.extname::text AS extension, n.nspname::text AS schema, c.relname::text AS name, c.relkind = 'S' AS sequence,
       coalesce(e.extcondition[place], '') AS condition, current_user::text AS role,
       has_schema_privilege(n.oid, 'USAGE') AND CASE c.relkind WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT')
           ELSE has_table_privilege(c.oid, 'SELECT') END AS readable,
       row_security_active(c.oid) AS filtered,
       ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
                AND attgenerated = '' ORDER BY attnum) AS columns
  FROM pg_extension e
  CROSS JOIN LATERAL unnest(e.extconfig) WITH ORDINALITY AS config(relation, place)
  JOIN pg_class c ON c.oid = relation
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'S') AND e.oid >= 16384
 ORDER BY e.extname, place";
