//! Whose a request is, what it is and where it lies, and the waits that this brings about.

use chrono::{DateTime, Utc};

use crate::engine::directory::Directory;
use crate::engine::event::{About, Author, AuthorKind, Event, Fact};
use crate::engine::facets::Facets;
use crate::engine::policy::TargetKind;
use crate::engine::request::{Phase, Request};
use crate::engine::rulebook::Rulebook;

/// Takes over what the event says of the request, whatever it is.
pub(super) fn learn(request: &mut Request, event: &Event, rulebook: &Rulebook) {
    let directory = &rulebook.directory;
    // Whoever proves nothing may open a request, and not say of a known one to whom it belongs or how urgent it is.
    let is_kept = request.phase != Phase::Unopened && !event.proof.holds();
    let about = if is_kept { &About::default() } else { &event.about };
    let facets = &mut request.facets;
    if let Some(channel) = &about.channel
        && facets.channel.is_empty()
    {
        facets.channel.clone_from(channel);
    }
    let from_client = event.author.as_ref().filter(|author| author.kind == AuthorKind::Customer);
    let words = [about.customer.as_deref(), from_client.and_then(|author| author.address.as_deref())];
    if let Some(known) = words.into_iter().flatten().find_map(|word| directory.customer(word)) {
        facets.customer = Some(known.key.clone());
        facets.priority = facets.priority.take().or_else(|| known.priority.clone());
    } else if about.customer.is_some() {
        facets.customer.clone_from(&about.customer);
    }
    facets.inbox = about.inbox.clone().or_else(|| facets.inbox.take());
    facets.priority = about.priority.clone().or_else(|| facets.priority.take());
    facets.audience = facets.audience.or(about.audience);
    facets.kind = about.kind.unwrap_or(facets.kind);
    request.ticket = about.ticket.clone().or_else(|| request.ticket.take());
    request.parent = request.parent.or(about.parent);
    tag(request, &about.tags, &[], rulebook);
    request.contact = about
        .contact
        .clone()
        .or_else(|| request.contact.take())
        .or_else(|| from_client.and_then(|author| author.name.clone().or_else(|| author.address.clone())));
    request.subject = request.subject.take().or_else(|| about.subject.clone());
}

pub(super) fn own(request: &mut Request, owner: Option<&str>, at: DateTime<Utc>, directory: &Directory) {
    let known = owner.and_then(|owner| directory.person(owner));
    request.owner = known.map(|person| person.key.clone()).or_else(|| owner.map(str::to_owned));
    request.facets.teams =
        known.map(|person| directory.teams_of(&person.key).map(|team| team.key.clone()).collect()).unwrap_or_default();
    if is_owner(request, request.requester.as_ref(), directory) {
        // Whoever takes what he asked for waits for nobody (LESSONS 18).
        request.marks.drop_question();
    }
    if request.owner.is_some() {
        request.marks.give(TargetKind::Assign, at);
    } else {
        request.marks.owe(TargetKind::Assign, at);
    }
}

/// Begins and ends the wait for whoever holds the request to act (LESSONS 51): from each assignment, or move to another inbox, until that
/// holder acts or hands it on. `before` are its owner and inbox before the event.
pub(super) fn hand(request: &mut Request, event: &Event, before: (Option<&str>, Option<&str>), rulebook: &Rulebook) {
    let directory = &rulebook.directory;
    let (owner, inbox) = (request.owner.as_deref(), request.facets.inbox.as_deref());
    let (is_handed, is_moved) = (owner != before.0, inbox != before.1 && before.1.is_some());
    let author = event.author.as_ref().filter(|author| author.kind == AuthorKind::Agent);
    // What plazo brings about by itself is nobody's act.
    let is_act = event.proof.holds() && author.is_some_and(|author| author.name.is_some() || author.address.is_some());
    let is_holder = match owner {
        Some(owner) => {
            // Whoever stands in acts for the owner.
            let stands_in = |author: &Author| {
                directory
                    .person_of(author)
                    .is_some_and(|person| directory.stand_in(owner, event.at) == Some(&person.key))
            };
            let is_named = |author: &Author| author.name.as_deref() == Some(owner);
            event.proof.holds()
                && (is_owner(request, author, directory)
                    || author.is_some_and(|author| is_named(author) || stands_in(author)))
        }
        None => is_act,
    };
    let (at, is_live) = (event.at, request.phase.is_live());
    let marks = &mut request.marks;
    if !is_live {
        marks.drop(TargetKind::Attend);
    } else if is_handed || is_moved {
        marks.give(TargetKind::Attend, at);
        // Whoever takes it has acted; so has whoever moves what is his own.
        if request.owner.is_some() && !is_holder || is_moved && !is_handed && (request.owner.is_none() || !is_holder) {
            request.marks.owe_anew(TargetKind::Attend, at);
        }
    } else if is_act && is_holder && is_deed(event, rulebook) {
        marks.give(TargetKind::Attend, at);
    }
}

