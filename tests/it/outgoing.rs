//! Every transport by the bytes on the wire: what it sends, what it makes of each answer that its vendor documents, and that nobody's
//! words mention, link or format anything there.
//!
//! `tests/data/outgoing/*.responses.json` are the answers, in neutral words; `*.txt` beside them the very calls. `UPDATE_EXPECT=1`
//! rewrites the latter.

use std::path::Path;
use std::time::Duration;

use crate::support::data;
use crate::support::webhook::{Received, Webhook, answer};
use chrono::{DateTime, Utc};
use plazo::engine::request_id::RequestId;
use plazo::net;
use plazo::notify::endpoint::Endpoint;
use plazo::notify::whatsapp::{Letter, Parameter};
use plazo::notify::{
    Button, Card, CardFacts, DeliveryError, Kind, Message, Receipt, Settings, Tone, Transport, clickup, glpi, jsm_ops,
    matrix, ntfy, pagerduty, pushover, slack, telegram, webhook, whatsapp, zulip,
};
use plazo::secret::SecretSource;
use plazo::text::Language;
use serde_json::{Value, json};

/// The systems, by the name of their samples.
const SYSTEMS: [(&str, Kind); 17] = [
    ("slack", Kind::Slack),
    ("teams_workflows", Kind::Teams),
    ("google_chat", Kind::GoogleChat),
    ("discord", Kind::Discord),
    ("mattermost", Kind::Mattermost),
    ("rocketchat", Kind::RocketChat),
    ("matrix", Kind::Matrix),
    ("zulip", Kind::Zulip),
    ("telegram", Kind::Telegram),
    ("whatsapp_cloud", Kind::WhatsApp),
    ("ntfy", Kind::Ntfy),
    ("pushover", Kind::Pushover),
    ("pagerduty", Kind::PagerDuty),
    ("jsm_ops", Kind::JsmOps),
    ("generic_webhook", Kind::Webhook),
    ("glpi", Kind::Glpi),
    ("clickup", Kind::ClickUp),
];
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn now() -> DateTime<Utc> {
    at("2026-03-02T14:35:00Z")
}

/// Settings for a peer at `url`. Slack is a webhook, unless `is_bot`.
pub(super) fn settings(kind: Kind, url: &str, is_bot: bool) -> Settings {
    settings_by(kind, endpoint(url), is_bot)
}

pub(super) fn endpoint(url: &str) -> Endpoint {
    Endpoint { url: SecretSource::Plain(url.to_owned()), private: true, timeout: Duration::from_secs(5) }
}

fn settings_by(kind: Kind, endpoint: Endpoint, is_bot: bool) -> Settings {
    let secret = |text: &str| SecretSource::Plain(text.to_owned());
    let token = secret(TOKEN);
    let fields = |fields: Value| fields.as_object().cloned().unwrap_or_default();
    match kind {
        Kind::Slack => Settings::Slack(Box::new(slack::Settings {
            endpoint,
            token: is_bot.then_some(token),
            channel: is_bot.then(|| "C0ALERTAS1".to_owned()),
            buttons: None,
        })),
        Kind::Teams => Settings::Teams(Box::new(endpoint)),
        Kind::GoogleChat => Settings::GoogleChat(Box::new(endpoint)),
        Kind::Discord => Settings::Discord(Box::new(endpoint)),
        Kind::Mattermost => Settings::Mattermost(Box::new(endpoint)),
        Kind::RocketChat => Settings::RocketChat(Box::new(endpoint)),
        Kind::Matrix => Settings::Matrix(Box::new(matrix::Settings {
            endpoint,
            token,
            room: Some("!alertas:empresa.example".to_owned()),
        })),
        Kind::Zulip => Settings::Zulip(Box::new(zulip::Settings {
            endpoint,
            bot: "plazo-bot@empresa.example".to_owned(),
            token,
            channel: Some("alertas".to_owned()),
        })),
        Kind::Pushover => Settings::Pushover(Box::new(pushover::Settings {
            endpoint,
            token,
            user: Some("uPLAZOTEST".to_owned()),
            callback: Some(secret("https://hooks.plazo.example/hooks/pushover/palabra")),
        })),
        Kind::JsmOps => Settings::JsmOps(Box::new(jsm_ops::Settings { endpoint, key: token })),
        Kind::Telegram => Settings::Telegram(Box::new(telegram::Settings {
            endpoint,
            token,
            chat: Some("-1001000000009".to_owned()),
            topic: Some(7),
            buttons: None,
        })),
        Kind::WhatsApp => Settings::WhatsApp(Box::new(whatsapp::Settings {
            endpoint,
            token,
            to: Some("+57 300 000 0009".to_owned()),
            letter: Letter {
                sender: "100000000000001".to_owned(),
                template: "plazo_alerta_sla".to_owned(),
                language: "es_CO".to_owned(),
                parameters: vec![Parameter::Client, Parameter::Time, Parameter::Channel],
            },
        })),
        Kind::Ntfy => Settings::Ntfy(Box::new(ntfy::Settings {
            endpoint,
            token: Some(token),
            topic: Some("plazo-alertas".to_owned()),
        })),
        Kind::PagerDuty => Settings::PagerDuty(Box::new(pagerduty::Settings { endpoint, key: token })),
        Kind::Webhook => Settings::Webhook(Box::new(webhook::Settings {
            endpoint,
            secrets: ["whsec_cGxhem8tdGVzdC1zdGFuZGFyZC13ZWJob29rcy1rZXk=", "whsec_bGEtYW50ZXJpb3I="]
                .map(secret)
                .to_vec(),
            updates: false,
        })),
        Kind::Glpi => Settings::Glpi(Box::new(glpi::Settings {
            endpoint,
            token,
            app_token: Some(secret("app")),
            fields: fields(json!({"itilcategories_id": 4})),
        })),
        Kind::ClickUp => Settings::ClickUp(Box::new(clickup::Settings {
            endpoint,
            token,
            list: "162641062".to_owned(),
            fields: fields(json!({"assignees": [183]})),
        })),
        Kind::Email | Kind::File => panic!("{} goes by no call", kind.as_str()),
        Kind::TwilioSms | Kind::TwilioCall | Kind::InfobipSms => panic!("{} is in phone.rs", kind.as_str()),
    }
}

