//! A real `plazo run` in a temporary directory.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{PATIENCE, plazo, wait_for};

/// A calendar without closed hours and people to tell; policies are appended by each test.
pub const PEOPLE: &str = r#"
language = "en"
timezone = "America/Bogota"
operator = "oper"

[person.ana]
name = "Ana Ruiz"
email = "ana@agencia.example"

[person.laura]
name = "Laura Mora"
email = "laura@agencia.example"

[person.oper]
name = "Operator"
notify = "operator-file"

[destination.operator-file]
type = "file"
path = "OPERATOR"

[team.social]
lead = "ana"
members = ["laura"]
answers_clients = true
"#;

/// A running daemon; killed when dropped.
pub struct Daemon {
    pub directory: TempDir,
    child: Child,
    address: String,
}

/// An answer of the HTTP interface.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub content_type: String,
    pub body: String,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.body))
    }
}

impl Daemon {
    /// Starts a daemon with this `sla.toml`; `OPERATOR` in it becomes a directory of its own.
    #[track_caller]
    pub fn start(config: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let operator = directory.path().join("operator");
        let config = config.replace("OPERATOR", &operator.display().to_string());
        std::fs::write(directory.path().join("sla.toml"), config).expect("sla.toml is written");
        Self::start_in(directory)
    }

    /// Starts a daemon in a directory that has a `sla.toml`, and perhaps a store.
    #[track_caller]
    pub fn start_in(directory: TempDir) -> Self {
        Self::start_with(directory, |_| ())
    }

    /// Starts a daemon after `change` has been made to its command.
    #[track_caller]
    pub fn start_with(directory: TempDir, change: impl FnOnce(&mut Command)) -> Self {
        let child = spawn(directory.path(), change);
        let mut daemon = Self { directory, child, address: String::new() };
        daemon.address = wait_for("the daemon's address", PATIENCE, || {
            if let Some(status) = daemon.child.try_wait().expect("the child can be asked") {
                panic!("the daemon ended at start ({status}):\n{}", daemon.log());
            }
            let text = std::fs::read_to_string(daemon.directory.path().join("data/plazo.lock")).ok()?;
            // Left over from a daemon before this one, until it answers.
            let address = text.trim().to_owned();
            (!address.is_empty() && daemon.log().contains("ready")).then_some(address)
        });
        daemon
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn config_path(&self) -> PathBuf {
        self.directory.path().join("sla.toml")
    }

    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// The binary, set to speak with this daemon.
    pub fn command(&self) -> Command {
        let mut command = plazo();
        command.arg("--config").arg(self.config_path()).arg("--data").arg(self.data());
        command
    }

    /// By the socket, as this machine's own user.
    #[track_caller]
    pub fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let stream =
            std::os::unix::net::UnixStream::connect(self.data().join("plazo.sock")).expect("the socket is open");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        exchange(stream, method, path, headers, body)
    }

