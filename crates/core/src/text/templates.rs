//! Templates: the built-in ones, and a team's own in their place (`[texts] directory`).

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use chrono::{TimeZone as _, Utc};
use chrono_tz::Tz;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value, context};

use super::further::Further;
use super::links::Links;
use super::reader::Reader;
use super::render::Rendered;
use super::standing::tied;
use super::{Language, format, palette};
use crate::engine::check::{Association, CheckKind, Finding, Violation};
use crate::engine::effect::{ClockRef, Why};
use crate::engine::policy::TargetKind;
use crate::engine::reasons::ReasonState;
use crate::engine::request_id::RequestId;
use crate::outbox::facts::{AlertFacts, ApprovalFacts, Attendee, Invitation, ListedRequest, TestFacts, ViolationFacts};
use crate::outbox::{Content, HeldFor, ViolationId};
use crate::report::{
    BrokenRow, By, Closings, Count, Excluded, Figures, Group, HolderTime, KeptWaiting, Measure, Orphan, Period,
    Punctuality, ReasonCount, ReasonRow, Report, RuleCount, Share, Standards, StillTime, Waived, WaivedRow, Worst,
};

/// No template needs more steps than this; a bound, not a limit anybody meets.
const FUEL: u64 = 500_000;

macro_rules! embedded {
    ($($name:literal),* $(,)?) => { [$(($name, include_str!(concat!("templates/", $name)))),*] };
}

const BUILT_IN: [(&str, &str); 59] = embedded![
    "layout.html",
    "parts.html",
    "page.html",
    "notice.html",
    "chart.html",
    "report.html",
    "report.txt",
    "report-page.html",
    "report-page.txt",
    "es/alert.subject.txt",
    "es/alert.txt",
    "es/alert.html",
    "es/digest.subject.txt",
    "es/digest.txt",
    "es/digest.html",
    "es/list.subject.txt",
    "es/list.txt",
    "es/list.html",
    "es/reply-received.txt",
    "es/reply-doubts.txt",
    "es/reply-web-version.txt",
    "es/reply-recovery.txt",
    "es/invitation.subject.txt",
    "es/invitation.txt",
    "es/invitation.html",
    "es/test.subject.txt",
    "es/test.txt",
    "es/test.html",
    "es/violation.subject.txt",
    "es/violation.txt",
    "es/violation.html",
    "es/report.subject.txt",
    "es/report.txt",
    "es/report.html",
    "en/alert.subject.txt",
    "en/alert.txt",
    "en/alert.html",
    "en/digest.subject.txt",
    "en/digest.txt",
    "en/digest.html",
    "en/list.subject.txt",
    "en/list.txt",
    "en/list.html",
    "en/reply-received.txt",
    "en/reply-doubts.txt",
    "en/reply-web-version.txt",
    "en/reply-recovery.txt",
    "en/invitation.subject.txt",
    "en/invitation.txt",
    "en/invitation.html",
    "en/test.subject.txt",
    "en/test.txt",
    "en/test.html",
    "en/violation.subject.txt",
    "en/violation.txt",
    "en/violation.html",
    "en/report.subject.txt",
    "en/report.txt",
    "en/report.html",
];

static BUILT_IN_ONES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = environment();
    for (name, source) in BUILT_IN {
        // One that does not compile is caught by a test; at run time the plain text takes over.
        environment.add_template(name, source).ok();
    }
    environment
});

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_fuel(Some(FUEL));
    environment.add_global("light", Value::from(Serde(palette::LIGHT)));
    environment.add_global("dark", Value::from(Serde(palette::DARK)));
    environment
}

/// Replies that an alert can carry, ready to paste (A11, B6, E4).
pub const REPLIES: [&str; 4] = ["reply-received", "reply-doubts", "reply-web-version", "reply-recovery"];

/// Templates of which other ones are made.
const SHARED: [&str; 3] = ["layout.html", "parts.html", "chart.html"];