fn clients() -> net::Clients {
    rustls::crypto::ring::default_provider().install_default().ok();
    net::clients().expect("HTTP")
}

pub(super) fn transport(settings: &Settings) -> Transport {
    let clients = clients();
    Transport::new(settings, &clients, Path::new("unused")).expect("a transport")
}

/// An alert whose client's words are `words`.
pub(super) fn alert(words: &str) -> Message {
    let link = |deed: &str| format!("https://plazo.example/a/{deed}");
    let field = |label: &str, value: &str| (label.to_owned(), value.to_owned());
    let wa = Button::new("Abrir en WhatsApp", "https://wa.me/573001112233");
    Message {
        id: "0a1b2c3d.42".to_owned(),
        request: Some(RequestId(17)),
        thread: Some("0a1b2c3d.R-17".to_owned()),
        to: None,
        decided_at: now(),
        language: Language::Es,
        subject: format!("Vencido hace 30 min · {words} · responder [R-17]"),
        text: format!("Responder a {words} por WhatsApp\nVenció 09:05, hace 30 min · responsable Andrés Rojas"),
        attachments: Vec::new(),
        html: String::new(),
        card: Card {
            tone: Tone::Breach,
            fields: vec![field("Cliente", words), field("Canal", "WhatsApp"), field("Responsable", "Andrés Rojas")],
            title: Some(format!("Responder a {words} por WhatsApp")),
            lines: vec![
                "Venció 09:05, hace 30 min · responsable Andrés Rojas · R-17".to_owned(),
                "Qué hacer: Andrés Rojas todavía no ha respondido. Si puede ocuparse, tómelo.".to_owned(),
                "El próximo aviso sale a las 10:05; con «Lo tomo» no sale.".to_owned(),
            ],
            notes: vec!["Venció 09:05, hace 30 min · responsable Andrés Rojas".to_owned(), "A1 · whatsapp".to_owned()],
            buttons: ["Lo tomo take", "Recordarme en 15 min s15", "Recordarme en 1 h s60", "Ver show"]
                .into_iter()
                .filter_map(|button| button.rsplit_once(' '))
                .map(|(word, deed)| Button::new(word, &link(deed)))
                .chain([wa.clone()])
                .collect(),
            also: vec![Button::new("No hace falta responder", &link("waive"))],
            show: Some(link("show")),
            place: Some(wa),
            is_over: false,
            who: None,
            key: Some("0a1b2c3d.R-17-reply-1".to_owned()),
            due_at: Some(at("2026-03-02T14:05:00Z")),
            facts: CardFacts {
                client: words.to_owned(),
                time: "-30 min".to_owned(),
                channel: "WhatsApp".to_owned(),
                owner: "Andrés Rojas".to_owned(),
                request: "R-17".to_owned(),
            },
        },
        facts: json!({"type": "sla.breach", "timestamp": now(), "data": {"delivery": 42}}),
        first: None,
        updates: None,
        phone: None,
    }
}

/// The same, over: what its message is replaced by, or gets besides.
pub(super) fn update(reference: &str) -> Message {
    let alert = alert("Laura Gómez");
    Message {
        subject: "Cumplido 14 min tarde, tras 34 min: responder · Laura Gómez · WhatsApp [R-17]".to_owned(),
        text: "Andrés Rojas, lun 2 mar, 09:39".to_owned(),
        card: Card {
            tone: Tone::Done,
            is_over: true,
            who: Some("Andrés Rojas".to_owned()),
            title: None,
            lines: Vec::new(),
            buttons: Vec::new(),
            also: Vec::new(),
            show: None,
            place: None,
            notes: vec!["Andrés Rojas, lun 2 mar, 09:39".to_owned()],
            ..alert.card.clone()
        },
        first: Some(reference.to_owned()),
        updates: Some(reference.to_owned()),
        ..alert
    }
}

pub(super) fn send(transport: &Transport, message: &Message) -> Result<Receipt, DeliveryError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(transport.send(message, now()))
}

/// What comes before the message: GLPI opens a session, Matrix is asked whether the room is encrypted.
fn is_before(call: &Received) -> bool {
    call.path.ends_with("/initSession") || call.path.ends_with("/state/m.room.encryption")
}

