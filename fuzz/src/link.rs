//! Links of alerts, which anybody may call: what was not signed here opens nothing.

use std::path::Path;
use std::sync::LazyLock;

use super::now;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plazo::app::App;
use plazo::app::links::{LinkError, LinkReader};
use plazo::app::time::TimeSource;
use plazo::config;
use plazo::engine::request_id::RequestId;
use tokio::runtime::{Builder, Runtime};

const FILE: &str = r#"
language   = "en"
timezone   = "America/Bogota"
operator   = "ana"

[http]
public_url = "https://plazo.agencia.example"

[person.ana]
name  = "Ana Ruiz"
email = "ana@agencia.example"
"#;

/// plazo with one genuine link out there.
struct Desk {
    app: App,
    runtime: Runtime,
    genuine: String,
}

static DESK: LazyLock<Desk> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let loaded = config::read(Path::new("/nonexistent/sla.toml"), FILE.to_owned());
    let explained = loaded.explain(false);
    let config = loaded.config.unwrap_or_else(|| panic!("{explained}"));
    let directory = tempfile::tempdir().expect("a directory");
    let (app, _writer) = App::open(directory.path(), config, FILE, TimeSource::new(now)).expect("a store");
    let links = app.links(RequestId(17), &LinkReader::Person("ana".to_owned()), now()).expect("links");
    let genuine = links.take.rsplit('/').next().unwrap_or_default().to_owned();
    let read = runtime.block_on(app.read_link(&genuine)).expect("the store is read");
    assert!(read.is_ok(), "{genuine}: {read:?}");
    // What is forged is refused before the store is asked, so from here on there need be none.
    drop(directory);
    Desk { app, runtime, genuine }
});

pub fn hold(data: &[u8]) {
    let desk = &*DESK;
    // As it comes.
    desk.refuses(&String::from_utf8_lossy(data));
    // What is signed by nobody.
    desk.refuses(&URL_SAFE_NO_PAD.encode(data));
    // A genuine one with bits of it turned, or cut, or with more behind it.
    let signed = URL_SAFE_NO_PAD.decode(&desk.genuine).expect("base64");
    let bits = data.iter().copied().chain(std::iter::repeat(0));
    let turned: Vec<u8> = signed.iter().zip(bits).map(|(byte, bits)| byte ^ bits).collect();
    if turned != signed {
        desk.refuses(&URL_SAFE_NO_PAD.encode(turned));
    }
    desk.refuses(&desk.genuine[..data.len() % desk.genuine.len()]);
    if !data.is_empty() {
        desk.refuses(&URL_SAFE_NO_PAD.encode([signed.as_slice(), data].concat()));
    }
}

impl Desk {
    #[track_caller]
    fn refuses(&self, token: &str) {
        let read = self.runtime.block_on(self.app.read_link(token)).expect("the store is not asked");
        assert_eq!(read, Err(LinkError::Forged), "{token}");
    }
}
