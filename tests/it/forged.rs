//! Whoever says that he is of the house and proves nothing: by mail, by answers to alerts, by bounces, by buttons and links.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::daemon::{Daemon, PEOPLE};
use crate::support::webhook::{Webhook, answer};
use crate::support::{PATIENCE, wait_for};

const HOUR: std::time::Duration = std::time::Duration::from_secs(3_600);
const POLICIES: &str = r#"
[[policy]]
name = "todo"
match = { audience = "client" }
team = "social"
reply = { rule = "A1", within = "20m", escalation = "e" }

[escalation]
e = [{ at = "due", tell = ["laura"] }]
"#;

fn start(further: &str) -> Daemon {
    Daemon::start(&format!("{PEOPLE}{further}{POLICIES}"))
}

/// Pipes a mail in, as a house does whose server is mx.agencia.example.
#[track_caller]
pub fn pipe(daemon: &Daemon, further: &[&str], mail: &str) -> Value {
    let mut command = assert_cmd::Command::from_std(daemon.command());
    command.args(["ingest-email", "--own", "@agencia.example", "--trusts", "mx.agencia.example"]).args(further);
    let output = command.write_stdin(mail.as_bytes()).output().expect("plazo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn reply(daemon: &Daemon, request: &str) -> String {
    let shown = daemon.get(&format!("/v1/requests/{request}"));
    let clock = shown["clocks"].as_array().and_then(|all| all.iter().find(|clock| clock["kind"] == "reply").cloned());
    clock.expect("a clock for the reply")["state"].as_str().expect("a state").to_owned()
}

fn is_acked(daemon: &Daemon, request: &str) -> bool {
    !daemon.get(&format!("/v1/requests/{request}"))["clocks"][0]["acked_at"].is_null()
}

const ROSA: &str = "From: Rosa <rosa@cliente.example>\nTo: soporte@agencia.example\nSubject: Pedido 77\n\
    Message-ID: <q1@cliente.example>\n\n¿Cuándo llega?\n";

/// What the own server wrote of a mail by `domain`.
pub fn results(verdict: &str, domain: &str) -> String {
    format!("Authentication-Results: mx.agencia.example; dmarc={verdict} header.from={domain}\n")
}

/// C1 a: `Sender` speaks for nobody of another domain, however genuine the stranger's own mail is.
#[test]
fn lessons_41_a_stranger_s_mail_with_a_colleague_in_sender_stops_no_clock() {
    let daemon = start("");
    pipe(&daemon, &[], ROSA);
    let rows = [
        ("Sender", results("pass", "evil.example"), "From: spam <x@evil.example>\nSender: laura@agencia.example"),
        ("From", results("fail", "agencia.example"), "From: Laura Mora <laura@agencia.example>"),
        ("a word of one's own", String::new(), "From: Laura Mora <laura@agencia.example>"),
        ("Reply-To", results("pass", "evil.example"), "From: x@evil.example\nReply-To: laura@agencia.example"),
        ("a name", results("pass", "evil.example"), "From: \"laura@agencia.example\" <x@evil.example>"),
        ("two writers", results("pass", "agencia.example"), "From: laura@agencia.example, x@evil.example"),
        (
            "X-Original-From",
            results("pass", "evil.example"),
            "From: x@evil.example\nX-Original-From: laura@agencia.example",
        ),
        (
            "a list's word",
            results("pass", "agencia.example"),
            "From: 'Laura' via Soporte <soporte@agencia.example>\nX-Original-From: laura@agencia.example\nList-Id: <l.agencia.example>",
        ),
    ];
    for (n, (what, results, who)) in rows.into_iter().enumerate() {
        for (turn, thread) in ["", "In-Reply-To: <q1@cliente.example>\n"].into_iter().enumerate() {
            let mail = format!(
                "{results}{who}\nTo: rosa@cliente.example\nSubject: whatever\n{thread}Message-ID: <evil-{n}-{turn}@x.example>\n\n\
                 Estimada Rosa, ya quedó resuelto.\n"
            );
            pipe(&daemon, &[], &mail);
            assert_eq!(reply(&daemon, "R-1"), "running", "{what}, {thread:?}");
        }
    }
    // The house itself, for whom its server vouches.
    let genuine = format!(
        "{}From: Laura Mora <laura@agencia.example>\nTo: rosa@cliente.example\nSubject: Re: Pedido 77\n\
         In-Reply-To: <q1@cliente.example>\nMessage-ID: <a1@agencia.example>\n\nLlega hoy.\n",
        results("pass", "agencia.example")
    );
    let report = pipe(&daemon, &[], &genuine);
    assert_eq!(report["proof"], json!({"by": "server", "name": "mx.agencia.example"}));
    assert_eq!(reply(&daemon, "R-1"), "met");
}

/// The mails in a directory, oldest first.
fn mails(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory.join("data/outbox")).map(|all| all.flatten().collect::<Vec<_>>());
    let mut paths: Vec<_> = entries.unwrap_or_default().into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect()
}