/// The answer to it, where all is well.
pub(super) fn before(call: &Received) -> Option<String> {
    match call.path.rsplit('/').next() {
        Some("initSession") => answer("200 OK", "", "{\"session_token\":\"s-1\"}"),
        Some("m.room.encryption") => {
            answer("404 Not Found", "", r#"{"errcode":"M_NOT_FOUND","error":"Event not found."}"#)
        }
        _ => None,
    }
}

pub(super) fn well(system: &str, call: &Received) -> Option<String> {
    if is_before(call) {
        return before(call);
    }
    let body = match system {
        "slack" if call.path.contains("chat.") => {
            json!({"ok": true, "channel": "C0ALERTAS1", "ts": "1772462100.000100"})
        }
        "slack" | "mattermost" => return answer("200 OK", "", "ok"),
        "google_chat" => json!({"name": "spaces/AAAA/messages/b.b"}),
        "ntfy" => json!({"id": "x8", "event": "message", "topic": "t"}),
        "telegram" => json!({"ok": true, "result": {"message_id": 900}}),
        "discord" => json!({"id": "1100000000000000001"}),
        "glpi" => json!({"id": 1043, "message": ""}),
        "clickup" => json!({"id": "86aplazo9"}),
        "pagerduty" => json!({"status": "success", "dedup_key": "plazo-0a1b2c3d.R-17-reply-1"}),
        "whatsapp_cloud" => json!({"messages": [{"id": "wamid.PLAZOOUT0001"}]}),
        "rocketchat" => json!({"success": true}),
        "matrix" => json!({"event_id": "$plazo42"}),
        "zulip" => json!({"result": "success", "msg": "", "id": 4242}),
        "pushover" => json!({"status": 1, "request": "00000000-0000-4000-8000-000000000042", "receipt": "rPLAZOTEST"}),
        "jsm_ops" => json!({"result": "Request will be processed", "took": 0.012, "requestId": "r-1"}),
        _ => json!({}),
    };
    answer("200 OK", "", &body.to_string())
}

/// A call as the files have it: the line, the headers that matter, the body.
fn written(call: &Received) -> String {
    let headers = [
        "authorization",
        "content-type",
        "session-token",
        "app-token",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    ];
    let headers: String = headers
        .iter()
        .filter(|name| !call.header(name).is_empty())
        .map(|name| format!("{name}: {}\n", call.header(name)))
        .collect();
    let body = serde_json::to_string_pretty(&body_of(call)).expect("JSON");
    format!("{} {}\n{headers}\n{body}\n", call.method, call.path)
}

/// The body as a document; of a form, an object of its fields.
pub(super) fn body_of(call: &Received) -> Value {
    if call.header("content-type") == "application/x-www-form-urlencoded" {
        let fields = form_urlencoded::parse(call.body.as_bytes());
        return fields.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned()))).collect();
    }
    serde_json::from_str(&call.body).unwrap_or_default()
}

#[track_caller]
fn compare(name: &str, calls: &[Received]) {
    let calls: Vec<_> = calls.iter().filter(|call| !is_before(call)).map(written).collect();
    let text = calls.join("\n----\n\n");
    let path = data("outgoing").join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &text).expect("the expectation is written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{name}: UPDATE_EXPECT=1 rewrites {}", path.display());
}

#[test]
fn each_system_gets_exactly_these_calls() {
    for (system, kind) in SYSTEMS {
        for is_bot in [false, true] {
            if is_bot && kind != Kind::Slack {
                continue;
            }
            let peer = Webhook::scripted(move |_, call| well(system, call));
            let settings = settings(kind, peer.url.trim_end_matches("/hook"), is_bot);
            let transport = transport(&settings);
            let told = send(&transport, &alert("Laura Gómez")).unwrap_or_else(|error| panic!("{system}: {error:?}"));
            if settings.can().updates {
                let reference = told.reference.unwrap_or_else(|| panic!("{system} says no name of its message"));
                send(&transport, &update(&reference)).unwrap_or_else(|error| panic!("{system}: {error:?}"));
            }
            compare(if is_bot { "slack_bot" } else { system }, &peer.received());
        }
    }
}

#[test]
fn the_second_message_about_a_request_goes_to_the_thread_or_ticket_of_the_first() {
    for (system, kind, reference, holds) in [
        ("slack", Kind::Slack, "C0ALERTAS1:1772462100.000100", "\"thread_ts\":\"1772462100.000100\""),
        ("telegram", Kind::Telegram, "900", "\"message_id\":900"),
        ("matrix", Kind::Matrix, "!alertas:empresa.example $plazo41", "\"rel_type\":\"m.thread\""),
        ("glpi", Kind::Glpi, "1043", "\"items_id\":1043"),
        ("clickup", Kind::ClickUp, "86aplazo9", "\"comment_text\""),
    ] {
        let peer = Webhook::scripted(move |_, call| well(system, call));
        let transport = transport(&settings(kind, peer.url.trim_end_matches("/hook"), true));
        let message = Message { first: Some(reference.to_owned()), ..alert("Laura Gómez") };
        let told = send(&transport, &message).unwrap_or_else(|error| panic!("{system}: {error:?}"));
        let calls = peer.received();
        let call = calls.iter().find(|call| !is_before(call)).expect("a call");
        assert!(call.body.contains(holds), "{system}: {}", call.body);
        if kind.can().keeps_tickets {
            assert!(told.reference.is_none_or(|told| told == reference), "{system} goes on with the same ticket");
        }
    }
}

