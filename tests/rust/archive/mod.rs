//! The file: what goes in comes out, and nothing else ever does.

mod damage;
mod failure;
mod foreign;
mod round_trip;
pub(crate) mod sample;
