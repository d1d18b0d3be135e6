//! Opens the socket to one place, with the options that libpq sets.
//!
//! The driver could do it, but then nothing could stand between the socket and the driver (see `tap`).

use std::io;
use std::net::IpAddr;

use rustix::net::sockopt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_postgres::Config;

use super::endpoint::{Endpoint, Place};

/// Bytes in both directions, over whatever carries them.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// An open socket.
pub(super) type Socket = Box<dyn Duplex>;

/// Opens a socket; `ip` is where the endpoint's host was found, `config` says how to notice that the peer is gone.
pub(super) async fn open(endpoint: &Endpoint, ip: Option<IpAddr>, config: &Config) -> io::Result<Socket> {
    match (&endpoint.place, ip) {
        (Place::Socket(folder), _) => {
            Ok(Box::new(UnixStream::connect(folder.join(format!(".s.PGSQL.{}", endpoint.port))).await?))
        }
        (Place::Tcp { .. }, Some(ip)) => {
            let stream = TcpStream::connect((ip, endpoint.port)).await?;
            configure(&stream, config)?;
            Ok(Box::new(stream))
        }
        (Place::Tcp { .. }, None) => Err(io::ErrorKind::NotFound.into()),
    }
}

fn configure(stream: &TcpStream, config: &Config) -> io::Result<()> {
    stream.set_nodelay(true)?;
    if let Some(timeout) = config.get_tcp_user_timeout() {
        sockopt::set_tcp_user_timeout(stream, timeout.as_millis().try_into().unwrap_or(u32::MAX))?;
    }
    if config.get_keepalives() {
        sockopt::set_socket_keepalive(stream, true)?;
        sockopt::set_tcp_keepidle(stream, config.get_keepalives_idle())?;
        if let Some(interval) = config.get_keepalives_interval() {
            sockopt::set_tcp_keepintvl(stream, interval)?;
        }
        if let Some(count) = config.get_keepalives_retries() {
            sockopt::set_tcp_keepcnt(stream, count)?;
        }
    }
    Ok(())
}
