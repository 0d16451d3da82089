//! `plazo event`: events as JSON, from standard input or a file.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::client::Client;
use super::output::{self, RED, YELLOW, styled};
use super::{Exit, Global, Outcome};
use crate::both;
use crate::text::{Both, Language};

/// Rejections and warnings that are told; `--json` has them all.
const MOST_TOLD: usize = 10;
/// So many requests are named.
const MOST_NAMED: usize = 5;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A file instead of standard input
    file: Option<PathBuf>,
    /// Print JSON: every request, warning and rejection
    #[arg(long)]
    json: bool,
}

fn unreadable(global: &Global, path: &Path, error: &std::io::Error) -> anyhow::Error {
    let path = path.display();
    global.error(both!("cannot read {path}: {error}", "no se puede leer {path}: {error}"))
}

pub(super) async fn run(global: &Global, args: Args) -> Outcome {
    let mut body = Vec::new();
    match &args.file {
        Some(path) => body = std::fs::read(path).map_err(|error| unreadable(global, path, &error))?,
        None => {
            std::io::stdin().read_to_end(&mut body).map_err(|error| unreadable(global, Path::new("-"), &error))?;
        }
    }
    let client = Client::writing(global)?;
    let answer = client.post_raw("/v1/events", body).await?;
    let rejected = answer["rejected"].as_array().cloned().unwrap_or_default();
    let exit = if rejected.is_empty() { Exit::Done } else { Exit::Found };
    if args.json {
        output::json(&answer)?;
        return Ok(exit);
    }
    let language = global.look_of(&client).await.language;
    let n = |field: &str| answer[field].as_u64().unwrap_or_default();
    let requests: Vec<_> = answer["requests"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    output::line(&summary(n("accepted"), n("duplicate"), rejected.len(), &requests, language))?;
    for rejection in rejected.iter().take(MOST_TOLD) {
        let detail = rejection["detail"].as_str().unwrap_or_default();
        let place = rejection["index"].as_u64().unwrap_or_default() + 1;
        output::line(&styled(RED, language.of(both!("  event {place}: {detail}", "  evento {place}: {detail}"))))?;
    }
    let warnings = answer["warnings"].as_array().cloned().unwrap_or_default();
    for warning in warnings.iter().take(MOST_TOLD) {
        let word = |field: &str| warning[field].as_str().unwrap_or_default();
        let (field, detail, place) = (word("field"), word("detail"), warning["index"].as_u64().unwrap_or_default() + 1);
        let text = both!("  event {place}, {field}: {detail}", "  evento {place}, {field}: {detail}");
        output::line(&styled(YELLOW, language.of(text)))?;
    }
    let n_more =
        (rejected.len() + warnings.len()).saturating_sub(MOST_TOLD.min(rejected.len()) + MOST_TOLD.min(warnings.len()));
    if 0 < n_more {
        output::line(&language.of(both!("  and {n_more} more: --json", "  y {n_more} más: --json")))?;
    }
    Ok(exit)
}

/// `1178 aceptados, 0 repetidos, 0 rechazados; 260 solicitudes`.
fn summary(accepted: u64, duplicate: u64, rejected: usize, requests: &[&str], language: Language) -> String {
    let of = |n: u64, one: Both<&'static str>, many: Both<&'static str>| {
        format!("{n} {}", language.of(if n == 1 { one } else { many }))
    };
    let taken = of(accepted, Both { en: "accepted", es: "aceptado" }, Both { en: "accepted", es: "aceptados" });
    let known =
        of(duplicate, Both { en: "known already", es: "repetido" }, Both { en: "known already", es: "repetidos" });
    let refused =
        of(rejected as u64, Both { en: "rejected", es: "rechazado" }, Both { en: "rejected", es: "rechazados" });
    let about = match requests {
        few if few.len() <= MOST_NAMED => few.join(" "),
        many => {
            of(many.len() as u64, Both { en: "request", es: "solicitud" }, Both { en: "requests", es: "solicitudes" })
        }
    };
    let about = if about.is_empty() { about } else { format!("; {about}") };
    format!("{taken}, {known}, {refused}{about}")
}
