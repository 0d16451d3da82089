//! Every payload of `tests/data/payloads`, with its real headers and signature, through the real router: the events that it gives,
//! and what becomes of an altered, stale, truncated or mislabelled one.
//!
//! `index.json` says in neutral words what each sample means; `tests/data/events` holds the very events. `UPDATE_EXPECT=1`
//! rewrites the latter.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::support::data;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use plazo::app::time::TimeSource;
use plazo::app::{App, Occasion, feeds};
use plazo::config;
use plazo::engine::policy::TargetKind;
use plazo::intake::source::{Facts, Source};
use plazo::intake::{json as event_json, presets};
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// Presets by the name of their samples.
const SYSTEMS: [(&str, &str); 29] = [
    ("whatsapp_cloud", "whatsapp-cloud"),
    ("slack", "slack"),
    ("hubspot", "hubspot"),
    ("clickup", "clickup"),
    ("glpi", "glpi"),
    ("chatwoot", "chatwoot"),
    ("zammad", "zammad"),
    ("zendesk", "zendesk"),
    ("twilio_whatsapp", "twilio-whatsapp"),
    ("telegram", "telegram"),
    ("msgraph", "msgraph"),
    ("genesys", "genesys"),
    ("generic", "standard-webhooks"),
    ("waha", "waha"),
    ("evolution", "evolution-api"),
    ("instagram", "instagram"),
    ("messenger", "messenger"),
    ("intercom", "intercom"),
    ("libredesk", "libredesk"),
    ("front", "front"),
    ("front_rule", "front-rule"),
    ("freescout", "freescout"),
    ("freshdesk", "freshdesk"),
    ("jira_sm", "jira-sm"),
    ("jira_automation", "jira-sm-automation"),
    ("kommo", "kommo"),
    ("bitrix24", "bitrix24"),
    ("odoo", "odoo"),
    ("zoho_desk", "zoho-desk"),
];

