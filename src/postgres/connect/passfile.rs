//! The password file: one password per server, database and user.

use std::fmt;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::error::{Error, Result};
use crate::plan::Secret;

/// What a password is looked up for.
pub(super) struct Question<'a> {
    pub(super) host: &'a str,
    pub(super) port: &'a str,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// The lines of a password file; `Debug` shows none.
#[derive(Clone, Default)]
pub(super) struct Passfile {
    lines: Vec<[Field; 4]>,
    passwords: Vec<Secret>,
}

/// One field before the password.
#[derive(Clone)]
enum Field {
    Any,
    Exactly(String),
}

/// What came of looking for the file.
pub(super) enum Found {
    /// It is there (or it is not, which is a file without lines).
    Passfile(Passfile),
    /// It is there and not to be trusted; the sentence says why.
    Ignored(String),
}

impl Passfile {
    /// Reads a file, unless others may read it too: libpq ignores such a file, so a backup must not begin to use it.
    pub(super) fn read(file: &Path) -> Result<Found> {
        let unreadable = |error: io::Error| {
            Error::usage(format!("cannot read the password file {}", file.display()))
                .because(error)
                .hint("check passfile and PGPASSFILE, and the file's rights")
        };
        let metadata = match std::fs::metadata(file) {
            Ok(metadata) => metadata,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(Found::Passfile(Self::default()));
            }
            Err(error) => return Err(unreadable(error)),
        };
        if !metadata.is_file() {
            return Ok(Found::Ignored(format!("the password file {} is no plain file", file.display())));
        }
        if metadata.permissions().mode() & 0o077 != 0 {
            return Ok(Found::Ignored(format!(
                "the password file {} is ignored because others may read it; run chmod 600 on it",
                file.display()
            )));
        }
        Ok(Found::Passfile(Self::parse(&std::fs::read_to_string(file).map_err(unreadable)?)))
    }

    fn parse(text: &str) -> Self {
        let mut passfile = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut rest = line;
            let mut next = || {
                let (raw, value, remaining) = field(rest);
                rest = remaining?;
                Some(if raw == "*" { Field::Any } else { Field::Exactly(value) })
            };
            let (Some(host), Some(port), Some(database), Some(user)) = (next(), next(), next(), next()) else {
                continue;
            };
            passfile.lines.push([host, port, database, user]);
            passfile.passwords.push(field(rest).1.into());
        }
        passfile
    }

    /// The password of the first line that fits; like libpq, an empty one is none.
    pub(super) fn password(&self, question: &Question<'_>) -> Option<&Secret> {
        let asked = [question.host, question.port, question.database, question.user];
        let index = self.lines.iter().position(|line| {
            line.iter().zip(asked).all(|(field, value)| match field {
                Field::Any => true,
                Field::Exactly(text) => text == value,
            })
        })?;
        self.passwords.get(index).filter(|password| !password.reveal().is_empty())
    }
}

impl fmt::Debug for Passfile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Passfile({} lines)", self.lines.len())
    }
}

/// One field up to a bare colon: as written, without its backslashes, and what follows the colon.
fn field(text: &str) -> (&str, String, Option<&str>) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            ':' => return (&text[..position], value, Some(&text[position + 1..])),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => value.push(character),
        }
    }
    (text, value, None)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::fs::{self, Permissions};

    use super::*;

    fn password(text: &str, host: &str, database: &str) -> Option<String> {
        let question = Question { host, port: "5432", database, user: "app" };
        Passfile::parse(text).password(&question).map(|password| password.reveal().to_owned())
    }

    #[test]
    fn the_first_line_that_fits_wins() {
        let text = "# a remark\ndb:5432:shop:app:first\n*:*:*:app:second\n";
        assert_eq!(password(text, "db", "shop").as_deref(), Some("first"));
        assert_eq!(password(text, "other", "shop").as_deref(), Some("second"));
        assert_eq!(password("db:5432:shop:somebody:first", "db", "shop"), None);
        assert_eq!(password("db:5433:shop:app:first", "db", "shop"), None);
    }

    #[test]
    fn a_backslash_takes_the_meaning_from_a_colon_and_a_star() {
        assert_eq!(password(r"\:\:1:5432:a\\b:app:p\:a\\ss", "::1", r"a\b").as_deref(), Some(r"p:a\ss"));
        assert_eq!(password(r"\*:5432:shop:app:secret", "db", "shop"), None);
        assert_eq!(password(r"\*:5432:shop:app:secret", "*", "shop").as_deref(), Some("secret"));
    }

    #[test]
    fn broken_lines_and_empty_passwords_give_nothing() {
        assert_eq!(password("db:5432:shop\n\n:", "db", "shop"), None);
        assert_eq!(password("db:5432:shop:app:", "db", "shop"), None);
        assert_eq!(password("db:5432:shop:app", "db", "shop"), None);
    }

    #[test]
    fn a_file_that_others_may_read_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pass");
        fs::write(&file, "*:*:*:*:secret").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        let Found::Ignored(reason) = Passfile::read(&file).unwrap() else { panic!("used") };
        assert!(reason.contains("chmod 600"), "{reason}");
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        let Found::Passfile(passfile) = Passfile::read(&file).unwrap() else { panic!("ignored") };
        assert_eq!(passfile.lines.len(), 1);
        assert!(!format!("{passfile:?}").contains("secret"));
    }

    #[test]
    fn a_file_that_is_missing_has_no_lines() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Passfile::read(&folder.path().join("none")).unwrap(), Found::Passfile(_)));
    }
}