/// The texts of messages and pages.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    /// Sources of a team's own templates by name, such as `es/alert.html`.
    own: BTreeMap<String, String>,
    /// These and the built-in ones; none without any of one's own.
    environment: Option<Arc<Environment<'static>>>,
}

impl PartialEq for Texts {
    fn eq(&self, other: &Self) -> bool {
        self.own == other.own
    }
}

/// What is wrong with a template, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// The template's name.
    pub name: String,
    /// Line, from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub problem: String,
}

impl Texts {
    /// Names that a team's own template may have.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The source of a built-in template.
    pub fn built_in(name: &str) -> Option<&'static str> {
        BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, source)| *source)
    }

    /// Takes a team's own templates, and tries each one on samples.
    ///
    /// # Errors
    ///
    /// Every template that fails.
    pub fn with(own: BTreeMap<String, String>) -> Result<Self, Vec<TemplateError>> {
        if own.is_empty() {
            return Ok(Self::default());
        }
        let mut environment = environment();
        let mut errors = Vec::new();
        for (name, source) in BUILT_IN {
            environment.add_template(name, source).ok();
        }
        for (name, source) in &own {
            if let Err(error) = environment.add_template_owned(name.clone(), source.clone()) {
                errors.push(told(name, &error));
            }
        }
        let texts = Self { own, environment: Some(Arc::new(environment)) };
        if errors.is_empty() {
            errors = texts.failures();
        }
        if errors.is_empty() { Ok(texts) } else { Err(errors) }
    }

    /// A message of three templates; none if not even the built-in ones can be rendered.
    pub(super) fn render(&self, name: &str, language: Language, context: &Value) -> Option<Rendered> {
        let part = |ending: &str| self.line(&format!("{name}.{ending}"), language, context);
        let subject = format::one_line(&self.text(&format!("{}/{name}.subject.txt", language.code()), context)?, 160);
        let text = self.line(name, language, context)?;
        Some(Rendered { subject, text, html: tied(&part("html")?), attachments: Vec::new() })
    }

    /// One template of a language.
    pub(super) fn line(&self, name: &str, language: Language, context: &Value) -> Option<String> {
        let ending = if name.ends_with(".html") { "" } else { ".txt" };
        self.text(&format!("{}/{name}{ending}", language.code()), context)
    }

    /// A page for a browser.
    pub fn page(&self, context: &Value) -> Option<String> {
        self.text("page.html", context)
    }

    /// A template that is the same in all languages.
    pub(super) fn shared(&self, name: &str, context: &Value) -> Option<String> {
        self.text(name, context)
    }

    /// One block of a template; the team's own where it can be rendered, else the built-in one.
    pub(super) fn block(&self, name: &str, block: &str, context: &Value) -> Option<String> {
        let render = |environment: &Environment<'_>| {
            let template = environment.get_template(name)?;
            template.render_captured(context)?.with_state_mut(|state| state.render_block(block))
        };
        let own = self.environment.as_ref().and_then(|environment| render(environment).ok());
        own.or_else(|| render(&BUILT_IN_ONES).ok())
    }

    /// One template; the team's own where it can be rendered, else the built-in one.
    fn text(&self, name: &str, context: &Value) -> Option<String> {
        let render = |environment: &Environment<'_>| environment.get_template(name)?.render(context);
        let own = self.environment.as_ref().map(|environment| render(environment));
        match own {
            Some(Ok(text)) => Some(text),
            Some(Err(_)) | None => render(&BUILT_IN_ONES).ok(),
        }
    }

    /// Renders every template of the team's own with samples.
    fn failures(&self) -> Vec<TemplateError> {
        let Some(environment) = &self.environment else { return Vec::new() };
        let mut errors: Vec<TemplateError> = Vec::new();
        for language in [Language::Es, Language::En] {
            for (names, seen) in samples(self, language) {
                for name in names {
                    // A layout, and parts of mails, are tried with what they stand in.
                    let has_own = |part: &str| self.own.contains_key(part);
                    let is_own = has_own(&name) || name.ends_with(".html") && SHARED.into_iter().any(has_own);
                    if !is_own {
                        continue;
                    }
                    let rendered = environment.get_template(&name).and_then(|template| template.render(&seen));
                    if let Err(error) = rendered {
                        let own = error.name().filter(|name| self.own.contains_key(*name)).unwrap_or(&name);
                        let error = told(own, &error);
                        if !errors.contains(&error) {
                            errors.push(error);
                        }
                    }
                }
            }
        }
        errors
    }
}

