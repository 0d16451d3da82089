//! Transports to telephones by the bytes on the wire: what they send, what they make of each answer that their vendors document, that a
//! message is looked for before it is sent again, and that texts have one segment.
//!
//! `tests/data/telephones/*/requests.json` are the calls, `responses.json` the answers with what each means, `*.form` and `*_request.txt`
//! what Twilio calls, with its true signatures.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use plazo::engine::request_id::RequestId;
use plazo::intake::signature;
use plazo::net;
use plazo::notify::endpoint::Endpoint;
use plazo::notify::phone::{Callback, ForPhone, PhoneTerms, Voucher};
use plazo::notify::twilio::Account;
use plazo::notify::{
    Card, DeliveryError, Message, Receipt, Settings, Transport, infobip_sms, twilio_call, twilio_sms, twiml,
};
use plazo::outbox::{Price, ReaderLimit};
use plazo::secret::{Secret, SecretSource};
use plazo::text::Language;
use plazo::text::phone::gsm::{self, Alphabet};
use serde_json::{Value, json};

use crate::support::data;
use crate::support::webhook::{Received, Webhook, answer};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const TEXT: &str = "plazo: Laura Gomez (WhatsApp Ventas) espera respuesta hace 30 min, vence 09:35. Resp. Andrés Rojas. R-17 https://plazo.example/e/42";
const SAID: &str = "Alerta de plazo. Laura Gómez espera respuesta hace 30 minutos por WhatsApp Ventas. Vence a las 9 y 35. Para tomarla, marque 1. Para oír otra vez, marque 2.";
const SYSTEMS: [&str; 3] = ["twilio_sms", "twilio_voice", "infobip_sms"];

fn now() -> DateTime<Utc> {
    "2026-03-02T14:35:00Z".parse().expect("an instant")
}

fn samples(path: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(data("telephones").join(path)).expect("the samples");
    serde_json::from_str(&text).expect("JSON")
}

fn settings(system: &str, url: &str, timeout: Duration) -> Settings {
    let plain = |text: &str| SecretSource::Plain(text.to_owned());
    let endpoint = Endpoint { url: plain(url), private: true, timeout };
    let terms =
        |voucher| PhoneTerms { most_a_day: std::num::NonZeroU32::MIN, price: Price::of("0.05", "USD"), voucher };
    let account = |sender: &str| Account {
        endpoint: endpoint.clone(),
        id: "AC00000000000000000000000000000042".to_owned(),
        key: Some(("SK00000000000000000000000000000042".to_owned(), plain("PLAZOTEST"))),
        token: plain(TOKEN),
        sender: sender.to_owned(),
    };
    let twilio = Voucher::Twilio(plain(TOKEN));
    match system {
        "twilio_sms" => Settings::TwilioSms(Box::new(twilio_sms::Settings {
            account: account("MG00000000000000000000000000000042"),
            alphabet: Alphabet::Gsm7,
            terms: terms(twilio),
        })),
        "twilio_voice" => {
            let (account, terms) = (account("+576010000001"), terms(twilio));
            Settings::TwilioCall(Box::new(twilio_call::Settings { account, terms }))
        }
        _ => Settings::InfobipSms(Box::new(infobip_sms::Settings {
            endpoint,
            key: plain("PLAZOTESTINFOBIP"),
            sender: "573000000000".to_owned(),
            alphabet: Alphabet::Gsm7,
            terms: terms(Voucher::Address),
        })),
    }
}

fn transport(system: &str, peer: &Webhook, timeout: Duration) -> Transport {
    rustls::crypto::ring::default_provider().install_default().ok();
    let clients = net::clients().expect("HTTP");
    let settings = settings(system, peer.url.trim_end_matches("/hook"), timeout);
    Transport::new(&settings, &clients, Path::new("unused")).expect("a transport")
}

fn alert(system: &str) -> Message {
    let destination = if system == "infobip_sms" { "infobip" } else { "twilio" };
    Message {
        id: "d-42".to_owned(),
        request: Some(RequestId(17)),
        thread: None,
        to: Some(("Andrés Rojas".to_owned(), "+57 300 000 0009".to_owned())),
        decided_at: now(),
        language: Language::Es,
        subject: "Vencido".to_owned(),
        text: "Vencido".to_owned(),
        html: String::new(),
        card: Card { due_at: Some(now()), ..Card::default() },
        attachments: Vec::new(),
        facts: Value::Null,
        first: None,
        updates: None,
        phone: Some(ForPhone {
            folded: TEXT.to_owned(),
            accented: TEXT.to_owned(),
            spoken: SAID.to_owned(),
            callback: Some(Callback {
                base: format!("https://hooks.plazo.example/voice/{destination}"),
                token: "d-42".to_owned(),
            }),
            is_looked_for: false,
        }),
    }
}

/// The same after a try of which nobody knows what came.
fn in_doubt(system: &str) -> Message {
    let mut message = alert(system);
    message.phone.as_mut().expect("a form for telephones").is_looked_for = true;
    message
}

fn send(transport: &Transport, message: &Message) -> Result<Receipt, DeliveryError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(transport.send(message, now()))
}