/// What may become of an answer, by the vendor's table.
#[track_caller]
fn check(system: &str, row: &Value, result: &Result<Receipt, DeliveryError>, n_calls: usize) {
    let case = format!("{system}: {}: {row} gave {result:?} after {n_calls} calls", row["case"]);
    let (retry, means) = (row["retry"].as_str().unwrap_or_default(), row["means"].as_str().unwrap_or_default());
    let is_good = row["status"].as_u64().is_some_and(|status| (200..300).contains(&status))
        && row["body"]["ok"] != false
        && row["body"]["success"] != false;
    match (retry, result) {
        ("once, after a new initSession", Err(DeliveryError::Hold { .. })) => {}
        ("no", Ok(_)) => assert!(is_good, "{case}"),
        ("no", Err(DeliveryError::GiveUp { .. })) => assert!(!is_good, "{case}"),
        // What the token or the account lacks, every message lacks: the destination stands, and nothing is lost.
        ("no", Err(DeliveryError::Hold { .. })) => {
            let is_of_all = ["target off", "token", "configuration", "administrator"];
            assert!(is_of_all.iter().any(|word| means.contains(word)), "{case}");
        }
        ("tomorrow", Err(DeliveryError::Hold { after, .. })) => assert!(after.is_some(), "{case}"),
        (retry, Err(DeliveryError::Hold { after, .. })) if retry.contains("after") || retry.contains("at X-") => {
            let header = row["headers"]["Retry-After"].as_str().and_then(|text| text.parse::<i64>().ok());
            let seconds = after.map(|after| after.num_seconds());
            let in_body = row["body"]["retry_after"].as_f64().or(row["body"]["parameters"]["retry_after"].as_f64());
            match (in_body, header) {
                (Some(told), _) => {
                    assert!(after.is_some_and(|after| (after.as_seconds_f64() - told).abs() < 0.01), "{case}")
                }
                (None, Some(told)) => assert_eq!(seconds, Some(told), "{case}"),
                (None, None) => assert!(retry.contains("backoff") || after.is_some(), "{case}"),
            }
        }
        (retry, Err(DeliveryError::Retry { .. } | DeliveryError::Hold { .. })) => {
            assert!(retry.contains("backoff"), "{case}");
        }
        _ => panic!("{case}"),
    }
    let is_sent_again = means.contains("once with text only")
        || means.contains("once as plain text")
        || means.contains("send once more")
        || means.contains("send the short card")
        || means.contains("MaxAllowedSize")
        || row["status"] == 413 && n_calls == 2;
    assert_eq!(n_calls, if is_sent_again || retry.starts_with("once") { 2 } else { 1 }, "{case}");
}

/// The same where the table names the class of what becomes of it.
#[track_caller]
fn check_class(system: &str, row: &Value, result: &Result<Receipt, DeliveryError>, n_calls: usize) {
    let case = format!("{system}: {row} gave {result:?} after {n_calls} calls");
    let is_lost = row["status"].is_null();
    match (row["class"].as_str().unwrap_or_default(), result) {
        ("done", Ok(_))
        | ("hold", Err(DeliveryError::Hold { after: None, .. }))
        | ("give_up", Err(DeliveryError::GiveUp { .. })) => {}
        ("retry", Err(DeliveryError::Hold { after, .. })) => {
            assert_eq!(after.map(|after| after.num_seconds()), row["after_s"].as_i64(), "{case}");
        }
        // Whoever may have taken it is told again, and that it may be so.
        ("retry", Err(DeliveryError::Doubt { .. })) => assert!(is_lost && row["look_first"] == true, "{case}"),
        ("retry", Err(DeliveryError::Retry { .. })) => assert!(is_lost && row["look_first"].is_null(), "{case}"),
        _ => panic!("{case}"),
    }
    let retry = row["retry"].as_str().unwrap_or_default();
    let n_expected = if retry.starts_with("once, after") || retry == "send a new one" { 2 } else { 1 };
    assert!(is_lost || n_calls == n_expected, "{case}");
}

/// Sends what a row is about to a peer that answers so, and says how often it was called.
fn tried(system: &'static str, kind: Kind, row: &Value, is_bot: bool) -> (Result<Receipt, DeliveryError>, usize) {
    if row["case"].as_str().is_some_and(|case| case.starts_with("reset")) {
        return (send(&transport(&settings(kind, &hangs_up(), is_bot)), &alert("Laura Gómez")), 1);
    }
    let headers = row["headers"].as_object().into_iter().flatten().filter(|(name, _)| *name != "Content-Type");
    let headers: String =
        headers.map(|(name, value)| format!("{name}: {}\r\n", value.as_str().unwrap_or_default())).collect();
    let body = match &row["body"] {
        Value::String(text) => text.clone(),
        body => body.to_string(),
    };
    // Without a status nobody ever answers.
    let said = row["status"].as_u64().and_then(|status| answer(&format!("{status} Said"), &headers, &body));
    let is_of_over = row["to"] == "over";
    let peer = Webhook::scripted(move |index, call| match before(call) {
        Some(answer) => Some(answer),
        // What is said of a change is not said of a message of its own.
        None if is_of_over && 0 < index => well(system, call),
        None => said.clone(),
    });
    let patience = Duration::from_millis(if row["status"].is_null() { 200 } else { 5_000 });
    let endpoint = Endpoint { timeout: patience, ..endpoint(peer.url.trim_end_matches("/hook")) };
    let transport = transport(&settings_by(kind, endpoint, is_bot));
    let message = if is_of_over { update("4242") } else { alert("Laura Gómez") };
    let result = send(&transport, &message);
    let n_calls = peer.received().iter().filter(|call| !is_before(call)).count();
    (result, n_calls)
}

