//! `plazo verify`: whether what is stored is what its events give, and what differs, in words.

use anyhow::{Context as _, anyhow};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::output::{self, DIM, GREEN, RED, YELLOW, styled};
use super::{Exit, Global, Outcome, absolute, real_time};
use crate::app::verify::{Deviation, Verified, verify};
use crate::config::{self, Config};
use crate::store::Store;
use crate::text::{Both, Language, REQUESTS};
use crate::{both, daemon};

/// Words of what `--mend` rebuilds.
const REBUILT: [&str; 9] = ["wake", "thread", "clock", "columns", "clocks", "count", "index", "act", "block"];

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Rebuild what can be rebuilt: wakes, counts, columns for listing; while no daemon runs
    #[arg(long)]
    mend: bool,
    /// Deviations that are told
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(global: &Global, args: &Args) -> Outcome {
    let loaded = config::load(&global.config)?;
    let language = loaded.language;
    let Some(mut config) = loaded.config.clone() else { anyhow::bail!("{}", loaded.explain(super::is_styled())) };
    let directory = global.data();
    let place = config::store::place(config.store.as_ref(), &absolute(&directory))?;
    let shown = place.to_string();
    let no_store = |error: crate::store::StoreError| {
        let Both { en, es } = error.told();
        anyhow!(
            language.of(both!("there is no store to read in {shown}: {en}", "en {shown} no hay datos que leer: {es}"))
        )
    };
    let lock = args.mend.then(|| daemon::Lock::take(&directory, language)).transpose()?;
    let store = if lock.is_some() { place.open() } else { place.open_reader() }.map_err(no_store)?;
    if args.mend && store.daemons()?.iter().any(|daemon| daemon.lives) {
        anyhow::bail!(language.of(both!(
            "a daemon runs on {shown}; stop all of them first",
            "hay un servicio en marcha sobre {shown}; deténgalos todos primero"
        )));
    }
    let is_in_force = set_revision(&mut config, &loaded.source, &store)?;
    let bar = bar(store.last_request()?);
    let now = real_time().now();
    let progress = |n: usize| bar.set_position(n as u64);
    let verified = if lock.is_some() {
        let open = store.begin()?;
        let verified = verify(&store, &config, now, Some(open.writing()), progress)?;
        open.commit().context("nothing was mended")?;
        verified
    } else {
        verify(&*store.look()?, &config, now, None, progress)?
    };
    bar.finish_and_clear();
    let is_left = verified.deviations.iter().any(|deviation| !deviation.mended);
    let exit = if is_left { Exit::Found } else { Exit::Done };
    if args.json {
        output::json(&as_json(&verified, language))?;
        return Ok(exit);
    }
    tell(&verified, args.limit, language)?;
    if !is_in_force {
        let text = Both {
            en: "sla.toml is not the file in force, so nothing was derived anew by it",
            es: "sla.toml no es el archivo en vigor, así que con él no se derivó nada",
        };
        output::line(&styled(YELLOW, language.of(text)))?;
    }
    let left = || verified.deviations.iter().filter(|deviation| !deviation.mended);
    if !args.mend && left().any(|deviation| REBUILT.contains(&deviation.what)) {
        let text =
            Both { en: "stop plazo and run: plazo verify --mend", es: "detenga plazo y ejecute: plazo verify --mend" };
        output::line(&styled(YELLOW, language.of(text)))?;
    }
    if left().any(|deviation| !REBUILT.contains(&deviation.what)) {
        let text = Both {
            en: "what is damaged, or lost, nothing here can rebuild: keep this file, and go back to a backup by `plazo restore FILE`; what came since is in the channels, and `plazo import` takes it",
            es: "lo dañado o perdido no se puede reconstruir aquí: guarde este archivo y vuelva a una copia con `plazo restore ARCHIVO`; lo que llegó después está en los canales, y `plazo import` lo recibe",
        };
        output::line(&styled(YELLOW, language.of(text)))?;
    }
    Ok(exit)
}

/// Gives the file the number that it has in the store. Whether it is the one in force.
pub(super) fn set_revision(config: &mut Config, source: &str, store: &Store) -> anyhow::Result<bool> {
    let text = config.revision_text(source);
    let found = store.last_revision()?.filter(|(_, known)| *known == text);
    config.rulebook.revision = found.as_ref().map_or(-1, |(id, _)| *id);
    Ok(found.is_some())
}

fn bar(n: i64) -> ProgressBar {
    let bar = ProgressBar::new(n.unsigned_abs());
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar
}

fn as_json(verified: &Verified, language: Language) -> serde_json::Value {
    let one = |deviation: &Deviation| {
        json!({"what": deviation.what, "request": deviation.request.map(|id| id.to_string()),
            "told": language.of(deviation.told.clone()), "mended": deviation.mended})
    };
    json!({"n_requests": verified.n_requests, "n_derived": verified.n_derived, "n_past": verified.n_past,
        "deviations": verified.deviations.iter().map(one).collect::<Vec<_>>()})
}

fn tell(verified: &Verified, limit: usize, language: Language) -> anyhow::Result<()> {
    let Verified { n_requests, n_derived, n_past, deviations } = verified;
    for deviation in deviations.iter().take(limit) {
        let mark = if deviation.mended { styled(GREEN, "✓") } else { styled(RED, "✗") };
        output::line(&format!("{mark} {}", language.of(deviation.told.clone())))?;
    }
    let n_more = deviations.len().saturating_sub(limit);
    if 0 < n_more {
        output::line(&styled(DIM, language.of(both!("and {n_more} more: --limit", "y {n_more} más: --limit"))))?;
    }
    let requests = language.of(REQUESTS.counted(*n_requests));
    let looked = both!(
        "{requests}; derived anew: {n_derived}; of another file, or not whole any more: {n_past}",
        "{requests}; derivadas de nuevo: {n_derived}; de otro archivo, o ya no enteras: {n_past}"
    );
    if deviations.is_empty() {
        let well = Both { en: "all is as it must be", es: "todo está como debe" };
        output::line(&styled(GREEN, language.of(well)))?;
    }
    output::line(&styled(DIM, language.of(looked)))
}
