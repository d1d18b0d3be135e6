//! Proves a `sql` payload: its form, its references, and in a drill the restore itself.

mod content;
mod drill;
mod references;

pub use content::check_content;
pub use drill::rehearse;
pub use references::check_references;
