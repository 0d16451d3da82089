//! Who is let in where: tokens, the Unix socket, TCP without a token, proxies, links of alerts, what is not understood.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::daemon::{Answer, Daemon, PEOPLE};
use crate::support::nginx::{Nginx, shown_proxy};
use crate::support::{PATIENCE, plazo, wait_for};

const HOUR: Duration = Duration::from_secs(3_600);
const POLICY: &str = "[[policy]]\nname = \"w\"\nmatch = { channel = \"whatsapp\" }\nteam = \"social\"\n\
    reply = { rule = \"A1\", within = \"20m\", escalation = \"e\" }\n[escalation]\ne = [{ at = \"due\", tell = [\"lead\"] }]\n";
const SOURCE: &str = "[source.wa]\npreset = \"waha\"\nunsigned = true\n";

fn message(id: &str) -> Value {
    json!({"id": id, "type": "message", "channel": "whatsapp", "thread": id, "direction": "in", "author": {"name": "Rosa", "address": "573005550101"}, "text": "Hola"})
}

fn refused(answer: &Answer) -> bool {
    matches!(answer.status, 401 | 403)
}

/// A token, made in the store of a running daemon.
pub fn token(daemon: &Daemon, args: &[&str]) -> String {
    let output = daemon.command().args(["token", "create"]).args(args).output().expect("plazo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let token = String::from_utf8_lossy(&output.stdout).lines().last().expect("a token").to_owned();
    // What was read of the tokens is good for a second.
    let bearer = format!("Bearer {token}");
    wait_for("the token to be known", PATIENCE, || {
        (daemon.call("GET", "/v1/queue", &[("Authorization", &bearer)], b"").status != 401).then_some(())
    });
    token
}

/// H2: what opens a loopback address, and what closes it for good.
#[test]
fn lessons_60_without_a_token_tcp_is_open_until_others_may_know_the_address_and_never_again() {
    let open = Daemon::start(&format!("{PEOPLE}{POLICY}"));
    assert_eq!(open.call_by_tcp("GET", "/v1/requests", &[], b"").status, 200, "nobody else can have been told of it");
    for header in [
        "X-Forwarded-For: 203.0.113.9",
        "Forwarded: for=203.0.113.9",
        "Via: 1.1 proxy",
        "X-Real-IP: 203.0.113.9",
        "Origin: https://malo.example",
        "Host: plazo.agencia.example",
    ] {
        let (name, value) = header.split_once(": ").expect("a header");
        let answer = open.call_by_tcp("GET", "/v1/requests", &[(name, value)], b"");
        assert_eq!((answer.status, answer.json()["code"].as_str()), (403, Some("not_local")), "{header}");
    }

    let closed = |daemon: &Daemon, what: &str| {
        daemon.client_message("m-1", "t-1", HOUR);
        for (method, path, body) in [
            ("GET", "/v1/requests", ""),
            ("GET", "/metrics", ""),
            ("POST", "/v1/requests/R-1/ack", "{\"by\": \"a stranger\"}"),
            ("POST", "/v1/silences", "{\"request\": \"R-1\", \"for\": \"1h\"}"),
        ] {
            let answer = daemon.call_by_tcp(method, path, &[], body.as_bytes());
            assert!(refused(&answer), "{what}: {method} {path}: {}", answer.body);
            assert_eq!(daemon.call(method, path, &[], body.as_bytes()).status, 200, "{what}: by the socket");
        }
    };
    closed(&Daemon::start(&format!("{PEOPLE}{SOURCE}{POLICY}")), "a source");
    let public = Daemon::start(&format!("{PEOPLE}{POLICY}[http]\npublic_url = \"https://plazo.agencia.example\"\n"));
    closed(&public, "a public address");
    assert!(refused(&public.call_by_tcp("POST", "/v1/events", &[], message("x").to_string().as_bytes())));
    // Taken out of the file, the address is still known to others.
    std::fs::write(
        public.config_path(),
        std::fs::read_to_string(public.config_path())
            .expect("a file")
            .replace("public_url = \"https://plazo.agencia.example\"\n", ""),
    )
    .expect("written");
    let revision = || public.log().matches("taken").count();
    wait_for("the edit to be taken", PATIENCE, || (0 < revision()).then_some(()));
    assert!(refused(&public.call_by_tcp("GET", "/v1/requests", &[], b"")), "{}", public.log());

    // The last token that is revoked opens nothing.
    let daemon = Daemon::start(&format!("{PEOPLE}{POLICY}"));
    token(&daemon, &["--name", "crm", "--scope", "read"]);
    let revoked = daemon.command().args(["token", "revoke", "crm"]).output().expect("plazo runs");
    assert!(String::from_utf8_lossy(&revoked.stderr).contains("No token is left"), "{revoked:?}");
    let (_, directory) = daemon.stop();
    let daemon = Daemon::start_in(directory);
    assert!(refused(&daemon.call_by_tcp("GET", "/v1/requests", &[], b"")));
    assert_eq!(daemon.call("GET", "/v1/requests", &[], b"").status, 200, "by the socket");
}

/// With sources only, a program of this machine may still say that a client wrote: it proves nothing, and starts a clock.
#[test]
fn what_only_starts_a_clock_needs_no_proof() {
    let daemon = Daemon::start(&format!("{PEOPLE}{SOURCE}{POLICY}"));
    let post = |event: Value| daemon.call_by_tcp("POST", "/v1/events", &[], event.to_string().as_bytes());
    assert_eq!(post(message("a")).json()["requests"], json!(["R-1"]));
    let history = daemon.get("/v1/requests/R-1")["history"].clone();
    assert_eq!(history[0]["proof"], json!({"by": "none"}), "{history}");
    for event in [
        json!({"id": "1", "type": "message", "direction": "out", "channel": "whatsapp", "thread": "a", "author": {"name": "Laura Mora", "kind": "agent"}, "text": "Ya"}),
        json!({"id": "2", "type": "ack", "request": "R-1"}),
        json!({"id": "3", "type": "close", "request": "R-1"}),
        json!({"id": "4", "type": "message", "direction": "in", "request": "R-1", "channel": "whatsapp"}),
    ] {
        let answer = post(event.clone());
        assert_eq!(answer.status, 403, "{event}: {}", answer.body);
    }
    // What it says of a request that is known changes nothing of that.
    post(
        json!({"id": "5", "type": "message", "direction": "in", "channel": "whatsapp", "thread": "a", "priority": "low", "customer": "otra", "tags": ["vip"]}),
    );
    let shown = daemon.get("/v1/requests/R-1");
    assert_eq!((&shown["priority"], &shown["tags"]), (&Value::Null, &json!([])), "{shown}");
}

/// H4: a token tells what happened under its own name, and acts only where it may operate.
#[test]
fn a_token_is_bound_to_its_source_and_acts_only_where_it_may_operate() {
    let daemon = Daemon::start(&format!("{PEOPLE}{SOURCE}{POLICY}"));
    daemon.client_message("m-1", "t-1", HOUR);
    let token = token(&daemon, &["--name", "correo", "--scope", "ingest"]);
    let bearer = format!("Bearer {token}");
    let post = |event: &Value| {
        daemon.call_by_tcp("POST", "/v1/events", &[("Authorization", &bearer)], event.to_string().as_bytes())
    };
    for event in [
        json!({"id": "1", "type": "ack", "request": "R-1"}),
        json!({"id": "2", "type": "snooze", "request": "R-1", "for": "1h"}),
        json!({"id": "3", "source": "action", "type": "own", "request": "R-1", "owner": "nobody-at-all"}),
        json!({"id": "4", "source": "plazo", "type": "close", "request": "R-1"}),
        json!({"id": "5", "type": "wait", "request": "R-1"}),
        json!({"id": "6", "type": "merge", "request": "R-1"}),
    ] {
        let answer = post(&event);
        assert_eq!((answer.status, answer.json()["code"].as_str()), (403, Some("scope_missing")), "{event}");
    }
    // Whatever source it names, the event bears the token's; so nobody takes the ids of another.
    let mut taken = message("5001");
    taken["source"] = json!("zam");
    assert_eq!(post(&taken).status, 200);
    let history = daemon.get("/v1/requests/R-2")["history"].clone();
    assert_eq!(
        (&history[0]["source"], &history[0]["proof"]),
        (&json!("correo"), &json!({"by": "token", "name": "correo"}))
    );
    assert_eq!(daemon.event(&json!({"id": "5001", "source": "zam", "type": "message", "channel": "whatsapp", "thread": "otro", "direction": "in"})), "R-3");
    // Names of plazo's own, and of the file's sources, are nobody's to use.
    for source in ["action", "link", "plazo", "reply", "email", "wa"] {
        let mut event = message(&format!("own-{source}"));
        event["source"] = json!(source);
        let answer = daemon.post("/v1/events", &event);
        assert_eq!((answer.status, answer.json()["code"].as_str()), (422, Some("source_reserved")), "{source}");
        let made = daemon
            .command()
            .args(["token", "create", "--name", "x", "--scope", "ingest", "--source", source])
            .output()
            .expect("plazo runs");
        assert!(!made.status.success() && String::from_utf8_lossy(&made.stderr).contains(source), "{source}: {made:?}");
    }
}

#[test]
fn a_token_may_be_bound_to_types_and_a_channel_and_runs_out() {
    let daemon = Daemon::start(&format!("{PEOPLE}{POLICY}"));
    let bound = token(
        &daemon,
        &["--name", "formulario", "--scope", "ingest", "--types", "open", "--channel", "whatsapp", "--source", "web"],
    );
    let bearer = format!("Bearer {bound}");
    let post = |event: Value| {
        daemon.call_by_tcp("POST", "/v1/events", &[("Authorization", &bearer)], event.to_string().as_bytes())
    };
    let answer = post(message("a"));
    assert_eq!((answer.status, answer.json()["code"].as_str()), (403, Some("type_not_allowed")), "{}", answer.body);
    assert_eq!(
        post(json!({"id": "b", "type": "open", "channel": "email", "author": {"kind": "customer", "name": "Rosa"}}))
            .status,
        200
    );
    assert_eq!(daemon.get("/v1/requests/R-1")["channel"], "whatsapp");
    let list = daemon.command().args(["token", "list", "--json"]).output().expect("plazo runs");
    let list: Value = serde_json::from_slice(&list.stdout).expect("JSON");
    assert_eq!(
        (&list[0]["source"], &list[0]["types"], &list[0]["expires_at"]),
        (&json!("web"), &json!("open"), &Value::Null)
    );
    wait_for("its use to be noted", PATIENCE, || {
        let list = daemon.command().args(["token", "list", "--json"]).output().expect("plazo runs");
        let list: Value = serde_json::from_slice(&list.stdout).expect("JSON");
        (!list[0]["used_at"].is_null()).then_some(())
    });
    let short = daemon
        .command()
        .args(["token", "create", "--name", "corto", "--scope", "read", "--expires", "1s"])
        .output()
        .expect("plazo runs");
    let short = String::from_utf8_lossy(&short.stdout).lines().last().expect("a token").to_owned();
    let bearer = format!("Bearer {short}");
    wait_for("the token to run out", PATIENCE, || {
        let answer = daemon.call_by_tcp("GET", "/v1/queue", &[("Authorization", &bearer)], b"");
        (answer.status == 401 && answer.json()["code"] == "token_expired").then_some(())
    });
}

/// M5: refusals are counted and told, within bounds.
#[test]
fn refused_calls_are_counted_and_the_log_tells_of_some() {
    let daemon = Daemon::start(&format!("{PEOPLE}{POLICY}"));
    let before = daemon.log().matches("a call was refused").count();
    for _ in 0..12 {
        assert_eq!(daemon.call_by_tcp("GET", "/v1/queue", &[("Authorization", "Bearer plz_wrong")], b"").status, 401);
    }
    let metrics = daemon.call("GET", "/metrics", &[], b"").body;
    let counted = metrics.lines().find(|line| line.starts_with("plazo_refused_calls_total{reason=\"token_needed\"}"));
    let counted: u32 = counted.and_then(|line| line.rsplit(' ').next()?.parse().ok()).expect("a count");
    assert!(12 <= counted, "{metrics}");
    let told = daemon.log().matches("a call was refused").count() - before;
    assert!((1..=10).contains(&told), "{told} lines: {}", daemon.log());
    assert!(!daemon.log().contains("plz_wrong"), "no token is in the log");
}

/// M7: the command line shows its token to the daemon and to nobody else.
#[test]
fn the_command_line_sends_its_token_to_no_proxy_and_to_no_stranger_s_lock() {
    use std::os::unix::fs::chown;
    let daemon = Daemon::start(&format!("{PEOPLE}{POLICY}"));
    let token = token(&daemon, &["--name", "crm", "--scope", "read"]);
    let trap = crate::support::webhook::Webhook::scripted(|_, _| {
        crate::support::webhook::answer("200 OK", "", "{\"requests\": []}")
    });
    let proxy = trap.url.trim_end_matches("/hook").to_owned();
    let url = format!("http://{}", daemon.address());
    let list = plazo()
        .args(["--config"])
        .arg(daemon.config_path())
        .args(["--url", &url, "list"])
        .env("PLAZO_TOKEN", &token)
        .env("HTTP_PROXY", &proxy)
        .env("http_proxy", &proxy)
        .env("ALL_PROXY", &proxy)
        .output()
        .expect("plazo runs");
    assert!(list.status.success(), "{}", String::from_utf8_lossy(&list.stderr));
    assert!(trap.received().is_empty(), "{:?}", trap.received());

    // Somebody else's directory, whose lock names somebody else's address, held as a running daemon holds it.
    let directory = tempfile::tempdir().expect("a directory");
    let lock = directory.path().join("plazo.lock");
    std::fs::write(&lock, proxy.trim_start_matches("http://")).expect("a lock");
    chown(&lock, Some(65_534), Some(65_534)).expect("root");
    let held = std::fs::File::open(&lock).expect("the lock");
    held.lock().expect("held");
    let list = plazo()
        .current_dir(directory.path())
        .arg("--data")
        .arg(directory.path())
        .arg("list")
        .env("PLAZO_TOKEN", &token)
        .output()
        .expect("plazo runs");
    assert!(!list.status.success());
    assert!(String::from_utf8_lossy(&list.stderr).contains("belongs to another user"), "{list:?}");
    assert!(trap.received().is_empty(), "{:?}", trap.received());
}

/// Whoever is told over TCP that a token is needed learns where this machine's own users come in, and the command line goes there.
#[test]
fn this_machine_s_own_user_needs_no_token() {
    let daemon = Daemon::start(&format!("{PEOPLE}{SOURCE}{POLICY}"));
    daemon.client_message("m-1", "t-1", HOUR);
    let url = format!("http://{}", daemon.address());
    let show = plazo().args(["--url", &url, "show", "R-1", "--json"]).output().expect("plazo runs");
    assert!(show.status.success(), "{}", String::from_utf8_lossy(&show.stderr));
    // Behind a proxy nobody is told of it.
    let answer = daemon.call_by_tcp("GET", "/v1/requests", &[("X-Forwarded-For", "203.0.113.9")], b"");
    assert!(!answer.body.contains("plazo.sock"), "{}", answer.body);
    let acked = daemon.command().args(["ack", "R-1", "--by", "laura"]).output().expect("plazo runs");
    assert!(acked.status.success(), "{}", String::from_utf8_lossy(&acked.stderr));
    let history = daemon.get("/v1/requests/R-1")["history"].clone();
    let ack =
        history.as_array().and_then(|rows| rows.iter().find(|row| row["type"] == "ack").cloned()).expect("the act");
    assert_eq!(ack["proof"], json!({"by": "machine", "user": "root"}), "{ack}");
}

/// A user of this machine who is neither plazo's own nor root tells what happened, and does nothing else.
#[test]
fn another_user_of_this_machine_tells_what_happened_and_no_more() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = tempfile::tempdir().expect("a directory");
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o755)).expect("rights");
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("sla.toml"), format!("{PEOPLE}{POLICY}")).expect("sla.toml");
    let daemon = Daemon::start_with(directory, |command| {
        command.env("RUNTIME_DIRECTORY", place.path());
    });
    let socket = place.path().join("plazo.sock");
    let as_nobody = |method: &str, path: &str, body: &str| {
        let script = format!(
            "import socket,sys\ns=socket.socket(socket.AF_UNIX); s.connect({:?})\nb={body:?}.encode()\n\
             s.sendall(b'{method} {path} HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n'%len(b)+b)\n\
             out=b''\nwhile True:\n c=s.recv(65536)\n if not c: break\n out+=c\nsys.stdout.write(out.decode())",
            socket.display().to_string()
        );
        let mut command = Command::new("python3");
        use std::os::unix::process::CommandExt as _;
        let output = command
            .arg("-c")
            .arg(script)
            .uid(65_534)
            .gid(65_534)
            .current_dir("/")
            .output()
            .expect("python3 is missing; install it: apt-get install python3");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!text.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        text
    };
    let told = as_nobody("POST", "/v1/events", &message("a").to_string());
    assert!(told.starts_with("HTTP/1.1 200"), "{told}");
    let history = daemon.get("/v1/requests/R-1")["history"].clone();
    assert_eq!(history[0]["proof"], json!({"by": "machine", "user": "nobody"}), "{history}");
    for (method, path) in [("GET", "/v1/requests"), ("POST", "/v1/requests/R-1/ack"), ("GET", "/metrics")] {
        let answer = as_nobody(method, path, "");
        assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("nobody"), "{path}: {answer}");
    }
    // Nor does it read the files.
    let store = Command::new("cat").arg(daemon.data().join("links.key")).output();
    assert!(store.expect("cat runs").status.success(), "root may");
    let mode = std::fs::metadata(daemon.data().join("links.key")).expect("the key").permissions().mode();
    assert_eq!(mode & 0o077, 0, "the key is its owner's alone");
}

