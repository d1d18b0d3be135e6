//! Moments: RFC 3339 in documents, the compact ISO 8601 form in file names; UTC and whole seconds in both.

use time::format_description::StaticFormatDescription;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime, UtcDateTime};

use crate::error::Context;
use crate::{Error, Result};

const COMPACT: StaticFormatDescription = format_description!(version = 2, "[year][month][day]T[hour][minute][second]Z");
const WHOLE_SECONDS: StaticFormatDescription =
    format_description!(version = 2, "[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// Reads RFC 3339 with any offset.
pub(crate) fn parse(text: &str) -> Result<UtcDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).map(OffsetDateTime::to_utc).map_err(|error| {
        Error::usage(format!("{text:?} is not a time")).hint("Give it as in 2026-11-21T02:00:00Z").because(error)
    })
}

/// Reads `20261121T020000Z`; `None` is anything else.
pub(crate) fn parse_compact(text: &str) -> Option<UtcDateTime> {
    PrimitiveDateTime::parse(text, COMPACT).ok().map(PrimitiveDateTime::as_utc)
}

/// Writes `2026-11-21T02:00:00Z`.
pub(crate) fn write(moment: UtcDateTime) -> Result<String> {
    moment.format(WHOLE_SECONDS).context(|| format!("the time {moment} cannot be written"))
}

/// Writes `20261121T020000Z`.
pub(crate) fn write_compact(moment: UtcDateTime) -> Result<String> {
    moment.format(COMPACT).context(|| format!("the time {moment} cannot be written"))
}

/// Writes what is counted in seconds since 1970.
pub(crate) fn at(seconds: i64) -> Result<String> {
    write(UtcDateTime::from_unix_timestamp(seconds).context(|| format!("{seconds} is no time"))?)
}

/// This second.
#[cfg(feature = "python")]
pub(crate) fn now() -> Result<String> {
    write(UtcDateTime::now())
}