fn told(name: &str, error: &minijinja::Error) -> TemplateError {
    let problem = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    TemplateError { name: name.to_owned(), line: error.line(), problem }
}

/// Every kind of message in that language, as templates see it, with all that may be missing missing and present.
fn samples(texts: &Texts, language: Language) -> Vec<(Vec<String>, Value)> {
    let word = "https://plazo.example/a/…".to_owned();
    let further = |_: &Further| Some("https://plazo.example/a/…".to_owned());
    let links = move |_: RequestId| {
        let own = Some(word.clone());
        Some(Links {
            take: word.clone(),
            own,
            snooze15: word.clone(),
            snooze60: word.clone(),
            opening: Some(word.clone()),
            show: word.clone(),
            waive: Some(word.clone()),
            reason: Some(word.clone()),
        })
    };
    let rich = sample();
    let now = rich.planned_at;
    let plain = Reader::plain(Tz::UTC, language, now);
    let full = Reader {
        doubt: true,
        by_reply: true,
        person: Some("laura"),
        links: &links,
        further: &further,
        ..Reader::plain(Tz::UTC, language, now)
    };
    let bare = AlertFacts {
        why: Why::Warning,
        rule: None,
        customer: None,
        contact: None,
        contact_by: None,
        subject: None,
        owner: None,
        owner_key: None,
        place: None,
        due_at: None,
        next: None,
        down: None,
        promised: None,
        late: false,
        ..rich.clone()
    };
    let listed = ListedRequest {
        request: RequestId(7),
        customer: None,
        subject: None,
        opened_at: now,
        age_days: 3,
        due_at: None,
    };
    let broken = sample_violation();
    let digest = |alerts: Vec<AlertFacts>, cause| {
        let violations = if cause == HeldFor::Burst { vec![broken.clone()] } else { Vec::new() };
        Content::Digest { alerts, violations, cause, n_more: 0 }
    };
    let contents = [
        Content::Alert(Box::new(rich.clone())),
        Content::Alert(Box::new(bare.clone())),
        digest(vec![rich.clone(); 60], HeldFor::Burst),
        digest(vec![bare], HeldFor::Downtime),
        digest(Vec::new(), HeldFor::Burst),
        Content::Violation(Box::new(broken.clone())),
        Content::Violation(Box::new(ViolationFacts { owner: None, client: None, subject: None, ..broken.clone() })),
        Content::List { name: "tareas".to_owned(), rule: None, requests: vec![listed] },
        Content::Test(Box::new(TestFacts { by: "ana".to_owned(), host: Some("srv1".to_owned()), at: now })),
        Content::Invitation(Box::new(sample_invitation())),
        Content::Invitation(Box::new(Invitation { cancelled: true, client: None, owner: None, ..sample_invitation() })),
        Content::Test(Box::new(TestFacts { by: String::new(), host: None, at: now })),
    ];
    let mut samples = Vec::new();
    for content in &contents {
        for reader in [&plain, &full] {
            let Some((name, context)) = super::render::template(content, texts, reader) else { continue };
            let code = language.code();
            let names = ["subject.txt", "txt", "html"].map(|ending| format!("{code}/{name}.{ending}"));
            samples.push((names.to_vec(), context));
        }
    }
    let report = Content::Report(Box::new(sample_report()));
    for reader in [&plain, &full] {
        let Some((_, context)) = super::render::template(&report, texts, reader) else { continue };
        let own = ["subject.txt", "txt", "html"].map(|ending| format!("{}/report.{ending}", language.code()));
        let shared = ["report.html", "report.txt"].map(str::to_owned);
        samples.push((own.into_iter().chain(shared).collect(), context));
        for (name, is_page) in [("report-page.html", true), ("report-page.txt", false)] {
            samples.push((vec![name.to_owned()], super::report::whole(&sample_report(), reader, is_page)));
        }
    }
    samples.push((vec!["parts.html".to_owned(), "chart.html".to_owned()], context! {}));
    samples.push((
        vec!["notice.html".to_owned()],
        super::notice::shown("…", "…\n\n  --> sla.toml:3:8\n\nhttps://plazo.example/a/…", language),
    ));
    samples.extend(sample_pages(language).into_iter().map(|page| (vec!["page.html".to_owned()], page)));
    let reply = super::render::reply_context(&rich);
    let replies = REPLIES.map(|name| format!("{}/{name}.txt", language.code()));
    samples.push((replies.to_vec(), reply));
    samples
}

