//! What must exist over there so that events come: Microsoft's subscriptions, which end unless they are renewed, and the channels
//! of Genesys Cloud, whose sockets close every day.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, Message};

use crate::support::daemon::{Daemon, PEOPLE, before_now};
use crate::support::webhook::{Received, Webhook, answer};
use crate::support::{PATIENCE, wait_for};

const SECRET: &str = "una-palabra-secreta";

/// A daemon with a shipped preset whose tokens come from the API itself.
fn start(preset: &str, source: &str) -> Daemon {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let operator = directory.path().join("operator");
    let preset = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/intake/presets/{preset}.toml"));
    let preset = std::fs::read_to_string(preset).expect("the preset");
    let lines = preset.lines().map(|line| if line.starts_with("token_url") { "token_url = \"/token\"" } else { line });
    let mapping = lines.collect::<Vec<_>>().join("\n");
    std::fs::write(directory.path().join("mapping.toml"), mapping).expect("the mapping is written");
    let people = PEOPLE.replace("[person.laura]\n", "[person.laura]\naddresses = [\"u-7\"]\n");
    let config = format!(
        "{people}
[[policy]]
name = \"all\"
reply = {{ rule = \"A1\", within = \"1h\", escalation = \"e\" }}

[escalation]
e = [{{ at = \"due\", tell = [\"ana\"] }}]

[source.far]
mapping = \"mapping.toml\"
secret = {{ env = \"FAR_SECRET\" }}
client_id = {{ env = \"FAR_ID\" }}
client_secret = {{ env = \"FAR_SECRET\" }}
{source}
"
    );
    let config = config.replace("OPERATOR", &operator.display().to_string());
    std::fs::write(directory.path().join("sla.toml"), config).expect("sla.toml is written");
    Daemon::start_with(directory, |command| {
        command.env("FAR_ID", "plazo-app").env("FAR_SECRET", SECRET);
    })
}

fn json_answer(status: &str, body: &Value) -> Option<String> {
    answer(status, "Content-Type: application/json\r\n", &body.to_string())
}

const TOKEN: &str = r#"{"access_token": "llave-1", "expires_in": 3600}"#;

fn is_subscription(call: &&Received) -> bool {
    call.path.starts_with("/v1.0/subscriptions")
}

#[test]
fn a_subscription_is_made_and_renewed_and_made_again_when_it_is_gone() {
    let graph = Webhook::scripted(|n, call| match call.path.as_str() {
        "/token" => answer("200 OK", "", TOKEN),
        // Removed over there.
        "/v1.0/subscriptions/s-2" => json_answer("404 Not Found", &json!({})),
        "/v1.0/subscriptions" | "/v1.0/subscriptions/s-1" => {
            let body: Value = serde_json::from_str(&call.body).expect("JSON");
            let id = if n < 4 { "s-1" } else { "s-3" };
            json_answer("201 Created", &json!({"id": id, "expirationDateTime": body["expirationDateTime"]}))
        }
        _ => json_answer("200 OK", &json!({"value": []})),
    });
    let base = graph.url.trim_end_matches("/hook").to_owned();
    let daemon = start(
        "msgraph",
        &format!(
            "private = true\napi = \"{base}\"\npublic_url = \"https://plazo.agencia.example/hooks/far\"\n\
             set = {{ tenant = \"t\", subscribe = [\"users/soporte@agencia.example/messages\"] }}"
        ),
    );
    let calls = |n: usize| {
        wait_for(&format!("{n} calls for subscriptions"), PATIENCE, || {
            let calls: Vec<Received> = graph.received().iter().filter(is_subscription).cloned().collect();
            (n <= calls.len()).then_some(calls)
        })
    };
    let made: Value = serde_json::from_str(&calls(1)[0].body).expect("JSON");
    let hook = "https://plazo.agencia.example/hooks/far";
    assert_eq!(made["resource"], "users/soporte@agencia.example/messages");
    assert_eq!(
        (&made["notificationUrl"], &made["lifecycleNotificationUrl"], &made["clientState"], &made["changeType"]),
        (&json!(hook), &json!(hook), &json!(SECRET), &json!("created"))
    );
    assert_eq!(calls(1)[0].header("authorization"), "Bearer llave-1");

    let lifecycle = |event: &str| {
        let body = json!({"value": [{"subscriptionId": "s-1", "clientState": SECRET, "lifecycleEvent": event}]});
        let headers = [("Content-Type", "application/json")];
        assert_eq!(daemon.call("POST", "/hooks/far", &headers, body.to_string().as_bytes()).status, 202);
    };
    // Else the record of the first would follow the notice.
    let is_recorded = || {
        let store = rusqlite::Connection::open(daemon.data().join("plazo.sqlite3")).ok()?;
        store
            .query_row("SELECT value FROM cursors WHERE value LIKE '%renew_at%'", [], |row| row.get::<_, String>(0))
            .ok()
    };
    let first = wait_for("the subscription to be recorded", PATIENCE, is_recorded);
    lifecycle("reauthorizationRequired");
    let renewed = calls(2)[1].clone();
    assert_eq!(renewed.path, "/v1.0/subscriptions/s-1", "renewed, not made twice");
    let renewed: Value = serde_json::from_str(&renewed.body).expect("JSON");
    assert_eq!(renewed.as_object().map(serde_json::Map::len), Some(1), "{renewed}");
    assert!(made["expirationDateTime"].as_str() < renewed["expirationDateTime"].as_str(), "{renewed}");
    // Who bears another word is nobody.
    let forged = json!({"value": [{"clientState": "otra", "lifecycleEvent": "reauthorizationRequired"}]});
    daemon.call("POST", "/hooks/far", &[("Content-Type", "application/json")], forged.to_string().as_bytes());
    // What comes while the answer to the last is on its way is one with it.
    let second = wait_for("the renewal to be recorded", PATIENCE, || is_recorded().filter(|now| *now != first));
    lifecycle("subscriptionRemoved");
    calls(3);
    // Killed before that, it would be made once more.
    wait_for("the third to be recorded", PATIENCE, || is_recorded().filter(|now| *now != second));
    assert!(!daemon.log().contains(SECRET), "{}", daemon.log());

    // What it holds it still holds after a restart.
    let n_calls = calls(3).len();
    let directory = daemon.kill();
    let daemon = Daemon::start_with(directory, |command| {
        command.env("FAR_ID", "plazo-app").env("FAR_SECRET", SECRET);
    });
    wait_for("a source that does well", PATIENCE, || {
        let page = daemon.get("/v1/sources");
        (page["sources"][0]["state"] == "ok").then_some(())
    });
    assert_eq!(calls(n_calls).len(), n_calls);
}

#[test]
fn a_subscription_without_a_public_address_is_a_mistake() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let config = format!(
        "{PEOPLE}\n[source.far]\npreset = \"msgraph\"\nsecret = {{ env = \"A\" }}\nclient_id = {{ env = \"A\" }}\n\
         client_secret = {{ env = \"A\" }}\nset = {{ tenant = \"t\", subscribe = [\"users/a/messages\"] }}\n"
    );
    std::fs::write(directory.path().join("sla.toml"), config).expect("sla.toml is written");
    let output = crate::support::plazo().current_dir(directory.path()).arg("check").output().expect("plazo runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && told.contains("`public_url`"), "{told}");
}

/// What Genesys Cloud tells of a conversation whose participants wrote these.
fn conversation(messages: &[(&str, &str, &str)]) -> Value {
    let of = |purpose: &str| {
        let written = messages.iter().filter(|(who, ..)| *who == purpose);
        written
            .map(|(_, id, at)| json!({"messageId": id, "messageTime": at, "messageStatus": "received"}))
            .collect::<Vec<_>>()
    };
    json!({"topicName": "v2.routing.queues.q-1.conversations.messages", "version": "2", "eventBody": {
        "id": "conv-1",
        "participants": [
            {"id": "p-1", "purpose": "customer", "type": "WHATSAPP", "name": "Luisa", "messages": of("customer")},
            {"id": "p-2", "purpose": "agent", "user": {"id": "u-7"}, "messages": of("agent")},
        ],
    }})
}

type Socket = tungstenite::WebSocket<std::net::TcpStream>;

fn tell(socket: &mut Socket, payload: &Value) {
    socket.send(Message::text(payload.to_string())).expect("it is sent");
}

#[test]
fn a_channel_is_opened_and_the_next_one_before_it_closes() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("ws://{}/channel", server.local_addr().expect("an address"));
    let n_channels = Arc::new(Mutex::new(0));
    let api = Webhook::scripted(move |_, call| match call.path.as_str() {
        "/token" => answer("200 OK", "", TOKEN),
        "/api/v2/notifications/channels" => {
            let mut n = n_channels.lock().expect("no panic");
            *n += 1;
            json_answer("200 OK", &json!({"id": format!("ch-{n}"), "connectUri": address}))
        }
        _ => json_answer("200 OK", &json!({"entities": []})),
    });
    let base = api.url.trim_end_matches("/hook").to_owned();
    let topics = r#"["v2.routing.queues.q-1.conversations.messages", "v2.users.u-7.conversations.messages"]"#;
    let daemon = start("genesys", &format!("private = true\napi = \"{base}\"\nset = {{ topics = {topics} }}"));
    let accept = || tungstenite::accept(server.accept().expect("plazo connects").0).expect("a handshake");
    let mut first = accept();
    let calls = api.received();
    let told: Vec<&str> = calls.iter().map(|call| call.path.as_str()).collect();
    let channels = "/api/v2/notifications/channels";
    assert_eq!(told, ["/token", channels, &format!("{channels}/ch-1/subscriptions")]);
    // The id and the secret of the client, by the header (RFC 6749 §2.3.1).
    assert_eq!(calls[0].header("authorization"), "Basic cGxhem8tYXBwOnVuYS1wYWxhYnJhLXNlY3JldGE=");
    assert_eq!(calls[0].body, "grant_type=client_credentials");
    let asked: Value = serde_json::from_str(&calls[2].body).expect("JSON");
    assert_eq!(
        asked,
        json!([{"id": "v2.routing.queues.q-1.conversations.messages"}, {"id": "v2.users.u-7.conversations.messages"}])
    );

    let asked_at = before_now(std::time::Duration::from_secs(60));
    let question = ("customer", "m-1", asked_at.as_str());
    tell(&mut first, &conversation(&[question]));
    wait_for("the request", PATIENCE, || {
        (daemon.get("/v1/requests")["requests"][0]["channel"] == "whatsapp").then_some(())
    });
    tell(&mut first, &json!({"topicName": "v2.system.socket_closing", "eventBody": {"message": "Websocket closing"}}));
    let mut second = accept();
    // Both are open for a while: what the old one still brings is not lost, and what both bring counts once.
    let answered_at = before_now(std::time::Duration::ZERO);
    let both = conversation(&[question, ("agent", "m-2", answered_at.as_str())]);
    tell(&mut first, &both);
    let request = wait_for("the answer", PATIENCE, || {
        let request = daemon.get("/v1/requests/R-1");
        (request["clocks"][0]["state"] == "met").then_some(request)
    });
    let n_history = request["history"].as_array().map(Vec::len);
    tell(&mut second, &both);
    tell(&mut second, &conversation(&[question, ("customer", "m-3", answered_at.as_str())]));
    let request = wait_for("the second question", PATIENCE, || {
        let request = daemon.get("/v1/requests/R-1");
        (n_history < request["history"].as_array().map(Vec::len)).then_some(request)
    });
    assert_eq!(request["history"].as_array().map(Vec::len), n_history.map(|n| n + 1), "{request}");

    // EventBridge wraps the same thing, and comes by the hook.
    let wrapped = conversation(&[("customer", "m-4", answered_at.as_str())]);
    let wrapped = json!({"detail-type": wrapped["topicName"], "detail": wrapped});
    let headers = [("Content-Type", "application/json"), ("X-Api-Key", SECRET)];
    assert_eq!(daemon.call("POST", "/hooks/far", &headers, wrapped.to_string().as_bytes()).status, 200);
    let request = daemon.get("/v1/requests/R-1");
    assert_eq!(request["history"].as_array().map(Vec::len), n_history.map(|n| n + 2), "{request}");
}

#[test]
fn a_webhook_that_is_no_longer_called_is_told() {
    let hooks = json!({"webhooks": [
        {"id": "w-1", "health": {"status": "active", "fail_count": 0}},
        {"id": "w-2", "health": {"status": "suspended", "fail_count": 100}},
    ]});
    let clickup = Webhook::scripted(move |_, _| json_answer("200 OK", &hooks));
    let base = clickup.url.trim_end_matches("/hook").to_owned();
    let daemon = start(
        "clickup",
        &format!(
            "private = true\napi = \"{base}\"\ntoken = {{ env = \"FAR_SECRET\" }}\nset = {{ workspace = 90150, webhook = \"w-2\" }}"
        ),
    );
    let told = wait_for("a notice", PATIENCE, || {
        let files = std::fs::read_dir(daemon.directory.path().join("operator")).into_iter().flatten().flatten();
        files.filter_map(|file| std::fs::read_to_string(file.path()).ok()).find(|told| told.contains("ClickUp"))
    });
    assert!(told.contains("suspended"), "{told}");
    assert!(clickup.received().iter().all(|call| call.path == "/api/v2/team/90150/webhook"));
}
