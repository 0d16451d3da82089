//! What became of something that was told, in two lines.

use chrono_tz::Tz;

use super::render::{Rendered, preformatted};
use super::shown::who;
use super::{Language, format, vocabulary};
use crate::both;
use crate::outbox::facts::{AlertFacts, News, NewsKind};

/// The message that takes the place of an alert, or is added to it.
pub(super) fn render(about: &AlertFacts, news: &News, zone: Tz, language: Language) -> Rendered {
    let (task, channel) = (vocabulary::task(about.target, language), vocabulary::channel(&about.channel, language));
    let (client, request) = (who(about), about.request);
    let waited = format::span(news.at - about.started_at);
    let at = format::time(news.at, zone);
    let person = news.who.clone().unwrap_or_else(|| language.of(both!("Somebody", "Alguien")));
    let headline = language.of(match news.what {
        NewsKind::Taken => both!("{person} took it, {at}: {task}", "{person} lo tomó, {at}: {task}"),
        NewsKind::Met => both!("Done after {waited}: {task}", "Cumplido tras {waited}: {task}"),
        NewsKind::MetLate => {
            let late = format::span(about.due_at.map_or(chrono::TimeDelta::zero(), |due_at| news.at - due_at));
            both!("Done {late} late, after {waited}: {task}", "Cumplido {late} tarde, tras {waited}: {task}")
        }
        NewsKind::Over => both!("No longer needed: {task}", "Ya no hace falta: {task}"),
    });
    let subject = format::one_line(&format!("{headline} · {client} · {channel} [{request}]"), 160);
    let by = news.who.as_ref().filter(|_| news.what != NewsKind::Taken).map(|who| format!("{who}, "));
    let text = format!("{}{}", by.unwrap_or_default(), format::instant(news.at, zone, language));
    let html = preformatted(&format!("{subject}\n{text}"));
    Rendered { html, subject, text, attachments: Vec::new() }
}
