//! Silences before they are made: whether what they name is known, and what they would hold back. A typo that silences nothing is found
//! out when the telephone rings.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::outbox::Outbox;
use super::work::Work;
use super::writer::WriteError;
use crate::config::{Config, Family};
use crate::engine::effect::Why;
use crate::engine::explain;
use crate::engine::facets::Facets;
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::outbox::silence::{self, Silenced};
use crate::outbox::{Content, SilenceId};
use crate::store::silences::{HeldDelivery, SilenceRow};
use crate::store::{Store, StoreError};
use crate::text::Both;
use crate::{both, desk};

/// What a silence would hold back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// The silence, with people and clients by their keys.
    pub silenced: Silenced,
    /// Alerts that are to go out while it holds, as things stand.
    pub n_alerts: usize,
    /// Of how many requests.
    pub n_requests: usize,
}

impl Work<'_> {
    /// Looks again at some of what silences that ended early held back: what another one holds waits for that, the rest goes. Returns
    /// how many were looked at.
    fn look_again(&mut self) -> Result<usize, StoreError> {
        let store = self.store();
        let held = store.held_by_ended(self.now)?;
        let silences = store.holding_silences(self.now)?;
        let config = &self.config;
        for HeldDelivery { id, person, content } in &held {
            let request = content.as_ref().and_then(Content::request).map(|id| store.request(id)).transpose()?;
            let longest = |request: &Request| silence::longest(&silences, request, person.as_deref(), &config.rulebook);
            store.hold_by(*id, request.flatten().as_ref().and_then(longest), self.now)?;
        }
        self.wake_outbox_if(!held.is_empty());
        Ok(held.len())
    }
}

/// A word that nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The field of the call.
    pub field: &'static str,
    /// What is wrong, and what was probably meant.
    pub problem: Both,
}

impl Outbox {
    /// Makes a silence.
    pub async fn add_silence(
        &self,
        silenced: Silenced,
        span: (DateTime<Utc>, DateTime<Utc>),
        who: Option<String>,
        why: Option<String>,
    ) -> Result<SilenceRow, WriteError> {
        self.writer()
            .write(move |work| {
                let id = work.store().add_silence(&silenced, span, who.as_deref(), why.as_deref(), work.now)?;
                let (silenced, who, why) = (silenced.clone(), who.clone(), why.clone());
                let (starts_at, ends_at) = span;
                Ok(SilenceRow { id, silenced, starts_at, ends_at, who, why, created_at: work.now, ended_at: None })
            })
            .await
    }

    /// Ends a silence, and lets go what it alone held back. Whether it still held.
    pub async fn end_silence(&self, id: SilenceId) -> Result<bool, WriteError> {
        let is_ended = self.writer().write(move |work| work.store().end_silence(id, work.now)).await?;
        self.release_silenced().await?;
        Ok(is_ended)
    }

    /// Lets go what silences that ended early still hold back, in steps.
    pub async fn release_silenced(&self) -> Result<(), WriteError> {
        while 0 < self.writer().write(|work| work.look_again()).await? {}
        Ok(())
    }

    /// Until when alerts of a request to that person are held back by a silence.
    pub async fn silenced_until(
        &self,
        request: &Request,
        person: Option<&str>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let (config, now) = (self.core().config(), self.core().now());
        let silences = self.readers().read(move |store| store.holding_silences(now)).await?;
        Ok(silence::longest(&silences, request, person, &config.rulebook).map(|silence| silence.until))
    }