/// Whether an event does something for the request. A label, a reason for what broke, alerts that are put off and a note of nothing but a
/// dot leave whoever waits where they were.
fn is_deed(event: &Event, rulebook: &Rulebook) -> bool {
    match &event.fact {
        Fact::Tag { .. }
        | Fact::Prioritise { .. }
        | Fact::Reason { .. }
        | Fact::Approve { .. }
        | Fact::Undo { .. }
        | Fact::Undelivered { .. }
        | Fact::Snooze { .. } => false,
        Fact::Comment { .. } => !event.said().says_nothing(rulebook),
        _ => true,
    }
}

/// Whether the owner wrote.
pub(super) fn is_owner(request: &Request, author: Option<&Author>, directory: &Directory) -> bool {
    // A client may bear the owner's name.
    let author = author.and_then(|author| match (&author.address, author.kind) {
        (Some(address), AuthorKind::Customer) => directory.person(address),
        _ => directory.person_of(author),
    });
    author.is_some_and(|person| request.owner.as_deref() == Some(&person.key))
}

pub(super) fn tag(request: &mut Request, add: &[String], remove: &[String], rulebook: &Rulebook) {
    request.facets.tags.retain(|tag| !remove.contains(tag));
    for tag in add {
        if request.facets.tags.contains(tag) {
            continue;
        }
        request.facets.tags.push(tag.clone());
        let brought = rulebook.tag_priorities.iter().find(|(named, _)| named.eq_ignore_ascii_case(tag));
        if let Some((_, priority)) = brought {
            request.facets.priority = Some(priority.clone());
        }
    }
}

/// Begins and ends the waits that the request's inbox and tags bring about. `before` are its facets before the event.
pub(super) fn follow(request: &mut Request, before: &Facets, at: DateTime<Utc>, rulebook: &Rulebook) {
    let is_live = request.phase.is_live();
    let lies_in_entry = |inbox: &str| rulebook.inbox(inbox).is_some_and(|inbox| inbox.entry);
    let is_entry = request.facets.inbox.as_deref().is_some_and(lies_in_entry);
    let marks = &mut request.marks;
    match (is_live, is_entry) {
        (true, true) => marks.owe(TargetKind::Classify, at),
        (true, false) => {
            marks.give(TargetKind::Classify, at);
        }
        (false, _) => marks.drop(TargetKind::Classify),
    }
    let is_outside = |tag: &String| rulebook.checks.outside_tags.contains(tag) && !before.tags.contains(tag);
    if request.facets.tags.iter().any(is_outside) {
        marks.outside_since = Some(at);
    }
    if !is_live {
        marks.drop(TargetKind::Contingency);
        marks.drop(TargetKind::FollowUp);
        return;
    }
    let promises = |kind, facets: &Facets| rulebook.target(kind, facets).is_some();
    let contingency = marks.of(TargetKind::Contingency);
    match (contingency.owed_since, promises(TargetKind::Contingency, &request.facets)) {
        (None, true) if !promises(TargetKind::Contingency, before) || contingency.given_at.is_none() => {
            marks.owe(TargetKind::Contingency, at);
        }
        (Some(_), false) => {
            marks.give(TargetKind::Contingency, at);
        }
        _ => {}
    }
    if promises(TargetKind::FollowUp, &request.facets) {
        marks.owe(TargetKind::FollowUp, at);
    }
}
