//! Messages as mail and chat show them, from facts that were frozen when they were decided.

use chrono_tz::Tz;
use minijinja::context;
use minijinja::value::Serde;
use serde::{Deserialize, Serialize};

use super::reader::Reader;
use super::templates::Texts;
use super::{
    Language, format, invitation, listing, notice, report, shown, test_message, update, violation, vocabulary,
};
use crate::engine::policy::TargetKind;
use crate::outbox::Content;
use crate::outbox::facts::{AlertFacts, ViolationFacts};

/// Names and subjects longer than this are cut.
const LONGEST_NAME: usize = 80;

/// Texts ready to send.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
    /// What goes with a mail.
    pub attachments: Vec<Attachment>,
}

/// Something that goes with a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its file name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Renders the content. A template of the team's own that fails gives way to the built-in one, and that to a plain text; an
/// alert is never lost to its looks (LESSONS 33).
pub fn render(content: &Content, texts: &Texts, reader: &Reader<'_>) -> Rendered {
    match content {
        Content::Update { about, news } => update::render(about, news, reader.zone, reader.language),
        Content::Notice { subject, text } => notice::render(subject, text, texts, reader),
        Content::Link { deed, request } => notice::link(deed, *request, texts, reader),
        Content::Approval(facts) => notice::approval(facts, texts, reader),
        // Where it could not be written, people are told what it was to say.
        Content::Write(facts) => render(&Content::Alert(Box::new(facts.about.clone())), texts, reader),
        Content::Invitation(invitation) => {
            let rendered = texts.render("invitation", reader.language, &invitation::shown(invitation, reader));
            let rendered = rendered.unwrap_or_else(|| plain(content, reader.zone, reader.language));
            Rendered { attachments: vec![invitation::attachment(invitation, reader)], ..rendered }
        }
        Content::Alert(_)
        | Content::Violation(_)
        | Content::Digest { .. }
        | Content::List { .. }
        | Content::Report(_)
        | Content::Test(_) => template(content, texts, reader)
            .and_then(|(name, context)| texts.render(name, reader.language, &context))
            .unwrap_or_else(|| plain(content, reader.zone, reader.language)),
    }
}

/// The name of its templates, and what they see; none where it needs none.
pub(super) fn template(
    content: &Content,
    texts: &Texts,
    reader: &Reader<'_>,
) -> Option<(&'static str, minijinja::Value)> {
    match content {
        Content::Alert(facts) => Some(("alert", context! { a => Serde(shown::alert(facts, texts, reader)) })),
        Content::Violation(facts) => Some(("violation", context! { v => violation::shown(facts, reader) })),
        Content::Digest { alerts, violations, cause, n_more } => {
            Some(("digest", shown::digest(alerts, violations, *cause, *n_more, texts, reader)))
        }
        Content::List { name, rule, requests } => {
            Some(("list", listing::shown(name, rule.as_deref(), requests, reader)))
        }
        Content::Report(report) => Some(("report", report::mailed(report, reader))),
        Content::Test(facts) => Some(("test", test_message::shown(facts, texts, reader))),
        Content::Invitation(invitation) => Some(("invitation", invitation::shown(invitation, reader))),
        Content::Update { .. }
        | Content::Link { .. }
        | Content::Approval(_)
        | Content::Write(_)
        | Content::Notice { .. } => None,
    }
}

/// The built-in text that needs no template.
fn plain(content: &Content, zone: Tz, language: Language) -> Rendered {
    let line = |facts: &AlertFacts| {
        let due = facts.due_at.map(|due_at| format::instant(due_at, zone, language)).unwrap_or_default();
        let task = vocabulary::task(facts.target, language);
        format!("{} {}: {task}. {due}", facts.request, vocabulary::why(facts.why, language))
    };
    let broken = |facts: &ViolationFacts| format!("{} {}", facts.request, violation::line(&facts.violation, language));
    let lines: Vec<_> = match content {
        Content::Alert(facts) | Content::Update { about: facts, .. } => vec![line(facts)],
        Content::Violation(facts) => vec![broken(facts)],
        Content::Digest { alerts, violations, .. } => {
            alerts.iter().map(line).chain(violations.iter().map(broken)).collect()
        }
        Content::List { requests, .. } => requests.iter().map(|request| request.request.to_string()).collect(),
        Content::Report(report) => vec![report.name.clone()],
        Content::Invitation(invitation) => vec![invitation.request.to_string()],
        Content::Link { request, .. } => vec![request.to_string()],
        Content::Test(facts) => vec![facts.by.clone()],
        Content::Write(facts) => vec![line(&facts.about)],
        Content::Approval(facts) => vec![format!("{} {}", facts.request, facts.reason)],
        Content::Notice { text, .. } => vec![text.clone()],
    };
    let text = lines.join("\n");
    Rendered {
        subject: format!("plazo: {}", lines.first().cloned().unwrap_or_default()),
        html: preformatted(&text),
        text,
        attachments: Vec::new(),
    }
}

