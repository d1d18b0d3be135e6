//! Ordinary files of a folder, and nothing that only has the name of one.
//!
//! Where others may write to the folder, a FIFO would keep its reader waiting for ever, and a link would have us read, lock
//! or overwrite what somebody else has chosen.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

/// What happens where a symbolic link stands in place of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Links {
    /// Data files may lie on another disk.
    Follow,
    /// Nobody but an attacker makes a link of anything else.
    Refuse,
}

/// Why something is not opened.
#[derive(Debug)]
enum Refused {
    Link,
    NotAFile,
    TooLarge(u64, u64),
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link => formatter.write_str("it is a symbolic link, and nothing that we write there is one"),
            Self::NotAFile => formatter.write_str("it is no ordinary file"),
            Self::TooLarge(size, most) => write!(formatter, "it has {size} bytes, and no more than {most} are read"),
        }
    }
}

impl std::error::Error for Refused {}

impl From<Refused> for io::Error {
    fn from(refused: Refused) -> Self {
        Self::new(ErrorKind::InvalidInput, refused)
    }
}

/// Opens an ordinary file; never waits for whoever is at the other end of something else.
pub(super) fn open(options: &OpenOptions, links: Links, path: &Path) -> io::Result<File> {
    let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    if links == Links::Refuse {
        flags |= OFlags::NOFOLLOW;
    }
    let opened = options.clone().custom_flags(flags.bits().cast_signed()).open(path);
    let file = opened.map_err(|error| match Errno::from_io_error(&error) {
        Some(Errno::LOOP) if links == Links::Refuse => Refused::Link.into(),
        // A FIFO without a reader, or a socket.
        Some(Errno::NXIO) => Refused::NotAFile.into(),
        _ => error,
    })?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(Refused::NotAFile.into()) }
}

/// The content of a small file, which may not be larger than this.
pub(in crate::store) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open(OpenOptions::new().read(true), Links::Refuse, path)?;
    let size = file.metadata()?.len();
    if size > most {
        return Err(Refused::TooLarge(size, most).into());
    }
    let mut bytes = Vec::new();
    bytes.try_reserve(usize::try_from(size).unwrap_or(usize::MAX))?;
    // It may grow meanwhile.
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether what stands there is refused for what it is.
pub(super) fn is_refusal(error: &io::Error) -> bool {
    error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Refused>)
}
