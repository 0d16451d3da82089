//! `plazo apply`: puts a file in force for all daemons that share a store.

use std::path::PathBuf;

use super::output::{self, BLUE, GREEN, styled};
use super::{Exit, Global, Outcome, is_styled, real_time};
use crate::app::{plan, planned};
use crate::both;
use crate::config::{self, store};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file [default: that of --config]
    file: Option<PathBuf>,
    /// Only say what it would do
    #[arg(long)]
    dry_run: bool,
    /// Who puts it in force, for the list of revisions
    #[arg(long, value_name = "PERSON")]
    by: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
}

pub(super) fn run(global: &Global, args: &Args) -> Outcome {
    let loaded = config::load(args.file.as_ref().unwrap_or(&global.config))?;
    let language = loaded.language;
    let Some(config) = loaded.config.clone() else { anyhow::bail!("{}", loaded.explain(is_styled())) };
    let shared = config.store.clone().or_else(|| global.load()?.store);
    let Some(shared) = shared else {
        anyhow::bail!(language.of(both!(
            "no [store] in the file: a daemon that has its store to itself takes its file as soon as that is saved",
            "el archivo no tiene [store]: un servicio con su propia base de datos toma su archivo apenas se guarda"
        )));
    };
    let store = store::place(Some(&shared), &global.data())?.open()?;
    let now = real_time().now();
    for line in planned::lines(&plan::of(&store, &config, &loaded.source, now)?, config.zone, language) {
        output::line(&line)?;
    }
    let before = store.last_revision()?.map(|(revision, _)| revision);
    let open = store.begin()?;
    let by = (args.by.as_deref(), args.comment.as_deref());
    let revision = open.writing().revision(&config.revision_text(&loaded.source), now, by)?;
    if before == Some(revision) {
        output::line(&language.of(both!("It is in force already.", "Ya está en vigor.")))?;
        return Ok(Exit::Done);
    }
    if args.dry_run {
        output::line(&styled(BLUE, language.of(both!("Nothing was changed.", "No se cambió nada."))))?;
        return Ok(Exit::Done);
    }
    open.commit()?;
    output::line(&styled(
        GREEN,
        language.of(both!(
            "Revision {revision} is in force; the daemons go by it within four seconds (plazo status)",
            "La revisión {revision} está en vigor; los servicios se rigen por ella en cuatro segundos (plazo status)"
        )),
    ))?;
    Ok(Exit::Done)
}
