//! Reaches a server as libpq would: what connects with `psql` connects here, and what `psql` refuses is refused here.
//!
//! [`resolve`] decides everything once (parameters, service file, environment, defaults, password file); a
//! [`Connection`] is opened from the [`Address`] as often as needed. A protection that cannot be given is an error.

mod address;
mod certificate;
mod connection;
mod copy_out;
mod dial;
mod endpoint;
mod environment;
mod failure;
mod keyword;
mod obstacle;
mod parameters;
mod passfile;
mod role;
mod service;
mod socket;
mod tap;
mod tls;

pub use address::{Address, resolve};
pub(in crate::postgres) use connection::AS_THE_USER;
pub use connection::{Canceller, Connection};
pub use copy_out::{CopyOut, Filled, Interruption, Rest};
pub use failure::{describe_error, sqlstate};
