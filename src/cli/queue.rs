//! `plazo queue`: what plazo looks at next.

use super::client::Client;
use super::list::left_out;
use super::look::instant;
use super::output::{self, Cell, Column, RED, Table, YELLOW};
use super::show::client_of;
use super::{Exit, Global, Outcome};
use crate::text::{Both, vocabulary};

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
    let client = Client::reading(global)?;
    let queue = client.get(&format!("/v1/queue?limit={}", args.limit)).await?;
    if args.json {
        return output::json(&queue);
    }
    let look = global.look_of(&client).await;
    let language = look.language;
    let wakes = queue["wakes"].as_array().cloned().unwrap_or_default();
    if wakes.is_empty() {
        output::line(language.of(Both {
            en: "nothing is to come: no promise runs",
            es: "no hay nada por venir: no corre ninguna promesa",
        }))?;
        return Ok(Exit::Done);
    }
    let [next, left, why, id, customer, owner, channel, due] = language.of(Both {
        en: ["next", "left", "what for", "request", "client", "owner", "channel", "due"],
        es: ["próximo", "falta", "para qué", "solicitud", "cliente", "responsable", "canal", "vence"],
    });
    let next = look.of_zone(next);
    let mut table = Table::new(
        [&next, left, why, id, customer, owner, channel, due],
        [
            Column::WHOLE,
            Column::WHOLE.leaves(3),
            Column::WHOLE,
            Column::WHOLE,
            Column::text(12),
            Column::text(10),
            Column::WHOLE.leaves(1),
            Column::WHOLE.leaves(2),
        ],
    );
    for wake in &wakes {
        let request = &wake["request"];
        let text = |field: &str| request[field].as_str().unwrap_or_default().to_owned();
        let (style, why) = match (wake["why"] == "breach", instant(&request["due_at"]) < instant(&wake["at"])) {
            (true, false) => (RED, Both { en: "it is due", es: "vence" }),
            (true, true) => (RED, Both { en: "next level", es: "sube de nivel" }),
            (false, _) => (YELLOW, Both { en: "alert", es: "aviso" }),
        };
        table.add_row([
            Cell::from(look.when(&wake["at"])),
            look.distance(&wake["at"]).into(),
            Cell::styled(style, language.of(why)),
            text("id").into(),
            client_of(request).into(),
            text("owner").into(),
            vocabulary::channel(&text("channel"), language).into(),
            look.when(&request["due_at"]).into(),
        ]);
    }
    output::line(&table.to_string())?;
    left_out(wakes.len(), queue["length"].as_u64(), language)?;
    Ok(Exit::Done)
}
