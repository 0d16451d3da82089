//! Alerts and lists as mail and chat show them, from facts that were frozen when they were decided.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use minijinja::context;
use minijinja::value::Serde;
use serde::{Deserialize, Serialize};

use super::further::Further;
use super::invitation::Invitation;
use super::links::Links;
use super::place::Place;
use super::task::Part;
use super::templates::Texts;
use super::test_message::{self, TestFacts};
use super::violation::{self, ViolationFacts};
use super::{Language, format, listing, notice, report, shown, update, vocabulary};
use crate::engine::derivation::Derivation;
use crate::engine::effect::Why;
use crate::engine::policy::TargetKind;
use crate::engine::request_id::RequestId;
use crate::report::Report;

/// Names and subjects longer than this are cut.
const LONGEST_NAME: usize = 80;

/// What an alert says, frozen with the decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertFacts {
    /// The request.
    pub request: RequestId,
    /// Which promise.
    pub target: TargetKind,
    /// The clock's cycle.
    pub cycle: u32,
    /// Why it goes out.
    pub why: Why,
    /// The step, as `sla.toml` writes it.
    pub step: String,
    /// Id of the written rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The policy.
    pub policy: String,
    /// The channel.
    pub channel: String,
    /// The client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// The person at the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// By what the contact is told from others of that name: address, number, user id or conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_by: Option<String>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Name of the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Key of the owner, by which the owner among the readers is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_key: Option<String>,
    /// Whether a colleague asked: the contact is nobody of the client's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_colleague: bool,
    /// Where the conversation is, by the link that its source gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// When the change of the file was taken that made it due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<DateTime<Utc>>,
    /// When the clock started.
    pub started_at: DateTime<Utc>,
    /// When the promise ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// The step's instant.
    pub planned_at: DateTime<Utc>,
    /// When it was decided.
    pub decided_at: DateTime<Utc>,
    /// Whether it is late.
    #[serde(default)]
    pub late: bool,
    /// The calendar in which time is spent.
    pub calendar: String,
    /// How the end of the promise follows from its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derivation: Option<Derivation>,
    /// The next step and its instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<(String, DateTime<Utc>)>,
    /// From when to when plazo did not run, where that made it late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// In how much time the client is promised what was asked for, such as `48 h` (rule A11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised: Option<String>,
    /// The template of the reply that fits, where the policy names one (B6, E4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_text: Option<String>,
}

impl AlertFacts {
    /// Whether the other one tells of the same promise.
    pub const fn promise(&self) -> (RequestId, TargetKind, u32) {
        (self.request, self.target, self.cycle)
    }
}

/// What became of a promise of which somebody was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// What.
    pub what: NewsKind,
    /// Who did it, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// What can become of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewsKind {
    /// Somebody takes care of it.
    Taken,
    /// It is kept.
    Met,
    /// It is kept, too late.
    MetLate,
    /// It is no longer owed.
    Over,
}

/// An entry of a list of open requests (rule D1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedRequest {
    /// The request.
    pub request: RequestId,
    /// The client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// Age in days of the list's calendar zone; the day of opening is day 0.
    pub age_days: i64,
    /// When its next promise ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
}

/// Why alerts were held back, to come to each recipient as one message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldFor {
    /// They fell due while plazo was not running (LESSONS 29).
    #[default]
    Downtime,
    /// They were due before plazo heard of what they are about, as when history is read in.
    History,
    /// An edit of `sla.toml` made many due at once (LESSONS 22).
    Edit,
    /// The reader was told of something else a moment ago (LESSONS 28).
    Burst,
    /// The reader does not work now, and it may wait.
    Quiet,
    /// The reader asked for one summary a day.
    Daily,
    /// Somebody asked not to hear of it for a while.
    Silence,
}

impl HeldFor {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Downtime => "downtime",
            Self::History => "history",
            Self::Edit => "edit",
            Self::Burst => "burst",
            Self::Quiet => "quiet",
            Self::Daily => "daily",
            Self::Silence => "silence",
        }
    }

    /// What a word in the store stands for; none if that is not known.
    pub fn of(word: &str) -> Option<Self> {
        let all = [Self::Downtime, Self::History, Self::Edit, Self::Burst, Self::Quiet, Self::Daily, Self::Silence];
        all.into_iter().find(|cause| cause.as_str() == word)
    }
}

