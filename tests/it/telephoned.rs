//! Telephones end to end: a real daemon, a loopback Twilio that signs its calls, and what becomes of texts and calls.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use plazo::engine::directory::Recipient;
use plazo::engine::escalation::Offset;
use plazo::engine::working_time::WorkingTime;
use serde_json::Value;
use sha1::Sha1;

use crate::support::daemon::{Answer, Daemon, PEOPLE};
use crate::support::webhook::{Received, Webhook, answer};
use crate::support::{PATIENCE, data, wait_for};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const PUBLIC: &str = "https://hooks.plazo.example";
const HOUR: Duration = Duration::from_secs(3_600);
const CALL: &str = "CA00000000000000000000000000000901";
const SMS: &str = "SM00000000000000000000000000000901";

/// A house whose last step goes to Laura's telephone, by `kind`, and else to the team's hook.
fn config(kind: &str, twilio: &str, hook: &str, more: &str) -> String {
    let people = PEOPLE.replace(
        "[person.laura]\n",
        "[person.laura]\nnotify = \"twilio\"\nreach = { twilio = \"+57 300 000 0009\" }\n",
    );
    let account = if kind == "infobip-sms" { "" } else { "account = \"AC00000000000000000000000000000042\"" };
    format!(
        "{people}
[http]
public_url = \"{PUBLIC}\"

[alerts]
gather = false
window = \"0s\"

[[policy]]
name = \"whatsapp\"
match = {{ channel = \"whatsapp\" }}
reply = {{ rule = \"A1\", within = \"20m\", escalation = \"e\" }}

[escalation]
e = [{{ at = \"due\", tell = [\"laura\"] }}]

[destination.twilio]
type = \"{kind}\"
url = \"{twilio}\"
private = true
sender = \"+576010000001\"
{account}
token = {{ env = \"TWILIO_TOKEN\" }}
price = \"0.05 USD\"
fallback = \"equipo\"
{more}

[destination.equipo]
type = \"slack\"
private = true
url = \"{hook}\"
"
    )
}

struct House {
    daemon: Daemon,
    twilio: Webhook,
    hook: Webhook,
}

impl House {
    /// A house whose Twilio answers by `script`; none of which is what takes all.
    fn start(kind: &str, more: &str, script: fn(usize, &Received) -> Option<String>) -> Self {
        let (twilio, hook) = (Webhook::scripted(script), Webhook::start());
        let directory = tempfile::tempdir().expect("a temporary directory");
        let operator = directory.path().join("operator");
        let config = config(kind, twilio.url.trim_end_matches("/hook"), &hook.url, more);
        let config = config.replace("OPERATOR", &operator.display().to_string());
        std::fs::write(directory.path().join("sla.toml"), config).expect("sla.toml is written");
        let daemon = Daemon::start_with(directory, |command| {
            command.env("TWILIO_TOKEN", TOKEN);
        });
        Self { daemon, twilio, hook }
    }

    /// What Twilio calls, with its signature.
    fn tells(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let mut sorted = form.to_vec();
        sorted.sort_unstable();
        let mut mac = Hmac::<Sha1>::new_from_slice(TOKEN.as_bytes()).expect("any length will do");
        mac.update(format!("{PUBLIC}{path}").as_bytes());
        for (name, value) in sorted {
            mac.update(format!("{name}{value}").as_bytes());
        }
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.tells_signed(path, &signature, &body)
    }

    fn tells_signed(&self, path: &str, signature: &str, body: &str) -> Answer {
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        self.daemon.call_by_tcp("POST", path, &[kind, ("X-Twilio-Signature", signature)], body.as_bytes())
    }

    fn wait_for_told(&self, n: usize) -> Vec<Received> {
        self.twilio.wait_for(n)
    }

    /// What the operator was told, in its files.
    fn operator(&self) -> String {
        let files = std::fs::read_dir(self.daemon.directory.path().join("operator")).into_iter().flatten();
        files.filter_map(|file| std::fs::read_to_string(file.ok()?.path()).ok()).collect()
    }

    #[track_caller]
    fn wait_for_operator(&self, words: &str) {
        wait_for(words, PATIENCE, || self.operator().contains(words).then_some(()));
    }

    fn request(&self, id: &str) -> Value {
        self.daemon.get(&format!("/v1/requests/{id}"))
    }
}

fn takes_all(_: usize, call: &Received) -> Option<String> {
    let sid = if call.path.contains("/Calls") { CALL } else { SMS };
    answer("201 Created", "", &format!("{{\"sid\":\"{sid}\",\"status\":\"queued\",\"num_segments\":\"1\"}}"))
}

fn field(call: &Received, name: &str) -> String {
    let found = form_urlencoded::parse(call.body.as_bytes()).find(|(key, _)| key == name);
    found.unwrap_or_else(|| panic!("no {name} in {}", call.body)).1.into_owned()
}

/// The path of an address of plazo's own.
fn path(url: &str) -> String {
    url.strip_prefix(PUBLIC).unwrap_or_else(|| panic!("{url} is not public")).to_owned()
}

/// The address to which a call tells its key.
fn action(document: &str) -> String {
    let rest = document.split("action=\"").nth(1).unwrap_or_else(|| panic!("no key is asked for: {document}"));
    path(rest.split('"').next().expect("an end"))
}

#[test]
fn a_key_takes_the_request_once_and_another_reads_it_again() {
    let house = House::start("twilio-call", "", takes_all);
    let id = house.daemon.client_message("m-1", "t-1", HOUR);
    let call = house.wait_for_told(1).remove(0);
    let document = field(&call, "Twiml");
    for part in ["language=\"en-US\"", "Luisa", "press 1", "Request 1."] {
        assert!(document.contains(part), "{part} in {document}");
    }
    assert!(!document.contains("noticias"), "nothing that the client wrote: {document}");
    house.daemon.delivery("sent");
    let to = action(&document);

    // Not signed, another's call, another token.
    assert_eq!(house.tells_signed(&to, "QUe1GoF6g94Y0oNKldl5BIfXY6g=", "Digits=1").status, 403);
    assert_eq!(house.tells(&to, &[("CallSid", "CA1"), ("Digits", "1")]).status, 404);
    let other = format!("{}x", &to[..to.len() - 1]);
    assert_eq!(house.tells(&other, &[("CallSid", CALL), ("Digits", "1")]).status, 404);
    assert!(house.request(&id)["owner"].is_null());

    let mut next = to.clone();
    for _ in 0..3 {
        let again = house.tells(&next, &[("CallSid", CALL), ("Digits", "2")]);
        assert!(again.content_type.starts_with("text/xml") && again.body.contains("Luisa"), "{}", again.body);
        next = action(&again.body);
    }
    let fourth = house.tells(&next, &[("CallSid", CALL), ("Digits", "2")]);
    assert!(fourth.body.contains("<Hangup/>") && !fourth.body.contains("<Say"), "{}", fourth.body);
    let nothing = house.tells(&to, &[("CallSid", CALL), ("Digits", "")]);
    assert!(nothing.body.contains("<Response><Hangup/></Response>"), "{}", nothing.body);
    assert!(house.request(&id)["owner"].is_null(), "to hear is not to take");

    for _ in 0..2 {
        let taken = house.tells(&to, &[("CallSid", CALL), ("Digits", "1")]);
        assert!(taken.body.contains("It is yours"), "{}", taken.body);
    }
    assert_eq!(house.request(&id)["owner"], "Laura Mora");
    let explained = house.daemon.command().args(["explain", &id]).output().expect("explain runs");
    let explained = String::from_utf8_lossy(&explained.stdout).into_owned();
    assert!(explained.contains("by the link of the alert of"), "{explained}");

    // It was heard: no fallback, and a minute to pay for, once.
    let ended = [("CallSid", CALL), ("CallStatus", "completed"), ("CallDuration", "31"), ("Duration", "1")];
    for _ in 0..2 {
        assert_eq!(house.tells(&path(&field(&call, "StatusCallback")), &ended).status, 200);
    }
    let paid = &house.daemon.get("/v1/status")["paid"][0];
    assert_eq!((&paid["messages"], &paid["units"], &paid["amount"]), (&1.into(), &1.into(), &0.05.into()), "{paid}");
    let metrics = house.daemon.call("GET", "/metrics", &[], b"").body;
    assert!(metrics.contains("plazo_paid_units_total{destination=\"twilio\"} 1"), "{metrics}");
    assert_eq!(house.hook.received().len(), 0, "heard is heard");
    assert_eq!(house.twilio.received().len(), 1, "whoever takes it is not cut off");
}

#[test]
fn three_puts_it_off_and_nothing_more_by_a_second_call_of_the_same() {
    let house = House::start("twilio-call", "", takes_all);
    let id = house.daemon.client_message("m-1", "t-1", HOUR);
    let call = house.wait_for_told(1).remove(0);
    house.daemon.delivery("sent");
    let to = action(&field(&call, "Twiml"));
    let said = house.tells(&to, &[("CallSid", CALL), ("Digits", "3")]);
    assert!(said.body.contains("Put off"), "{}", said.body);
    let until = house.request(&id)["snoozed_until"].clone();
    assert!(until.is_string(), "{until}");
    house.tells(&to, &[("CallSid", CALL), ("Digits", "3")]);
    assert_eq!(house.request(&id)["snoozed_until"], until);
}

#[test]
fn whoever_does_not_answer_or_presses_nothing_is_told_by_the_fallback_at_once() {
    for status in ["no-answer", "busy", "failed", "completed"] {
        let house = House::start("twilio-call", "", takes_all);
        house.daemon.client_message("m-1", "t-1", HOUR);
        let call = house.wait_for_told(1).remove(0);
        house.daemon.delivery("sent");
        let to = path(&field(&call, "StatusCallback"));
        for _ in 0..2 {
            assert_eq!(house.tells(&to, &[("CallSid", CALL), ("CallStatus", status)]).status, 200, "{status}");
        }
        assert!(house.hook.wait_for(1)[0].body.contains("Luisa"), "{status}");
        house.daemon.delivery("sent");
        assert_eq!(house.daemon.delivery("handed_over")["destination"], "twilio", "{status}");
        assert_eq!(house.hook.received().len(), 1, "{status}: once");
    }
}

#[test]
fn what_is_over_while_it_rings_is_hung_up() {
    let house = House::start("twilio-call", "", takes_all);
    let id = house.daemon.client_message("m-1", "t-1", HOUR);
    let call = house.wait_for_told(1).remove(0);
    house.daemon.delivery("sent");
    house.daemon.event(&serde_json::json!({
        "id": "a-1", "type": "message", "channel": "whatsapp", "thread": "t-1", "direction": "out",
        "author": {"name": "Ana Ruiz", "address": "ana@agencia.example", "kind": "agent"}, "text": "Sí, hoy.",
    }));
    let hung_up = house.wait_for_told(2).remove(1);
    assert!(hung_up.path.ends_with(&format!("/Calls/{CALL}.json")), "{}", hung_up.path);
    assert_eq!(field(&hung_up, "Status"), "completed");
    let late = house.tells(&action(&field(&call, "Twiml")), &[("CallSid", CALL), ("Digits", "1")]);
    assert!(late.body.contains("over already"), "{}", late.body);
    assert!(house.request(&id)["owner"].is_null() || house.request(&id)["owner"] == "Ana Ruiz");
}

#[test]
fn a_text_that_does_not_arrive_goes_by_the_fallback_and_one_that_does_is_counted() {
    let house = House::start("twilio-sms", "", takes_all);
    house.daemon.client_message("m-1", "t-1", HOUR);
    let text = house.wait_for_told(1).remove(0);
    let body = field(&text, "Body");
    assert!(body.starts_with("plazo: Luisa (") && body.ends_with("R-1 https://hooks.plazo.example/r/R-1"), "{body}");
    assert!(plazo::text::phone::gsm::size(&body).is_single(), "{body}");
    house.daemon.delivery("sent");
    let to = path(&field(&text, "StatusCallback"));
    house.tells(&to, &[("MessageSid", SMS), ("MessageStatus", "sent")]);
    assert_eq!(house.hook.received().len(), 0);
    house.tells(&to, &[("MessageSid", SMS), ("MessageStatus", "undelivered"), ("ErrorCode", "30003")]);
    assert!(house.hook.wait_for(1)[0].body.contains("Luisa"));
    let status = house.daemon.command().arg("status").output().expect("status runs");
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(status.contains("twilio this month: 1 message, 1 segments or minutes, 0.05 USD"), "{status}");
}

#[test]
fn an_answer_by_text_takes_what_its_number_was_told_of() {
    let house = House::start("twilio-sms", "", takes_all);
    // The sample speaks of the seventeenth request.
    for n in 1..17 {
        house.daemon.event(&serde_json::json!({
            "id": format!("o-{n}"), "type": "message", "channel": "other", "thread": format!("o-{n}"), "direction": "in",
            "author": {"name": "Otro", "kind": "customer"}, "text": "Hola",
        }));
    }
    assert_eq!(house.daemon.client_message("m-1", "t-1", HOUR), "R-17");
    house.wait_for_told(1);
    house.daemon.delivery("sent");
    let body = std::fs::read_to_string(data("telephones/twilio_sms/inbound_takes_it.form")).expect("the form");
    let sign = "QUe1GoF6g94Y0oNKldl5BIfXY6g=";
    assert_eq!(house.tells_signed("/voice/twilio/sms", "AAAA", &body).status, 403);
    assert_eq!(house.tells_signed("/voice/twilio/sms", sign, &body.replace("R-17", "R-16")).status, 403);
    let is_taken = |house: &House| {
        let explained = house.daemon.command().args(["explain", "R-17"]).output().expect("explain runs");
        String::from_utf8_lossy(&explained.stdout).contains("by answering the alert of")
    };
    // Somebody else's number, and somebody who asks.
    for (from, text) in [("+573000000008", "Tomo R-17"), ("+573000000009", "¿Tomo R-17?"), ("+573000000009", "Tomo")] {
        let told = house.tells("/voice/twilio/sms", &[("From", from), ("MessageSid", "SM1"), ("Body", text)]);
        assert_eq!(told.status, 200);
        assert!(!is_taken(&house), "{from}: {text}");
    }
    let answer = house.tells_signed("/voice/twilio/sms", sign, &body);
    assert_eq!((answer.status, answer.content_type.split(';').next()), (200, Some("text/xml")));
    assert!(answer.body.ends_with("<Response></Response>"), "{}", answer.body);
    assert!(is_taken(&house));
}

/// Whoever told Twilio to stop.
fn opted_out(n: usize, call: &Received) -> Option<String> {
    if n == 0 {
        let body = "{\"code\":21610,\"message\":\"Attempt to send to unsubscribed recipient\"}";
        return answer("400 Bad Request", "", body);
    }
    takes_all(n, call)
}

#[test]
fn whoever_said_stop_is_told_otherwise_until_they_say_start() {
    let house = House::start("twilio-sms", "", opted_out);
    house.daemon.client_message("m-1", "t-1", HOUR);
    house.hook.wait_for(1);
    house.wait_for_operator("Laura Mora told `twilio` to stop");
    let mailed = wait_for("a mail to Laura", PATIENCE, || {
        let rows = house.daemon.get("/v1/deliveries?state=sent");
        let rows = rows["deliveries"].as_array().cloned().unwrap_or_default();
        rows.into_iter().find(|row| row["person"] == "laura" && row["destination"] == "email")
    });
    assert_eq!(mailed["why"], "notice", "{mailed}");
    house.daemon.client_message("m-2", "t-2", HOUR);
    house.hook.wait_for(2);
    assert_eq!(house.twilio.received().len(), 1, "nothing is sent there by itself");
    house.tells("/voice/twilio/sms", &[("From", "+573000000009"), ("MessageSid", "SM2"), ("Body", "START")]);
    house.daemon.client_message("m-3", "t-3", HOUR);
    house.wait_for_told(2);
}

#[test]
fn nobody_gets_more_in_a_day_than_the_bound_and_the_rest_goes_otherwise() {
    let house = House::start("twilio-sms", "most_a_day = 1", takes_all);
    house.daemon.client_message("m-1", "t-1", HOUR);
    house.wait_for_told(1);
    house.daemon.delivery("sent");
    house.daemon.client_message("m-2", "t-2", HOUR);
    house.daemon.client_message("m-3", "t-3", HOUR);
    house.hook.wait_for(2);
    house.wait_for_operator("Laura Mora gets no more by `twilio` today");
    assert_eq!(house.twilio.received().len(), 1);
    let told = std::fs::read_dir(house.daemon.directory.path().join("operator")).expect("what the operator was told");
    assert_eq!(told.count(), 1, "told once");
}

/// Infobip takes all, and names it as asked.
fn infobip(_: usize, call: &Received) -> Option<String> {
    let sent: Value = serde_json::from_str(&call.body).unwrap_or_default();
    let id = sent["messages"][0]["destinations"][0]["messageId"].clone();
    let said =
        serde_json::json!({"messages": [{"messageId": id, "status": {"groupId": 1, "name": "PENDING_ACCEPTED"}}]});
    answer("200 OK", "", &said.to_string())
}

#[test]
fn infobip_s_report_is_known_by_its_address_and_has_the_fallback_told() {
    let house = House::start("infobip-sms", "", infobip);
    house.daemon.client_message("m-1", "t-1", HOUR);
    let sent: Value = serde_json::from_str(&house.wait_for_told(1)[0].body).expect("JSON");
    house.daemon.delivery("sent");
    let one = &sent["messages"][0];
    let to = path(one["webhooks"]["delivery"]["url"].as_str().expect("an address"));
    let id = one["destinations"][0]["messageId"].as_str().expect("an id");
    let report = |path: &str, id: &str, group: u8| {
        let body =
            serde_json::json!({"results": [{"messageId": id, "status": {"groupId": group, "name": "REJECTED"}}]});
        let kind = ("Content-Type", "application/json");
        house.daemon.call_by_tcp("POST", path, &[kind], body.to_string().as_bytes()).status
    };
    // A message that is not the address's, and an address that is nobody's.
    report(&to, "plazo-another", 5);
    report(&format!("{}x", &to[..to.len() - 1]), id, 5);
    assert_eq!(report(&to.replace("/report/", "/sms/"), id, 5), 404, "nothing else is known by its address");
    assert_eq!(house.hook.received().len(), 0);
    assert_eq!(report(&to, id, 5), 200);
    assert!(house.hook.wait_for(1)[0].body.contains("Luisa"));
}

#[test]
fn what_may_wait_does_not_ring_outside_of_hours_and_a_broken_promise_does() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let text = config("twilio-call", "http://127.0.0.1:1", "http://127.0.0.1:1", "").replace(
        "[person.laura]\n",
        "[calendar.oficina]\nhours = { mon-fri = \"08:00-18:00\" }\n\n[person.laura]\nhours = \"oficina\"\n",
    );
    let path = directory.path().join("sla.toml");
    std::fs::write(&path, text.replace("OPERATOR", "operator")).expect("sla.toml is written");
    let config = plazo::config::load(&path).expect("the file").config.expect("it holds");
    let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().expect("an instant");
    // Three in the morning in Bogotá, a Tuesday.
    let night = at("2026-03-03T08:00:00Z");
    let waits = |may_wait| plazo::desk::waits(may_wait, Some("laura"), "twilio", &config, night);
    assert_eq!(waits(true).map(|(_, until)| until), Some(at("2026-03-03T13:00:00Z")));
    assert_eq!(waits(false), None);
}

#[test]
fn warnings_ring_nobody_up_and_a_step_may_be_named_from_which_one_is() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("sla.toml");
    let ways = |notify: &str, step: Offset| {
        let text = config("twilio-call", "http://127.0.0.1:1", "http://127.0.0.1:1", "");
        let text = text.replace("notify = \"twilio\"", &format!("notify = {notify}"));
        std::fs::write(&path, text.replace("OPERATOR", "operator")).expect("sla.toml is written");
        let config = plazo::config::load(&path).expect("the file").config.expect("it holds");
        let (laura, now) = ([Recipient::Person("laura".to_owned())], chrono::DateTime::UNIX_EPOCH);
        let told = plazo::desk::addressed_at_step(&laura, step, &config, now);
        told.into_iter().map(|(_, way)| way).collect::<Vec<_>>().join(" ")
    };
    let after = |minutes| Offset::After(WorkingTime::minutes(minutes));
    let usual = "[\"email\", \"twilio\"]";
    assert_eq!(ways(usual, Offset::Percent(50)), "email");
    assert_eq!(ways(usual, Offset::Due), "email twilio");
    let last = "[\"email\", { by = \"twilio\", from = \"+30m\" }]";
    assert_eq!(ways(last, Offset::Due), "email");
    assert_eq!(ways(last, after(30)), "email twilio");
    assert_eq!(ways(last, after(60)), "email twilio");
    // An alert never goes to nobody.
    assert_eq!(ways("\"twilio\"", Offset::Percent(50)), "twilio");
}

#[test]
fn nothing_goes_to_the_number_from_which_the_client_writes() {
    let house = House::start("twilio-sms", "", takes_all);
    house.daemon.event(&serde_json::json!({
        "id": "m-1", "type": "message", "channel": "whatsapp", "thread": "t-1", "direction": "in",
        "at": crate::support::daemon::before_now(HOUR), "text": "Hola",
        "author": {"name": "Luisa", "address": "573000000009", "kind": "customer"},
    }));
    assert!(house.hook.wait_for(1)[0].body.contains("Luisa"));
    assert_eq!(house.twilio.received().len(), 0);
    let kept = house.daemon.delivery("handed_over");
    assert!(kept["answer"].as_str().is_some_and(|answer| answer.contains("client")), "{kept}");
}
