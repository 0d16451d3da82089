//! `plazo doctor`: a house in which all is well, and each fault by its line and its remedy. Nobody is sent anything by it.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::daemon::{Daemon, PEOPLE, before_now};
use crate::support::mailserver::{Dovecot, PASSWORD};
use crate::support::smtp::{Said, Smtp, Stage};
use crate::support::webhook::{Received, Webhook, answer};
use crate::support::{PATIENCE, plazo, wait_for};

const POLICY: &str = r#"
[[policy]]
name = "whatsapp"
match = { channel = "whatsapp" }
reply = { within = "1h", escalation = "e" }

[escalation]
e = [{ at = "due", tell = ["owner"] }]
"#;
const NOW: Duration = Duration::ZERO;

/// What a peer says, with its clock set back by so much.
fn dated(body: &str, ago: Duration) -> Option<String> {
    let at = chrono::DateTime::parse_from_rfc3339(&before_now(ago)).expect("an instant");
    let date = at.format("Date: %a, %d %b %Y %H:%M:%S GMT\r\n").to_string();
    answer("200 OK", &date, body)
}

fn peer(body: &'static str, ago: Duration) -> Webhook {
    Webhook::scripted(move |_, _| dated(body, ago))
}

/// A file beside the others, for its owner alone.
fn secret(directory: &Path, name: &str, value: &str) -> String {
    let path = directory.join(name);
    std::fs::write(&path, value).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("rights");
    path.display().to_string()
}

fn base(url: &str) -> String {
    url.trim_end_matches("/hook").to_owned()
}

/// A port at which nobody listens.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port()
}

fn smtp_section(port: u16, password: &str) -> String {
    format!(
        "[smtp]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nuser = \"plazo\"\npassword = {{ file = \"{password}\" }}\n\
         from = \"plazo <plazo@agencia.example>\"\n"
    )
}

fn hook(name: &str, kind: &str, url: &str, further: &str) -> String {
    format!("[destination.{name}]\ntype = \"{kind}\"\nprivate = true\nurl = \"{url}\"\n{further}\n")
}

/// The command, without what the shell of whoever runs the tests says, and where no systemd is.
fn doctor(command: &mut Command, units: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    for name in ["PLAZO_URL", "PLAZO_TOKEN", "PLAZO_DATA", "PLAZO_CONFIG", "CREDENTIALS_DIRECTORY", "STATE_DIRECTORY"] {
        command.env_remove(name);
    }
    let output = command.env("SYSTEMD_UNIT_PATH", units).arg("doctor").args(arguments).output().expect("plazo runs");
    let told = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(told).expect("UTF-8"))
}

fn shipped_unit(directory: &Path) {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/plazo.service");
    std::fs::copy(unit, directory.join("plazo.service")).expect("copied");
}

/// A folder with a file, in which no daemon runs.
struct Folder(TempDir);

impl Folder {
    fn new(language: &str, further: impl FnOnce(&Path) -> String) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let people = PEOPLE.replace("language = \"en\"", &format!("language = \"{language}\""));
        let people = people.replace("OPERATOR", &directory.path().join("operator").display().to_string());
        let text = format!("{people}\n{POLICY}\n{}", further(directory.path()));
        std::fs::write(directory.path().join("sla.toml"), text).expect("written");
        shipped_unit(directory.path());
        Self(directory)
    }

    fn command(&self) -> Command {
        let mut command = plazo();
        let path = self.0.path();
        command.arg("--config").arg(path.join("sla.toml")).arg("--data").arg(path.join("data"));
        command
    }

    fn told(&self) -> Value {
        let (_, told) = doctor(&mut self.command(), self.0.path(), &["--json"]);
        serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told}"))
    }
}

/// The line of that name, and group where several have it.
#[track_caller]
fn line<'a>(told: &'a Value, group: &str, name: &str) -> &'a Value {
    let checks = told["checks"].as_array().expect("a list");
    let found = checks.iter().find(|check| check["name"] == name && check["group"] == group);
    found.unwrap_or_else(|| panic!("no {group} {name}: {told:#}"))
}

