//! Events that are written down are read back as they were.

use chrono::{DateTime, Datelike as _, Utc};
use plazo::engine::event::{Event, Fact};
use plazo::engine::proof::Proof;
use plazo::intake::json::{self, FieldError};

use super::now;

/// The journal: what cannot be read back there ends reports for ever.
pub fn in_the_journal(event: &Event) {
    let body = serde_json::to_string(event).expect("JSON");
    let back: Event = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"));
    // What plazo does not read is there; the last digit of its broken numbers may be another.
    assert!(back.refs.keys().eq(event.refs.keys()), "{body}");
    let without = |event: &Event| Event { refs: serde_json::Map::new(), ..event.clone() };
    assert_eq!(without(&back), without(event), "{body}");
}

/// The Event JSON form, which other programs are given. What is too large for it is refused by name.
pub fn in_its_form(event: &Event) {
    if !has_four_digits(event) {
        return;
    }
    let form = json::write(event);
    match json::event(form.clone(), "http", now()) {
        Ok((back, request)) => {
            assert_eq!(request, None, "{form}");
            // Telephone numbers among the threads are added in their one form; none is lost.
            assert!(event.threads.iter().all(|thread| back.threads.contains(thread)), "{form}");
            let threads = event.threads.clone();
            assert_eq!(Event { threads, ..back }, Event { proof: Proof::NONE, ..event.clone() }, "{form}");
        }
        Err(error) => assert!(is_about_size(&error), "{error}: {form}"),
    }
}

fn is_about_size(error: &FieldError) -> bool {
    ["is longer than", "lists more than", "must be a list of short strings"]
        .iter()
        .any(|why| error.problem.en.contains(why))
}

/// The form writes years with four digits (RFC 3339); the journal has them all.
fn has_four_digits(event: &Event) -> bool {
    let fits = |at: DateTime<Utc>| (0..=9_999).contains(&at.year());
    let is_end_writable = match event.fact {
        Fact::Snooze { until } => fits(until),
        _ => true,
    };
    fits(event.at) && is_end_writable
}
