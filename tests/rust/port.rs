//! Ports of servers that tests start.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::IntoRawFd;

use tokio::net::TcpSocket;

/// A port that is this process's from now on, whether something listens there or not.
pub(crate) fn free_port() -> u16 {
    loop {
        // Below the range for outgoing connections, which take a port for themselves alone.
        let port = 20000 + u16::try_from(RandomState::new().hash_one(()) % 12000).unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        if socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).is_ok() {
            // Not before: two who look for a free port at the same time would share it.
            socket.set_reuseaddr(true).unwrap();
            // Bound and never listening: nobody else is given the port, and a server, which asks to share one, may
            // listen there. Until the process ends.
            let _ = socket.into_raw_fd();
            return port;
        }
    }
}
