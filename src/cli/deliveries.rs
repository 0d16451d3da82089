//! `plazo deliveries`: what was sent, what waits, until when and why, what is dead; and another try.

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::{Value, json};

use super::client::Client;
use super::list::left_out;
use super::look::Look;
use super::output::{self, Cell, Column, Table, state_style};
use super::{Exit, Global, Outcome};
use crate::both;
use crate::outbox::DeliveryState;
use crate::text::{Both, vocabulary};

/// A state by its word; clap completes and checks them.
fn states() -> impl TypedValueParser<Value = DeliveryState> {
    PossibleValuesParser::new(DeliveryState::ALL.map(DeliveryState::as_str))
        .try_map(|word| DeliveryState::of(&word).ok_or(word))
}

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Only those in this state
    #[arg(long, value_parser = states())]
    state: Option<DeliveryState>,
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
    let state = args.state.iter().map(|state| format!("&state={}", state.as_str())).collect::<String>();
    let client = Client::reading(global)?;
    let page = client.get(&format!("/v1/deliveries?limit={}{state}", args.limit)).await?;
    if args.json {
        return output::json(&page);
    }
    let look = global.look_of(&client).await;
    let deliveries = page["deliveries"].as_array().cloned().unwrap_or_default();
    if deliveries.is_empty() {
        let language = look.language;
        output::line(&match args.state {
            None => language.of(both!("nobody was told of anything yet", "todavía no se ha avisado a nadie")),
            Some(state) => {
                let state = vocabulary::delivery_state(state, language);
                language.of(both!("no message is in that state: {state}", "ningún aviso está así: {state}"))
            }
        })?;
        return Ok(Exit::Done);
    }
    output::line(&table(&deliveries, look).to_string())?;
    left_out(deliveries.len(), page["total"].as_u64(), look.language)?;
    Ok(Exit::Done)
}

fn table(deliveries: &[Value], look: Look) -> Table {
    let language = look.language;
    let [id, state, request, why, to, by, planned, when, tries, answer] = language.of(Both {
        en: ["message", "state", "request", "why", "to", "by", "planned", "done or next", "tries", "answer"],
        es: [
            "aviso",
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
    });
    let when = look.of_zone(when);
    let mut table = Table::new(
        [id, state, request, why, to, by, &when, planned, tries, answer],
        [
            Column::NUMBER,
            Column::WHOLE,
            Column::WHOLE,
            Column::WHOLE.leaves(5),
            Column::text(10),
            Column::text(8).leaves(3),
            Column::WHOLE,
            Column::WHOLE.leaves(1),
            Column::NUMBER.leaves(2),
            Column::text(20).leaves(4),
        ],
    );
    for delivery in deliveries {
        let text = |field: &str| delivery[field].as_str().unwrap_or_default().to_owned();
        let state = text("state");
        let known = DeliveryState::of(&state).map(|known| vocabulary::delivery_state(known, language));
        let shown = known.map_or_else(|| state.clone(), str::to_owned);
        let when = if delivery["finished_at"].is_null() { &delivery["next_at"] } else { &delivery["finished_at"] };
        let doubt = if delivery["in_doubt"] == true { " ?" } else { "" };
        let answer = match (delivery["held_by"].as_str(), delivery["held_for"].as_str()) {
            (Some(cause), _) => cause.to_owned(),
            (None, Some(cause)) => super::route::reason(cause, language).to_owned(),
            (None, None) => vocabulary::answer(&text("answer"), language).into_owned(),
        };
        let to = delivery["name"].as_str().map_or_else(|| text("person"), str::to_owned);
        table.add_row([
            Cell::from(delivery["id"].to_string()),
            Cell::styled(state_style(&state), shown),
            text("request").into(),
            vocabulary::motive(&text("why"), language).into(),
            to.into(),
            vocabulary::destination(&text("destination"), language).into(),
            look.when(when).into(),
            look.when(&delivery["planned_at"]).into(),
            format!("{}{doubt}", delivery["attempts"]).into(),
            answer.into(),
        ]);
    }
    table
}
