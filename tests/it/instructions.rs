//! What alerts tell people to do: each kind of promise, for its owner, for whoever leads, for a shared channel, in both languages.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::America::Bogota;
use plazo::engine::effect::Why;
use plazo::engine::policy::TargetKind;
use plazo::engine::request_id::RequestId;
use plazo::outbox::facts::AlertFacts;
use plazo::outbox::{Content, HeldFor};
use plazo::text::Language;
use plazo::text::links::Links;
use plazo::text::reader::Reader;
use plazo::text::render::{self, Rendered};
use plazo::text::templates::{self, Texts};
use regex::Regex;

/// Each kind with its title in Spanish and English.
const KINDS: [(TargetKind, &str, &str); 16] = [
    (TargetKind::Reply, "Responder a Panadería Sol por WhatsApp", "Reply to Panadería Sol on WhatsApp"),
    (
        TargetKind::FirstReply,
        "Dar la primera respuesta a Panadería Sol por WhatsApp",
        "Give the first reply to Panadería Sol on WhatsApp",
    ),
    (
        TargetKind::Acknowledge,
        "Acusar recibo a Panadería Sol por WhatsApp",
        "Acknowledge receipt to Panadería Sol on WhatsApp",
    ),
    (TargetKind::Deliver, "Entregar a Panadería Sol lo que pidió", "Deliver to Panadería Sol what was asked for"),
    (
        TargetKind::Assign,
        "Asignar responsable a la solicitud de Panadería Sol",
        "Assign an owner to the request of Panadería Sol",
    ),
    (TargetKind::Answer, "Contestar la tarea de Panadería Sol", "Answer the task of Panadería Sol"),
    (TargetKind::Classify, "Clasificar la conversación de Panadería Sol", "Classify the conversation of Panadería Sol"),
    (TargetKind::Activity, "Dar movimiento a la solicitud de Panadería Sol", "Get the request of Panadería Sol moving"),
    (TargetKind::FollowUp, "Hacer seguimiento a Panadería Sol", "Follow up with Panadería Sol"),
    (TargetKind::Replica, "Enviar la réplica por correo a Panadería Sol", "Send the email replica to Panadería Sol"),
    (TargetKind::Log, "Registrar la interacción con Panadería Sol", "Log the interaction with Panadería Sol"),
    (TargetKind::Appointment, "Atender la cita con Panadería Sol", "Hold the appointment with Panadería Sol"),
    (TargetKind::CallBack, "Devolver la llamada a Panadería Sol", "Call Panadería Sol back"),
    (
        TargetKind::Hop,
        "Pasar el reclamo de Panadería Sol a la etapa siguiente",
        "Take the claim of Panadería Sol to its next stage",
    ),
    (
        TargetKind::Window,
        "Responder a Panadería Sol dentro de la ventana de WhatsApp",
        "Reply to Panadería Sol within the WhatsApp window",
    ),
    (TargetKind::Contingency, "Atender la contingencia de Panadería Sol", "Deal with the contingency of Panadería Sol"),
];
/// Kinds for which an answer to the client is the deed.
const REPLIES: [TargetKind; 3] = [TargetKind::Reply, TargetKind::FirstReply, TargetKind::Window];
/// Words of the code, and of values that are not there.
const CODE: [&str; 22] = [
    "met_late",
    "hop",
    "tick",
    "gathered",
    "breach",
    "breached",
    "acked",
    "None",
    "null",
    "undefined",
    "none",
    "call_back",
    "follow_up",
    "first_reply",
    "reply-received",
    "escalation",
    "dead",
    "leased",
    "planned",
    "unanswered",
    "cycle",
    "target",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Owner,
    Lead,
    Channel,
}

fn due() -> DateTime<Utc> {
    "2026-03-02T14:20:00Z".parse().expect("an instant")
}

/// An alert about Panadería Sol, sent at `now`.
fn facts(target: TargetKind, why: Why, now: DateTime<Utc>, has_owner: bool) -> AlertFacts {
    AlertFacts {
        target,
        why,
        customer: Some("Panadería Sol".to_owned()),
        contact: None,
        contact_by: None,
        owner: has_owner.then(|| "Diego Soto".to_owned()),
        owner_key: has_owner.then(|| "diego".to_owned()),
        due_at: Some(due()),
        planned_at: now,
        decided_at: now,
        late: false,
        down: None,
        ..templates::sample()
    }
}

fn render(facts: &AlertFacts, who: Who, language: Language, has_links: bool, now: DateTime<Utc>) -> Rendered {
    let page = |deed: &str| format!("https://plazo.example/a/{deed}");
    let links = move |_: RequestId| {
        let own = (who != Who::Channel).then(|| page("own"));
        let links = Links {
            take: page("take"),
            own,
            snooze15: page("s15"),
            snooze60: page("s60"),
            opening: None,
            show: page("show"),
            waive: None,
            reason: None,
        };
        has_links.then_some(links)
    };
    let person = match who {
        Who::Owner => Some("diego"),
        Who::Lead => Some("ana"),
        Who::Channel => None,
    };
    let reader = Reader { person, links: &links, ..Reader::plain(Bogota, language, now) };
    let rendered = render::render(&Content::Alert(Box::new(facts.clone())), &Texts::default(), &reader);
    // As a reader's program takes it: the template writes `/` as an entity.
    Rendered { html: html_escape::decode_html_entities(&rendered.html).into_owned(), ..rendered }
}

