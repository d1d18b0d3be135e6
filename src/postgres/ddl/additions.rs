//! What stands on tables and views of extensions: columns, indexes, constraints, triggers, rules, policies, statistics,
//! another owner.
//!
//! No catalog tells what the extension made of these and what users have added. So each is made where it is missing: what
//! `CREATE EXTENSION` has brought is there already. One that is there and differs was altered by somebody and is made
//! anew, unless the extension is of another version, whose business it is then.

use std::collections::HashMap;
use std::fmt::Write as _;

use tokio_postgres::Row;

use super::{Entry, ObjectId, Reader, guard, policies, scope};
use crate::error::Result;
use crate::manifest::Section;
use crate::postgres::{quote, search_path};

/// The manifest's word for them.
pub const ADDITION: &str = "extension addition";

/// The catalog by which the columns of a table are known to the dependencies: `pg_attribute`, and the table's oid.
const COLUMNS_CLASS: u32 = 1249;

pub(super) async fn entries(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> =
        scope::rows(reader, "columns of extensions", &columns_query()).await?.iter().map(columns).collect();
    let policies = policies::of_extensions(reader).await?;
    for source in &SOURCES {
        let rows = scope::rows(reader, "additions to extensions", &query(source)).await?;
        // Half an index has no statement.
        let whole = |row: &&Row| source.kind != "index" || row.get::<_, Option<&str>>("create").is_some();
        entries.extend(rows.iter().filter(whole).map(|row| addition(row, source, &policies)));
    }
    Ok(entries)
}

/// Where additions of one kind are found; all but the first two are SQL.
struct Source {
    kind: &'static str,
    /// Whether other objects may depend on it; row security is the table's own.
    own: bool,
    from: &'static str,
    class: &'static str,
    oid: &'static str,
    name: &'static str,
    table: &'static str,
    condition: &'static str,
    /// What is the same exactly where the two things are.
    live: &'static str,
    /// The statement that makes it, and those that follow.
    create: &'static str,
    /// What `DROP` and `COMMENT ON` call it, where that is the same.
    target: &'static str,
}