fn read(name: &str) -> Value {
    let text = std::fs::read_to_string(data("payloads").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn samples() -> Vec<Value> {
    // The bridges' vendors publish no collection: `bridges.json` has samples as their pages describe them.
    let rows = ["index.json", "bridges.json"].map(read).into_iter().flat_map(|index| index.as_array().cloned());
    rows.flatten().filter(|row| row["system"] != "email").collect()
}

/// The team that the samples take for granted.
fn file(directory: &std::path::Path) -> String {
    let team = read("team.json");
    let secrets = &team["secrets"];
    let keep = |name: &str, value: &str| {
        std::fs::write(directory.join(name), value).expect("a secret");
        format!("{{ file = {:?} }}", directory.join(name).display().to_string())
    };
    let mut file = "language = \"en\"\ntimezone = \"America/Bogota\"\noperator = \"andres\"\n\
         [person.andres]\nname = \"Andrés Rojas\"\nemail = \"andres.rojas@empresa.example\"\n\
         addresses = [\"U0ANDRES01\", \"183\", \"7\", \"andres.rojas\", \"700000005\", \"6463a5ce-2119-4198-9f2a-000000000005\", \
         \"soporte@empresa.example\", \"573009990005\", \"A-45000001\", \"user:5\", \"9000000000007\", \"90000000007\", \"712020:00000000-0000-4000-8000-000000000007\", \"59b0a3b2-7c5c-4a4b-8b5e-000000000005\", \"8100007\", \"00000000-0000-4000-8000-00000000b007\", \"14\", \"user:8\", \"3900000000007\"]\n"
        .to_owned();
    for (system, preset) in SYSTEMS {
        let key = system.split('_').next().unwrap_or_default();
        let secret = secrets[system].as_str().or_else(|| secrets[key].as_str());
        let secret = secret.unwrap_or_else(|| panic!("no secret for {system}"));
        file += &format!("[source.{system}]\npreset = \"{preset}\"\nsecret = {}\n", keep(system, secret));
        file += &match system {
            "whatsapp_cloud" | "instagram" | "messenger" => {
                format!("verify = {}\n", keep("verify", secrets["whatsapp_verify"].as_str().expect("it")))
            }
            "hubspot" => format!(
                "public_url = \"https://hooks.plazo.example/in/hubspot\"\ntoken = {}\n",
                keep("hubspot-token", "t")
            ),
            "twilio_whatsapp" => "public_url = \"https://hooks.plazo.example/in/twilio-whatsapp\"\n".to_owned(),
            "jira_automation" => {
                format!("api = \"https://empresa.atlassian.example\"\ntoken = {}\n", keep("jira-token", "Basic dA=="))
            }
            "freshdesk" => {
                format!(
                    "api = \"https://empresa.freshdesk.example\"\ntoken = {}\n",
                    keep("freshdesk-token", "Basic dA==")
                )
            }
            "front" => format!("token = {}\n", keep("front-token", "t")),
            "clickup" => {
                format!("token = {}\nset = {{ comments_answer = true }}\n", keep("clickup-token", "t"))
            }
            "zoho_desk" => "set = { org = \"70000001\", webhook = \"3900000000001\" }\n".to_owned(),
            "bitrix24" => "set = { bots = [\"77\"] }\n".to_owned(),
            "kommo" => {
                format!("token = {}\nset = {{ subdomain = \"empresaejemplo\" }}\n", keep("kommo-token", "t"))
            }
            "msgraph" => format!(
                "client_id = {}\nclient_secret = {}\nset = {{ tenant = \"t\", plan = \"p\" }}\n",
                keep("client-id", "c"),
                keep("client-secret", "s")
            ),
            _ => String::new(),
        };
    }
    file + "[source.glpi-rest]\npreset = \"glpi-rest\"\nprivate = true\napi = \"http://127.0.0.1:9/apirest.php\"\n"
        + &format!("token = {}\nset = {{ zone = \"America/Bogota\" }}\n", keep("glpi-token", "t"))
}

/// The application over an empty store, at the instant of a sample.
struct Desk {
    app: App,
    writer: Option<std::thread::JoinHandle<()>>,
    router: axum::Router,
    now: Arc<std::sync::Mutex<DateTime<Utc>>>,
    directory: tempfile::TempDir,
}

impl Desk {
    async fn open() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let text = file(directory.path());
        let loaded = config::read(&directory.path().join("sla.toml"), text.clone());
        let explained = loaded.explain(false);
        let config = loaded.config.unwrap_or_else(|| panic!("{explained}"));
        let now = Arc::new(std::sync::Mutex::new("2026-03-02T14:05:00Z".parse().expect("an instant")));
        let clock = Arc::clone(&now);
        let time = TimeSource::new(move || *clock.lock().expect("no panic"));
        let ready = feeds::ready(&config).expect("secrets that can be read");
        let (app, writer) = App::open(directory.path(), config, &text, time).expect("the store opens");
        app.desk.plan_anew(Occasion::Start).await.expect("planned");
        app.feeds.set_sources(ready);
        let router = plazo::http::router(app.clone());
        Self { app, writer: Some(writer), router, now, directory }
    }

    fn at(&self, now: DateTime<Utc>) {
        *self.now.lock().expect("no panic") = now;
    }

    async fn call(&self, row: &Value, headers: &[(String, String)], body: Vec<u8>) -> (StatusCode, String) {
        let path = row["path"].as_str().expect("a path");
        let query = path.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
        let word = path_word(row).map(|word| format!("/{word}")).unwrap_or_default();
        let uri = format!("/hooks/{}{word}{query}", row["system"].as_str().expect("a system"));
        let mut request = Request::builder().method(row["method"].as_str().expect("a method")).uri(uri);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body)).expect("a request")).await;
        let response = response.expect("an answer");
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.expect("a body");
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    fn store(&self) -> plazo::store::Store {
        plazo::store::Store::open_reader(self.directory.path()).expect("a reader")
    }

    /// Everything that stands in the journal, in the Event JSON form.
    async fn journal(&self) -> Vec<Value> {
        let mut events = Vec::new();
        self.store().each_event(|_, _, event| events.push(event_json::write(&event))).expect("the journal");
        events
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.app.close();
        if let Some(writer) = self.writer.take() {
            writer.join().expect("the writer ends");
        }
    }
}