#[test]
fn each_documented_answer_is_taken_for_what_it_means() {
    for (system, kind) in SYSTEMS {
        let path = data("outgoing").join(format!("{system}.responses.json"));
        let rows = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let rows: Vec<Value> = serde_json::from_str(&rows).expect("JSON");
        for row in rows {
            // The two ways into Slack answer each in their own manner.
            let is_bot = row["case"].as_str().is_some_and(|case| case.starts_with("api"));
            let (result, n_calls) = tried(system, kind, &row, is_bot);
            if row["class"].is_string() {
                check_class(system, &row, &result, n_calls);
            } else {
                check(system, &row, &result, n_calls);
            }
            if let Err(error) = &result {
                assert!(!error.cause().contains(TOKEN), "{system} tells its token: {error:?}");
                assert!(!error.cause().contains("Laura"), "{system} tells a client's words: {error:?}");
            }
        }
    }
}

#[test]
fn a_redirect_a_reset_and_silence_are_failures() {
    for (system, kind) in SYSTEMS {
        let elsewhere = Webhook::start();
        let to = elsewhere.url.clone();
        let peer = Webhook::scripted(move |_, _| answer("302 Found", &format!("Location: {to}\r\n"), ""));
        let result = send(&transport(&settings(kind, peer.url.trim_end_matches("/hook"), true)), &alert("Laura"));
        assert!(result.is_err(), "{system}: {result:?}");
        assert!(elsewhere.received().is_empty(), "{system} follows redirects");
        // Nobody listens: whoever has another way goes it.
        let result = send(&transport(&settings(kind, "http://127.0.0.1:9", true)), &alert("Laura"));
        assert!(matches!(result, Err(DeliveryError::Hold { .. })), "{system}: {result:?}");
        // What goes under a name of its own arrives once, however often it is sent.
        let lost = if kind == Kind::Matrix { "retry" } else { "doubt" };
        // It takes the message and hangs up: it may have arrived.
        let result = send(&transport(&settings(kind, &hangs_up(), true)), &alert("Laura"));
        assert_eq!(word(&result), lost, "{system}: {result:?}");
        // It takes the message and says nothing: it may have arrived, so it is tried again under the same id.
        let peer = Webhook::scripted(|_, call| matrix_before(call));
        let slow = Endpoint { timeout: Duration::from_millis(200), ..endpoint(peer.url.trim_end_matches("/hook")) };
        let result = send(&transport(&settings_by(kind, slow, true)), &alert("Laura"));
        assert_eq!(word(&result), lost, "{system}: {result:?}");
    }
}

/// The address of a peer that reads what comes and closes the connection without a word.
fn hangs_up() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            // As much as there is at once; what is left makes it a reset.
            std::io::Read::read(&mut stream, &mut [0; 256]).ok();
        }
    });
    format!("http://{address}")
}

/// A peer that gives this answer, byte for byte, and hangs up.
fn says(answer: &str) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let answer = answer.to_owned();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let before = crate::support::webhook::read_call(&stream).and_then(|call| matrix_before(&call));
            std::io::Write::write_all(&mut stream, before.as_ref().unwrap_or(&answer).as_bytes()).ok();
        }
    });
    format!("http://{address}")
}

/// What of [`before`] is Matrix's: its room is plain.
fn matrix_before(call: &Received) -> Option<String> {
    before(call).filter(|_| call.path.starts_with("/_matrix/"))
}

/// How an answer is taken, in a word.
pub(super) fn word(result: &Result<Receipt, DeliveryError>) -> &'static str {
    match result {
        Ok(_) => "taken",
        Err(DeliveryError::Retry { .. }) => "retry",
        Err(DeliveryError::Hold { .. }) => "hold",
        Err(DeliveryError::Doubt { .. }) => "doubt",
        Err(DeliveryError::GiveUp { .. }) => "give up",
        Err(DeliveryError::Moot { .. }) => "moot",
        Err(DeliveryError::NotToReader { .. }) => "not to reader",
    }
}

