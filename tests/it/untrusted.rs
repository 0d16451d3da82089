//! What strangers send: their words are shown and never steer, their calls cost little, and nothing that they name leads elsewhere.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use plazo::intake::signature::{Received, Refused, Scheme, Written};
use plazo::secret::{Secret, SecretSource};
use serde_json::{Value, json};

use crate::support::daemon::{Daemon, PEOPLE};
use crate::support::smtp::Smtp;
use crate::support::wait_for;
use crate::support::webhook::{Webhook, answer};

const HOUR: Duration = Duration::from_secs(3_600);
/// A name that sets a title, clears the screen, fills the clipboard, links, forges a line of the log, and turns letters around.
const NAME: &str = "Rosa \u{1b}]0;PWNED\u{7}\u{1b}[2J\u{1b}]52;c;eA==\u{7}\u{1b}]8;;http://evil.example/\u{7}\u{9b}31m\r\n2026-03-02 ERROR forged\u{202e}\u{2066}\u{200b}";

const POLICY: &str = "
[[policy]]
name = \"all\"
reply = { rule = \"A1\", within = \"1h\", escalation = \"e\" }
[escalation]
e = [{ at = \"due\", tell = \"ana\" }]
";

fn with_source(preset: &str, more: &str) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().expect("a directory");
    let secret = directory.path().join("secret");
    std::fs::write(&secret, "geheim-4711").expect("a secret");
    let file = format!(
        "{PEOPLE}{POLICY}[source.s]\npreset = \"{preset}\"\nsecret = {{ file = \"{}\" }}\n{more}\n",
        secret.display()
    );
    let file = file.replace("OPERATOR", &directory.path().join("operator").display().to_string());
    std::fs::write(directory.path().join("sla.toml"), &file).expect("sla.toml");
    (directory, file)
}

/// Nothing of a text steers a terminal, hides, or turns around.
#[track_caller]
fn assert_printable(what: &str, text: &str) {
    let bad = |letter: &char| {
        (letter.is_control() && !matches!(letter, '\n' | '\t'))
            || matches!(letter, '\u{200b}' | '\u{200e}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let found: Vec<char> = text.chars().filter(bad).collect();
    assert!(found.is_empty(), "{what}: {found:?} in {text:?}");
}

/// M4, L2, L4: by the command line, the log, mail and chat.
#[test]
fn m4_foreign_words_are_printable_wherever_they_leave() {
    let (smtp, hook) = (Smtp::start(), Webhook::start());
    let file = format!(
        "{PEOPLE}{}[destination.sala]\ntype = \"mattermost\"\nprivate = true\nurl = \"{}\"\n{}",
        POLICY.replace("tell = \"ana\"", "tell = [\"ana\", \"sala\"]"),
        hook.url,
        smtp.section()
    );
    let daemon = Daemon::start(&file);
    let event = json!({"id": NAME, "type": "message", "direction": "in", "channel": "whatsapp", "thread": "t-1", "subject": NAME,
        "at": crate::support::daemon::before_now(HOUR), "author": {"name": NAME, "kind": "customer", "address": "573001112233"}, "text": NAME});
    daemon.event(&event);
    let mail = smtp.wait_for(1).remove(0);
    assert_printable("the subject", &mail.header("Subject").replace('\u{200b}', ""));
    let text = mail.text().replace('\r', "");
    assert_printable("the mail", &text.replace('\u{200b}', ""));
    assert!(!text.contains("http://evil.example") && text.contains("http:\u{200b}//evil.example"), "{text}");
    let body: Value = serde_json::from_str(&hook.wait_for(1)[0].body).expect("JSON");
    // The mark that keeps `@` and addresses from being links is plazo's own.
    assert_printable("the chat", &body["text"].as_str().expect("a text").replace('\u{200b}', ""));
    let commands: [&[&str]; 8] = [
        &["list"],
        &["show", "R-1"],
        &["explain", "R-1"],
        &["queue"],
        &["unknown"],
        &["deliveries"],
        &["list", "--json"],
        &["ack", "R-1", "--by", "ana"],
    ];
    let colour = regex::Regex::new("\u{1b}\\[[0-9;]*m").expect("a pattern");
    for arguments in commands {
        let output = daemon.command().args(arguments).env("CLICOLOR_FORCE", "1").output().expect("plazo runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        // Colours are plazo's own: only those may stand there.
        let plain = colour.replace_all(&said, "");
        assert_printable(&arguments.join(" "), &plain);
        assert!(!plain.contains("\n2026-03-02 ERROR"), "{arguments:?} has a forged line: {plain}");
    }
    // An event that cannot be filed has its id in the log.
    let lost =
        json!({"id": format!("{NAME}\n2026-03-02T09:00:00Z ERROR forged line"), "type": "ack", "request": "R-77"});
    daemon.post("/v1/events", &lost);
    let log = daemon.log();
    assert!(!log.lines().any(|line| line.starts_with("2026-03-02")), "{log}");
    assert_printable("the log", &log);
}

/// L1: an address of a participant is one, and begins no line of a calendar.
#[test]
fn l01_nothing_is_put_into_an_invitation_by_an_address() {
    let smtp = Smtp::start();
    let daemon = Daemon::start(&format!("{PEOPLE}{POLICY}{}", smtp.section()));
    daemon.client_message("m-1", "t-1", Duration::from_secs(1));
    let evil = "evil@x.example\r\nX-INJECTED:1\r\nATTENDEE:mailto:other@evil.example";
    let schedule = json!({"by": "ana", "within": "24h", "participants": [evil, "rosa@cliente.example"]});
    daemon.post("/v1/requests/R-1/own", &json!({"owner": "ana", "by": "ana"}));
    daemon.post("/v1/requests/R-1/schedule", &schedule);
    let calendar = wait_for("an invitation", crate::support::PATIENCE, || {
        smtp.received().into_iter().find_map(|mail| {
            let parsed = mail_parser::MessageParser::default().parse(mail.data.as_bytes())?;
            let part = parsed
                .attachments()
                .find(|part| part.text_contents().is_some_and(|text| text.contains("VCALENDAR")))?;
            part.text_contents().map(|text| text.replace("\r\n ", ""))
        })
    });
    assert!(calendar.contains("mailto:rosa@cliente.example"), "{calendar}");
    assert!(
        !calendar.lines().any(|line| line.starts_with("X-INJECTED") || line.starts_with("ATTENDEE:mailto:other")),
        "{calendar}"
    );
}

/// M1: a form with more parameters than any genuine call has is refused before it is sorted, even where its signature is right.
#[test]
fn m1_a_form_of_very_many_parameters_is_refused_unsorted() {
    use base64::Engine as _;
    use hmac::{Hmac, KeyInit as _, Mac as _};

    let signed = ["form".to_owned()];
    let scheme = Scheme::new(&Written {
        algorithm: "hmac-sha1",
        header: Some("x-signature"),
        prefix: "",
        separator: None,
        encoding: Some("base64"),
        signed: &signed,
        secret: None,
        refused_secrets: &[],
        each: None,
        member: None,
        parameter: None,
        in_path: false,
        optional: false,
        time: None,
        claims: &std::collections::BTreeMap::new(),
        tolerance: None,
    })
    .expect("a scheme");
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("secret"), "geheim").expect("a secret");
    let secret: Secret = SecretSource::File(directory.path().join("secret")).read().expect("a secret");
    for (n, expected) in [(1_000, Ok(())), (1_001, Err(Refused::Wrong))] {
        let names: Vec<String> = (0..n).map(|index| format!("p{index:05}=1")).collect();
        let text: String = names.iter().map(|pair| pair.replace('=', "")).collect();
        let mut mac = Hmac::<sha1::Sha1>::new_from_slice(b"geheim").expect("any key");
        mac.update(text.as_bytes());
        let digest = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
        let headers = std::collections::BTreeMap::from([("x-signature".to_owned(), digest)]);
        let body = names.join("&");
        let received = Received {
            method: "POST",
            url: None,
            query: "",
            path_word: None,
            headers: &headers,
            body: body.as_bytes(),
            set: &serde_json::Value::Null,
        };
        assert_eq!(
            scheme.verify(
                std::slice::from_ref(&secret),
                &received,
                "2026-03-02T14:00:00Z".parse().expect("an instant")
            ),
            expected,
            "{n}"
        );
    }
}

/// M2: whoever does not hold the secret that is asked for in the body uses up the strangers' rate, not the source's.
#[test]
fn m2_strangers_do_not_use_up_a_source_s_rate() {
    let (directory, _) = with_source("evolution-api", "rate = 5");
    let daemon = Daemon::start_in(directory);
    let forged = json!({"event": "messages.upsert", "instance": "i", "apikey": "falsch", "data": {}}).to_string();
    for _ in 0..200 {
        daemon.call_by_tcp("POST", "/hooks/s", &[("content-type", "application/json")], forged.as_bytes());
    }
    let genuine = forged.replace("falsch", "geheim-4711");
    for n in 0..5 {
        let answer =
            daemon.call_by_tcp("POST", "/hooks/s", &[("content-type", "application/json")], genuine.as_bytes());
        assert_ne!(answer.status, 429, "the {n}th genuine call: {}", answer.body);
        assert_ne!(answer.status, 401, "{}", answer.body);
    }
}

/// M3: without the unit's mask, what plazo writes is its owner's alone.
#[test]
fn m3_directory_and_files_are_their_owner_s_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("sla.toml"), format!("{PEOPLE}{POLICY}")).expect("sla.toml");
    let made = crate::support::plazo()
        .args(["token", "create", "--name", "a", "--scope", "read", "--data"])
        .arg(directory.path().join("data"))
        .output();
    assert!(made.expect("plazo runs").status.success());
    let daemon = Daemon::start_in(directory);
    daemon.client_message("m-1", "t-1", HOUR);
    wait_for("a mail as a file", crate::support::PATIENCE, || {
        std::fs::read_dir(daemon.data().join("outbox")).ok()?.next()?.ok()
    });
    let mode = |path: &std::path::Path| path.metadata().expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(&daemon.data()), 0o700);
    let mut open = vec![daemon.data()];
    let mut n_files = 0;
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                assert_eq!(mode(&path), 0o700, "{}", path.display());
                open.push(path);
            } else if path.file_name().is_some_and(|name| name != "plazo.sock") {
                assert_eq!(mode(&path), 0o600, "{}", path.display());
                n_files += 1;
            }
        }
    }
    assert!(4 <= n_files, "store, log, key, mail");
}

