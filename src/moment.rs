//! Moments: RFC 3339 in documents, the compact ISO 8601 form in file names; UTC and whole seconds in both.

use std::ops::RangeInclusive;

use time::format_description::StaticFormatDescription;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime, UtcDateTime};

use crate::error::Context;
use crate::{Error, Result};

const COMPACT: StaticFormatDescription = format_description!(version = 2, "[year][month][day]T[hour][minute][second]Z");
const WHOLE_SECONDS: StaticFormatDescription =
    format_description!(version = 2, "[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// Beyond these years no clock of ours stands, and sums with days and hours would leave what a date can be: that of a
/// language on the other side of the border, too.
const YEARS: RangeInclusive<i32> = 1970..=9998;

/// Reads RFC 3339 with any offset.
pub(crate) fn parse(text: &str) -> Result<UtcDateTime> {
    let refusal = || Error::usage(format!("{text:?} is not a time")).hint("Give it as in 2026-11-21T02:00:00Z");
    let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|error| refusal().because(error))?;
    // Neither end of what the type can hold may be passed by the offset.
    let moment = moment.checked_to_utc().filter(|moment| YEARS.contains(&moment.year()));
    moment.ok_or_else(refusal)
}

/// Reads `20261121T020000Z`; `None` is anything else.
pub(crate) fn parse_compact(text: &str) -> Option<UtcDateTime> {
    let moment = PrimitiveDateTime::parse(text, COMPACT).ok()?.as_utc();
    YEARS.contains(&moment.year()).then_some(moment)
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