fn headers(row: &Value) -> Vec<(String, String)> {
    let pairs = row["headers"].as_array().into_iter().flatten();
    pairs
        .map(|pair| (pair[0].as_str().expect("a name").to_owned(), pair[1].as_str().expect("a value").to_owned()))
        .collect()
}

fn body(row: &Value) -> Vec<u8> {
    row["body"].as_str().map_or_else(Vec::new, |name| std::fs::read(data("payloads").join(name)).expect("a body"))
}

fn arrival(row: &Value) -> DateTime<Utc> {
    row["now"]
        .as_i64()
        .and_then(|now| DateTime::from_timestamp(now, 0))
        .unwrap_or_else(|| "2026-03-02T16:00:00Z".parse().expect("an instant"))
}

/// The last word of the address, where that is the secret.
fn path_word(row: &Value) -> Option<&str> {
    let path = row["path"].as_str().filter(|_| row["system"] == "odoo")?;
    path.rsplit('/').next()
}

fn name(row: &Value) -> String {
    format!("{}/{}", row["system"].as_str().unwrap_or_default(), row["event"].as_str().unwrap_or_default())
}

/// What an API's answer is, by the preset's name for it, and what led to it.
fn of_answer(row: &Value) -> Option<(&'static str, &'static str, Value)> {
    let event = row["event"].as_str()?;
    Some(match (row["system"].as_str()?, event) {
        ("hubspot", _) => ("hubspot", "message", json!({"item": {"portalId": 50_000_001}})),
        ("glpi", "legacy_ticket_response") => ("glpi-rest", "tickets", json!({})),
        ("glpi", "legacy_ticket_followups_response") => {
            ("glpi-rest", "followups", json!({"ticket": {"users_id_recipient": 21}}))
        }
        ("msgraph", "planner_tasks_response" | "planner_tasks_completed_response") => ("msgraph", "tasks", json!({})),
        ("msgraph", "teams_channel_message_response") => ("msgraph", "teams", json!({})),
        ("msgraph", _) => ("msgraph", "mail", json!({})),
        ("genesys", _) => ("genesys", "hook", json!({})),
        ("freshdesk", "ticket_response") => ("freshdesk", "ticket", json!({})),
        ("freshdesk", _) => ("freshdesk", "conversations", json!({})),
        ("jira_automation", _) => ("jira_automation", "comments", json!({"issue": "SUP-42"})),
        ("front", _) => ("front", "message", json!({})),
        ("kommo", _) => ("kommo", "events", json!({})),
        ("odoo", _) => ("odoo", "messages", json!({})),
        _ => return None,
    })
}

/// The facts of a sample.
fn facts(source: &Source, on: &str, row: &Value, desk: &Desk) -> Facts {
    let config = desk.app.config();
    let directory = &config.rulebook.directory;
    let mut body: Value = serde_json::from_slice(&body(row)).expect("JSON");
    if row["event"] == "legacy_ticket_response" {
        body = json!([body]);
    }
    let (_, _, asked) = of_answer(row).expect("an answer");
    source.of_answer(on, body, asked, directory, arrival(row))
}

fn report(facts: &Facts) -> Value {
    json!({
        "events": facts.events.iter().map(|(event, request)| {
            let mut event = event_json::write(event);
            if let Some(request) = request {
                event["request"] = request.to_string().into();
            }
            event
        }).collect::<Vec<_>>(),
        "fetches": facts.fetches.iter().map(|fetch| json!([fetch.name, fetch.id, fetch.path])).collect::<Vec<_>>(),
        "alarms": facts.alarms.iter().map(|alarm| alarm.text.en.clone()).collect::<Vec<_>>(),
        "no effect": facts.ignored.iter().map(|why| why.en.clone()).collect::<Vec<_>>(),
        "faults": facts.faults.iter().map(|fault| fault.words().en).collect::<Vec<_>>(),
    })
}

