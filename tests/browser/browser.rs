//! A browser of its own for each test, and what is asked of every page.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::{Client, ClientBuilder};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::support::daemon::{Daemon, PEOPLE};
use crate::support::{PATIENCE, wait_for};

/// The live pages, as somebody who sees everything finds them.
pub const PAGES: [&str; 11] = [
    "/",
    "/r/R-1",
    "/incumplimientos",
    "/silencios",
    "/informe",
    "/informe?ver=1&desde=-7d",
    "/estado",
    "/envios",
    "/archivo",
    "/r/R-404",
    "/entrar",
];

/// A desk with requests of every kind, whose page is at a port that stays.
pub fn desk(further: &str) -> (Daemon, u16) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let operator = directory.path().join("operator").display().to_string();
    let people = PEOPLE.replace("OPERATOR", &operator).replace("language = \"en\"", "language = \"es\"");
    let file = format!(
        "# una nota que se queda\n{people}\n[http]\npublic_url = \"http://127.0.0.1:{port}\"\n{further}\n\
         [[policy]]\nname = \"whatsapp\"\nmatch = {{ channel = \"whatsapp\" }}\nteam = \"social\"\n\
         reply = {{ rule = \"A1\", within = \"20m\", escalation = \"e\" }}\ndeliver = {{ within = \"48h\", escalation = \"e\" }}\n\
         [escalation]\ne = [{{ at = \"50%\", tell = [\"owner\"] }}, {{ at = \"due\", tell = [\"owner\", \"lead\"] }}]\n\
         [check.parking]\n[reasons.carrier]\nname = \"El transportista\"\nexcluded = true\napproval = [\"lead\"]\n[wait.cliente]\nname = \"el cliente\"\n"
    );
    std::fs::write(directory.path().join("sla.toml"), file).expect("sla.toml is written");
    let daemon = start_at(directory, port);
    daemon.client_message("m-1", "t-1", Duration::from_secs(3_600));
    daemon.client_message("m-2", "t-2", Duration::from_secs(15 * 60));
    daemon.client_message("m-3", "t-3", Duration::from_secs(60));
    let act = |path: &str, body: Value| assert_eq!(daemon.post(path, &body).status, 200, "{path}");
    act("/v1/requests/R-2/own", json!({"owner": "laura", "by": "ana"}));
    act("/v1/requests/R-3/wait", json!({"reason": "el logo", "by": "laura"}));
    (daemon, port)
}

/// Starts a daemon that listens at that port.
pub fn start_at(directory: TempDir, port: u16) -> Daemon {
    Daemon::start_with(directory, |command| {
        let program = command.get_program().to_owned();
        let args = command.get_args().map(std::ffi::OsStr::to_owned);
        let args: Vec<_> =
            args.map(|arg| if arg == "127.0.0.1:0" { format!("127.0.0.1:{port}").into() } else { arg }).collect();
        let log = std::path::Path::new(&args[2]).with_file_name("log");
        let log = std::fs::File::options().append(true).open(log).expect("the log");
        let mut changed = Command::new(program);
        changed.args(args).env("PLAZO_LANG", "en").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        changed.env_remove("NOTIFY_SOCKET").env_remove("PLAZO_URL").env_remove("PLAZO_TOKEN");
        *command = changed;
    })
}

/// A browser without a screen.
pub struct Browser {
    driver: Child,
    port: u16,
    profile: TempDir,
    dark: bool,
    windows: std::sync::Mutex<Vec<Client>>,
}

impl Browser {
    pub async fn start() -> Self {
        Self::start_with(false).await
    }

    pub async fn start_with(dark: bool) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is missing; install it: apt-get install chromium chromium-driver");
        wait_for("chromedriver", PATIENCE, || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
        let profile = tempfile::tempdir().expect("a directory");
        Self { driver, port, profile, dark, windows: std::sync::Mutex::default() }
    }

    /// A window with cookies of its own.
    pub async fn window(&self) -> Client {
        self.window_with(true).await
    }

    /// A window in which no page runs a script.
    pub async fn window_without_scripts(&self) -> Client {
        self.window_with(false).await
    }

    async fn window_with(&self, runs_scripts: bool) -> Client {
        let n = self.windows.lock().expect("no panic").len();
        let profile = self.profile.path().join(n.to_string());
        let mut args = vec![
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--lang=es".to_owned(),
            "--window-size=1280,800".to_owned(),
            format!("--user-data-dir={}", profile.display()),
        ];
        if self.dark {
            args.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        // 2 blocks them, as people's settings do.
        let scripts = if runs_scripts { 1 } else { 2 };
        let prefs = json!({ "profile.managed_default_content_settings.javascript": scripts });
        let capabilities: Map<String, Value> =
            Map::from_iter([("goog:chromeOptions".to_owned(), json!({ "args": args, "prefs": prefs }))]);
        let window = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await
            .expect("Chromium starts; install it: apt-get install chromium chromium-driver");
        self.windows.lock().expect("no panic").push(window.clone());
        window
    }

    /// Closes every window.
    pub async fn end(self) {
        let windows = std::mem::take(&mut *self.windows.lock().expect("no panic"));
        for window in windows {
            window.close().await.ok();
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.driver.kill().ok();
        self.driver.wait().ok();
    }
}

/// What axe-core finds wrong with the page, and whether it is wider than its window.
pub async fn audit(window: &Client, name: &str, width: u32, dark: bool) {
    let place = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/axe/package/axe.min.js");
    let axe = std::fs::read_to_string(&place).unwrap_or_else(|_| {
        panic!("{} is missing; get it: mkdir -p target/axe && npm pack axe-core@4.14.1 --pack-destination target/axe && tar xzf target/axe/axe-core-4.14.1.tgz -C target/axe", place.display())
    });
    window.execute(&axe, Vec::new()).await.expect("axe-core runs");
    let script = "const done = arguments[0]; axe.run(document, { resultTypes: ['violations'] }).then(
        (found) => done(found.violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.html + ' ' + node.failureSummary).join('; '))),
        (error) => done([String(error)]))";
    let found = window.execute_async(script, Vec::new()).await.expect("axe-core answers");
    let scheme = if dark { "dark" } else { "light" };
    assert_eq!(found, json!([]), "{name} at {width}, {scheme}");
    let wide = window
        .execute("return document.documentElement.scrollWidth - document.documentElement.clientWidth", Vec::new())
        .await
        .expect("a width");
    assert!(wide.as_i64().is_some_and(|wide| wide <= 0), "{name} at {width} is {wide} too wide");
    if let Some(directory) = std::env::var_os("PLAZO_SHOTS") {
        let picture = window.screenshot().await.expect("a picture");
        let file = format!("{}-{width}-{scheme}.png", name.replace('/', "_"));
        std::fs::write(PathBuf::from(directory).join(file), picture).expect("kept");
    }
}
