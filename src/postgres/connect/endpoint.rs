//! The places where a server may be: every host of the list with its address and port.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::parameters::{Parameters, unusable};
use crate::error::Result;

const DEFAULT_PORT: u16 = 5432;

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A folder with a Unix socket in it.
    Socket(PathBuf),
    /// A host; the address, where given, spares the look-up of the name.
    Tcp { host: String, address: Option<IpAddr> },
}

/// One place to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) place: Place,
    pub(super) port: u16,
}

impl Endpoint {
    /// The places that the parameters name, in their order.
    pub(super) fn all(environment: &Environment, parameters: &Parameters) -> Result<Vec<Self>> {
        let hosts = list(parameters, "host");
        let addresses = list(parameters, "hostaddr");
        let ports = list(parameters, "port");
        let count = hosts.len().max(addresses.len()).max(1);
        for (name, given) in [("host", hosts.len()), ("hostaddr", addresses.len())] {
            if given > 0 && given != count {
                return Err(unusable(name).hint("give as many entries in host as in hostaddr"));
            }
        }
        if ports.len() > 1 && ports.len() != count {
            return Err(unusable("port").hint("give one port, or one for each host"));
        }
        (0..count)
            .map(|index| {
                let port = port(ports.get(index).or(ports.first()).copied())?;
                let address = address(addresses.get(index).copied())?;
                let place = place(environment, hosts.get(index).copied(), address, port);
                Ok(Self { place, port })
            })
            .collect()
    }

    pub(super) fn is_socket(&self) -> bool {
        matches!(self.place, Place::Socket(_))
    }

    /// The addresses behind the name; a socket has none to look up.
    pub(super) async fn locate(&self) -> io::Result<Vec<Option<IpAddr>>> {
        match &self.place {
            Place::Socket(_) => Ok(vec![None]),
            Place::Tcp { address: Some(address), .. } => Ok(vec![Some(*address)]),
            Place::Tcp { host, address: None } => {
                Ok(tokio::net::lookup_host((host.as_str(), self.port)).await?.map(|found| Some(found.ip())).collect())
            }
        }
    }

    /// What the first field of the password file says for this place.
    pub(super) fn passfile_host(&self) -> &str {
        match &self.place {
            Place::Tcp { host, .. } => host,
            // The server on this machine goes by one name, wherever the distribution keeps its socket.
            Place::Socket(folder) if is_default_folder(folder) => "localhost",
            Place::Socket(folder) => folder.to_str().unwrap_or_default(),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Socket(folder) => write!(formatter, "{}/.s.PGSQL.{}", shown(folder), self.port),
            Place::Tcp { host, .. } if host.contains(':') => write!(formatter, "[{host}]:{}", self.port),
            Place::Tcp { host, .. } => write!(formatter, "{host}:{}", self.port),
        }
    }
}

/// In which order several places are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    AsGiven,
    Random,
}

impl Order {
    pub(super) fn arrange<T>(self, mut places: Vec<T>) -> Vec<T> {
        if self == Self::Random {
            // The standard library's random hasher is all the chance that spreading connections needs.
            places.sort_by_cached_key(|_| RandomState::new().hash_one(0_u8));
        }
        places
    }
}

fn list<'a>(parameters: &'a Parameters, name: &str) -> Vec<&'a str> {
    parameters.text(name).map(|text| text.split(',').map(str::trim).collect()).unwrap_or_default()
}

fn port(text: Option<&str>) -> Result<u16> {
    match text {
        None | Some("") => Ok(DEFAULT_PORT),
        Some(text) => text
            .parse()
            .ok()
            .filter(|port| *port > 0)
            .ok_or_else(|| unusable("port").hint("use a number from 1 to 65535")),
    }
}

fn address(text: Option<&str>) -> Result<Option<IpAddr>> {
    match text {
        None | Some("") => Ok(None),
        Some(text) => {
            text.parse().map(Some).map_err(|_| unusable("hostaddr").hint("use an IP address; names belong in host"))
        }
    }
}

