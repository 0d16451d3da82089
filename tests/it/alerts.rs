//! Alerts as their readers get them and act on them, with the real daemon: links, messages that are updated, tickets, fallbacks,
//! destinations that stand, storms, the heartbeat, and what the operator can see and do.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::daemon::{Daemon, PEOPLE, before_now};
use crate::support::webhook::{Received, Webhook, answer};
use crate::support::{PATIENCE, wait_for};

const HOUR: Duration = Duration::from_secs(3_600);
const POLICY: &str = "
[[policy]]
name = \"whatsapp\"
match = { channel = \"whatsapp\" }
reply = { rule = \"A1\", within = \"20m\", escalation = \"e\" }
";

fn start(more: &str) -> Daemon {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let operator = directory.path().join("operator");
    let config = format!("{PEOPLE}{POLICY}{more}").replace("OPERATOR", &operator.display().to_string());
    std::fs::write(directory.path().join("sla.toml"), config).expect("sla.toml is written");
    Daemon::start_with(directory, |command| {
        command
            .env("FAR_TOKEN", "0123456789abcdef0123456789abcdef")
            .env("FAR_CALLBACK", "https://hooks.plazo.example/hooks/phones/0123456789abcdef0123456789abcdef");
    })
}

/// The address of a peer without its path.
fn base(peer: &Webhook) -> String {
    peer.url.trim_end_matches("/hook").to_owned()
}

fn reply(daemon: &Daemon, thread: &str) {
    daemon.event(&json!({
        "id": format!("reply-{thread}"), "type": "message", "channel": "whatsapp", "thread": thread, "direction": "out",
        "at": before_now(Duration::ZERO), "author": {"name": "Laura Mora", "kind": "agent"}, "text": "Ya lo vemos.",
    }));
}

fn json_of(call: &Received) -> Value {
    serde_json::from_str(&call.body).unwrap_or_default()
}

/// Mails written as files.
fn mails(directory: &Path) -> Vec<String> {
    let files = std::fs::read_dir(directory.join("data/outbox")).into_iter().flatten().flatten();
    let mut paths: Vec<_> =
        files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|e| e == "eml")).collect();
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read(path).ok()).map(|raw| text_of(&raw)).collect()
}

fn text_of(raw: &[u8]) -> String {
    let mail = mail_parser::MessageParser::default().parse(raw).expect("a mail");
    format!("{}\n{}", mail.subject().unwrap_or_default(), mail.body_text(0).unwrap_or_default())
}

