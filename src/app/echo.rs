//! Echoes: what plazo wrote into a help desk comes back by that system's hook, doubled or late. It starts nothing and stops nothing.
//!
//! An act is known by its author, who is plazo's own account there; by the name that the receipt bears; or, where the system names nobody, by the
//! value that plazo set a moment ago. The mark of a note proves nothing by itself: clients quote it. Whatever else is told of a conversation
//! shows the tags and the priority that it has there, plazo's among them; those are taken out, since they are not the request's own.

use std::sync::Arc;

use chrono::TimeDelta;

use super::feeds::Prepared;
use super::work::Work;
use crate::engine::address;
use crate::engine::event::{Author, AuthorKind, Event, Fact};
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::intake::mapping::write::as_word;
use crate::outbox::writing::{WriteDeed, is_same_tag, mark, way_to};
use crate::outbox::written::{self, WrittenDeed};
use crate::store::StoreError;
use crate::unit::Incoming;

/// Under which name it is remembered who plazo is in a source.
pub(super) const ACCOUNT: &str = "write:account";
/// For so long a value that plazo set is taken for the one that comes back.
const FOR_A_WHILE: TimeDelta = TimeDelta::minutes(2);

/// What of an event is plazo's own doing.
pub(super) enum Echo {
    /// Nothing.
    None,
    /// All.
    Known,
    /// Some: this is the rest, or who owns it now, by no act of a person.
    Rest(Arc<Incoming>),
}

