//! Tries the places of an address one after the other, each in its ways, until one works.

use std::net::IpAddr;

use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use super::address::Address;
use super::connection::Connection;
use super::endpoint::{Endpoint, Place};
use super::obstacle::Obstacle;
use super::role::Role;
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
        let mut config = address.config_for(endpoint, ip);
        config.ssl_mode(*mode);
        match connect(address, &config, role).await {
            Ok(connection) => return Ok(connection),
            // The way that got further tells more than the one that only learnt that it is the wrong way.
            Err(obstacle) if obstacle.concerns_encryption() => first = first.or(Some(obstacle)),
            Err(obstacle) => return Err(obstacle),
        }
    }
    Err(first.unwrap_or(Obstacle::Unsuitable("no way of encryption is left")))
}

async fn connect(address: &Address, config: &Config, role: Role) -> std::result::Result<Connection, Obstacle> {
    let connector = address.encryption.connector.clone();
    let (client, connection) = config.connect(connector.clone()).await.map_err(Obstacle::Driver)?;
    let connection = Connection::start(client, connection, connector);
    match role.objection(&connection.client).await.map_err(Obstacle::Driver)? {
        None => Ok(connection),
        Some(objection) => Err(Obstacle::Unsuitable(objection)),
    }
}
