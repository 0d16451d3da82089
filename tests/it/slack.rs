//! Slack both ways: the buttons of our own alerts, and Socket Mode, which needs no public address.

use std::net::TcpListener;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::support::daemon::{Daemon, PEOPLE};
use crate::support::webhook::{Received, Webhook, answer};
use crate::support::{PATIENCE, wait_for};

const SECRET: &str = "un-secreto-de-slack-para-pruebas";
const HOUR: Duration = Duration::from_secs(3_600);

fn config(hook: &str, source: &str) -> String {
    let people = PEOPLE.replace("[person.laura]\n", "[person.laura]\naddresses = [\"U0LAURA\"]\n");
    format!(
        "{people}
[[policy]]
name = \"whatsapp\"
match = {{ channel = \"whatsapp\" }}
reply = {{ rule = \"A1\", within = \"1h\", escalation = \"e\" }}

[[policy]]
name = \"slack\"
match = {{ channel = \"slack\" }}
reply = {{ rule = \"A4\", within = \"1h\", escalation = \"e\" }}

[escalation]
e = [{{ at = \"due\", tell = [\"equipo\"] }}]

[destination.equipo]
type = \"slack\"
private = true
url = \"{hook}\"
buttons = true

[source.slack]
preset = \"slack\"
{source}
"
    )
}

fn start(config: &str) -> Daemon {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let operator = directory.path().join("operator");
    let config = config.replace("OPERATOR", &operator.display().to_string());
    std::fs::write(directory.path().join("sla.toml"), config).expect("sla.toml is written");
    Daemon::start_with(directory, |command| {
        command.env("SLACK_SECRET", SECRET).env("SLACK_APP", "xapp-1");
    })
}

/// A click on the button `action` below `alert`, which Slack tells at `/hooks/slack`.
fn click(alert: &Value, action: &str, to: &str) -> Value {
    let buttons = alert["blocks"].as_array().and_then(|blocks| blocks.last()).expect("buttons");
    let button = buttons["elements"].as_array().and_then(|all| all.iter().find(|button| button["action_id"] == action));
    json!({
        "type": "block_actions", "response_url": to, "user": {"id": "U0LAURA", "name": "laura.mora"},
        "channel": {"id": "C0EQUIPO"}, "container": {"message_ts": "1772462100.000100", "channel_id": "C0EQUIPO"},
        "message": {"text": alert["text"], "blocks": alert["blocks"], "ts": "1772462100.000100"},
        "actions": [{"action_id": action, "value": button.expect("the button")["value"], "action_ts": now().to_string()}],
    })
}

#[allow(clippy::disallowed_methods, reason = "a real daemon runs by the real time")]
fn now() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.expect("after 1970").as_secs_f64()
}

#[track_caller]
fn send(daemon: &Daemon, payload: &Value) {
    let body = form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload.to_string()).finish();
    let stamp = format!("{:.0}", now());
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length will do");
    mac.update(format!("v0:{stamp}:{body}").as_bytes());
    let signature = format!("v0={}", hex::encode(mac.finalize().into_bytes()));
    let headers = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("X-Slack-Request-Timestamp", stamp.as_str()),
        ("X-Slack-Signature", signature.as_str()),
    ];
    let answer = daemon.call("POST", "/hooks/slack", &headers, body.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn json_of(call: &Received) -> Value {
    serde_json::from_str(&call.body).expect("JSON")
}

#[test]
fn buttons_of_an_alert_act_and_the_message_shows_it_in_place() {
    let slack = Webhook::start();
    let base = slack.url.trim_end_matches("/hook").to_owned();
    let daemon =
        start(&config(&slack.url, &format!("secret = {{ env = \"SLACK_SECRET\" }}\nprivate = true\napi = \"{base}\"")));
    let id = daemon.client_message("m-1", "t-1", HOUR);
    let alert = json_of(&slack.wait_for(1)[0]);
    let to = format!("{base}/actions/T0/1/x");

    send(&daemon, &click(&alert, "show", &to));
    let shown = json_of(&slack.wait_for(2)[1]);
    assert_eq!(shown["response_type"], "ephemeral", "only who clicked sees it: {shown}");
    assert!(shown["text"].as_str().is_some_and(|text| text.starts_with(&id) && text.contains("reply")), "{shown}");

    send(&daemon, &click(&alert, "snooze_15m", &to));
    let put_off = json_of(&slack.wait_for(3)[2]);
    assert_eq!(put_off["replace_original"], true);
    assert!(put_off.to_string().contains("Laura Mora put it off until"), "{put_off}");
    assert!(!daemon.get(&format!("/v1/requests/{id}"))["snoozed_until"].is_null());

    send(&daemon, &click(&alert, "ack", &to));
    let taken = slack.wait_for(4).remove(3);
    assert_eq!(taken.path, "/actions/T0/1/x");
    let taken = json_of(&taken);
    let blocks = taken["blocks"].as_array().expect("blocks");
    assert_eq!(blocks[..3], alert["blocks"].as_array().expect("blocks")[..3], "what was told stays");
    assert!(blocks.iter().all(|block| block["type"] != "actions"), "{taken}");
    assert!(taken.to_string().contains("✓ Laura Mora took it"), "{taken}");
    assert!(!daemon.get(&format!("/v1/requests/{id}"))["clocks"][0]["acked_at"].is_null());

    // The address comes with the payload: elsewhere, nothing is told.
    let elsewhere = Webhook::start();
    send(&daemon, &click(&alert, "show", &format!("{}/actions", elsewhere.url)));
    send(&daemon, &click(&alert, "show", &to));
    slack.wait_for(5);
    assert!(elsewhere.received().is_empty());
}

type Socket = tungstenite::WebSocket<std::net::TcpStream>;

fn envelope(socket: &mut Socket, id: &str, kind: &str, payload: &Value) -> Value {
    let text = json!({"envelope_id": id, "type": kind, "payload": payload, "accepts_response_payload": false});
    socket.send(Message::text(text.to_string())).expect("it is sent");
    loop {
        if let Message::Text(text) = socket.read().expect("an answer") {
            return serde_json::from_str(&text).expect("JSON");
        }
    }
}

#[test]
fn socket_mode_needs_no_public_address() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("ws://{}/link", server.local_addr().expect("an address"));
    let api = Webhook::scripted(move |n, _| match n {
        // Slack is asked again when it cannot give a socket.
        0 => answer("429 Too Many Requests", "Retry-After: 1\r\n", ""),
        _ => answer("200 OK", "", &json!({"ok": true, "url": url}).to_string()),
    });
    let base = api.url.trim_end_matches("/hook").to_owned();
    let daemon =
        start(&config(&api.url, &format!("app_token = {{ env = \"SLACK_APP\" }}\nprivate = true\napi = \"{base}\"")));
    let accept = || {
        let (stream, _) = server.accept().expect("plazo connects");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        tungstenite::accept(stream).expect("a handshake")
    };
    let message = |ts: &str, user: &str, thread: Option<&str>| {
        json!({"type": "event_callback", "team_id": "T0", "event": {
            "type": "message", "channel": "C0", "user": user, "ts": ts, "thread_ts": thread, "text": "¿Hay noticias?"}})
    };
    let asked = format!("{:.6}", now() - 60.0);
    let mut socket = accept();
    socket.send(Message::text(json!({"type": "hello"}).to_string())).expect("it is sent");
    let question = message(&asked, "U0CLIENTE", None);
    assert_eq!(envelope(&mut socket, "e-1", "events_api", &question), json!({"envelope_id": "e-1"}));
    assert_eq!(daemon.get("/v1/requests")["requests"][0]["state"], "open", "on the disk before it is acknowledged");

    // Slack refreshes connections; what it tells again counts once.
    socket.send(Message::text(json!({"type": "disconnect", "reason": "refresh_requested"}).to_string())).expect("sent");
    let mut socket = accept();
    assert_eq!(envelope(&mut socket, "e-2", "events_api", &question), json!({"envelope_id": "e-2"}));
    let reply = message(&format!("{:.6}", now()), "U0LAURA", Some(&asked));
    assert_eq!(envelope(&mut socket, "e-3", "events_api", &reply), json!({"envelope_id": "e-3"}));
    let request = daemon.get("/v1/requests/R-1");
    assert_eq!(request["clocks"][0]["state"], "met", "{request}");
    assert_eq!(request["history"].as_array().map(Vec::len), Some(2), "{request}");
    let calls = api.received();
    assert!(calls.iter().all(|call| call.path == "/apps.connections.open"), "{calls:?}");
    assert!(calls.iter().all(|call| call.header("authorization") == "Bearer xapp-1"), "{calls:?}");
    // Without a signing secret there is no door.
    let unsigned = daemon.call("POST", "/hooks/slack", &[("Content-Type", "application/json")], b"{}");
    assert_eq!(unsigned.status, 401, "{}", unsigned.body);
    // A connection that breaks is opened anew.
    drop(socket);
    wait_for("a third connection", PATIENCE, || Some(accept()));
}

/// What mails offer beside their buttons stands below those of a chat, as links.
#[test]
fn an_alert_with_buttons_leads_to_what_is_wanted_more_rarely_too() {
    let slack = Webhook::start();
    let base = "https://plazo.agencia.example";
    let daemon = start(&format!(
        "{}[http]\npublic_url = \"{base}\"\n",
        config(&slack.url, "secret = { env = \"SLACK_SECRET\" }")
    ));
    let id = daemon.client_message("m-1", "t-1", HOUR);
    let alert = json_of(&slack.wait_for(1)[0]);
    let buttons = alert["blocks"].as_array().and_then(|blocks| blocks.last()?["elements"].as_array()).cloned();
    let buttons = buttons.unwrap_or_else(|| panic!("no buttons: {alert}"));
    assert_eq!(buttons[0]["action_id"], "ack", "{alert}");
    let waive = buttons.iter().find(|button| button["text"]["text"] == "It needs no answer").expect("a button");
    let waive = waive["url"].as_str().and_then(|url| url.strip_prefix(base)).expect("a link");
    let page = daemon.call("GET", waive, &[], b"").body;
    assert!(page.contains(&format!("Does {id} need no answer?")), "{page}");
}
