//! Reaches a server as libpq would.