/// Pages that have everything, and next to nothing, as their template sees them.
pub fn sample_pages(language: Language) -> Vec<Value> {
    let none = || Value::from(());
    let row = context! { label => "Cliente", value => "Andina" };
    let clock = context! { state => "overdue", mark => "▲", what => "Responder", when => "venció hoy 09:20" };
    let field = |kind| context! { kind, name => "at", label => "¿Cuándo?", longest => 16, is_optional => false, value => "2026-03-02T09:00" };
    let button = context! { to => "…", button => "Lo tomo" };
    let person = context! { key => "laura", name => "Laura Mora" };
    let listed = |href: Value| {
        context! { state => "soon", mark => "◆", when => "vence", what => "…", who => "…", owner => "…", request => "R-17", href }
    };
    let sections = vec![context! { title => "Vencidas", rows => vec![listed(Value::from("…")), listed(none())] }];
    let page = |form: Value, rich: bool| {
        let some = |value: Value| if rich { value } else { none() };
        let many = |value: Vec<Value>| if rich { value } else { Vec::new() };
        context! {
            lang => language.code(), title => "R-17", kind => "warning", done => some(Value::from("…")), leads => many(vec![Value::from("…")]),
            why => some(Value::from("…")), clocks => many(vec![clock.clone()]), form, deeds => many(vec![button.clone()]),
            hand => some(context! { to => "…", label => "Pasar a", button => "Pasar", people => vec![person.clone()] }),
            facts => many(vec![row.clone()]), sections => many(sections.clone()),
            history => some(context! { title => "Qué ha pasado", lines => vec!["…"] }),
            further => many(vec![context! { text => "…", href => "…" }]),
        }
    };
    let choice = || context! { name => "reason", label => "La razón", options => vec![person.clone()] };
    let form =
        |to: Value, field: Value, choice: Value| context! { to, button => "Enviar", note => none(), field, choice };
    vec![
        page(none(), false),
        page(form(none(), none(), none()), true),
        page(form(Value::from("…"), field("text"), choice()), true),
        page(form(none(), field("instant"), none()), true),
    ]
}

/// An alert that has everything.
pub fn sample() -> AlertFacts {
    let at = |minute| Utc.with_ymd_and_hms(2026, 3, 2, 14, minute, 0).single().unwrap_or_default();
    AlertFacts {
        request: RequestId(17),
        target: TargetKind::Reply,
        cycle: 1,
        why: Why::Breach,
        step: "due".to_owned(),
        rule: Some("A1".to_owned()),
        policy: "whatsapp".to_owned(),
        channel: "whatsapp".to_owned(),
        customer: Some("Andina".to_owned()),
        contact: Some("Luisa Gómez".to_owned()),
        contact_by: Some("573001112233".to_owned()),
        subject: Some("Factura de marzo".to_owned()),
        owner: Some("Laura Mora".to_owned()),
        owner_key: Some("laura".to_owned()),
        by_colleague: false,
        place: Some(super::place::of("wa.me", "https://wa.me/573001112233".to_owned())),
        edited_at: None,
        started_at: at(0),
        due_at: Some(at(20)),
        planned_at: at(20),
        decided_at: at(22),
        late: true,
        calendar: "always".to_owned(),
        derivation: None,
        next: Some(("+30m".to_owned(), at(50))),
        down: Some((at(15), at(22))),
        promised: Some("48 h".to_owned()),
        reply_text: None,
        stand_ins: Vec::new(),
    }
}

