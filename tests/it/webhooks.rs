//! What `docs/webhooks.md` says of the calls of webhooks, against the calls.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::support::webhook::{Webhook, answer};
use plazo::engine::effect::Why;
use plazo::engine::request_id::RequestId;
use plazo::net;
use plazo::notify::endpoint::Endpoint;
use plazo::notify::{Card, Message, Settings, Transport, facts, webhook};
use plazo::outbox::facts::{AlertFacts, Attendee, Invitation, ListedRequest, News, NewsKind, TestFacts};
use plazo::outbox::{Content, HeldFor};
use plazo::secret::SecretSource;
use plazo::text::Language;
use plazo::text::links::Links;
use plazo::text::reader::Reader;
use plazo::text::render::render;
use plazo::text::templates::{self, Texts};
use serde_json::Value;

/// A message of every type, with everything in it.
fn contents() -> Vec<Content> {
    let facts = templates::sample();
    let now = facts.decided_at;
    let alert = |why| Content::Alert(Box::new(AlertFacts { why, ..facts.clone() }));
    let listed = ListedRequest {
        request: RequestId(17),
        customer: Some("Andina".to_owned()),
        subject: Some("Factura de marzo".to_owned()),
        opened_at: facts.started_at,
        age_days: 3,
        due_at: facts.due_at,
    };
    let invitation = Invitation {
        request: RequestId(17),
        uid: "R-17@plazo.example".to_owned(),
        sequence: 0,
        starts_at: now,
        decided_at: now,
        cancelled: false,
        client: Some("Andina".to_owned()),
        subject: Some("Revisión".to_owned()),
        owner: Some("Laura Mora".to_owned()),
        attendees: vec![Attendee { name: "Laura Mora".to_owned(), email: "laura@agencia.example".to_owned() }],
        sender: None,
    };
    let test = TestFacts { by: "Laura Mora".to_owned(), host: Some("srv1".to_owned()), at: now };
    vec![
        alert(Why::Warning),
        alert(Why::Attention),
        alert(Why::Breach),
        alert(Why::Escalation),
        Content::Update {
            about: Box::new(facts.clone()),
            news: News { what: NewsKind::MetLate, who: Some("Laura Mora".to_owned()), at: now },
        },
        Content::Violation(Box::new(templates::sample_violation())),
        Content::Digest {
            alerts: vec![facts.clone()],
            violations: vec![templates::sample_violation()],
            cause: HeldFor::Downtime,
            n_more: 3,
        },
        Content::List { name: "tareas".to_owned(), rule: Some("D1".to_owned()), requests: vec![listed] },
        Content::Report(Box::new(templates::sample_report())),
        Content::Invitation(Box::new(invitation)),
        Content::Approval(Box::new(templates::sample_approval())),
        Content::Link { deed: "show".to_owned(), request: RequestId(17) },
        Content::Notice { subject: "Un aviso no se pudo entregar".to_owned(), text: "…".to_owned() },
        Content::Test(Box::new(test)),
    ]
}

/// The bodies that a receiver gets for them.
fn received() -> Vec<Value> {
    let now = templates::sample().decided_at;
    let page = || "https://plazo.example/a/x".to_owned();
    let links = move |_: RequestId| {
        Some(Links {
            take: page(),
            own: Some(page()),
            snooze15: page(),
            snooze60: page(),
            opening: Some(page()),
            show: page(),
            waive: Some(page()),
            reason: None,
        })
    };
    let reader = Reader {
        person: Some("laura"),
        links: &links,
        list: Some(page()),
        ..Reader::plain(chrono_tz::America::Bogota, Language::Es, now)
    };
    let peer = Webhook::scripted(|_, _| answer("204 No Content", "", ""));
    rustls::crypto::ring::default_provider().install_default().ok();
    let url = SecretSource::Plain(peer.url.clone());
    let endpoint = Endpoint { url, private: true, timeout: Duration::from_secs(5) };
    let settings = Settings::Webhook(Box::new(webhook::Settings { endpoint, secrets: Vec::new(), updates: true }));
    let clients = net::clients().expect("HTTP");
    let transport = Transport::new(&settings, &clients, std::path::Path::new("unused")).expect("a transport");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for content in contents() {
        let rendered = render(&content, &Texts::default(), &reader);
        let card = Card::of(&content, &rendered.text, &reader);
        let facts =
            facts::document(&content, (plazo::outbox::DeliveryId(42), Some("laura"), now), &rendered.subject, &reader);
        let message = Message {
            id: "1.42".to_owned(),
            request: content.request(),
            thread: None,
            to: None,
            decided_at: now,
            language: Language::Es,
            subject: rendered.subject,
            text: rendered.text,
            html: rendered.html,
            card,
            attachments: Vec::new(),
            facts,
            first: None,
            updates: None,
            phone: None,
        };
        runtime.block_on(transport.send(&message, now)).expect("it is taken");
    }
    peer.received().iter().map(|call| serde_json::from_str(&call.body).expect("JSON")).collect()
}

