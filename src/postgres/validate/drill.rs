//! A restore drill: into a scratch place on the server, compared row by row, and removed.

use crate::archive::Archive;
use crate::error::{Error, Result};
use crate::event::Progress;
use crate::plan::ConnectionParameters;

/// Restores the backup into a scratch place and says how.
pub fn rehearse(_parameters: &ConnectionParameters, _archive: &Archive, _progress: &Progress) -> Result<String> {
    Err(Error::usage("not yet"))
}
