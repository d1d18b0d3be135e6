//! The file: what goes in comes out, and nothing else ever does.

mod round_trip;
mod sample;