/// The id of the alert's mail to somebody.
#[track_caller]
pub fn alert_id(daemon: &Daemon, to: &str) -> String {
    wait_for("the alert's mail", PATIENCE, || {
        let mail = mails(daemon.directory.path()).into_iter().find(|mail| mail.contains(to))?;
        let line = mail.lines().find(|line| line.to_lowercase().starts_with("message-id:"))?.to_owned();
        Some(line.split('<').nth(1)?.split('>').next()?.to_owned())
    })
}

/// C1 b and L11: the id of an alert's mail has a mark that only its reader knows.
#[test]
fn lessons_41_an_alert_is_answered_by_its_reader_alone_and_by_no_program() {
    let daemon = start("");
    let id = daemon.client_message("m-1", "t-1", HOUR);
    let alert = alert_id(&daemon, "laura@agencia.example");
    let (name, domain) = alert.split_once('@').expect("an address");
    let parts: Vec<&str> = name.split('.').collect();
    let [instance, delivery, mark] = parts[..] else { panic!("no mark in {alert}") };
    assert!(20 <= mark.len(), "{alert}");
    let answer = |head: &str, id: &str, word: &str| {
        format!(
            "{head}\nTo: plazo@agencia.example\nSubject: Re: aviso\nIn-Reply-To: <{id}>\nMessage-ID: <x{}@y.example>\n\n{word}\n",
            id.len() * 31 + head.len() * 7 + word.len()
        )
    };
    let laura = "From: Laura Mora <laura@agencia.example>";
    let wrong_mark = format!("{instance}.{delivery}.{}@{domain}", "0".repeat(mark.len()));
    let flipped = format!(
        "{instance}.{delivery}.{}{}@{domain}",
        &mark[..mark.len() - 1],
        if mark.ends_with('0') { "1" } else { "0" }
    );
    let forged = results("fail", "agencia.example");
    let rows = [
        ("a guess of the number", answer(laura, &format!("{instance}.{delivery}@{domain}"), "ok")),
        ("a guess of the mark", answer(laura, &wrong_mark, "ok")),
        ("a mark off by one", answer(laura, &flipped, "ok")),
        ("another delivery's mark", answer(laura, &format!("{instance}.{}.{mark}@{domain}", 99), "ok")),
        ("Sender", answer("From: Newsletter <x@evil.example>\nSender: laura@agencia.example", &alert, "ok")),
        ("the server says that it is forged", answer(&format!("{forged}{laura}"), &alert, "posponer 7 dias")),
        ("another colleague", answer("From: Ana Ruiz <ana@agencia.example>", &alert, "ok")),
        ("an absence note", answer(&format!("{laura}\nAuto-Submitted: auto-replied"), &alert, "ok")),
        (
            "an absence note by its subject",
            answer(laura, &alert, "ok").replace("Subject: Re: aviso", "Subject: Respuesta automática: aviso"),
        ),
    ];
    for (what, mail) in rows {
        pipe(&daemon, &[], &mail);
        assert!(!is_acked(&daemon, &id), "{what}");
        assert!(daemon.get(&format!("/v1/requests/{id}"))["snoozed_until"].is_null(), "{what}");
    }
    pipe(&daemon, &[], &answer(laura, &alert, "ok"));
    assert!(is_acked(&daemon, &id));
    let history = daemon.get(&format!("/v1/requests/{id}"))["history"].clone();
    let ack =
        history.as_array().and_then(|rows| rows.iter().find(|row| row["type"] == "ack").cloned()).expect("the act");
    assert_eq!(ack["proof"]["by"], "reply", "{ack}");
    // Whoever it is ascribed to learns of it.
    let confirmation = wait_for("the confirmation", PATIENCE, || {
        mails(daemon.directory.path()).into_iter().find(|mail| mail.contains(&format!("you took {id}")))
    });
    assert!(confirmation.contains("To: \"Laura Mora\" <laura@agencia.example>"), "{confirmation}");
    assert!(confirmation.contains("If it was not you"), "{confirmation}");
}

