//! A message in parts, for systems that show cards, and in a few lines for chats.

use super::{Card, CardFacts, Tone};
use crate::engine::effect::Why;
use crate::outbox::Content;
use crate::outbox::facts::{AlertFacts, NewsKind};
use crate::text::links::{BUTTONS, Button};
use crate::text::reader::Reader;
use crate::text::shown::{self, Brief};
use crate::text::{Both, explain, format, vocabulary};

/// Lines of a report or list that a chat shows; the whole is behind its link, or in the mail.
const MOST_LINES: usize = 5;

impl Card {
    /// The parts of a content for its reader. `text` is what it says in whole.
    pub fn of(content: &Content, text: &str, reader: &Reader<'_>) -> Self {
        match content {
            Content::Alert(facts) => of_alert(facts, reader),
            Content::Update { about, news } => {
                let is_over = news.what != NewsKind::Taken;
                let tone = match news.what {
                    NewsKind::Taken => Tone::Neutral,
                    NewsKind::Met | NewsKind::Over => Tone::Done,
                    NewsKind::MetLate => Tone::Breach,
                };
                let alert = of_alert(about, reader);
                // Nothing counts down any more.
                let fields = alert.fields.into_iter().take(3).collect();
                let [buttons, also] = if is_over { [Vec::new(), Vec::new()] } else { [alert.buttons, alert.also] };
                let show = alert.show.filter(|_| !is_over);
                let (title, lines, notes) = (None, vec![text.to_owned()], vec![text.to_owned()]);
                let who = news.who.clone();
                Self { title, lines, tone, is_over, who, fields, buttons, also, show, notes, ..alert }
            }
            Content::Write(facts) => Self::of(&Content::Alert(Box::new(facts.about.clone())), text, reader),
            Content::Violation(facts) => {
                let show = (reader.links)(facts.request).map(|links| links.show);
                let buttons = show.iter().map(|url| Button::new(reader.language.of(BUTTONS)[3], url)).collect();
                Self { tone: Tone::Warning, lines: without_addresses(text), buttons, show, ..Self::default() }
            }
            Content::Digest { alerts, .. } => {
                let is_over = |facts: &AlertFacts| {
                    matches!(facts.why, Why::Breach | Why::Escalation)
                        || facts.due_at.is_some_and(|due| due <= reader.now)
                };
                let tone = if alerts.iter().any(is_over) { Tone::Breach } else { Tone::Warning };
                let see = reader.language.of(Both { en: "See everything", es: "Ver todo" });
                let buttons = reader.list.iter().map(|url| Button::new(see, url)).collect();
                Self { tone, lines: without_addresses(text), buttons, show: reader.list.clone(), ..Self::default() }
            }
            Content::Report(_) => Self { lines: shortened(text), ..Self::default() },
            Content::List { .. }
            | Content::Invitation(_)
            | Content::Test(_)
            | Content::Link { .. }
            | Content::Approval(_)
            | Content::Notice { .. } => Self::default(),
        }
    }
}

/// The text without the addresses that stand in it for readers of plain text: buttons lead there, and what escapes marks would break them.
fn without_addresses(text: &str) -> Vec<String> {
    let is_address = |word: &str| word.starts_with("https://") || word.starts_with("http://");
    let line = |line: &str| {
        if !line.split(' ').any(is_address) {
            return Some(line.to_owned());
        }
        let rest = line.split(' ').filter(|word| !is_address(word)).collect::<Vec<_>>().join(" ");
        // What only led to it.
        Some(rest).filter(|rest| !rest.is_empty() && !rest.ends_with(':'))
    };
    text.trim_end().lines().filter_map(line).collect()
}

/// The first lines below the heading, without the spaces that make columns where letters are equally wide.
fn shortened(text: &str) -> Vec<String> {
    let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    text.lines().skip(1).map(line).filter(|line| !line.is_empty()).take(MOST_LINES).collect()
}

fn of_alert(facts: &AlertFacts, reader: &Reader<'_>) -> Card {
    let (zone, language) = (reader.zone, reader.language);
    let Brief { title, line, todo, after, is_over, buttons, also, .. } = shown::brief(facts, reader);
    let labels = language.of(Both {
        en: ["Client", "Channel", "Owner", "Due", "Waiting since", "Subject"],
        es: ["Cliente", "Canal", "Responsable", "Vence", "Espera desde", "Asunto"],
    });
    let asked_by = language.of(Both { en: "Asked by", es: "Pide" });
    let nobody = language.of(Both { en: "nobody yet", es: "nadie todavía" });
    let what_to_do = language.of(Both { en: "What to do", es: "Qué hacer" });
    let one_line = |text: &Option<String>| shown::cut(text, 120);
    let due = facts.due_at.map(|due_at| format::when(due_at, reader.now, zone, language));
    let channel = vocabulary::channel(&facts.channel, language);
    let owner = shown::owner(facts);
    let values = [
        Some(shown::which(facts)),
        Some(channel.clone()),
        Some(owner.clone().unwrap_or_else(|| nobody.to_owned())),
        due,
        Some(format::when(facts.started_at, reader.now, zone, language)),
        one_line(&facts.subject),
    ];
    let fields = labels.into_iter().zip(values).filter_map(|(label, value)| Some((label.to_owned(), value?)));
    let asker = shown::asker(facts).filter(|_| facts.by_colleague).map(|asker| (asked_by.to_owned(), asker));
    let derivation =
        facts.derivation.as_ref().map(|derivation| explain::line(derivation, &facts.calendar, zone, language));
    let why = [facts.rule.clone(), Some(facts.policy.clone()), derivation];
    let why: Vec<_> = why.into_iter().flatten().filter(|word| !word.is_empty()).collect();
    let time = facts.due_at.map(|due_at| match due_at - reader.now {
        left if chrono::TimeDelta::zero() < left => format::span(left),
        over => format!("-{}", format::span(-over)),
    });
    let todo = format!("{what_to_do}: {todo}");
    let why = (!why.is_empty()).then(|| why.join(" · "));
    Card {
        tone: if is_over || facts.why == Why::Escalation { Tone::Breach } else { Tone::Warning },
        lines: vec![format!("{line} · {}", facts.request), todo.clone(), after],
        notes: [line, todo].into_iter().chain(why).collect(),
        title: Some(title),
        fields: fields.chain(asker).collect(),
        buttons,
        also,
        show: (reader.links)(facts.request).map(|links| links.show),
        place: facts.place.as_ref().map(|place| Button::open(place, language)),
        is_over: false,
        who: None,
        key: Some(format!("{}-{}-{}", facts.request, facts.target.as_str(), facts.cycle)),
        due_at: facts.due_at,
        facts: CardFacts {
            client: shown::who(facts),
            time: time.unwrap_or_default(),
            channel,
            owner: owner.unwrap_or_default(),
            request: facts.request.to_string(),
        },
    }
}