/// LESSONS 55: what stands in a system's place, a portal, a proxy, is not the system, whatever its status says.
#[test]
fn lessons_55_what_answers_in_a_system_s_place_is_not_its_success_nor_its_last_word() {
    const PAGE: &str = "<!DOCTYPE html><title>Iniciar sesión</title>";
    let answers = [
        ("200 OK", "Content-Type: text/html\r\n", PAGE, "hold"),
        ("200 OK", "", "upstream delivery failed", "hold"),
        ("200 OK", "", "{\"message\":\"no route\"}", "hold"),
        ("200 OK", "", "", "hold"),
        ("302 Found", "Location: https://portal.example/\r\n", "", "hold"),
        ("301 Moved", "Location: https://portal.example/\r\n", "", "hold"),
        ("401 Unauthorized", "WWW-Authenticate: Basic realm=x\r\n", PAGE, "hold"),
        ("403 Forbidden", "", "<html>error 1020</html>", "hold"),
        ("404 Not Found", "", "404 page not found", "hold"),
        ("405 Not Allowed", "", PAGE, "hold"),
        ("407 Proxy", "", PAGE, "hold"),
        ("408 Timeout", "", PAGE, "hold"),
        ("502 Bad Gateway", "", PAGE, "hold"),
        ("503 Unavailable", "", "<html>maintenance</html>", "hold"),
        ("504 Timeout", "", PAGE, "hold"),
        ("522 Timed out", "", PAGE, "hold"),
        ("511 Login", "", PAGE, "hold"),
        ("400 Bad Request", "", "<html>The plain HTTP request was sent to HTTPS port</html>", "retry"),
        ("413 Too Large", "", "<html>413</html>", "give up"),
    ];
    for (system, kind) in SYSTEMS {
        for (status, headers, body, expected) in answers {
            // What any receiver may say, and what two systems say themselves, with nothing or anything in it.
            let is_its_own = match kind {
                Kind::Webhook => {
                    status == "200 OK" && body != PAGE || !body.contains('<') && !status.starts_with(['3', '4'])
                }
                Kind::Teams => status == "200 OK" && (body.is_empty() || body.starts_with('{')),
                _ => false,
            };
            if is_its_own {
                continue;
            }
            let said = answer(status, headers, body);
            let peer = Webhook::scripted(move |_, call| before(call).or_else(|| said.clone()));
            let result = send(&transport(&settings(kind, peer.url.trim_end_matches("/hook"), true)), &alert("Laura"));
            assert_eq!(word(&result), expected, "{system}, {status} {body}: {result:?}");
        }
    }
}

/// What was taken is never sent again: an answer that is broken off, or too long to be read, began as success does.
#[test]
fn lessons_54_what_was_accepted_is_not_sent_again_for_a_broken_answer() {
    let long = "x".repeat(400 << 10);
    let begins = [
        ("slack", "200 OK", "{\"ok\":true,\"chan"),
        ("slack", "200 OK", "o"),
        ("teams_workflows", "202 Accepted", ""),
        ("google_chat", "200 OK", "{\n  \"name\": \"spaces/AAA/mess"),
        ("discord", "200 OK", "{\"id\":\"1100"),
        ("mattermost", "200 OK", "o"),
        ("rocketchat", "200 OK", "{\"success\":tr"),
        ("rocketchat", "200 OK", "{\"success\":true,\"x\":\""),
        ("telegram", "200 OK", "{\"ok\":true,\"result\":{\"message_id\""),
        ("whatsapp_cloud", "200 OK", "{\"messaging_product\":\"whatsapp\",\"con"),
        ("ntfy", "200 OK", "{\"id\":\"x"),
        ("matrix", "200 OK", "{\"event_id\":\"$pla"),
        ("zulip", "200 OK", "{\"result\":\"success\",\"msg\":\"\",\"id\":42"),
        ("pushover", "200 OK", "{\"status\":1,\"request\":\"00"),
        ("pagerduty", "202 Accepted", "{\"sta"),
        ("jsm_ops", "202 Accepted", "{\"resul"),
        ("clickup", "200 OK", "{\"id\":\"86a\",\"name"),
        ("generic_webhook", "200 OK", "{\"anything"),
    ];
    for (system, kind) in SYSTEMS {
        for (_, status, begin) in begins.iter().filter(|(name, ..)| *name == system) {
            let cut = format!("HTTP/1.1 {status}\r\nContent-Length: 900\r\n\r\n{begin}");
            let result = send(&transport(&settings(kind, &says(&cut), true)), &alert("Laura"));
            assert_eq!(word(&result), "taken", "{system}, cut: {result:?}");
        }
        for (_, status, begin) in
            begins.iter().filter(|(name, _, begin)| *name == system && 2 < begin.len() && !begin.ends_with("tr"))
        {
            let body = format!("{begin}{long}");
            let whole = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            let result = send(&transport(&settings(kind, &says(&whole), true)), &alert("Laura"));
            assert_eq!(word(&result), "taken", "{system}, too long: {result:?}");
        }
    }
}

/// Ids are strings here and numbers there, and change.
#[test]
fn an_id_is_read_whatever_its_type() {
    let answers = [
        ("discord", "{\"id\":1100000000000000001}", "1100000000000000001"),
        ("telegram", "{\"ok\":true,\"result\":{\"message_id\":\"900\",\"chat\":{\"id\":-100123}}}", "-100123:900"),
        ("clickup", "{\"id\":458}", "458"),
        ("glpi", "{\"id\":\"1043\",\"message\":\"\"}", "1043"),
        ("pagerduty", "{\"status\":\"success\",\"dedup_key\":\"k-1\"}", "k-1"),
        ("matrix", "{\"event_id\":\"$plazo42\"}", "!alertas:empresa.example $plazo42"),
        ("zulip", "{\"result\":\"success\",\"msg\":\"\",\"id\":\"4242\"}", "4242"),
        ("pushover", "{\"status\":1,\"receipt\":\"rPLAZOTEST\"}", "rPLAZOTEST"),
        // It names only the call; the alert bears the name that plazo gave it.
        ("jsm_ops", "{\"result\":\"Request will be processed\",\"requestId\":\"r\"}", "plazo-0a1b2c3d.R-17-reply-1"),
    ];
    for (system, kind) in SYSTEMS {
        for (_, body, expected) in answers.iter().filter(|(name, ..)| *name == system) {
            let status = if kind == Kind::PagerDuty { "202 Accepted" } else { "200 OK" };
            let said = answer(status, "", body);
            let peer = Webhook::scripted(move |_, call| before(call).or_else(|| said.clone()));
            let result = send(&transport(&settings(kind, peer.url.trim_end_matches("/hook"), true)), &alert("Laura"));
            let reference = result.expect("taken").reference;
            assert_eq!(reference.as_deref(), Some(*expected), "{system}");
        }
    }
}