/// An answer by the case's name in `responses.json`.
fn said(system: &str, case: &str) -> Option<String> {
    let rows = samples(&format!("{system}/responses.json"));
    let row = rows.iter().find(|row| row["case"] == case).expect("the case");
    answer(&format!("{} x", row["status"]), "", &row["body"].to_string())
}

fn well(system: &str) -> Option<String> {
    said(system, if system == "twilio_voice" { "queued" } else { "accepted" })
}

fn form(call: &Received) -> Value {
    let pairs = form_urlencoded::parse(call.body.as_bytes());
    Value::Object(pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect())
}

#[track_caller]
fn compare(system: &str, row: &Value, call: &Received) {
    let case = format!("{system}: {}", row["case"]);
    assert_eq!((row["method"].as_str(), row["path"].as_str()), (Some(&*call.method), Some(&*call.path)), "{case}");
    assert_eq!(row["headers"]["Authorization"], call.header("authorization"), "{case}");
    let body = match row["body_kind"].as_str() {
        Some("form") => form(call),
        Some(_) => serde_json::from_str(&call.body).expect("JSON"),
        None => Value::Null,
    };
    // Where it is called back is this program's own affair.
    let body: Value =
        serde_json::from_str(&body.to_string().replace("/voice/infobip/report/", "/voice/infobip/")).expect("JSON");
    assert_eq!(row["body"], body, "{case}");
}

#[test]
fn each_system_gets_exactly_these_calls() {
    for system in SYSTEMS {
        let rows = samples(&format!("{system}/requests.json"));
        let row = |case: &str| rows.iter().find(|row| row["case"] == case).expect("the case");
        let main = if system == "twilio_voice" { "call" } else { "sms" };
        let peer = Webhook::scripted(move |_, call| {
            if call.method == "GET" {
                let list = json!({"messages": [], "calls": [], "results": []});
                return answer("200 OK", "", &list.to_string());
            }
            well(system)
        });
        let transport = transport(system, &peer, Duration::from_secs(5));
        let told = send(&transport, &in_doubt(system)).unwrap_or_else(|error| panic!("{system}: {error:?}"));
        let calls = peer.received();
        compare(system, row("look"), &calls[0]);
        compare(system, row(main), &calls[calls.len() - 1]);
        let cost = told.cost.expect("what it costs");
        let units = u32::from(main == "sms");
        assert_eq!((cost.units, cost.price), (units, Price::of("0.05", "USD").map(|price| price.times(units))));
        if system == "twilio_voice" {
            let over = Message { updates: told.reference, ..alert(system) };
            send(&transport, &over).expect("hung up");
            compare(system, row("hang up"), &peer.received()[calls.len()]);
        }
    }
}

#[test]
fn each_answer_means_what_the_vendor_s_table_says() {
    for system in SYSTEMS {
        for row in samples(&format!("{system}/responses.json")) {
            let body = row.clone();
            let peer = Webhook::scripted(move |_, _| {
                let status = body["status"].as_u64()?;
                answer(&format!("{status} x"), "", &body["body"].to_string())
            });
            let is_silent = row["status"].is_null();
            let patience = if is_silent { Duration::from_millis(300) } else { Duration::from_secs(5) };
            let transport = transport(system, &peer, patience);
            let message = match row["to"].as_str() {
                Some("hang up") => Message { updates: Some("CA901".to_owned()), ..alert(system) },
                _ => alert(system),
            };
            let result = send(&transport, &message);
            let case = format!("{system}: {row} gave {result:?}");
            let seconds = row["after_s"].as_i64();
            match (row["class"].as_str().expect("a class"), &result) {
                ("done", Ok(_)) => {}
                ("retry", Err(DeliveryError::Doubt { .. })) => assert_eq!(row["look_first"], true, "{case}"),
                ("retry", Err(DeliveryError::Retry { .. })) => assert!(row["look_first"].is_null(), "{case}"),
                ("retry", Err(DeliveryError::Hold { after, .. })) => {
                    assert_eq!(after.map(|after| after.num_seconds()), seconds, "{case}");
                }
                ("hold", Err(DeliveryError::Hold { after: None, .. })) => {}
                ("give_up", Err(DeliveryError::NotToReader { limit: ReaderLimit::OptedOut, .. })) => {
                    assert_eq!(row["case"], "opted out", "{case}");
                }
                ("give_up", Err(DeliveryError::GiveUp { .. })) => assert_ne!(row["case"], "opted out", "{case}"),
                _ => panic!("{case}"),
            }
        }
    }
}

/// What the list of an account answers where an earlier try did arrive.
fn found(system: &str, created: &str) -> String {
    let twilio = json!({
        "sid": "SM901", "body": TEXT, "direction": "outbound-api", "status": "sent", "from": "+576010000001",
        "date_created": created, "num_segments": "1", "price": "-0.0450", "price_unit": "USD",
    });
    match system {
        "twilio_sms" => json!({ "messages": [twilio] }),
        "twilio_voice" => json!({ "calls": [twilio] }),
        _ => json!({ "results": [{ "messageId": "plazo-d-42", "status": { "groupId": 1 } }] }),
    }
    .to_string()
}

