//! `plazo away`: who is away, until when, and who stands in.

use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::client::Client;
use super::look::Look;
use super::output::{self, BLUE, Cell, Column, DIM, Table, YELLOW};
use super::show::local;
use super::{Exit, Global, Outcome};
use crate::both;
use crate::text::Both;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Who is away; without a name, everybody who is is listed
    #[arg(requires = "until")]
    person: Option<String>,
    /// Until when, such as "mon 08:00" or 2026-12-08, that day included
    #[arg(long, value_name = "WHEN", requires = "person", allow_hyphen_values = true)]
    until: Option<String>,
    /// From when, such as "tomorrow 12:00" [default: now]
    #[arg(long, value_name = "WHEN", requires = "person", allow_hyphen_values = true)]
    from: Option<String>,
    /// Who stands in; the lead where it is left out
    #[arg(long, value_name = "PERSON", requires = "person")]
    substitute: Option<String>,
    /// Who says so
    #[arg(long, value_name = "PERSON", requires = "person")]
    by: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// End an absence before its time
    End {
        /// Its number
        absence: i64,
    },
}

/// Who is `away` of an answer, until when, and who is told instead; a line each.
pub(super) fn tell(answer: &Value, look: Look) -> anyhow::Result<()> {
    for one in answer["away"].as_array().into_iter().flatten() {
        let (name, until) = (one["name"].as_str().unwrap_or_default(), look.when(&one["until"]));
        output::line(&look.language.of(match one["stands_in"].as_str() {
            Some(other) => both!(
                "{name} is away until {until}; {other} is told instead",
                "{name} está ausente hasta {until}; se avisa a {other}"
            ),
            None => both!(
                "{name} is away until {until}; nobody stands in",
                "{name} está ausente hasta {until}; sin reemplazo"
            ),
        }))?;
    }
    Ok(())
}

pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    let look = global.look();
    let language = look.language;
    if let Some(Command::End { absence }) = &args.command {
        Client::writing(global)?.post(&format!("/v1/away/{absence}/end"), &json!({})).await?;
        output::line(&language.of(both!("absence {absence} is over", "la ausencia {absence} terminó")))?;
        return Ok(Exit::Done);
    }
    if let Some(person) = &args.person {
        let given = [
            ("person", Some(person)),
            ("until", args.until.as_ref()),
            ("from", args.from.as_ref()),
            ("substitute", args.substitute.as_ref()),
            ("by", args.by.as_ref()),
        ];
        let body: Map<String, Value> =
            given.into_iter().filter_map(|(key, word)| Some((key.to_owned(), word?.clone().into()))).collect();
        let made = Client::writing(global)?.post("/v1/away", &Value::Object(body)).await?;
        if args.json {
            return output::json(&made);
        }
        let word = |field: &str| made[field].as_str().unwrap_or_default().to_owned();
        let (name, other, until) = (word("name"), word("stands_in"), local(&made["until"], look));
        let told = if other.is_empty() {
            both!(
                "{name} is away until {until}; nobody stands in, so whoever stands above is told",
                "{name} estará ausente hasta {until}; no hay reemplazo, así que se avisa a quien esté por encima"
            )
        } else {
            both!(
                "{name} is away until {until}; {other} is told instead",
                "{name} estará ausente hasta {until}; se avisa a {other}"
            )
        };
        output::line(&language.of(told))?;
        return Ok(Exit::Done);
    }
    let page = Client::reading(global)?.get("/v1/away").await?;
    if args.json {
        return output::json(&page);
    }
    let away = page["away"].as_array().cloned().unwrap_or_default();
    if away.is_empty() {
        output::line(language.of(Both { en: "nobody is away", es: "nadie está ausente" }))?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new(
        language.of(Both {
            en: ["absence", "state", "person", "from", "until", "told instead", "by"],
            es: ["ausencia", "estado", "persona", "desde", "hasta", "se avisa a", "por"],
        }),
        [
            Column::NUMBER,
            Column::WHOLE,
            Column::text(12),
            Column::WHOLE.leaves(1),
            Column::WHOLE,
            Column::text(12),
            Column::text(8).leaves(2),
        ],
    );
    for row in &away {
        let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        let (style, word) = match (row["id"].as_i64(), row["holds"].as_bool()) {
            (_, Some(true)) => (YELLOW, Both { en: "away", es: "ausente" }),
            (None, _) => (DIM, Both { en: "in sla.toml", es: "en sla.toml" }),
            _ => (BLUE, Both { en: "planned", es: "prevista" }),
        };
        table.add_row([
            Cell::from(row["id"].as_i64().map(|id| id.to_string()).unwrap_or_default()),
            Cell::styled(style, language.of(word)),
            text("name").into(),
            local(&row["from"], look).into(),
            local(&row["until"], look).into(),
            text("stands_in").into(),
            text("who").into(),
        ]);
    }
    output::line(&table.to_string())?;
    Ok(Exit::Done)
}
