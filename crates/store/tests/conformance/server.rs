//! A real PostgreSQL, started by the test on a free port with a directory of its own, and ended with it.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use plazo_store::PostgresUrl;
use tempfile::TempDir;

const MISSING: &str =
    "PostgreSQL is missing; install it, without starting it: apt-get install -y postgresql (tests/run does)";

/// A server that runs until it is dropped.
pub struct Server {
    process: Mutex<Child>,
    port: u16,
    n_databases: AtomicU32,
    binaries: PathBuf,
    directory: TempDir,
}

impl Server {
    /// Starts one, and waits until it says that it takes connections.
    pub fn start() -> Self {
        let binaries = binaries();
        let directory = tempfile::tempdir().expect("a directory");
        let data = directory.path().join("data");
        // Root may not run it; whoever else starts the tests runs it as themselves.
        let user = unprivileged();
        if let Some((user, group)) = user {
            chown(directory.path(), Some(user), Some(group)).expect("a directory for another user");
        }
        let made = run(&binaries.join("initdb"), user)
            .args(["--username=plazo", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--pgdata"])
            .arg(&data)
            .stdout(Stdio::null())
            .output()
            .expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let process = Mutex::new(serve(&binaries, directory.path(), port));
        Self { process, port, n_databases: AtomicU32::new(0), binaries, directory }
    }

    /// Ends it as an operator does, cutting off whoever is connected, and starts it anew after that while.
    pub fn restart(&self, after: Duration) {
        let mut process = self.process.lock().expect("nobody panicked");
        let asked = Command::new("kill").args(["-INT", &process.id().to_string()]).status();
        assert!(asked.expect("kill runs").success());
        process.wait().expect("it ends");
        std::thread::sleep(after);
        *process = serve(&self.binaries, self.directory.path(), self.port);
    }

    /// Where it listens.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// A database of its own, which is empty; its URL has these parameters.
    pub fn database(&self, parameters: &str) -> PostgresUrl {
        let name = format!("plazo{}", self.n_databases.fetch_add(1, Ordering::Relaxed));
        self.run(&self.url("postgres", ""), &format!("CREATE DATABASE {name}"));
        self.url(&name, parameters)
    }

    /// Takes everything out of a database but its tables.
    pub fn empty(&self, url: &PostgresUrl) {
        self.run(
            url,
            "DO $$ DECLARE name TEXT; BEGIN
                 FOR name IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
                     AND relname NOT IN ('meta', 'plazo_version', 'slots', 'request_numbers', 'counts')
                 LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
                 DELETE FROM counts; DELETE FROM meta WHERE key <> 'instance';
                 PERFORM setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S';
             END $$",
        );
    }

    fn url(&self, name: &str, parameters: &str) -> PostgresUrl {
        format!("postgres://plazo@127.0.0.1:{}/{name}{parameters}", self.port).parse().expect("a URL")
    }

    /// What a statement says, a line a row.
    pub fn run(&self, url: &PostgresUrl, sql: &str) -> String {
        let url = url.to_string();
        let database = url.rsplit('/').next().unwrap_or_default();
        let output = Command::new(self.binaries.join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "plazo"])
            .args(["-p", &self.port.to_string(), "-d", database, "-c", sql])
            .output()
            .expect("psql runs");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").trim_end().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(process) = self.process.get_mut() {
            process.kill().ok();
            process.wait().ok();
        }
    }
}

/// Starts a server, and waits until it says that it takes connections.
fn serve(binaries: &Path, directory: &Path, port: u16) -> Child {
    let mut process = run(&binaries.join("postgres"), unprivileged())
        .arg("-D")
        .arg(directory.join("data"))
        .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k"])
        .arg(directory)
        // What a test has written need not outlive the machine.
        .args(["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=100"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("postgres runs");
    let mut log = BufReader::new(process.stderr.take().expect("a log")).lines().map_while(Result::ok);
    let said: Vec<String> = log.by_ref().take_while(|line| !line.contains("ready to accept connections")).collect();
    assert!(process.try_wait().expect("a state").is_none(), "postgres did not start:\n{}", said.join("\n"));
    // Read on, so that it never waits for a reader.
    std::thread::spawn(move || log.for_each(drop));
    process
}

/// Where Debian has the newest server.
fn binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect(MISSING);
    let found = versions.filter_map(|version| {
        let path = version.ok()?.path();
        let number: u32 = path.file_name()?.to_str()?.parse().ok()?;
        path.join("bin/postgres").is_file().then_some((number, path.join("bin")))
    });
    found.max().expect(MISSING).1
}

/// A program, as that user; it ends with the test, however that ends.
pub fn run(program: &Path, user: Option<(u32, u32)>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if let Some((user, group)) = user {
        command.arg(format!("--reuid={user}")).arg(format!("--regid={group}")).arg("--clear-groups");
    }
    command.arg(program).env("LC_ALL", "C.UTF-8").current_dir("/");
    command
}

/// The user and group that the package made, where the tests are run by root.
pub fn unprivileged() -> Option<(u32, u32)> {
    let own = std::fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own));
    if own.expect("/proc") != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").expect("users");
    let line = ["postgres:", "nobody:"].iter().find_map(|name| users.lines().find(|line| line.starts_with(name)));
    let mut fields = line.expect("a user without rights").split(':').skip(2);
    let mut number = || fields.next().and_then(|field| field.parse().ok());
    number().zip(number())
}
