//! One binary for all tests of the core.

mod retention;
mod store;
