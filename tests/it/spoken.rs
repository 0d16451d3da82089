//! Errors at run time, in the language of the file: a call for each code of the interface, and what a person at a terminal is told.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::daemon::{Answer, Daemon};

const FILE: &str = "
timezone = \"America/Bogota\"
[person.ana]
name = \"Ana Ruiz\"
email = \"ana@agencia.example\"
[[policy]]
name = \"whatsapp\"
match = { channel = \"whatsapp\" }
reply = { within = \"20m\", escalation = \"e\" }
[escalation]
e = [{ at = \"due\", tell = [\"ana\"] }]
";

/// Words by which English gives itself away, and Spanish.
const ENGLISH: [&str; 7] = [" may ", " is ", "there ", "this ", " the ", "must ", " of "];
const SPANISH: [&str; 10] = [" puede ", "no hay", " es ", "está", " el ", " la ", "falta", "debe ", "esto ", " un "];

/// A call that each code answers: method, path, headers, body.
fn calls() -> Vec<(&'static str, &'static str, &'static str, Value)> {
    let event = |fields: Value| fields;
    vec![
        ("not_json", "POST", "/v1/events", json!("RAW{")),
        ("number_of_events", "POST", "/v1/events", json!([])),
        ("invalid_field", "POST", "/v1/events", event(json!({"type": "message"}))),
        ("invalid_field", "POST", "/v1/events", event(json!({"id": "1", "type": "mesage"}))),
        ("invalid_field", "POST", "/v1/events", event(json!({"id": "1", "type": "message", "direction": 3}))),
        ("invalid_field", "POST", "/v1/events", event(json!({"id": "1", "type": "block", "request": "R-1"}))),
        ("missing_field", "POST", "/v1/events", event(json!({"id": "1", "type": "message", "direction": "in"}))),
        ("unknown_request", "POST", "/v1/events", event(json!({"id": "1", "type": "close", "request": "R-99"}))),
        (
            "at_in_future",
            "POST",
            "/v1/events",
            event(json!({"id": "1", "type": "resume", "request": "R-1", "at": "2999-01-01T00:00:00Z"})),
        ),
        (
            "source_reserved",
            "POST",
            "/v1/events",
            event(json!({"id": "1", "source": "reply", "type": "message", "channel": "whatsapp", "direction": "in"})),
        ),
        ("unknown_request", "GET", "/v1/requests/R-99", Value::Null),
        ("unknown_request", "GET", "/v1/requests/R-x", Value::Null),
        ("unknown_request", "GET", "/v1/requests/R-99/explain", Value::Null),
        ("unknown_action", "POST", "/v1/requests/R-1/dance", json!({})),
        ("invalid_field", "POST", "/v1/requests/R-1/own", json!({"owner": "nadie"})),
        ("invalid_field", "GET", "/v1/requests?state=abierta", Value::Null),
        ("invalid_query", "GET", "/v1/requests?limit=x", Value::Null),
        ("invalid_field", "GET", "/v1/deliveries?state=x", Value::Null),
        ("unknown_delivery", "POST", "/v1/deliveries/99/retry", json!({})),
        ("invalid_field", "POST", "/v1/test-notify", json!({"to": "nadie"})),
        ("unknown_violation", "POST", "/v1/violations/99/excuse", json!({"excuse": "x"})),
        ("invalid_field", "GET", "/v1/report?name=x", Value::Null),
        ("invalid_field", "GET", "/v1/report?format=x", Value::Null),
        ("no_such_path", "GET", "/v1/nothing", Value::Null),
        ("no_such_method", "DELETE", "/v1/queue", Value::Null),
        ("no_such_source", "POST", "/hooks/nothing", json!({})),
    ]
}

#[test]
fn every_code_is_explained_in_the_language_of_the_file() {
    for (language, wanted, unwanted) in [("en", &ENGLISH[..], &SPANISH[..]), ("es", &SPANISH[..], &ENGLISH[..])] {
        let daemon = Daemon::start(&format!("language = \"{language}\"{FILE}"));
        daemon.client_message("m-1", "t-1", Duration::from_secs(60));
        for (code, method, path, body) in calls() {
            let body = match &body {
                Value::Null => Vec::new(),
                Value::String(raw) => raw.trim_start_matches("RAW").as_bytes().to_vec(),
                body => body.to_string().into_bytes(),
            };
            let answer = daemon.call(method, path, &[], &body);
            explains(&answer, code, (wanted, unwanted), &format!("{language}: {method} {path}"));
        }
    }
}

/// Whether an answer has that code, and says why in words of the one language and none of the other.
#[track_caller]
fn explains(answer: &Answer, code: &str, (wanted, unwanted): (&[&str], &[&str]), place: &str) {
    let problem = answer.json();
    assert_eq!(answer.content_type, "application/problem+json", "{place}: {}", answer.body);
    assert_eq!(problem["code"], code, "{place}: {problem}");
    let detail = format!(" {} ", problem["detail"].as_str().unwrap_or_default());
    let speaks = |words: &[&str]| words.iter().any(|word| detail.contains(word));
    // The words of other programs, which follow a colon, stay as they are.
    let own = detail.split(": ").next().unwrap_or_default();
    let slips = unwanted.iter().any(|word| own.contains(word));
    assert!(!slips && (speaks(wanted) || own.len() < 60), "{place}: {detail}");
    assert!(problem["title"].as_str().is_some_and(str::is_ascii), "{problem}");
}

/// What the doors say no to: `token` is the name of one that `token create` made with those arguments, or a word that is none.
#[test]
fn what_a_door_refuses_is_explained_in_the_language_of_the_file() {
    let message = json!({"id": "1", "type": "message", "channel": "whatsapp", "direction": "in", "thread": "t"});
    let mail = json!("From: rosa@cliente.example\r\nTo: soporte@agencia.example\r\nSubject: Factura\r\n\r\nHola");
    let close = json!({"id": "3", "type": "close", "request": "R-1"});
    let large = json!(" ".repeat(6 << 20));
    let tokens: [(&str, &[&str]); 4] = [
        ("lee", &["--scope", "read"]),
        ("cuenta", &["--scope", "ingest", "--source", "crm"]),
        ("abre", &["--scope", "ingest", "--source", "web", "--types", "open"]),
        ("todo", &["--scope", "ingest,read,operate"]),
    ];
    let rows: [(&str, &str, &str, &str, &Value); 10] = [
        ("token_needed", "", "GET", "/v1/queue", &Value::Null),
        ("token_needed", "nadie", "GET", "/v1/queue", &Value::Null),
        ("scope_missing", "lee", "POST", "/v1/events", &message),
        ("scope_missing", "cuenta", "GET", "/v1/queue", &Value::Null),
        ("scope_missing", "cuenta", "POST", "/v1/events", &close),
        ("type_not_allowed", "abre", "POST", "/v1/events", &message),
        ("type_not_allowed", "abre", "POST", "/v1/mail", &mail),
        ("no_email", "todo", "POST", "/v1/mail", &json!("")),
        ("too_large", "todo", "POST", "/v1/events", &large),
        ("no_such_source", "todo", "POST", "/hooks/nothing", &message),
    ];
    for (language, wanted, unwanted) in [("en", &ENGLISH[..], &SPANISH[..]), ("es", &SPANISH[..], &ENGLISH[..])] {
        let directory = tempfile::tempdir().expect("a folder");
        let mut known = BTreeMap::from([("nadie", "plz_nadie".to_owned())]);
        for (name, arguments) in tokens {
            let mut command = crate::support::plazo();
            command.arg("--data").arg(directory.path().join("data")).args(["token", "create", "--name", name]);
            let made = command.args(arguments).output().expect("plazo runs");
            assert!(made.status.success(), "{made:?}");
            known.insert(name, String::from_utf8_lossy(&made.stdout).lines().last().unwrap_or_default().to_owned());
        }
        std::fs::write(directory.path().join("sla.toml"), format!("language = \"{language}\"{FILE}")).expect("written");
        let daemon = Daemon::start_in(directory);
        daemon.client_message("m-1", "t-1", Duration::from_secs(60));
        for (code, token, method, path, body) in rows {
            let body = match body {
                Value::Null => String::new(),
                Value::String(raw) => raw.clone(),
                body => body.to_string(),
            };
            let bearer = known.get(token).map(|token| format!("Bearer {token}"));
            let headers: Vec<_> = bearer.iter().map(|bearer| ("Authorization", bearer.as_str())).collect();
            let answer = daemon.call_by_tcp(method, path, &headers, body.as_bytes());
            explains(&answer, code, (wanted, unwanted), &format!("{language}: {token}: {method} {path}"));
        }
    }
    // Where no token exists, each other program of this machine comes in, and no page.
    for (language, wanted, unwanted) in [("en", &ENGLISH[..], &SPANISH[..]), ("es", &SPANISH[..], &ENGLISH[..])] {
        let daemon = Daemon::start(&format!("language = \"{language}\"{FILE}"));
        let answer = daemon.call_by_tcp("GET", "/v1/queue", &[("Origin", "https://evil.example")], b"");
        explains(&answer, "not_local", (wanted, unwanted), language);
    }
}

/// What keeps a daemon from starting, and a file of events from being played, in the language of `sla.toml`.
#[test]
fn what_stands_in_the_way_of_a_start_or_of_a_replay_is_said_in_the_language_of_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = listener.local_addr().expect("an address").to_string();
    write("un-archivo", "");
    write(
        "eventos.jsonl",
        "{\"type\": \"open\"}\nno\n{\"at\": \"ayer\"}\n{\"at\": \"2026-03-02T09:00:00Z\", \"type\": \"nada\"}\n",
    );
    let said = |arguments: &[&str]| {
        let mut command = crate::support::plazo();
        let output = command.current_dir(folder.path()).args(arguments).output().expect("plazo runs");
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let rows: [(&[&str], &str, &str); 8] = [
        (
            &["run", "--data", "un-archivo/datos"],
            "cannot make the data directory",
            "no se puede crear el directorio de datos",
        ),
        (&["run", "--data", "d", "--listen", &taken], "cannot listen on", "no se puede escuchar en"),
        (
            &["run", "--data", "e", "--listen", "0.0.0.0:0"],
            "can be reached from other machines",
            "se llega desde otras máquinas",
        ),
        (&["replay", "--events", "nada.jsonl"], "cannot read nada.jsonl", "no se puede leer nada.jsonl"),
        (&["replay", "--events", "eventos.jsonl"], "eventos.jsonl:1: `at`: is missing", "eventos.jsonl:1: `at`: falta"),
        (
            &["replay", "--events", "eventos.jsonl"],
            "eventos.jsonl:2: this is not JSON",
            "eventos.jsonl:2: esto no es JSON",
        ),
        (&["replay", "--events", "eventos.jsonl"], "`ayer` is no instant", "«ayer» no es un instante"),
        (
            &["replay", "--events", "eventos.jsonl"],
            "The form of events is described",
            "La forma de los eventos se describe",
        ),
    ];
    for (language, is_english) in [("en", true), ("es", false)] {
        write("sla.toml", &format!("language = \"{language}\"{FILE}"));
        for (arguments, english, spanish) in &rows {
            let text = said(arguments);
            let (wanted, unwanted) = if is_english { (english, spanish) } else { (spanish, english) };
            assert!(text.contains(wanted) && !text.contains(unwanted), "{language}: {arguments:?}: {text}");
        }
    }
}

#[test]
fn a_person_at_a_terminal_is_told_what_to_set_and_not_which_header_to_send() {
    let directory = tempfile::tempdir().expect("a folder");
    let token = crate::support::plazo()
        .arg("--data")
        .arg(directory.path().join("data"))
        .args(["token", "create", "--name", "crm", "--scope", "read"])
        .output()
        .expect("plazo runs");
    assert!(token.status.success());
    std::fs::write(directory.path().join("sla.toml"), format!("language = \"es\"{FILE}")).expect("written");
    let daemon = Daemon::start_in(directory);
    let asked = |arguments: &[&str]| {
        let output = daemon.command().args(arguments).output().expect("plazo runs");
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let url = format!("http://{}", daemon.address());
    let refused = asked(&["--url", &url, "--token", "plz_no", "list"]);
    assert!(refused.contains("ponga PLAZO_TOKEN, o --token") && !refused.contains("Bearer"), "{refused}");
    // An address as people write it, and one at which nobody is.
    let silent = asked(&["--url", "127.0.0.1:9", "list", "--limit", "7"]);
    assert!(silent.contains("no contesta nadie en http://127.0.0.1:9") && !silent.contains("limit"), "{silent}");
    let missing = asked(&["show", "R-99"]);
    assert!(missing.contains("no hay una solicitud R-99"), "{missing}");
}

#[test]
fn without_a_daemon_a_file_or_a_store_each_is_said_in_both_languages() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = |language: &str, arguments: &[&str]| {
        let output = crate::support::plazo()
            .env("PLAZO_LANG", language)
            .current_dir(folder.path())
            .args(arguments)
            .output()
            .expect("plazo runs");
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let rows: [(&[&str], &str, &str); 4] = [
        (&["check"], "there is no sla.toml here", "no hay sla.toml aquí"),
        (&["close", "R-1", "--data", "d"], "no daemon runs on", "plazo no está en marcha sobre"),
        (&["token", "revoke", "x", "--data", "d"], "there is no token named", "no hay ningún token «x»"),
        (&["source", "test", "nada"], "there is no [source.nada]", "no hay [source.nada]"),
    ];
    for (arguments, english, spanish) in rows {
        let (en, es) = (said("en", arguments), said("es", arguments));
        assert!(en.contains(english), "{arguments:?}: {en}");
        assert!(es.contains(spanish), "{arguments:?}: {es}");
    }
}
