//! One value per parameter: what the caller says, else the service file, else the environment.

use std::collections::BTreeMap;

use super::environment::Environment;
use super::keyword::{self, KEYWORDS, Treatment};
use super::service;
use crate::error::{Error, Result};
use crate::plan::{ConnectionParameters, Secret};

/// The parameters that are set, by their libpq names; defaults are given by whoever reads them.
#[derive(Debug)]
pub(super) struct Parameters(BTreeMap<&'static str, Secret>);

impl Parameters {
    /// Puts the sources together; an earlier source wins.
    pub(super) fn gather(environment: &Environment, explicit: &ConnectionParameters) -> Result<Self> {
        let mut parameters = Self(BTreeMap::new());
        for (name, value) in explicit {
            parameters.offer(name, value.clone())?;
        }
        for (name, value) in service::read(environment, &parameters)? {
            parameters.offer(&name, value.into())?;
        }
        for keyword in KEYWORDS {
            if let Some(value) = keyword.variable.and_then(|variable| environment.variable(variable)) {
                parameters.offer(keyword.name, value.to_owned().into())?;
            }
        }
        Ok(parameters)
    }

    /// Takes a value unless an earlier source gave one; like libpq, an empty value is none.
    fn offer(&mut self, name: &str, value: Secret) -> Result<()> {
        let Some(keyword) = keyword::find(name) else {
            return Err(Error::usage(format!("\"{name}\" is no connection parameter of PostgreSQL"))
                .hint("remove it, or check how it is spelled"));
        };
        if value.reveal().is_empty() {
            return Ok(());
        }
        match keyword.treatment {
            Treatment::Honoured => {
                self.0.entry(keyword.name).or_insert(value);
            }
            Treatment::Ignored => {}
            Treatment::Refused => {
                return Err(Error::usage(format!("the connection parameter \"{name}\" is not supported"))
                    .hint("remove it for backups, if the connection is safe without it"));
            }
        }
        Ok(())
    }

    /// The value, where there is one.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(Secret::reveal)
    }

    /// One of several words.
    pub(super) fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<Option<T>> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
            return Ok(Some(*value));
        }
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        Err(unusable(name).hint(format!("use one of: {}", words.join(", "))))
    }

    /// A whole number; like libpq, zero and less mean "the system's default", here `None`.
    pub(super) fn positive(&self, name: &str) -> Result<Option<u32>> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let number: i64 = text.trim().parse().map_err(|_| unusable(name).hint("use a whole number"))?;
        if number <= 0 {
            return Ok(None);
        }
        u32::try_from(number).map(Some).map_err(|_| unusable(name).hint("use a smaller number"))
    }
}

/// An error about a value; it never shows the value, which may be a password in the wrong place.
pub(super) fn unusable(name: &str) -> Error {
    Error::usage(format!("the connection parameter \"{name}\" has a value that cannot be used"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::error::Kind;

    fn explicit(pairs: &[(&str, &str)]) -> ConnectionParameters {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned().into())).collect()
    }

    fn gather(pairs: &[(&str, &str)]) -> Result<Parameters> {
        Parameters::gather(&Environment::default(), &explicit(pairs))
    }

    #[test]
    fn what_is_said_comes_before_the_service_and_that_before_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("services");
        std::fs::write(&file, "[shop]\nhost=service\nport=2\n").unwrap();
        let mut environment = Environment::default();
        for (name, value) in [("PGHOST", "variable"), ("PGPORT", "3"), ("PGUSER", "variable"), ("PGDATABASE", "")] {
            environment.variables.insert(name.to_owned(), value.to_owned());
        }
        let said = explicit(&[("host", "said"), ("service", "shop"), ("servicefile", file.to_str().unwrap())]);
        let parameters = Parameters::gather(&environment, &said).unwrap();
        assert_eq!(parameters.text("host"), Some("said"));
        assert_eq!(parameters.text("port"), Some("2"));
        assert_eq!(parameters.text("user"), Some("variable"));
        assert_eq!(parameters.text("dbname"), None);
    }

    #[test]
    fn an_empty_value_is_none() {
        assert_eq!(gather(&[("host", "")]).unwrap().text("host"), None);
    }

    #[test]
    fn unknown_and_refused_names_are_named_and_values_never_shown() {
        for name in ["cursor_factory", "sslcrl", "requirepeer", "replication"] {
            let error = gather(&[(name, "secret")]).unwrap_err();
            assert_eq!(error.kind(), Kind::Usage);
            assert!(error.message().contains(name) && !error.message().contains("secret"));
        }
        let parameters = gather(&[("sslmode", "secret"), ("connect_timeout", "secret")]).unwrap();
        for error in [
            parameters.choice("sslmode", &[("disable", ())]).unwrap_err(),
            parameters.positive("connect_timeout").unwrap_err(),
        ] {
            assert!(!error.message().contains("secret") && !format!("{error:?}").contains("secret"));
        }
    }

    #[test]
    fn what_means_nothing_here_is_accepted() {
        let parameters = gather(&[("client_encoding", "LATIN1"), ("krbsrvname", "postgres")]).unwrap();
        assert_eq!(parameters.text("client_encoding"), None);
    }
}
