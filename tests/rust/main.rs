//! One binary for all tests of the core.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod archive;
mod retention;
mod store;