/// H2 with Debian's nginx: as docs/install.md shows it, and as people set it up who did not read it.
#[test]
fn lessons_60_behind_nginx_nobody_is_this_machine_s_own_user() {
    let daemon = Daemon::start(&format!("{PEOPLE}{SOURCE}{POLICY}"));
    daemon.client_message("m-1", "t-1", HOUR);
    let address = daemon.address().to_owned();
    let all = |further: &str| format!("location / {{ proxy_pass http://{address}; {further} }}");
    let rows = [
        ("as docs/install.md shows it", shown_proxy(&address)),
        ("everything, nothing said", all("")),
        ("everything, with its name", all("proxy_set_header Host $host;")),
        ("everything, with forwarding", all("proxy_set_header X-Forwarded-For $remote_addr;")),
        ("everything, by HTTP/1.1", all("proxy_http_version 1.1; proxy_set_header Connection \"\";")),
    ];
    for (what, server) in rows {
        let nginx = Nginx::start(&server);
        for host in ["plazo.agencia.example", "localhost", "127.0.0.1"] {
            for (method, path, body) in [
                ("GET", "/v1/requests", ""),
                ("GET", "/metrics", ""),
                ("POST", "/v1/requests/R-1/ack", "{\"by\": \"stranger from the internet\"}"),
                ("POST", "/v1/links/revoke", ""),
            ] {
                let answer = nginx.call(method, path, &[("Host", host)], body);
                assert!(
                    matches!(answer.status, 401 | 403 | 404),
                    "{what}: {host}: {method} {path}: {} {}",
                    answer.status,
                    answer.body
                );
                assert!(!answer.body.contains("plazo.sock") || what.contains("1.1"), "{what}: {}", answer.body);
            }
        }
        let hook = nginx.call(
            "POST",
            "/hooks/wa",
            &[("Content-Type", "application/json")],
            "{\"event\": \"presence.update\", \"session\": \"s\"}",
        );
        assert_eq!(hook.status, 200, "{what}: {}", hook.body);
    }
    assert!(daemon.get("/v1/requests/R-1")["clocks"][0]["acked_at"].is_null());
}

