//! `plazo links`: ends the links that are out there, and makes the address of a calendar.

use clap::Subcommand;
use serde_json::{Value, json};

use super::client::Client;
use super::{Exit, Global, Outcome, output};
use crate::text::Both;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// End all links in alerts sent up to now, of one person or of everybody; alerts sent from now on have new ones
    Revoke {
        /// Only this person's: key, name or address
        #[arg(long, value_name = "WHO")]
        person: Option<String>,
        /// Only those of screens on a wall
        #[arg(long, conflicts_with = "person")]
        walls: bool,
    },
    /// The address of a person's calendar, to subscribe to: what falls due, turns, absences
    Calendar {
        /// Key, name or address of the person
        person: String,
    },
    /// Make another key: no link of before works any more, and no answer to the mail of an alert
    ChangeKey,
}

pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    let client = Client::writing(global)?;
    let language = global.look().language;
    let said = match &args.command {
        Command::Revoke { person, walls } => {
            client.post("/v1/links/revoke", &json!({ "person": person, "walls": walls })).await?;
            match person {
                None if *walls => language
                    .of(Both {
                        en: "no link of a screen works any more; plazo page --wall makes new ones",
                        es: "ningún enlace de una pantalla sirve ya; plazo page --wall hace otros",
                    })
                    .to_owned(),
                Some(person) => language
                    .of(crate::both!("the links of {person} no longer work", "los enlaces de {person} ya no sirven")),
                None => language
                    .of(Both {
                        en: "no link sent up to now works any more",
                        es: "ningún enlace enviado hasta ahora sirve ya",
                    })
                    .to_owned(),
            }
        }
        Command::Calendar { person } => {
            let answer = client.post("/v1/links/calendar", &json!({ "person": person })).await?;
            answer["url"].as_str().unwrap_or_default().to_owned()
        }
        Command::ChangeKey => {
            client.post("/v1/links/key", &Value::Null).await?;
            language
                .of(Both {
                    en: "the key is changed: no link sent up to now works any more, and no answer to an alert's mail",
                    es: "la clave cambió: ya no sirve ningún enlace enviado hasta ahora, ni la respuesta al correo de un aviso",
                })
                .to_owned()
        }
    };
    output::line(&said)?;
    Ok(Exit::Done)
}
