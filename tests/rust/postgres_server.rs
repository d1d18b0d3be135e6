//! A real PostgreSQL server for one test: a fresh cluster in a temporary folder, reached through a Unix socket alone.
//!
//! `HOLDFAST_TEST_POSTGRES_BIN` names the folder of `initdb` and `postgres`; without it Debian's newest is taken.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

pub(crate) struct PostgresServer {
    programs: PathBuf,
    folder: TempDir,
}

impl PostgresServer {
    pub(crate) fn start() -> Self {
        let server = Self {
            programs: programs(),
            // Short, because the path of a socket has 107 bytes at most.
            folder: tempfile::Builder::new().prefix("holdfast-").tempdir_in("/tmp").unwrap(),
        };
        fs::set_permissions(server.folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        run(server
            .command("initdb")
            .args(["--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync"])
            .arg("--pgdata")
            .arg(server.data()));
        let options = format!("-c listen_addresses='' -c fsync=off -c unix_socket_directories='{}'", server.socket());
        // The server outlives `pg_ctl`; with a log of its own it does not hold the pipes that we wait on.
        run(server
            .command("pg_ctl")
            .args(["start", "--wait", "--options", &options, "--log"])
            .arg(server.folder.path().join("log"))
            .arg("--pgdata")
            .arg(server.data()));
        server
    }

    /// The folder of the socket: libpq's `host`.
    pub(crate) fn socket(&self) -> &str {
        self.folder.path().to_str().unwrap()
    }

    /// A superuser's connection.
    pub(crate) async fn connect(&self, database: &str) -> Client {
        self.connect_as("postgres", database).await
    }

    pub(crate) async fn connect_as(&self, user: &str, database: &str) -> Client {
        let (client, connection) = tokio_postgres::Config::new()
            .host_path(self.folder.path())
            .user(user)
            .dbname(database)
            .connect(NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        client
    }

    pub(crate) async fn create_database(&self, name: &str) {
        let statement = format!("CREATE DATABASE {}", holdfast::postgres::quote::identifier(name));
        self.connect("postgres").await.batch_execute(&statement).await.unwrap();
    }

    /// The plain text of `pg_dump`, without the lines that differ from one run to the next.
    pub(crate) fn pg_dump(&self, database: &str, options: &[&str]) -> String {
        let text = run(Command::new(self.client_program("pg_dump"))
            .args(["--username=postgres", "--host", self.socket(), "--dbname", database])
            .args(options));
        text.split_inclusive('\n')
            .filter(|line| !line.starts_with("\\restrict ") && !line.starts_with("\\unrestrict "))
            .collect()
    }

    /// Executes a script as `psql` does, and stops at the first error.
    pub(crate) fn psql(&self, database: &str, script: &Path) {
        run(Command::new(self.client_program("psql"))
            .args(["--username=postgres", "--host", self.socket(), "--dbname", database])
            .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file"])
            .arg(script));
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn command(&self, program: &str) -> Command {
        let path = self.programs.join(program);
        let mut command;
        if fs::metadata("/proc/self").is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0) {
            // PostgreSQL refuses to run as root.
            command = Command::new("setpriv");
            let (user, group) = unprivileged_account();
            command.args(["--reuid", &user, "--regid", &group, "--clear-groups", "--"]).arg(path);
        } else {
            command = Command::new(path);
        }
        command.current_dir("/");
        command
    }

    /// Packages of servers may come without client programs: then those beside them, or Debian's.
    fn client_program(&self, name: &str) -> PathBuf {
        [self.programs.join(name), self.programs.join("../../client/bin").join(name)]
            .into_iter()
            .find(|path| path.is_file())
            .unwrap_or_else(|| name.into())
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        let mut stop = self.command("pg_ctl");
        stop.args(["stop", "--mode=immediate", "--pgdata"]).arg(self.data());
        let _ = stop.output();
    }
}

/// User and group numbers of `postgres`, or of `nobody` where no package has made that account.
fn unprivileged_account() -> (String, String) {
    let accounts = fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| accounts.lines().find(|line| line.split(':').next() == Some(name));
    let account: Vec<&str> = find("postgres").or_else(|| find("nobody")).unwrap().split(':').collect();
    (account[2].to_owned(), account[3].to_owned())
}

fn programs() -> PathBuf {
    if let Some(folder) = std::env::var_os("HOLDFAST_TEST_POSTGRES_BIN") {
        return folder.into();
    }
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .expect("no PostgreSQL: set HOLDFAST_TEST_POSTGRES_BIN to the folder of initdb and postgres")
        .filter_map(|entry| {
            let entry = entry.unwrap();
            let major = entry.file_name().to_str()?.parse().ok()?;
            Some((major, entry.path().join("bin")))
        })
        .collect();
    found.sort();
    found.pop().expect("no PostgreSQL in /usr/lib/postgresql").1
}

pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}
