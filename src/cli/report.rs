//! `plazo report`: figures of a period, and the register of escalations.

use super::client::Client;
use super::list::encoded;
use super::output;
use super::{Exit, Global, Outcome};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its name in sla.toml; the first one where it is left out
    name: Option<String>,
    /// From when: an instant [default: the last whole week, or day]
    #[arg(long, value_name = "INSTANT")]
    from: Option<String>,
    /// Until when
    #[arg(long, value_name = "INSTANT")]
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
    /// Only the requests behind this figure: first_response, response, resolution, kept, unanswered, closed_unanswered, early
    /// or violations
    #[arg(long, conflicts_with_all = ["json", "csv", "html"])]
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
    let mut query = vec![format!("language={}", global.look().language.code())];
    for (name, value) in [("name", &args.name), ("from", &args.from), ("to", &args.to)] {
        query.extend(value.as_ref().map(|value| format!("{name}={}", encoded(value))));
    }
    if args.so_far {
        query.push("so_far=true".to_owned());
    }
    let resource = if args.escalations { "escalations" } else { "report" };
    let path = |format: &str| format!("/v1/{resource}?{}&format={format}", query.join("&"));
    if args.json || args.figure.is_some() {
        let answer = client.get(&path("json")).await?;
        return match &args.figure {
            None => output::json(&answer),
            Some(figure) => behind(&answer, figure, args.of.as_deref()),
        };
    }
    let format = match (args.csv || args.escalations, args.html) {
        (true, _) => "csv",
        (false, true) => "html",
        (false, false) => "text",
    };
    let text = client.text(&path(format)).await?;
    output::line(text.trim_end())?;
    Ok(Exit::Done)
}

/// The requests behind one figure, one a line.
fn behind(report: &serde_json::Value, figure: &str, of: Option<&str>) -> Outcome {
    let (by, key) = of.and_then(|of| of.split_once(':')).unwrap_or(("all", ""));
    let groups = report["groups"].as_array().cloned().unwrap_or_default();
    let is_meant = |group: &&serde_json::Value| {
        let is = |field: &str| group[field].as_str().is_some_and(|word| word.eq_ignore_ascii_case(key));
        group["by"] == by && (is("key") || is("name"))
    };
    let Some(group) = groups.iter().find(is_meant) else {
        let known =
            groups.iter().filter_map(|group| Some(format!("{}:{}", group["by"].as_str()?, group["key"].as_str()?)));
        anyhow::bail!("the report has no `{by}:{key}`; it has {}", known.collect::<Vec<_>>().join(", "));
    };
    let Some(requests) = group[figure]["requests"].as_array() else {
        anyhow::bail!(
            "`{figure}` is no figure; there are first_response, response, resolution, kept, unanswered, closed_unanswered, early, violations"
        );
    };
    for request in requests {
        output::line(&format!("R-{request}"))?;
    }
    Ok(Exit::Done)
}
