//! `plazo migrate`: the store goes to a PostgreSQL that daemons share, or back into a data directory.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use indicatif::{ProgressBar, ProgressStyle};

use super::output::{self, DIM, GREEN, styled};
use super::verify::set_revision;
use super::{Exit, Global, Outcome, absolute, is_styled, real_time};
use crate::app::moving::{MoveStep, move_store};
use crate::store::{FILE, PostgresUrl, StorePlace};
use crate::text::Both;
use crate::{both, config, daemon, private};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to: postgres://USER@HOST/DATABASE, or a data directory
    #[arg(long, value_name = "URL|DIR")]
    to: String,
    /// File with the password of that PostgreSQL
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

pub(super) fn run(global: &Global, args: &Args) -> Outcome {
    let loaded = config::load(&global.config)?;
    let language = loaded.language;
    let Some(mut config) = loaded.config.clone() else { anyhow::bail!("{}", loaded.explain(is_styled())) };
    let data = absolute(&global.data());
    let (to, other) = target(args)?;
    let from = if to.is_shared() { StorePlace::Directory(data.clone()) } else { global.place()? };
    if from.is_shared() == to.is_shared() {
        anyhow::bail!(language.of(both!(
            "to go to a directory, the file must name the PostgreSQL that is left: [store] url",
            "para ir a un directorio, el archivo debe nombrar el PostgreSQL que se deja: [store] url"
        )));
    }
    if let Some(directory) = &other {
        private::make_directory(directory)?;
    }
    // Nobody writes into either meanwhile.
    let held = other.as_ref().unwrap_or(&data);
    if from.directory().is_some_and(|directory| !directory.join(FILE).exists()) {
        let shown = data.display();
        anyhow::bail!(language.of(both!("there is no store in {shown}", "en {shown} no hay base de datos")));
    }
    let lock = daemon::Lock::take(held, language)?;
    set_revision(&mut config, &loaded.source, &from.open_reader()?)?;
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    let [moving, verifying] = language.of(Both { en: ["rows", "verified"], es: ["filas", "verificadas"] });
    let moved = move_store((&from, &to), &config, real_time().now(), |step| match step {
        MoveStep::Rows(n, of) => {
            bar.set_message(moving);
            bar.set_length(of);
            bar.set_position(n);
        }
        MoveStep::Verified(n) => {
            bar.set_message(verifying);
            bar.set_position(n as u64);
        }
    });
    bar.finish_and_clear();
    let moved = moved.map_err(|error| {
        let Both { en, es } = error.told();
        anyhow!(language.of(both!("nothing was moved: {en}", "no se trasladó nada: {es}")))
    })?;
    let (n_rows, n_requests, n_amiss) = (moved.n_rows, moved.n_requests, moved.n_amiss);
    let shown = to.to_string();
    output::line(&styled(
        GREEN,
        language.of(both!(
            "moved to {shown}: {n_rows} rows, {n_requests} requests, verified on both sides",
            "trasladado a {shown}: {n_rows} filas, {n_requests} solicitudes, verificadas en ambos lados"
        )),
    ))?;
    if 0 < n_amiss {
        let told = both!(
            "{n_amiss} things were amiss before and are so there: plazo verify",
            "{n_amiss} cosas ya estaban mal y allá también lo están: plazo verify"
        );
        output::line(&language.of(told))?;
    }
    if let Some(left) = from.directory() {
        let kept = put_aside(left).context("the file that was left could not be put aside")?;
        let kept = kept.display();
        output::line(&styled(
            DIM,
            language.of(both!(
                "what was left is kept as {kept}. Write into sla.toml: [store] url = \"{shown}\", then start plazo",
                "lo que quedó se guarda como {kept}. Escriba en sla.toml: [store] url = \"{shown}\", y ponga plazo en marcha"
            )),
        ))?;
    } else {
        output::line(&styled(
            DIM,
            language.of(both!(
                "take [store] out of sla.toml, and start one plazo with --data {shown}",
                "quite [store] de sla.toml, e inicie un solo plazo con --data {shown}"
            )),
        ))?;
    }
    drop(lock);
    Ok(Exit::Done)
}

/// Where it is to go; the directory, where it is one.
fn target(args: &Args) -> anyhow::Result<(StorePlace, Option<PathBuf>)> {
    if !args.to.contains("://") {
        let directory = absolute(args.to.as_ref());
        return Ok((StorePlace::Directory(directory.clone()), Some(directory)));
    }
    let url: PostgresUrl = args.to.parse()?;
    let url = match &args.password_file {
        None => url,
        Some(path) => {
            let read = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
            url.with_password(read.trim_end_matches(['\n', '\r']))
        }
    };
    Ok((StorePlace::Server(Box::new(url)), None))
}

/// Gives a file that was left another name, so that no daemon tells anything by it again.
fn put_aside(directory: &std::path::Path) -> anyhow::Result<PathBuf> {
    let name = format!("{FILE}.moved-{}", real_time().now().format("%Y%m%dT%H%M%SZ"));
    for suffix in ["", "-wal", "-shm"] {
        let path = directory.join(format!("{FILE}{suffix}"));
        if path.exists() {
            std::fs::rename(path, directory.join(format!("{name}{suffix}")))?;
        }
    }
    Ok(directory.join(name))
}