/// Every sample's facts, by its name.
async fn all_facts() -> BTreeMap<String, Value> {
    let desk = Desk::open().await;
    let known = desk.app.feeds.sources();
    let mut all = BTreeMap::new();
    for row in samples() {
        if row["method"].is_null() {
            if let Some((source, on, _)) = of_answer(&row) {
                all.insert(name(&row), report(&facts(&known[source], on, &row, &desk)));
            }
            continue;
        }
        let source = &known[row["system"].as_str().expect("a system")];
        let header: BTreeMap<_, _> =
            headers(&row).into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
        let path = row["path"].as_str().expect("a path");
        let payload = body(&row);
        let request = plazo::intake::source::HookRequest {
            path_word: path_word(&row),
            method: row["method"].as_str().expect("a method"),
            query: path.split_once('?').map(|(_, query)| query).unwrap_or_default(),
            headers: header,
            body: &payload,
            is_local: false,
        };
        let config = desk.app.config();
        let taken = source.take(&request, &config.rulebook.directory, arrival(&row));
        let told = match taken {
            Ok(plazo::intake::source::Taken::Facts(facts)) => report(&facts),
            Ok(plazo::intake::source::Taken::Handshake(answer)) => json!({ "handshake": answer }),
            Err(rejection) => panic!("{}: {rejection}", name(&row)),
        };
        all.insert(name(&row), told);
    }
    all
}

