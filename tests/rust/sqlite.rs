//! Private SQLite files: what is read from them, what is left out, what is built from a backup.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use holdfast::Kind;
use holdfast::event::Progress;
use holdfast::exclusions::Exclusions;
use holdfast::manifest::Table;
use holdfast::plan::Verify;
use holdfast::sqlite::{Draft, Expected, ForeignKeyViolation, Snapshot};
use rusqlite::Connection;
use tempfile::TempDir;

const SHOP: &str = "
    PRAGMA page_size = 1024;
    PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA user_version = 7;
    PRAGMA application_id = 1234;
    CREATE TABLE customer (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,
        upper_name TEXT GENERATED ALWAYS AS (upper(name)) STORED);
    CREATE TABLE purchase (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id), total NUMERIC);
    CREATE INDEX purchase_customer ON purchase (customer_id);
    CREATE TABLE setting (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
    CREATE TABLE \"odd \"\"name\"\"\" (\"a b\" BLOB);
    CREATE VIRTUAL TABLE search USING fts5 (body);
    CREATE VIRTUAL TABLE place USING rtree (id, low, high);
    CREATE VIEW names AS SELECT name FROM customer;
    CREATE TRIGGER purchase_made AFTER DELETE ON purchase BEGIN INSERT INTO setting VALUES ('deleted', 1); END;
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
        INSERT INTO customer (name) SELECT 'customer number ' || i FROM n;
    INSERT INTO purchase (customer_id, total) SELECT id, id * 1.5 FROM customer;
    INSERT INTO setting VALUES ('colour', x'00ff'), ('size', 1), ('weight', 1.0), ('nothing', NULL);
    INSERT INTO \"odd \"\"name\"\"\" VALUES (zeroblob(5000));
    INSERT INTO search VALUES ('the secret of the lighthouse');
    INSERT INTO place VALUES (1, 2.0, 3.0);
    ANALYZE;
";

fn database(folder: &TempDir, name: &str, sql: &str) -> PathBuf {
    let path = folder.path().join(name);
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    path
}

fn measured(snapshot: &Snapshot) -> Vec<Table> {
    let mut tables = snapshot.tables().unwrap();
    snapshot.measure(&mut tables, 2, &Progress::default()).unwrap();
    tables
}

fn table<'a>(tables: &'a [Table], name: &str) -> &'a Table {
    tables.iter().find(|table| table.name == name).unwrap()
}

fn chunks(snapshot: &Snapshot) -> Vec<Vec<u8>> {
    let mut pages = snapshot.pages().unwrap();
    std::iter::from_fn(|| pages.read(Vec::new()).unwrap()).collect()
}

/// Writes the chunks last to first, since a restore decodes them in any order.
fn build(file: &Path, chunks: &[Vec<u8>], expected: &Expected<'_>) -> holdfast::Result<Vec<ForeignKeyViolation>> {
    let draft = Draft::create(file)?;
    let mut offset: u64 = chunks.iter().map(|chunk| chunk.len() as u64).sum();
    for chunk in chunks.iter().rev() {
        offset -= chunk.len() as u64;
        draft.write(offset, chunk)?;
    }
    draft.finish(expected, &Progress::default())
}

fn expected(tables: &[Table]) -> Expected<'_> {
    Expected { tables, page_size: None, verify: Verify::Full, threads: 2 }
}

fn integrity(file: &Path) -> String {
    let connection = Connection::open(file).unwrap();
    connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap()
}