/// What is signed and in a form that no rule knows was not heard: the caller learns it, the operator too, once, and status shows it.
#[test]
fn what_is_not_understood_is_never_answered_as_if_it_were_heard() {
    let daemon = Daemon::start(&format!("{PEOPLE}{SOURCE}{POLICY}"));
    let headers = [("Content-Type", "application/json")];
    for body in
        ["{}", "[]", "null", "\"hola\"", "{\"event\": {\"kind\": \"message\"}}", "{\"mensaje\": \"¿Cuándo llega?\"}"]
    {
        let answer = daemon.call("POST", "/hooks/wa", &headers, body.as_bytes());
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (422, Some("not_understood")),
            "{body}: {}",
            answer.body
        );
    }
    let notices = || std::fs::read_dir(daemon.directory.path().join("operator")).map_or(0, |all| all.count());
    wait_for("the operator to be told", PATIENCE, || (0 < notices()).then_some(()));
    let status = daemon.command().arg("status").output().expect("plazo runs");
    assert_eq!(status.status.code(), Some(1), "something is wrong");
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(status.contains("not understood"), "{status}");
    assert_eq!(daemon.get("/v1/sources")["sources"][0]["not_understood"], 6);
    assert_eq!(notices(), 1, "once");
}

/// Links ask at use who reads them: M6.
#[test]
fn links_ask_at_use_whether_their_reader_still_has_that_part() {
    let config = format!(
        "{PEOPLE}\n[http]\npublic_url = \"https://plazo.agencia.example\"\n[person.pedro]\nname = \"Pedro\"\nemail = \"pedro@agencia.example\"\n{}",
        POLICY.replace("tell = [\"lead\"]", "tell = [\"lead\", \"laura\", \"pedro\"]")
    );
    let daemon = Daemon::start(&config);
    let id = daemon.client_message("m-1", "t-1", HOUR);
    let links = |to: &str, deed: &str| -> String {
        wait_for("the alert's mail", PATIENCE, || {
            let entries: Vec<_> = std::fs::read_dir(daemon.data().join("outbox")).ok()?.flatten().collect();
            let mail = entries.iter().filter_map(|entry| std::fs::read(entry.path()).ok()).find_map(|raw| {
                let mail = mail_parser::MessageParser::default().parse(&raw)?;
                (mail.to()?.first()?.address()? == to).then(|| mail.body_text(0).map(|text| text.into_owned()))?
            })?;
            let all: Vec<String> = mail
                .split_whitespace()
                .filter_map(|word| word.split_once("/a/").map(|(_, token)| format!("/a/{token}")))
                .collect();
            let place = ["take", "snooze15", "snooze60", "show"].iter().position(|known| *known == deed)?;
            all.get(place).cloned()
        })
    };
    let post = |link: &str| daemon.call_by_tcp("POST", link, &[("Host", "plazo.agencia.example")], b"");
    let get = |link: &str| daemon.call_by_tcp("GET", link, &[("Host", "plazo.agencia.example")], b"");

    // Taking works once, and is told in words.
    let take = links("laura@agencia.example", "take");
    assert!(post(&take).body.contains("You took it"));
    let n_acts = || {
        daemon.get(&format!("/v1/requests/{id}"))["history"]
            .as_array()
            .map_or(0, |rows| rows.iter().filter(|row| row["type"] == "ack").count())
    };
    assert_eq!(n_acts(), 1);
    assert!(post(&take).body.contains("took it before"), "{}", post(&take).body);
    assert_eq!(n_acts(), 1);
    let shown = daemon.command().args(["show", &id]).output().expect("plazo runs");
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("Laura Mora took it · by the link of the alert of "), "{shown}");

    // A link that shows leads to silence for those alone who answer for others.
    let (agent, lead) =
        (get(&links("laura@agencia.example", "show")).body, get(&links("ana@agencia.example", "show")).body);
    assert!(!agent.contains("Silence") && lead.contains("Silence"), "{agent}\n{lead}");

    // One person's links are taken back, everybody else's go on.
    let revoked = daemon.command().args(["links", "revoke", "--person", "laura"]).output().expect("plazo runs");
    assert!(revoked.status.success(), "{}", String::from_utf8_lossy(&revoked.stderr));
    let put_off = links("laura@agencia.example", "snooze15");
    assert_eq!(post(&put_off).status, 410, "{}", post(&put_off).body);
    assert_eq!(get(&links("ana@agencia.example", "show")).status, 200);

    // Whoever leaves the file, or the ladder, does nothing more.
    let pedro = links("pedro@agencia.example", "snooze15");
    let edit = |from: &str, to: &str| {
        let text = std::fs::read_to_string(daemon.config_path()).expect("a file");
        let n = daemon.log().matches("taken").count();
        std::fs::write(daemon.config_path(), text.replace(from, to)).expect("written");
        wait_for("the edit to be taken", PATIENCE, || (n < daemon.log().matches("taken").count()).then_some(()));
    };
    edit(", \"pedro\"]", "]");
    assert_eq!(post(&pedro).status, 403, "{}", post(&pedro).body);
    edit("\n[person.pedro]\nname = \"Pedro\"\nemail = \"pedro@agencia.example\"\n", "\n");
    assert_eq!(post(&pedro).status, 403, "{}", post(&pedro).body);
    assert!(daemon.get(&format!("/v1/requests/{id}"))["snoozed_until"].is_null());

    // Another key: nothing of before works.
    let lead = links("ana@agencia.example", "show");
    let changed = daemon.command().args(["links", "change-key"]).output().expect("plazo runs");
    assert!(changed.status.success(), "{}", String::from_utf8_lossy(&changed.stderr));
    assert_eq!(get(&lead).status, 404);
    // The key is in no backup of the store.
    let key = std::fs::read(daemon.data().join("links.key")).expect("the key");
    let store = [
        std::fs::read(daemon.data().join("plazo.sqlite3")).expect("the store"),
        std::fs::read(daemon.data().join("plazo.sqlite3-wal")).unwrap_or_default(),
    ]
    .concat();
    assert!(!store.windows(key.len()).any(|window| window == key));
}

/// Looking at tokens makes nothing: neither a directory nor a store, and it migrates none that another plazo made.
#[test]
fn listing_tokens_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let run = |arguments: &[&str]| {
        let mut command = crate::support::plazo();
        command.current_dir(folder.path()).arg("--data").arg(&data).args(arguments).output().expect("plazo runs")
    };
    for arguments in [&["token", "list"][..], &["token", "list", "--json"]] {
        assert!(run(arguments).status.success());
    }
    let revoked = run(&["token", "revoke", "crm"]);
    assert_eq!(revoked.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&revoked.stderr).contains("there is no token named `crm`"));
    assert!(!data.exists(), "nothing was made");
    assert!(run(&["token", "create", "--name", "crm", "--scope", "read"]).status.success());
    let listed = run(&["token", "list", "--json"]);
    assert!(String::from_utf8_lossy(&listed.stdout).contains("\"crm\""), "{listed:?}");
}
