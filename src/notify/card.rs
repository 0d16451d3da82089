//! A message in parts, for systems that show cards.

use super::{Card, CardFacts, Tone};
use crate::engine::effect::Why;
use crate::text::alert::{AlertFacts, Content, NewsKind, Reader, which, who};
use crate::text::printable::unlinked;
use crate::text::{Both, explain, format, vocabulary};

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
                let links = alert.links.filter(|_| !is_over);
                Self { tone, is_over, fields, links, notes: vec![text.to_owned()], ..alert }
            }
            Content::Violation(_) => Self { tone: Tone::Warning, ..Self::default() },
            Content::Digest { alerts, .. } => {
                let is_broken = alerts.iter().any(|facts| matches!(facts.why, Why::Breach | Why::Escalation));
                Self { tone: if is_broken { Tone::Breach } else { Tone::Warning }, ..Self::default() }
            }
            Content::List { .. } | Content::Report(_) | Content::Invitation(_) | Content::Notice { .. } => {
                Self::default()
            }
        }
    }
}

fn of_alert(facts: &AlertFacts, reader: &Reader<'_>) -> Card {
    let (zone, language) = (reader.zone, reader.language);
    let labels = language.of(Both {
        en: ["Client", "Channel", "Owner", "Due", "Waiting since", "Subject"],
        es: ["Cliente", "Canal", "Responsable", "Vence", "Espera desde", "Asunto"],
    });
    let nobody = language.of(Both { en: "nobody yet", es: "nadie todavía" });
    let one_line =
        |text: &Option<String>| text.as_deref().map(|text| unlinked(&format::one_line(text, 120)).into_owned());
    let due = facts.due_at.map(|due_at| format::instant(due_at, zone, language));
    let channel = vocabulary::channel(&facts.channel, language);
    let values = [
        Some(which(facts)),
        Some(channel.clone()),
        Some(one_line(&facts.owner).unwrap_or_else(|| nobody.to_owned())),
        due,
        Some(format::instant(facts.started_at, zone, language)),
        one_line(&facts.subject),
    ];
    let fields = labels.into_iter().zip(values).filter_map(|(label, value)| Some((label.to_owned(), value?))).collect();
    let derivation =
        facts.derivation.as_ref().map(|derivation| explain::line(derivation, &facts.calendar, zone, language));
    let why = [facts.rule.clone(), Some(facts.policy.clone()), derivation];
    let why: Vec<_> = why.into_iter().flatten().filter(|word| !word.is_empty()).collect();
    let time = facts.due_at.map(|due_at| match due_at - reader.now {
        left if chrono::TimeDelta::zero() < left => format::span(left),
        over => format!("-{}", format::span(-over)),
    });
    Card {
        tone: if matches!(facts.why, Why::Breach | Why::Escalation) { Tone::Breach } else { Tone::Warning },
        fields,
        notes: if why.is_empty() { Vec::new() } else { vec![why.join(" · ")] },
        links: (reader.links)(facts.request),
        is_over: false,
        key: Some(format!("{}-{}-{}", facts.request, facts.target.as_str(), facts.cycle)),
        due_at: facts.due_at,
        facts: CardFacts {
            client: who(facts),
            time: time.unwrap_or_default(),
            channel,
            owner: one_line(&facts.owner).unwrap_or_default(),
            request: facts.request.to_string(),
        },
    }
}