/// What one message says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    /// One alert.
    Alert(Box<AlertFacts>),
    /// What became of something that was told (edited in place, resolved, commented on).
    Update {
        /// What was told.
        about: Box<AlertFacts>,
        /// What became of it.
        news: News,
    },
    /// What was held back and gathered, breaches first (LESSONS 28, 29).
    Digest {
        /// The alerts.
        alerts: Vec<AlertFacts>,
        /// Rules that were broken.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        violations: Vec<ViolationFacts>,
        /// Why they come together.
        #[serde(default)]
        cause: HeldFor,
        /// How many more there are; some may be over by now.
        #[serde(default, skip_serializing_if = "is_zero")]
        n_more: usize,
    },
    /// A broken rule.
    Violation(Box<ViolationFacts>),
    /// The morning's list (rule D1).
    List {
        /// Its name in `sla.toml`.
        name: String,
        /// The rule.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
        /// The entries, oldest first.
        requests: Vec<ListedRequest>,
    },
    /// A report (rules C9, C10, E5).
    Report(Box<Report>),
    /// An invitation to a call or session (rule B2).
    Invitation(Box<Invitation>),
    /// A link anew, for whoever asked on the page of one that was too old.
    Link {
        /// What it is for, as links have it.
        deed: String,
        /// The request.
        request: RequestId,
    },
    /// A test of the way to somebody.
    Test(Box<TestFacts>),
    /// Something that the operator should know.
    Notice {
        /// One line.
        subject: String,
        /// The whole text.
        text: String,
    },
}

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

impl Content {
    /// The one request that it is about.
    pub fn request(&self) -> Option<RequestId> {
        match self {
            Self::Alert(about) | Self::Update { about, .. } => Some(about.request),
            Self::Violation(facts) => Some(facts.request),
            Self::Invitation(invitation) => Some(invitation.request),
            Self::Digest { .. }
            | Self::List { .. }
            | Self::Report(_)
            | Self::Link { .. }
            | Self::Test(_)
            | Self::Notice { .. } => None,
        }
    }

    /// The word of a webhook's `type`: `sla.warning`, `sla.breach`, …
    pub fn type_name(&self) -> String {
        match self {
            Self::Alert(facts) => format!("sla.{}", facts.why.as_str()),
            Self::Update { .. } => "sla.update".to_owned(),
            Self::Violation(_) => "sla.violation".to_owned(),
            Self::Digest { .. } => "sla.digest".to_owned(),
            Self::List { .. } => "sla.list".to_owned(),
            Self::Report(_) => "sla.report".to_owned(),
            Self::Invitation(_) => "sla.invitation".to_owned(),
            Self::Link { .. } => "plazo.link".to_owned(),
            Self::Test(_) => "plazo.test".to_owned(),
            Self::Notice { .. } => "plazo.notice".to_owned(),
        }
    }

    /// Renders the content. A template of the team's own that fails gives way to the built-in one, and that to a plain text; an
    /// alert is never lost to its looks (LESSONS 33).
    pub fn render(&self, texts: &Texts, reader: &Reader<'_>) -> Rendered {
        match self {
            Self::Update { about, news } => update::render(about, news, reader.zone, reader.language),
            Self::Notice { subject, text } => notice::render(subject, text, texts, reader),
            Self::Link { deed, request } => notice::link(deed, *request, texts, reader),
            Self::Invitation(invitation) => {
                let rendered = texts.render("invitation", reader.language, &invitation.shown(reader));
                let rendered = rendered.unwrap_or_else(|| self.plain(reader.zone, reader.language));
                Rendered { attachments: vec![invitation.attachment(reader)], ..rendered }
            }
            Self::Alert(_)
            | Self::Violation(_)
            | Self::Digest { .. }
            | Self::List { .. }
            | Self::Report(_)
            | Self::Test(_) => self
                .template(texts, reader)
                .and_then(|(name, context)| texts.render(name, reader.language, &context))
                .unwrap_or_else(|| self.plain(reader.zone, reader.language)),
        }
    }

