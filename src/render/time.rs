//! Points in time, in words and in figures.
//!
//! A time is given as seconds since 1970 UTC; an offset is in seconds east of UTC (as Git writes it; Mercurial stores the opposite sign).

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Unit};

/// A unit of the calendar or the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgeUnit {
    /// Calendar years.
    Year,
    /// Calendar months.
    Month,
    /// Days.
    Day,
    /// Hours.
    Hour,
    /// Minutes.
    Minute,
    /// Seconds.
    Second,
}

/// How long ago something was, or how far ahead it is, before it is put into the words of a language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    /// The largest unit that is not zero; `None` for now.
    pub first: Option<(u64, AgeUnit)>,
    /// The unit directly below it, when that is not zero and two are wanted.
    pub second: Option<(u64, AgeUnit)>,
    /// Whether it is still to come.
    pub ahead: bool,
}

/// How long ago, in at most two units.
///
/// The largest unit that is not zero is named, and the one directly below it if that is not zero either: one year and three days are
/// one year. Years and months are calendar ones, counted in UTC.
#[must_use]
pub fn age_of(then: i64, now: i64) -> Age {
    let parts = calendar_difference(then, now);
    let first = parts.iter().position(|part| part.0 != 0);
    Age {
        first: first.map(|at| parts[at]),
        second: first
            .and_then(|at| parts.get(at + 1))
            .copied()
            .filter(|next| next.0 != 0),
        ahead: then > now,
    }
}

/// How long ago, in one unit, for narrow columns.
///
/// Below two years months are counted; from then on years, rounded up when more than six months are left over.
#[must_use]
pub fn short_age_of(then: i64, now: i64) -> Age {
    let mut parts = calendar_difference(then, now);
    let (years, months) = (parts[0].0, parts[1].0);
    if years == 1 {
        parts[0].0 = 0;
        parts[1].0 = months + 12;
    } else if years >= 2 && months > 6 {
        parts[0].0 = years + 1;
    }
    Age {
        first: parts.into_iter().find(|part| part.0 != 0),
        second: None,
        ahead: then > now,
    }
}

/// [`age_of`] in English: `1 year and 1 month ago`, `2 minutes ago`, `just now`, `in 1 day`.
pub fn age(then: i64, now: i64) -> String {
    english(age_of(then, now))
}

/// [`short_age_of`] in English: `13 months ago`, `3 years ago`.
pub fn age_short(then: i64, now: i64) -> String {
    english(short_age_of(then, now))
}

/// The time for the `datetime` attribute of `<time>`: `2024-05-17T09:30:00+02:00`.
pub fn iso(seconds: i64, offset_east: i32) -> String {
    let (local, offset) = local(seconds, offset_east);
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.abs();
    format!(
        "{}{sign}{:02}:{:02}",
        local.strftime("%Y-%m-%dT%H:%M:%S"),
        minutes / 60,
        minutes % 60
    )
}

