//! The listener's bounds: how long somebody may say nothing, how many may come, what is left for sending, and what is no HTTP for us.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::support::daemon::{Daemon, PEOPLE, limit};
use crate::support::smtp::Smtp;
use crate::support::{PATIENCE, wait_for};

const HOUR: Duration = Duration::from_secs(3_600);
/// A head has ten seconds; a busy machine may take longer to notice.
const CLOSED_WITHIN: Duration = Duration::from_secs(20);
const POLICY: &str = "[alerts]\nwindow = \"0s\"\n[[policy]]\nname = \"whatsapp\"\nmatch = { channel = \"whatsapp\" }\n\
    reply = { rule = \"A1\", within = \"20m\", escalation = \"e\" }\n[escalation]\ne = [{ at = \"due\", tell = [\"ana\"] }]\n";

fn daemon() -> Daemon {
    Daemon::start(&format!("{PEOPLE}{POLICY}"))
}

fn connect(daemon: &Daemon) -> TcpStream {
    let stream = TcpStream::connect(daemon.address()).expect("the daemon listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream
}

/// How long the peer keeps a connection open on which nothing more is said.
#[track_caller]
fn open_for(mut stream: impl Read) -> Duration {
    let began = Instant::now();
    match stream.read(&mut [0]) {
        Ok(0) => {}
        Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {}
        other => panic!("the connection was not closed after {:?}: {other:?}", began.elapsed()),
    }
    began.elapsed()
}

/// What comes back for these bytes until the peer closes.
fn answer_to(daemon: &Daemon, bytes: &[u8]) -> String {
    let mut stream = connect(daemon);
    stream.write_all(bytes).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok();
    String::from_utf8_lossy(&answer).into_owned()
}

/// The head of the next answer on a connection that is kept, and its body.
fn next_answer(stream: &mut TcpStream) -> (String, String) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("an answer");
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
    let mut body = vec![0; length.expect("a length")];
    stream.read_exact(&mut body).expect("a body");
    (head, String::from_utf8_lossy(&body).into_owned())
}

/// The value of a line of `/metrics`; 0 where there is none.
fn metric(daemon: &Daemon, line: &str) -> u64 {
    let metrics = daemon.call("GET", "/metrics", &[], b"").body;
    metrics.lines().find_map(|text| text.strip_prefix(line)?.trim().parse().ok()).unwrap_or(0)
}

const FULL: &str = "plazo_turned_away_connections_total{reason=\"full\"}";

#[test]
fn who_says_nothing_is_closed_after_ten_seconds_and_who_has_spoken_is_kept_longer() {
    let daemon = daemon();
    let mut kept = connect(&daemon);
    let call = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    kept.write_all(call).expect("sent");
    assert_eq!(next_answer(&mut kept).1, "ok\n");
    let socket = UnixStream::connect(daemon.data().join("plazo.sock")).expect("the socket is open");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let silent = connect(&daemon);
    let by_socket = std::thread::spawn(move || open_for(socket));
    for span in [open_for(silent), by_socket.join().expect("closed")] {
        assert!((Duration::from_secs(8)..CLOSED_WITHIN).contains(&span), "closed after {span:?}");
    }
    kept.write_all(call).expect("still open");
    assert_eq!(next_answer(&mut kept).1, "ok\n");

    // Neither who is silent nor who may call again keeps plazo from stopping.
    let silent = connect(&daemon);
    let (status, directory) = daemon.stop();
    assert!(status.success());
    let log = std::fs::read_to_string(directory.path().join("log")).expect("a log");
    assert!(!log.contains("did not end in time"), "{log}");
    drop((silent, kept));
}

#[test]
fn a_head_that_dribbles_is_cut_off() {
    let daemon = daemon();
    let mut stream = connect(&daemon);
    // The time between two lines: the read ends by itself.
    stream.set_read_timeout(Some(Duration::from_millis(400))).expect("a timeout");
    let began = Instant::now();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n").expect("sent");
    loop {
        assert!(began.elapsed() < CLOSED_WITHIN, "still open after {:?}", began.elapsed());
        if stream.write_all(b"X: y\r\n").is_err() {
            break;
        }
        match stream.read(&mut [0]) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Ok(1) => panic!("an answer to half a head"),
            _ => break,
        }
    }
    assert!(Duration::from_secs(8) < began.elapsed(), "cut off after {:?}", began.elapsed());
}