const SOURCES: [Source; 8] = [
    Source {
        kind: "index",
        own: true,
        from: "pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_namespace xn ON xn.oid = x.relnamespace",
        class: "pg_class",
        oid: "x.oid",
        name: "x.relname",
        table: "i.indrelid",
        condition: "NOT EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = x.oid AND o.contype IN ('p', 'u', 'x'))",
        live: "pg_get_indexdef(x.oid)",
        create: "CASE WHEN i.indisvalid THEN pg_get_indexdef(x.oid) END",
        target: "format('INDEX %I.%I', xn.nspname, x.relname)",
    },
    Source {
        kind: "constraint",
        own: true,
        from: "pg_constraint x",
        class: "pg_constraint",
        oid: "x.oid",
        name: "x.conname",
        table: "x.conrelid",
        condition: "x.contype IN ('p', 'u', 'x', 'c', 'f') AND x.conislocal AND x.conparentid = 0",
        live: "pg_get_constraintdef(x.oid)",
        create: "format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.oid::regclass, x.conname, pg_get_constraintdef(x.oid))",
        target: "format('CONSTRAINT %I ON %s', x.conname, c.oid::regclass)",
    },
    Source {
        kind: "statistics",
        own: true,
        from: "pg_statistic_ext x JOIN pg_namespace xn ON xn.oid = x.stxnamespace",
        class: "pg_statistic_ext",
        oid: "x.oid",
        name: "x.stxname",
        table: "x.stxrelid",
        condition: "true",
        live: "pg_get_statisticsobjdef(x.oid)",
        create: "pg_get_statisticsobjdef(x.oid)",
        target: "format('STATISTICS %I.%I', xn.nspname, x.stxname)",
    },
    Source {
        kind: "rule",
        own: true,
        from: "pg_rewrite x",
        class: "pg_rewrite",
        oid: "x.oid",
        name: "x.rulename",
        table: "x.ev_class",
        condition: "x.rulename <> '_RETURN'",
        live: "concat_ws(' ', pg_get_ruledef(x.oid), x.ev_enabled)",
        create: "rtrim(pg_get_ruledef(x.oid), ';') || CASE x.ev_enabled WHEN 'O' THEN '' ELSE format(E';\\nALTER TABLE %s %s RULE %I', \
            c.oid::regclass, CASE x.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE REPLICA' END, x.rulename) END",
        target: "format('RULE %I ON %s', x.rulename, c.oid::regclass)",
    },
    Source {
        kind: "trigger",
        own: true,
        from: "pg_trigger x",
        class: "pg_trigger",
        oid: "x.oid",
        name: "x.tgname",
        table: "x.tgrelid",
        condition: "NOT x.tgisinternal AND x.tgparentid = 0",
        live: "concat_ws(' ', pg_get_triggerdef(x.oid), x.tgenabled)",
        create: "pg_get_triggerdef(x.oid) || CASE x.tgenabled WHEN 'O' THEN '' ELSE format(E';\\nALTER TABLE %s %s TRIGGER %I', \
            c.oid::regclass, CASE x.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE REPLICA' END, x.tgname) END",
        target: "format('TRIGGER %I ON %s', x.tgname, c.oid::regclass)",
    },
    Source {
        kind: "policy",
        own: true,
        from: "pg_policy x",
        class: "pg_policy",
        oid: "x.oid",
        name: "x.polname",
        table: "x.polrelid",
        condition: "true",
        live: "concat_ws(' ', x.polpermissive, x.polcmd, pg_get_expr(x.polqual, x.polrelid), 'check', \
            pg_get_expr(x.polwithcheck, x.polrelid), 'for', (SELECT string_agg(CASE role WHEN 0 THEN 'public' \
            ELSE pg_get_userbyid(role)::text END, ', ' ORDER BY role) FROM unnest(x.polroles) role))",
        // The statements come from where those of all policies do.
        create: "NULL::text",
        target: "format('POLICY %I ON %s', x.polname, c.oid::regclass)",
    },
    Source {
        kind: "row security",
        own: false,
        from: "pg_class x",
        class: "pg_class",
        oid: "NULL::oid",
        name: "x.relname",
        table: "x.oid",
        condition: "x.relkind IN ('r', 'p') AND (x.relrowsecurity OR x.relforcerowsecurity OR EXISTS (SELECT FROM pg_policy WHERE polrelid = x.oid))",
        live: "concat_ws(' ', x.relrowsecurity, x.relforcerowsecurity)",
        create: "format('ALTER TABLE %s %s ROW LEVEL SECURITY, %s ROW LEVEL SECURITY', c.oid::regclass, \
            CASE WHEN c.relrowsecurity THEN 'ENABLE' ELSE 'DISABLE' END, CASE WHEN c.relforcerowsecurity THEN 'FORCE' ELSE 'NO FORCE' END)",
        target: "NULL::text",
    },
    Source {
        kind: "owner",
        own: false,
        from: "pg_class x",
        class: "pg_class",
        oid: "NULL::oid",
        name: "x.relname",
        table: "x.oid",
        // Scripts of trusted extensions run as the first superuser, whoever is the extension's owner.
        condition: "x.relkind IN ('r', 'p', 'v', 'm', 'f') AND x.relowner <> 10 AND x.relowner <> ALL ( \
            SELECT extowner FROM pg_depend d JOIN pg_extension o ON o.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass \
             WHERE d.classid = 'pg_class'::regclass AND d.objid = x.oid AND d.deptype = 'e')",
        live: "pg_get_userbyid(x.relowner)::text",
        create: "format('ALTER TABLE %s OWNER TO %I', c.oid::regclass, pg_get_userbyid(c.relowner))",
        target: "NULL::text",
    },
];

/// The tables and views of extensions, as `c`, with what tells of the extension.
const OF_EXTENSIONS: &str = "pg_depend member \
    JOIN pg_extension e ON member.refclassid = 'pg_extension'::regclass AND e.oid = member.refobjid \
    JOIN pg_class c ON member.classid = 'pg_class'::regclass AND c.oid = member.objid AND member.deptype = 'e' \
    JOIN pg_namespace n ON n.oid = c.relnamespace";

fn query(source: &Source) -> String {
    let Source { from, class, oid, name, table, condition, live, create, target, .. } = source;
    format!(
        "SELECT '{class}'::regclass::oid AS class, {oid} AS oid, {name}::text AS name, c.oid::regclass::text AS table, \
                n.nspname::text AS table_schema, c.relname::text AS table_name, n.nspname || '.' || c.relname AS label, e.extname::text AS extension, e.extversion AS version, \
                {live} AS live, {create} AS create, {target} AS target, obj_description({oid}, '{class}') AS remark \
           FROM {from} JOIN ({OF_EXTENSIONS}) ON c.oid = {table} \
          WHERE {condition} AND e.oid >= 16384 \
          ORDER BY n.nspname, c.relname, 3"
    )
}