#[test]
fn a_telegram_group_that_moved_is_followed_and_its_old_messages_are_not_taken_for_new_ones() {
    const MOVED: &str = r#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-1001234567890}}"#;
    const TAKEN: &str = r#"{"ok":true,"result":{"message_id":7,"chat":{"id":-1001234567890}}}"#;
    let peer = Webhook::scripted(|_, call| {
        if call.body.contains("-1001234567890") {
            answer("200 OK", "", TAKEN)
        } else {
            answer("400 Bad Request", "", MOVED)
        }
    });
    let transport = transport(&settings(Kind::Telegram, peer.url.trim_end_matches("/hook"), true));
    let first = send(&transport, &alert("Laura")).expect("taken where the group is now");
    assert_eq!(first.reference.as_deref(), Some("-1001234567890:7"));
    let mut second = alert("Laura");
    second.first = Some("-500:17".to_owned());
    send(&transport, &second).expect("taken at once");
    let calls = peer.received();
    assert_eq!(calls.len(), 3, "the second one knows where the group is");
    assert!(!calls[2].body.contains("reply_parameters"), "17 is another message there: {}", calls[2].body);
}

#[test]
fn nobody_s_words_are_more_than_words() {
    let texts = std::fs::read_to_string(data("outgoing/untrusted_texts.json")).expect("the texts");
    let texts: Vec<Value> = serde_json::from_str(&texts).expect("JSON");
    for row in &texts {
        let words = row["text"].as_str().expect("a text");
        for (system, kind) in SYSTEMS {
            let peer = Webhook::scripted(move |_, call| well(system, call));
            send(&transport(&settings(kind, peer.url.trim_end_matches("/hook"), true)), &alert(words))
                .unwrap_or_else(|error| panic!("{system}: {error:?}"));
            let calls = peer.received();
            let call = calls.iter().find(|call| !is_before(call)).expect("a call");
            let (body, whole) = (&call.body, body_of(call));
            // The name of a ticket is no HTML, nor is a topic Markdown; their content is.
            let text = all_text(match kind {
                Kind::Glpi => &whole["input"]["content"],
                Kind::Zulip => &whole["content"],
                Kind::Matrix => &whole["formatted_body"],
                _ => &whole,
            });
            let must_not: &[&str] = match kind {
                Kind::Slack => &["<!channel>", "<@U0JEFE0001>", "<https://malo"],
                Kind::Discord => &["[x](https://malo", "**negrita**"],
                Kind::Mattermost | Kind::RocketChat => &["@channel", "@all", "@here", "@everyone", "[x](https://malo"],
                Kind::GoogleChat => &["<users/all>", "<https://malo"],
                Kind::Matrix => &["<script>", "<b>hola", "@room", "<img"],
                Kind::Zulip => &["@everyone", "@all", "@channel", "@**", "#**", "[x](https://malo", "**negrita**"],
                Kind::Telegram => &["<script>", "<b>hola"],
                Kind::Glpi => &["<script>", "<b>hola"],
                _ => &[],
            };
            for bad in must_not {
                assert!(!text.contains(bad), "{system}: {bad} in {text}");
            }
            if let Some(escaped) = row["slack"].as_str().filter(|_| kind == Kind::Slack) {
                assert!(text.contains(escaped), "{text}");
            }
            if let Some(escaped) = row["telegram_html"].as_str().filter(|_| kind == Kind::Telegram) {
                assert!(text.contains(escaped), "{text}");
            }
            if kind == Kind::Discord {
                assert!(body.contains("\"allowed_mentions\":{\"parse\":[]}"), "{body}");
            }
            if kind == Kind::Matrix {
                assert_eq!(whole["m.mentions"], json!({}), "{body}");
            }
            if kind == Kind::Teams {
                // A TextRun knows neither Markdown nor mentions.
                assert!(!body.contains("\"TextBlock\""), "{body}");
            }
            if kind == Kind::WhatsApp {
                assert!(!text.contains('\n') && !text.contains('\t') && !text.contains("     "), "{text}");
            }
        }
    }
}

/// Every string of a document.
fn all_text(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\u{1}"),
        Value::Array(items) => items.iter().map(all_text).collect(),
        Value::Object(fields) => fields.values().map(all_text).collect(),
        _ => String::new(),
    }
}