#[test]
fn tables_have_their_columns_and_rows() {
    let folder = TempDir::new().unwrap();
    let snapshot = Snapshot::open(&database(&folder, "shop", SHOP)).unwrap();
    let tables = measured(&snapshot);
    let names: Vec<_> = tables.iter().map(|table| table.name.as_str()).collect();
    assert!(names.is_sorted());
    assert!(names.contains(&"sqlite_sequence") && names.contains(&"odd \"name\"") && names.contains(&"search_data"));
    assert!(!names.iter().any(|name| name.starts_with("sqlite_stat") || *name == "names"));
    let customer = table(&tables, "customer");
    assert_eq!(customer.columns, ["id", "name"]);
    assert_eq!(customer.all_columns, ["id", "name", "upper_name"]);
    assert_eq!((customer.rows, table(&tables, "setting").rows), (Some(3000), Some(4)));
    assert_eq!((table(&tables, "search").rows, table(&tables, "search_docsize").rows), (None, Some(1)));
    let database = snapshot.database("shop.sqlite3").unwrap();
    assert_eq!((database.engine.as_str(), database.encoding.as_str()), ("sqlite", "UTF-8"));
    assert_eq!(database.server_version, rusqlite::version());
    assert_eq!(database.properties["page_size"], 1024);
    assert_eq!(database.properties["user_version"], 7);
    assert_eq!(database.properties["application_id"], 1234);
    assert_eq!(database.properties["auto_vacuum"], 2);
}

#[test]
fn a_fingerprint_sees_every_difference_but_order() {
    let folder = TempDir::new().unwrap();
    let fingerprint = |name: &str, rows: &str| {
        let file = database(&folder, name, &format!("CREATE TABLE t (a, b); INSERT INTO t VALUES {rows}"));
        measured(&Snapshot::open(&file).unwrap())[0].fingerprint.clone().unwrap()
    };
    let first = fingerprint("first", "(1, 'ab'), (2, 'c')");
    assert_eq!(first, fingerprint("order", "(2, 'c'), (1, 'ab')"));
    let others = [
        "(1.0, 'ab'), (2, 'c')",
        "('1', 'ab'), (2, 'c')",
        "(1, x'6162'), (2, 'c')",
        "(1, 'ab'), (2, NULL)",
        "(1, 'ab'), (2, 'c'), (2, 'c')",
        "(2, 'ab'), (1, 'c')",
        "(1, 'a'), (2, 'bc')",
        "(1, 'ab'), (2, '')",
    ];
    for (index, rows) in others.iter().enumerate() {
        assert_ne!(first, fingerprint(&index.to_string(), rows), "{rows}");
    }
}

