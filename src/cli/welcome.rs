//! What `plazo run` says to whoever started it on a terminal: what is watched, by what alerts go, where to look, and what to try next.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::Path;

use super::init::{self, ask::Asking};
use super::output::{self, DIM, styled};
use super::{Exit, Global, help};
use crate::app::App;
use crate::both;
use crate::config::{Config, EMAIL};
use crate::daemon::OUTBOX_DIRECTORY;
use crate::notify::Settings;
use crate::text::Both;

/// Where the file is missing and somebody is there to ask, has it made. What it ended with, where the daemon is not to start.
pub(super) async fn make_file(global: &Global) -> anyhow::Result<Option<Exit>> {
    let is_seen = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    // What lies there and cannot be read is told of by whoever loads it.
    if !is_seen || std::fs::symlink_metadata(&global.config).is_ok() {
        return Ok(None);
    }
    let file = global.config.display();
    let question = both!("There is no {file} here. Make it now?", "No hay {file} aquí. ¿Hacerlo ahora?");
    if !Asking::new(help::of_the_terminal()).agrees(question)? {
        return Ok(None);
    }
    let exit = init::run(global, init::Args::default()).await?;
    Ok(Some(exit).filter(|exit| *exit != Exit::Done))
}

/// Says it once the daemon serves, if somebody sits before it.
pub(super) fn say(address: SocketAddr, app: &App, data: &Path) {
    if !std::io::stdout().is_terminal() {
        return;
    }
    let (app, files) = (app.clone(), data.join(OUTBOX_DIRECTORY));
    tokio::spawn(async move {
        // Only a courtesy: what cannot be counted or written is told of elsewhere.
        if let Ok(counts) = app.views.counts().await {
            let config = app.config();
            let open = counts.phases.iter().filter(|(phase, _)| ["open", "waiting"].contains(&phase.as_str()));
            let n_open = open.map(|(_, n)| usize::try_from(*n).unwrap_or_default()).sum();
            output::line(&styled(DIM, config.language.of(line(&config, address, &files, n_open)))).ok();
        }
    });
}

fn line(config: &Config, address: SocketAddr, files: &Path, n_open: usize) -> Both {
    let files = files.display();
    let n_promises: usize = config.rulebook.policies.iter().map(|policy| policy.targets.len()).sum();
    let promises = Both { en: ["promise", "promises"], es: ["promesa", "promesas"] }.counted(n_promises);
    let people = Both { en: ["person", "people"], es: ["persona", "personas"] }.counted(config.contacts.len());
    let mail = match config.destinations.get(EMAIL).map(|destination| &destination.settings) {
        Some(Settings::Email(settings)) => settings.server.as_ref().map(|server| server.host.as_str()),
        _ => None,
    };
    let mail = mail.map_or_else(
        || both!("mail as files in {files}", "correo como archivos en {files}"),
        |host| both!("mail by {host}", "correo por {host}"),
    );
    let (open, next) = if n_open == 0 {
        let channel = config.rulebook.policies.iter().flat_map(|policy| policy.matcher.channel.first()).next();
        let channel = channel.map_or("whatsapp", String::as_str);
        (
            both!("nothing is open yet", "nada abierto todavía"),
            both!("plazo open \"Try\" --channel {channel}", "plazo open \"Prueba\" --channel {channel}"),
        )
    } else {
        let open =
            Both { en: ["request is open", "requests are open"], es: ["solicitud abierta", "solicitudes abiertas"] };
        (open.counted(n_open), Both { en: "plazo page", es: "plazo page" }.into())
    };
    Both {
        en: format!(
            "watches {} of {}; {}; page http://{address}/; {}. Try: {}",
            promises.en, people.en, mail.en, open.en, next.en
        ),
        es: format!(
            "vigila {} de {}; {}; página http://{address}/; {}. Pruebe: {}",
            promises.es, people.es, mail.es, open.es, next.es
        ),
    }
}
