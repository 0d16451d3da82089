//! `plazo report`: figures of a period, and the register of escalations.

mod figures;

use std::io::IsTerminal as _;
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};

use super::client::Client;
use super::list::encoded;
use super::{Exit, Global, Outcome, output};
use crate::both;
use crate::report::Report;

const FIGURES: [&str; 8] =
    ["first_response", "response", "resolution", "kept", "unanswered", "closed_unanswered", "early", "violations"];

/// How often the bar asks.
const LOOK_EVERY: Duration = Duration::from_millis(250);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its name in sla.toml; the first one where it is left out
    name: Option<String>,
    /// From when, such as 2026-11-01 or "mon 08:00" [default: the last whole week, or day]
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    from: Option<String>,
    /// Until when; a day is included
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    to: Option<String>,
    /// What has passed of the present week, instead of the last whole one
    #[arg(long, conflicts_with_all = ["from", "to"])]
    so_far: bool,
    /// Print JSON, with every request behind each figure
    #[arg(long)]
    json: bool,
    /// Print CSV: a figure a line
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Print the page
    #[arg(long, conflicts_with_all = ["json", "csv"])]
    html: bool,
    /// Only the requests behind this figure
    #[arg(long, value_parser = FIGURES, conflicts_with_all = ["json", "csv", "html"])]
    figure: Option<String>,
    /// Of this team, person, client, channel or inbox, such as person:laura
    #[arg(long, requires = "figure", value_name = "KIND:NAME")]
    of: Option<String>,
    /// The register of escalations instead [default: of the last 30 days]
    #[arg(long, conflicts_with_all = ["name", "so_far", "html", "figure"])]
    escalations: bool,
}

pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    let client = Client::reading(global)?;
    let look = global.look_of(&client).await;
    let mut query = vec![format!("language={}", look.language.code())];
    for (name, value) in [("name", &args.name), ("from", &args.from), ("to", &args.to)] {
        query.extend(value.as_ref().map(|value| format!("{name}={}", encoded(value))));
    }
    if args.so_far {
        query.push("so_far=true".to_owned());
    }
    let resource = if args.escalations { "escalations" } else { "report" };
    let path = |format: &str| format!("/v1/{resource}?{}&format={format}", query.join("&"));
    if args.escalations && args.json {
        return output::json(&client.get(&path("json")).await?);
    }
    if let Some(figure) = &args.figure {
        return behind(global, &shown(&client, client.get(&path("json"))).await?, figure, args.of.as_deref());
    }
    let format = match (args.csv || args.escalations, args.html) {
        (true, _) => "csv",
        (false, true) => "html",
        (false, false) => {
            // Straight from the text: millions of numbers take much room as values of any kind.
            let text = shown(&client, client.text(&path("json"))).await?;
            let report: Report = serde_json::from_str(&text).with_context(|| {
                global.language().of(both!("the daemon is of another version", "el servicio es de otra versión"))
            })?;
            drop(text);
            if args.json {
                return output::json(&report);
            }
            figures::print(&report, look)?;
            return Ok(Exit::Done);
        }
    };
    let text = shown(&client, client.text(&path(format))).await?;
    output::line(text.trim_end())?;
    Ok(Exit::Done)
}

/// Waits for a report, with a bar for whoever sits before the terminal.
async fn shown<T>(client: &Client, report: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    if !std::io::stderr().is_terminal() {
        return report.await;
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    let mut report = std::pin::pin!(report);
    loop {
        tokio::select! {
            made = &mut report => {
                bar.finish_and_clear();
                return made;
            }
            () = tokio::time::sleep(LOOK_EVERY) => {
                // A daemon of an older version does not tell.
                let Ok(progress) = client.get("/v1/report/progress").await else { continue };
                let n = |field: &str| progress[field].as_u64().unwrap_or_default();
                bar.set_length(n("of"));
                bar.set_position(n("n"));
            }
        }
    }
}

/// The requests behind one figure, one a line.
fn behind(global: &Global, report: &serde_json::Value, figure: &str, of: Option<&str>) -> Outcome {
    let groups = report["groups"].as_array().cloned().unwrap_or_default();
    let is = |group: &serde_json::Value, field: &str, word: &str| {
        group[field].as_str().is_some_and(|known| known.eq_ignore_ascii_case(word))
    };
    let named = |group: &serde_json::Value, word: &str| is(group, "key", word) || is(group, "name", word);
    let found: Vec<_> = match of.map(|of| of.split_once(':').unwrap_or(("", of))) {
        None => groups.iter().filter(|group| group["by"] == "all").collect(),
        // Without its kind, a name that is the only one of it will do.
        Some(("", word)) => groups.iter().filter(|group| group["by"] != "all" && named(group, word)).collect(),
        Some((by, word)) => groups.iter().filter(|group| group["by"] == by && named(group, word)).collect(),
    };
    let [group] = found.as_slice() else {
        let meant = if found.is_empty() { groups.iter().collect() } else { found.clone() };
        let known = meant.iter().filter(|group| group["by"] != "all");
        let known = known.filter_map(|group| Some(format!("{}:{}", group["by"].as_str()?, group["key"].as_str()?)));
        let (known, word) = (known.collect::<Vec<_>>().join(", "), of.unwrap_or("all"));
        return Err(global.error(if known.is_empty() {
            both!(
                "the report has no `{word}`: nothing happened in that period",
                "el informe no tiene «{word}»: en ese período no pasó nada"
            )
        } else {
            both!(
                "the report has not just one `{word}`; it has {known}",
                "el informe no tiene un solo «{word}»; tiene {known}"
            )
        }));
    };
    let Some(requests) = group[figure]["requests"].as_array() else {
        let known = FIGURES.join(", ");
        return Err(global
            .error(both!("`{figure}` is no figure; there are {known}", "«{figure}» no es una cifra; hay {known}")));
    };
    for request in requests {
        output::line(&format!("R-{request}"))?;
    }
    Ok(Exit::Done)
}