/// The paragraph that says what to do.
fn todo(rendered: &Rendered) -> String {
    let line = |line: &&str| line.starts_with("Qué hacer: ") || line.starts_with("What to do: ");
    rendered.text.lines().find(line).unwrap_or_else(|| panic!("nothing to do in {}", rendered.text)).to_owned()
}

/// Spans that a line break could tear apart.
static TORN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\d (d|h|min|s)\b").expect("an expression"));

#[test]
fn every_kind_is_told_in_its_own_words_to_every_reader_in_both_languages_in_every_state() {
    let states = [
        (Why::Warning, due() - TimeDelta::minutes(10)),
        (Why::Attention, due() - TimeDelta::minutes(15)),
        (Why::Breach, due()),
        (Why::Breach, due() + TimeDelta::minutes(14)),
        (Why::Escalation, due() + TimeDelta::minutes(74)),
        // Held back until it was over.
        (Why::Warning, due() + TimeDelta::minutes(3)),
    ];
    let mut n = 0;
    for (kind, es, en) in KINDS {
        for (why, now) in states {
            for bits in 0..16_u8 {
                let [has_owner, has_links, has_next, late] = [0, 1, 2, 3].map(|bit| bits >> bit & 1 == 1);
                let facts = facts(kind, why, now, has_owner);
                let next = facts.next.clone().filter(|_| has_next);
                let facts = AlertFacts { next, late, place: facts.place.clone().filter(|_| has_links), ..facts };
                for (language, title) in [(Language::Es, es), (Language::En, en)] {
                    for who in [Who::Owner, Who::Lead, Who::Channel] {
                        let rendered = render(&facts, who, language, has_links, now);
                        let shown = format!("{who:?}\n{}\n{}", rendered.subject, rendered.text);
                        assert!(rendered.text.starts_with(&format!("{title}\n")), "{shown}");
                        assert!(rendered.html.contains(&format!(">{title}</h1>")), "{}", rendered.html);
                        check_words(kind, &facts, &rendered, language, &shown);
                        check_part(kind, who, has_owner, has_links, &rendered, language, &shown);
                        let tells_next = todo(&rendered)
                            .contains(language.of(plazo::text::Both { es: "próximo aviso", en: "next alert" }));
                        assert_eq!(tells_next, has_next, "{shown}");
                        n += 1;
                    }
                }
            }
        }
    }
    assert_eq!(n, 16 * 6 * 16 * 2 * 3);
}

fn check_words(kind: TargetKind, facts: &AlertFacts, rendered: &Rendered, language: Language, shown: &str) {
    let words: BTreeSet<&str> = shown
        .lines()
        .skip(1)
        .flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-'))
        .collect();
    for word in CODE {
        assert!(!words.contains(word), "`{word}` in {shown}");
    }
    if language == Language::Es {
        for word in ["due", "overdue", "reply", "owner", "Overdue"] {
            assert!(!words.contains(word), "`{word}` in {shown}");
        }
    }
    let orders = rendered.text.lines().take(4).collect::<Vec<_>>().join("\n").to_lowercase();
    if !REPLIES.contains(&kind) {
        assert!(!orders.contains("responda") && !orders.contains("please reply"), "{shown}");
    }
    for line in std::iter::once(&*rendered.subject).chain(rendered.text.lines().take(4)) {
        assert!(!line.contains("  ") && !line.contains(" .") && !line.contains(".."), "{line:?} in {shown}");
    }
    let body = rendered.html.split("<body").nth(1).expect("a body");
    assert!(!TORN.is_match(body), "{:?} is torn in {body}", TORN.find(body));
    assert!(rendered.subject.chars().count() <= 78, "{}", rendered.subject);
    assert!(!rendered.subject.contains('\u{a0}') && !rendered.text.contains('\u{a0}'), "{shown}");
    let zone = language.of(plazo::text::Both { es: "Horas de Bogotá.", en: "Times of Bogota." });
    assert_eq!(rendered.text.matches(zone).count(), 1, "{shown}");
    if facts.due_at <= Some(facts.planned_at) {
        let over = language.of(plazo::text::Both { es: "encido", en: "verdue" });
        let is_told = rendered.subject.contains(over) || facts.why == Why::Escalation;
        assert!(is_told && !rendered.subject.contains("Por vencer"), "{shown}");
    }
}