#[test]
fn a_copy_in_wal_mode_becomes_a_single_file() {
    let folder = TempDir::new().unwrap();
    let file = database(&folder, "wal", "PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    let snapshot = Snapshot::open(&file).unwrap();
    assert_eq!(snapshot.database("wal").unwrap().properties["journal_mode"], "wal");
    assert_eq!(&std::fs::read(&file).unwrap()[18..20], [1, 1]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_is_no_database_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("notes.txt");
    std::fs::write(&file, "x".repeat(4096)).unwrap();
    let error = Snapshot::open(&file).unwrap_err();
    assert!(error.message().contains("no SQLite database") && error.hint_text().is_some());
    assert!(Snapshot::open(&folder.path().join("missing")).is_err());
}

#[test]
fn an_empty_database_survives() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("empty");
    std::fs::write(&file, "").unwrap();
    let snapshot = Snapshot::open(&file).unwrap();
    assert!(measured(&snapshot).is_empty());
    build(&folder.path().join("built"), &chunks(&snapshot), &expected(&[])).unwrap();
}

#[test]
fn what_was_built_equals_what_was_copied() {
    let folder = TempDir::new().unwrap();
    let snapshot = Snapshot::open(&database(&folder, "shop", SHOP)).unwrap();
    let tables = measured(&snapshot);
    let built = folder.path().join("built");
    assert_eq!(build(&built, &chunks(&snapshot), &expected(&tables)).unwrap(), []);
    assert_eq!(std::fs::read(&built).unwrap(), std::fs::read(snapshot.file()).unwrap());
    assert_eq!(std::fs::metadata(&built).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(integrity(&built), "ok");
    assert!(Draft::create(&built).is_err(), "an existing file is never overwritten");
}

#[test]
fn chunks_are_whole_pages() {
    let folder = TempDir::new().unwrap();
    let sql = "PRAGMA page_size = 65536; CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(9000000))";
    let snapshot = Snapshot::open(&database(&folder, "large", sql)).unwrap();
    let chunks = chunks(&snapshot);
    assert_eq!(chunks.len(), 3);
    assert!(chunks.iter().all(|chunk| chunk.len() % 65536 == 0));
    assert_eq!(chunks.iter().map(|chunk| chunk.len() as u64).sum::<u64>(), snapshot.size().unwrap());
}

#[test]
fn another_page_size_keeps_every_row() {
    let folder = TempDir::new().unwrap();
    let snapshot = Snapshot::open(&database(&folder, "shop", SHOP)).unwrap();
    let tables = measured(&snapshot);
    let built = folder.path().join("built");
    build(&built, &chunks(&snapshot), &Expected { page_size: Some(8192), ..expected(&tables) }).unwrap();
    let properties = Snapshot::open(&built).unwrap().database("shop").unwrap().properties;
    assert_eq!((&properties["page_size"], &properties["user_version"]), (&8192.into(), &7.into()));
    let error = build(
        &folder.path().join("other"),
        &chunks(&snapshot),
        &Expected { page_size: Some(3000), ..expected(&tables) },
    );
    assert_eq!(error.unwrap_err().kind(), Kind::Usage);
}

#[test]
fn a_backup_that_differs_from_its_manifest_is_refused_and_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let snapshot = Snapshot::open(&database(&folder, "shop", SHOP)).unwrap();
    let (tables, built) = (measured(&snapshot), folder.path().join("built"));
    let refused = |tables: &[Table], verify: Verify, words: &str| {
        let error = build(&built, &chunks(&snapshot), &Expected { verify, ..expected(tables) }).unwrap_err();
        assert_eq!(error.kind(), Kind::BadBackup);
        assert!(error.message().contains(words), "{}", error.message());
        assert!(!built.exists());
    };
    let changed = |change: fn(&mut Table)| {
        let mut tables = tables.clone();
        change(tables.iter_mut().find(|table| table.name == "customer").unwrap());
        tables
    };
    refused(&changed(|table| table.rows = Some(2999)), Verify::Counts, "customer has 3000 rows instead of 2999");
    refused(&changed(|table| table.fingerprint = Some("0".repeat(32))), Verify::Full, "rows of table customer");
    refused(&tables[1..], Verify::Counts, "tables in the backup differ");
}

#[test]
fn damage_is_named_on_both_sides() {
    let folder = TempDir::new().unwrap();
    let snapshot = Snapshot::open(&database(&folder, "shop", SHOP)).unwrap();
    let tables = measured(&snapshot);
    let mut bytes = std::fs::read(snapshot.file()).unwrap();
    bytes[1024 * 20..1024 * 60].fill(0xAA);
    std::fs::write(snapshot.file(), &bytes).unwrap();
    let error = snapshot.check(&Progress::default()).unwrap_err();
    assert_eq!(error.kind(), Kind::Failed);
    assert!(error.message().starts_with("the live database is damaged") && error.hint_text().is_some());
    let built = folder.path().join("built");
    let error = build(&built, &[bytes], &expected(&tables)).unwrap_err();
    assert_eq!(error.kind(), Kind::BadBackup);
    assert!(!error.message().contains("live database"), "{}", error.message());
    assert!(!built.exists());
}

#[test]
fn foreign_keys_that_do_not_hold_are_told() {
    let folder = TempDir::new().unwrap();
    let file = database(
        &folder,
        "shop",
        "PRAGMA foreign_keys = OFF;
        CREATE TABLE parent (id INTEGER PRIMARY KEY, code TEXT);
        CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parent (id));
        CREATE TABLE strange (code TEXT REFERENCES parent (code));
        INSERT INTO child VALUES (1, 10), (2, 11), (3, NULL); INSERT INTO strange VALUES ('x')",
    );
    let violations = Snapshot::open(&file).unwrap().check(&Progress::default()).unwrap();
    assert_eq!(violations.len(), 2);
    assert_eq!(violations[0].to_string(), "2 rows of child refer to rows of parent that do not exist");
    assert!(violations[1].to_string().starts_with("the foreign keys of strange cannot be checked: "));
}