fn addition(row: &Row, source: &Source, policies: &HashMap<u32, String>) -> Entry {
    let (name, table, label): (&str, &str, &str) = (row.get("name"), row.get("table"), row.get("label"));
    let oid: Option<u32> = row.get("oid");
    let create = match row.get::<_, Option<&str>>("create") {
        Some(create) => format!("{create};\n"),
        None => oid.and_then(|oid| policies.get(&oid)).cloned().unwrap_or_default(),
    };
    let target: Option<&str> = row.get("target");
    let remark = target
        .zip(row.get::<_, Option<&str>>("remark"))
        .map_or_else(String::new, |(target, remark)| format!("COMMENT ON {target} IS {};\n", quote::literal(remark)));
    let drop = match target {
        Some(_) if source.kind == "constraint" => {
            format!("ALTER TABLE {table} DROP CONSTRAINT {};\n", quote::identifier(name))
        }
        Some(target) => format!("DROP {target};\n"),
        None => String::new(),
    };
    let create = create + &remark;
    let found = format!(
        "SELECT {} INTO live FROM {}\n   WHERE {} = {} AND {} = {} AND {};\n",
        source.live,
        source.from,
        source.table,
        oid_of_table(row),
        source.name,
        quote::literal(name),
        source.condition
    );
    let code = format!(
        "{found}  IF live IS NULL THEN\n{}  ELSIF live <> {} AND {} THEN\n{drop}{}  END IF;\n",
        under_path(&create),
        quote::literal(row.get("live")),
        of_this_version(row),
        under_path(&create),
    );
    let what =
        if source.own { format!("{} {name} on {label}", source.kind) } else { format!("{} of {label}", source.kind) };
    Entry {
        id: oid.map(|object| ObjectId { class: row.get("class"), object }),
        section: if source.kind == "owner" { Section::Owners } else { Section::PostData },
        kind: ADDITION,
        schema: None,
        sql: block(row, &what, "  live text;\n", &code),
        name: what,
        table: None,
    }
}

/// SQL: the extension here is the one that the backup knows.
fn of_this_version(row: &Row) -> String {
    format!(
        "EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = {} AND extversion = {})",
        quote::literal(row.get("extension")),
        quote::literal(row.get("version"))
    )
}

/// SQL: the oid of the table here, which may stand in a schema that we may not use.
fn oid_of_table(row: &Row) -> String {
    format!(
        "(SELECT t.oid FROM pg_catalog.pg_class t JOIN pg_catalog.pg_namespace s ON s.oid = t.relnamespace \
         WHERE s.nspname = {} AND t.relname = {})",
        quote::literal(row.get("table_schema")),
        quote::literal(row.get("table_name"))
    )
}

fn block(row: &Row, what: &str, variables: &str, code: &str) -> String {
    let variables = format!("{variables}{NO_PATH}");
    guard::told(&format!("the {what} of the extension {}", row.get::<_, &str>("extension")), &variables, code)
}

/// The schemas under which a block makes what is missing.
const NO_PATH: &str = "  schemas text := '';\n";

/// What is compared is read under the empty path, as the backup read it.
const ENTER: &str = "  PERFORM pg_catalog.set_config('search_path', schemas, true);\n";
const LEAVE: &str = "  PERFORM pg_catalog.set_config('search_path', '', true);\n";

fn under_path(statements: &str) -> String {
    format!("{ENTER}{statements}{LEAVE}")
}

/// An addition that is made with these schemas in the path.
pub(super) fn under<T: AsRef<str>>(schemas: &[T], sql: &str) -> String {
    let path = quote::literal(&quote::identifiers(&search_path::searched(schemas)));
    sql.replacen(NO_PATH, &format!("  schemas text := {path};\n"), 1)
}

