//! The way to plazo: the socket or the address of a running daemon, or the same interface over the store when none runs.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt as _;

use super::{Global, absolute, real_time};
use crate::app::App;
use crate::app::shared_file::in_force;
use crate::http::listener::SOCKET;
use crate::text::printable::{printable, printable_json};
use crate::text::{Both, Language};
use crate::{both, daemon, http, net};

/// A daemon that does not answer for so long hangs.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
/// What reads or writes years may take so long.
const LONG_PATIENCE: std::time::Duration = std::time::Duration::from_secs(1_800);
const LONG: [&str; 6] = ["/v1/report", "/v1/escalations", "/v1/import", "/v1/erase", "/v1/export", "/v1/let-go"];
const LARGEST_ANSWER: usize = 64 << 20;
/// Where the unit of systemd has the socket.
const SERVICE: &str = "/run/plazo";
/// What stands for the address where a socket leads.
const LOCAL: &str = "http://localhost";

/// The interface said no.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub(super) struct Refused {
    detail: String,
    /// The word for programs.
    pub(super) code: String,
    /// Where this machine's own users come in.
    socket: Option<PathBuf>,
}

pub(super) enum Client {
    Daemon(Door),
    Store(Router),
}

/// A client that operates on the store, and the store itself where no daemon has it.
pub(super) struct Operating {
    pub(super) client: Client,
    own: Option<(App, Option<std::thread::JoinHandle<()>>, daemon::Lock)>,
}

impl Operating {
    /// Looks at the disk where no daemon does, so that what is read in stops in time.
    pub(super) async fn look_at_disk(&self) {
        if let Some((app, ..)) = &self.own {
            // A disk that cannot be looked at shows when it is written.
            app.watch_disk().await.ok();
        }
    }
}

impl Drop for Operating {
    fn drop(&mut self) {
        let Some((app, thread, _)) = &mut self.own else { return };
        app.close();
        // One that panicked has said so.
        thread.take().map(std::thread::JoinHandle::join);
    }
}

/// A door of a running daemon.
pub(super) struct Door {
    base: String,
    /// Shown only to an address that somebody named, and to a daemon of the same user or of root.
    token: Option<String>,
    client: reqwest::Client,
    language: Language,
}

/// Refuses where there is no file at all: whoever is new here is told how to make one. What else is wrong with a file is told by whoever
/// needs it.
fn made(global: &Global) -> anyhow::Result<()> {
    match std::fs::symlink_metadata(&global.config) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(crate::config::LoadError::Missing { path: global.config.clone() }.into())
        }
        _ => Ok(()),
    }
}

impl Client {
    /// A client for reading: of the daemon, or of the store.
    pub(super) fn reading(global: &Global) -> anyhow::Result<Self> {
        if let Some(door) = door(global)? {
            return Ok(Self::Daemon(door));
        }
        let directory = global.data();
        made(global)?;
        let config = global.load().ok_or_else(|| {
            let file = global.config.display();
            global.error(both!(
                "no daemon runs, and {file} cannot be used; see plazo check",
                "plazo no está en marcha, y {file} no se puede usar; vea plazo check"
            ))
        })?;
        let app = App::open_reading(&directory, config, real_time()).map_err(|error| {
            let shown = absolute(&directory);
            let shown = shown.display();
            let Both { en, es } = error.told();
            global.error(both!(
                "no daemon runs, and there is no store to read in {shown}: {en}",
                "plazo no está en marcha, y en {shown} no hay datos que leer: {es}"
            ))
        })?;
        Ok(Self::Store(http::router(app)))
    }

    /// A client of the daemon; none where none runs.
    pub(super) fn of_daemon(global: &Global) -> anyhow::Result<Option<Self>> {
        Ok(door(global)?.map(Self::Daemon))
    }

    /// A client for writing, which only a daemon does.
    pub(super) fn writing(global: &Global) -> anyhow::Result<Self> {
        if let Some(door) = door(global)? {
            return Ok(Self::Daemon(door));
        }
        // Who names a directory is told of that.
        if global.names_no_data() && !global.data().exists() {
            made(global)?;
        }
        let data = absolute(&global.data());
        let (data, file) = (data.display(), global.config.display());
        Err(global.error(both!(
            "no daemon runs on {data}. Start it: plazo run --config {file} (or: systemctl start plazo)",
            "plazo no está en marcha sobre {data}. Póngalo en marcha: plazo run --config {file} (o: systemctl start plazo)"
        )))
    }

