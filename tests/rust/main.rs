//! One binary for all tests of the core.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod archive;
mod fuzz;
mod home;
mod port;
mod postgres_certificates;
mod postgres_connect;
mod postgres_ddl;
mod postgres_ddl_more;
mod postgres_ddl_services;
mod postgres_parallel;
mod postgres_server;
mod postgres_tables;
mod postgres_validate;
mod retention;
mod s3;
mod s3_faults;
mod s3_server;
mod sqlite;
mod store;