    /// By the address, as anybody who reaches it.
    #[track_caller]
    pub fn call_by_tcp(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        call(&self.address, method, path, headers, body)
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        let answer = self.call("GET", path, &[], b"");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, &[], body.to_string().as_bytes())
    }

    /// Sends one event and expects it to be taken; returns its request.
    #[track_caller]
    pub fn event(&self, event: &Value) -> String {
        let answer = self.post("/v1/events", event);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let answer = answer.json();
        assert_eq!(answer["accepted"], 1, "{answer}");
        answer["requests"][0].as_str().expect("a request").to_owned()
    }

    /// A client's message that was written `ago` before now.
    #[track_caller]
    pub fn client_message(&self, id: &str, thread: &str, ago: Duration) -> String {
        self.event(&json!({
            "id": id, "type": "message", "channel": "whatsapp", "thread": thread, "direction": "in", "at": before_now(ago),
            "author": {"name": "Luisa", "address": "573001", "kind": "customer"}, "text": "¿Hay noticias?",
        }))
    }

    /// Waits until a delivery is in that state, and returns it.
    #[track_caller]
    pub fn delivery(&self, state: &str) -> Value {
        wait_for(&format!("a delivery that is {state}"), PATIENCE, || {
            let page = self.get(&format!("/v1/deliveries?state={state}"));
            page["deliveries"].as_array().and_then(|rows| rows.first().cloned())
        })
    }

    pub fn signal(&self, signal: &str) {
        let status = Command::new("kill").arg(format!("-{signal}")).arg(self.pid().to_string()).status();
        assert!(status.expect("kill runs").success());
    }

    /// Kills it as the kernel does, and gives back its directory.
    pub fn kill(mut self) -> TempDir {
        self.child.kill().expect("kill");
        self.child.wait().expect("wait");
        let directory = tempfile::tempdir().expect("a temporary directory");
        std::mem::replace(&mut self.directory, directory)
    }

    /// Stops it as systemd does.
    pub fn stop(mut self) -> (ExitStatus, TempDir) {
        self.signal("TERM");
        let status = wait_for("the daemon to stop", PATIENCE, || self.child.try_wait().expect("wait"));
        let directory = tempfile::tempdir().expect("a temporary directory");
        (status, std::mem::replace(&mut self.directory, directory))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            eprintln!("the daemon's log:\n{}", self.log());
        }
    }
}

/// Starts the process only; it may end by itself.
pub fn spawn(directory: &Path, change: impl FnOnce(&mut Command)) -> Child {
    let log = std::fs::File::create(directory.join("log")).expect("a log");
    let mut command = plazo();
    command.arg("run").arg("--config").arg(directory.join("sla.toml")).arg("--data").arg(directory.join("data"));
    command.args(["--listen", "127.0.0.1:0"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command.env_remove("NOTIFY_SOCKET").env_remove("PLAZO_URL").env_remove("PLAZO_TOKEN");
    change(&mut command);
    command.spawn().expect("plazo starts")
}

/// Lets a shell set limits before it becomes the daemon: `limits` is its text, such as `ulimit -S -n 256`.
pub fn limit(command: &mut Command, limits: &str) {
    let program = command.get_program().to_owned();
    let args: Vec<_> = command.get_args().map(std::ffi::OsStr::to_owned).collect();
    // The file of the configuration stands third.
    let log = std::fs::File::options().append(true).open(Path::new(&args[2]).with_file_name("log")).expect("the log");
    let mut limited = Command::new("sh");
    limited.arg("-c").arg(format!("{limits}; exec \"$0\" \"$@\"")).arg(program).args(args);
    limited.env_remove("NOTIFY_SOCKET").env_remove("PLAZO_URL").env_remove("PLAZO_TOKEN");
    limited.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    *command = limited;
}

/// One HTTP exchange on a connection of its own.
#[track_caller]
pub fn call(address: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let stream = std::net::TcpStream::connect(address).expect("the daemon listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    exchange(stream, method, path, headers, body)
}

#[track_caller]
fn exchange(
    mut stream: impl std::io::Read + std::io::Write,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        head += "Host: localhost\r\n";
    }
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).expect("the head is sent");
    // A peer that refuses a body early may close before all of it is written.
    stream.write_all(body).ok();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok();
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let content_type = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-type:").map(|value| value.trim().to_owned()))
        .unwrap_or_default();
    let is_chunked = head.to_lowercase().contains("transfer-encoding: chunked");
    let head = head.to_owned();
    Answer { status, head, content_type, body: if is_chunked { joined(body) } else { body.to_owned() } }
}

fn joined(chunked: &str) -> String {
    let mut rest = chunked;
    let mut body = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        body.push_str(&after[..size]);
        rest = &after[size + 2..];
    }
    body
}

/// The instant that lies `ago` before now, as events write it.
#[allow(clippy::disallowed_methods, reason = "a real daemon runs by the real time")]
pub fn before_now(ago: Duration) -> String {
    (chrono::Utc::now() - ago).to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
