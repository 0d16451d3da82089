//! The morning's list (rule D1): what is open, since how many days, and what of it is overdue by now.

use minijinja::{Value, context};

use super::format;
use super::reader::Reader;
use crate::outbox::facts::ListedRequest;

/// Names and subjects longer than this are cut.
const LONGEST_NAME: usize = 80;

/// What its templates see.
pub(super) fn shown(name: &str, rule: Option<&str>, requests: &[ListedRequest], reader: &Reader<'_>) -> Value {
    let is_overdue = |request: &&ListedRequest| request.due_at.is_some_and(|due_at| due_at < reader.now);
    context! {
        // The key of a list is written as people of that team call it.
        name => format::one_line(&name.replace(['-', '_'], " "), LONGEST_NAME),
        rule,
        rows => requests.iter().map(|request| row(request, reader)).collect::<Vec<_>>(),
        n => requests.len(),
        n_overdue => requests.iter().filter(is_overdue).count(),
        list => reader.list.clone(),
    }
}

fn row(request: &ListedRequest, reader: &Reader<'_>) -> Value {
    let (zone, language, now) = (reader.zone, reader.language, reader.now);
    let cut = |text: &Option<String>| text.as_deref().map(|text| format::one_line(text, LONGEST_NAME));
    context! {
        request => request.request.to_string(),
        link => (reader.links)(request.request).map(|links| links.show),
        who => cut(&request.customer),
        subject => cut(&request.subject),
        age => request.age_days,
        opened => format::instant(request.opened_at, zone, language),
        due => request.due_at.map(|due_at| format::dated(due_at, zone, language)),
        overdue => request.due_at.filter(|due_at| *due_at < now).map(|due_at| format::rough_span(now - due_at)),
    }
}
