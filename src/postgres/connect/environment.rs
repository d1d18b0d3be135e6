//! What the process and the machine contribute to a connection, read once, so that nothing else asks `std::env`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Folders where servers put their Unix sockets: Debian's and Red Hat's, then PostgreSQL's own default.
pub(super) const SOCKET_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// The surroundings of a connection; tests make their own.
#[derive(Default)]
pub(super) struct Environment {
    /// The variables that libpq reads, `PGHOST` and its kin.
    pub(super) variables: BTreeMap<String, String>,
    /// The folder that holds `.pgpass`, `.pg_service.conf` and `.postgresql`.
    pub(super) home: Option<PathBuf>,
    /// The operating system's name of the user.
    pub(super) user: Option<String>,
    /// Where a socket may be when no host is given.
    pub(super) socket_folders: Vec<PathBuf>,
}

impl Environment {
    /// The surroundings of this process.
    pub(super) fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with("PG"))
            .collect();
        Self {
            variables,
            home: std::env::home_dir(),
            user: whoami::username().ok(),
            socket_folders: SOCKET_FOLDERS.map(PathBuf::from).into(),
        }
    }

    /// A variable that is set and not empty: libpq takes an empty one for an unset one.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A file in the user's home.
    pub(super) fn at_home(&self, path: impl AsRef<Path>) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(path))
    }
}
