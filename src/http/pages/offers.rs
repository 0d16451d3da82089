//! What the page that shows a request offers: each deed as a signed form of its own.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};

use super::page::{Button, Hand, Onward, Person};
use super::wording::span;
use crate::app::App;
use crate::app::links::{Deed, Link, SILENCE};
use crate::both;
use crate::config::Config;
use crate::desk::place;
use crate::engine::calendar::zone;
use crate::engine::event::Event;
use crate::engine::request::{LONGEST_SNOOZE, Request};
use crate::engine::request_id::RequestId;
use crate::text::{Both, Language, format, history};

/// What can be done by a button, and to whom it can be handed.
pub(super) async fn deeds(
    app: &App,
    link: &Link,
    request: &Request,
    is_taken: bool,
    language: Language,
) -> (Vec<Button>, Option<Hand>) {
    let (config, now, id) = (app.config(), app.now(), request.id);
    let silenced = app.outbox.silenced_until(request, link.reader.person()).await.ok().flatten();
    let is_owner = request.owner.is_some() && request.owner.as_deref() == link.reader.person();
    let is_put_off = request.snoozed_until.is_some_and(|until| now < until);
    let morning = opening(request, &config, now);
    let tomorrow = format::when(morning, now, config.zone, language);
    let (quarter, hour) = (TimeDelta::minutes(15), TimeDelta::hours(1));
    let (quarter_span, hour_span, silence_span) = (span(quarter), span(hour), span(SILENCE));
    let mut wanted: Vec<(Deed, Both)> = Vec::new();
    if !is_taken || request.owner.is_none() {
        wanted.push((Deed::Take, both!("I take it", "Lo tomo")));
    }
    if is_put_off {
        wanted.push((Deed::SnoozeUntil(now), both!("Alert again", "Volver a avisar")));
    } else {
        wanted.push((Deed::Snooze(quarter), both!("Remind me in {quarter_span}", "Recordarme en {quarter_span}")));
        wanted.push((Deed::Snooze(hour), both!("Remind me in {hour_span}", "Recordarme en {hour_span}")));
        wanted.push((Deed::SnoozeUntil(morning), both!("Remind me {tomorrow}", "Recordarme {tomorrow}")));
    }
    if is_owner {
        wanted.push((Deed::Release, both!("Give it back", "Devolver")));
    }
    if request.waits_for_answer() {
        wanted.push((Deed::Waive, both!("It needs no answer", "No hace falta responder")));
    }
    if app.may_silence(&link.reader) {
        wanted.push(match silenced {
            Some(_) => (Deed::EndSilence, both!("End the silence", "Terminar el silencio")),
            None => (Deed::Silence(SILENCE), both!("Silence for {silence_span}", "Silenciar {silence_span}")),
        });
    }
    let button = |(deed, words): (Deed, Both)| Button { to: app.onward(link, deed, id), button: language.of(words) };
    let mut people: Vec<Person> = config
        .contacts
        .iter()
        .filter(|(key, _)| request.owner.as_ref() != Some(key))
        .map(|(key, contact)| Person { key: key.clone(), name: format::one_line(&contact.name, 60) })
        .collect();
    people.sort_by_key(|person| person.name.to_lowercase());
    let hand = (!people.is_empty() && link.reader.person().is_some()).then(|| Hand {
        to: app.onward(link, Deed::Hand, id),
        label: language.of(both!("Hand it to", "Pasar a")),
        button: language.of(both!("Hand over", "Pasar")),
        people,
    });
    (wanted.into_iter().map(button).collect(), hand)
}

/// Until when alerts are put off that are wanted again at the next opening: of the request's own hours, or else tomorrow morning.
pub(super) fn opening(request: &Request, config: &Config, now: DateTime<Utc>) -> DateTime<Utc> {
    next_opening(request, config, now).unwrap_or_else(|| next_morning(config, now))
}

/// When the hours begin again of the promise that is due first of those that have some; none where all are counted round the clock.
fn next_opening(request: &Request, config: &Config, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let live = request.clocks.iter().filter(|clock| clock.is_live());
    let with_hours = live.filter_map(|clock| {
        let (_, target) = config.rulebook.target(clock.kind, &request.facets)?;
        Some((clock.due_at?, &target.calendar)).filter(|(_, calendar)| !calendar.is_always_open())
    });
    let (_, calendar) = with_hours.min_by_key(|(due_at, _)| *due_at)?;
    let opens = calendar.opens_again(now).ok()?;
    (opens <= now + LONGEST_SNOOZE).then_some(opens)
}

/// Eight o'clock of the next day, by the file's zone.
fn next_morning(config: &Config, now: DateTime<Utc>) -> DateTime<Utc> {
    let tomorrow = now.with_timezone(&config.zone).date_naive() + Days::new(1);
    zone::to_utc(config.zone, tomorrow.and_time(NaiveTime::MIN) + TimeDelta::hours(8))
}

/// Pages that lead on from the one that shows: the conversation where it is, the request with everything that can be done, to which people of
/// the file sign in, and all that is open.
pub(super) fn further(app: &App, link: &Link, events: &[Event], language: Language) -> Vec<Onward> {
    let place = history::link(events.iter()).and_then(|address| place::of(&address));
    let place = place.map(|place| Onward { text: crate::text::place::label(&place, language), href: place.url });
    let all = Onward {
        text: language.of(both!("See all that is open", "Ver todo lo abierto")),
        href: app.onward(link, Deed::List, RequestId(0)),
    };
    place.into_iter().chain([all, whole(app, link.request, language)]).collect()
}

/// The live page of a request, where people of the file sign in.
pub(super) fn whole(app: &App, id: RequestId, language: Language) -> Onward {
    let text = language.of(both!("Everything about {id}", "Todo sobre {id}"));
    Onward { text, href: format!("{}/r/{id}", app.base()) }
}