#[test]
fn what_may_have_arrived_is_looked_for_and_never_rings_twice() {
    for system in SYSTEMS {
        let peer = Webhook::scripted(move |_, call| {
            let list = found(system, "Mon, 02 Mar 2026 14:35:01 +0000");
            if call.method == "GET" { answer("200 OK", "", &list) } else { well(system) }
        });
        let told = send(&transport(system, &peer, Duration::from_secs(5)), &in_doubt(system)).expect("found");
        assert!(told.reference.is_some(), "{system}");
        assert!(peer.received().iter().all(|call| call.method == "GET"), "{system} was sent again");

        // While nobody can say, nothing is sent.
        let peer = Webhook::scripted(move |_, call| {
            if call.method == "GET" { answer("500 x", "", "{\"code\":20500}") } else { well(system) }
        });
        let told = send(&transport(system, &peer, Duration::from_secs(5)), &in_doubt(system));
        assert!(matches!(told, Err(DeliveryError::Retry { .. } | DeliveryError::Hold { .. })), "{system}: {told:?}");
        assert!(peer.received().iter().all(|call| call.method == "GET"), "{system} was sent blindly");
    }
    // Another alert about the same request, an hour before, is another.
    for system in ["twilio_sms", "twilio_voice"] {
        let peer = Webhook::scripted(move |_, call| {
            let list = found(system, "Mon, 02 Mar 2026 13:35:01 +0000");
            if call.method == "GET" { answer("200 OK", "", &list) } else { well(system) }
        });
        send(&transport(system, &peer, Duration::from_secs(5)), &in_doubt(system)).expect("sent");
        assert!(peer.received().iter().any(|call| call.method == "POST"), "{system}");
    }
}

#[test]
fn a_number_that_no_network_knows_is_told_and_not_called() {
    for number in ["3000000009", "+57", "", "+57 300 000 0009 0000 0000", "Laura"] {
        let peer = Webhook::start();
        let message = Message { to: Some(("Ana".to_owned(), number.to_owned())), ..alert("twilio_sms") };
        let told = send(&transport("twilio_sms", &peer, Duration::from_secs(5)), &message);
        assert!(matches!(told, Err(DeliveryError::GiveUp { .. })), "{number}: {told:?}");
        assert_eq!(peer.received().len(), 0, "{number}");
    }
}

#[test]
fn texts_are_counted_and_folded_as_the_networks_do() {
    for row in samples("twilio_sms/texts.json") {
        let text = row["text"].as_str().expect("a text");
        let check = |text: &str, expected: &Value| {
            let size = gsm::size(text);
            let alphabet = if size.alphabet == Alphabet::Gsm7 { "GSM-7" } else { "UCS-2" };
            let told = json!({ "encoding": alphabet, "units": size.units, "segments": size.segments });
            assert_eq!(told, *expected, "{}: {text}", row["case"]);
        };
        check(text, &row["as_it_is"]);
        // Whoever wants the accents has them; else what is sent is what folding makes of it.
        if row["case"] != "seventy with accents" {
            let folded = gsm::folded(text);
            assert_eq!(folded, row["sent"].as_str().unwrap_or(text), "{}", row["case"]);
            check(&folded, if row["then"].is_null() { &row["as_it_is"] } else { &row["then"] });
        }
    }
}

#[test]
fn names_of_strangers_stay_names_in_a_call() {
    for row in samples("untrusted_texts.json") {
        let Some(escaped) = row["twiml"].as_str() else { continue };
        let said = twiml::gather(row["text"].as_str().expect("a text"), "https://hooks.plazo.example", Language::Es);
        assert!(said.contains(escaped) && !said.contains("<Dial>"), "{said}");
    }
}

#[test]
fn twilio_s_own_signatures_hold_and_no_others() {
    let mut n = 0;
    for system in ["twilio_sms", "twilio_voice"] {
        for entry in std::fs::read_dir(data("telephones").join(system)).expect("the samples") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some(name) = name.strip_suffix("_request.txt") else { continue };
            let head = std::fs::read_to_string(&path).expect("the head");
            let target = head.lines().find_map(|line| line.strip_prefix("POST ")?.split(' ').next()).expect("a path");
            let said = head.lines().find_map(|line| line.strip_prefix("X-Twilio-Signature: ")).expect("a signature");
            let body = std::fs::read(path.with_file_name(format!("{name}.form"))).expect("the form");
            let holds = |token: &str, url: &str, body: &[u8]| {
                signature::is_twilios(&Secret::new(token), url, body, said.trim())
            };
            let url = format!("https://hooks.plazo.example{target}");
            assert!(holds(TOKEN, &url, &body), "{name}");
            assert!(holds(TOKEN, &url.replace(".example/", ".example:443/"), &body), "{name}: with its port");
            assert!(!holds("another", &url, &body), "{name}: another token");
            assert!(!holds(TOKEN, &url.replace("hooks", "pooks"), &body), "{name}: another host");
            assert!(!holds(TOKEN, &url, &[&body[..], b"&Other=1"].concat()), "{name}: another form");
            n += 1;
        }
    }
    assert_eq!(n, 8, "the samples");
}