    /// A client for what an operator does to the store itself: of the daemon, or of the store where none runs, which nobody else opens
    /// meanwhile. What was written is on the disk when that is dropped.
    pub(super) fn operating(global: &Global) -> anyhow::Result<Operating> {
        if let Some(door) = door(global)? {
            return Ok(Operating { client: Self::Daemon(door), own: None });
        }
        let own = crate::config::load(&global.config)?;
        let language = own.language;
        let Some(config) = own.config.clone() else { anyhow::bail!("{}", own.explain(super::is_styled())) };
        // What all daemons go by, where several share the store: a command puts no other file in force.
        let store = config.store.clone();
        let loaded = in_force(&config, &own.source, &global.config)?.unwrap_or(own);
        let Some(mut config) = loaded.config.clone() else { anyhow::bail!("{}", loaded.explain(super::is_styled())) };
        config.store = store;
        let directory = global.data();
        crate::private::make_directory(&directory)?;
        let lock = daemon::Lock::take(&directory, language)?;
        let opened = App::open_alone(&directory, config, &loaded.source, real_time());
        let (app, thread) = opened.map_err(|error| {
            let shown = absolute(&directory);
            let (shown, Both { en, es }) = (shown.display(), error.told());
            global
                .error(both!("cannot open the store in {shown}: {en}", "no se puede abrir el almacén en {shown}: {es}"))
        })?;
        app.set_file(absolute(&global.config));
        let client = Self::Store(http::router(app.clone()));
        Ok(Operating { client, own: Some((app, Some(thread), lock)) })
    }

    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::GET, path, Vec::new()).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.call(Method::POST, path, body.to_string().into_bytes()).await
    }

    pub(super) async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::DELETE, path, Vec::new()).await
    }

    pub(super) async fn post_raw(&self, path: &str, body: Vec<u8>) -> anyhow::Result<Value> {
        self.call(Method::POST, path, body).await
    }

    /// An answer that is no JSON, such as a table.
    pub(super) async fn text(&self, path: &str) -> anyhow::Result<String> {
        let (status, bytes) = self.answer(Method::GET, path, Vec::new()).await?;
        if status.is_success() {
            return Ok(printable(&String::from_utf8_lossy(&bytes)).into_owned());
        }
        Err(self.refused(&bytes, status).into())
    }

    /// What the daemon said no to; of a header, which is for programs, a person learns what to set instead.
    fn refused(&self, bytes: &[u8], status: StatusCode) -> Refused {
        let refused = refused(bytes, status);
        match self {
            Self::Daemon(door) if refused.code == "token_needed" => {
                let detail = door.language.of(Both {
                    en: "this needs a token that the daemon knows: set PLAZO_TOKEN, or give --token (plazo token create makes one)",
                    es: "esto necesita un token que el servicio conozca: ponga PLAZO_TOKEN, o --token (plazo token create crea uno)",
                });
                Refused { detail: detail.to_owned(), ..refused }
            }
            _ => refused,
        }
    }

    async fn call(&self, method: Method, path: &str, body: Vec<u8>) -> anyhow::Result<Value> {
        let (status, bytes) = self.answer(method, path, body).await?;
        if status == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        if !status.is_success() {
            return Err(self.refused(&bytes, status).into());
        }
        let value = serde_json::from_slice(&bytes).with_context(|| {
            let told = both!("the answer ({status}) is not JSON", "la respuesta ({status}) no es JSON");
            match self {
                Self::Daemon(door) => door.language.of(told),
                Self::Store(_) => super::help::of_the_terminal().of(told),
            }
        })?;
        // What clients wrote goes to a terminal from here on.
        Ok(printable_json(value))
    }

    async fn answer(&self, method: Method, path: &str, body: Vec<u8>) -> anyhow::Result<(StatusCode, Vec<u8>)> {
        Ok(match self {
            Self::Daemon(door) => {
                let answer = door.ask(method.clone(), path, body.clone()).await?;
                // An address of this machine without a token: it tells where its own users come in.
                let socket = (answer.0 == StatusCode::UNAUTHORIZED && door.token.is_none())
                    .then(|| refused(&answer.1, answer.0).socket)
                    .flatten();
                match socket.filter(|socket| socket.file_name().is_some_and(|name| name == SOCKET)) {
                    Some(socket) => Door::of_socket(&socket, None, door.language)?.ask(method, path, body).await?,
                    None => answer,
                }
            }
            Self::Store(router) => {
                let request = Request::builder().method(method).uri(path).header(header::HOST, "localhost");
                let response = router.clone().oneshot(request.body(Body::from(body))?).await?;
                let status = response.status();
                (status, to_bytes(response.into_body(), LARGEST_ANSWER).await?.to_vec())
            }
        })
    }
}