    /// The name of its templates, and what they see; none where it needs none.
    pub(super) fn template(&self, texts: &Texts, reader: &Reader<'_>) -> Option<(&'static str, minijinja::Value)> {
        match self {
            Self::Alert(facts) => Some(("alert", context! { a => Serde(shown::alert(facts, texts, reader)) })),
            Self::Violation(facts) => Some(("violation", context! { v => violation::shown(facts, reader) })),
            Self::Digest { alerts, violations, cause, n_more } => {
                Some(("digest", shown::digest(alerts, violations, *cause, *n_more, texts, reader)))
            }
            Self::List { name, rule, requests } => {
                Some(("list", listing::shown(name, rule.as_deref(), requests, reader)))
            }
            Self::Report(report) => Some(("report", report::mailed(report, reader))),
            Self::Test(facts) => Some(("test", test_message::shown(facts, texts, reader))),
            Self::Invitation(invitation) => Some(("invitation", invitation.shown(reader))),
            Self::Update { .. } | Self::Link { .. } | Self::Notice { .. } => None,
        }
    }

    /// The built-in text that needs no template.
    fn plain(&self, zone: Tz, language: Language) -> Rendered {
        let line = |facts: &AlertFacts| {
            let due = facts.due_at.map(|due_at| format::instant(due_at, zone, language)).unwrap_or_default();
            let task = vocabulary::task(facts.target, language);
            format!("{} {}: {task}. {due}", facts.request, vocabulary::why(facts.why, language))
        };
        let broken =
            |facts: &ViolationFacts| format!("{} {}", facts.request, violation::line(&facts.violation, language));
        let lines: Vec<_> = match self {
            Self::Alert(facts) | Self::Update { about: facts, .. } => vec![line(facts)],
            Self::Violation(facts) => vec![broken(facts)],
            Self::Digest { alerts, violations, .. } => {
                alerts.iter().map(line).chain(violations.iter().map(broken)).collect()
            }
            Self::List { requests, .. } => requests.iter().map(|request| request.request.to_string()).collect(),
            Self::Report(report) => vec![report.name.clone()],
            Self::Invitation(invitation) => vec![invitation.request.to_string()],
            Self::Link { request, .. } => vec![request.to_string()],
            Self::Test(facts) => vec![facts.by.clone()],
            Self::Notice { text, .. } => vec![text.clone()],
        };
        let text = lines.join("\n");
        Rendered {
            subject: format!("plazo: {}", lines.first().cloned().unwrap_or_default()),
            html: preformatted(&text),
            text,
            attachments: Vec::new(),
        }
    }
}

/// Who reads, and what there is for them.
pub struct Reader<'a> {
    /// The zone in which instants are shown.
    pub zone: Tz,
    /// The language.
    pub language: Language,
    /// Now.
    pub now: DateTime<Utc>,
    /// Whether the message may be a second copy.
    pub doubt: bool,
    /// Whether an answer to the mail acts.
    pub by_reply: bool,
    /// Key of the person who reads; none where several read the same message.
    pub person: Option<&'a str>,
    /// Pages on which the reader can act on a request.
    pub links: &'a dyn Fn(RequestId) -> Option<Links>,
    /// The page with everything that is open.
    pub list: Option<String>,
    /// Pages behind messages that are not alerts.
    pub further: &'a dyn Fn(&Further) -> Option<String>,
}

impl<'a> Reader<'a> {
    /// A reader with nothing but a language.
    pub fn plain(zone: Tz, language: Language, now: DateTime<Utc>) -> Self {
        fn none(_: RequestId) -> Option<Links> {
            None
        }
        Self {
            zone,
            language,
            now,
            doubt: false,
            by_reply: false,
            person: None,
            links: &none,
            list: None,
            further: &|_| None,
        }
    }

    /// The reader's part in what an alert is about.
    pub fn part(&self, facts: &AlertFacts) -> Part {
        match (self.person, &facts.owner_key) {
            (None, _) => Part::Everybody,
            (Some(reader), Some(owner)) if reader == owner => Part::Owner,
            (Some(_), _) => Part::Other,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
const fn is_zero(n: &usize) -> bool {
    *n == 0
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
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<!doctype html><meta charset=\"utf-8\"><pre style=\"white-space:pre-wrap\">{escaped}</pre>")
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;
    use chrono_tz::America::Bogota;

    use super::*;

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
            let rendered = content.render(&Texts::default(), &Reader::plain(Bogota, language, now));
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
            let plain = content.plain(Bogota, Language::Es);
            assert!(!plain.text.is_empty() && !plain.html.is_empty(), "{content:?}");
        }
        let plain = Content::Alert(Box::new(facts())).plain(Bogota, Language::Es);
        assert_eq!(plain.text, "R-7 Vencido: responder. lun 2 mar, 09:20");
    }
}