fn check_part(
    kind: TargetKind,
    who: Who,
    has_owner: bool,
    has_links: bool,
    rendered: &Rendered,
    language: Language,
    shown: &str,
) {
    let todo = todo(rendered);
    let nobody = language.of(plazo::text::Both { es: "Nadie responde por esto", en: "Nobody answers for it" });
    let undone = language.of(plazo::text::Both { es: "Diego Soto todavía no ha", en: "Diego Soto has not" });
    let is_owned = has_owner && kind != TargetKind::Assign;
    assert_eq!(todo.contains(nobody), !is_owned, "{shown}");
    // Whoever does not own it is told how it stands with the owner, and is not given the owner's work.
    assert_eq!(todo.contains(undone), is_owned && who != Who::Owner, "{shown}");
    let mine = language.of(plazo::text::Both { es: "Es mío", en: "It is mine" });
    let has_button = rendered.html.contains("https://plazo.example/a/own");
    assert_eq!(has_button, !has_owner && has_links && who != Who::Channel, "{shown}");
    if has_button {
        assert!(rendered.html.contains(&format!(">{mine}</a>")) && todo.contains(mine), "{shown}");
    }
    if has_links {
        let later = language.of(plazo::text::Both { es: "Recordarme en 15\u{a0}min", en: "Remind me in 15\u{a0}min" });
        let open = language.of(plazo::text::Both { es: "Abrir en WhatsApp", en: "Open in WhatsApp" });
        assert!(rendered.html.contains(later) && rendered.html.contains(open), "{}", rendered.html);
    }
}

#[test]
fn a_warning_that_is_read_late_says_that_it_is_over_also_in_a_digest() {
    let now = due() + TimeDelta::minutes(33);
    let warned =
        AlertFacts { planned_at: due() - TimeDelta::minutes(5), ..facts(TargetKind::Reply, Why::Warning, now, true) };
    let alone = render(&warned, Who::Owner, Language::Es, true, now);
    assert!(alone.subject.starts_with("Vencido hace 33 min · Panadería Sol"), "{}", alone.subject);
    assert!(alone.text.contains("Venció 09:20, hace 33 min · responsable Diego Soto"), "{}", alone.text);
    let later = AlertFacts { due_at: Some(now + TimeDelta::minutes(9)), ..warned.clone() };
    let digest =
        Content::Digest { alerts: vec![later, warned], violations: Vec::new(), cause: HeldFor::Quiet, n_more: 0 };
    let rendered = render::render(&digest, &Texts::default(), &Reader::plain(Bogota, Language::Es, now));
    assert!(rendered.subject.starts_with("Vencido: "), "{}", rendered.subject);
    let (over, left) = (rendered.text.find("Vencido hace 33 min"), rendered.text.find("Por vencer en 9 min"));
    assert!(over.is_some() && over < left, "{}", rendered.text);
    assert!(!rendered.text.contains("Por vencer hace"), "{}", rendered.text);
}

#[test]
fn what_a_change_of_the_file_made_due_says_so() {
    let now = due() + TimeDelta::minutes(775);
    let facts = AlertFacts { edited_at: Some(now), ..facts(TargetKind::Reply, Why::Breach, now, true) };
    let told = render(&facts, Who::Lead, Language::Es, true, now);
    assert!(told.text.contains("por el cambio de sla.toml de las 22:15"), "{}", told.text);
    let told = render(&facts, Who::Lead, Language::En, true, now);
    assert!(told.text.contains("by the change of sla.toml of 22:15"), "{}", told.text);
}

#[test]
fn a_colleague_who_asks_is_not_taken_for_the_client() {
    let now = due();
    let asked = AlertFacts {
        contact: Some("Lina Torres".to_owned()),
        by_colleague: true,
        ..facts(TargetKind::Answer, Why::Breach, now, true)
    };
    let told = render(&asked, Who::Owner, Language::Es, true, now);
    assert!(told.text.starts_with("Contestar la tarea de Lina Torres\n"), "{}", told.text);
    let row = |label: &str| told.text.lines().find(|line| line.starts_with(label)).unwrap_or_default().to_owned();
    assert!(row("Pide").ends_with(" Lina Torres") && row("Cliente").ends_with(" Panadería Sol"), "{}", told.text);
    assert!(!told.text.contains("Lina Torres (Panadería Sol)"), "{}", told.text);
    let owed = AlertFacts { target: TargetKind::Deliver, ..asked };
    let told = render(&owed, Who::Owner, Language::Es, true, now);
    assert!(told.text.starts_with("Entregar a Panadería Sol lo que pidió\n"), "{}", told.text);
}

#[test]
fn a_link_of_a_source_is_never_its_own_label() {
    let now = due();
    let place = plazo::text::place::of("malo.example", "https://malo.example/Slack".to_owned());
    let facts = AlertFacts { place: Some(place), ..facts(TargetKind::Reply, Why::Breach, now, true) };
    let told = render(&facts, Who::Owner, Language::Es, true, now);
    assert!(told.html.contains(">Abrir la conversación</a>"), "{}", told.html);
    assert!(!told.html.contains("Abrir en"), "{}", told.html);
}
