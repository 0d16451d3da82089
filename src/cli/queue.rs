//! `plazo queue`: what plazo looks at next.

use super::client::Client;
use super::output::{self, RED, YELLOW, styled};
use super::show::{client_of, due};
use super::{Exit, Global, Outcome};
use crate::text::Both;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Rows at most
    #[arg(long, default_value_t = 20)]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    let queue = Client::reading(global)?.get(&format!("/v1/queue?limit={}", args.limit)).await?;
    if args.json {
        return output::json(&queue);
    }
    let look = global.look();
    let language = look.language;
    let mut table = output::table(&language.of(Both {
        en: ["next", "what for", "request", "channel", "client", "owner", "due"],
        es: ["próximo", "para qué", "solicitud", "canal", "cliente", "responsable", "vence"],
    }));
    for wake in queue["wakes"].as_array().into_iter().flatten() {
        let request = &wake["request"];
        let text = |field: &str| request[field].as_str().unwrap_or_default().to_owned();
        let is_breach = wake["why"] == "breach";
        let why = language.of(if is_breach {
            Both { en: "breach", es: "vencimiento" }
        } else {
            Both { en: "warning", es: "aviso" }
        });
        let style = if is_breach { RED } else { YELLOW };
        table.add_row([
            due(&wake["at"], "open", look),
            if super::is_styled() { styled(style, why) } else { why.to_owned() },
            text("id"),
            text("channel"),
            client_of(request),
            text("owner"),
            due(&request["due_at"], "open", look),
        ]);
    }
    output::line(&table.to_string())?;
    Ok(Exit::Done)
}
