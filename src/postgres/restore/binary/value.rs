//! One value: from the text that the server writes under our settings to what its receive functions read.
//!
//! Each form takes what the server's output function gives, and nothing else that its input function would take: no
//! signs, blanks, words or years that need a rule of their own.

use time::{Date, Month, Time};
use tokio_postgres::types::Type;

use super::numeric;

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Numeric,
    Text,
    Jsonb,
    Bytea,
    Uuid,
    Date,
    Time,
    Timestamp,
    TimestampTz,
}

/// What COPY writes for NULL.
const NULL: &[u8] = b"\\N";

/// The day that the server counts from, 2000-01-01, as the days of `time` count.
const FIRST_DAY: i32 = 2_451_545;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

impl Form {
    /// The form of a type; `None` is one that has to go as text.
    pub(super) fn of(oid: u32) -> Option<Self> {
        Some(match Type::from_oid(oid)? {
            Type::BOOL => Self::Bool,
            Type::INT2 => Self::Int2,
            Type::INT4 => Self::Int4,
            Type::INT8 => Self::Int8,
            Type::FLOAT4 => Self::Float4,
            Type::FLOAT8 => Self::Float8,
            Type::NUMERIC => Self::Numeric,
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::JSON => Self::Text,
            Type::JSONB => Self::Jsonb,
            Type::BYTEA => Self::Bytea,
            Type::UUID => Self::Uuid,
            Type::DATE => Self::Date,
            Type::TIME => Self::Time,
            Type::TIMESTAMP => Self::Timestamp,
            Type::TIMESTAMPTZ => Self::TimestampTz,
            _ => return None,
        })
    }

    /// Appends length and value; `None` where the text is not the one known here.
    pub(super) fn append(self, text: &[u8], message: &mut Vec<u8>) -> Option<()> {
        if text == NULL {
            message.extend_from_slice(&(-1_i32).to_be_bytes());
            return Some(());
        }
        let start = message.len();
        message.extend_from_slice(&[0; 4]);
        let value = start + 4;
        match self {
            Self::Bool => message.push(match text {
                b"t" => 1,
                b"f" => 0,
                _ => return None,
            }),
            Self::Int2 => message.extend_from_slice(&i16::try_from(integer(text)?).ok()?.to_be_bytes()),
            Self::Int4 => message.extend_from_slice(&i32::try_from(integer(text)?).ok()?.to_be_bytes()),
            Self::Int8 => message.extend_from_slice(&integer(text)?.to_be_bytes()),
            Self::Float4 => {
                let number: f32 = float(text)?.parse().ok()?;
                fits(number.is_finite() && number != 0.0, text)?;
                message.extend_from_slice(&number.to_be_bytes());
            }
            Self::Float8 => {
                let number: f64 = float(text)?.parse().ok()?;
                fits(number.is_finite() && number != 0.0, text)?;
                message.extend_from_slice(&number.to_be_bytes());
            }
            Self::Numeric => numeric::append(text, message)?,
            Self::Text => unescape(text, message)?,
            Self::Jsonb => {
                // The version of the format.
                message.push(1);
                unescape(text, message)?;
            }
            Self::Bytea => hexadecimal(text.strip_prefix(b"\\\\x")?, message)?,
            Self::Uuid => uuid(text, message)?,
            Self::Date => message.extend_from_slice(&date(text)?.to_be_bytes()),
            Self::Time => message.extend_from_slice(&time_of_day(text)?.to_be_bytes()),
            Self::Timestamp => message.extend_from_slice(&timestamp(text)?.to_be_bytes()),
            // Backups are read in UTC.
            Self::TimestampTz => message.extend_from_slice(&timestamp(text.strip_suffix(b"+00")?)?.to_be_bytes()),
        }
        let length = i32::try_from(message.len() - value).ok()?;
        message[start..value].copy_from_slice(&length.to_be_bytes());
        Some(())
    }
}