/// M8: events are counted while they are read.
#[test]
fn m8_a_body_of_half_a_million_values_is_refused_as_it_is_read() {
    let daemon = Daemon::start(&format!("{PEOPLE}{POLICY}"));
    for body in ["1 ".repeat(500_000), format!("[{}1]", "1,".repeat(500_000)), "{}".repeat(20_000)] {
        let answer = daemon.call("POST", "/v1/events", &[], body.as_bytes());
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert!(
            ["number_of_events", "not_json"].contains(&answer.json()["code"].as_str().expect("a code")),
            "{}",
            answer.body
        );
        assert!(answer.body.len() < 1_000, "{}", answer.body.len());
    }
}

/// M9: an id in a payload leads to no other path of the API.
#[test]
fn m9_an_id_of_a_payload_stays_one_segment_of_the_path() {
    let api = Webhook::scripted(|_, _| answer("200 OK", "", "{}"));
    let base = api.url.trim_end_matches("/hook").to_owned();
    let (directory, _) =
        with_source("clickup", &format!("api = \"{base}/base\"\nprivate = true\ntoken = {{ file = \"{{SECRET}}\" }}"));
    let secret = directory.path().join("secret").display().to_string();
    let file =
        std::fs::read_to_string(directory.path().join("sla.toml")).expect("sla.toml").replace("{SECRET}", &secret);
    std::fs::write(directory.path().join("sla.toml"), file).expect("sla.toml");
    let daemon = Daemon::start_in(directory);
    let ids = [
        "../../../../admin/users",
        "x?delete=1#",
        "x/../../..//evil.example/",
        "%2e%2e/%2e%2e/secret",
        "..\\..\\x",
        "..",
        "86a-good",
    ];
    for (n, id) in ids.iter().enumerate() {
        let body = json!({"event": "taskCreated", "task_id": id, "webhook_id": "w", "history_items": [{"id": n.to_string(), "date": "1772461800000"}]}).to_string();
        use hmac::{Hmac, KeyInit as _, Mac as _};
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"geheim-4711").expect("any key");
        mac.update(body.as_bytes());
        let signature = hex::encode(mac.finalize().into_bytes());
        let answer = daemon.call_by_tcp(
            "POST",
            "/hooks/s",
            &[("content-type", "application/json"), ("x-signature", &signature)],
            body.as_bytes(),
        );
        assert_eq!(answer.status, 200, "{id}: {}", answer.body);
    }
    wait_for("the good one is asked for", crate::support::PATIENCE, || {
        api.received().iter().any(|call| call.path.contains("86a-good")).then_some(())
    });
    for call in api.received() {
        let id =
            call.path.strip_prefix("/base/api/v2/task/").unwrap_or_else(|| panic!("{} leads elsewhere", call.path));
        assert!(!id.contains(['/', '?', '#', '\\']), "{}", call.path);
    }
}