#[track_caller]
fn assert_line(told: &Value, (group, name): (&str, &str), state: &str, found: &str, remedy: &str) {
    let line = line(told, group, name);
    let says = |key: &str, words: &str| line[key].as_str().unwrap_or_default().contains(words);
    assert!(
        line["state"] == state && says("found", found) && says("remedy", remedy),
        "{state} {found} {remedy}: {line:#}"
    );
}

/// A daemon at a port that its file names as its public address, with a mail server and two chats.
struct House {
    daemon: Daemon,
    smtp: Smtp,
    chat: Webhook,
    bot: Webhook,
}

impl House {
    fn start(language: &str) -> Self {
        let (smtp, chat) = (Smtp::start(), peer("", NOW));
        let bot = peer(r#"{"ok":true,"result":{"id":1,"is_bot":true}}"#, NOW);
        let port = closed_port();
        let folder = Folder::new(language, |directory| {
            let password = secret(directory, "password", "un-secreto");
            let token = secret(directory, "token", "12:ab");
            [
                format!("[http]\npublic_url = \"http://127.0.0.1:{port}\"\n"),
                smtp_section(smtp.port, &password),
                hook("chat", "slack", &chat.url, ""),
                hook("bot", "telegram", &base(&bot.url), &format!("to = \"-100\"\ntoken = {{ file = \"{token}\" }}")),
            ]
            .concat()
        });
        let daemon = Daemon::start_with(folder.0, |command| {
            command.args(["--listen", &format!("127.0.0.1:{port}")]);
        });
        Self { daemon, smtp, chat, bot }
    }

    fn told(&self) -> (Option<i32>, Value) {
        let (code, told) = doctor(&mut self.daemon.command(), self.daemon.directory.path(), &["--json"]);
        (code, serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told}")))
    }
}

#[test]
fn where_all_is_well_every_line_says_so_and_nobody_is_sent_anything() {
    let house = House::start("en");
    let (code, told) = house.told();
    assert_eq!(code, Some(0), "{told:#}");
    // A house on loopback is reached by nobody outside, and reads no mailbox.
    let expected = [("from_outside", "warn"), ("mail", "skipped")];
    for check in told["checks"].as_array().expect("a list") {
        let name = check["name"].as_str().expect("a name");
        let state = expected.iter().find(|(known, _)| *known == name).map_or("ok", |(_, state)| state);
        assert_eq!(check["state"], state, "{check:#}");
        assert_eq!(check["remedy"].is_string(), state == "warn", "{check:#}");
    }
    for (group, name) in [
        ("file", "file"),
        ("file", "file_mode"),
        ("secrets", "smtp.password"),
        ("secrets", "destination.bot.token"),
        ("mail", "smtp"),
        ("destinations", "chat"),
        ("destinations", "bot"),
        ("destinations", "operator-file"),
        ("address", "public_url"),
        ("clock", "clock"),
        ("store", "disk"),
        ("store", "store"),
        ("store", "integrity"),
        ("daemon", "daemon"),
        ("daemon", "version"),
        ("daemon", "file_in_force"),
        ("daemon", "status"),
        ("daemon", "unit"),
        ("doors", "tokens"),
        ("doors", "listen"),
    ] {
        line(&told, group, name);
    }
    assert_eq!((&told["counts"]["fail"], &told["counts"]["warn"]), (&json!(0), &json!(1)), "{told:#}");
    assert!(house.smtp.received().is_empty());
    let calls = |peer: &Webhook| peer.received().into_iter().map(|call| (call.method, call.path)).collect::<Vec<_>>();
    assert_eq!(calls(&house.chat), [("GET".to_owned(), "/".to_owned())]);
    assert_eq!(calls(&house.bot), [("POST".to_owned(), "/bot12:ab/getMe".to_owned())]);
}

#[test]
fn people_read_it_in_groups_in_their_language_and_without_escapes_where_no_terminal_is() {
    let rows: [(&str, [&str; 6]); 2] = [
        (
            "en",
            [
                "The file\n  ✓ promises",
                "Secrets\n",
                "  ! from outside",
                "→ put a proxy with TLS",
                "lets plazo in",
                "! 1 to be seen to",
            ],
        ),
        (
            "es",
            [
                "El archivo\n  ✓ promesas",
                "Claves\n",
                "  ! desde fuera",
                "→ ponga delante de plazo",
                "deja entrar a plazo",
                "! 1 por revisar",
            ],
        ),
    ];
    for (language, words) in rows {
        let house = House::start(language);
        let (code, told) = doctor(&mut house.daemon.command(), house.daemon.directory.path(), &[]);
        assert_eq!(code, Some(0), "{told}");
        assert!(!told.contains('\u{1b}'), "{told:?}");
        for words in words {
            assert!(told.contains(words), "{language} lacks `{words}`:\n{told}");
        }
        let (_, told) = house.told();
        assert_line(
            &told,
            ("address", "from_outside"),
            "warn",
            if language == "es" { "solo se llega" } else { "only" },
            "TLS",
        );
    }
}

/// What the file says, and the line that tells what is amiss with it.
type Row<'a> = (&'a dyn Fn(&Path) -> String, (&'a str, &'a str), &'a str, &'a str, &'a str);

#[test]
fn each_fault_of_mail_secrets_and_destinations_has_its_line_and_its_remedy() {
    let refusing = Smtp::scripted(|stage, _, _| (stage == Stage::Auth).then(|| Said::bytes(b"535 5.7.8 no\r\n")));
    let good = Smtp::start();
    let closed = closed_port();
    let silent = Webhook::scripted(|_, _| None);
    let rows: [Row<'_>; 13] = [
        (
            &|at| smtp_section(refusing.port, &secret(at, "p", "x")),
            ("mail", "smtp"),
            "fail",
            "535 5.7.8 no",
            "user and password in [smtp]",
        ),
        (
            &|at| smtp_section(closed, &secret(at, "p", "x")),
            ("mail", "smtp"),
            "fail",
            "does not answer",
            "host and port in [smtp]",
        ),
        (
            &|at| smtp_section(good.port, &secret(at, "p", "x")).replace("tls = \"none\"", "tls = \"starttls\""),
            ("mail", "smtp"),
            "fail",
            "no secure connection",
            "see tls in [smtp]",
        ),
        (
            &|at| {
                smtp_section(good.port, &secret(at, "p", "x"))
                    .replace("127.0.0.1", "mail.invalid")
                    .replace("\"none\"", "\"starttls\"")
            },
            ("mail", "smtp"),
            "fail",
            "no such name",
            "getent hosts mail.invalid",
        ),
        (
            &|_| smtp_section(good.port, "/nowhere/password"),
            ("mail", "smtp"),
            "fail",
            "not tried without its secret",
            "see it under Secrets",
        ),
        (
            &|_| smtp_section(good.port, "/nowhere/password"),
            ("secrets", "smtp.password"),
            "fail",
            "there is no /nowhere/password",
            "write the secret into /nowhere/password",
        ),
        (&|_| String::new(), ("mail", "smtp"), "warn", "written as files", "write [smtp]"),
        (
            &|at| smtp_section(good.port, &open(at, 0o644)),
            ("secrets", "smtp.password"),
            "fail",
            "every user of this machine may read it (0644)",
            "chmod 600",
        ),
        (
            &|at| smtp_section(good.port, &open(at, 0o640)),
            ("secrets", "smtp.password"),
            "warn",
            "its group may read it",
            "chmod 600",
        ),
        (
            &|_| hook("bot", "telegram", "http://127.0.0.1:9", "to = \"1\"\ntoken = { env = \"DOCTOR_NOT_SET\" }"),
            ("secrets", "destination.bot.token"),
            "fail",
            "DOCTOR_NOT_SET is not set",
            "export DOCTOR_NOT_SET",
        ),
        (
            &|_| hook("bot", "telegram", "http://127.0.0.1:9", "to = \"1\"\ntoken = { credential = \"doctor-token\" }"),
            ("secrets", "destination.bot.token"),
            "fail",
            "no credentials of systemd",
            "LoadCredential=doctor-token",
        ),
        (
            &|_| hook("chat", "teams", &format!("http://127.0.0.1:{closed}/x"), ""),
            ("destinations", "chat"),
            "fail",
            "does not answer",
            "address in [destination.chat]",
        ),
        (
            &|_| hook("chat", "webhook", &silent.url, "timeout = \"1s\""),
            ("destinations", "chat"),
            "fail",
            "does not answer",
            "firewall",
        ),
    ];
    for (further, place, state, found, remedy) in rows {
        let told = Folder::new("en", further).told();
        assert_line(&told, place, state, found, remedy);
    }
    assert!(good.received().is_empty() && refusing.received().is_empty());
}

/// A file with a password that others may read.
fn open(directory: &Path, mode: u32) -> String {
    let path = secret(directory, "open", "x");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("rights");
    path
}

#[test]
fn a_system_that_has_a_call_which_changes_nothing_is_asked_by_it_whether_it_knows_the_token() {
    /// Type, further keys, the call, an answer to a caller who is known, and one to another.
    type System<'a> = (&'a str, &'a str, (&'a str, &'a str), &'a str, &'a str);
    let systems: [System<'_>; 9] = [
        (
            "telegram",
            "to = \"1\"\ntoken = TOKEN",
            ("POST", "/bot12:ab/getMe"),
            r#"{"ok":true}"#,
            r#"{"ok":false,"description":"Unauthorized"}"#,
        ),
        (
            "slack",
            "to = \"C1\"\ntoken = TOKEN",
            ("POST", "/auth.test"),
            r#"{"ok":true}"#,
            r#"{"ok":false,"error":"invalid_auth"}"#,
        ),
        (
            "matrix",
            "to = \"!a:b.example\"\ntoken = TOKEN",
            ("GET", "/_matrix/client/v3/account/whoami"),
            r#"{"user_id":"@plazo:b.example"}"#,
            r#"{"errcode":"M_UNKNOWN_TOKEN","error":"Unrecognised access token"}"#,
        ),
        (
            "zulip",
            "to = \"alertas\"\nbot = \"plazo-bot@b.example\"\ntoken = TOKEN",
            ("GET", "/api/v1/users/me"),
            r#"{"result":"success","msg":"","user_id":9}"#,
            r#"{"result":"error","msg":"Invalid API key","code":"INVALID_API_KEY"}"#,
        ),
        (
            "pushover",
            "to = \"uABC\"\ntoken = TOKEN",
            ("POST", "/1/users/validate.json"),
            r#"{"status":1,"group":0,"devices":["telefono"],"request":"r"}"#,
            r#"{"token":"invalid","errors":["application token is invalid"],"status":0,"request":"r"}"#,
        ),
        (
            "pushover",
            "token = TOKEN",
            ("GET", "/1/apps/limits.json?token=12%3Aab"),
            r#"{"limit":10000,"remaining":7496,"reset":1393653600,"status":1,"request":"r"}"#,
            r#"{"token":"invalid","errors":["application token is invalid"],"status":0,"request":"r"}"#,
        ),
        ("discord", "", ("GET", "/"), r#"{"id":"1"}"#, r#"{"message":"Unknown Webhook","code":10015}"#),
        (
            "clickup",
            "to = \"7\"\ntoken = TOKEN",
            ("GET", "/api/v2/list/7"),
            r#"{"id":"7"}"#,
            r#"{"err":"Token invalid","ECODE":"OAUTH_025"}"#,
        ),
        (
            "whatsapp",
            "to = \"573005550101\"\ntoken = TOKEN\nsender = \"10\"\ntemplate = \"t\"",
            ("GET", "/10?fields=id"),
            r#"{"id":"10"}"#,
            r#"{"error":{"message":"Invalid OAuth access token","code":190}}"#,
        ),
    ];
    for (kind, keys, (method, path), known, unknown) in systems {
        for (body, status, state, found, remedy) in [
            (known, "200 OK", "ok", "knows the token", ""),
            (unknown, "401 Unauthorized", "fail", "does not let plazo in: HTTP 401", "[destination.chat]"),
            ("<p>welcome", "200 OK", "fail", "but not as", "a proxy or portal"),
        ] {
            let (body, status) = (body.to_owned(), status.to_owned());
            let peer = Webhook::scripted(move |_, _| answer(&status, "", &body));
            let folder = Folder::new("en", |at| {
                let token = format!("{{ file = \"{}\" }}", secret(at, "token", "12:ab"));
                hook("chat", kind, &base(&peer.url), &keys.replace("TOKEN", &token))
            });
            assert_line(&folder.told(), ("destinations", "chat"), state, found, remedy);
            let calls: Vec<_> = peer.received().into_iter().map(|call: Received| (call.method, call.path)).collect();
            assert_eq!(calls, [(method.to_owned(), path.to_owned())], "{kind}");
        }
    }
}

#[test]
fn the_clock_is_held_against_those_of_the_servers_that_tell_the_time() {
    let minute = Duration::from_secs(60);
    for (ago, state, found) in
        [(NOW, "ok", "as 1 of"), (minute / 3, "warn", "ahead of that of chat"), (10 * minute, "fail", "10 min")]
    {
        let chat = peer("", ago);
        let told = Folder::new("en", |_| hook("chat", "teams", &chat.url, "")).told();
        assert_line(
            &told,
            ("clock", "clock"),
            state,
            found,
            if state == "ok" { "" } else { "timedatectl set-ntp true" },
        );
    }
    let (wrong, right) = (peer("", 10 * minute), peer("", NOW));
    let both = |_: &Path| hook("one", "teams", &wrong.url, "") + &hook("other", "teams", &right.url, "");
    assert_line(&Folder::new("en", both).told(), ("clock", "clock"), "ok", "2 of the servers", "");
    assert_line(
        &Folder::new("en", |_| String::new()).told(),
        ("clock", "clock"),
        "skipped",
        "no server told the time",
        "timedatectl",
    );
}

#[test]
fn the_public_address_leads_here_or_it_is_said_where_it_leads() {
    let house = House::start("en");
    let other = House::start("en");
    let closed = format!("http://127.0.0.1:{}", closed_port());
    let stranger = Webhook::start();
    let proxy = Webhook::scripted(|_, _| answer("502 Bad Gateway", "", "<html>nginx"));
    let mover = Webhook::scripted(|_, _| answer("301 Moved Permanently", "Location: https://plazo.example/a/\r\n", ""));
    let ours = format!("http://{}", house.daemon.address());
    let rows = [
        (ours.clone(), "ok", "leads to this daemon", ""),
        (format!("http://{}", other.daemon.address()), "fail", "another plazo", "public_url"),
        (closed, "fail", "does not answer", "start the proxy"),
        ("http://plazo.invalid".to_owned(), "fail", "no such name", "DNS record for plazo.invalid"),
        (base(&stranger.url), "fail", "somebody else answers", "pass on /a/ and /hooks/"),
        (base(&proxy.url), "fail", "does not reach plazo (HTTP 502)", "let it pass on to"),
        (base(&mover.url), "warn", "sends elsewhere, to plazo.example:443", "public_url"),
    ];
    let file = std::fs::read_to_string(house.daemon.config_path()).expect("a file");
    for (url, state, found, remedy) in rows {
        let changed = house.daemon.directory.path().join("changed.toml");
        std::fs::write(&changed, file.replace(&ours, &url)).expect("written");
        let mut command = plazo();
        command.arg("--config").arg(&changed).arg("--data").arg(house.daemon.data());
        let (_, told) = doctor(&mut command, house.daemon.directory.path(), &["--json"]);
        let told = serde_json::from_str(&told).expect("JSON");
        assert_line(&told, ("address", "public_url"), state, found, remedy);
        assert_line(&told, ("daemon", "file_in_force"), "warn", "goes by", "sla.toml");
    }
}

#[test]
fn without_a_daemon_or_a_file_that_is_what_is_said() {
    let folder = Folder::new("en", |_| "[http]\npublic_url = \"https://plazo.invalid\"\n".to_owned());
    let (code, told) = doctor(&mut folder.command(), folder.0.path(), &["--json"]);
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(code, Some(1), "{told:#}");
    assert_line(&told, ("daemon", "daemon"), "fail", "none runs on", "systemctl start plazo");
    assert_line(&told, ("store", "store"), "skipped", "none in", "plazo run makes it");
    assert_line(&told, ("address", "public_url"), "skipped", "no daemon says here who it is", "");
    assert!(!folder.0.path().join("data").exists(), "looking makes nothing");

    // A unit that another version brought, and none.
    let units = tempfile::tempdir().expect("a directory");
    let told_with = |units: &Path| {
        let (_, told) = doctor(&mut folder.command(), units, &["--json"]);
        serde_json::from_str::<Value>(&told).expect("JSON")
    };
    assert_line(&told_with(units.path()), ("daemon", "unit"), "warn", "none is installed", "sudo install -m 644");
    assert_line(&told_with(units.path()), ("daemon", "daemon"), "fail", "none runs on", "plazo run --config");
    let shipped = std::fs::read_to_string(folder.0.path().join("plazo.service")).expect("a unit");
    let unit = |text: String| std::fs::write(units.path().join("plazo.service"), text).expect("written");
    unit(shipped.replace("/usr/local/bin/plazo run", "/usr/bin/plazo run") + "\n# of a package\n");
    assert_line(&told_with(units.path()), ("daemon", "unit"), "ok", "of this version", "");
    unit(shipped.replace("WatchdogSec=30", "WatchdogSec=60"));
    assert_line(
        &told_with(units.path()),
        ("daemon", "unit"),
        "warn",
        "is not the one of this version",
        "systemctl edit plazo",
    );

    // The file: none, one with a mistake, one that everybody may change.
    let path = folder.0.path().join("sla.toml");
    let text = std::fs::read_to_string(&path).expect("a file");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).expect("rights");
    assert_line(
        &folder.told(),
        ("file", "file_mode"),
        "fail",
        "everybody on this machine may change it (0666)",
        "chmod go-w",
    );
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("rights");
    let posting = text.clone() + "[destination.chat]\ntype = \"teams\"\nurl = \"https://chat.invalid/webhook/abc\"\n";
    std::fs::write(&path, posting).expect("written");
    assert_line(&folder.told(), ("file", "file_mode"), "warn", "destination.chat.url", "{ file = \"…\" }");
    std::fs::write(&path, text.replace("within = \"1h\"", "within = \"soon\"")).expect("written");
    assert_line(&folder.told(), ("file", "file"), "fail", "cannot be used", "plazo check");
    std::fs::remove_file(&path).expect("removed");
    assert_line(&folder.told(), ("file", "file"), "fail", "there is no", "plazo init");
}

#[test]
fn a_damaged_store_a_refused_file_and_forgotten_tokens_are_seen() {
    let house = House::start("en");
    let expires: [(&str, &[&str]); 2] = [("crm", &["--expires", "90d"]), ("panel", &[])];
    for (name, further) in expires {
        let mut command = house.daemon.command();
        command.args(["token", "create", "--name", name, "--scope", "read"]).args(further);
        assert!(command.output().expect("plazo runs").status.success());
    }
    let (_, told) = house.told();
    assert_line(&told, ("doors", "tokens"), "warn", "work for ever: panel", "--expires 90d");

    let file = std::fs::read_to_string(house.daemon.config_path()).expect("a file");
    std::fs::write(house.daemon.config_path(), file.replace("within = \"1h\"", "within = \"soon\"")).expect("written");
    wait_for("the refusal", PATIENCE, || house.daemon.get("/v1/sources")["refused_file"].as_object().map(|_| ()));
    let (code, told) = house.told();
    assert_eq!(code, Some(1), "{told:#}");
    assert_line(&told, ("daemon", "file_in_force"), "fail", "was not taken", "plazo check");
    assert_line(&told, ("daemon", "status"), "warn", "to be seen to", "plazo status");
    std::fs::write(house.daemon.config_path(), file).expect("written");

    let (_, directory) = house.daemon.stop();
    let store = directory.path().join("data/plazo.sqlite3");
    let connection = rusqlite::Connection::open(&store).expect("the store");
    connection
        .execute("UPDATE tokens SET created_at = created_at - 30 * 86400000 WHERE name = 'crm'", [])
        .expect("aged");
    drop(connection);
    let folder = Folder(directory);
    assert_line(&folder.told(), ("doors", "tokens"), "warn", "never used: crm", "plazo token revoke");

    let mut bytes = std::fs::read(&store).expect("the store");
    let middle = bytes.len() / 2 / 4_096 * 4_096;
    bytes[middle..middle + 16_384].fill(0xff);
    std::fs::write(&store, bytes).expect("damaged");
    assert_line(&folder.told(), ("store", "integrity"), "fail", "", "plazo restore");
    std::fs::write(&store, "no store at all, and long enough to be read as one".repeat(100)).expect("damaged");
    assert_line(&folder.told(), ("store", "store"), "fail", "cannot be read", "plazo restore");
}

#[test]
fn a_daemon_of_another_version_is_told_from_this_command() {
    let old = Webhook::scripted(|_, call| match call.path.as_str() {
        "/v1/about" => answer("200 OK", "", r#"{"version":"0.0.1","language":"en","zone":"UTC","revision":1}"#),
        "/v1/status" => answer("200 OK", "", r#"{"version":"0.0.1"}"#),
        _ => answer("200 OK", "", r#"{"sources":[]}"#),
    });
    let folder = Folder::new("en", |_| "[http]\npublic_url = \"http://127.0.0.1:9\"\n".to_owned());
    let mut command = folder.command();
    command.args(["--url", &base(&old.url)]);
    let (_, told) = doctor(&mut command, folder.0.path(), &["--json"]);
    let told = serde_json::from_str(&told).expect("JSON");
    assert_line(&told, ("daemon", "version"), "warn", "the daemon is 0.0.1", "systemctl restart plazo");
    assert_line(&told, ("address", "public_url"), "skipped", "a version that does not say", "");
}

#[test]
fn a_mailbox_lets_plazo_in_and_has_its_folders_or_that_is_said() {
    let maildir = tempfile::tempdir().expect("a directory");
    std::fs::set_permissions(maildir.path(), std::fs::Permissions::from_mode(0o755)).expect("rights");
    let dovecot = Dovecot::start(&maildir.path().join("mail"));
    let rows = [
        (PASSWORD, dovecot.port, "\"INBOX\", \"Sent\"", "ok", "folders: INBOX, Sent", ""),
        (
            "otra",
            dovecot.port,
            "\"INBOX\"",
            "fail",
            "does not let soporte@agencia.example in",
            "user and password in [mailbox.soporte]",
        ),
        (PASSWORD, dovecot.port, "\"INBOX\", \"Enviados\"", "fail", "no folder Enviados", "there are: "),
        (PASSWORD, closed_port(), "\"INBOX\"", "fail", "does not answer", "host and port in [mailbox.soporte]"),
    ];
    for (password, port, folders, state, found, remedy) in rows {
        let told = Folder::new("en", |at| {
            let password = secret(at, "imap", password);
            format!(
                "[mailbox.soporte]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nuser = \"soporte@agencia.example\"\n\
                 password = {{ file = \"{password}\" }}\nfolders = [{folders}]\n"
            )
        })
        .told();
        assert_line(&told, ("mailboxes", "mailbox.soporte"), state, found, remedy);
        let is_proven = folders.contains("Sent") || folders.contains("Enviados");
        let (state, found) = if is_proven { ("ok", "a stranger cannot") } else { ("warn", "no colleague can prove") };
        assert_line(&told, ("proofs", "mailbox.soporte"), state, found, if is_proven { "" } else { "trusts" });
    }
}

#[test]
fn open_doors_are_told_with_what_closes_them() {
    let rows = [
        ("[http]\nlisten = \"0.0.0.0:8787\"\n", "listen", "fail", "no token exists", "plazo token create"),
        ("", "listen", "warn", "every program of this machine", "plazo token create"),
        (
            "[http]\npublic_url = \"https://plazo.invalid\"\n[source.crm]\npreset = \"waha\"\nunsigned = true\n",
            "source.crm",
            "warn",
            "unsigned",
            "secret = { credential",
        ),
    ];
    for (further, name, state, found, remedy) in rows {
        assert_line(&Folder::new("en", |_| further.to_owned()).told(), ("doors", name), state, found, remedy);
    }
}
