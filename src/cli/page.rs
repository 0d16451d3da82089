//! `plazo page`: an address that leads into the live pages, or onto a wall; and `plazo sessions`: who is signed in to them.

use clap::Subcommand;
use serde_json::{Value, json};

use super::client::Client;
use super::look::Look;
use super::output::{self, Cell, Column, DIM, Table, YELLOW, styled};
use super::show::local;
use super::{Exit, Global, Outcome};
use crate::both;
use crate::text::Both;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Whose page [default: this machine's user, who sees everything]
    #[arg(long, value_name = "PERSON")]
    by: Option<String>,
    /// A screen that only shows, for a wall
    #[arg(long, conflicts_with = "by")]
    wall: bool,
    /// Of a wall: only this team
    #[arg(long, requires = "wall")]
    team: Option<String>,
    /// Of a wall: only this inbox
    #[arg(long, requires = "wall")]
    inbox: Option<String>,
    /// Of a wall: without clients' names and subjects
    #[arg(long, requires = "wall")]
    hide_names: bool,
    /// Of a wall: how long its link works, such as "30 days" [default: 90 days]
    #[arg(long = "for", value_name = "SPAN", requires = "wall")]
    span: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct SessionArgs {
    #[command(subcommand)]
    command: Option<SessionCommand>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum SessionCommand {
    /// End a session, or all of a person, or of everybody
    End {
        /// Its number
        #[arg(required_unless_present_any = ["person", "all"])]
        session: Option<i64>,
        /// All sessions of this person
        #[arg(long, value_name = "PERSON", conflicts_with = "session")]
        person: Option<String>,
        /// Everybody's
        #[arg(long, conflicts_with_all = ["session", "person"])]
        all: bool,
    },
}

pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    let wall = args
        .wall
        .then(|| json!({ "team": args.team, "inbox": args.inbox, "hide_names": args.hide_names, "for": args.span }));
    let client = Client::writing(global)?;
    let made = client.post("/v1/page", &json!({ "person": args.by, "wall": wall })).await?;
    if args.json {
        output::json(&made)?;
        return Ok(Exit::Done);
    }
    let look = global.look_of(&client).await;
    output::line(made["url"].as_str().unwrap_or_default())?;
    let until = look.when(&made["until"]);
    output::line(&styled(
        DIM,
        look.language.of(if args.wall {
            both!(
                "it only shows, and works until {until}; plazo links revoke ends it",
                "solo muestra, y sirve hasta {until}; plazo links revoke lo termina"
            )
        } else {
            both!(
                "open it in a browser; it works once, until {until}",
                "ábralo en un navegador; sirve una vez, hasta {until}"
            )
        }),
    ))?;
    Ok(Exit::Done)
}

pub(super) async fn sessions(global: &Global, args: &SessionArgs) -> Outcome {
    if let Some(SessionCommand::End { session, person, .. }) = &args.command {
        let client = Client::writing(global)?;
        let language = global.look().language;
        let said = match session {
            Some(session) => {
                client.post(&format!("/v1/sessions/{session}/end"), &Value::Null).await?;
                both!("session {session} is over", "la sesión {session} terminó")
            }
            None => {
                let ended = client.post("/v1/sessions/end", &json!({ "person": person })).await?;
                let n = usize::try_from(ended["ended"].as_u64().unwrap_or_default()).unwrap_or(usize::MAX);
                Both { en: ["session is over", "sessions are over"], es: ["sesión terminó", "sesiones terminaron"] }
                    .counted(n)
            }
        };
        output::line(&language.of(said))?;
        return Ok(Exit::Done);
    }
    let client = Client::reading(global)?;
    let listed = client.get("/v1/sessions").await?;
    if args.json {
        output::json(&listed)?;
        return Ok(Exit::Done);
    }
    let look = global.look_of(&client).await;
    let rows = listed["sessions"].as_array().cloned().unwrap_or_default();
    if rows.is_empty() {
        output::line(look.language.of(Both { en: "nobody is signed in", es: "nadie ha entrado" }))?;
        return Ok(Exit::Done);
    }
    output::line(&table(&rows, look).to_string())?;
    Ok(Exit::Done)
}

fn table(rows: &[Value], look: Look) -> Table {
    let mut table = Table::new(
        look.language.of(Both {
            en: ["no.", "who", "since", "last seen", "until", "browser"],
            es: ["n.º", "quién", "desde", "visto", "hasta", "navegador"],
        }),
        [
            Column::NUMBER,
            Column::text(12),
            Column::WHOLE,
            Column::WHOLE.leaves(2),
            Column::WHOLE.leaves(1),
            Column::text(10).leaves(3),
        ],
    );
    for row in rows {
        let name = row["name"].as_str().unwrap_or_default().to_owned();
        let name = if row["holds"] == false {
            Cell::styled(
                YELLOW,
                look.language.of(both!("{name} (not in the file)", "{name} (ya no está en el archivo)")),
            )
        } else {
            name.into()
        };
        table.add_row([
            Cell::from(row["id"].to_string()),
            name,
            local(&row["since"], look).into(),
            local(&row["seen_at"], look).into(),
            local(&row["until"], look).into(),
            row["browser"].as_str().unwrap_or_default().to_owned().into(),
        ]);
    }
    table
}