impl Door {
    fn of_address(global: &Global, base: String) -> anyhow::Result<Self> {
        // What the operator's shell says of proxies is about the world outside; a token goes to nobody but the daemon.
        let client = net::own_daemon(None).with_context(|| no_http(global.language()))?;
        Ok(Self { base, token: global.token.clone(), client, language: global.language() })
    }

    /// The daemon behind a socket; a token is shown to a daemon of the same user or of root alone.
    fn of_socket(path: &Path, token: Option<String>, language: Language) -> anyhow::Result<Self> {
        let client = net::own_daemon(Some(path)).with_context(|| no_http(language))?;
        let token = token.filter(|_| belongs_to_us(path));
        Ok(Self { base: LOCAL.to_owned(), token, client, language })
    }

    /// What to say where nobody answers. The query is nobody's business, and of the causes the innermost tells most.
    fn silent(&self, error: &reqwest::Error) -> anyhow::Error {
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        let base = &self.base;
        anyhow::Error::msg(self.language.of(if error.is_builder() {
            both!(
                "`{base}` is no address of a daemon ({cause}); write it as http://localhost:8787",
                "«{base}» no es la dirección de un servicio ({cause}); escríbala como http://localhost:8787"
            )
        } else if error.is_timeout() {
            both!(
                "the daemon at {base} is there and gives no answer; its log says more",
                "el servicio en {base} está, pero no contesta; su registro dice más"
            )
        } else {
            both!(
                "nobody answers at {base} ({cause}); does plazo run there?",
                "no contesta nadie en {base} ({cause}); ¿está plazo en marcha ahí?"
            )
        }))
    }

    async fn ask(&self, method: Method, path: &str, body: Vec<u8>) -> anyhow::Result<(StatusCode, Vec<u8>)> {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let is_long = LONG.iter().any(|begins| path.starts_with(begins));
        let patience = if is_long { LONG_PATIENCE } else { PATIENCE };
        let request = request.header(header::CONTENT_TYPE, "application/json").timeout(patience).body(body);
        let response = request.send().await.map_err(|error| self.silent(&error))?;
        Ok((response.status(), response.bytes().await?.to_vec()))
    }
}

fn no_http(language: Language) -> String {
    language.of(both!("cannot set up HTTP", "no se puede preparar HTTP"))
}

/// An address as people write it; without a scheme it is plain HTTP.
fn with_scheme(url: &str) -> String {
    let url = url.trim_end_matches('/');
    if url.contains("://") { url.to_owned() } else { format!("http://{url}") }
}

fn refused(bytes: &[u8], status: StatusCode) -> Refused {
    let problem: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let text = |field: &str| problem[field].as_str().map(str::to_owned);
    let detail = text("detail").map(|detail| printable(&detail).into_owned());
    let detail = detail.unwrap_or_else(|| format!("the answer is {status}"));
    Refused { detail, code: text("code").unwrap_or_default(), socket: text("socket").map(PathBuf::from) }
}

/// The door of the daemon: the address that was named, else the socket of the one that runs on the data directory, else the service's.
fn door(global: &Global) -> anyhow::Result<Option<Door>> {
    if let Some(url) = &global.url {
        return Door::of_address(global, with_scheme(url)).map(Some);
    }
    let directory = global.data();
    let socket = directory.join(SOCKET);
    if let Some(address) = daemon::running_address(&directory) {
        if is_open(&socket) {
            return Door::of_socket(&socket, global.token.clone(), global.language()).map(Some);
        }
        // A daemon of before, or one whose socket this user does not reach: its address, if the file that names it is to be believed.
        let lock = directory.join(daemon::LOCK);
        if !belongs_to_us(&lock) {
            let lock = absolute(&lock);
            let lock = lock.display();
            return Err(global.error(both!(
                "{lock} belongs to another user, so the address that it names is not believed; say which daemon you mean with --url",
                "{lock} es de otro usuario, así que no se cree en la dirección que nombra; diga cuál servicio quiere con --url"
            )));
        }
        return Door::of_address(global, format!("http://{address}")).map(Some);
    }
    if is_open(&socket) {
        return Door::of_socket(&socket, global.token.clone(), global.language()).map(Some);
    }
    let service = Path::new(SERVICE).join(SOCKET);
    if global.names_no_data() && is_open(&service) {
        return Door::of_socket(&service, global.token.clone(), global.language()).map(Some);
    }
    Ok(None)
}

/// Whether somebody listens there.
fn is_open(socket: &Path) -> bool {
    std::os::unix::net::UnixStream::connect(socket).is_ok()
}

/// Whether a file is this user's or root's.
fn belongs_to_us(path: &Path) -> bool {
    let own = nix::unistd::geteuid().as_raw();
    std::fs::symlink_metadata(path).is_ok_and(|file| file.uid() == own || file.uid() == 0)
}