fn run(daemon: &Daemon, args: &[&str]) -> (Option<i32>, String) {
    let output = daemon.command().args(args).output().expect("plazo runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

#[test]
fn a_link_shows_and_asks_and_only_its_form_acts() {
    let daemon = start(
        "[http]\npublic_url = \"https://plazo.agencia.example\"\n[escalation]\ne = [{ at = \"due\", tell = [\"ana\"] }]\n",
    );
    let id = daemon.client_message("m-1", "t-1", HOUR);
    let mail = wait_for("the mail", PATIENCE, || mails(daemon.directory.path()).pop());
    let links: Vec<String> = mail
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("https://plazo.agencia.example"))
        .map(str::to_owned)
        .collect();
    let [take, quarter, _hour, show, _waive] = links.as_slice() else { panic!("five links: {mail}") };
    let acked = || daemon.get(&format!("/v1/requests/{id}"))["clocks"][0]["acked_at"].clone();

    // Whoever opens a link does nothing yet; a scanner opens them all.
    for link in &links {
        let page = daemon.call("GET", link, &[], b"");
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(page.content_type.starts_with("text/html"), "{}", page.content_type);
        assert!(page.body.contains("Luisa") && !page.body.contains("<script"), "{}", page.body);
    }
    assert!(acked().is_null());
    assert!(daemon.call("GET", take, &[], b"").body.contains("<form method=\"post\">"));
    assert!(!daemon.call("GET", show, &[], b"").body.contains("<form method=\"post\">"), "it asks about no one deed");

    let put_off = daemon.call("POST", quarter, &[], b"");
    assert!(put_off.status == 200 && put_off.body.contains("Put off until"), "{}", put_off.body);
    assert!(!daemon.get(&format!("/v1/requests/{id}"))["snoozed_until"].is_null());
    let taken = daemon.call("POST", take, &[], b"");
    assert!(taken.status == 200 && taken.body.contains("You took it"), "{}", taken.body);
    let at = acked();
    assert!(!at.is_null());
    // Nobody answered for it: the first button makes the reader its owner.
    assert_eq!(daemon.get(&format!("/v1/requests/{id}"))["owner"], "Ana Ruiz");
    // A form sent twice is one deed.
    assert_eq!(daemon.call("POST", take, &[], b"").status, 200);
    assert_eq!(acked(), at);
    assert_eq!(daemon.call("POST", show, &[], b"").status, 405);
    let history = daemon.get(&format!("/v1/requests/{id}"))["history"].clone();
    assert_eq!(
        history.as_array().map(|all| all.iter().filter(|one| one["type"] == "ack").count()),
        Some(1),
        "{history}"
    );
    let store = rusqlite::Connection::open(daemon.data().join("plazo.sqlite3")).expect("the store");
    let (who, how): (String, String) = store
        .query_row("SELECT who, source FROM acts WHERE act = 'ack'", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("the act is recorded");
    assert_eq!((who.as_str(), how.as_str()), ("Ana Ruiz", "link"));

    // The page that shows leads to one on which the request is silenced.
    let page = daemon.call("GET", show, &[], b"").body;
    let silence = super::pages::deed(&page, "Silence for");
    assert!(daemon.call("GET", &silence, &[], b"").body.contains("Silence R-1 for 2\u{a0}h?"));
    assert_eq!(daemon.get("/v1/silences")["silences"], json!([]));
    for _ in 0..2 {
        assert!(daemon.call("POST", &silence, &[], b"").body.contains("Silenced until"));
    }
    let silences = daemon.get("/v1/silences")["silences"].clone();
    assert_eq!((silences.as_array().map(Vec::len), &silences[0]["who"]), (Some(1), &json!("Ana Ruiz")));

    // Cut, changed or made up: nothing, and nothing of it is shown.
    let cut = &take[..take.len() - 4];
    for link in [cut, "/a/x", "/a/%3Cscript%3E", &format!("{take}A")] {
        for method in ["GET", "POST"] {
            let page = daemon.call(method, link, &[], b"");
            assert_eq!(page.status, 404, "{link}: {}", page.body);
            assert!(page.body.contains("This link does not work") && !page.body.contains("script>"), "{}", page.body);
        }
    }
}

#[test]
fn a_message_in_slack_is_updated_in_place_when_it_is_over_and_each_request_has_its_thread() {
    let slack = Webhook::scripted(|n, call| {
        let ts = format!("1772462100.00{n:04}");
        let ts = json_of(call)["ts"].as_str().map_or(ts, str::to_owned);
        answer("200 OK", "", &json!({"ok": true, "channel": "C0ALERTAS1", "ts": ts}).to_string())
    });
    let daemon = start(&format!(
        "[alerts]\nwindow = \"0s\"\n[escalation]\ne = [{{ at = \"due\", tell = [\"bot\"] }}, {{ at = \"+1s\", tell = [\"bot\"] }}]\n\
         [destination.bot]\ntype = \"slack\"\nprivate = true\nurl = \"{}\"\ntoken = {{ env = \"FAR_TOKEN\" }}\nto = \"C0ALERTAS1\"\n",
        base(&slack)
    ));
    // Both steps come: the second belongs to the thread of the first.
    daemon.client_message("m-1", "t-1", Duration::from_secs(20 * 60 - 1));
    let calls = slack.wait_for(2);
    assert!(calls.iter().all(|call| call.path == "/chat.postMessage"), "{calls:?}");
    let first = "1772462100.000000";
    assert_eq!((&json_of(&calls[0])["thread_ts"], &json_of(&calls[1])["thread_ts"]), (&Value::Null, &json!(first)));
    // Another request begins a thread of its own.
    daemon.client_message("m-2", "t-2", HOUR);
    let calls = slack.wait_for(4);
    assert_eq!(json_of(&calls[2])["thread_ts"], Value::Null);
    assert_eq!(json_of(&calls[3])["thread_ts"], "1772462100.000002");

    daemon.post("/v1/requests/R-1/ack", &json!({"by": "Laura Mora"}));
    let calls = slack.wait_for(6);
    let taken: Vec<Value> = calls[4..].iter().map(json_of).collect();
    assert!(
        taken.iter().all(|body| body["text"].as_str().is_some_and(|text| text.contains("Laura Mora took it"))),
        "{taken:?}"
    );
    reply(&daemon, "t-1");
    let calls = slack.wait_for(8);
    let over: Vec<&Received> = calls[6..].iter().collect();
    assert!(over.iter().all(|call| call.path == "/chat.update"), "{over:?}");
    let updated: Vec<Value> = over.iter().map(|call| json_of(call)["ts"].clone()).collect();
    assert_eq!(updated, [json!(first), json!("1772462100.000001")], "both messages of that promise, and no other");
    assert!(over.iter().all(|call| call.body.contains("late") && !call.body.contains("\"actions\"")), "{over:?}");
}

#[test]
fn a_ticket_is_opened_once_commented_on_later_and_its_number_can_be_seen() {
    let glpi = Webhook::scripted(|_, call| match call.path.as_str() {
        "/initSession" => answer("200 OK", "", "{\"session_token\":\"s-1\"}"),
        "/Ticket" => answer("201 Created", "", "{\"id\":1043,\"message\":\"\"}"),
        _ => answer("201 Created", "", "{\"id\":77,\"message\":\"\"}"),
    });
    let daemon = start(&format!(
        "[escalation]\ne = [{{ at = \"due\", do = \"ticket:mesa\" }}, {{ at = \"+1s\", do = \"ticket:mesa\", tell = [\"ana\"] }}]\n\
         [destination.mesa]\ntype = \"glpi\"\nprivate = true\nurl = \"{}\"\ntoken = {{ env = \"FAR_TOKEN\" }}\n\
         fields = {{ itilcategories_id = 4 }}\n",
        base(&glpi)
    ));
    daemon.client_message("m-1", "t-1", Duration::from_secs(20 * 60 - 1));
    let paths = |n: usize| {
        let calls = glpi.wait_for(n);
        calls.iter().map(|call| call.path.clone()).collect::<Vec<_>>()
    };
    assert_eq!(paths(3), ["/initSession", "/Ticket", "/Ticket/1043/ITILFollowup"]);
    reply(&daemon, "t-1");
    assert_eq!(paths(4)[3], "/Ticket/1043/ITILFollowup", "that it is over goes to the same ticket");
    let rows = daemon.get("/v1/deliveries?state=sent")["deliveries"].clone();
    assert!(rows.as_array().into_iter().flatten().any(|row| row["reference"] == "1043"), "{rows}");
    let (_, shown) = run(&daemon, &["show", "R-1"]);
    assert!(shown.contains("mesa 1043"), "{shown}");
}

#[test]
fn an_incident_is_triggered_acknowledged_and_resolved_under_one_key() {
    let pager = Webhook::scripted(|_, call| {
        let key = json_of(call)["dedup_key"].clone();
        answer("202 Accepted", "", &json!({"status": "success", "dedup_key": key}).to_string())
    });
    let daemon = start(&format!(
        "[escalation]\ne = [{{ at = \"due\", tell = [\"pager\"] }}]\n\
         [destination.pager]\ntype = \"pagerduty\"\nprivate = true\nurl = \"{}\"\ntoken = {{ env = \"FAR_TOKEN\" }}\n",
        base(&pager)
    ));
    let id = daemon.client_message("m-1", "t-1", HOUR);
    // Only what is recorded as sent is followed by news of it.
    let sent = |n: usize| {
        pager.wait_for(n);
        wait_for("the call to be recorded", PATIENCE, || {
            let page = daemon.get("/v1/deliveries?state=sent");
            (n <= page["deliveries"].as_array()?.len()).then_some(())
        });
    };
    sent(1);
    daemon.post(&format!("/v1/requests/{id}/ack"), &json!({}));
    sent(2);
    reply(&daemon, "t-1");
    let calls: Vec<Value> = pager.wait_for(3).iter().map(json_of).collect();
    let actions: Vec<_> = calls.iter().map(|call| call["event_action"].as_str().unwrap_or_default()).collect();
    assert_eq!(actions, ["trigger", "acknowledge", "resolve"]);
    assert!(calls.iter().all(|call| call["dedup_key"] == calls[0]["dedup_key"]), "{calls:?}");
}

#[test]
fn what_is_taken_in_pushover_is_taken_here_and_what_is_taken_here_stops_ringing_there() {
    let phone = Webhook::scripted(|n, call| {
        let receipt =
            if call.path.ends_with("/messages.json") { format!(r#","receipt":"r{n}""#) } else { String::new() };
        answer("200 OK", "", &format!(r#"{{"status":1,"request":"x"{receipt}}}"#))
    });
    let daemon = start(&format!(
        "[escalation]\ne = [{{ at = \"due\", tell = [\"phone\"] }}]\n\
         [destination.phone]\ntype = \"pushover\"\nprivate = true\nurl = \"{}\"\ntoken = {{ env = \"FAR_TOKEN\" }}\nto = \"uEQUIPO\"\n\
         callback = {{ env = \"FAR_CALLBACK\" }}\n\
         [source.phones]\npreset = \"pushover\"\nsecret = {{ env = \"FAR_TOKEN\" }}\n",
        base(&phone)
    )
    .replace("[escalation]", "[person.marta]\nname = \"Marta Ruiz\"\nemail = \"marta@agencia.example\"\naddresses = [\"uMARTA\"]\n[escalation]"));
    let sent = |n: usize| {
        phone.wait_for(n);
        wait_for("the call to be recorded", PATIENCE, || {
            let page = daemon.get("/v1/deliveries?state=sent");
            (n <= page["deliveries"].as_array()?.len()).then_some(())
        });
    };
    let fields = |call: &Received| {
        let fields = form_urlencoded::parse(call.body.as_bytes()).into_owned();
        fields.collect::<std::collections::BTreeMap<_, _>>()
    };
    let take = |word: &str, query: &str, receipt: &str, by: &str| {
        let body = format!(
            "receipt={receipt}&acknowledged=1&acknowledged_at={}&acknowledged_by={by}&acknowledged_by_device=telefono",
            before_now(Duration::ZERO).parse::<chrono::DateTime<chrono::Utc>>().expect("an instant").timestamp()
        );
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        daemon.call("POST", &format!("/hooks/phones/{word}?{query}"), &headers, body.as_bytes()).status
    };
    let is_acked = |id: &str| !daemon.get(&format!("/v1/requests/{id}"))["clocks"][0]["acked_at"].is_null();
    let first = daemon.client_message("m-1", "t-1", HOUR);
    sent(1);
    let told = fields(&phone.received()[0]);
    assert_eq!((told["priority"].as_str(), told["retry"].as_str(), told["expire"].as_str()), ("2", "60", "3600"));
    let callback = told["callback"].strip_prefix("https://hooks.plazo.example/hooks/phones/").expect("the address");
    let (word, query) = callback.split_once('?').expect("the request");
    assert_eq!(query, format!("request={first}"));
    // Another word, somebody else, an alert that plazo did not send, another request: nothing is taken.
    assert_eq!(take("otra", query, "r0", "uMARTA"), 401);
    assert_eq!(take(word, query, "r0", "uNADIE"), 200);
    assert_eq!(take(word, query, "r7", "uMARTA"), 200);
    assert!(!is_acked(&first));
    assert_eq!(take(word, query, "r0", "uMARTA"), 200);
    assert!(is_acked(&first), "{}", daemon.get(&format!("/v1/requests/{first}")));
    // Whoever took it there has silenced it; that is told once more, and changes nothing.
    let calls = phone.wait_for(2);
    assert_eq!(calls[1].path, "/1/receipts/r0/cancel.json");
    let second = daemon.client_message("m-2", "t-2", HOUR);
    sent(3);
    daemon.post(&format!("/v1/requests/{second}/ack"), &json!({}));
    let calls = phone.wait_for(4);
    assert_eq!(calls[3].path, "/1/receipts/r2/cancel.json");
    assert_eq!(fields(&calls[3]).keys().collect::<Vec<_>>(), ["token"]);
}

#[test]
fn a_webhook_hears_of_a_promise_once_what_became_of_it_where_it_asks_to() {
    let far = Webhook::start();
    let daemon = start(&format!(
        "[escalation]\ne = [{{ at = \"50%\", tell = [\"far\"] }}, {{ at = \"due\", tell = [\"far\"] }}]\n\
         [destination.far]\ntype = \"webhook\"\nprivate = true\nurl = \"{}\"\nupdates = true\n",
        far.url
    ));
    let sent = |n: usize| {
        far.wait_for(n);
        wait_for("the call to be recorded", PATIENCE, || {
            let page = daemon.get("/v1/deliveries?state=sent");
            (n <= page["deliveries"].as_array()?.len()).then_some(())
        });
    };
    let id = daemon.client_message("m-1", "t-1", HOUR);
    sent(1);
    daemon.post(&format!("/v1/requests/{id}/ack"), &json!({}));
    sent(2);
    reply(&daemon, "t-1");
    let calls: Vec<Value> = far.wait_for(3).iter().map(json_of).collect();
    let told: Vec<_> = calls.iter().map(|call| (&call["type"], &call["data"]["content"]["news"]["what"])).collect();
    let text = |text: &str| Value::from(text);
    assert_eq!(told[1..], [(&text("sla.update"), &text("taken")), (&text("sla.update"), &text("met_late"))]);
    let key = |facts: &Value| (facts["request_id"].clone(), facts["target"].clone(), facts["cycle"].clone());
    let first = key(&calls[0]["data"]["content"]);
    assert!(calls[1..].iter().all(|call| key(&call["data"]["content"]["about"]) == first), "{calls:?}");
}

#[test]
fn fallbacks_are_gone_through_in_their_order() {
    let gone = Webhook::scripted(|_, _| answer("410 Gone", "", ""));
    let second = Webhook::scripted(|_, _| answer("410 Gone", "", ""));
    let third = Webhook::start();
    let hook = |name: &str, peer: &Webhook, more: &str| {
        format!("[destination.{name}]\ntype = \"webhook\"\nprivate = true\nurl = \"{}\"\n{more}\n", peer.url)
    };
    let daemon = start(&format!(
        "[escalation]\ne = [{{ at = \"due\", tell = [\"a\"] }}]\n{}{}{}",
        hook("a", &gone, "fallback = [\"b\", \"c\"]"),
        hook("b", &second, ""),
        hook("c", &third, "")
    ));
    daemon.client_message("m-1", "t-1", HOUR);
    third.wait_for(1);
    assert_eq!((gone.received().len(), second.received().len()), (1, 1));
    let rows = daemon.get("/v1/deliveries")["deliveries"].clone();
    let states: Vec<_> =
        rows.as_array().into_iter().flatten().map(|row| (row["destination"].clone(), row["state"].clone())).collect();
    assert!(
        states.contains(&(json!("a"), json!("handed_over"))) && states.contains(&(json!("b"), json!("handed_over"))),
        "{rows}"
    );
    // What nobody is to get any more can be given up, and what is dead tried again.
    let (code, told) = run(&daemon, &["deliveries", "drop", "1"]);
    assert_eq!(code, Some(2), "what was handed over is no longer to be dropped: {told}");
}

#[test]
fn a_token_that_is_not_taken_makes_the_destination_stand_is_told_once_and_all_goes_out_when_it_works_again() {
    let works = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let switch = std::sync::Arc::clone(&works);
    let slack = Webhook::scripted(move |n, _| {
        let body = if switch.load(std::sync::atomic::Ordering::SeqCst) {
            json!({"ok": true, "channel": "C0", "ts": format!("{n}.0")})
        } else {
            json!({"ok": false, "error": "token_revoked"})
        };
        answer("200 OK", "", &body.to_string())
    });
    let daemon = start(&format!(
        "[alerts]\nwindow = \"0s\"\ngather = false\n[escalation]\ne = [{{ at = \"due\", tell = [\"bot\"] }}]\n\
         [destination.bot]\ntype = \"slack\"\nprivate = true\nurl = \"{}\"\ntoken = {{ env = \"FAR_TOKEN\" }}\nto = \"C0\"\n",
        base(&slack)
    ));
    for n in 0..3 {
        daemon.client_message(&format!("m-{n}"), &format!("t-{n}"), HOUR);
    }
    let notices = || -> Vec<String> {
        let files = std::fs::read_dir(daemon.directory.path().join("operator")).into_iter().flatten().flatten();
        files.filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect()
    };
    let told = wait_for("a notice", PATIENCE, || notices().into_iter().find(|told| told.contains("takes no alerts")));
    assert!(told.contains("token_revoked"), "{told}");
    let (_, waiting) = run(&daemon, &["deliveries", "--state", "pending"]);
    assert!(waiting.contains("token_revoked"), "until when and why: {waiting}");
    // One at a time asks whether it works again.
    assert!(slack.received().len() < 8, "{}", slack.received().len());
    works.store(true, std::sync::atomic::Ordering::SeqCst);
    wait_for("all to be told", Duration::from_secs(60), || {
        let sent = daemon.get("/v1/deliveries?state=sent")["deliveries"].clone();
        let n = sent.as_array().into_iter().flatten().filter(|row| row["destination"] == "bot").count();
        (n == 3).then_some(())
    });
    assert_eq!(notices().iter().filter(|told| told.contains("takes no alerts")).count(), 1);
}

#[test]
fn the_heartbeat_beats_while_nothing_is_overdue() {
    let monitor = Webhook::start();
    let daemon = start(&format!(
        "[escalation]\ne = [{{ at = \"due\", tell = [\"ana\"] }}]\n\
         [heartbeat]\nurl = \"{}\"\nprivate = true\nevery = \"1s\"\n",
        monitor.url
    ));
    monitor.wait_for(2);
    assert!(monitor.received().iter().all(|call| call.method == "GET"));
    // Its pauses are told to whoever measures: how late the alerts of the day were, by part of their way.
    daemon.client_message("m-1", "t-1", Duration::from_secs(1_199));
    daemon.delivery("sent");
    let metrics = daemon.call("GET", "/metrics", &[], b"").body;
    for part in ["due_to_decided", "decided_to_sent", "sent_to_accepted", "due_to_accepted"] {
        for share in ["0.5", "0.99", "1"] {
            let line = format!("plazo_lateness_of_day_seconds{{part=\"{part}\",share=\"{share}\"}}");
            assert!(metrics.contains(&line), "{line} in {metrics}");
        }
    }
}

#[test]
fn who_is_told_when_and_by_what_can_be_asked_and_held_back() {
    let daemon = start(
        "[escalation]\ne = [{ at = \"50%\", tell = [\"owner\"] }, { at = \"due\", tell = [\"guardia\"] }]\n\
         [rota.guardia]\npeople = [\"laura\", \"ana\"]\nhandover = \"08:00\"\nsince = \"2026-01-05\"\n",
    );
    let id = daemon.client_message("m-1", "t-1", Duration::ZERO);
    daemon.post(&format!("/v1/requests/{id}/own"), &json!({"owner": "laura"}));
    let (code, route) = run(&daemon, &["route", &id]);
    assert_eq!(code, Some(0), "{route}");
    assert!(route.contains("50%") && route.contains("laura") && route.contains("email"), "{route}");
    let (code, duty) = run(&daemon, &["duty", "--at", "2026-01-05T13:00:00Z"]);
    assert!(code == Some(0) && duty.contains("Laura Mora") && duty.contains("Ana Ruiz"), "{duty}");
    let (code, duty) = run(&daemon, &["duty", "--at", "2026-01-01T13:00:00Z"]);
    assert!(code == Some(1) && duty.contains("nobody"), "{duty}");

    let (code, made) = run(&daemon, &["silence", "add", "--channel", "whatsapp", "--for", "2h", "--why", "feria"]);
    assert!(code == Some(0) && made.contains("silence 1 holds until"), "{made}");
    let (_, route) = run(&daemon, &["route", &id]);
    assert!(route.contains("silenced"), "{route}");
    let (_, listed) = run(&daemon, &["silence"]);
    assert!(listed.contains("channel whatsapp") && listed.contains("feria") && listed.contains("holds"), "{listed}");
    let (code, _) = run(&daemon, &["silence", "end", "1"]);
    assert_eq!(code, Some(0));
    let (code, told) = run(&daemon, &["silence", "end", "1"]);
    assert!(code == Some(2) && told.contains("there is no silence 1"), "{told}");
    let (code, told) = run(&daemon, &["silence", "add", "--for", "2h"]);
    assert!(code == Some(2) && told.contains("say what is to be silent"), "{told}");
    let (_, listed) = run(&daemon, &["silence"]);
    assert!(listed.contains("nothing is silenced"), "{listed}");
}

#[test]
fn templates_of_one_s_own_take_the_place_of_the_built_in_ones_and_one_that_fails_is_told_with_its_line() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let operator = directory.path().join("operator");
    let config = format!(
        "{PEOPLE}{POLICY}[texts]\ndirectory = \"textos\"\n[escalation]\ne = [{{ at = \"due\", tell = [\"ana\"] }}]\n"
    );
    let config = config.replace("OPERATOR", &operator.display().to_string());
    std::fs::write(directory.path().join("sla.toml"), config).expect("sla.toml is written");
    std::fs::create_dir_all(directory.path().join("textos/en")).expect("a directory");
    let template = directory.path().join("textos/en/alert.subject.txt");
    std::fs::write(&template, "one\n{{ a.nothing }}\n").expect("a template");
    let check = || {
        let output = crate::support::plazo().current_dir(directory.path()).arg("check").output().expect("plazo runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text)
    };
    let (is_good, told) = check();
    assert!(!is_good && told.contains("en/alert.subject.txt:2"), "{told}");
    std::fs::write(&template, "{{ a.who }} waits [{{ a.request }}]\n").expect("a template");
    std::fs::write(directory.path().join("textos/en/alrt.txt"), "").expect("a template");
    let (is_good, told) = check();
    assert!(is_good && told.contains("en/alrt.txt is the name of no template"), "{told}");
    let daemon = Daemon::start_in(directory);
    daemon.client_message("m-1", "t-1", HOUR);
    let mail = wait_for("the mail", PATIENCE, || mails(daemon.directory.path()).pop());
    assert!(mail.starts_with("Luisa waits [R-1]"), "{mail}");
}

/// Memory that a process holds, in MiB.
fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("a number") >> 10
}

#[test]
fn a_storm_tells_everybody_once_and_the_rest_as_one_message_breaches_first() {
    const READERS: usize = 50;
    const BREACHES: usize = 10_000;
    const WARNINGS: usize = 500;
    let chat = Webhook::scripted(|_, _| answer("200 OK", "", "{\"success\":true}"));
    let mut more = "[alerts]\nwindow = \"15s\"\n[escalation]\ne = [{ at = \"due\", tell = [\"owner\"] }]\nw = [{ at = \"50%\", tell = [\"owner\"] }]\n\
        [[policy]]\nname = \"chat\"\nmatch = { channel = \"chat\" }\nreply = { within = \"20m\", escalation = \"w\" }\n".to_owned();
    for n in 0..READERS {
        more += &format!(
            "[person.p{n}]\nnotify = \"d{n}\"\n[destination.d{n}]\ntype = \"rocket-chat\"\nprivate = true\nurl = \"{}/p{n}\"\n",
            base(&chat)
        );
    }
    let daemon = start(&more);
    // All in one transaction a batch, due in the same second some seconds from now; beside them some whose warning is due then.
    let due_in = Duration::from_secs(30);
    let opened = before_now(Duration::from_secs(20 * 60) - due_in);
    let warned = before_now(Duration::from_secs(10 * 60) - due_in);
    let channel = |n: usize| if n < BREACHES { "whatsapp" } else { "chat" };
    let line = |n: usize, at: &str| {
        json!({"id": format!("o-{n}"), "type": "message", "channel": channel(n), "thread": format!("t-{n}"), "direction": "in",
               "at": at, "author": {"name": format!("C{n}"), "kind": "customer"}, "owner": format!("p{}", n % READERS)})
    };
    let own = |n: usize| {
        json!({"id": format!("w-{n}"), "type": "own", "channel": channel(n), "thread": format!("t-{n}"),
               "at": before_now(Duration::ZERO), "owner": format!("p{}", n % READERS)})
    };
    for chunk in (0..BREACHES + WARNINGS).collect::<Vec<_>>().chunks(500) {
        let lines: Vec<String> = chunk
            .iter()
            .flat_map(|&n| [line(n, if n < BREACHES { &opened } else { &warned }), own(n)])
            .map(|event| event.to_string())
            .collect();
        let answer =
            daemon.call("POST", "/v1/events", &[("Content-Type", "application/x-ndjson")], lines.join("\n").as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let before = memory(daemon.pid());
    let calls = wait_for("everybody to be told of everything", Duration::from_secs(90), || {
        let calls = chat.received();
        let told: usize = calls.iter().map(n_told).sum();
        (BREACHES + WARNINGS <= told).then_some(calls)
    });
    let after = memory(daemon.pid());
    assert!(after < before + 150, "{before} MiB before, {after} MiB after");
    for n in 0..READERS {
        let own: Vec<&Received> = calls.iter().filter(|call| call.path == format!("/p{n}")).collect();
        assert!((2..=4).contains(&own.len()), "p{n} got {} messages", own.len());
        // No warning before a breach, within a message and from the first one on.
        let text = own.iter().map(|call| call.body.clone()).collect::<Vec<_>>().join("\n");
        let first = &own[0].body;
        assert!((first.contains("Overdue") || first.contains("Was due")) && !first.contains("Due soon"), "{first}");
        let (breach, warning) = (text.rfind("Overdue"), text.find("Due soon"));
        assert!(breach < warning || warning.is_none() || own.len() > 2, "a warning stands before a breach: {text}");
    }
}

/// Of how many promises a message tells.
fn n_told(call: &Received) -> usize {
    let body = json_of(call);
    let text = format!(
        "{} {}",
        body["text"].as_str().unwrap_or_default(),
        body["attachments"][0]["text"].as_str().unwrap_or_default()
    );
    let n =
        text.split_whitespace().zip(text.split_whitespace().skip(1)).find(|(_, next)| *next == "more").map(|(n, _)| n);
    n.and_then(|n| n.parse().ok()).unwrap_or(1)
}