fn place(environment: &Environment, host: Option<&str>, address: Option<IpAddr>, port: u16) -> Place {
    let host = host.unwrap_or_default();
    if let Some(address) = address {
        let name = if host.is_empty() { address.to_string() } else { host.to_owned() };
        return Place::Tcp { host: name, address: Some(address) };
    }
    if let Some(name) = host.strip_prefix('@') {
        // The kernel's abstract names begin with a zero byte.
        return Place::Socket(format!("\0{name}").into());
    }
    if host.starts_with('/') {
        return Place::Socket(host.into());
    }
    if !host.is_empty() {
        return Place::Tcp { host: host.to_owned(), address: None };
    }
    environment.socket_folders.iter().find(|folder| folder.join(format!(".s.PGSQL.{port}")).exists()).map_or_else(
        || Place::Tcp { host: "localhost".to_owned(), address: None },
        |folder| Place::Socket(folder.clone()),
    )
}

fn is_default_folder(folder: &Path) -> bool {
    super::environment::SOCKET_FOLDERS.iter().any(|default| Path::new(default) == folder)
}

fn shown(folder: &Path) -> String {
    folder.display().to_string().replacen('\0', "@", 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn endpoints(environment: &Environment, pairs: &[(&str, &str)]) -> Result<Vec<String>> {
        let explicit = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned().into())).collect();
        let parameters = Parameters::gather(environment, &explicit)?;
        Ok(Endpoint::all(environment, &parameters)?.iter().map(Endpoint::to_string).collect())
    }

    fn shown(pairs: &[(&str, &str)]) -> Vec<String> {
        endpoints(&Environment::default(), pairs).unwrap()
    }

    #[test]
    fn every_host_has_its_port() {
        assert_eq!(shown(&[("host", "a,b"), ("port", "1,2")]), ["a:1", "b:2"]);
        assert_eq!(shown(&[("host", "a,b"), ("port", "7")]), ["a:7", "b:7"]);
        assert_eq!(shown(&[("host", "a,b"), ("port", ",2")]), ["a:5432", "b:2"]);
        assert_eq!(shown(&[("host", "/run/pg,@hidden")]), ["/run/pg/.s.PGSQL.5432", "@hidden/.s.PGSQL.5432"]);
        assert_eq!(shown(&[("hostaddr", "::1")]), ["[::1]:5432"]);
        assert_eq!(shown(&[("host", "db"), ("hostaddr", "10.0.0.1")]), ["db:5432"]);
    }

    #[test]
    fn lists_that_do_not_fit_each_other_are_refused() {
        for pairs in [
            &[("host", "a,b"), ("port", "1,2,3")],
            &[("host", "a,b"), ("hostaddr", "10.0.0.1")],
            &[("host", "a"), ("port", "0")],
            &[("host", "a"), ("hostaddr", "name")],
        ] {
            assert!(endpoints(&Environment::default(), pairs).is_err(), "{pairs:?}");
        }
    }

    #[test]
    fn without_a_host_the_socket_that_is_there_is_taken() {
        let (empty, full) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(full.path().join(".s.PGSQL.5432"), "").unwrap();
        let mut environment =
            Environment { socket_folders: vec![empty.path().into(), full.path().into()], ..Environment::default() };
        let expected = format!("{}/.s.PGSQL.5432", full.path().display());
        assert_eq!(endpoints(&environment, &[]).unwrap(), [expected]);
        environment.socket_folders.pop();
        assert_eq!(endpoints(&environment, &[]).unwrap(), ["localhost:5432"]);
    }

    #[test]
    fn the_usual_socket_is_localhost_in_the_password_file() {
        let at = |folder: &str| Endpoint { place: Place::Socket(folder.into()), port: 5432 };
        assert_eq!(at("/var/run/postgresql").passfile_host(), "localhost");
        assert_eq!(at("/srv/sockets").passfile_host(), "/srv/sockets");
    }
}
