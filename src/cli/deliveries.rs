//! `plazo deliveries`: what was sent, what waits, until when and why, what is dead; and another try.

use clap::Subcommand;
use serde_json::json;

use super::client::Client;
use super::list::encoded;
use super::output::{self, state_style, styled};
use super::show::local;
use super::{Exit, Global, Outcome};
use crate::both;
use crate::text::Both;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// pending, held, leased, sent, unneeded, gathered, handed_over, dead or dropped
    #[arg(long)]
    state: Option<String>,
    /// Rows at most
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try a dead delivery again
    Retry {
        /// Its number
        delivery: i64,
    },
    /// Give up a delivery that waits or is dead
    Drop {
        /// Its number
        delivery: i64,
    },
}

pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    let look = global.look();
    let language = look.language;
    if let Some(Command::Retry { delivery }) = &args.command {
        let path = format!("/v1/deliveries/{delivery}/retry");
        Client::writing(global)?.post(&path, &json!({})).await?;
        output::line(
            &language.of(both!("delivery {delivery} is on its way again", "la entrega {delivery} sale de nuevo")),
        )?;
        return Ok(Exit::Done);
    }
    if let Some(Command::Drop { delivery }) = &args.command {
        Client::writing(global)?.post(&format!("/v1/deliveries/{delivery}/drop"), &json!({})).await?;
        output::line(&language.of(both!("delivery {delivery} is given up", "la entrega {delivery} queda descartada")))?;
        return Ok(Exit::Done);
    }
    let state = args.state.iter().map(|state| format!("&state={}", encoded(state))).collect::<String>();
    let page = Client::reading(global)?.get(&format!("/v1/deliveries?limit={}{state}", args.limit)).await?;
    if args.json {
        return output::json(&page);
    }
    let mut table = output::table(&language.of(Both {
        en: ["delivery", "state", "request", "why", "to", "by", "planned", "finished or next", "tries", "answer"],
        es: [
            "entrega",
            "estado",
            "solicitud",
            "motivo",
            "a",
            "por",
            "previsto",
            "hecho o próximo",
            "intentos",
            "respuesta",
        ],
    }));
    for delivery in page["deliveries"].as_array().into_iter().flatten() {
        let text = |field: &str| delivery[field].as_str().unwrap_or_default().to_owned();
        let state = text("state");
        let when = if delivery["finished_at"].is_null() { &delivery["next_at"] } else { &delivery["finished_at"] };
        let doubt = if delivery["in_doubt"] == true { " ?" } else { "" };
        let answer = match (delivery["held_by"].as_str(), delivery["held_for"].as_str()) {
            (Some(cause), _) => cause.to_owned(),
            (None, Some(cause)) => super::route::reason(cause, language).to_owned(),
            (None, None) => text("answer"),
        };
        table.add_row([
            delivery["id"].to_string(),
            if super::is_styled() { styled(state_style(&state), &state) } else { state },
            text("request"),
            text("why"),
            text("person"),
            text("destination"),
            local(&delivery["planned_at"], look),
            local(when, look),
            format!("{}{doubt}", delivery["attempts"]),
            answer,
        ]);
    }
    output::line(&table.to_string())?;
    Ok(Exit::Done)
}
