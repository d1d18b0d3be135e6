//! One binary for all tests of the core.
#![allow(clippy::unwrap_used, reason = "tests")]

mod archive;
mod sqlite;
