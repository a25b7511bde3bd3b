//! Dates as they are written on the wire: RFC 3339, and HTTP's three forms. All are of UTC, in the calendar that ISO 8601
//! uses for all years, 0 to 9999. Not for time zones, nor for telling the time: that is clock.rs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: i64 = 86_400;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/// A date and a time of day.
#[derive(Clone, Copy)]
struct Civil {
    year: i64,
    /// From 1.
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
}

/// The Unix seconds of `2026-11-23T12:00:00.5+01:00`; a part of a second is left out.
pub fn rfc_3339(text: &str) -> Option<i64> {
    let (date, rest) = text.trim().split_at_checked(19)?;
    let bytes = date.as_bytes();
    let is_shaped =
        [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')].iter().all(|(at, sign)| bytes[*at] == *sign);
    if !is_shaped || !matches!(bytes[10], b'T' | b't' | b' ') {
        return None;
    }
    let part = |from, to| date.get(from..to).and_then(number);
    let civil = Civil {
        year: part(0, 4)?,
        month: part(5, 7)?,
        day: part(8, 10)?,
        hour: part(11, 13)?,
        minute: part(14, 16)?,
        second: part(17, 19)?,
    };
    Some(civil.unix()? - offset(rest)?)
}

/// The seconds that a zone is ahead: `Z`, `+01:00`, after a part of a second or not.
fn offset(text: &str) -> Option<i64> {
    let zone = match text.strip_prefix('.') {
        Some(rest) => {
            let zone = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
            (zone.len() < rest.len()).then_some(zone)?
        }
        None => text,
    };
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, zone) =
        zone.strip_prefix('+').map(|zone| (1, zone)).or(zone.strip_prefix('-').map(|zone| (-1, zone)))?;
    let (hours, minutes) = zone.split_once(':')?;
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    (hours < 26 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// The time of an HTTP date. RFC 9110 §5.6.7: a recipient has to take the two obsolete forms too. The day of the week
/// is not looked at. `now` tells the century where there are two digits of a year.
pub fn http(text: &str, now: SystemTime) -> Option<SystemTime> {
    let text = text.trim();
    let of_zone = ["GMT", "UTC", "+0000"].iter().find_map(|zone| text.strip_suffix(zone));
    let unix = if let Some(text) = of_zone {
        let text = text.split_once(',').map_or(text, |(_, text)| text);
        let words: Vec<&str> = text.split([' ', '-']).filter(|word| !word.is_empty()).collect();
        let [day, month, year, time] = words[..] else { return None };
        let date = Civil::read(year, month, day, time)?;
        if year.len() == 2 { date.in_century(now)? } else { date.unix()? }
    } else {
        // `Sun Nov  6 08:49:37 1994`
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let [_, month, day, time, year] = words[..] else { return None };
        Civil::read(year, month, day, time)?.unix()?
    };
    let distance = Duration::from_secs(unix.unsigned_abs());
    if unix < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

/// `Tue, 15 Nov 1994 08:12:31 GMT`
pub fn to_http(at: SystemTime) -> String {
    let (unix, _) = since_epoch(at);
    let Civil { year, month, day, hour, minute, second } = Civil::of(unix);
    let weekday = WEEKDAYS[(unix.div_euclid(DAY) + 4).rem_euclid(7) as usize];
    let month = MONTHS[month as usize - 1];
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// `2026-11-23T12:00:00Z`
pub fn to_rfc_3339(unix: i64) -> String {
    let Civil { year, month, day, hour, minute, second } = Civil::of(unix);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// A date as JavaScript writes it: `2026-11-23T12:00:00.000Z`.
pub fn to_javascript(at: SystemTime) -> String {
    let (unix, nanos) = since_epoch(at);
    let whole = to_rfc_3339(unix);
    format!("{}.{:03}Z", whole.trim_end_matches('Z'), nanos / 1_000_000)
}

/// Seconds, and the nanoseconds after them.
fn since_epoch(at: SystemTime) -> (i64, u32) {
    match at.duration_since(UNIX_EPOCH) {
        Ok(since) => (since.as_secs() as i64, since.subsec_nanos()),
        Err(before) => {
            let before = before.duration();
            let borrowed = i64::from(before.subsec_nanos() > 0);
            (-(before.as_secs() as i64) - borrowed, (1_000_000_000 - before.subsec_nanos()) % 1_000_000_000)
        }
    }
}

impl Civil {
    /// The words of an HTTP date.
    fn read(year: &str, month: &str, day: &str, time: &str) -> Option<Self> {
        let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))? as i64 + 1;
        let mut times = time.splitn(3, ':').map(two_digits);
        let (hour, minute, second) = (times.next()??, times.next()??, times.next()??);
        let is_year = matches!(year.len(), 2 | 4);
        let is_day = matches!(day.len(), 1 | 2);
        let date = Self { year: number(year)?, month, day: number(day)?, hour, minute, second };
        (is_year && is_day).then_some(date)
    }

    /// In the last year with these two digits in which it is no more than 50 years ahead.
    fn in_century(self, now: SystemTime) -> Option<i64> {
        let today = Self::of(since_epoch(now).0);
        let mut latest = Self { year: today.year + 50, ..today };
        latest.day = latest.day.min(days_of_month(latest.year, latest.month));
        let latest = latest.unix()?;
        let years = [1, 0, -1].map(|later| (today.year / 100 + later) * 100 + self.year);
        years.into_iter().filter_map(|year| Self { year, ..self }.unix()).find(|unix| *unix <= latest)
    }

    /// `None` for what is no date. A leap second counts as the one before it.
    fn unix(self) -> Option<i64> {
        let Self { year, month, day, hour, minute, second } = self;
        let is_date = (0..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_of_month(year, month)).contains(&day);
        let is_time = hour < 24 && minute < 60 && second <= 60;
        let time = hour * 3600 + minute * 60 + second.min(59);
        (is_date && is_time).then(|| days_before(year, month, day) * DAY + time)
    }

    fn of(unix: i64) -> Self {
        // Years that begin in March have their leap day last; 400 of them are 146 097 days.
        let days = unix.div_euclid(DAY) + 719_468;
        let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let time = unix.rem_euclid(DAY);
        Self {
            year: era * 400 + year + i64::from(month >= 10),
            month: if month < 10 { month + 3 } else { month - 9 },
            day: day - (153 * month + 2) / 5 + 1,
            hour: time / 3600,
            minute: time / 60 % 60,
            second: time % 60,
        }
    }
}

/// Days from 1970 to a date.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let days = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year * 365 + year / 4 - year / 100 + days - 719_468
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Digits alone: no sign.
fn number(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn two_digits(text: &str) -> Option<i64> {
    number(text).filter(|_| text.len() == 2)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    /// Years 0 to 9999.
    const RANGE: std::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_207_199;

    fn at(unix: i64) -> SystemTime {
        let distance = Duration::from_secs(unix.unsigned_abs());
        if unix < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance }
    }

    proptest! {
        #[test]
        fn every_second_is_written_and_read_as_a_library_of_dates_does(unix in RANGE, ms in 0..1000_u32) {
            let wanted = Timestamp::new(unix, 0).expect("in its range");
            prop_assert_eq!(to_rfc_3339(unix), wanted.to_string());
            prop_assert_eq!(rfc_3339(&wanted.to_string()), Some(unix));
            prop_assert_eq!(to_http(at(unix)), wanted.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
            prop_assert_eq!(http(&to_http(at(unix)), UNIX_EPOCH), Some(at(unix)));
            let fraction = at(unix) + Duration::from_millis(ms.into());
            let written = Timestamp::try_from(fraction).expect("in its range");
            prop_assert_eq!(to_javascript(fraction), format!("{written:.3}"));
        }

        #[test]
        fn whatever_stands_there_is_a_date_of_the_library_too_or_none(text in "[0-9]{4}-[0-1][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,9})?([Zz]|[+-][0-2][0-9]:[0-6][0-9])?") {
            let wanted = text.parse::<Timestamp>().ok();
            if let Some(unix) = rfc_3339(&text) {
                let wanted = wanted.map(|at| at.as_nanosecond().div_euclid(1_000_000_000));
                prop_assert!(wanted == Some(unix.into()) || !RANGE.contains(&unix), "{text}: {unix} {wanted:?}");
            } else {
                prop_assert!(wanted.is_none(), "{text}: {wanted:?}");
            }
        }

        #[test]
        fn nothing_that_is_read_panics(text in ".{0,40}") {
            let _ = (rfc_3339(&text), http(&text, UNIX_EPOCH));
        }
    }
}