impl Work<'_> {
    /// What of an event of a source is plazo's own doing.
    pub(super) fn echo(&mut self, prepared: &Prepared, incoming: &Arc<Incoming>) -> Result<Echo, StoreError> {
        let (event, source) = (&incoming.event, &prepared.source);
        if self.config.sources.get(source).is_none_or(|source| source.writes().is_none()) {
            return Ok(Echo::None);
        }
        if !is_of_client(prepared, event) && self.is_by_own_account(prepared, event)? {
            return Ok(match &event.fact {
                Fact::Own { .. } => Echo::Rest(as_nobody_s(incoming)?),
                _ => Echo::Known,
            });
        }
        let Some(id) = self.request_of(incoming)? else { return Ok(Echo::None) };
        let written = self.reading().written(id, &way_to(source))?;
        if written.is_empty() {
            return Ok(Echo::None);
        }
        if !is_of_client(prepared, event) && is_note(&event.fact) && is_written(prepared, event, &written) {
            return Ok(Echo::Known);
        }
        match &event.fact {
            Fact::Own { owner: Some(owner) } if self.is_given(prepared, event, owner, &written) => {
                return Ok(Echo::Rest(as_nobody_s(incoming)?));
            }
            Fact::Prioritise { priority } if self.is_set(prepared, event, priority, &written) => {
                return Ok(Echo::Known);
            }
            _ => {}
        }
        let Some(request) = self.request(id)?.cloned() else { return Ok(Echo::None) };
        self.without_own(incoming, &request, source, &written)
    }

    /// Whether a note or a change is by plazo's own account, as the event or its payload says.
    fn is_by_own_account(&self, prepared: &Prepared, event: &Event) -> Result<bool, StoreError> {
        let (makers, is_note) = (&prepared.facts.makers, is_note(&event.fact));
        if !is_note && !is_change(&event.fact) {
            return Ok(false);
        }
        let account = self.own_account(&prepared.source)?;
        let is_own = |word: &String| account.iter().any(|own| address::is_same(own, word));
        let author = event.author.as_ref().and_then(|author| author.address.as_ref());
        let named = if is_note { &makers.note_by } else { &makers.change_by };
        Ok(author.is_some_and(is_own) || prepared.tells(named, is_own))
    }

    /// Whether plazo gave it to that owner a moment ago.
    fn is_given(&self, prepared: &Prepared, event: &Event, owner: &str, written: &[WrittenDeed]) -> bool {
        let person = self.config.rulebook.directory.person(owner).map(|person| &person.key);
        self.is_fresh(
            prepared,
            event,
            written,
            |deed| matches!(deed, WriteDeed::Assign { person: set @ Some(_) } if set.as_ref() == person),
        )
    }

    /// Whether plazo set that priority a moment ago.
    fn is_set(&self, prepared: &Prepared, event: &Event, priority: &str, written: &[WrittenDeed]) -> bool {
        self.is_fresh(
            prepared,
            event,
            written,
            |deed| matches!(deed, WriteDeed::Priority { name } if self.is_priority(&prepared.source, name, priority)),
        )
    }

    /// Whether such a deed was done a moment ago, where the system does not say who made the change.
    fn is_fresh(
        &self,
        prepared: &Prepared,
        event: &Event,
        written: &[WrittenDeed],
        is_it: impl Fn(&WriteDeed) -> bool,
    ) -> bool {
        let is_anonymous = prepared.facts.makers.change_by.is_empty() && is_nameless(event);
        let since = self.now - FOR_A_WHILE;
        is_anonymous && written.iter().any(|one| one.is_fresh(since) && is_it(&one.facts.deed))
    }

    /// The event without the tags and the priority that are there by plazo, and that the request does not have of its own.
    fn without_own(
        &self,
        incoming: &Incoming,
        request: &Request,
        source: &str,
        written: &[WrittenDeed],
    ) -> Result<Echo, StoreError> {
        let since = Some(self.now - FOR_A_WHILE);
        let bears = |tag: &str| request.facets.tags.iter().any(|own| is_same_tag(own, tag));
        let is_others = |tag: &String| bears(tag) || !written::is_put(written, tag, since);
        let mut event = incoming.event.clone();
        event.about.tags.retain(is_others);
        let set = written::set_priority(written);
        let is_own_priority = |priority: &String| {
            request.facets.priority.as_ref() != Some(priority)
                && set.is_some_and(|name| self.is_priority(source, name, priority))
        };
        event.about.priority = event.about.priority.filter(|priority| !is_own_priority(priority));
        if let Fact::Tag { add, remove } = &mut event.fact {
            add.retain(is_others);
            remove.retain(is_others);
        }
        if event == incoming.event {
            return Ok(Echo::None);
        }
        let says_nothing = matches!(&event.fact, Fact::Tag { add, remove } if is_same_set(add, remove));
        if says_nothing {
            return Ok(Echo::Known);
        }
        Ok(Echo::Rest(Arc::new(Incoming::new(event, incoming.request)?)))
    }

    /// Whether a word is what a priority of the file is called: there, or in the file.
    fn is_priority(&self, source: &str, name: &str, word: &str) -> bool {
        let is_it = |other: &str| other.to_lowercase() == word.to_lowercase();
        let settings = self.config.sources.get(source);
        let there = settings.and_then(|source| Some(as_word(&source.writes()?.priority(name, &source.set))));
        is_it(name) || there.is_some_and(|there| is_it(&there))
    }

    /// Ids and addresses of plazo's account in a source, as the file and the system say.
    fn own_account(&self, source: &str) -> Result<Vec<String>, StoreError> {
        let named = self.config.sources.get(source).map(|source| source.write.account.clone()).unwrap_or_default();
        let learnt = self.reading().cursor(source, ACCOUNT)?;
        let learnt: Option<Vec<String>> = learnt.and_then(|words| serde_json::from_str(&words).ok());
        Ok(named.into_iter().chain(learnt.unwrap_or_default()).collect())
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

/// Whether the mapping says that a client did it: ids of clients and of users may be counted apart, and no act of plazo's is a client's.
fn is_of_client(prepared: &Prepared, event: &Event) -> bool {
    prepared.facts.makers.clients.contains(&event.id.id)
}

const fn is_note(fact: &Fact) -> bool {
    matches!(fact, Fact::Comment { .. } | Fact::Message { .. } | Fact::Log(_))
}

const fn is_change(fact: &Fact) -> bool {
    matches!(fact, Fact::Tag { .. } | Fact::Prioritise { .. } | Fact::Own { .. })
}

/// Whether a note is named in a receipt. One by nobody that ends in the mark of a note which is being written is that note: its echo comes before
/// its name.
fn is_written(prepared: &Prepared, event: &Event, written: &[WrittenDeed]) -> bool {
    let is_named = |id: &String| written.iter().any(|written| written.reference.as_ref() == Some(id));
    if is_named(&event.id.id) || prepared.tells(&prepared.facts.makers.note_ids, is_named) {
        return true;
    }
    let Fact::Comment { text } = &event.fact else { return false };
    let is_it = |one: &WrittenDeed| {
        let is_open = one.is_under_way() && one.facts.deed == WriteDeed::Note;
        is_open && text.trim_end().ends_with(&mark(one.facts.about.request, one.delivery))
    };
    is_nameless(event) && written.iter().any(is_it)
}

/// Whether it does not say who did it.
fn is_nameless(event: &Event) -> bool {
    let is_empty = |word: &Option<String>| word.as_ref().is_none_or(|word| word.trim().is_empty());
    event.author.as_ref().is_none_or(|author| is_empty(&author.name) && is_empty(&author.address))
}

fn is_same_set(some: &[String], others: &[String]) -> bool {
    some.iter().all(|one| others.contains(one)) && others.iter().all(|one| some.contains(one))
}

/// The event as no act of a person.
fn as_nobody_s(incoming: &Incoming) -> Result<Arc<Incoming>, StoreError> {
    let author = Some(Author::unnamed(AuthorKind::System));
    let event = Event { author, ..incoming.event.clone() };
    Ok(Arc::new(Incoming::new(event, incoming.request)?))
}
