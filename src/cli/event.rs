//! `plazo event`: events as JSON, from standard input or a file.

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::Context as _;

use super::client::Client;
use super::{Exit, Global, Outcome, output};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A file instead of standard input
    file: Option<PathBuf>,
}

pub(super) async fn run(global: &Global, args: Args) -> Outcome {
    let mut body = Vec::new();
    match &args.file {
        Some(path) => body = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?,
        None => {
            std::io::stdin().read_to_end(&mut body).context("cannot read standard input")?;
        }
    }
    let answer = Client::writing(global)?.post_raw("/v1/events", body).await?;
    output::json(&answer)?;
    let is_rejected = answer["rejected"].as_array().is_some_and(|rejected| !rejected.is_empty());
    Ok(if is_rejected { Exit::Found } else { Exit::Done })
}
