//! Which request a mail belongs to. Ids of messages name conversations; but one mail of the house may be answered by several clients,
//! who are several requests, and a mail without an id may be filed by its client.

use std::sync::Arc;

use chrono::TimeDelta;

use super::Decision;
use crate::engine::address;
use crate::engine::event::{AuthorKind, BY_SUBJECT, Direction, Event, EventId, Fact, Gist, is_loose};
use crate::engine::policy::TargetKind;
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::privacy::ERASED_ID;
use crate::unit::changes::Remark;
use crate::unit::known::{EventOf, EventsOf, Need, RequestByThread};

/// The same subject from the same client is the same conversation for so long.
const SUBJECT_HOLDS_FOR: TimeDelta = TimeDelta::days(7);
/// The channel whose conversations may have several clients.
const EMAIL: &str = "email";

/// Whether `event`, which knows `request` by a loose name, belongs to it.
fn belongs_loosely(thread: &str, event: &Event, request: &Request) -> bool {
    if thread.starts_with(BY_SUBJECT) {
        let apart = (event.at - request.last_event_at).abs();
        return request.phase.is_live() && apart <= SUBJECT_HOLDS_FOR;
    }
    // A new mail to a client who waits is the answer; anything else of theirs may be about something else. What came back from a
    // client belongs to what was written last.
    match event.fact {
        Fact::Message { direction: Direction::Out, .. } => {
            request.phase.is_live() && request.marks.is_owed(TargetKind::Reply)
        }
        Fact::Undelivered { .. } => true,
        _ => false,
    }
}

impl Decision<'_> {
    /// The request to which one of the event's names leads; none if it opens one of its own.
    pub(super) fn by_threads(&self, event: &Event, channel: &str) -> Result<Option<Arc<Request>>, Need> {
        let mut candidates: Vec<(&str, Arc<Request>)> = Vec::new();
        for thread in &event.threads {
            let name = RequestByThread { channel: channel.to_owned(), thread: thread.clone() };
            let Some(id) = *self.known.get(name)? else { continue };
            if candidates.iter().any(|(_, known)| known.id == id) {
                continue;
            }
            let Some(request) = self.known.request(id)?.cloned() else { continue };
            if channel != EMAIL {
                return Ok(Some(request));
            }
            candidates.push((thread, request));
        }
        let (loose, strict): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|(thread, _)| is_loose(thread));
        let strict: Vec<Arc<Request>> = strict.into_iter().map(|(_, request)| request).collect();
        if let Some(place) = self.by_correspondents(event, &strict)? {
            return Ok(strict.into_iter().nth(place));
        }
        let fits = |(thread, request): &(&str, Arc<Request>)| belongs_loosely(thread, event, request);
        Ok(loose.into_iter().find(fits).map(|(_, request)| request))
    }

    /// Which of the requests that share an id with a mail it belongs to, by who wrote to whom.
    fn by_correspondents(&self, event: &Event, requests: &[Arc<Request>]) -> Result<Option<usize>, Need> {
        let directory = &self.config.rulebook.directory;
        let position = |fits: &dyn Fn(&Request) -> bool| requests.iter().position(|request| fits(request));
        let writer = event.author.as_ref().filter(|author| author.kind == AuthorKind::Customer);
        match &event.fact {
            Fact::Message { direction: Direction::In, .. } => {
                let Some(address) = writer.and_then(|author| author.address.as_deref()) else {
                    return Ok(requests.len().checked_sub(1));
                };
                let own = position(&|request| request.is_client(address, directory) || request.is_third_party(address));
                if own.is_some() {
                    return Ok(own);
                }
                // What the house began goes to whoever answers first; who answers a client's own words joins that conversation.
                for (place, request) in requests.iter().enumerate() {
                    if !request.knows_client() || self.answers_client(event, request.id)? {
                        return Ok(Some(place));
                    }
                }
                Ok(None)
            }
            Fact::Message { direction: Direction::Out, .. } if !event.recipients.is_empty() => {
                let reaches =
                    |request: &Request| event.recipients.iter().any(|address| request.is_client(address, directory));
                let reached = position(&reaches).or_else(|| position(&|request| !request.knows_client()));
                if reached.is_some() {
                    return Ok(reached);
                }
                // A question to somebody else about what the client wrote; a mailing that the client answered is none.
                for (place, request) in requests.iter().enumerate().rev() {
                    if self.answers_client(event, request.id)? {
                        return Ok(Some(place));
                    }
                }
                Ok(None)
            }
            // The last name is the most telling.
            _ => Ok(requests.len().checked_sub(1)),
        }
    }

    /// Whether a mail names a message that a client of the request wrote.
    fn answers_client(&self, event: &Event, request: RequestId) -> Result<bool, Need> {
        let by_client = |event: &Event| event.author.as_ref().is_some_and(|author| author.kind == AuthorKind::Customer);
        let mut theirs = self.known.get(EventsOf { request })?.iter().filter(|event| by_client(event));
        Ok(theirs.any(|theirs| event.threads.contains(&theirs.id.id)))
    }

    /// A mail whose id is known, though somebody else wrote it or it says something else, is another mail, and gets a name of its
    /// own; the id proves nothing. None if it is the same.
    pub(super) fn another_mail(&mut self, event: &Event, known: RequestId) -> Result<Option<Event>, Need> {
        let is_mail = event.about.channel.as_deref() == Some(EMAIL);
        let Fact::Message { text, .. } = &event.fact else { return Ok(None) };
        if !is_mail {
            return Ok(None);
        }
        let Some(before) = self.known.get(EventOf { id: event.id.clone() })? else { return Ok(None) };
        if before.id.id.starts_with(ERASED_ID) {
            // Of what was erased it is only known that it was heard of.
            return Ok(None);
        }
        let same_writer = match (&before.author, &event.author) {
            (Some(one), Some(other)) => one.is_same_as(other),
            (one, other) => one.is_none() && other.is_none(),
        };
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let same_text = match &before.fact {
            // Its words were let go; whether they were the same is known.
            Fact::Message { text: None, .. } if let Some(gist) = &before.gist => {
                gist.digest == Gist::digest_of(text.as_deref().unwrap_or_default())
            }
            Fact::Message { text: known, .. } => {
                let (known, text) =
                    (words(known.as_deref().unwrap_or_default()), words(text.as_deref().unwrap_or_default()));
                // A list adds its footer; the rest is the same.
                known == text
                    || !known.is_empty() && text.starts_with(&known)
                    || !text.is_empty() && known.starts_with(&text)
            }
            // It was an answer to an alert, or a note: the same mail, read again.
            _ => true,
        };
        if same_writer && same_text {
            return Ok(None);
        }
        let writer = event.author.as_ref().and_then(|author| author.address.as_deref()).unwrap_or_default();
        let digest = digest(&format!("{}\n{}", address::canonical(writer), words(text.as_deref().unwrap_or_default())));
        let id = EventId { source: event.id.source.clone(), id: format!("{}#{digest}", event.id.id) };
        self.changes.remarks.push(Remark::SharedId(known));
        let threads =
            event.threads.iter().map(|thread| if *thread == event.id.id { id.id.clone() } else { thread.clone() });
        Ok(Some(Event { threads: threads.collect(), id, ..event.clone() }))
    }
}

fn digest(text: &str) -> String {
    use sha2::{Digest as _, Sha256};
    hex::encode(&Sha256::digest(text.as_bytes())[..8])
}
