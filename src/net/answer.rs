//! What is read of an HTTP answer, whoever asked: as much as the asker has room for, and for how long to leave the peer alone.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Response;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// How a body ended.
#[derive(Debug)]
pub enum Ending {
    /// Where the peer ended it.
    Whole,
    /// It went on beyond what was asked for, and was not read further.
    TooLong,
    /// It broke off.
    Broken(reqwest::Error),
}

/// Reads a body until it is longer than `most` bytes, and says how it ended. What came before a break is kept: the status may have
/// said enough.
pub async fn read(response: &mut Response, most: usize) -> (Vec<u8>, Ending) {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return (body, Ending::Whole),
            Err(error) => return (body, Ending::Broken(error)),
        }
        if most < body.len() {
            return (body, Ending::TooLong);
        }
    }
}

/// The wait that a peer asks for in `Retry-After`: seconds, or the time until a date (RFC 9110 §10.2.3). As it is told, be it
/// negative or of years.
pub fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<TimeDelta> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    match value.trim().parse::<i64>() {
        Ok(seconds) => TimeDelta::try_seconds(seconds),
        Err(_) => Some(DateTime::parse_from_rfc2822(value).ok()?.to_utc() - now),
    }
}

/// What time it is where an answer was made, to the second (RFC 9110 §6.6.1).
pub fn peer_time(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let date = headers.get(DATE)?.to_str().ok()?;
    Some(DateTime::parse_from_rfc2822(date.trim()).ok()?.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_a_number_of_seconds_or_runs_until_a_date() {
        let now = "2026-03-02T14:35:00Z".parse().expect("an instant");
        for (value, expected) in [
            ("120", Some(120)),
            (" 120 ", Some(120)),
            ("-5", Some(-5)),
            ("Mon, 02 Mar 2026 14:36:00 GMT", Some(60)),
            ("Mon, 02 Mar 2026 14:34:00 GMT", Some(-60)),
            ("9223372036854775807", None),
            ("soon", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().expect("a header"))]);
            assert_eq!(retry_after(&headers, now).map(|wait| wait.num_seconds()), expected, "{value:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
