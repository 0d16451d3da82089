//! `plazo list`: requests in a table, what is due first at the top.

use serde_json::Value;

use super::client::Client;
use super::output::{self, Cell, Column, DIM, Table, state_style, styled};
use super::show::client_of;
use super::{Exit, Global, Outcome};
use crate::both;
use crate::text::{Both, Language, vocabulary};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which ones
    #[arg(long, default_value = "open", value_parser = ["open", "waiting", "overdue", "closed", "all"])]
    state: String,
    /// Only this channel
    #[arg(long)]
    channel: Option<String>,
    /// Only this owner
    #[arg(long)]
    owner: Option<String>,
    /// Only what people of this team own, and what its policies promise
    #[arg(long)]
    team: Option<String>,
    /// Only this client
    #[arg(long)]
    customer: Option<String>,
    /// Rows at most
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    // What has ended is due no more: the newest of it stands at the top.
    let order = if args.state == "closed" { "newest" } else { "due" };
    let mut query = vec![format!("state={}", encoded(&args.state)), format!("limit={}&order={order}", args.limit)];
    let filters =
        [("channel", &args.channel), ("owner", &args.owner), ("team", &args.team), ("customer", &args.customer)];
    for (name, word) in filters {
        query.extend(word.iter().map(|word| format!("{name}={}", encoded(word))));
    }
    let client = Client::reading(global)?;
    let page = client.get(&format!("/v1/requests?{}", query.join("&"))).await?;
    if args.json {
        return output::json(&page);
    }
    let look = global.look_of(&client).await;
    let language = look.language;
    let requests = page["requests"].as_array().cloned().unwrap_or_default();
    if requests.is_empty() {
        output::line(none(&args.state, language))?;
        return Ok(Exit::Done);
    }
    let [id, state, channel, customer, subject, owner, due, left] = language.of(Both {
        en: ["request", "state", "channel", "client", "subject", "owner", "due", "left"],
        es: ["solicitud", "estado", "canal", "cliente", "asunto", "responsable", "vence", "falta"],
    });
    let due = look.of_zone(due);
    let mut table = Table::new(
        [id, state, &due, left, customer, subject, owner, channel],
        [
            Column::WHOLE,
            Column::WHOLE,
            Column::WHOLE,
            Column::WHOLE.leaves(2),
            Column::text(12),
            Column::text(12).leaves(3),
            Column::text(10),
            Column::WHOLE.leaves(1),
        ],
    );
    for request in &requests {
        let text = |field: &str| request[field].as_str().unwrap_or_default().to_owned();
        let state = if is_overdue(request) { "overdue".to_owned() } else { text("state") };
        let is_live = matches!(request["state"].as_str(), Some("open" | "waiting"));
        table.add_row([
            Cell::from(text("id")),
            Cell::styled(state_style(&state), vocabulary::request_state(&state, language)),
            look.when(&request["due_at"]).into(),
            if is_live { look.distance(&request["due_at"]) } else { String::new() }.into(),
            client_of(request).into(),
            text("subject").into(),
            text("owner").into(),
            vocabulary::channel(&text("channel"), language).into(),
        ]);
    }
    output::line(&table.to_string())?;
    if page["total"].is_null() && !page["next"].is_null() {
        let more = Both { en: "there are more: --limit", es: "hay más: --limit" };
        output::line(&styled(DIM, language.of(more)))?;
    }
    left_out(requests.len(), page["total"].as_u64(), language)?;
    Ok(Exit::Done)
}

/// Says how much is not shown.
pub(super) fn left_out(n_shown: usize, total: Option<u64>, language: Language) -> anyhow::Result<()> {
    match total {
        Some(total) if (n_shown as u64) < total => output::line(&styled(
            DIM,
            language.of(both!("{n_shown} of {total} · more: --limit", "{n_shown} de {total} · más: --limit")),
        )),
        _ => Ok(()),
    }
}

fn is_overdue(request: &Value) -> bool {
    let clocks = request["clocks"].as_array();
    clocks
        .is_some_and(|clocks| clocks.iter().any(|clock| clock["state"] == "breached" && clock["stopped_at"].is_null()))
}

fn none(state: &str, language: Language) -> &'static str {
    language.of(match state {
        "open" => Both { en: "no open requests", es: "no hay solicitudes abiertas" },
        "waiting" => Both { en: "no request waits for anybody", es: "ninguna solicitud está en espera" },
        "overdue" => Both { en: "nothing is overdue", es: "no hay nada vencido" },
        "closed" => Both { en: "no closed requests", es: "no hay solicitudes cerradas" },
        _ => Both { en: "no requests", es: "no hay solicitudes" },
    })
}

/// A word as it stands in a query.
pub(super) fn encoded(word: &str) -> String {
    word.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