/// The examples of the page, by type.
fn examples() -> BTreeMap<String, Value> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/webhooks.md")).expect("the page");
    let blocks = page.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next());
    let value = |block: &str| serde_json::from_str::<Value>(block).unwrap_or_else(|error| panic!("{error} in {block}"));
    blocks.map(value).map(|value| (value["type"].as_str().unwrap_or_default().to_owned(), value)).collect()
}

fn names(value: &Value) -> BTreeSet<&str> {
    value.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect()
}

/// Members of the example, at any depth, that the call does not have.
fn invented(example: &Value, call: &Value, path: &str) -> Vec<String> {
    match (example, call) {
        (Value::Object(members), _) => members
            .iter()
            .flat_map(|(name, value)| match call.get(name) {
                Some(inner) => invented(value, inner, &format!("{path}.{name}")),
                None => vec![format!("{path}.{name}")],
            })
            .collect(),
        (Value::Array(examples), Value::Array(calls)) => {
            let pairs = examples.iter().zip(calls.iter().cycle());
            pairs.flat_map(|(example, call)| invented(example, call, &format!("{path}[]"))).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn every_type_of_call_has_the_members_that_the_page_tells_and_no_others() {
    let examples = examples();
    let mut told = BTreeSet::new();
    for call in received() {
        let kind = call["type"].as_str().expect("a type").to_owned();
        // Alerts differ by their motive alone.
        let known = if call["data"]["content"]["type"] == "alert" { "sla.breach" } else { &kind };
        let example = examples.get(known).unwrap_or_else(|| panic!("no example of {kind}"));
        told.insert(known.to_owned());
        assert_eq!(names(example), names(&call), "{kind}");
        for part in ["/data", "/data/links", "/data/content"] {
            let (example, call) = (example.pointer(part).expect(part), call.pointer(part).expect(part));
            assert_eq!(names(example), names(call), "{kind}{part}");
        }
        assert_eq!(invented(example, &call, ""), Vec::<String>::new(), "{kind}");
        let text = call["data"]["text"].as_str().unwrap_or_default();
        assert!(!text.is_empty() && !text.contains('\n'), "{kind}: {text}");
    }
    assert_eq!(told, examples.into_keys().collect(), "an example of a type that there is not");
}

#[test]
fn a_call_names_its_request_and_its_next_step_in_words_and_has_a_sentence_to_show() {
    let calls = received();
    let breach = calls.iter().find(|call| call["type"] == "sla.breach").expect("a breach");
    let data = &breach["data"];
    assert_eq!(data["request_id"], "R-17");
    assert_eq!((&data["content"]["request"], &data["content"]["request_id"]), (&17.into(), &"R-17".into()));
    assert_eq!(data["content"]["next"]["step"], "+30m");
    assert_eq!(data["content"]["next"]["at"], "2026-03-02T14:50:00Z");
    assert_eq!(data["links"]["conversation"], "https://wa.me/573001112233");
    let text = data["text"].as_str().expect("a sentence");
    assert!(text.starts_with("Responder a Luisa Gómez (Andina) por WhatsApp. Venció 09:20"), "{text}");
}
