//! `plazo list`: requests in a table.

use super::client::Client;
use super::output::{self, state_style, styled};
use super::show::{client_of, due};
use super::{Exit, Global, Outcome};
use crate::text::{Both, Language};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// open, waiting, overdue, closed or all
    #[arg(long, default_value = "open")]
    state: String,
    /// Only this channel
    #[arg(long)]
    channel: Option<String>,
    /// Only this owner
    #[arg(long)]
    owner: Option<String>,
    /// Rows at most
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    let mut query = vec![format!("state={}", encoded(&args.state)), format!("limit={}", args.limit)];
    query.extend(args.channel.iter().map(|channel| format!("channel={}", encoded(channel))));
    query.extend(args.owner.iter().map(|owner| format!("owner={}", encoded(owner))));
    let page = Client::reading(global)?.get(&format!("/v1/requests?{}", query.join("&"))).await?;
    if args.json {
        return output::json(&page);
    }
    let look = global.look();
    let language = look.language;
    let mut table = output::table(&language.of(Both {
        en: ["request", "state", "channel", "client", "subject", "owner", "due"],
        es: ["solicitud", "estado", "canal", "cliente", "asunto", "responsable", "vence"],
    }));
    for request in page["requests"].as_array().into_iter().flatten() {
        let text = |field: &str| request[field].as_str().unwrap_or_default().to_owned();
        let is_overdue = request["clocks"].as_array().is_some_and(|clocks| {
            clocks.iter().any(|clock| clock["state"] == "breached" && clock["stopped_at"].is_null())
        });
        let state = if is_overdue { "overdue".to_owned() } else { text("state") };
        let name = if is_overdue { overdue(language).to_owned() } else { state.clone() };
        table.add_row([
            text("id"),
            shown(&state, &name),
            text("channel"),
            client_of(request),
            text("subject"),
            text("owner"),
            due(&request["due_at"], &text("state"), look),
        ]);
    }
    output::line(&table.to_string())?;
    Ok(Exit::Done)
}

fn overdue(language: Language) -> &'static str {
    language.of(Both { en: "overdue", es: "vencida" })
}

fn shown(state: &str, name: &str) -> String {
    if super::is_styled() { styled(state_style(state), name) } else { name.to_owned() }
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
