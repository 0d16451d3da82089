//! Writing back as it happens: a real daemon beside a loopback Chatwoot that behaves as documented, killed and restarted; what comes back of
//! plazo's own acts, doubled and late, for each help desk; and what `plazo check` refuses.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use plazo::config;
use plazo::engine::proof::Proof;
use plazo::intake::json as event_json;
use plazo::intake::mapping::HOOK;
use plazo::intake::source::Source;
use plazo::outbox::Content;
use plazo::outbox::writing::{WriteDeed, source_of};
use plazo::unit::{Applied, Incoming};
use serde_json::{Value, json};

use crate::live::Browser;
use crate::support::daemon::{Daemon, PEOPLE, before_now};
use crate::support::desk::Desk;
use crate::support::webhook::{Received, Webhook, answer};
use crate::support::{PATIENCE, data, wait_for};

const MINUTE: Duration = Duration::from_secs(60);
/// A promise of an hour was broken a moment ago: what is older by a minute was due before plazo heard of it.
const OVERDUE: Duration = Duration::from_secs(3_620);

/// A conversation of a Chatwoot.
#[derive(Debug, Default)]
struct Talk {
    notes: Vec<(u64, String)>,
    labels: Vec<String>,
    owner: Option<u64>,
    priority: Option<String>,
    /// Answers to notes that get lost: whether the note is there all the same.
    lost: Vec<bool>,
    /// Whether the conversation is gone.
    is_gone: bool,
    /// Whether the token is refused.
    is_closed: bool,
}

