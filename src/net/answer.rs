//! What is read of an HTTP answer, whoever asked: as much as the asker has room for, and for how long to leave the peer alone.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Response;
use reqwest::header::{HeaderMap, RETRY_AFTER};

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