#[tokio::test]
async fn every_payload_gives_its_events() {
    let all = all_facts().await;
    let directory = data("events");
    let mut by_system: BTreeMap<&str, BTreeMap<&str, &Value>> = BTreeMap::new();
    for (name, told) in &all {
        let (system, event) = name.split_once('/').expect("a name");
        by_system.entry(system).or_default().insert(event, told);
    }
    let mut wrong = Vec::new();
    for (system, told) in by_system {
        let path = directory.join(format!("{system}.json"));
        let found = serde_json::to_string_pretty(&told).expect("JSON") + "\n";
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::create_dir_all(&directory).expect("a directory");
            std::fs::write(&path, &found).expect("written");
        }
        if std::fs::read_to_string(&path).unwrap_or_default() != found {
            wrong.push(path.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "UPDATE_EXPECT=1 and look at the difference of {}", wrong.join(", "));
}

/// The neutral words of `index.json` against the events, independently of the snapshots.
#[tokio::test]
async fn every_payload_means_what_the_collection_says() {
    let all = all_facts().await;
    let mut wrong = Vec::new();
    // What an earlier sample told is known, and counts once.
    let mut known = std::collections::HashSet::new();
    for row in samples() {
        let Some(told) = all.get(&name(&row)) else { continue };
        if told["faults"].as_array().is_some_and(|faults| !faults.is_empty()) {
            wrong.push(format!("{}: {}", name(&row), told["faults"]));
        }
        let mut events: Vec<Value> = told["events"].as_array().cloned().unwrap_or_default();
        for meant in row["events"].as_array().into_iter().flatten() {
            if let Err(why) = check(meant, told, &mut events) {
                wrong.push(format!("{}: {why}\n    meant {meant}\n    told {told}", name(&row)));
            }
        }
        // These send the whole conversation or list again; what is known counts once.
        if row["system"] == "genesys"
            || row["system"] == "freescout"
            // Nothing in the call tells a second delivery from a second closing; closing what is closed has no effect.
            || row["event"] == "status_closed_redelivered"
            || row["event"].as_str().is_some_and(|event| event.starts_with("planner"))
        {
            continue;
        }
        // Nothing may start or stop a clock that the collection does not know of.
        let is_loud = |event: &&Value| {
            let kind = event["type"].as_str().unwrap_or_default();
            let is_bot = ["bot", "auto", "system"].contains(&event["author"]["kind"].as_str().unwrap_or_default());
            (kind == "message" || kind == "open" || kind == "close") && !is_bot && !known.contains(&event["id"])
        };
        if let Some(event) = events.iter().find(is_loud) {
            wrong.push(format!("{}: too much: {event}", name(&row)));
        }
        known.extend(told["events"].as_array().into_iter().flatten().map(|event| event["id"].clone()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Takes the event that `meant` means out of `events`.
fn check(meant: &Value, told: &Value, events: &mut Vec<Value>) -> Result<(), String> {
    let effect = meant["effect"].as_str().unwrap_or_default();
    let kinds: &[&str] = match effect {
        "customer_waiting" => &["message", "open"],
        "agent_answer" => &["message"],
        "close" | "abandon" => &["close"],
        "assign" => &["own"],
        "acknowledge" => &["ack"],
        "fetch" => {
            let is_there = told["fetches"].as_array().is_some_and(|fetches| !fetches.is_empty());
            return if is_there { Ok(()) } else { Err("nothing is fetched".to_owned()) };
        }
        "resync" => {
            // Or plazo sees to it by itself, and says so; `subscriptions.rs` shows that it does.
            let is_told = |what: &str| told[what].as_array().is_some_and(|all| !all.is_empty());
            let is_seen_to = is_told("alarms") || is_told("no effect");
            return if is_seen_to { Ok(()) } else { Err("nobody is alarmed".to_owned()) };
        }
        // States are switchable, and what has no effect is looked at as a whole.
        _ => return Ok(()),
    };
    let thread = meant["conversation"].as_str();
    let waits = effect == "customer_waiting";
    let place = events.iter().position(|event| {
        let threads = event["threads"].as_array();
        let has_thread = thread.is_none_or(|thread| threads.is_some_and(|all| all.iter().any(|one| one == thread)));
        let is_theirs = event["type"] != "message" || event["direction"] == if waits { "in" } else { "out" };
        kinds.contains(&event["type"].as_str().unwrap_or_default()) && has_thread && is_theirs
    });
    let event = events.remove(place.ok_or_else(|| format!("no {} on {thread:?}", kinds.join(" or ")))?);
    if waits && event["type"] == "message" && event["author"]["kind"] != "customer" {
        return Err(format!("written by {}", event["author"]));
    }
    if let (Some(at), Some(found)) = (meant["at"].as_str(), event["at"].as_str()) {
        let parse = |text: &str| text.parse::<DateTime<Utc>>().map_err(|error| error.to_string());
        // The collection rounds to seconds; what has no time of its own has that of its arrival.
        if TimeDelta::seconds(2) < (parse(at)? - parse(found)?).abs() {
            return Err(format!("at {found}"));
        }
    }
    let said = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(text) = meant["text"].as_str().filter(|text| !text.is_empty() && event["type"] == "message")
        && said(event["text"].as_str().unwrap_or_default()) != said(text)
    {
        return Err(format!("text is {}", event["text"]));
    }
    for alias in meant["aliases"].as_array().into_iter().flatten() {
        if !event["threads"].as_array().is_some_and(|threads| threads.contains(alias)) {
            return Err(format!("the alias {alias} is missing"));
        }
    }
    Ok(())
}

#[tokio::test]
async fn each_signed_request_is_let_in_and_answered_as_its_system_asks() {
    for row in samples().iter().filter(|row| !row["method"].is_null()) {
        let desk = Desk::open().await;
        desk.at(arrival(row));
        let (status, answer) = desk.call(row, &headers(row), body(row)).await;
        let expected = row["response"].as_u64().and_then(|code| u16::try_from(code).ok()).expect("a status");
        assert_eq!(status.as_u16(), expected, "{}: {answer}", name(row));
        match row["event"].as_str().expect("a name") {
            "verification_get" => assert_eq!(answer, "1158201444"),
            "challenge" => assert_eq!(answer, "plazo-challenge-7f3a9c"),
            "url_verification" => assert_eq!(answer, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"),
            "cra_challenge_get" => {
                assert_eq!(answer, "4384e87e4681270c80b477350d11ef6ca556abb28b5ccdfcee80dc0810395ba3")
            }
            "validation_post" => assert!(answer.starts_with("Validation: Testing client application"), "{answer}"),
            _ if row["system"] == "twilio_whatsapp" => assert_eq!(answer, "<Response/>"),
            _ => assert_eq!(answer, "", "{}", name(row)),
        }
    }
}

#[tokio::test]
async fn what_is_altered_truncated_or_mislabelled_is_refused_and_leaves_no_trace() {
    let desk = Desk::open().await;
    let mut n_refused = 0;
    for row in samples().iter().filter(|row| row["method"] == "POST" && !row["body"].is_null()) {
        desk.at(arrival(row));
        let (headers, whole) = (headers(row), body(row));
        let proves_by_body = [
            "meta",
            "slack",
            "hubspot",
            "clickup",
            "glpi",
            "chatwoot",
            "zammad",
            "zendesk",
            "twilio",
            "standard",
            "intercom",
            "libredesk",
            "front",
            "freescout",
            "jira",
        ]
        .iter()
        .any(|scheme| row["scheme"].as_str().is_some_and(|text| text.starts_with(scheme)));
        if proves_by_body {
            let mut altered = whole.clone();
            let middle = altered.len() / 2;
            altered[middle] ^= 1;
            assert_eq!(desk.call(row, &headers, altered).await.0, StatusCode::UNAUTHORIZED, "altered: {}", name(row));
            let half = whole[..middle].to_vec();
            assert_eq!(desk.call(row, &headers, half).await.0, StatusCode::UNAUTHORIZED, "truncated: {}", name(row));
            n_refused += 2;
        }
        let unsigned: Vec<_> = headers
            .iter()
            .filter(|(name, _)| {
                let name = name.to_lowercase();
                !(name.contains("signature")
                    || name.contains("secret-token")
                    || name == "x-api-key"
                    || name == "x-plazo-token")
            })
            .cloned()
            .collect();
        if unsigned.len() < headers.len() {
            assert_eq!(
                desk.call(row, &unsigned, whole.clone()).await.0,
                StatusCode::UNAUTHORIZED,
                "unsigned: {}",
                name(row)
            );
            n_refused += 1;
        }
        if !["glpi", "msgraph"].contains(&row["system"].as_str().expect("a system")) {
            let plain: Vec<_> = headers
                .iter()
                .map(|(name, value)| {
                    let is_type = name.eq_ignore_ascii_case("content-type");
                    (name.clone(), if is_type { "text/plain".to_owned() } else { value.clone() })
                })
                .collect();
            assert_eq!(
                desk.call(row, &plain, whole.clone()).await.0,
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "mislabelled: {}",
                name(row)
            );
            n_refused += 1;
        }
    }
    assert!(300 < n_refused, "{n_refused}");
    assert_eq!(desk.journal().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_stale_time_stamp_is_refused() {
    for row in samples().iter().filter(|row| row["method"] == "POST" && !row["body"].is_null()) {
        let tolerance = match row["system"].as_str().expect("a system") {
            "slack" | "hubspot" | "chatwoot" | "zendesk" | "generic" | "front" => TimeDelta::minutes(6),
            "glpi" => TimeDelta::hours(25),
            _ => continue,
        };
        let desk = Desk::open().await;
        for late in [tolerance, -tolerance] {
            desk.at(arrival(row) + late);
            assert_eq!(desk.call(row, &headers(row), body(row)).await.0, StatusCode::UNAUTHORIZED, "{}", name(row));
        }
        assert_eq!(desk.journal().await, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn redelivery_in_any_order_leaves_one_request_with_the_right_clocks() {
    let rows: Vec<_> = samples();
    let by_name = |wanted: &str| rows.iter().find(|row| name(row) == wanted).cloned().expect("a sample");
    let names = [
        "chatwoot/message_created_incoming",
        "chatwoot/conversation_updated_assigned",
        "chatwoot/message_created_private_note",
        "chatwoot/message_created_outgoing_agent",
        "chatwoot/conversation_status_changed_resolved",
    ];
    // Every rotation, each twice over.
    for turn in 0..names.len() {
        let desk = Desk::open().await;
        for place in (0..names.len()).chain(0..names.len()) {
            let row = by_name(names[(place + turn) % names.len()]);
            desk.at(arrival(&row));
            assert_eq!(desk.call(&row, &headers(&row), body(&row)).await.0, StatusCode::OK);
        }
        let (requests, last) = desk
            .store()
            .last_request()
            .and_then(|last| Ok((last, desk.store().request(plazo::engine::request_id::RequestId(1))?)))
            .expect("read");
        let last = last.expect("R-1");
        assert_eq!(requests, 1, "turn {turn}");
        assert_eq!(last.phase.as_str(), "closed", "turn {turn}");
        assert_eq!(last.owner.as_deref(), Some("andres"), "turn {turn}");
        let answered = last.marks.first_answered_at.map(|at| at.to_rfc3339());
        assert_eq!(answered.as_deref(), Some("2026-03-02T14:13:00.400+00:00"), "turn {turn}");
    }
}

/// A mail of the collection, as its mailbox gives it.
fn mail(name: &str, now: DateTime<Utc>) -> plazo::app::Incoming {
    let raw = std::fs::read(data("email").join(format!("{name}.eml"))).expect("a mail");
    let is_own = |address: &str| address.ends_with("@empresa.example");
    // What the house wrote lies among what was sent.
    let house = plazo::intake::email::House {
        is_own: &is_own,
        trusts: &[],
        is_sent: true,
        folder: None,
        received_at: None,
        now,
    };
    let event = plazo::intake::email::read(&raw, &house);
    plazo::app::Incoming::new(event.expect("a mail"), None).expect("an event")
}

#[tokio::test]
async fn samples_in_order_lead_to_the_waits_and_answers_that_the_collection_says() {
    let rows = samples();
    let start: DateTime<Utc> = "2026-03-02T14:05:00Z".parse().expect("an instant");
    for sequence in read("sequences.json").as_array().expect("a list") {
        let desk = Desk::open().await;
        for step in sequence["steps"].as_array().expect("steps") {
            let (sample, after) = (step[0].as_str().expect("a name"), step[1].as_i64().expect("seconds"));
            desk.at(start + TimeDelta::seconds(after));
            if let Some(name) = sample.strip_prefix("email/") {
                let applied =
                    desk.app.desk.submit(vec![mail(name, start + TimeDelta::seconds(after))]).await.expect("written");
                assert!(matches!(applied[0], plazo::app::Applied::Accepted { .. }), "{sample}: {applied:?}");
                continue;
            }
            let row = rows.iter().find(|row| name(row) == sample).expect("a sample");
            assert_eq!(desk.call(row, &headers(row), body(row)).await.0, StatusCode::OK, "{sample}");
        }
        let store = desk.store();
        let ids = store.live_requests().expect("read");
        let live: Vec<_> = ids.into_iter().map(|id| store.request(id).expect("read")).collect();
        let requests: Vec<_> = live.into_iter().flatten().collect();
        let instant = |value: &Value| value.as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
        let is_near = |found: Option<DateTime<Utc>>, meant: &Value| {
            found.zip(instant(meant)).is_some_and(|(found, meant)| (found - meant).abs() < TimeDelta::seconds(2))
        };
        let expect = &sequence["expect"];
        let open: Vec<_> = expect["open"].as_array().expect("open").iter().collect();
        let answered: Vec<_> = expect["answered"].as_array().expect("answered").iter().collect();
        assert_eq!(requests.len(), open.len() + answered.len(), "{}", sequence["name"]);
        for wait in open {
            let found =
                requests.iter().any(|request| is_near(request.marks.of(TargetKind::Reply).owed_since, &wait["since"]));
            assert!(found, "{}: {wait}: {requests:#?}", sequence["name"]);
        }
        for wait in answered {
            let fits = |request: &plazo::engine::request::Request| {
                request.marks.of(TargetKind::Reply).owed_since.is_none()
                    && is_near(request.marks.first_asked_at, &wait["from"])
                    && is_near(request.marks.of(TargetKind::Reply).given_at, &wait["to"])
            };
            assert!(requests.iter().any(fits), "{}: {wait}: {requests:#?}", sequence["name"]);
        }
    }
}

#[test]
fn every_preset_compiles_and_tells_its_operator_what_to_know_in_both_languages() {
    for (preset, text) in presets::PRESETS {
        let mapping =
            plazo::intake::mapping::Mapping::compile(text).unwrap_or_else(|error| panic!("{preset}: {error}"));
        let notes = mapping.notes.unwrap_or_else(|| panic!("{preset} has no notes"));
        assert!(!notes.en.is_empty() && !notes.es.is_empty() && !mapping.title.is_empty(), "{preset}");
    }
}
