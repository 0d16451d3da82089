//! Sources as a team sets them up: a mapping of its own, an API that is asked, and what the operator is told of them.

use std::path::Path;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::daemon::{Answer, Daemon, PEOPLE, before_now};
use crate::support::webhook::{Received, Webhook, answer};
use crate::support::{PATIENCE, data, plazo, wait_for};

const POLICY: &str = "
[[policy]]
name = \"crm\"
match = { channel = \"crm\" }
reply = { rule = \"A1\", within = \"1h\", escalation = \"e\" }

[[policy]]
name = \"glpi\"
match = { channel = \"glpi\" }
reply = { rule = \"A1\", within = \"1h\", escalation = \"e\" }

[escalation]
e = [{ at = \"due\", tell = [\"ana\"] }]
";
const SECRET: &str = "un-secreto-bastante-largo";
const TOKEN: &str = "token-de-la-api";

/// `[source.crm]` with the mapping of the team's own.
fn crm(api: &str, more: &str) -> String {
    format!(
        "{PEOPLE}{POLICY}
[source.crm]
mapping = \"mi-crm.toml\"
secret = {{ env = \"CRM_SECRET\" }}
token = {{ env = \"CRM_TOKEN\" }}
private = true
api = \"{api}\"
{more}
"
    )
}

#[track_caller]
fn start(config: &str) -> Daemon {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let operator = directory.path().join("operator");
    let config = config.replace("OPERATOR", &operator.display().to_string());
    std::fs::write(directory.path().join("sla.toml"), config).expect("sla.toml is written");
    std::fs::copy(data("sources/mi-crm.toml"), directory.path().join("mi-crm.toml")).expect("the mapping is copied");
    start_in(directory)
}

#[track_caller]
fn start_in(directory: tempfile::TempDir) -> Daemon {
    Daemon::start_with(directory, |command| {
        command.env("CRM_SECRET", SECRET).env("CRM_TOKEN", TOKEN);
    })
}

/// What a client wrote just now, as the CRM tells it.
fn written(id: &str, case: &str) -> Value {
    json!({"kind": "message", "id": id, "case": case, "from_client": true, "author": "luisa@cliente.example",
           "written": before_now(std::time::Duration::ZERO), "text": "¿Hay noticias?"})
}

#[track_caller]
fn send(daemon: &Daemon, body: &Value) -> Answer {
    send_to(daemon, "/hooks/crm", body)
}

#[track_caller]
fn send_to(daemon: &Daemon, path: &str, body: &Value) -> Answer {
    let body = body.to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length will do");
    mac.update(body.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let headers = [("Content-Type", "application/json"), ("X-Crm-Signature", signature.as_str())];
    daemon.call("POST", path, &headers, body.as_bytes())
}

#[track_caller]
fn request(daemon: &Daemon, n: usize) -> Value {
    wait_for(&format!("{n} requests"), PATIENCE, || {
        let page = daemon.get("/v1/requests?all=true");
        let rows = page["requests"].as_array()?;
        (rows.len() == n).then(|| rows[n - 1].clone())
    })
}

fn source(daemon: &Daemon, name: &str) -> Value {
    let page = daemon.get("/v1/sources");
    let rows = page["sources"].as_array().expect("sources");
    rows.iter().find(|row| row["name"] == name).expect("the source").clone()
}

/// What the operator was told, all in one.
fn told(directory: &Path) -> String {
    let files = std::fs::read_dir(directory.join("operator")).into_iter().flatten().flatten();
    files.filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect()
}

#[track_caller]
fn wait_for_notice(daemon: &Daemon, of: &str) -> String {
    wait_for(&format!("a notice of {of:?}"), PATIENCE, || {
        Some(told(daemon.directory.path())).filter(|told| told.contains(of))
    })
}

#[test]
fn a_system_that_nobody_foresaw_is_connected_by_a_file() {
    let daemon = start(&crm("http://127.0.0.1:9", ""));
    assert_eq!(send(&daemon, &written("m-1", "caso-7")).status, 200);
    let request = request(&daemon, 1);
    assert_eq!(request["channel"], "crm");
    // Told again, it is known.
    assert_eq!(send(&daemon, &written("m-1", "caso-7")).status, 200);
    assert_eq!(daemon.get("/v1/requests?all=true")["requests"].as_array().map(Vec::len), Some(1));
    assert_eq!(source(&daemon, "crm")["state"], "ok");
    let unknown = daemon.command().args(["unknown"]).output().expect("plazo runs");
    let unknown = String::from_utf8_lossy(&unknown.stdout).into_owned();
    assert!(unknown.contains("luisa@cliente.example"), "{unknown}");
}

/// A hook of an application's and one of a rule's, of the same desk: what both tell is one fact, whichever comes first.
#[test]
fn what_two_sources_tell_by_the_same_ids_is_heard_once() {
    let twin = |same_as: &str| {
        format!(
            "[source.rules]\nmapping = \"mi-crm.toml\"\nsecret = {{ env = \"CRM_SECRET\" }}\ntoken = {{ env = \"CRM_TOKEN\" }}\nprivate = true\napi = \"http://127.0.0.1:9\"\n{same_as}"
        )
    };
    for (same_as, heard) in [("", 4), ("same_as = \"crm\"", 2)] {
        let daemon = start(&crm("http://127.0.0.1:9", &twin(same_as)));
        for (id, doors) in [("m-1", ["/hooks/crm", "/hooks/rules"]), ("m-2", ["/hooks/rules", "/hooks/crm"])] {
            for door in doors {
                assert_eq!(send_to(&daemon, door, &written(id, "caso-7")).status, 200, "{door}");
            }
        }
        let request = request(&daemon, 1)["id"].as_str().expect("an id").to_owned();
        let told = daemon.get(&format!("/v1/requests/{request}"));
        let messages = told["history"].as_array().into_iter().flatten().filter(|event| event["type"] == "message");
        assert_eq!(messages.count(), heard, "{same_as}: {told}");
        assert_eq!(source(&daemon, "rules")["state"], "ok", "it is heard all the same");
    }
}

/// A system that signs nothing and sends no header of one's own bears a word in its address: in the query, or as the last of its path.
/// Some ask by HEAD whether anybody is there before they keep an address; nothing is heard by it.
#[test]
fn an_address_that_is_asked_whether_anybody_is_there_says_so() {
    let daemon = start(&crm("https://crm.example", ""));
    let answer = daemon.call_by_tcp("HEAD", "/hooks/crm", &[], b"");
    assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{}", answer.head);
    assert_eq!(daemon.call_by_tcp("HEAD", "/hooks/nobody", &[], b"").status, 404);
    assert_eq!(daemon.call_by_tcp("PUT", "/hooks/crm", &[], b"").status, 405);
    assert_eq!(daemon.get("/v1/requests")["requests"], json!([]));
}

#[test]
fn a_system_that_signs_nothing_is_known_by_a_word_in_its_address() {
    let mapping = |place: &str| {
        format!(
            "title = \"Kommo\"\nchannel = \"crm\"\nform = true\n[signature]\nalgorithm = \"token\"\n{place}\n[[event]]\n\
             each = [\"message = body.message.add\"]\ntype = \"message\"\nid = \"message.id\"\nat = \"seconds(message.created_at)\"\n\
             thread = \"message.chat_id\"\ndirection = \"'in'\"\nauthor = {{ name = \"message.author.name\", kind = \"'customer'\" }}\n\
             text = \"bbcode_text(message.text)\"\n"
        )
    };
    let directory = tempfile::tempdir().expect("a temporary directory");
    for (name, place) in [("query", "parameter = \"token\""), ("path", "in_path = true")] {
        std::fs::write(directory.path().join(format!("{name}.toml")), mapping(place)).expect("a mapping");
    }
    let source =
        |name: &str| format!("[source.{name}]\nmapping = \"{name}.toml\"\nsecret = {{ env = \"CRM_SECRET\" }}\n");
    let operator = directory.path().join("operator").display().to_string();
    let config = format!("{PEOPLE}{POLICY}{}{}", source("query"), source("path")).replace("OPERATOR", &operator);
    std::fs::write(directory.path().join("sla.toml"), config).expect("sla.toml is written");
    let daemon = start_in(directory);
    let call = |path: &str, n: usize| {
        let at = chrono::DateTime::parse_from_rfc3339(&before_now(std::time::Duration::ZERO)).expect("an instant");
        let body = format!(
            "message%5Badd%5D%5B0%5D%5Bid%5D=m-{n}&message[add][0][chat_id]=chat-{n}&message[add][0][created_at]={}\
             &message[add][0][author][name]=Luisa&message[add][0][text]=%5Bb%5D%C2%BFHay+noticias%3F%5B%2Fb%5D",
            at.timestamp()
        );
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        daemon.call("POST", path, &headers, body.as_bytes()).status
    };
    for (n, (path, status)) in [
        (format!("/hooks/query?token={SECRET}"), 200),
        ("/hooks/query".to_owned(), 401),
        ("/hooks/query?token=".to_owned(), 401),
        (format!("/hooks/query?token={SECRET}x"), 401),
        (format!("/hooks/query?token=x&token={SECRET}"), 401),
        (format!("/hooks/query/{SECRET}"), 404),
        (format!("/hooks/path/{SECRET}"), 200),
        ("/hooks/path".to_owned(), 401),
        ("/hooks/path/otro".to_owned(), 401),
        (format!("/hooks/path?token={SECRET}"), 401),
        (format!("/hooks/path/{SECRET}/x"), 404),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(call(&path, n), status, "{}", path.replace(SECRET, "SECRET"));
    }
    let listed = daemon.get("/v1/requests");
    assert_eq!(listed["requests"].as_array().map(Vec::len), Some(2), "{listed}");
    assert_eq!(listed["requests"][0]["contact"], "Luisa", "{listed}");
    assert!(!daemon.log().contains(SECRET), "the word stands in no log");
}

#[test]
fn what_a_system_wants_forgotten_is_forgotten_unless_the_law_holds_it() {
    let daemon = start(&crm("http://127.0.0.1:9", ""));
    let forget = |id: &str, case: &str| {
        let told = json!({"kind": "forget", "id": id, "case": case, "written": before_now(std::time::Duration::ZERO)});
        assert_eq!(send(&daemon, &told).status, 200);
    };
    let story = |request: &str| daemon.get(&format!("/v1/requests/{request}"));
    assert_eq!(send(&daemon, &written("m-1", "caso-7")).status, 200);
    assert_eq!(send(&daemon, &written("m-2", "caso-8")).status, 200);
    let (first, held) = ("R-1", "R-2");
    let hold = |last: &[&str]| {
        let output = daemon.command().args(["hold", held]).args(last).output().expect("plazo runs");
        assert!(output.status.success(), "{output:?}");
    };
    hold(&["--why", "demanda"]);
    forget("f-8", "caso-8");
    forget("f-7", "caso-7");
    wait_for("it is forgotten", PATIENCE, || (!story(first).to_string().contains("luisa")).then_some(()));
    assert_eq!(story(first)["state"], "closed");
    assert!(story(held).to_string().contains("luisa"), "{}", story(held));
    // Once the hold ends, the next deletion that comes takes along what waited.
    hold(&["--release"]);
    assert_eq!(send(&daemon, &written("m-3", "caso-9")).status, 200);
    forget("f-9", "caso-9");
    wait_for("it is forgotten, too", PATIENCE, || (!story(held).to_string().contains("luisa")).then_some(()));
}

#[test]
fn what_a_hook_is_too_thin_to_tell_is_asked_for_as_the_api_allows() {
    let api = Webhook::scripted(|n, _| match n {
        0 => answer("429 Too Many Requests", "Retry-After: 1\r\n", ""),
        1 => answer("500 Internal Server Error", "", "secret of theirs"),
        _ => {
            let note = json!({"id": "n-1", "case": "caso-8", "author": "luisa@cliente.example", "written": before_now(std::time::Duration::ZERO)});
            answer("200 OK", "Content-Type: application/json\r\n", &note.to_string())
        }
    });
    let base = api.url.trim_end_matches("/hook").to_owned();
    let daemon = start(&crm(&base, ""));
    assert_eq!(send(&daemon, &json!({"kind": "note", "id": "n-1"})).status, 200);
    api.wait_for(1);
    let failing = wait_for("a source that fails", PATIENCE, || {
        Some(source(&daemon, "crm")).filter(|source| source["state"] == "failing")
    });
    assert!(failing["cause"].as_str().is_some_and(|cause| cause.contains("429")), "{failing}");
    assert_eq!(failing["backlog"], 1);
    let request = request(&daemon, 1);
    assert_eq!(request["channel"], "crm");
    let calls = api.received();
    assert!(calls.iter().all(|call| call.path == "/notes/n-1"), "{calls:?}");
    assert!(calls.iter().all(|call| call.header("authorization") == format!("Bearer {TOKEN}")), "{calls:?}");
    let well = wait_for("a source that does well", PATIENCE, || {
        Some(source(&daemon, "crm")).filter(|source| source["state"] == "ok")
    });
    assert_eq!((&well["backlog"], &well["lag_seconds"]), (&json!(0), &json!(0.0)));
    assert!(!daemon.log().contains(TOKEN) && !daemon.log().contains("secret of theirs"), "{}", daemon.log());
    let notice = wait_for_notice(&daemon, "source `crm` cannot be read");
    assert!(notice.contains("429"), "{notice}");
}

/// GLPI as its REST API shows one ticket, which was answered.
fn glpi(call: &Received) -> Option<String> {
    let changes = json!({"totalcount": 1, "data": [{"2": 1042, "19": "2026-03-02 09:17:00", "4": "21", "5": "7"}]});
    let ticket = json!({
        "id": 1042, "name": "No puedo facturar", "date": "2026-03-02 09:05:00", "date_mod": "2026-03-02 09:17:00",
        "users_id_recipient": 21, "status": 2, "content": "&#60;p&#62;No puedo facturar&#60;/p&#62;",
    });
    let followups = json!([{
        "id": 501, "itemtype": "Ticket", "items_id": 1042, "date": "2026-03-02 09:17:00", "users_id": 7,
        "content": "&#60;p&#62;Ya lo revisamos.&#60;/p&#62;", "is_private": 0,
    }]);
    let body = match call.path.split('?').next().unwrap_or_default() {
        "/initSession" => json!({"session_token": "sesion-1"}),
        "/search/Ticket" => changes,
        "/Ticket/1042" => ticket,
        "/Ticket/1042/ITILFollowup" => followups,
        _ => json!([]),
    };
    answer("200 OK", "Content-Type: application/json\r\n", &body.to_string())
}

#[test]
fn what_has_no_hook_is_asked_and_a_restart_reads_nothing_twice() {
    let api = Webhook::scripted(|_, call| glpi(call));
    let base = api.url.trim_end_matches("/hook").to_owned();
    let config = format!(
        "{PEOPLE}{POLICY}
[person.tecnico]
email = \"tecnico@agencia.example\"
addresses = [\"7\"]

[team.mesa]
members = [\"tecnico\"]
answers_clients = true

[source.glpi]
preset = \"glpi-rest\"
token = {{ env = \"CRM_TOKEN\" }}
private = true
api = \"{base}\"
set = {{ zone = \"America/Bogota\" }}
"
    );
    let daemon = start(&config);
    let request = request(&daemon, 1);
    let id = request["id"].as_str().expect("an id").to_owned();
    let clock = wait_for("the answer", PATIENCE, || {
        let clock = daemon.get(&format!("/v1/requests/{id}"))["clocks"][0].clone();
        clock["state"].as_str().is_some_and(|state| state.starts_with("met")).then_some(clock)
    });
    assert_eq!(clock["state"], "met", "the answer came after 12 minutes of 60");
    let request = daemon.get(&format!("/v1/requests/{id}"));
    let told = ["channel", "subject", "owner"].map(|field| request[field].as_str().unwrap_or_default().to_owned());
    assert_eq!(told, ["glpi", "No puedo facturar", "tecnico"]);
    let calls = api.received();
    assert_eq!(calls[0].header("authorization"), format!("user_token {TOKEN}"));
    assert!(calls[1..].iter().all(|call| call.header("session-token") == "sesion-1"), "{calls:?}");

    let n_events = daemon.get(&format!("/v1/requests/{id}"))["history"].as_array().map(Vec::len);
    let n_asked = |what: &str| api.received().iter().filter(|call| call.path.starts_with(what)).count();
    let (n_pages, n_followups) = (n_asked("/search/Ticket"), n_asked("/Ticket/1042/ITILFollowup"));
    let daemon = start_in(daemon.kill());
    wait_for("the page after the restart", PATIENCE, || (n_pages < n_asked("/search/Ticket")).then_some(()));
    // The page is written before the source says that it does well.
    wait_for("a source that does well", PATIENCE, || (source(&daemon, "glpi")["state"] == "ok").then_some(()));
    assert_eq!(daemon.get(&format!("/v1/requests/{id}"))["history"].as_array().map(Vec::len), n_events);
    assert_eq!(n_asked("/Ticket/1042/ITILFollowup"), n_followups, "what has not changed is not asked for again");
    assert_eq!(daemon.call("POST", "/hooks/glpi", &[], b"{}").status, 404, "what is only asked has no door");
}

/// An Odoo before 19, which tells its errors under 200.
fn odoo(n: usize) -> Option<String> {
    let body = match n {
        0 => json!({"jsonrpc": "2.0", "id": 1, "error": {"code": 200, "message": "Odoo Server Error", "data": {
            "name": "odoo.exceptions.AccessDenied", "message": "secret of theirs"}}}),
        _ => json!({"jsonrpc": "2.0", "id": 1, "result": [
            {"id": 5007, "author_id": [10, "Laura Gómez"], "author_guest_id": false, "email_from": false, "body": "<p>¿Alguna novedad?</p>",
             "date": "2026-03-02 14:25:00", "message_type": "email", "model": "helpdesk.ticket", "res_id": 42, "record_name": "Factura",
             "is_internal": false, "subtype_id": [1, "Discussions"], "attachment_ids": []}]}),
    };
    answer("200 OK", "Content-Type: application/json\r\n", &body.to_string())
}

#[test]
fn what_is_asked_by_post_goes_on_where_it_was_though_errors_come_under_200() {
    let api = Webhook::scripted(|n, _| odoo(n));
    let base = api.url.trim_end_matches("/hook").to_owned();
    let config = format!(
        "{PEOPLE}{POLICY}
[source.odoo]
preset = \"odoo\"
secret = {{ env = \"CRM_SECRET\" }}
token = {{ env = \"CRM_TOKEN\" }}
private = true
api = \"{base}\"
set = {{ database = \"empresa\", uid = 8 }}
"
    );
    let daemon = start(&config);
    let failing = wait_for("a source that fails", PATIENCE, || {
        Some(source(&daemon, "odoo")).filter(|source| source["state"] == "failing")
    });
    let cause = failing["cause"].as_str().unwrap_or_default();
    assert!(cause.contains("odoo.exceptions.AccessDenied") && !cause.contains("theirs"), "{cause}");
    let request = request(&daemon, 1);
    let told = ["channel", "subject"].map(|field| request[field].as_str().unwrap_or_default().to_owned());
    assert_eq!(told, ["crm", "Factura"]);
    let args = |n: usize| {
        let call = api.received().into_iter().nth(n)?;
        assert_eq!((call.method.as_str(), call.path.as_str()), ("POST", "/jsonrpc"));
        Some(serde_json::from_str::<Value>(&call.body).expect("JSON")["params"]["args"].clone())
    };
    let [failed, first] = [0, 1].map(|n| args(n).expect("a call"));
    assert_eq!(failed, first, "what failed is asked for as it was");
    assert_eq!((&first[0], &first[1], &first[2]), (&json!("empresa"), &json!(8), &json!(TOKEN)));
    assert_eq!(first[6]["order"], "id desc", "at first the newest");

    let _daemon = start_in(daemon.kill());
    let next = wait_for("the page after the restart", PATIENCE, || args(2));
    assert_eq!((&next[5][0][2], &next[6]["order"]), (&json!(["id", ">=", 5007]), &json!("id asc")));
}

#[test]
fn a_source_that_falls_silent_is_told_once() {
    let daemon = start(&crm("http://127.0.0.1:9", "silent_after = \"1s\""));
    assert_eq!(send(&daemon, &written("m-1", "caso-7")).status, 200);
    let notice = wait_for_notice(&daemon, "has been silent since");
    assert!(notice.contains("source `crm`"), "{notice}");
    assert_eq!(source(&daemon, "crm")["state"], "silent");
    let status = daemon.command().arg("status").output().expect("plazo runs");
    assert_eq!(status.status.code(), Some(1), "a script can ask");
    let table = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(table.contains("Mi CRM") && table.contains("silent"), "{table}");
    // Its next word ends the silence.
    assert_eq!(send(&daemon, &written("m-2", "caso-8")).status, 200);
    assert_eq!(source(&daemon, "crm")["state"], "ok");
}

#[test]
fn more_than_the_rate_is_put_off() {
    let daemon = start(&crm("http://127.0.0.1:9", "rate = 1"));
    let n_taken = (0..50).take_while(|n| send(&daemon, &written(&format!("m-{n}"), "caso-7")).status != 429).count();
    assert!((1..50).contains(&n_taken), "{n_taken} calls were taken");
    let metrics = daemon.call("GET", "/metrics", &[], b"").body;
    assert!(metrics.lines().any(|line| line.contains("crm") && line.contains("too_many")), "{metrics}");
}

#[test]
fn a_payload_that_a_mapping_fails_on_is_kept_and_told_with_the_rule() {
    let daemon = start(&crm("http://127.0.0.1:9", ""));
    let mut payload = written("m-1", "caso-7");
    payload["written"] = json!("ayer por la tarde");
    // The system did nothing wrong: calling again would not help.
    assert_eq!(send(&daemon, &payload).status, 200);
    let notice = wait_for_notice(&daemon, "a mapping of source `crm` failed");
    assert!(
        notice.contains("message") && notice.contains("at") && notice.contains("plazo source test crm"),
        "{notice}"
    );
    assert!(!notice.contains("Hay noticias"), "clients' words are in no notice: {notice}");
    // The field is lost, and not the client's wait: it counts from the arrival.
    let requests = daemon.get("/v1/requests")["requests"].clone();
    assert_eq!((requests.as_array().map(Vec::len), &requests[0]["clocks"][0]["state"]), (Some(1), &json!("running")));
}

fn test_source(directory: &Path, args: &[&str], payload: &Value) -> (Option<i32>, String) {
    use std::io::Write as _;
    let mut command = plazo();
    command.current_dir(directory).arg("source").arg("test").args(args);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().expect("plazo runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(payload.to_string().as_bytes()).expect("the payload is sent");
    drop(stdin);
    let output = child.wait_with_output().expect("plazo ends");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn source_test_shows_the_event_or_what_failed_on_what() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(directory.path().join("sla.toml"), crm("http://127.0.0.1:9", "")).expect("sla.toml is written");
    std::fs::copy(data("sources/mi-crm.toml"), directory.path().join("mi-crm.toml")).expect("the mapping is copied");
    let mut payload = written("m-1", "caso-7");
    payload["written"] = json!("2026-03-02T09:05:00-05:00");
    let (code, text) = test_source(directory.path(), &["crm"], &payload);
    assert_eq!(code, Some(0), "{text}");
    let expected = "event: message
  at         2026-03-02T14:05:00Z
  author     {\"address\":\"luisa@cliente.example\",\"kind\":\"customer\"}
  channel    crm
  direction  in
  id         m-1
  source     crm
  text       ¿Hay noticias?
  threads    [\"caso-7\"]
";
    assert_eq!(text, expected);
    let (code, text) = test_source(directory.path(), &["crm"], &json!({"kind": "note", "id": "n-1"}));
    assert_eq!((code, text.as_str()), (Some(0), "to be asked for (note): /notes/n-1\n"));
    payload["written"] = json!("ayer");
    let (code, text) = test_source(directory.path(), &["crm"], &payload);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("event: message") && text.contains("failed: "), "{text}");
    assert!(text.contains("«message»") && text.contains("`at`") && text.contains("ayer"), "{text}");
}

#[test]
fn who_is_who_is_read_from_a_file_and_again_when_it_changes() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let operator = directory.path().join("operator");
    let config = format!("directory = [\"clientes.csv\"]\n{}", crm("http://127.0.0.1:9", ""));
    let config = config.replace("OPERATOR", &operator.display().to_string());
    std::fs::write(directory.path().join("sla.toml"), config).expect("sla.toml is written");
    std::fs::copy(data("sources/mi-crm.toml"), directory.path().join("mi-crm.toml")).expect("the mapping is copied");
    let who = directory.path().join("clientes.csv");
    // As a spreadsheet in Spanish saves it.
    std::fs::write(&who, "\u{feff}Dirección;Persona;Cliente;Nombre\r\nU-5;laura;;\r\n").expect("a file");
    let daemon = start_in(directory);
    assert_eq!(send(&daemon, &written("m-1", "caso-1")).status, 200);
    assert_eq!(request(&daemon, 1)["customer"], Value::Null);
    // Laura is known by her user id: hers is an answer, and no client waits any more.
    let mut answer = written("m-2", "caso-1");
    (answer["from_client"], answer["author"]) = (json!(false), json!("U-5"));
    assert_eq!(send(&daemon, &answer).status, 200);
    wait_for("the answer", PATIENCE, || (daemon.get("/v1/requests/R-1")["clocks"][0]["state"] == "met").then_some(()));
    let line = "luisa@cliente.example;;tornillo;Ferretería El Tornillo\r\n";
    std::fs::write(&who, format!("Dirección;Persona;Cliente;Nombre\r\nU-5;laura;;\r\n{line}")).expect("a file");
    wait_for("the new directory", PATIENCE, || daemon.log().contains("revision=2").then_some(()));
    assert_eq!(send(&daemon, &written("m-3", "caso-2")).status, 200);
    assert_eq!(daemon.get("/v1/requests/R-2")["customer"], "Ferretería El Tornillo");
    let unknown = daemon.command().args(["unknown"]).output().expect("plazo runs");
    assert!(!String::from_utf8_lossy(&unknown.stdout).contains("luisa@cliente.example"), "she is known now");
}

/// An HMAC with an empty key is everybody's.
#[test]
fn a_secret_of_another_form_than_the_systems_is_refused_at_start() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for (secret, is_taken) in
        [("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true), ("mi-secreto-sin-base64!!", false), ("whsec_", false)]
    {
        let place = directory.path().join("secret");
        std::fs::write(&place, secret).expect("a secret");
        let file = format!(
            "timezone = \"UTC\"\n[source.crm]\npreset = \"standard-webhooks\"\nsecret = {{ file = {:?} }}\n",
            place.display().to_string()
        );
        let config = plazo::config::read("sla.toml".as_ref(), file).config.expect("a valid file");
        let ready = plazo::app::feeds::ready(&config);
        assert_eq!(ready.is_ok(), is_taken, "{secret}: {:?}", ready.err());
    }
}