/// The answer that fits, filled in and ready to paste (rule A11): that it is received, or what is still to be asked.
pub(super) fn reply(facts: &AlertFacts, texts: &Texts, language: Language) -> Option<String> {
    let name = match facts.target {
        _ if facts.reply_text.is_some() => facts.reply_text.as_deref().unwrap_or_default(),
        TargetKind::Acknowledge | TargetKind::FirstReply => "reply-received",
        TargetKind::Reply if facts.cycle == 1 => "reply-received",
        TargetKind::Reply => "reply-doubts",
        _ => return None,
    };
    texts.line(name, language, &reply_context(facts)).map(|text| text.trim().to_owned())
}

/// What the templates of answers see.
pub(super) fn reply_context(facts: &AlertFacts) -> minijinja::Value {
    let one_line = |text: &Option<String>| text.as_deref().map(|text| format::one_line(text, LONGEST_NAME));
    let client = one_line(&facts.contact).or_else(|| one_line(&facts.customer));
    context! { client, theme => one_line(&facts.subject), promised => facts.promised.clone(), agent => one_line(&facts.owner) }
}

pub(super) fn preformatted(text: &str) -> String {
    let escaped = html_escape::encode_text(text);
    format!("<!doctype html><meta charset=\"utf-8\"><pre style=\"white-space:pre-wrap\">{escaped}</pre>")
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone as _, Utc};
    use chrono_tz::America::Bogota;

    use super::*;
    use crate::engine::effect::Why;
    use crate::engine::request_id::RequestId;
    use crate::outbox::HeldFor;
    use crate::outbox::facts::ListedRequest;

    fn facts() -> AlertFacts {
        let at = |minute| Utc.with_ymd_and_hms(2026, 3, 2, 14, minute, 0).single().unwrap_or_default();
        AlertFacts {
            request: RequestId(7),
            target: TargetKind::Reply,
            cycle: 1,
            why: Why::Breach,
            step: "due".to_owned(),
            rule: Some("A1".to_owned()),
            policy: "whatsapp".to_owned(),
            channel: "whatsapp".to_owned(),
            customer: Some("<b>ACME</b> & Cía".to_owned()),
            contact: Some("Luisa\r\nBcc: malo@malo.example".to_owned()),
            contact_by: None,
            subject: None,
            owner: None,
            owner_key: None,
            by_colleague: false,
            place: None,
            edited_at: None,
            started_at: at(0),
            due_at: Some(at(20)),
            planned_at: at(20),
            decided_at: at(20),
            late: false,
            calendar: "always".to_owned(),
            derivation: None,
            next: None,
            down: None,
            promised: None,
            reply_text: None,
            stand_ins: Vec::new(),
        }
    }

    fn everything() -> Vec<Content> {
        let opened_at = facts().started_at;
        let row = ListedRequest {
            request: RequestId(7),
            customer: None,
            subject: None,
            opened_at,
            age_days: 3,
            due_at: None,
        };
        vec![
            Content::Alert(Box::new(facts())),
            Content::Alert(Box::new(AlertFacts { why: Why::Warning, due_at: None, late: true, ..facts() })),
            Content::Digest {
                alerts: vec![facts(), facts()],
                violations: Vec::new(),
                cause: HeldFor::Downtime,
                n_more: 0,
            },
            Content::Digest { alerts: vec![facts(), facts()], violations: Vec::new(), cause: HeldFor::Edit, n_more: 0 },
            Content::List { name: "mañana".to_owned(), rule: None, requests: vec![row] },
            Content::Violation(Box::new(super::super::templates::sample_violation())),
            Content::Digest {
                alerts: vec![facts()],
                violations: vec![super::super::templates::sample_violation(); 2],
                cause: HeldFor::Burst,
                n_more: 3,
            },
            Content::Notice { subject: "x".to_owned(), text: "y".to_owned() },
        ]
    }

    #[test]
    fn lessons_33_every_template_renders_in_both_languages() {
        let now = facts().planned_at;
        for (content, language) in
            everything().iter().flat_map(|content| [(content, Language::Es), (content, Language::En)])
        {
            let rendered = render(content, &Texts::default(), &Reader::plain(Bogota, language, now));
            assert!(
                !rendered.subject.starts_with("plazo: "),
                "{content:?} fell back to the plain text in {language:?}"
            );
            assert!(!rendered.subject.contains('\n') && !rendered.text.is_empty(), "{rendered:?}");
            assert!(!rendered.html.contains("<b>ACME"), "somebody's words are markup: {}", rendered.html);
        }
    }

    #[test]
    fn lessons_33_the_plain_text_tells_what_matters_without_a_template() {
        for content in everything() {
            let plain = plain(&content, Bogota, Language::Es);
            assert!(!plain.text.is_empty() && !plain.html.is_empty(), "{content:?}");
        }
        let plain = plain(&Content::Alert(Box::new(facts())), Bogota, Language::Es);
        assert_eq!(plain.text, "R-7 Vencido: responder. lun 2 mar, 09:20");
    }
}
