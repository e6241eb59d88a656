//! Dates in the words of `git log`.

use std::time::{SystemTime, UNIX_EPOCH};

/// A form that depends on the commit alone.
#[derive(Debug, Clone, Copy)]
pub(super) enum DateStyle {
    Usual,
    Mail,
    Iso,
    IsoStrict,
    Short,
}

/// A date; `zone` is `+0130` as 130. Nothing where it is no date.
pub(super) fn text(seconds: i64, zone: i32, style: DateStyle) -> String {
    use gix::date::time::format;
    let format = match style {
        DateStyle::Usual => format::DEFAULT,
        DateStyle::Mail => format::GIT_RFC2822,
        DateStyle::Iso => format::ISO8601,
        DateStyle::IsoStrict => format::ISO8601_STRICT,
        DateStyle::Short => format::SHORT,
    };
    let time = gix::date::Time::new(seconds, i32::try_from(offset(zone)).unwrap_or(0));
    time.format(format).unwrap_or_default()
}

fn offset(zone: i32) -> i64 {
    i64::from(zone / 100 * 60 + zone % 100) * 60
}

/// Seconds since the epoch.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() as i64)
}

/// How long ago something was: `3 weeks ago`.
pub(super) fn relative(seconds: i64, now: i64) -> String {
    let count = |number: i64, unit: &str| {
        let plural = if number == 1 { "" } else { "s" };
        format!("{number} {unit}{plural}")
    };
    let ago = |number: i64, unit: &str| format!("{} ago", count(number, unit));
    if now < seconds {
        return "in the future".to_owned();
    }
    let mut rest = now - seconds;
    if rest < 90 {
        return ago(rest, "second");
    }
    rest = (rest + 30) / 60;
    if rest < 90 {
        return ago(rest, "minute");
    }
    rest = (rest + 30) / 60;
    if rest < 36 {
        return ago(rest, "hour");
    }
    let days = (rest + 12) / 24;
    match days {
        0..14 => ago(days, "day"),
        14..70 => ago((days + 3) / 7, "week"),
        70..365 => ago((days + 15) / 30, "month"),
        365..1825 => {
            let months = (days * 12 * 2 + 365) / (365 * 2);
            match (months / 12, months % 12) {
                (years, 0) => ago(years, "year"),
                (years, months) => {
                    format!("{}, {}", count(years, "year"), ago(months, "month"))
                }
            }
        }
        _ => ago((days + 183) / 365, "year"),
    }
}

/// As people say it: without what is the same now. The server is taken to be in UTC.
pub(super) fn human(seconds: i64, zone: i32, now: i64) -> String {
    let (then, today) = (Civil::of(seconds + offset(zone)), Civil::of(now));
    let same_year = then.year == today.year;
    let (mut hide_date, mut hide_weekday) = (false, false);
    if same_year && then.month == today.month {
        if then.day == today.day {
            (hide_date, hide_weekday) = (true, true);
        } else if then.day < today.day && then.day + 5 > today.day {
            hide_date = true;
        }
    }
    if hide_weekday {
        return relative(seconds, now);
    }
    let usual = text(seconds, zone, DateStyle::Usual);
    // `Tue Nov 14 22:13:20 2023 +0000`
    let words: Vec<&str> = usual.split(' ').collect();
    let [weekday, month, day, time, year, zone_text] = words[..] else {
        return usual;
    };
    if !same_year {
        return format!("{month} {day} {year}");
    }
    let mut said = vec![weekday.to_owned()];
    if !hide_date {
        said.push(format!("{month} {day}"));
    }
    said.push(time.get(..5).unwrap_or(time).to_owned());
    if hide_date && zone != 0 {
        said.push(zone_text.to_owned());
    }
    said.join(" ")
}

/// A day of the calendar.
struct Civil {
    year: i64,
    month: i64,
    day: i64,
}

impl Civil {
    fn of(seconds: i64) -> Civil {
        // The calendar repeats after 146,097 days; years are counted from March so that the odd day comes last.
        let days = seconds.div_euclid(86_400) + 719_468;
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let march = (5 * of_year + 2) / 153;
        let month = if march < 10 { march + 3 } else { march - 9 };
        Civil {
            year: year + era * 400 + i64::from(month <= 2),
            month,
            day: of_year - (153 * march + 2) / 5 + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_as_git_tells_them() {
        // What `git log --date=relative` says with GIT_TEST_DATE_NOW.
        let day = 86_400;
        for (ago, wanted) in [
            (-1, "in the future"),
            (1, "1 second ago"),
            (89, "89 seconds ago"),
            (90, "2 minutes ago"),
            (89 * 60, "89 minutes ago"),
            (90 * 60, "2 hours ago"),
            (36 * 3600, "2 days ago"),
            (13 * day, "13 days ago"),
            (14 * day, "2 weeks ago"),
            (70 * day, "2 months ago"),
            (365 * day, "1 year ago"),
            (400 * day, "1 year, 1 month ago"),
            (800 * day, "2 years, 2 months ago"),
            (1825 * day, "5 years ago"),
        ] {
            assert_eq!(relative(1_700_000_000 - ago, 1_700_000_000), wanted);
        }
    }

    #[test]
    fn people_leave_out_what_is_the_same_now() {
        // 14 November 2023, 22:13:20, a Tuesday.
        let now = 1_700_000_000;
        let day = 86_400;
        for (ago, zone, wanted) in [
            (3600, 0, "60 minutes ago"),
            (2 * day, 0, "Sun 22:13"),
            (2 * day, 130, "Sun 23:43 +0130"),
            (8 * day, 0, "Mon Nov 6 22:13"),
            (60 * day, 130, "Fri Sep 15 23:43"),
            (400 * day, 0, "Oct 10 2022"),
        ] {
            assert_eq!(human(now - ago, zone, now), wanted);
        }
    }
}