/// A number of digits with a minus or without.
fn integer(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// What may be a finite number; the words for others are left to the server.
fn float(text: &[u8]) -> Option<&str> {
    let numeric = |byte: &u8| byte.is_ascii_digit() || b"+-.e".contains(byte);
    text.iter().all(numeric).then(|| std::str::from_utf8(text).ok()).flatten()
}

/// A number too large or too small for its type, which the server refuses, is infinite or nothing here.
fn fits(is_something: bool, text: &[u8]) -> Option<()> {
    (is_something || text == b"0" || text == b"-0").then_some(())
}

/// Undoes the escapes of COPY, those that it writes.
fn unescape(mut text: &[u8], message: &mut Vec<u8>) -> Option<()> {
    while let Some(at) = memchr::memchr(b'\\', text) {
        message.extend_from_slice(&text[..at]);
        message.push(match text.get(at + 1)? {
            b'b' => 8,
            b't' => b'\t',
            b'n' => b'\n',
            b'v' => 11,
            b'f' => 12,
            b'r' => b'\r',
            b'\\' => b'\\',
            _ => return None,
        });
        text = &text[at + 2..];
    }
    message.extend_from_slice(text);
    Some(())
}

fn hexadecimal(digits: &[u8], message: &mut Vec<u8>) -> Option<()> {
    let (pairs, rest) = digits.as_chunks::<2>();
    for [high, low] in pairs {
        message.push(nibble(*high)? << 4 | nibble(*low)?);
    }
    rest.is_empty().then_some(())
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// `8-4-4-4-12` digits.
fn uuid(text: &[u8], message: &mut Vec<u8>) -> Option<()> {
    let mut groups = text.split(|byte| *byte == b'-');
    for length in [8, 4, 4, 4, 12] {
        hexadecimal(groups.next().filter(|group| group.len() == length)?, message)?;
    }
    groups.next().is_none().then_some(())
}

/// Days since 2000 of `2024-01-31`.
fn date(text: &[u8]) -> Option<i32> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = text else { return None };
    let year = i32::from(two(*y0, *y1)?) * 100 + i32::from(two(*y2, *y3)?);
    let month = Month::try_from(two(*m0, *m1)?).ok()?;
    // There is no year 0; what was before the first has other words around it.
    let date = Date::from_calendar_date(year, month, two(*d0, *d1)?).ok().filter(|_| year > 0)?;
    Some(date.to_julian_day() - FIRST_DAY)
}

/// Microseconds since midnight of `23:59:59` or `23:59:59.25`. Midnight at the end of a day has no form here.
fn time_of_day(text: &[u8]) -> Option<i64> {
    let (seconds, fraction) = text.split_at_checked(8)?;
    let [h0, h1, b':', m0, m1, b':', s0, s1] = seconds else { return None };
    let micros = match fraction {
        [] => 0,
        [b'.', digits @ ..] => micros(digits)?,
        _ => return None,
    };
    let time = Time::from_hms_micro(two(*h0, *h1)?, two(*m0, *m1)?, two(*s0, *s1)?, micros).ok()?;
    Some(time.duration_since(Time::MIDNIGHT).whole_microseconds()).and_then(|micros| i64::try_from(micros).ok())
}

/// Microseconds since 2000 of `2024-01-31 23:59:59.25`.
fn timestamp(text: &[u8]) -> Option<i64> {
    let (day, [b' ', time @ ..]) = text.split_at_checked(10)? else { return None };
    Some(i64::from(date(day)?) * DAY + time_of_day(time)?)
}

/// The digits behind a point, six at most, as millionths.
fn micros(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 6 {
        return None;
    }
    let padded = digits.iter().copied().chain(std::iter::repeat(b'0')).take(6);
    padded.into_iter().try_fold(0, |value, digit| Some(value * 10 + u32::from(decimal(digit)?)))
}

fn two(tens: u8, ones: u8) -> Option<u8> {
    Some(decimal(tens)? * 10 + decimal(ones)?)
}

fn decimal(digit: u8) -> Option<u8> {
    digit.is_ascii_digit().then(|| digit - b'0')
}

#[cfg(test)]
mod tests {
    use super::Form;

    fn value(form: Form, text: &str) -> Option<Vec<u8>> {
        let mut message = Vec::new();
        form.append(text.as_bytes(), &mut message)?;
        let (length, value) = message.split_first_chunk::<4>()?;
        assert_eq!(i32::from_be_bytes(*length), i32::try_from(value.len()).ok()?);
        Some(value.to_vec())
    }

    fn i64_of(form: Form, text: &str) -> Option<i64> {
        value(form, text)?.try_into().ok().map(i64::from_be_bytes)
    }

    #[test]
    fn whole_numbers() {
        assert_eq!(value(Form::Int2, "-32768"), Some(vec![0x80, 0]));
        assert_eq!(value(Form::Int4, "2147483647"), Some(vec![0x7f, 0xff, 0xff, 0xff]));
        assert_eq!(i64_of(Form::Int8, "-9223372036854775808"), Some(i64::MIN));
        for odd in ["", "-", "+1", " 1", "1 ", "1_000", "0x1", "1.0", "--1"] {
            assert_eq!(value(Form::Int8, odd), None, "{odd:?}");
        }
        assert_eq!(value(Form::Int2, "32768"), None);
        assert_eq!(value(Form::Int4, "2147483648"), None);
        assert_eq!(value(Form::Int8, "9223372036854775808"), None);
    }

    #[test]
    fn floating_numbers() {
        let number = |text| value(Form::Float8, text)?.try_into().ok().map(f64::from_be_bytes).map(f64::to_bits);
        let numbers =
            [("0.1", 0.1), ("-0", -0.0), ("0", 0.0), ("1e+300", 1e300), ("-1.5e-07", -1.5e-7), ("5e-324", 5e-324)];
        for (text, expected) in numbers {
            assert_eq!(number(text), Some(f64::to_bits(expected)), "{text}");
        }
        assert_eq!(value(Form::Float4, "3.4028235e+38"), Some(f32::MAX.to_be_bytes().to_vec()));
        for odd in ["", "NaN", "Infinity", "-Infinity", "inf", "nan", "1e400", "1e-400", "0x1p3", "1e"] {
            assert_eq!(value(Form::Float8, odd), None, "{odd:?}");
        }
        assert_eq!(value(Form::Float4, "1e+39"), None);
    }

    #[test]
    fn texts() {
        assert_eq!(value(Form::Text, ""), Some(Vec::new()));
        assert_eq!(value(Form::Text, "a\\\\N\\t\\n\\r\\b\\f\\v\u{e4}"), Some("a\\N\t\n\r\u{8}\u{c}\u{b}\u{e4}".into()));
        assert_eq!(value(Form::Jsonb, "{\"a\": \"\\\\n\"}"), Some(b"\x01{\"a\": \"\\n\"}".to_vec()));
        for odd in ["\\", "a\\", "\\x41", "\\101", "\\N ", "\\."] {
            assert_eq!(value(Form::Text, odd), None, "{odd:?}");
        }
    }

    #[test]
    fn bytes_and_identifiers() {
        assert_eq!(value(Form::Bytea, "\\\\x00ff10"), Some(vec![0, 255, 16]));
        assert_eq!(value(Form::Bytea, "\\\\x"), Some(Vec::new()));
        for odd in ["\\\\x0", "\\\\xzz", "\\\\xAB", "abc", ""] {
            assert_eq!(value(Form::Bytea, odd), None, "{odd:?}");
        }
        let uuid = "00112233-4455-6677-8899-aabbccddeeff";
        assert_eq!(
            value(Form::Uuid, uuid),
            Some(vec![0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff])
        );
        for odd in [&uuid[1..], &uuid.replace('-', ""), &format!("{{{uuid}}}"), &format!("{uuid}-")] {
            assert_eq!(value(Form::Uuid, odd), None, "{odd:?}");
        }
        assert_eq!((value(Form::Bool, "t"), value(Form::Bool, "f")), (Some(vec![1]), Some(vec![0])));
        assert_eq!(value(Form::Bool, "true"), None);
    }

    #[test]
    fn moments() {
        let days = |text| value(Form::Date, text)?.try_into().ok().map(i32::from_be_bytes);
        assert_eq!((days("2000-01-01"), days("1999-12-31"), days("2024-02-29")), (Some(0), Some(-1), Some(8825)));
        assert_eq!((days("0001-01-01"), days("9999-12-31")), (Some(-730_119), Some(2_921_939)));
        for odd in ["infinity", "-infinity", "10000-01-01", "0044-03-15 BC", "2023-02-29", "0000-01-01", "2024-1-1", ""]
        {
            assert_eq!(value(Form::Date, odd), None, "{odd:?}");
        }
        assert_eq!(i64_of(Form::Time, "00:00:01.5"), Some(1_500_000));
        assert_eq!(i64_of(Form::Time, "23:59:59.999999"), Some(86_399_999_999));
        for odd in ["24:00:00", "00:00", "00:00:60", "00:00:00.", "00:00:00.0000001", "00:00:00+00", "1:00:00"] {
            assert_eq!(value(Form::Time, odd), None, "{odd:?}");
        }
        assert_eq!(i64_of(Form::Timestamp, "2000-01-02 00:00:00.000001"), Some(86_400_000_001));
        assert_eq!(i64_of(Form::Timestamp, "1999-12-31 23:59:59"), Some(-1_000_000));
        assert_eq!(i64_of(Form::TimestampTz, "2000-01-01 00:00:00+00"), Some(0));
        for odd in ["2000-01-01 00:00:00", "2000-01-01 00:00:00+01", "2000-01-01 00:00:00-00", "infinity"] {
            assert_eq!(value(Form::TimestampTz, odd), None, "{odd:?}");
        }
        for odd in ["2000-01-01", "2000-01-01T00:00:00", "2000-01-01 00:00:00 BC", "2000-01-01 00:00:00+00"] {
            assert_eq!(value(Form::Timestamp, odd), None, "{odd:?}");
        }
    }
}