#[test]
fn what_is_too_long_is_cut_to_what_the_peer_takes() {
    let long = "ñandú 🕐 ".repeat(6_000);
    for (system, kind) in SYSTEMS {
        let peer = Webhook::scripted(move |_, call| well(system, call));
        let mut message = alert("Laura Gómez");
        message.subject = long.clone();
        message.text.clone_from(&long);
        message.card.fields = vec![("Cliente".to_owned(), long.clone()); 30];
        message.card.notes = vec![long.clone()];
        message.card.title = Some(long.clone());
        message.card.lines = vec![long.clone(); 3];
        message.card.facts.client.clone_from(&long);
        send(&transport(&settings(kind, peer.url.trim_end_matches("/hook"), true)), &message)
            .unwrap_or_else(|error| panic!("{system}: {error:?}"));
        let calls = peer.received();
        let call = calls.iter().find(|call| !is_before(call)).expect("a call");
        let body = body_of(call);
        let characters = |text: &Value| text.as_str().map_or(0, |text| text.chars().count());
        let (is_fine, longest) = match kind {
            Kind::Slack => {
                let blocks = body["blocks"].as_array().expect("blocks");
                let sections = blocks.iter().map(|block| characters(&block["text"]["text"])).max();
                let fields = blocks.iter().flat_map(|block| block["fields"].as_array().into_iter().flatten());
                let fields: Vec<_> = fields.map(|field| characters(&field["text"])).collect();
                let fits = sections <= Some(3_000) && fields.len() <= 10 && fields.iter().all(|n| *n <= 2_000);
                (fits && characters(&body["text"]) <= 40_000, 13_000 * 4)
            }
            Kind::Teams => (true, 28 << 10),
            Kind::GoogleChat => (body["text"].as_str().is_some_and(|text| text.len() <= 32_000), 34_000),
            Kind::Discord => {
                let embed = &body["embeds"][0];
                let fields = embed["fields"].as_array().expect("fields");
                let in_all = characters(&embed["title"])
                    + characters(&embed["description"])
                    + fields
                        .iter()
                        .map(|field| characters(&field["name"]) + characters(&field["value"]))
                        .sum::<usize>();
                let fits = characters(&body["content"]) <= 2_000 && characters(&embed["title"]) <= 256;
                (fits && in_all <= 6_000 && fields.len() <= 25, usize::MAX)
            }
            Kind::Mattermost => (characters(&body["text"]) <= 16_383, usize::MAX),
            Kind::RocketChat => {
                (characters(&body["text"]) + characters(&body["attachments"][0]["text"]) <= 5_000, usize::MAX)
            }
            Kind::Matrix => (true, 60_000),
            Kind::Zulip => (characters(&body["content"]) <= 10_000 && characters(&body["topic"]) <= 60, usize::MAX),
            Kind::Pushover => (characters(&body["message"]) <= 1_024 && characters(&body["title"]) <= 250, usize::MAX),
            Kind::JsmOps => {
                (characters(&body["message"]) <= 130 && characters(&body["description"]) <= 15_000, usize::MAX)
            }
            Kind::Telegram => {
                // The limit is for what is left when the marks are read.
                let text = body["text"].as_str().expect("a text").replace("<b>", "").replace("</b>", "");
                (text.encode_utf16().count() <= 4_096, usize::MAX)
            }
            Kind::WhatsApp => {
                let parameters = body["template"]["components"][0]["parameters"].as_array().expect("parameters");
                (parameters.iter().all(|one| characters(&one["text"]) <= 1_024), usize::MAX)
            }
            Kind::Ntfy => (body["message"].as_str().is_some_and(|text| text.len() <= 4_096), usize::MAX),
            Kind::PagerDuty => (characters(&body["payload"]["summary"]) <= 1_024, 512 << 10),
            Kind::Glpi => (characters(&body["input"]["name"]) <= 255, usize::MAX),
            Kind::ClickUp => (characters(&body["name"]) <= 255, usize::MAX),
            _ => (true, usize::MAX),
        };
        assert!(is_fine && call.body.len() <= longest, "{system}: {} bytes", call.body.len());
        if kind != Kind::Webhook {
            assert!(all_text(&body).contains('…'), "{system}: nothing shows that something is missing");
        }
    }
}

#[test]
fn a_private_address_is_reached_only_where_the_file_says_so() {
    let peer = Webhook::start();
    let clients = clients();
    let port = peer.url.rsplit(':').next().and_then(|rest| rest.split('/').next()).expect("a port").to_owned();
    for host in ["127.0.0.1", "localhost", "[::1]", "2130706433", "10.0.0.1", "169.254.169.254"] {
        let public = Endpoint { private: false, ..endpoint(&format!("http://{host}:{port}/inside")) };
        let refused = Transport::new(&settings_by(Kind::Webhook, public, false), &clients, Path::new("unused"));
        let told = refused.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(told.contains("private = true"), "{host}: {told}");
    }
    // A public name that leads inside: found out when it is looked up.
    let name = hosts_name_of_this_machine();
    let public = Endpoint { private: false, ..endpoint(&format!("http://{name}:{port}/inside")) };
    let settings = settings_by(Kind::Webhook, public, false);
    let transport = Transport::new(&settings, &clients, Path::new("unused")).expect("a name says nothing");
    let result = send(&transport, &alert("Laura"));
    let told = result.err().map(|error| error.cause().to_owned()).unwrap_or_default();
    assert!(told.contains("private"), "{name}: {told}");
    // Others, who had that port before, may still be trying.
    assert!(!peer.received().iter().any(|call| call.path == "/inside"), "nothing got inside");
}

/// A name that this machine resolves to an address of its own, and that does not look local: its host name, else one of its hosts file.
fn hosts_name_of_this_machine() -> String {
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    let names = hosts.lines().flat_map(|line| line.split('#').next().unwrap_or_default().split_whitespace().skip(1));
    let name = names.into_iter().find(|name| !name.contains("localhost") && !name.starts_with("ip6-"));
    let own = || std::fs::read_to_string("/etc/hostname").unwrap_or_default().trim().to_owned();
    name.map_or_else(own, str::to_owned)
}
