//! `plazo ingest-email`: a raw mail from a mail server's pipe.

use std::io::Read as _;

use anyhow::{Context as _, bail};

use super::client::{Client, Refused};
use super::output;
use super::{Exit, Global, Outcome, real_time};
use crate::intake::email::{self, House};

/// Larger mail is cut: its head and the beginning of its text are all that is read.
const LARGEST_MAIL: u64 = 25 << 20;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Addresses and `@domains` that are the house's own, besides the people of sla.toml
    #[arg(long, value_name = "ADDRESS")]
    own: Vec<String>,
    /// Print the event instead of sending it
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    let mut raw = Vec::new();
    std::io::stdin().take(LARGEST_MAIL).read_to_end(&mut raw).context("cannot read standard input")?;
    let Some(config) = global.load() else {
        bail!("{} cannot be used; see plazo check", global.config.display());
    };
    let is_own = |address: &str| {
        let address = address.to_lowercase();
        let listed = args.own.iter().map(|own| own.to_lowercase());
        config.rulebook.directory.person(&address).is_some()
            || listed.into_iter().any(|own| address == own || own.starts_with('@') && address.ends_with(&own))
    };
    let event = email::read(&raw, &House { is_own: &is_own, received_at: None, now: real_time().now() })?;
    let json = crate::intake::json::write(&event);
    if args.dry_run {
        return output::json(&json);
    }
    let sent = async { Client::writing(global)?.post("/v1/events", &json).await };
    match sent.await {
        Ok(answer) => output::json(&answer),
        Err(error) if error.downcast_ref::<Refused>().is_some_and(|refused| refused.is_final) => Err(error),
        // The mail stays in the mail server's queue until a daemon takes it.
        Err(error) => {
            eprintln!("plazo: {error:#}");
            Ok(Exit::TryLater)
        }
    }
}