/// A report that has everything.
pub fn sample_report() -> Report {
    let (at, request) = (sample().started_at, RequestId(17));
    let measure = Measure {
        n: 2,
        mean_ms: Some(3_600_000),
        mean_working_ms: Some(1_800_000),
        standard_ms: Some(3_600_000),
        met: Some(true),
        before_ms: Some(2_400_000),
        requests: vec![request; 9],
        ..Measure::default()
    };
    let count = Count { n: 9, standard: Some(0), met: Some(false), before: Some(7), requests: vec![request; 9] };
    let kept = Share {
        kept: 9,
        broken: 1,
        percent: Some(9_000),
        standard: Some(95),
        met: Some(false),
        before: Some(8_000),
        requests: vec![request],
    };
    let figures = Figures {
        first_response: measure.clone(),
        response: measure.clone(),
        resolution: Measure::default(),
        unanswered: count.clone(),
        closed_unanswered: Count::default(),
        excluded: Some(Excluded { n: 1, percent: Some(9_876), met: Some(true) }),
        kept,
        early: Count::default(),
        violations: count.clone(),
    };
    let group = |by, key: &str| Group { by, key: key.to_owned(), name: key.to_owned(), figures: figures.clone() };
    let broken = sample_violation();
    let row = BrokenRow {
        id: 4,
        request,
        who: broken.owner.clone(),
        violation: broken.violation,
        excuse: Some("…".to_owned()),
    };
    let worst = Worst {
        request,
        client: None,
        subject: None,
        owner: None,
        from: at,
        ms: 9_000_000,
        working_ms: 4_000_000,
        answered: false,
    };
    let holder = |holder: &str, name: Option<&str>| HolderTime {
        holder: holder.to_owned(),
        name: name.map(str::to_owned),
        n: 1,
        ms: 60_000,
        working_ms: 30_000,
    };
    Report {
        name: "semanal".to_owned(),
        period: Period { from: at, to: at + chrono::TimeDelta::days(7) },
        calendar: "always".to_owned(),
        standards: Standards::default(),
        groups: vec![
            group(By::All, ""),
            group(By::Team, "social"),
            group(By::Person, "Laura"),
            group(By::Channel, "whatsapp"),
        ],
        worst: vec![worst],
        holders: vec![holder("nobody", None), holder("owner", Some("Laura Mora"))],
        violations: vec![RuleCount {
            rule: "A9".to_owned(),
            n: 9,
            before: Some(3),
            n_excused: 1,
            broken: vec![row; 9],
        }],
        closings: Closings { closed: count.clone(), unattended: Count::default(), wrong: count },
        orphans: vec![Orphan { request, missing: Association::ALL.to_vec() }],
        let_go_until: None,
        waived: vec![Waived {
            who: Some("Laura Mora".to_owned()),
            n: 1,
            answers: vec![WaivedRow {
                request,
                at: sample().started_at,
                proof: "link".to_owned(),
                reason: String::new(),
            }],
        }],
        reasons: vec![ReasonCount {
            reason: "carrier".to_owned(),
            name: "El transportista".to_owned(),
            n: 1,
            n_excluded: 1,
            n_awaiting: 0,
            breaches: vec![ReasonRow {
                request,
                promise: TargetKind::Deliver,
                cycle: 1,
                at,
                who: Some("Laura Mora".to_owned()),
                proof: "link".to_owned(),
                text: "…".to_owned(),
                state: ReasonState::Excluded,
                approved_by: Some("Julio".to_owned()),
                approved_at: Some(at),
            }],
        }],
        still: vec![StillTime {
            who: Some("Laura Mora".to_owned()),
            on: None,
            name: None,
            n: 1,
            ms: 60_000,
            working_ms: 30_000,
            share: 4_200,
        }],
        kept_waiting: vec![KeptWaiting {
            request,
            promise: TargetKind::Deliver,
            at,
            who: Some("Laura Mora".to_owned()),
            ms: 1_814_400_000,
        }],
        punctuality: Punctuality { n: 3, p50_ms: 2, p99_ms: 8, max_ms: 8 },
        names: BTreeMap::from([(request, "Andina · Factura de marzo".to_owned())]),
    }
}