#[test]
fn foreign_keys_are_compared_as_sqlite_compares_them() {
    let folder = TempDir::new().unwrap();
    let sql = "PRAGMA foreign_keys = OFF;
        CREATE TABLE code (code TEXT PRIMARY KEY);
        CREATE TABLE word (word TEXT PRIMARY KEY COLLATE NOCASE);
        CREATE TABLE number (id INTEGER PRIMARY KEY);
        CREATE TABLE pair (a, b, PRIMARY KEY (a, b));
        CREATE TABLE good (a INTEGER REFERENCES code, b TEXT REFERENCES number (ID), c REFERENCES word);
        CREATE TABLE case_matters (a TEXT COLLATE NOCASE REFERENCES code);
        CREATE TABLE digits (a REFERENCES code, b TEXT REFERENCES number);
        CREATE TABLE several (x, y, gone REFERENCES missing, FOREIGN KEY (x, y) REFERENCES pair);
        CREATE INDEX case_matters_a ON case_matters (a); CREATE INDEX digits_a ON digits (a);
        INSERT INTO code VALUES ('5'), ('ab'); INSERT INTO word VALUES ('Ab');
        INSERT INTO number VALUES (7); INSERT INTO pair VALUES (1, 2);
        INSERT INTO good VALUES (5, '7', 'aB'), (NULL, NULL, NULL);
        INSERT INTO case_matters VALUES ('ab'), ('AB');
        INSERT INTO digits VALUES (5, '7'), (5.0, '7x');
        INSERT INTO several VALUES (1, 2, 1), (1, 3, NULL), (1, NULL, NULL)";
    let snapshot = Snapshot::open(&database(&folder, "keys", sql)).unwrap();
    let missing = |(table, parent): (&str, &str)| ForeignKeyViolation::MissingParents {
        table: table.to_owned(),
        parent: parent.to_owned(),
        rows: 1,
    };
    let expected = [
        ("case_matters", "code"),
        ("digits", "code"),
        ("digits", "number"),
        ("several", "missing"),
        ("several", "pair"),
    ];
    assert_eq!(snapshot.foreign_keys(&Progress::default()).unwrap(), expected.map(missing));
}

#[test]
fn rows_left_out_are_nowhere_in_the_file() {
    let folder = TempDir::new().unwrap();
    let snapshot = Snapshot::open(&database(&folder, "shop", SHOP)).unwrap();
    let before = measured(&snapshot);
    let progress = Progress::default();
    let snapshot = snapshot.without_rows_of(&once(&["customer", "purchase"]), &progress).unwrap();
    let bytes = std::fs::read(snapshot.file()).unwrap();
    assert!(!bytes.windows(15).any(|window| window == b"customer number"));
    let after = measured(&snapshot);
    assert_eq!((table(&after, "customer").rows, table(&after, "purchase").rows), (Some(0), Some(0)));
    assert_eq!(table(&after, "setting"), table(&before, "setting"), "no trigger may have run");
    assert_eq!(table(&after, "search_content"), table(&before, "search_content"));
    assert_eq!(integrity(snapshot.file()), "ok");
    let error = snapshot.without_rows_of(&once(&["missing"]), &progress).unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
}

