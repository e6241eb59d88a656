//! Times as Kallithea keeps them: the local time of the server, without a zone.
//!
//! The zone of the server must therefore never change. A time that the end of summer time repeats is taken for the
//! first of the two.

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit, Zoned};

use crate::value::{Column, FromColumn};

/// A local time to the microsecond. Shown and stored as `YYYY-MM-DD HH:MM:SS.ffffff`, always with six digits, since
/// the original cannot read any other form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime(DateTime);

impl LocalTime {
    /// 1970-01-01 00:00, which the original stores for "no time", such as the last change of an empty repository.
    pub const EPOCH: Self = Self(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));

    /// The present time.
    pub fn now() -> Self {
        Self::from_civil(Zoned::now().datetime())
    }

    /// The local time of so many seconds after 1970-01-01 00:00 UTC. Beyond the years of the calendar: its ends.
    pub fn from_unix(seconds: i64) -> Self {
        let range = Timestamp::MIN.as_second()..=Timestamp::MAX.as_second();
        let seconds = seconds.clamp(*range.start(), *range.end());
        let timestamp = Timestamp::from_second(seconds).expect("clamped to what there is");
        Self::from_civil(timestamp.to_zoned(TimeZone::system()).datetime())
    }

    /// Seconds after 1970-01-01 00:00 UTC.
    pub fn to_unix(self) -> i64 {
        // Only the very ends of the calendar have no timestamp in every zone.
        self.0
            .to_zoned(TimeZone::system())
            .map_or(0, |zoned| zoned.timestamp().as_second())
    }

    /// The date and the time of day, without a zone.
    pub fn to_civil(self) -> DateTime {
        self.0
    }

    /// The form used within JSON: `T` between date and time, milliseconds only when there are any.
    pub fn to_json(self) -> String {
        let text = self.0.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        match self.0.subsec_nanosecond() / 1_000_000 {
            0 => text,
            milliseconds => format!("{text}.{milliseconds:03}"),
        }
    }

    /// The time to the microsecond.
    pub(crate) fn from_civil(time: DateTime) -> Self {
        // Cutting to microseconds cannot leave the calendar, as it only goes down.
        let rounding = jiff::civil::DateTimeRound::new()
            .smallest(Unit::Microsecond)
            .mode(jiff::RoundMode::Trunc);
        Self(time.round(rounding).unwrap_or(time))
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{:06}",
            self.0.strftime("%Y-%m-%d %H:%M:%S"),
            self.0.subsec_nanosecond() / 1000
        )
    }
}

impl FromStr for LocalTime {
    type Err = jiff::Error;

    /// Reads the stored form, with or without a fraction, and what other programs made of it: with a `T`, with a zone
    /// (which is passed over, as the hands of the clock are what is stored), without leading zeros, the day alone.
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        let text = text.trim();
        text.parse()
            .or_else(|error| lenient(text).ok_or(error))
            .map(Self::from_civil)
    }
}

/// Reads year, month and day, and as much of the time of day as there is.
fn lenient(text: &str) -> Option<DateTime> {
    let (day, clock) = text.split_at(text.find([' ', 'T']).unwrap_or(text.len()));
    let mut day = day.splitn(3, '-');
    let (year, month, day) = (day.next()?, day.next()?, day.next()?);
    let clock = clock.get(1..).unwrap_or("");
    // A zone begins with a sign or a Z.
    let clock = clock.split(['+', '-', 'Z']).next().unwrap_or("").trim();
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut clock = clock.split(':');
    let mut part = || match clock.next() {
        None | Some("") => Some(0),
        Some(part) => part.parse().ok(),
    };
    let (hour, minute, second) = (part()?, part()?, part()?);
    let nanosecond = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    DateTime::new(
        year.parse().ok()?,
        month.parse().ok()?,
        day.parse().ok()?,
        hour,
        minute,
        second,
        nanosecond,
    )
    .ok()
}

impl FromColumn for LocalTime {
    /// NULL and what is not a time become the epoch.
    fn from_column(column: Column<'_>) -> Self {
        match column {
            Column::Time(time) => time,
            _ => String::from_column(column).parse().unwrap_or(Self::EPOCH),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_form_has_six_digits() {
        let time: LocalTime = "2026-11-21 21:37:06.255884".parse().unwrap();
        assert_eq!(time.to_string(), "2026-11-21 21:37:06.255884");
        assert_eq!(
            "2026-11-21 21:37:06"
                .parse::<LocalTime>()
                .unwrap()
                .to_string(),
            "2026-11-21 21:37:06.000000"
        );
        assert_eq!(
            "2026-11-21T21:37:06.5"
                .parse::<LocalTime>()
                .unwrap()
                .to_string(),
            "2026-11-21 21:37:06.500000"
        );
        assert_eq!(LocalTime::now().to_string().len(), 26);
    }

    #[test]
    fn an_unreadable_time_is_the_epoch() {
        for column in [
            Column::Null,
            Column::Text(b"yesterday"),
            Column::Text(b"2026-13-41 25:00:00"),
            Column::Int(7),
        ] {
            assert_eq!(
                LocalTime::from_column(column),
                LocalTime::EPOCH,
                "{column:?}"
            );
        }
    }

    #[test]
    fn json_shows_milliseconds_only_when_there_are_some() {
        let json = |text: &str| text.parse::<LocalTime>().unwrap().to_json();
        assert_eq!(
            json("2026-11-21 21:37:06.255884"),
            "2026-11-21T21:37:06.255"
        );
        assert_eq!(json("2026-11-21 21:37:06.000884"), "2026-11-21T21:37:06");
    }

    #[test]
    fn seconds_go_there_and_back() {
        for seconds in [0, 1_700_000_000, 1_763_761_026] {
            assert_eq!(LocalTime::from_unix(seconds).to_unix(), seconds);
        }
        assert!(LocalTime::from_unix(i64::MAX) > LocalTime::from_unix(0));
        assert!(LocalTime::from_unix(i64::MIN) < LocalTime::from_unix(0));
    }
}
