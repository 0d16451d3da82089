//! Which request an event belongs to: the one that it names, the one that has its conversation, or a new one.

use std::sync::Arc;

use chrono::TimeDelta;

use super::Decision;
use crate::both;
use crate::engine::address;
use crate::engine::check::{self, CheckKind, Violation};
use crate::engine::event::{About, Audience, Direction, Event, EventId, Fact, RequestKind};
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::intake::email::by_client;
use crate::unit::changes::Remark;
use crate::unit::incoming::{Incoming, Rejection, RejectionCode};
use crate::unit::known::{
    EventsOf, Kept, KnownEvent, Need, OpenOfContact, OpenedByContact, RequestByThread, RequestOf,
};

/// Requests that one sender of mail opens in an hour; what he writes beyond goes to the last of them.
const MOST_OPENED_AN_HOUR: usize = 30;

/// The request of an event, none where it opens one, or why it is not taken.
pub(super) type Found = Result<Option<Arc<Request>>, Rejection>;

impl Decision<'_> {
    /// The request of an event: the one it names, or one of whose threads it belongs to. `None` opens a new one.
    pub(super) fn find(&self, incoming: &Incoming) -> Result<Found, Need> {
        match incoming.request {
            Some(id) => self.named(id),
            None => self.find_by_threads(&incoming.event),
        }
    }

    /// The request that an event names.
    pub(super) fn named(&self, id: RequestId) -> Result<Found, Need> {
        Ok(match self.known.get(RequestOf { id })? {
            Kept::Here(request) => Ok(Some(Arc::clone(request))),
            Kept::Unreadable => Err(Rejection {
                code: RejectionCode::Unreadable,
                detail: both!(
                    "{id} is in the store and cannot be read; plazo status says more",
                    "{id} está guardada pero no se puede leer; plazo status dice más"
                ),
            }),
            Kept::Nowhere => Err(Rejection {
                code: RejectionCode::UnknownRequest,
                detail: both!("there is no request {id}", "no hay una solicitud {id}"),
            }),
        })
    }

    /// The request whose conversation an event belongs to.
    pub(super) fn find_by_threads(&self, event: &Event) -> Result<Found, Need> {
        let channel = event.about.channel.as_deref().unwrap_or_default();
        if let Some(request) = self.by_threads(event, channel)? {
            return Ok(Ok(Some(request)));
        }
        if !event.starts_request() {
            let type_name = event.fact.type_name();
            let detail = both!(
                "`{type_name}` needs a request: give its `thread`, or its id as `request`; only `message` and `open` start one",
                "`{type_name}` necesita una solicitud: indique su `thread`, o su número como `request`; solo `message` y `open` empiezan una"
            );
            return Ok(Err(Rejection { code: RejectionCode::UnknownRequest, detail }));
        }
        if channel.is_empty() {
            let detail = both!(
                "`channel` is missing: whatsapp, email, slack, phone, …",
                "falta `channel`: whatsapp, email, slack, phone, …"
            );
            return Ok(Err(Rejection { code: RejectionCode::MissingField, detail }));
        }
        Ok(Ok(None))
    }

    /// The request to which a mail goes whose writer has opened as many in the last hour as a person does: he waits, and no further ladder
    /// begins for each of a thousand mails.
    pub(super) fn flooded(&mut self, event: &Event) -> Result<Option<Arc<Request>>, Need> {
        if event.about.channel.as_deref() != Some("email")
            || !matches!(event.fact, Fact::Message { direction: Direction::In, .. })
        {
            return Ok(None);
        }
        let Some(address) = event.author.as_ref().and_then(|author| author.address.as_deref()) else { return Ok(None) };
        let (word, channel) = (address::canonical(address).into_owned(), "email".to_owned());
        let open = self.known.get(OpenedByContact { word, channel, since: self.now - TimeDelta::hours(1) })?;
        match open.first() {
            Some(last) if MOST_OPENED_AN_HOUR <= open.len() => {
                self.changes.remarks.push(Remark::Flood(*last));
                Ok(self.known.request(*last)?.cloned())
            }
            _ => Ok(None),
        }
    }

    /// An event as it is to be judged: an email of the house that begins a thread of its own, though a request of the same client
    /// is open, belongs to that request (A8).
    pub(super) fn off_thread(&self, incoming: &Incoming) -> Result<Option<Incoming>, Need> {
        let event = &incoming.event;
        let is_out = matches!(event.fact, Fact::Message { direction: Direction::Out, .. });
        let is_on = self.config.rulebook.checks.on.contains_key(&CheckKind::SameThread);
        if !is_on || !is_out || event.about.channel.as_deref() != Some("email") || event.cc.is_empty() {
            return Ok(None);
        }
        let words: Vec<_> = event.cc.iter().map(|address| address::canonical(address).into_owned()).collect();
        for id in self.known.get(OpenOfContact { words })? {
            let Some(request) = self.known.request(*id)? else { continue };
            if request.facets.channel == "email" && request.facets.kind == RequestKind::Request {
                let about = About { off_thread: true, ..event.about.clone() };
                return Ok(Some(Incoming::own(Event { about, ..event.clone() }, Some(*id))));
            }
        }
        Ok(None)
    }

    /// That a request which `event` opened is its contact's second one (C3).
    pub(super) fn same_contact(&self, request: &Request, event: &Event) -> Result<Option<Violation>, Need> {
        if !self.config.rulebook.checks.on.contains_key(&CheckKind::Duplicates) {
            return Ok(None);
        }
        if request.facets.audience == Some(Audience::Internal) || request.parent.is_some() {
            return Ok(None);
        }
        let Some(word) = request.contact_word() else { return Ok(None) };
        let mut others = self.known.get(OpenOfContact { words: vec![word] })?.clone();
        others.retain(|other| *other != request.id);
        Ok(check::same_contact(request, event, others, &self.config.rulebook))
    }

    /// A mail that came back of which only the reader is known, by the only mail of the house that went there; nothing else tells
    /// which it was. One whose mail is known belongs to that mail's request.
    pub(super) fn returned_mail(&self, event: &Event) -> Result<Option<Incoming>, Need> {
        let Fact::Undelivered { of, failed } = &event.fact else { return Ok(None) };
        if !of.is_empty() {
            let id = EventId { source: event.id.source.clone(), id: of.clone() };
            let known = *self.known.get(KnownEvent { id })?;
            return Ok(known.map(|request| Incoming::own(event.clone(), Some(request))));
        }
        let channel = event.about.channel.as_deref().unwrap_or_default();
        let mut found = Vec::new();
        for address in failed {
            let thread = RequestByThread { channel: channel.to_owned(), thread: by_client(address) };
            let Some(request) = *self.known.get(thread)? else { continue };
            let is_to = |sent: &Event| sent.recipients.iter().any(|recipient| address::is_same(recipient, address));
            let sent = self.known.get(EventsOf { request })?.iter().filter(|sent| {
                matches!(sent.fact, Fact::Message { direction: Direction::Out, .. })
                    && is_to(sent)
                    && sent.at <= event.at
            });
            found.extend(sent.map(|sent| (request, sent.id.id.clone())));
        }
        let [(request, of)] = &found[..] else { return Ok(None) };
        let fact = Fact::Undelivered { of: of.clone(), failed: failed.clone() };
        Ok(Some(Incoming::own(Event { fact, ..event.clone() }, Some(*request))))
    }
}
