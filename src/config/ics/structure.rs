//! Bytes → the events of a file, each with the line on which it begins and its own properties, whatever stands around them.

use std::borrow::Cow;

use encoding_rs::{Encoding, WINDOWS_1252};
use icalendar::parser::{Component, read_calendar};

use super::Skipped;
use super::error::{Cause, IcsError};

/// An alarm in an event in a calendar is three deep; this is more than anything has.
const DEEPEST: usize = 8;
const MOST_EVENTS: usize = 10_000;

/// An event as the file has it.
pub(super) struct Frame {
    /// The line, from 1.
    pub line: usize,
    /// Its properties, those of parts within it left out, each on one line.
    lines: Vec<String>,
}

/// What was found.
#[derive(Default)]
pub(super) struct Frames {
    pub events: Vec<Frame>,
    /// Events that have no end.
    pub cut: Vec<Skipped>,
}

/// A line as it was before it was folded (RFC 5545 §3.1), with the number of the first.
struct Logical {
    number: usize,
    text: String,
}

/// Finds the events of all calendars of a file.
pub(super) fn frames(bytes: &[u8]) -> Result<Frames, IcsError> {
    let mut found = Frames::default();
    let mut open: Vec<(String, usize)> = Vec::new();
    let mut event: Option<Frame> = None;
    let mut n_calendars = 0;
    let mut last = 1;
    for Logical { number, text } in unfolded(&in_utf8(bytes)) {
        last = number;
        let (key, name) = text.split_once(':').unwrap_or_default();
        let (key, name) = (key.trim(), name.trim().to_ascii_uppercase());
        if key.eq_ignore_ascii_case("BEGIN") {
            match name.as_str() {
                "VCALENDAR" => {
                    n_calendars += 1;
                    open.clear();
                    found.cut.extend(event.take().map(|event| event.cut()));
                }
                _ if open.is_empty() => continue,
                "VEVENT" => {
                    // One within another: the outer has lost its end, and nothing else.
                    found.events.extend(event.take());
                    open.truncate(1);
                    event = Some(Frame { line: number, lines: Vec::new() });
                }
                // Deeper than a calendar has them: what says nothing of days is passed over.
                _ if DEEPEST <= open.len() => continue,
                _ => {}
            }
            open.push((name, number));
        } else if key.eq_ignore_ascii_case("END") {
            let Some(place) = open.iter().rposition(|(begun, _)| *begun == name) else { continue };
            open.truncate(place);
            match name.as_str() {
                "VEVENT" => found.events.extend(event.take()),
                "VCALENDAR" => found.cut.extend(event.take().map(|event| event.cut())),
                _ => {}
            }
        } else if let Some(event) = event.as_mut().filter(|_| open.last().is_some_and(|(name, _)| name == "VEVENT")) {
            event.lines.push(text);
        }
        if MOST_EVENTS < found.events.len() {
            return Err(IcsError::new(number, Cause::TooManyEvents));
        }
    }
    if n_calendars == 0 {
        return Err(IcsError::new(1, Cause::NoCalendar));
    }
    if event.is_none() && !open.is_empty() {
        found.cut.push(Skipped::odd("?".to_owned(), last, Cause::EndsEarly));
    }
    found.cut.extend(event.map(|event| event.cut()));
    Ok(found)
}

impl Frame {
    /// Its properties as the library reads them, by names in capitals. A line that is no property, as a text with its own ends of lines
    /// leaves them, is none.
    pub(super) fn with<T>(&self, read: impl FnOnce(&Component<'_>) -> T) -> Option<T> {
        let properties: Vec<String> = self.lines.iter().filter_map(|line| property(line)).collect();
        let all = wrapped(&properties.join("\r\n"));
        let text = match read_calendar(&all) {
            Ok(_) => all,
            // One of them is odd: without it.
            Err(_) => {
                let sound = properties.iter().filter(|line| read_calendar(&wrapped(line)).is_ok());
                wrapped(&sound.cloned().collect::<Vec<_>>().join("\r\n"))
            }
        };
        let calendar = read_calendar(&text).ok()?;
        calendar.components.first().map(read)
    }

    fn cut(self) -> Skipped {
        let name = self.with(super::event::name).unwrap_or_else(|| "?".to_owned());
        Skipped::odd(name, self.line, Cause::Cut)
    }
}

fn wrapped(properties: &str) -> String {
    let separator = if properties.is_empty() { "" } else { "\r\n" };
    format!("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{properties}{separator}END:VEVENT\r\nEND:VCALENDAR\r\n")
}

/// The line with its name in capitals, as a property's has no case; none if it has none.
fn property(line: &str) -> Option<String> {
    let end = line.find([':', ';', ' ', '\t']).filter(|end| 0 < *end)?;
    let (name, rest) = line.split_at(end);
    let rest = rest.trim_start();
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    let is_property = is_name && rest.starts_with([':', ';']) && rest.contains(':');
    // Some systems put the name of a group before it.
    let name = name.rsplit('.').next().unwrap_or(name);
    is_property.then(|| format!("{}{rest}", name.to_ascii_uppercase()))
}

/// Files of UTF-16 say so at their head.
fn in_utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    match Encoding::for_bom(bytes) {
        Some((encoding, mark)) if encoding == encoding_rs::UTF_8 => Cow::Borrowed(&bytes[mark..]),
        Some((encoding, _)) => Cow::Owned(encoding.decode(bytes).0.into_owned().into_bytes()),
        None => Cow::Borrowed(bytes),
    }
}

/// Lines as they were before they were folded. They are put together as bytes, since some programs fold within a letter, and read as
/// UTF-8, or as windows-1252 where they are not that. Ends of lines are those of any system.
fn unfolded(bytes: &[u8]) -> Vec<Logical> {
    let mut joined: Vec<(usize, Vec<u8>)> = Vec::new();
    for (number, line) in (1..).zip(physical(bytes)) {
        match (line.first(), joined.last_mut()) {
            (None, _) => {}
            (Some(b' ' | b'\t'), Some((_, last))) => last.extend_from_slice(&line[1..]),
            _ => joined.push((number, line.to_vec())),
        }
    }
    let text = |bytes: Vec<u8>| match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => WINDOWS_1252.decode_without_bom_handling(error.as_bytes()).0.into_owned(),
    };
    joined.into_iter().map(|(number, bytes)| Logical { number, text: text(bytes).replace('\0', "") }).collect()
}

/// Lines as an editor counts them, without their ends.
fn physical(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let has_line_feeds = bytes.contains(&b'\n');
    bytes.split(move |byte| *byte == if has_line_feeds { b'\n' } else { b'\r' }).map(|line| {
        let end = line.iter().rposition(|byte| *byte != b'\r').map_or(0, |last| last + 1);
        &line[..end]
    })
}