#[test]
fn a_schema_alone_has_every_definition_and_no_row() {
    let folder = TempDir::new().unwrap();
    let snapshot = Snapshot::open(&database(&folder, "shop", SHOP)).unwrap();
    let definitions = |snapshot: &Snapshot| {
        let connection = Connection::open(snapshot.file()).unwrap();
        let sql = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        rows.collect::<Result<Vec<(String, String, Option<String>)>, _>>().unwrap()
    };
    let before = (definitions(&snapshot), snapshot.tables().unwrap());
    let snapshot = snapshot.without_rows(&Progress::default()).unwrap();
    assert_eq!(before, (definitions(&snapshot), snapshot.tables().unwrap()));
    let properties = snapshot.database("shop").unwrap().properties;
    assert_eq!((&properties["page_size"], &properties["auto_vacuum"]), (&1024.into(), &2.into()));
    assert_eq!((&properties["user_version"], &properties["application_id"]), (&7.into(), &1234.into()));
    let tables = measured(&snapshot);
    for name in ["customer", "purchase", "setting", "sqlite_sequence", "search_content"] {
        assert_eq!(table(&tables, name).rows, Some(0), "{name}");
    }
    let connection = Connection::open(snapshot.file()).unwrap();
    connection.execute_batch("INSERT INTO search VALUES ('new'); INSERT INTO place VALUES (1, 2, 3)").unwrap();
    assert_eq!(integrity(snapshot.file()), "ok");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// A database whose schema needs a function of the application and a module that is not here.
fn foreign(folder: &TempDir) -> PathBuf {
    let file = folder.path().join("foreign");
    let connection = Connection::open(&file).unwrap();
    let flags =
        rusqlite::functions::FunctionFlags::SQLITE_DETERMINISTIC | rusqlite::functions::FunctionFlags::SQLITE_UTF8;
    connection.create_scalar_function("django_double", 1, flags, |context| Ok(context.get::<i64>(0)? * 2)).unwrap();
    connection.create_scalar_function("REGEXP", 2, flags, |_| Ok(true)).unwrap();
    connection
        .execute_batch(
            "
        CREATE TABLE t (a INTEGER CHECK (a REGEXP '[0-9]+'), secret TEXT,
            twice INTEGER NOT NULL GENERATED ALWAYS AS (django_double(a)) VIRTUAL);
        CREATE INDEX doubled ON t (django_double(a));
        CREATE TABLE other (text);
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
            INSERT INTO t (a) SELECT i FROM n;
        INSERT INTO other VALUES ('lighthouse');
        PRAGMA writable_schema = ON;
        INSERT INTO sqlite_schema VALUES ('table', 'shape', 'shape', 0, 'CREATE VIRTUAL TABLE shape USING nowhere (x)');
    ",
        )
        .unwrap();
    file
}

#[test]
fn functions_and_modules_of_the_application_are_not_needed() {
    let folder = TempDir::new().unwrap();
    let snapshot = Snapshot::open(&foreign(&folder)).unwrap();
    let progress = Progress::default();
    assert_eq!(snapshot.check(&progress).unwrap(), []);
    let tables = measured(&snapshot);
    assert_eq!(table(&tables, "shape").rows, None);
    assert_eq!(table(&tables, "t").all_columns, ["a", "secret", "twice"]);
    build(&folder.path().join("built"), &chunks(&snapshot), &Expected { page_size: Some(1024), ..expected(&tables) })
        .unwrap();

    let snapshot = snapshot.without_rows_of(&once(&["other"]), &progress).unwrap();
    assert_eq!(table(&measured(&snapshot), "t"), table(&tables, "t"));
    let connection = Connection::open(snapshot.file()).unwrap();
    let flags =
        rusqlite::functions::FunctionFlags::SQLITE_DETERMINISTIC | rusqlite::functions::FunctionFlags::SQLITE_UTF8;
    connection.create_scalar_function("django_double", 1, flags, |context| Ok(context.get::<i64>(0)? * 2)).unwrap();
    let found: i64 =
        connection.query_row("SELECT a FROM t WHERE django_double(a) = 1234", [], |row| row.get(0)).unwrap();
    assert_eq!(found, 617, "the index kept the application's values");
    drop(connection);

    let snapshot = snapshot.without_rows(&progress).unwrap();
    assert_eq!(table(&measured(&snapshot), "t").rows, Some(0));
    assert_eq!(snapshot.tables().unwrap().len(), 3);
}

#[test]
fn the_wish_to_stop_is_heard() {
    let folder = TempDir::new().unwrap();
    let snapshot = Snapshot::open(&database(
        &folder,
        "large",
        "CREATE TABLE t (a);
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO t SELECT i FROM n",
    ))
    .unwrap();
    let progress = Progress::default();
    progress.cancel();
    let error = snapshot.measure(&mut snapshot.tables().unwrap(), 2, &progress).unwrap_err();
    assert_eq!(error.kind(), Kind::Interrupted);
}

/// Earlier versions can corrupt a database when a checkpoint and a writer meet (<https://sqlite.org/wal.html>).
#[test]
fn the_bundled_library_resets_logs_safely() {
    assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
}

fn once(tables: &[&str]) -> Exclusions {
    Exclusions { once: tables.iter().map(|table| (*table).to_owned()).collect(), ..Exclusions::default() }
}