    /// What a silence from `starts_at` to `ends_at` would hold back, or which of its words is unknown to the file and the store.
    pub async fn foresee_silence(
        &self,
        silenced: Silenced,
        (starts_at, ends_at): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Result<Foreseen, Unknown>, StoreError> {
        let (config, now) = (self.core().config(), self.core().now());
        self.readers()
            .read(move |store| {
                let mut live = Vec::new();
                for id in store.live_requests()? {
                    live.extend(store.request(id)?);
                }
                let facets: Vec<&Facets> = live.iter().map(|request| &request.facets).collect();
                let silenced = match known(silenced, &config, store, &facets)? {
                    Ok(silenced) => silenced,
                    Err(unknown) => return Ok(Err(unknown)),
                };
                let (mut n_alerts, mut requests) = (0, BTreeSet::new());
                for request in &live {
                    for step in explain::upcoming(request, &config.rulebook, now) {
                        let at = step.at.max(now);
                        let recipients = desk::present(request, Why::of_step(step.step), &step.recipients, &config, at);
                        let is_held = |(person, _): &(Option<String>, String)| {
                            silenced.holds(request, person.as_deref(), &config.rulebook)
                        };
                        if starts_at <= at
                            && at < ends_at
                            && desk::addressed(&recipients, &config, at).iter().any(is_held)
                        {
                            n_alerts += 1;
                            requests.insert(request.id);
                        }
                    }
                }
                Ok(Ok(Foreseen { silenced, n_alerts, n_requests: requests.len() }))
            })
            .await
    }

    /// What to say of a channel that neither file nor store knows, where another one was probably meant.
    pub async fn doubt_of_channel(&self, channel: &str) -> Result<Option<Both>, StoreError> {
        let config = self.core().config();
        let Some(meant) = config.meant(Family::Channel, channel).filter(|_| !config.knows(Family::Channel, channel))
        else {
            return Ok(None);
        };
        let asked = channel.to_owned();
        if self.readers().read(move |store| store.had_channel(&asked)).await? {
            return Ok(None);
        }
        Ok(Some(both!(
            "no policy speaks of `{channel}`; did you mean `{meant}`?",
            "ninguna política habla de `{channel}`; ¿quiso decir `{meant}`?"
        )))
    }
}

/// The silence with people and clients by their keys, or the first word that nobody knows.
fn known(
    mut silenced: Silenced,
    config: &Config,
    store: &Store,
    live: &[&Facets],
) -> Result<Result<Silenced, Unknown>, StoreError> {
    let directory = &config.rulebook.directory;
    let unknown = |field, family, word: &str| Ok(Err(Unknown { field, problem: config.unknown(family, word) }));
    if let Some(id) = silenced.request
        && store.request(id)?.is_none()
    {
        return Ok(Err(Unknown { field: "request", problem: no_request(id) }));
    }
    for word in &mut silenced.person {
        match directory.person(word) {
            Some(person) => word.clone_from(&person.key),
            None => return unknown("person", Family::Person, word),
        }
    }
    let matcher = &mut silenced.matcher;
    for word in &mut matcher.customer {
        match directory.customer(word) {
            Some(client) => word.clone_from(&client.key),
            None if store.had_customer(word)? => {}
            None => return unknown("customer", Family::Customer, word),
        }
    }
    for word in &matcher.channel {
        if !config.knows(Family::Channel, word) && !store.had_channel(word)? {
            return unknown("channel", Family::Channel, word);
        }
    }
    let is_live = |family, word: &str| live.iter().any(|facets| has(facets, family, word));
    for (field, family, words) in [
        ("team", Family::Team, &matcher.team),
        ("inbox", Family::Inbox, &matcher.inbox),
        ("priority", Family::Priority, &matcher.priority),
        ("tags", Family::Tag, &matcher.tags),
        ("stage", Family::Stage, &matcher.stage),
    ] {
        for word in words {
            if !config.knows(family, word) && !is_live(family, word) {
                return unknown(field, family, word);
            }
        }
    }
    Ok(Ok(silenced))
}

/// Whether a request has that word, as alerts are matched.
fn has(facets: &Facets, family: Family, word: &str) -> bool {
    let is = |own: &String| own.eq_ignore_ascii_case(word);
    match family {
        Family::Inbox => facets.inbox.iter().any(is),
        Family::Priority => facets.priority.iter().any(is),
        Family::Tag => facets.tags.iter().any(is),
        Family::Stage => facets.stage.iter().any(is),
        Family::Wait => facets.wait.iter().any(is),
        Family::Team | Family::Person | Family::Channel | Family::Customer | Family::Reason => false,
    }
}

fn no_request(id: RequestId) -> Both {
    both!("there is no request {id}", "no hay una solicitud {id}")
}
