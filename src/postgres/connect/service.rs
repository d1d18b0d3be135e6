//! The connection service file: named groups of parameters, as libpq reads them.

use std::io;
use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::parameters::Parameters;
use crate::error::{Error, Result};

/// Where Debian's libpq looks when `PGSYSCONFDIR` is not set.
const SYSTEM_FOLDER: &str = "/etc/postgresql-common";

/// The parameters of the service that is asked for; none when no service is.
pub(super) fn read(environment: &Environment, parameters: &Parameters) -> Result<Vec<(String, String)>> {
    let Some(service) = parameters.text("service").or_else(|| environment.variable("PGSERVICE")) else {
        return Ok(Vec::new());
    };
    let named = parameters.text("servicefile").or_else(|| environment.variable("PGSERVICEFILE"));
    // A file that somebody names must exist; the usual places may be empty.
    if let Some(file) = named {
        let text = std::fs::read_to_string(file).map_err(|error| unreadable(Path::new(file), error))?;
        if let Some(found) = section(&text, service, Path::new(file))? {
            return Ok(found);
        }
    }
    let home = if named.is_none() { environment.at_home(".pg_service.conf") } else { None };
    for file in home.into_iter().chain([system_file(environment)]) {
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(unreadable(&file, error)),
        };
        if let Some(found) = section(&text, service, &file)? {
            return Ok(found);
        }
    }
    Err(Error::usage(format!("the connection service \"{service}\" is not defined"))
        .hint("add it to ~/.pg_service.conf, or name the file that has it in PGSERVICEFILE"))
}

fn system_file(environment: &Environment) -> PathBuf {
    Path::new(environment.variable("PGSYSCONFDIR").unwrap_or(SYSTEM_FOLDER)).join("pg_service.conf")
}

fn unreadable(file: &Path, error: io::Error) -> Error {
    Error::usage(format!("cannot read the service file {}", file.display()))
        .because(error)
        .hint("check PGSERVICEFILE and the file's rights")
}

/// The lines of one section; the first value of a name wins, as everywhere.
fn section(text: &str, service: &str, file: &Path) -> Result<Option<Vec<(String, String)>>> {
    let mut found: Option<Vec<(String, String)>> = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            if found.is_some() {
                break;
            }
            if name == service {
                found = Some(Vec::new());
            }
            continue;
        }
        let Some(values) = &mut found else { continue };
        match line.split_once('=') {
            // LDAP look-ups and services inside services are what a plain reader cannot follow.
            Some((name, value)) if !matches!(name, "service" | "servicefile") && !name.starts_with("ldap") => {
                values.push((name.to_owned(), value.to_owned()));
            }
            _ => {
                return Err(Error::usage(format!("line {} of {} cannot be used", index + 1, file.display()))
                    .hint("write name=value; neither \"service\" nor ldap:// is supported here"));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const TEXT: &str = "\
# services
[other]
host=elsewhere

[shop]
  host=db.example.com
port=6432
password=with = and # signs
[shop]
host=never
";

    fn read_text(text: &str, service: &str) -> Result<Option<Vec<(String, String)>>> {
        section(text, service, Path::new("services"))
    }

    #[test]
    fn only_the_first_section_of_the_name_counts() {
        let found = read_text(TEXT, "shop").unwrap().unwrap();
        let expected = [("host", "db.example.com"), ("port", "6432"), ("password", "with = and # signs")];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert!(read_text(TEXT, "missing").unwrap().is_none());
    }

    #[test]
    fn what_cannot_be_followed_is_an_error_that_names_the_line_and_not_its_value() {
        for line in ["service=other", "ldap://server/secret", "secret"] {
            let error = read_text(&format!("[shop]\n{line}\n"), "shop").unwrap_err();
            assert!(error.message().contains("line 2 of services"), "{}", error.message());
            assert!(!error.message().contains("secret"));
        }
    }

    #[test]
    fn the_file_of_the_user_comes_before_the_file_of_the_system() {
        let (home, system) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(home.path().join(".pg_service.conf"), "[shop]\nhost=mine\n").unwrap();
        std::fs::write(system.path().join("pg_service.conf"), "[shop]\nhost=ours\n[stock]\nhost=ours\n").unwrap();
        let mut environment = Environment { home: Some(home.path().into()), ..Environment::default() };
        let folder = system.path().to_str().unwrap().to_owned();
        environment.variables.insert("PGSYSCONFDIR".to_owned(), folder);
        for (service, host) in [("shop", "mine"), ("stock", "ours")] {
            environment.variables.insert("PGSERVICE".to_owned(), service.to_owned());
            let parameters = Parameters::gather(&environment, &std::collections::BTreeMap::new()).unwrap();
            assert_eq!(parameters.text("host"), Some(host));
        }
        environment.variables.insert("PGSERVICE".to_owned(), "nowhere".to_owned());
        let error = Parameters::gather(&environment, &std::collections::BTreeMap::new()).unwrap_err();
        assert!(error.message().contains("\"nowhere\" is not defined"));
    }
}