/// C1 c: a client takes no answer back.
#[test]
fn lessons_44_a_bounce_that_a_client_wrote_takes_no_answer_back() {
    let daemon = start("");
    pipe(&daemon, &[], ROSA);
    let answer = "From: Laura Mora <laura@agencia.example>\nTo: rosa@cliente.example\nSubject: Re: Pedido 77\n\
                  In-Reply-To: <q1@cliente.example>\nMessage-ID: <a1@agencia.example>\n\nLlega hoy.\n";
    pipe(&daemon, &["--sent"], answer);
    assert_eq!(reply(&daemon, "R-1"), "met");
    let bounce = |head: &str, failed: &str, of: &str, n: u32| {
        format!(
            "{head}\nTo: laura@agencia.example\nSubject: Undelivered Mail Returned to Sender\nMessage-ID: <b{n}@x.example>\n\
             MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=B\n\n\
             --B\nContent-Type: text/plain\n\nNo se pudo entregar.\n--B\nContent-Type: message/delivery-status\n\n\
             Reporting-MTA: dns; mx.agencia.example\n\nFinal-Recipient: rfc822; {failed}\nAction: failed\nStatus: 5.1.1\n\n\
             --B\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{of}>\n\n--B--\n"
        )
    };
    let genuine = "Return-Path: <>\nFrom: MAILER-DAEMON@mx.agencia.example";
    let rows = [
        (
            "a client's own",
            bounce(
                "Return-Path: <rosa@cliente.example>\nFrom: Rosa <rosa@cliente.example>",
                "rosa@cliente.example",
                "a1@agencia.example",
                1,
            ),
        ),
        (
            "without a path back",
            bounce("From: MAILER-DAEMON@mx.agencia.example", "rosa@cliente.example", "a1@agencia.example", 2),
        ),
        (
            "a null path below the server's own line",
            bounce(
                "Return-Path: <rosa@cliente.example>\nReceived: from x by mx.agencia.example; Mon, 2 Mar 2026 09:00:00 -0500\nReturn-Path: <>\nFrom: MAILER-DAEMON@mx.agencia.example",
                "rosa@cliente.example",
                "a1@agencia.example",
                3,
            ),
        ),
        (
            "a person with a null path",
            bounce(
                "Return-Path: <>\nFrom: Rosa <rosa@cliente.example>",
                "rosa@cliente.example",
                "a1@agencia.example",
                4,
            ),
        ),
        (
            "forged, says the server",
            bounce(
                &format!("{}{genuine}", results("fail", "mx.agencia.example")),
                "rosa@cliente.example",
                "a1@agencia.example",
                5,
            ),
        ),
        ("of a copy only", bounce(genuine, "exempleado@cliente.example", "a1@agencia.example", 6)),
        ("of the client's own mail", bounce(genuine, "rosa@cliente.example", "q1@cliente.example", 7)),
        ("of a mail that nobody knows", bounce(genuine, "rosa@cliente.example", "nunca@agencia.example", 8)),
    ];
    for (what, mail) in rows {
        pipe(&daemon, &[], &mail);
        assert_eq!(reply(&daemon, "R-1"), "met", "{what}");
    }
    pipe(&daemon, &[], &bounce(genuine, "rosa@cliente.example", "a1@agencia.example", 9));
    assert_eq!(reply(&daemon, "R-1"), "running", "it never arrived, and the client waits as before");
}

