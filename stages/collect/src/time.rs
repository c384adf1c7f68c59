//! Times as sources write them, to RFC 3339.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Unix times from here on are milliseconds: as seconds they would lie after the year 5000.
const FIRST_MILLISECONDS: i64 = 100_000_000_000;

/// Reads RFC 3339, a civil time or day (taken as UTC), fourteen digits, or Unix time.
pub(crate) fn rfc3339(text: &str) -> Option<String> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.to_string());
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let civil = match text.len() {
        14 if digits => format!("{}T{}", text.get(..8)?, text.get(8..)?).parse::<DateTime>(),
        8 if digits => text.parse::<DateTime>(),
        _ if digits => return from_unix(text.parse().ok()?),
        _ => text.parse::<DateTime>(),
    };
    let time = civil.ok()?.to_zoned_datetime(TimeZone::UTC).ok()?;
    Some(time.timestamp().to_string())
}

/// Unix time in seconds or milliseconds.
pub(crate) fn from_unix(time: i64) -> Option<String> {
    let time = if time.unsigned_abs() < FIRST_MILLISECONDS.unsigned_abs() {
        Timestamp::from_second(time)
    } else {
        Timestamp::from_millisecond(time)
    };
    time.ok().map(|time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_many_forms() {
        for (text, expected) in [
            ("2020-02-03T04:05:06Z", Some("2020-02-03T04:05:06Z")),
            ("2020-02-03T04:05:06+08:00", Some("2020-02-02T20:05:06Z")),
            ("2020-02-03 04:05:06", Some("2020-02-03T04:05:06Z")),
            ("2020-02-03", Some("2020-02-03T00:00:00Z")),
            ("20200203", Some("2020-02-03T00:00:00Z")),
            ("20200203040506", Some("2020-02-03T04:05:06Z")),
            ("1580702706", Some("2020-02-03T04:05:06Z")),
            ("1580702706000", Some("2020-02-03T04:05:06Z")),
            ("2008-10-294T05:21:46-0700", None),
            ("yesterday", None),
            ("", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(rfc3339(text).as_deref(), expected, "{text}");
        }
    }
}