/// The time as people read it, in the given offset: `2024-05-17 09:30:00`.
pub fn absolute(seconds: i64, offset_east: i32) -> String {
    local(seconds, offset_east)
        .0
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

type Part = (u64, AgeUnit);

fn calendar_difference(then: i64, now: i64) -> [Part; 6] {
    let (from, to) = (utc(then.min(now)), utc(then.max(now)));
    // Both are valid civil times and a difference up to years is always defined between those.
    let span = from.until((Unit::Year, to)).unwrap_or_default();
    let part = |number: i64, unit| (number.unsigned_abs(), unit);
    [
        part(span.get_years().into(), AgeUnit::Year),
        part(span.get_months().into(), AgeUnit::Month),
        part(span.get_days().into(), AgeUnit::Day),
        part(span.get_hours().into(), AgeUnit::Hour),
        part(span.get_minutes(), AgeUnit::Minute),
        part(span.get_seconds(), AgeUnit::Second),
    ]
}

fn english(age: Age) -> String {
    let count = |(number, unit): Part| {
        let unit = match unit {
            AgeUnit::Year => "year",
            AgeUnit::Month => "month",
            AgeUnit::Day => "day",
            AgeUnit::Hour => "hour",
            AgeUnit::Minute => "minute",
            AgeUnit::Second => "second",
        };
        format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
    };
    let Some(first) = age.first else {
        return "just now".to_owned();
    };
    let mut words = count(first);
    if let Some(second) = age.second {
        words = format!("{words} and {}", count(second));
    }
    if age.ahead {
        format!("in {words}")
    } else {
        format!("{words} ago")
    }
}

fn utc(seconds: i64) -> DateTime {
    TimeZone::UTC.to_datetime(timestamp(seconds))
}

/// The local time, and the offset that was really used: commits carry broken offsets, those count as UTC.
fn local(seconds: i64, offset_east: i32) -> (DateTime, Offset) {
    let offset = Offset::from_seconds(offset_east).unwrap_or(Offset::UTC);
    (offset.to_datetime(timestamp(seconds)), offset)
}

/// Commits also carry times far outside the calendar; those are moved to its edge.
fn timestamp(seconds: i64) -> Timestamp {
    let clamped = seconds.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(clamped).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: &str = "2012-05-17T00:00:00Z";

    fn seconds(text: &str) -> i64 {
        text.parse::<Timestamp>()
            .expect("a written-out time")
            .as_second()
    }

    #[test]
    fn ages_in_both_forms() {
        let cases = [
            ("2012-05-17T00:00:00Z", "just now", "just now"),
            ("2012-05-16T23:59:59Z", "1 second ago", "1 second ago"),
            ("2012-05-16T23:58:00Z", "2 minutes ago", "2 minutes ago"),
            ("2012-05-16T23:00:00Z", "1 hour ago", "1 hour ago"),
            ("2012-05-16T00:00:00Z", "1 day ago", "1 day ago"),
            (
                "2012-04-15T00:00:00Z",
                "1 month and 2 days ago",
                "1 month ago",
            ),
            (
                "2012-03-28T00:00:00Z",
                "1 month and 19 days ago",
                "1 month ago",
            ),
            ("2011-05-14T00:00:00Z", "1 year ago", "12 months ago"),
            (
                "2011-04-17T00:00:00Z",
                "1 year and 1 month ago",
                "13 months ago",
            ),
            (
                "2010-07-17T00:00:00Z",
                "1 year and 10 months ago",
                "22 months ago",
            ),
            (
                "2010-01-17T00:00:00Z",
                "2 years and 4 months ago",
                "2 years ago",
            ),
            (
                "2009-06-17T00:00:00Z",
                "2 years and 11 months ago",
                "3 years ago",
            ),
            (
                "2007-09-17T00:00:00Z",
                "4 years and 8 months ago",
                "5 years ago",
            ),
            ("2012-05-18T00:00:00Z", "in 1 day", "in 1 day"),
        ];
        for (then, long, short) in cases {
            assert_eq!(age(seconds(then), seconds(NOW)), long, "{then}");
            assert_eq!(age_short(seconds(then), seconds(NOW)), short, "{then}");
        }
    }

    #[test]
    fn figures_carry_the_offset() {
        let then = seconds("2024-05-17T07:30:00Z");
        assert_eq!(iso(then, 7200), "2024-05-17T09:30:00+02:00");
        assert_eq!(iso(then, -12_600), "2024-05-17T04:00:00-03:30");
        assert_eq!(iso(then, i32::MAX), "2024-05-17T07:30:00+00:00");
        assert_eq!(absolute(then, 7200), "2024-05-17 09:30:00");
    }

    proptest! {
        #[test]
        fn any_time_has_words(then: i64, now: i64, offset: i32) {
            prop_assert!(!age(then, now).is_empty());
            prop_assert!(!age_short(then, now).is_empty());
            prop_assert!(iso(then, offset).contains('T'));
            prop_assert!(absolute(then, offset).contains(' '));
        }
    }
}
