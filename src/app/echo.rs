//! Echoes: what plazo wrote into a help desk comes back by that system's hook, doubled or late. It starts nothing and stops nothing.
//!
//! It is known by its author, who is plazo's own account there; by the name that the receipt bears; or, where the system names nobody, by the
//! value that plazo set a moment ago. The mark of a note proves nothing: clients quote it.

use std::sync::Arc;

use chrono::TimeDelta;

use super::feeds::Prepared;
use super::work::Work;
use crate::engine::address;
use crate::engine::event::{Author, AuthorKind, Event, Fact};
use crate::engine::request_id::RequestId;
use crate::outbox::DeliveryState;
use crate::outbox::writing::{WriteDeed, way_to};
use crate::store::StoreError;
use crate::store::outbox::WrittenRow;
use crate::unit::Incoming;

/// Under which name it is remembered who plazo is in a source.
pub(super) const ACCOUNT: &str = "write:account";
/// For so long a value that plazo set is taken for the one that comes back.
const FOR_A_WHILE: TimeDelta = TimeDelta::minutes(2);

/// Whether an event is an act of plazo's own.
pub(super) enum Echo {
    /// It is not.
    None,
    /// It is, and there is nothing to it.
    Known,
    /// It is, and the owner is another: by no act of a person.
    Owner(Arc<Incoming>),
}

impl Work<'_> {
    /// Whether an event of a source is an act of plazo's own.
    pub(super) fn echo(&mut self, prepared: &Prepared, incoming: &Arc<Incoming>) -> Result<Echo, StoreError> {
        let (event, source) = (&incoming.event, &prepared.source);
        let is_note = matches!(event.fact, Fact::Comment { .. } | Fact::Message { .. } | Fact::Log(_));
        let is_change = matches!(event.fact, Fact::Tag { .. } | Fact::Prioritise { .. } | Fact::Own { .. });
        let writes = self.config.sources.get(source).is_some_and(|source| source.writes().is_some());
        if !writes || !(is_note || is_change) {
            return Ok(Echo::None);
        }
        let makers = &prepared.facts.makers;
        let named = if is_note { &makers.note_by } else { &makers.change_by };
        let author = event.author.as_ref().and_then(|author| author.address.as_ref());
        let account = self.own_account(source)?;
        let is_own = |word: &String| account.iter().any(|own| address::is_same(own, word));
        let is_ours = author.into_iter().chain(named).any(is_own);
        if is_ours || self.is_written(prepared, incoming, is_note)? {
            return match &event.fact {
                Fact::Own { .. } => Ok(Echo::Owner(as_nobody_s(incoming)?)),
                _ => Ok(Echo::Known),
            };
        }
        Ok(Echo::None)
    }

    /// Whether what came back is named in a receipt, or is what plazo set a moment ago.
    fn is_written(&self, prepared: &Prepared, incoming: &Incoming, is_note: bool) -> Result<bool, StoreError> {
        let (event, source) = (&incoming.event, &prepared.source);
        let Some(request) = self.request_of(incoming)? else { return Ok(false) };
        let written = self.reading().written(request, &way_to(source))?;
        if is_note {
            let ids = prepared.facts.makers.note_ids.iter().chain([&event.id.id]);
            let names: Vec<_> = written.iter().filter_map(|written| written.reference.as_ref()).collect();
            return Ok(ids.into_iter().any(|id| names.contains(&id)));
        }
        Ok(self.is_value(event, &written))
    }

    fn is_value(&self, event: &Event, written: &[WrittenRow]) -> bool {
        let since = self.now - FOR_A_WHILE;
        let is_fresh = |written: &&WrittenRow| match written.state {
            DeliveryState::Sent => written.finished_at.is_some_and(|at| since <= at),
            // On its way: an echo may come before the answer.
            state => matches!(state, DeliveryState::Leased | DeliveryState::Pending),
        };
        let mut fresh = written.iter().filter(is_fresh).map(|written| &written.facts.deed);
        match &event.fact {
            Fact::Tag { add, remove } => {
                let added: Vec<_> = add.iter().filter(|tag| !has(remove, tag)).collect();
                let removed: Vec<_> = remove.iter().filter(|tag| !has(add, tag)).collect();
                let put = |tag: &&String, deed: &WriteDeed| matches!(deed, WriteDeed::Tag { name } if name.eq_ignore_ascii_case(tag));
                // What plazo put there was never the request's own: whoever takes it off changes nothing.
                let is_ours = |tag: &&String| written.iter().any(|written| put(tag, &written.facts.deed));
                let fresh: Vec<_> = fresh.collect();
                !(added.is_empty() && removed.is_empty())
                    && added.iter().all(|tag| fresh.iter().any(|deed| put(tag, deed)))
                    && removed.iter().all(is_ours)
            }
            Fact::Prioritise { priority } => {
                fresh.any(|deed| matches!(deed, WriteDeed::Priority { name } if name.eq_ignore_ascii_case(priority)))
            }
            Fact::Own { owner: Some(owner) } => {
                let person = self.config.rulebook.directory.person(owner).map(|person| &person.key);
                fresh.any(|deed| matches!(deed, WriteDeed::Assign { person: set @ Some(_) } if set.as_ref() == person))
            }
            _ => false,
        }
    }

    /// Ids and addresses of plazo's account in a source, as the file or the system says.
    fn own_account(&self, source: &str) -> Result<Vec<String>, StoreError> {
        let written = self.config.sources.get(source).map(|source| source.write.account.clone()).unwrap_or_default();
        if !written.is_empty() {
            return Ok(written);
        }
        let learnt = self.reading().cursor(source, ACCOUNT)?;
        Ok(learnt.and_then(|words| serde_json::from_str(&words).ok()).unwrap_or_default())
    }

    fn request_of(&self, incoming: &Incoming) -> Result<Option<RequestId>, StoreError> {
        if incoming.request.is_some() {
            return Ok(incoming.request);
        }
        let channel = incoming.event.about.channel.as_deref().unwrap_or_default();
        for thread in &incoming.event.threads {
            if let Some(request) = self.reading().request_by_thread(channel, thread)? {
                return Ok(Some(request));
            }
        }
        Ok(None)
    }
}

fn has(tags: &[String], tag: &str) -> bool {
    tags.iter().any(|other| other.eq_ignore_ascii_case(tag))
}

/// The event as no act of a person.
fn as_nobody_s(incoming: &Incoming) -> Result<Arc<Incoming>, StoreError> {
    let author = Some(Author::unnamed(AuthorKind::System));
    let event = Event { author, ..incoming.event.clone() };
    Ok(Arc::new(Incoming::new(event, incoming.request)?))
}