/// The public flows: who is answered by what, on which request.
#[test]
fn lessons_43_and_44_mail_flows_lead_where_their_readers_would_say() {
    let read = |name: &str| {
        std::fs::read_to_string(crate::support::data("field/flow").join(name))
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    // A forward to a supplier answers nobody, and what the supplier writes asks nothing.
    let daemon = start("");
    pipe(&daemon, &[], &read("reenvio-al-proveedor/1-cliente.eml"));
    pipe(&daemon, &["--sent"], &read("reenvio-al-proveedor/2-laura-reenvia.eml"));
    let supplier = "From: Bodega <bodega@proveedor.example>\nTo: laura@agencia.example\nSubject: Re: RV: Pedido 77\n\
                    In-Reply-To: <f1@agencia.example>\nReferences: <q1@cliente.example> <f1@agencia.example>\n\
                    Message-ID: <s1@proveedor.example>\n\n¿De qué guía hablan?\n";
    assert_eq!(pipe(&daemon, &[], supplier)["requests"], json!(["R-1"]));
    let shown = daemon.get("/v1/requests/R-1");
    let why = |n: usize| shown["history"].as_array().and_then(|rows| rows[n]["effects"].as_array()?.last().cloned());
    let messages: Vec<_> =
        shown["history"].as_array().expect("rows").iter().filter(|row| row["type"] == "message").collect();
    assert_eq!(messages.len(), 3, "{shown}");
    assert_eq!(messages[1]["effects"], json!([{"effect": "ignored", "why": "elsewhere"}]), "{:?}", why(1));
    assert_eq!(messages[2]["effects"], json!([{"effect": "ignored", "why": "third_party"}]));
    assert_eq!(shown["clocks"][0]["stopped_at"], Value::Null);

    // Several clients answer one mailing: each is a request, and one answer is one client's.
    let daemon = start("");
    assert_eq!(pipe(&daemon, &[], &read("boletin-dos-clientes/1-rosa.eml"))["requests"], json!(["R-1"]));
    assert_eq!(pipe(&daemon, &[], &read("boletin-dos-clientes/2-juan.eml"))["requests"], json!(["R-2"]));
    assert_eq!(
        pipe(&daemon, &["--sent"], &read("boletin-dos-clientes/3-laura-a-rosa.eml"))["requests"],
        json!(["R-1"])
    );
    let stopped = |request: &str| daemon.get(&format!("/v1/requests/{request}"))["clocks"][0]["stopped_at"].clone();
    assert_eq!(stopped("R-1"), "2026-03-04T15:10:00Z");
    assert_eq!(stopped("R-2"), Value::Null);

    // A copy that failed takes nothing back; the client's own address does, in the mailer's own words too.
    for (flow, stops) in [("rebote-de-una-copia", true), ("rebote-exim", false)] {
        let daemon = start("");
        pipe(&daemon, &[], &read(&format!("{flow}/1-cliente.eml")));
        pipe(&daemon, &["--sent"], &read(&format!("{flow}/2-laura.eml")));
        pipe(&daemon, &[], &read(&format!("{flow}/3-rebote.eml")));
        let stopped = daemon.get("/v1/requests/R-1")["clocks"][0]["stopped_at"].clone();
        assert_eq!(!stopped.is_null(), stops, "{flow}: {stopped}");
    }
}

/// An id proves nothing: another writer, or other words under it, are another mail.
#[test]
fn an_id_that_another_mail_has_drops_no_client() {
    let daemon = start("");
    pipe(&daemon, &[], ROSA);
    assert_eq!(pipe(&daemon, &[], ROSA)["duplicate"], 1);
    let juan = ROSA.replace("Rosa <rosa@cliente.example>", "Juan <juan@otra.example>");
    assert_eq!(pipe(&daemon, &[], &juan)["requests"], json!(["R-2"]));
    assert_eq!(pipe(&daemon, &[], &juan)["duplicate"], 1);
    let more = ROSA.replace("¿Cuándo llega?", "Y otra cosa: ¿me mandan la factura?");
    assert_eq!(pipe(&daemon, &[], &more)["accepted"], 1);
}

/// H3: whoever may write to the bot may send a press; it acts for people of the file alone, in a message that plazo sent.
#[test]
fn lessons_48_a_press_acts_for_people_of_the_file_in_a_message_of_plazo_s_alone() {
    let bot = Webhook::scripted(|n, _| {
        answer(
            "200 OK",
            "Content-Type: application/json\r\n",
            &json!({"ok": true, "result": {"message_id": 900 + n, "chat": {"id": -77}}}).to_string(),
        )
    });
    let base = bot.url.trim_end_matches("/hook");
    let people = PEOPLE.replace("[person.laura]\n", "[person.laura]\naddresses = [\"5551\"]\n");
    let directory = tempfile::tempdir().expect("a directory");
    let operator = directory.path().join("operator");
    let config = format!(
        "{people}\n[destination.equipo]\ntype = \"telegram\"\nurl = \"{base}\"\nprivate = true\ntoken = {{ env = \"BOT\" }}\nto = \"-77\"\nbuttons = true\n\
         [source.telegram]\npreset = \"telegram\"\nsecret = {{ env = \"SECRET\" }}\n{}",
        POLICIES.replace("tell = [\"laura\"]", "tell = [\"equipo\"]")
    );
    std::fs::write(directory.path().join("sla.toml"), config.replace("OPERATOR", &operator.display().to_string()))
        .expect("sla.toml");
    let daemon = Daemon::start_with(directory, |command| {
        command.env("BOT", "123:abc").env("SECRET", "un-secreto-de-telegram");
    });
    let id = daemon.client_message("m-1", "t-1", HOUR);
    bot.wait_for(1);
    wait_for("the alert to be recorded", PATIENCE, || {
        let page = daemon.get("/v1/deliveries?state=sent");
        page["deliveries"].as_array().and_then(|rows| rows.first().cloned())
    });
    let press = |n: u32, from: u32, data: &str, message: Value| {
        let update = json!({"update_id": n, "callback_query": {"id": format!("cb{n}"), "data": data, "message": message,
            "from": {"id": from, "is_bot": false, "first_name": "Laura", "last_name": "Mora"}}});
        let headers =
            [("Content-Type", "application/json"), ("X-Telegram-Bot-Api-Secret-Token", "un-secreto-de-telegram")];
        let answer = daemon.call("POST", "/hooks/telegram", &headers, update.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    let ours = json!({"message_id": 900, "chat": {"id": -77}});
    let theirs = json!({"message_id": 4, "chat": {"id": -77}});
    press(1, 666, &format!("ack:{id}"), ours.clone());
    press(2, 666, &format!("snooze:{id}:9999h"), Value::Null);
    press(3, 5551, &format!("ack:{id}"), Value::Null);
    press(4, 5551, &format!("ack:{id}"), theirs);
    press(5, 5551, &format!("snooze_9999h:{id}"), ours.clone());
    let shown = daemon.get(&format!("/v1/requests/{id}"));
    assert!(!is_acked(&daemon, &id) && shown["snoozed_until"].is_null(), "{shown}");
    press(6, 5551, &format!("snooze_15m:{id}"), ours.clone());
    press(7, 5551, &format!("ack:{id}"), ours);
    let shown = daemon.get(&format!("/v1/requests/{id}"));
    assert!(is_acked(&daemon, &id) && !shown["snoozed_until"].is_null(), "{shown}");
}

/// One bound at every door: nothing is put off for more than a week at a time.
#[test]
fn nothing_is_put_off_for_more_than_a_week_at_a_time() {
    let daemon = start("");
    let id = daemon.client_message("m-1", "t-1", HOUR);
    let far = daemon.post(&format!("/v1/requests/{id}/snooze"), &json!({"for": "169h"}));
    assert_eq!((far.status, far.json()["field"].as_str()), (422, Some("for")), "{}", far.body);
    assert!(far.body.contains("7 days"), "{}", far.body);
    let far = daemon
        .post("/v1/events", &json!({"id": "s", "type": "snooze", "request": id, "until": "2099-01-01T00:00:00Z"}));
    assert_eq!((far.status, far.json()["field"].as_str()), (422, Some("until")), "{}", far.body);
    let far = daemon.post("/v1/silences", &json!({"request": id, "for": "8d"}));
    assert_eq!(far.status, 422, "{}", far.body);
    assert_eq!(daemon.post(&format!("/v1/requests/{id}/snooze"), &json!({"for": "168h"})).status, 200);
}

/// A Telegram group that becomes a supergroup goes on as one conversation.
#[test]
fn a_group_that_changes_its_id_stays_one_conversation() {
    let people = PEOPLE.replace("[person.laura]\n", "[person.laura]\naddresses = [\"573001112233\"]\n");
    let config =
        format!("{people}[source.telegram]\npreset = \"telegram\"\nsecret = {{ env = \"SECRET\" }}\n{POLICIES}");
    let directory = tempfile::tempdir().expect("a directory");
    let operator = directory.path().join("operator");
    std::fs::write(directory.path().join("sla.toml"), config.replace("OPERATOR", &operator.display().to_string()))
        .expect("sla.toml");
    let daemon = Daemon::start_with(directory, |command| {
        command.env("SECRET", "un-secreto-de-telegram");
    });
    for name in ["1-cliente", "2-migra", "3-laura"] {
        let body = std::fs::read(crate::support::data("field/flow/telegram-grupo-migra").join(format!("{name}.json")))
            .expect("data");
        let headers =
            [("Content-Type", "application/json"), ("X-Telegram-Bot-Api-Secret-Token", "un-secreto-de-telegram")];
        assert_eq!(daemon.call("POST", "/hooks/telegram", &headers, &body).status, 200, "{name}");
    }
    let page = daemon.get("/v1/requests?state=all");
    assert_eq!(page["requests"].as_array().map(Vec::len), Some(1), "{page}");
    assert_eq!(page["requests"][0]["clocks"][0]["stopped_at"], "2026-03-04T15:10:00Z", "{page}");
}
