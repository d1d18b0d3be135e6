//! Tries the places of an address one after the other, each in its ways, until one works.

use std::net::IpAddr;

use tokio_postgres::Config;
use tokio_postgres::config::{SslMode, SslNegotiation};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::Address;
use super::connection::Connection;
use super::endpoint::{Endpoint, Place};
use super::obstacle::Obstacle;
use super::role::Role;
use super::socket::{self, Socket};
use super::tap::Opening;
use crate::error::{Error, Result};

/// The first connection that works; else why the places did not.
pub(super) async fn open(address: &Address) -> Result<Connection> {
    let mut failures = Vec::new();
    for role in address.role.rounds() {
        for endpoint in address.order.arrange(address.endpoints.iter().collect()) {
            match reach(address, endpoint, *role).await {
                Ok(connection) => return Ok(connection),
                Err(obstacle) => {
                    let refusal = obstacle.is_refusal();
                    failures.push(obstacle.describe(&address.describe_at(endpoint)));
                    if refusal {
                        return Err(conclude(address, failures));
                    }
                }
            }
        }
    }
    Err(conclude(address, failures))
}

/// One failure speaks for itself; several are listed as the cause of one.
fn conclude(address: &Address, mut failures: Vec<Error>) -> Error {
    match failures.pop() {
        Some(only) if failures.is_empty() => only,
        Some(last) => {
            let hint = last.hint_text().unwrap_or("check the host and port").to_owned();
            failures.push(last);
            let reasons: Vec<String> = failures.iter().map(Error::message).collect();
            Error::database(format!("cannot connect to {}", address.describe())).because(reasons.join("; ")).hint(hint)
        }
        None => Error::database(format!("cannot connect to {}", address.describe())),
    }
}

/// Every address of one host; the time limit is for each.
async fn reach(address: &Address, endpoint: &Endpoint, role: Role) -> std::result::Result<Connection, Obstacle> {
    let located = endpoint.locate().await.map_err(Obstacle::UnknownHost)?;
    let mut obstacle = Obstacle::UnknownHost(std::io::ErrorKind::NotFound.into());
    for ip in address.order.arrange(located) {
        let attempt = negotiate(address, endpoint, ip, role);
        let outcome = match address.timeout {
            None => attempt.await,
            Some(limit) => match tokio::time::timeout(limit, attempt).await {
                Ok(outcome) => outcome,
                Err(_) => Err(Obstacle::Timeout(limit)),
            },
        };
        match outcome {
            Ok(connection) => return Ok(connection),
            Err(refusal) if refusal.is_refusal() => return Err(refusal),
            Err(next) => obstacle = next,
        }
    }
    Err(obstacle)
}

/// With and without TLS, as far as the mode allows both.
async fn negotiate(
    address: &Address,
    endpoint: &Endpoint,
    ip: Option<IpAddr>,
    role: Role,
) -> std::result::Result<Connection, Obstacle> {
    let modes = match endpoint.place {
        Place::Socket(_) => &[SslMode::Disable],
        Place::Tcp { .. } => address.encryption.attempts(),
    };
    let mut first = None;
    for mode in modes {
        let mut config = address.config_for(endpoint);
        config.ssl_mode(*mode);
        let connector = address.encryption.connector.clone();
        match connect(Way { endpoint: endpoint.clone(), ip, config, connector }, role).await {
            Ok(connection) => return Ok(connection),
            // The way that got further tells more than the one that only learnt that it is the wrong way.
            Err(obstacle) if obstacle.concerns_encryption() => first = first.or(Some(obstacle)),
            Err(obstacle) => return Err(obstacle),
        }
    }
    Err(first.unwrap_or(Obstacle::Unsuitable("no way of encryption is left")))
}

async fn connect(way: Way, role: Role) -> std::result::Result<Connection, Obstacle> {
    let connection = Connection::establish(way).await?;
    match role.objection(&connection.client).await.map_err(Obstacle::Driver)? {
        None => Ok(connection),
        Some(objection) => Err(Obstacle::Unsuitable(objection)),
    }
}

/// One way to one server: what it takes to get there, and to get there again to cancel a statement.
#[derive(Clone)]
pub(super) struct Way {
    endpoint: Endpoint,
    ip: Option<IpAddr>,
    pub(super) config: Config,
    connector: MakeRustlsConnect,
}

type Tls = <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect;

impl Way {
    pub(super) async fn socket(&self) -> std::result::Result<Socket, Obstacle> {
        socket::open(&self.endpoint, self.ip, &self.config).await.map_err(Obstacle::Unreachable)
    }

    pub(super) fn tls(&self) -> Tls {
        let host = match &self.endpoint.place {
            Place::Socket(_) => "",
            Place::Tcp { host, .. } => host,
        };
        let mut connector = self.connector.clone();
        let Ok(tls) = MakeTlsConnect::<Socket>::make_tls_connect(&mut connector, host);
        tls
    }

    /// With what the server begins.
    pub(super) fn opening(&self) -> Opening {
        match (self.config.get_ssl_mode(), self.config.get_ssl_negotiation()) {
            (SslMode::Disable, _) | (_, SslNegotiation::Direct) => Opening::Messages,
            _ => Opening::AnswerToTls,
        }
    }
}