#[test]
fn fifteen_hundred_silent_connections_keep_neither_alerts_in_nor_the_operator_out() {
    // The test's own connections are files too.
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    setrlimit(Resource::RLIMIT_NOFILE, soft.max(hard.min(8_192)), hard).expect("raised");
    let smtp = Smtp::start();
    let daemon = Daemon::start(&format!("{PEOPLE}{POLICY}{}", smtp.section()));
    let silent: Vec<_> = (0..1_500).map(|_| connect(&daemon)).collect();
    wait_for("some to be turned away", PATIENCE, || (0 < metric(&daemon, FULL)).then_some(()));
    daemon.client_message("m-1", "t-1", HOUR);
    let listed = daemon.command().arg("list").output().expect("plazo runs");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    assert!(String::from_utf8_lossy(&listed.stdout).contains("R-1"), "{listed:?}");
    wait_for("the alert", PATIENCE, || smtp.received().pop());
    drop(silent);
    wait_for("places to be free again", PATIENCE, || {
        let free = answer_to(&daemon, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        free.ends_with("ok\n").then_some(())
    });
}

#[test]
fn few_files_are_shared_so_that_alerts_still_go_out() {
    let smtp = Smtp::start();
    let directory = tempfile::tempdir().expect("a directory");
    let operator = directory.path().join("operator").display().to_string();
    let config = format!("{PEOPLE}{POLICY}{}", smtp.section()).replace("OPERATOR", &operator);
    std::fs::write(directory.path().join("sla.toml"), config).expect("sla.toml");
    let daemon = Daemon::start_with(directory, |command| limit(command, "ulimit -n 256"));
    let silent: Vec<_> = (0..200).map(|_| connect(&daemon)).collect();
    // 256 files give 64 places, 8 of them to the socket alone: 144 are turned away.
    wait_for("the others to be turned away", PATIENCE, || (100 <= metric(&daemon, FULL)).then_some(()));
    daemon.client_message("m-1", "t-1", HOUR);
    wait_for("the alert", PATIENCE, || smtp.received().pop());
    assert!(!daemon.log().contains("Too many open files"), "{}", daemon.log());
    drop(silent);
}

#[test]
fn the_description_is_the_same_bytes_each_time() {
    let daemon = daemon();
    let [first, second] = [(); 2].map(|()| daemon.call_by_tcp("GET", "/openapi.json", &[], b""));
    assert_eq!((first.status, first.content_type.as_str()), (200, "application/json"));
    assert_eq!(first.body, second.body);
    assert!(first.json()["paths"]["/v1/events"].is_object());
}

/// L3: what lies outside of all calendars is refused as any other wrong value.
#[test]
fn instants_and_days_beyond_reckoning_are_refused_everywhere() {
    let daemon = daemon();
    for (path, field) in [
        ("/v1/unknown?days=4294967295", "days"),
        ("/v1/unknown?days=0", "days"),
        ("/v1/report?from=-262143-01-01T00:00:00Z", "from"),
        ("/v1/report?to=%2B262142-12-31T23:59:59Z", "to"),
        ("/v1/escalations?to=-262143-01-01T00:00:00Z", "to"),
        ("/v1/escalations?from=1969-12-31T23:59:59Z", "from"),
        ("/v1/requests?due_before=%2B10000-01-01T00:00:00Z", "due_before"),
        ("/v1/violations?since=-262143-01-01T00:00:00Z", "since"),
        ("/v1/duty?at=%2B262142-12-31T23:59:59Z", "at"),
    ] {
        let answer = daemon.call("GET", path, &[], b"");
        assert_eq!((answer.status, answer.json()["field"].as_str()), (400, Some(field)), "{path}: {}", answer.body);
    }
    for body in [
        r#"{"request": "R-1", "from": "-262143-01-01T00:00:00Z", "for": "1h"}"#,
        r#"{"request": "R-1", "until": "+262142-12-31T23:59:59Z"}"#,
    ] {
        assert_eq!(daemon.call("POST", "/v1/silences", &[], body.as_bytes()).status, 422, "{body}");
    }
    daemon.client_message("m-1", "t-1", Duration::from_secs(60));
    let snooze = r#"{"until": "1969-12-31T23:59:59Z"}"#;
    let answer = daemon.call("POST", "/v1/requests/R-1/snooze", &[], snooze.as_bytes());
    assert_eq!((answer.status, answer.json()["field"].as_str()), (422, Some("until")), "{}", answer.body);
    for path in [
        "/v1/unknown?days=3660",
        "/v1/requests?due_before=9999-12-31T23:59:59Z",
        "/v1/report?from=1970-01-01T00:00:00Z",
    ] {
        assert_eq!(daemon.call("GET", path, &[], b"").status, 200, "{path}");
    }
    assert!(!daemon.log().contains("panicked"), "{}", daemon.log());
}

#[test]
fn no_answer_is_left_to_a_browsers_guess() {
    let daemon = daemon();
    for path in
        ["/healthz", "/openapi.json", "/v1/requests", "/v1/report?format=csv", "/v1/nothing", "/hooks/nobody", "/a/x"]
    {
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = answer_to(&daemon, head.as_bytes()).to_lowercase();
        assert_eq!(answer.matches("x-content-type-options: nosniff\r\n").count(), 1, "{path}: {answer}");
    }
}

#[test]
fn a_host_is_named_once_and_its_port_is_a_number() {
    let daemon = daemon();
    let status = |hosts: &str| {
        let answer =
            answer_to(&daemon, format!("GET /v1/requests HTTP/1.1\r\nConnection: close\r\n{hosts}\r\n").as_bytes());
        (answer.split(' ').nth(1).unwrap_or_default().to_owned(), answer)
    };
    for hosts in [
        "Host: localhost\r\nHost: localhost\r\n",
        "Host: localhost\r\nHost: malo.example\r\n",
        "Host: localhost:evil\r\n",
        "Host: localhost:80:90\r\n",
        "Host: localhost:99999\r\n",
        "Host: localhost:+80\r\n",
        "Host: [::1]evil\r\n",
    ] {
        let (status, answer) = status(hosts);
        assert!(status == "400" && answer.contains("bad_host"), "{hosts}: {answer}");
    }
    for hosts in ["Host: localhost\r\n", "Host: localhost:8787\r\n", "Host: 127.0.0.1:8787\r\n", "Host: [::1]:8787\r\n"]
    {
        assert_eq!(status(hosts).0, "200", "{hosts}");
    }
}

#[test]
fn a_page_of_another_site_is_not_let_in_even_where_it_names_no_origin() {
    let daemon = daemon();
    for (site, status) in [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)] {
        let answer = daemon.call_by_tcp("GET", "/v1/requests", &[("Sec-Fetch-Site", site)], b"");
        assert_eq!(answer.status, status, "{site}: {}", answer.body);
    }
}

#[test]
fn strangers_are_told_whether_plazo_is_ready() {
    let daemon = daemon();
    for _ in 0..3 {
        let answer = daemon.call_by_tcp("GET", "/readyz", &[], b"");
        assert_eq!((answer.status, answer.body.as_str()), (200, "ready\n"));
    }
    assert_eq!(daemon.call("GET", "/readyz", &[], b"").status, 200);
}

#[test]
fn http_2_without_tls_is_not_spoken() {
    let daemon = daemon();
    // The preface and an empty SETTINGS frame (RFC 9113 §3.4).
    let answer = answer_to(&daemon, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00");
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer:?}");
    let upgrade = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
        HTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: close\r\n\r\n";
    assert!(answer_to(&daemon, upgrade.as_bytes()).starts_with("HTTP/1.1 200"));
}

#[test]
fn a_head_has_its_bounds() {
    let daemon = daemon();
    let many = "X: y\r\n".repeat(80);
    let large = format!("X: {}\r\n", "y".repeat(20_000));
    for further in [many, large] {
        let head = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{further}\r\n");
        let answer = answer_to(&daemon, head.as_bytes());
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer:?}");
    }
}
