//! What marks the work of one run as its own.

use std::hash::{BuildHasher, RandomState};
use std::time::SystemTime;

/// Thirty-two hexadecimal digits that no other run has; no secret.
pub(super) fn token() -> String {
    let random = || RandomState::new().hash_one(SystemTime::now());
    format!("{:016x}{:016x}", random(), random())
}