/// An invitation that has everything.
pub fn sample_invitation() -> Invitation {
    let at = sample().started_at;
    let attendee = |name: &str, email: &str| Attendee { name: name.to_owned(), email: email.to_owned() };
    Invitation {
        request: RequestId(17),
        uid: "0.R-17@plazo".to_owned(),
        sequence: 1,
        starts_at: at + chrono::TimeDelta::days(1),
        decided_at: at,
        cancelled: false,
        client: Some("Andina".to_owned()),
        subject: Some("Factura de marzo".to_owned()),
        owner: Some("Laura Mora".to_owned()),
        attendees: vec![
            attendee("Laura Mora", "laura@agencia.example"),
            attendee("compras@andina.example", "compras@andina.example"),
        ],
        sender: Some("plazo@agencia.example".to_owned()),
    }
}

/// A breach that may leave the figures, with everything.
pub fn sample_approval() -> ApprovalFacts {
    ApprovalFacts {
        request: RequestId(17),
        clock: ClockRef { kind: TargetKind::Deliver, cycle: 1 },
        breached_at: sample().started_at,
        reason: "El transportista".to_owned(),
        text: "vía cerrada".to_owned(),
        who: Some("Laura Mora".to_owned()),
        client: Some("Andina".to_owned()),
        subject: Some("Factura de marzo".to_owned()),
    }
}

/// A broken rule that has everything.
pub fn sample_violation() -> ViolationFacts {
    let missing = vec!["compras@andina.example".to_owned()];
    ViolationFacts {
        id: ViolationId(4),
        request: RequestId(17),
        at: sample().started_at,
        violation: Violation {
            check: CheckKind::Copy,
            rule: CheckKind::Copy.rule().to_owned(),
            who: Some("Laura Mora".to_owned()),
            finding: Finding::LeftOut { missing },
        },
        owner: Some("Laura Mora".to_owned()),
        client: Some("Andina".to_owned()),
        channel: "email".to_owned(),
        subject: Some("Factura de marzo".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The built-in ones as if a team had brought them along.
    fn all() -> BTreeMap<String, String> {
        BUILT_IN.iter().map(|(name, source)| ((*name).to_owned(), (*source).to_owned())).collect()
    }

    #[test]
    fn lessons_33_the_built_in_templates_pass_what_a_team_s_own_must_pass() {
        assert_eq!(Texts::with(all()).err(), None);
    }

    #[test]
    fn lessons_33_each_template_that_fails_is_told_whatever_it_is_for() {
        for name in Texts::names().filter(|name| *name != "layout.html") {
            let mut own = all();
            own.insert(name.to_owned(), "first line\n{{ nothing.at_all }}\n".to_owned());
            let errors = Texts::with(own).err().unwrap_or_default();
            assert!(errors.iter().any(|error| error.name == name && error.line == Some(2)), "{name}: {errors:?}");
        }
        let broken = BTreeMap::from([("es/alert.txt".to_owned(), "{% if %}".to_owned())]);
        assert!(Texts::with(broken).is_err_and(|errors| errors[0].name == "es/alert.txt"));
    }
}