/// The columns of one table, which rows and views need early. All that may differ in one that the extension brought is
/// whether it may be empty, and its default.
fn columns(row: &Row) -> Entry {
    let (table, label): (&str, &str) = (row.get("table"), row.get("label"));
    let names: Vec<&str> = row.get("names");
    let definitions: Vec<&str> = row.get("definitions");
    let defaults: Vec<Option<&str>> = row.get("defaults");
    let required: Vec<bool> = row.get("required");
    let mut values = String::new();
    for (index, name) in names.iter().enumerate() {
        let default = defaults[index].map_or_else(|| "NULL".to_owned(), quote::literal);
        let comma = if index == 0 { "" } else { ",\n    " };
        let (name, definition) = (quote::literal(name), quote::literal(definitions[index]));
        let _ = write!(values, "{comma}({name}, {definition}, {default}, {})", required[index]);
    }
    let code = COLUMNS_CODE
        .replace("<values>", &values)
        .replace("<oid>", &oid_of_table(row))
        .replace("<enter>", ENTER)
        .replace("<leave>", LEAVE)
        .replace("<table>", &quote::literal(&format!("ALTER TABLE {table} ")))
        .replace("<same>", &of_this_version(row));
    let what = format!("columns of {label}");
    Entry {
        id: Some(ObjectId { class: COLUMNS_CLASS, object: row.get("oid") }),
        section: Section::PreData,
        kind: ADDITION,
        schema: None,
        sql: block(row, &what, "  wanted record;\n  live record;\n", &code),
        name: what,
        table: None,
    }
}

const COLUMNS_CODE: &str = "  FOR wanted IN SELECT * FROM (VALUES
    <values>) v(name, definition, usual, required) LOOP
    SELECT attnotnull AS required, attgenerated = '' AND attidentity = '' AS plain, pg_catalog.pg_get_expr(adbin, adrelid) AS usual INTO live
      FROM pg_catalog.pg_attribute LEFT JOIN pg_catalog.pg_attrdef ON adrelid = attrelid AND adnum = attnum
     WHERE attrelid = <oid> AND attname = wanted.name AND NOT attisdropped;
    IF NOT FOUND THEN
<enter>      EXECUTE <table> || pg_catalog.format('ADD COLUMN %I %s', wanted.name, wanted.definition);
<leave>    ELSIF <same> THEN
      IF live.plain AND live.usual IS DISTINCT FROM wanted.usual THEN
        EXECUTE <table> || pg_catalog.format('ALTER COLUMN %I ', wanted.name) || coalesce('SET DEFAULT ' || wanted.usual, 'DROP DEFAULT');
      END IF;
      IF live.required <> wanted.required THEN
        EXECUTE <table> || pg_catalog.format('ALTER COLUMN %I %s NOT NULL', wanted.name, CASE WHEN wanted.required THEN 'SET' ELSE 'DROP' END);
      END IF;
    END IF;
  END LOOP;
";

fn columns_query() -> String {
    format!(
        "SELECT c.oid, c.oid::regclass::text AS table, n.nspname::text AS table_schema, c.relname::text AS table_name, n.nspname || '.' || c.relname AS label, \
                e.extname::text AS extension, e.extversion AS version, \
                array_agg(a.attname::text ORDER BY a.attnum) AS names, \
                array_agg(a.attnotnull ORDER BY a.attnum) AS required, \
                array_agg(CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END ORDER BY a.attnum) AS defaults, \
                array_agg(concat_ws(' ', format_type(a.atttypid, a.atttypmod), \
                    'COLLATE ' || CASE WHEN l.oid IS NOT NULL THEN format('%I.%I', ln.nspname, l.collname) END, \
                    CASE a.attgenerated WHEN '' THEN 'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) \
                        ELSE format('GENERATED ALWAYS AS (%s) %s', pg_get_expr(d.adbin, d.adrelid), \
                             CASE a.attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END) END, \
                    CASE a.attidentity WHEN 'a' THEN 'GENERATED ALWAYS AS IDENTITY' \
                                       WHEN 'd' THEN 'GENERATED BY DEFAULT AS IDENTITY' END, \
                    CASE WHEN a.attnotnull THEN 'NOT NULL' END) ORDER BY a.attnum) AS definitions \
           FROM {OF_EXTENSIONS} \
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attislocal \
           JOIN pg_type t ON t.oid = a.atttypid \
           LEFT JOIN pg_collation l ON l.oid = a.attcollation AND a.attcollation <> t.typcollation \
           LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace \
           LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
          WHERE c.relkind IN ('r', 'p') AND e.oid >= 16384 \
          GROUP BY c.oid, c.relname, n.nspname, e.extname, e.extversion ORDER BY n.nspname, c.relname"
    )
}