impl Talk {
    /// Answers as Chatwoot does; none where nothing comes back.
    fn answer(&mut self, call: &Received) -> Option<String> {
        let ok = |body: Value| answer("200 OK", "Content-Type: application/json\r\n", &body.to_string());
        if self.is_closed || call.header("api_access_token") != "PLAZOTEST" {
            return answer("401 Unauthorized", "", r#"{"error":"Invalid Access Token"}"#);
        }
        let sent: Value = serde_json::from_str(&call.body).unwrap_or_default();
        let path = call.path.trim_start_matches("/api/v1/");
        match (call.method.as_str(), path.trim_start_matches("accounts/1/conversations/42/")) {
            ("GET", "profile") => ok(json!({"id": 9, "email": "plazo@empresa.example"})),
            _ if self.is_gone => answer("404 Not Found", "", r#"{"error":"Resource could not be found"}"#),
            ("GET", "messages") => {
                let notes = self.notes.iter().map(|(id, text)| json!({"id": id, "content": text, "private": true}));
                let client = json!({"id": 1100, "content": "[plazo R-1/a1]", "private": false});
                ok(json!({"payload": notes.chain([client]).collect::<Vec<_>>()}))
            }
            ("POST", "messages") => {
                let lost = if self.lost.is_empty() { None } else { Some(self.lost.remove(0)) };
                let id = 1_201 + self.notes.len() as u64;
                if lost != Some(false) {
                    self.notes.push((id, sent["content"].as_str().expect("a text").to_owned()));
                }
                assert_eq!(sent["private"], true, "a client would get it");
                if lost.is_some() { None } else { ok(json!({"id": id, "private": true, "sender": {"id": 9}})) }
            }
            ("GET", "labels") => ok(json!({"payload": self.labels})),
            ("POST", "labels") => {
                let labels = sent["labels"].as_array().expect("labels").iter().filter_map(Value::as_str);
                // What the account does not know is dropped without a word.
                self.labels =
                    labels.filter(|label| ["vip", "sla-vencido"].contains(label)).map(str::to_owned).collect();
                ok(json!({"payload": self.labels}))
            }
            ("POST", "assignments") => {
                self.owner = sent["assignee_id"].as_u64();
                ok(json!({"id": self.owner}))
            }
            ("POST", "toggle_priority") => {
                self.priority = sent["priority"].as_str().map(str::to_owned);
                answer("200 OK", "", "")
            }
            (method, path) => panic!("nobody calls {method} {path}"),
        }
    }
}

/// A Chatwoot, and what it knows.
fn chatwoot(talk: Talk) -> (Webhook, Arc<Mutex<Talk>>) {
    let talk = Arc::new(Mutex::new(talk));
    let known = Arc::clone(&talk);
    (Webhook::scripted(move |_, call| known.lock().expect("no panic").answer(call)), talk)
}

fn file(api: &Webhook, deeds: &str) -> String {
    let api = api.url.trim_end_matches("/hook");
    let people = PEOPLE.replace("[person.ana]\n", "[person.ana]\nreach = { chatwoot = \"6\" }\n");
    format!(
        "{people}
[[policy]]
name = \"todo\"
team = \"social\"
reply = {{ within = \"1h\", escalation = \"e\" }}

[escalation]
e = [{{ at = \"due\", do = {deeds} }}]

[source.chatwoot]
preset = \"chatwoot\"
unsigned = true
private = true
api = \"{api}\"
token = {{ env = \"CHATWOOT_TOKEN\" }}
set = {{ account = 1 }}
"
    )
}

fn start(file: &str) -> Daemon {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let operator = directory.path().join("operator");
    std::fs::write(directory.path().join("sla.toml"), file.replace("OPERATOR", &operator.display().to_string()))
        .expect("sla.toml is written");
    start_in(directory)
}

fn start_in(directory: tempfile::TempDir) -> Daemon {
    Daemon::start_with(directory, |command| {
        command.env("CHATWOOT_TOKEN", "PLAZOTEST");
    })
}

fn hook(daemon: &Daemon, body: &Value) -> Value {
    let headers = [("Content-Type", "application/json")];
    let answer = daemon.call("POST", "/hooks/chatwoot", &headers, body.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap_or_default()
}

fn message(id: u64, kind: &str, ago: Duration, sender: &Value) -> Value {
    json!({
        "event": "message_created", "id": id, "content": "¿Hay noticias?", "message_type": kind, "private": false,
        "content_type": "text", "created_at": before_now(ago), "sender": sender, "account": {"id": 1},
        "inbox": {"id": 3, "name": "WhatsApp Ventas"},
        "conversation": {"id": 42, "status": "open", "messages": [{"id": id, "account_id": 1}]},
    })
}

fn client(id: u64, ago: Duration) -> Value {
    message(id, "incoming", ago, &json!({"id": 77, "name": "Laura Gómez", "type": "contact"}))
}

/// Deliveries to the help desk, by state.
fn written(daemon: &Daemon, state: &str) -> Vec<Value> {
    let page = daemon.get(&format!("/v1/deliveries?state={state}"));
    let rows = page["deliveries"].as_array().cloned().unwrap_or_default();
    rows.into_iter().filter(|row| row["destination"] == "source.chatwoot").collect()
}

#[track_caller]
fn wait_for_written(daemon: &Daemon, state: &str, n: usize) -> Vec<Value> {
    wait_for(&format!("{n} deeds that are {state}"), PATIENCE, || {
        Some(written(daemon, state)).filter(|rows| n <= rows.len())
    })
}

#[test]
fn a_step_writes_where_the_conversation_lives_and_takes_back_what_is_over() {
    let (api, talk) = chatwoot(Talk { labels: vec!["vip".to_owned()], ..Talk::default() });
    let daemon = start(&file(&api, r#"["note", "tag:sla-vencido", "assign:lead", "priority:urgent"]"#));
    hook(&daemon, &client(1_100, OVERDUE));
    wait_for_written(&daemon, "sent", 4);
    {
        let talk = talk.lock().expect("no panic");
        let [(_, note)] = &talk.notes[..] else { panic!("one note: {talk:?}") };
        assert!(note.contains("Laura Gómez") && note.contains("[plazo R-1/a"), "{note}");
        assert_eq!((talk.labels.join(" "), talk.owner), ("vip sla-vencido".to_owned(), Some(6)));
        assert_eq!(talk.priority.as_deref(), Some("urgent"));
    }
    // All of it comes back, doubled: nothing happened but that it is there.
    let before = daemon.get("/v1/requests/R-1");
    let note = json!({
        "event": "message_created", "id": 1_201, "content": talk.lock().expect("no panic").notes[0].1, "message_type": "outgoing",
        "private": true, "content_type": "text", "created_at": before_now(Duration::ZERO), "account": {"id": 1},
        "sender": {"id": 9, "name": "plazo", "email": "plazo@empresa.example", "type": "user"},
        "inbox": {"id": 3}, "conversation": {"id": 42, "status": "open", "messages": [{"account_id": 1}]},
    });
    let labels = json!({
        "event": "conversation_updated", "id": 42, "labels": ["vip", "sla-vencido"], "updated_at": before_now(Duration::ZERO),
        "changed_attributes": [{"label_list": {"previous_value": ["vip"], "current_value": ["vip", "sla-vencido"]}}],
    });
    let urgent = json!({
        "event": "conversation_updated", "id": 42, "priority": "urgent", "updated_at": before_now(Duration::ZERO),
        "changed_attributes": [{"priority": {"previous_value": null, "current_value": "urgent"}}],
    });
    for echo in [&note, &note, &labels, &labels, &urgent] {
        hook(&daemon, echo);
    }
    assert_eq!(daemon.get("/v1/requests/R-1"), before);
    // The owner is another, by nobody's act.
    let assigned = json!({
        "event": "conversation_updated", "id": 42, "updated_at": before_now(Duration::ZERO),
        "meta": {"assignee": {"id": 6, "email": "ana@agencia.example"}},
        "changed_attributes": [{"assignee_id": {"previous_value": null, "current_value": 6}}],
    });
    hook(&daemon, &assigned);
    assert_eq!(daemon.get("/v1/requests/R-1")["owner"], "Ana Ruiz");
    assert_eq!(written(&daemon, "sent").len(), 4);
    // Answered: the tag that plazo put goes, and what people put stays.
    hook(
        &daemon,
        &message(
            1_300,
            "outgoing",
            Duration::ZERO,
            &json!({"id": 4, "email": "laura@agencia.example", "type": "user"}),
        ),
    );
    wait_for("the tag to go", PATIENCE, || (talk.lock().expect("no panic").labels == ["vip"]).then_some(()));
    assert_eq!(talk.lock().expect("no panic").notes.len(), 1);
}

#[test]
fn a_tag_that_people_put_stays_and_one_that_the_account_does_not_have_is_told() {
    let (api, talk) = chatwoot(Talk { labels: vec!["sla-vencido".to_owned()], ..Talk::default() });
    let daemon = start(&file(&api, r#"["tag:sla-vencido", "tag:no-existe"]"#));
    hook(&daemon, &client(1_100, OVERDUE));
    wait_for_written(&daemon, "sent", 1);
    let dead = wait_for_written(&daemon, "dead", 1);
    assert!(dead[0]["answer"].as_str().is_some_and(|said| said.contains("no such label")), "{dead:?}");
    hook(
        &daemon,
        &message(
            1_300,
            "outgoing",
            Duration::ZERO,
            &json!({"id": 4, "email": "laura@agencia.example", "type": "user"}),
        ),
    );
    wait_for("the answer", PATIENCE, || {
        (daemon.get("/v1/requests/R-1")["clocks"][0]["state"] == "met_late").then_some(())
    });
    assert_eq!(talk.lock().expect("no panic").labels, ["sla-vencido"]);
}

#[test]
fn a_note_whose_answer_was_lost_before_a_kill_is_found_and_not_written_again() {
    let (api, talk) = chatwoot(Talk { lost: vec![true], ..Talk::default() });
    let daemon = start(&file(&api, "\"note\""));
    hook(&daemon, &client(1_100, OVERDUE));
    wait_for("the note", PATIENCE, || (talk.lock().expect("no panic").notes.len() == 1).then_some(()));
    // Between the call and its record.
    let daemon = start_in(daemon.kill());
    let sent = wait_for_written(&daemon, "sent", 1);
    assert_eq!(sent[0]["reference"], "1201", "{sent:?}");
    assert_eq!(talk.lock().expect("no panic").notes.len(), 1);
    let posts = api.received().iter().filter(|call| call.method == "POST" && call.path.ends_with("/messages")).count();
    assert_eq!(posts, 1);
}

#[test]
fn a_note_that_did_not_arrive_before_a_kill_is_written_once() {
    let (api, talk) = chatwoot(Talk { lost: vec![false], ..Talk::default() });
    let daemon = start(&file(&api, "\"note\""));
    hook(&daemon, &client(1_100, OVERDUE));
    let posts =
        || api.received().iter().filter(|call| call.method == "POST" && call.path.ends_with("/messages")).count();
    wait_for("the first try", PATIENCE, || (posts() == 1).then_some(()));
    let daemon = start_in(daemon.kill());
    wait_for_written(&daemon, "sent", 1);
    assert_eq!((talk.lock().expect("no panic").notes.len(), posts()), (1, 2));
}

#[test]
fn a_token_that_is_refused_holds_what_is_to_be_written_and_nobody_s_account_is_borrowed() {
    let (api, talk) = chatwoot(Talk { is_closed: true, ..Talk::default() });
    let daemon = start(&file(&api, "\"note\""));
    hook(&daemon, &client(1_100, OVERDUE));
    let held =
        wait_for("a hold", PATIENCE, || written(&daemon, "pending").into_iter().find(|row| row["held_by"].is_string()));
    assert!(held["held_by"].as_str().is_some_and(|cause| cause.contains("Invalid Access Token")), "{held}");
    talk.lock().expect("no panic").is_closed = false;
    wait_for_written(&daemon, "sent", 1);
    // By whose account plazo would look like a person, it writes nothing.
    let borrowed = file(&api, "\"note\"").replace("[person.laura]\n", "[person.laura]\naddresses = [\"9\"]\n");
    let daemon = start(&borrowed);
    hook(&daemon, &client(1_100, OVERDUE));
    let held =
        wait_for("a hold", PATIENCE, || written(&daemon, "pending").into_iter().find(|row| row["held_by"].is_string()));
    assert!(held["held_by"].as_str().is_some_and(|cause| cause.contains("one of its own")), "{held}");
    let tested = |daemon: &Daemon| {
        let mut command = daemon.command();
        command.env("CHATWOOT_TOKEN", "PLAZOTEST").args(["source", "test", "chatwoot", "--write"]);
        let tested = command.output().expect("plazo runs");
        (tested.status.code(), String::from_utf8_lossy(&tested.stdout).into_owned())
    };
    let (code, said) = tested(&daemon);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("plazo is there 9, plazo@empresa.example") && said.contains("Laura Mora's"), "{said}");
    // Nor by a token that is another account's than the file says.
    for (named, code) in [("31", Some(1)), ("9", Some(0))] {
        let daemon = start(&(file(&api, "\"note\"") + &format!("write_as = \"{named}\"\n")));
        let (tested, said) = tested(&daemon);
        assert_eq!(tested, code, "{said}");
        assert_eq!(said.contains("write_as says 31"), named == "31", "{said}");
    }
}

#[test]
fn where_there_is_nowhere_to_write_somebody_is_told() {
    let (api, talk) = chatwoot(Talk::default());
    let daemon = start(&file(&api, "\"note\""));
    daemon.client_message("m-1", "t-1", OVERDUE);
    let told = wait_for("the operator to be told", PATIENCE, || {
        let page = daemon.get("/v1/deliveries?state=sent");
        page["deliveries"].as_array().and_then(|rows| rows.first().cloned())
    });
    assert_eq!((told["person"].as_str(), told["request"].as_str()), (Some("oper"), Some("R-1")), "{told}");
    assert!(talk.lock().expect("no panic").notes.is_empty());
}

#[test]
fn a_note_that_cannot_be_written_goes_where_the_file_says_and_a_tag_does_not() {
    let (api, _) = chatwoot(Talk { is_gone: true, ..Talk::default() });
    let config = file(&api, r#"["note", "tag:vip"]"#) + "write_fallback = [\"operator-file\"]\n";
    let daemon = start(&config);
    hook(&daemon, &client(1_100, OVERDUE));
    wait_for_written(&daemon, "handed_over", 1);
    wait_for_written(&daemon, "dead", 1);
    let told = wait_for("the fallback", PATIENCE, || {
        let page = daemon.get("/v1/deliveries?state=sent");
        let rows = page["deliveries"].as_array().cloned().unwrap_or_default();
        rows.into_iter().find(|row| row["request"] == "R-1" && row["destination"] == "operator-file")
    });
    assert_eq!(told["why"], "breach", "{told}");
}

#[test]
fn route_says_what_would_be_written_and_writes_nothing() {
    let (api, talk) = chatwoot(Talk::default());
    let daemon = start(&file(&api, r#"["note", "assign:lead"]"#));
    hook(&daemon, &client(1_100, MINUTE));
    let route = daemon.get("/v1/requests/R-1/route");
    let told = route["steps"][0]["told"].as_array().expect("ways");
    let does: Vec<_> = told.iter().filter_map(|way| way["does"].as_str()).collect();
    assert_eq!(does, ["note", "assign:lead"], "{route}");
    assert_eq!((told[0]["destination"].as_str(), told[1]["person"].as_str()), (Some("source.chatwoot"), Some("ana")));
    let printed = daemon.command().args(["route", "R-1"]).output().expect("plazo runs");
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    assert!(printed.contains("assign:lead"), "{printed}");
    assert!(talk.lock().expect("no panic").notes.is_empty());
}

#[test]
fn whoever_is_signed_in_writes_there_from_the_page_and_a_form_sent_twice_is_one_deed() {
    let (api, talk) = chatwoot(Talk::default());
    let daemon = start(&file(&api, "\"note\""));
    hook(&daemon, &client(1_100, MINUTE));
    let browser = Browser::enter(&daemon, &["--by", "ana"]);
    assert!(browser.get("/r/R-1").body.contains("Write in Chatwoot"));
    let form = format!("form={}&once=6f1c0d52-0b0e-4c53-9a52-0c6a4a1d7e11", browser.seal());
    for _ in 0..2 {
        let answer = browser.post("/r/R-1/write", &format!("{form}&on=note&text=Lo+miro+yo"));
        assert_eq!(answer.status, 303, "{}", answer.body);
    }
    wait_for_written(&daemon, "sent", 1);
    browser.post("/r/R-1/write", &format!("{form}&on=tag&text=vip"));
    wait_for_written(&daemon, "sent", 2);
    let refused = browser.post("/r/R-1/write", &format!("{form}&on=assign&text=nadie"));
    assert_eq!(refused.status, 422, "{}", refused.body);
    let talk = talk.lock().expect("no panic");
    let [(_, note)] = &talk.notes[..] else { panic!("one note: {talk:?}") };
    assert!(note.starts_with("Ana Ruiz: Lo miro yo\n[plazo R-1/a"), "{note}");
    assert_eq!(talk.labels, ["vip"]);
}

/// A help desk whose echoes are tried: its preset, what the file says besides, the conversation, and what the receipt bears.
const ECHOES: [(&str, &str, &str, &str, &str); 12] = [
    ("chatwoot", "chatwoot", "api = \"https://chat.empresa.example\"\nset = { account = 1 }", "1:42", "9"),
    ("zammad", "zammad", "api = \"https://zammad.empresa.example\"", "81", "31"),
    ("zendesk", "zendesk", "api = \"https://empresa.zendesk.example\"", "5158", "9000000000031"),
    ("hubspot", "hubspot", "public_url = \"https://plazo.example/hooks/hubspot\"", "50000001:6065362089", ""),
    ("clickup", "clickup", "", "86aplazo1", "999"),
    // Whoever comments answers, or asks: plazo's account is nobody whom the file knows.
    ("clickup", "clickup", "set = { comments_answer = true }", "86aplazo1", "999"),
    (
        "glpi",
        "glpi-rest",
        "api = \"https://glpi.empresa.example/apirest.php\"\nset = { zone = \"America/Bogota\", tags = [{ name = \"sla-vencido\", id = 3 }] }",
        "Ticket:1042",
        "",
    ),
    (
        "glpi_v2",
        "glpi",
        "api = \"https://glpi.empresa.example/api.php\"\nclient_id = { env = \"X\" }\nclient_secret = { env = \"X\" }",
        "Ticket:1042",
        "plazo",
    ),
    ("freshdesk", "freshdesk", "api = \"https://empresa.freshdesk.example\"", "309", "82000000099"),
    ("intercom", "intercom", "", "plazotst:215470000000001", "7000099"),
    (
        "jira_sm",
        "jira-sm",
        "api = \"https://empresa.atlassian.example\"",
        "SOP-17",
        "712020:00000000-0000-4000-8000-000000000099",
    ),
    ("front", "front", "", "cnv_plazo42", ""),
];

/// What the answer of the samples calls the note.
fn reference(desk: &str) -> String {
    let text = std::fs::read_to_string(data("writeback").join(desk).join("responses.json")).expect("samples");
    let all: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    let made =
        all.iter().find(|sample| ["note made", "comment made"].contains(&sample["case"].as_str().unwrap_or_default()));
    let body = &made.expect("a note that was made")["body"];
    let id = match desk {
        "zendesk" => &body["audit"]["events"][0]["id"],
        "intercom" => &body["conversation_parts"]["conversation_parts"][0]["id"],
        _ => &body["id"],
    };
    let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    // Its events bear the kind of thing before the number.
    if desk == "glpi" { format!("ITILFollowup:{id}") } else { id }
}

/// The client's message, as Zammad calls it: whoever touches a ticket has its last article sent again.
const ASKED: &str = "902";

#[tokio::test]
async fn what_comes_back_of_plazo_s_own_acts_starts_nothing_and_stops_nothing_doubled_or_late() {
    for (name, preset, keys, thread, account) in ECHOES {
        let write_as = if account.is_empty() { String::new() } else { format!("write_as = \"{account}\"") };
        let tag = if name == "glpi_v2" { "" } else { ", \"tag:sla-vencido\", \"tag:sla_vencido\"" };
        let file = format!(
            "timezone = \"America/Bogota\"
[person.ana]
email = \"ana@agencia.example\"
[team.social]
lead = \"ana\"
[[policy]]
name = \"todo\"
team = \"social\"
reply = {{ within = \"30m\", escalation = \"e\" }}
activity = {{ within = \"48h\", escalation = \"e\" }}
[escalation]
e = [{{ at = \"due\", do = [\"note\"{tag}] }}]
[source.{name}]
preset = \"{preset}\"
{secret}
token = {{ env = \"X\" }}
{keys}
{write_as}
",
            secret = if name == "glpi" { "" } else { "secret = { env = \"X\" }" },
        );
        let mut desk = Desk::open("2026-03-02 09:00", &file);
        let channel = match name {
            "clickup" => "clickup",
            "glpi" | "glpi_v2" => "glpi",
            _ => "crm",
        };
        let asked = json!({
            "type": "message", "id": ASKED, "at": desk.now(), "channel": channel, "thread": thread, "direction": "in",
            "author": {"name": "Laura Gómez", "kind": "customer"}, "text": "¿Hay noticias?",
        });
        let (mut event, _) = event_json::event(asked, name, desk.now()).expect("an event");
        event.proof = Proof::Signed;
        let applied = desk.app.desk.submit(vec![Incoming::new(event, None).expect("JSON")]).await.expect("written");
        let Some(Applied::Accepted { request, .. }) = applied.into_iter().next() else { panic!("{name}: not taken") };
        desk.reference = Some(reference(name));
        let told = desk.until("2026-03-02 09:31").await;
        let notes = told.iter().filter(|(to, _, content)| {
            assert_eq!(source_of(to), Some(name));
            matches!(content, Content::Write(facts) if facts.deed == WriteDeed::Note)
        });
        assert_eq!(notes.count(), 1, "{name}: {told:?}");
        let before = desk.app.views.request(request).await.expect("read").expect("a request");
        let settings = desk.app.config().sources[name].clone();
        let source = Source::without_secrets(settings);
        let text = std::fs::read_to_string(data("writeback").join(name).join("echo.json")).expect("samples");
        let echoes: Vec<Value> = serde_json::from_str(&text).expect("JSON");
        for late in [TimeDelta::zero(), TimeDelta::seconds(30), TimeDelta::minutes(40)] {
            desk.move_to(desk.now() + late);
            for echo in &echoes {
                let case = &echo["case"];
                let (on, body) = match name {
                    "glpi" => ("followups", json!([echo["body"]])),
                    "front" => (HOOK, json!({"type": "comment", "payload": echo["body"]})),
                    _ => (HOOK, echo["body"].clone()),
                };
                let directory = desk.app.config().rulebook.directory.clone();
                let facts = source.try_out(on, body.to_string().as_bytes(), &directory, desk.now()).expect("readable");
                let is_owner = echo["of"] == "assign";
                let told = desk.app.feeds.take_facts(name, facts, &[]).await.expect("written");
                let after = desk.app.views.request(request).await.expect("read").expect("a request");
                if is_owner {
                    assert_eq!(after.clocks[0], before.clocks[0], "{name} {case}: {told:?}");
                    continue;
                }
                assert_eq!(told.accepted, 0, "{name} {case}: {told:?}");
                assert_eq!((&after.clocks, &after.marks), (&before.clocks, &before.marks), "{name} {case}: {told:?}");
            }
        }
        let n_before = desk.ways.len();
        let further = desk.until("2026-03-02 11:30").await;
        assert!(further.is_empty() && desk.ways.len() == n_before, "{name}: {further:?}");
    }
}

fn mistakes(file: &str) -> Vec<String> {
    let loaded = config::read("sla.toml".as_ref(), format!("language = \"en\"\ntimezone = \"UTC\"\n{file}"));
    loaded
        .mistakes
        .iter()
        .filter(|one| one.severity == config::mistake::Severity::Error)
        .map(|one| one.cause.en.clone())
        .collect()
}

#[test]
fn check_refuses_what_cannot_be_written_and_what_would_go_round() {
    let source = "[source.chatwoot]\npreset = \"chatwoot\"\nsecret = { env = \"X\" }\napi = \"https://chat.empresa.example\"\ntoken = { env = \"X\" }\n";
    let person = "[person.ana]\nemail = \"ana@agencia.example\"\naddresses = [\"9\"]\n[team.social]\nlead = \"ana\"\n";
    let policy = |matcher: &str, deeds: &str| {
        format!(
            "{person}[[policy]]\nname = \"p\"\n{matcher}\nreply = {{ within = \"1h\", escalation = \"e\" }}\n[escalation]\ne = [{{ at = \"due\", do = {deeds} }}]\n"
        )
    };
    let plain = policy("", r#"["note", "tag:late", "assign:lead", "priority:high"]"#);
    assert_eq!(mistakes(&format!("{plain}{source}")), Vec::<String>::new());
    let cases = [
        (plain.clone(), "no source of this file can be written back to"),
        (
            format!("{plain}[source.crm]\npreset = \"slack\"\nsecret = {{ env = \"X\" }}\n"),
            "no source of this file can be written back to",
        ),
        (
            format!("{plain}{}", source.replace("token = { env = \"X\" }\n", "")),
            "no source of this file can be written back to",
        ),
        (format!("{}{source}", policy("", "\"priority:yesterday\"")), "no source knows the priority `yesterday`"),
        (
            format!("{}{source}", policy("match = { tags = [\"late\"] }", "\"tag:late\"")),
            "`tag:late` sets what policy `p` matches, whose own steps set something: they would go round",
        ),
        (
            format!("{}{source}", policy("match = { priority = [\"high\"] }", "\"priority:high\"")),
            "`priority:high` sets what policy `p` matches, whose own steps set something: they would go round",
        ),
        (
            format!("{}{source}", policy("match = { team = [\"social\"] }", "\"assign:lead\"")),
            "`assign:lead` sets what policy `p` matches, whose own steps set something: they would go round",
        ),
        // However it is written, here and there.
        (
            format!("{}{source}", policy("match = { tags = [\"late\"] }", "\"tag:  late\"")),
            "`tag:late` sets what policy `p` matches, whose own steps set something: they would go round",
        ),
        (
            format!("{}{source}", policy("match = { tags = [\"sla_énfasis\"] }", "\"tag:SLA ÉNFASIS\"")),
            "`tag:SLA ÉNFASIS` sets what policy `p` matches, whose own steps set something: they would go round",
        ),
        (
            format!(
                "{}{source}set = {{ priorities = {{ alta = \"high\" }} }}\n",
                policy("match = { priority = [\"high\"] }", "\"priority:alta\"")
            ),
            "`priority:alta` sets what policy `p` matches, whose own steps set something: they would go round",
        ),
        // The first policy that it matches sets nothing, and another one does.
        (
            format!(
                "{}quiet = [{{ at = \"due\", tell = [\"ana\"] }}]\n{source}",
                policy("match = { tags = [\"late\"] }", "\"tag:late\"").replace(
                    "[[policy]]",
                    "[[policy]]\nname = \"a\"\nmatch = { tags = [\"late\"] }\nreply = { within = \"1h\", escalation = \"quiet\" }\n[[policy]]"
                )
            ),
            "`tag:late` sets what policy `p` matches, whose own steps set something: they would go round",
        ),
        (format!("{plain}{source}write_as = \"9\"\n"), "this account is ana's"),
        (format!("{}{source}", policy("", "\"dance\"")), "nobody knows how to do `dance`"),
        (format!("{}{source}", policy("", "\"assign:email\"")), "`email` is no person, who could own a ticket"),
        (
            format!(
                "{}[source.zendesk]\npreset = \"slack\"\nsecret = {{ env = \"X\" }}\nchannel = \"crm\"\n{source}",
                policy("match = { channel = \"slack\" }", "\"note\"")
            ),
            "",
        ),
    ];
    for (file, cause) in cases {
        let found = mistakes(&file);
        if cause.is_empty() {
            assert!(found.is_empty(), "{found:?}");
        } else {
            assert!(found.iter().any(|found| found == cause), "{cause}: {found:?}\n{file}");
        }
    }
}