/// M10: what the mail server marked as spam opens nothing, and a sender's thousandth mail begins no thousandth ladder.
#[test]
fn m10_spam_opens_nothing_and_a_flood_of_one_sender_few_requests() {
    let daemon = Daemon::start(&format!("{PEOPLE}{POLICY}"));
    let mail = |id: &str, head: &str| {
        let raw = format!(
            "From: Rosa <rosa@cliente.example>\r\nTo: soporte@agencia.example\r\nSubject: Pedido {id}\r\nMessage-ID: <{id}@cliente.example>\r\n{head}\r\n¿Llega hoy?\r\n"
        );
        let answer = daemon.call("POST", "/v1/mail?own=@agencia.example", &[], raw.as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    let marks = [
        "X-Spam-Flag: YES\r\n",
        "X-Spam-Status: Yes, score=9.1\r\n",
        "X-Rspamd-Action: add header\r\n",
        "X-MS-Exchange-Organization-SCL: 9\r\n",
        "X-Forefront-Antispam-Report: CIP:1.2.3.4;SFV:SPM;SCL:5\r\n",
    ];
    for (n, mark) in marks.iter().enumerate() {
        mail(&format!("spam-{n}"), mark);
    }
    assert_eq!(daemon.get("/v1/requests")["requests"].as_array().map(Vec::len), Some(0));
    for (n, mark) in
        ["X-Spam-Flag: NO\r\n", "X-Spam-Status: No, score=-2\r\n", "X-MS-Exchange-Organization-SCL: 1\r\n", ""]
            .iter()
            .enumerate()
    {
        mail(&format!("good-{n}"), mark);
    }
    assert_eq!(daemon.get("/v1/requests")["requests"].as_array().map(Vec::len), Some(4));
    for n in 0..60 {
        mail(&format!("flood-{n}"), "");
    }
    let listed = daemon.get("/v1/requests?limit=200");
    assert_eq!(listed["requests"].as_array().map(Vec::len), Some(30));
    // He waits, in the last of them.
    let last = daemon.get("/v1/requests/R-30");
    assert!(last["history"].as_array().is_some_and(|rows| 30 < rows.len()), "{last}");
    assert_eq!(last["clocks"][0]["state"], "running");
}

/// L5: that a password goes to another machine in plain text is said before it does.
#[test]
fn l05_plain_text_to_other_machines_is_told_by_check() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = |name: &str| directory.path().join(name);
    std::fs::write(at("secret"), "x").expect("a secret");
    let secret = at("secret").display().to_string();
    let smtp = |host: &str, tls: &str| {
        format!(
            "[smtp]\nhost = \"{host}\"\ntls = \"{tls}\"\nuser = \"u\"\npassword = {{ file = \"{secret}\" }}\nfrom = \"plazo <plazo@agencia.example>\"\n"
        )
    };
    let cases = [
        (smtp("mail.agencia.example", "none"), Some("in plain text")),
        (smtp("192.0.2.7", "none"), Some("in plain text")),
        (smtp("127.0.0.1", "none"), None),
        (smtp("localhost", "none"), None),
        (smtp("mail.agencia.example", "starttls"), None),
        ("[http]\npublic_url = \"http://plazo.agencia.example\"\n".to_owned(), Some("links that act")),
        ("[http]\npublic_url = \"https://plazo.agencia.example\"\n".to_owned(), None),
    ];
    for (more, expected) in cases {
        std::fs::write(at("sla.toml"), format!("{PEOPLE}{more}")).expect("sla.toml");
        let output =
            crate::support::plazo().arg("--config").arg(at("sla.toml")).arg("check").output().expect("plazo runs");
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(said.contains("plain text"), expected.is_some(), "{more}: {said}");
        assert!(expected.is_none_or(|expected| said.contains(expected)), "{more}: {said}");
    }
}

/// L8: looking up each of very many in very many others ends, and says so.
#[test]
fn l08_a_payload_that_asks_for_the_square_of_itself_is_bounded() {
    let (directory, _) = with_source("whatsapp-cloud", "verify = { file = \"{SECRET}\" }");
    let secret = directory.path().join("secret").display().to_string();
    let file =
        std::fs::read_to_string(directory.path().join("sla.toml")).expect("sla.toml").replace("{SECRET}", &secret);
    std::fs::write(directory.path().join("sla.toml"), file).expect("sla.toml");
    let daemon = Daemon::start_in(directory);
    let n = 9_000;
    let messages: Vec<Value> = (0..n).map(|index| json!({"from": format!("57300{index}"), "id": format!("w{index}"), "timestamp": "1772461800", "type": "text", "text": {"body": "x"}})).collect();
    let contacts: Vec<Value> =
        (0..n).map(|index| json!({"wa_id": format!("99{index}"), "profile": {"name": "x"}})).collect();
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {"messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "1", "phone_number_id": "1"}, "contacts": contacts, "messages": messages}}]}]}).to_string();
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"geheim-4711").expect("any key");
    mac.update(body.as_bytes());
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    let answer = daemon.call_by_tcp(
        "POST",
        "/hooks/s",
        &[("content-type", "application/json"), ("x-hub-signature-256", &signature)],
        body.as_bytes(),
    );
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(
        daemon.get("/v1/sources")["sources"][0]["unread"].as_i64().is_some_and(|unread| 0 < unread),
        "what was too much is kept aside"
    );
}

/// H6: whether a call can be let in at all is said before a byte of its body is read.
#[test]
fn h6_a_hook_refuses_strangers_before_their_body() {
    use std::io::{Read as _, Write as _};
    let (directory, _) = with_source("chatwoot", "");
    let daemon = Daemon::start_in(directory);
    let head = |path: &str, more: &str| {
        let mut stream = std::net::TcpStream::connect(daemon.address()).expect("a connection");
        stream.set_read_timeout(Some(crate::support::PATIENCE)).expect("a limit");
        write!(stream, "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4194303\r\n{more}\r\n")
            .expect("written");
        // Nothing of the body follows, and the answer is there all the same.
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    };
    assert_eq!(head("/hooks/nothing", "Content-Type: application/json\r\n"), "HTTP/1.1 404");
    assert_eq!(head("/hooks/s", "Content-Type: application/json\r\n"), "HTTP/1.1 401");
    assert_eq!(head("/hooks/s", "Content-Type: text/plain\r\n"), "HTTP/1.1 415");
    assert_eq!(head("/v1/events", "Authorization: Bearer falsch\r\n"), "HTTP/1.1 401");
}
