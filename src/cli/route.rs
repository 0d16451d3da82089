//! `plazo route`: who would be told of a request, when and by what; nobody is told.

use super::client::Client;
use super::output::{self, Cell, Column, Table, state_style};
use super::{Exit, Global, Outcome};
use crate::text::{Both, Language, vocabulary};
use crate::{both, span};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The request, such as R-17
    request: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    let client = Client::reading(global)?;
    let route = client.get(&format!("/v1/requests/{}/route", args.request)).await?;
    if args.json {
        return output::json(&route);
    }
    let look = global.look_of(&client).await;
    let language = look.language;
    let steps = route["steps"].as_array().cloned().unwrap_or_default();
    if steps.is_empty() {
        let request = &args.request;
        output::line(&language.of(both!(
            "as things stand, nobody is told any more of {request}",
            "como está, ya no se avisa a nadie de {request}"
        )))?;
        return Ok(Exit::Done);
    }
    let [when, promise, step, why, who, by, fallback, waits] = language.of(Both {
        en: ["when", "promise", "step", "why", "who", "by", "else by", "waits"],
        es: ["cuándo", "promesa", "paso", "motivo", "a quién", "por", "si no, por", "espera"],
    });
    let when = look.of_zone(when);
    let mut table = Table::new(
        [&when, promise, step, why, who, by, fallback, waits],
        [
            Column::WHOLE,
            Column::text(12),
            Column::WHOLE.leaves(2),
            Column::WHOLE,
            Column::text(10),
            Column::text(8),
            Column::text(8).leaves(1),
            Column::text(12),
        ],
    );
    for step in &steps {
        for way in step["told"].as_array().into_iter().flatten() {
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            let fallback: Vec<_> = way["fallback"].as_array().into_iter().flatten().map(text).collect();
            let why = text(&step["why"]);
            let away: Vec<_> = way["in_place_of"].as_array().into_iter().flatten().map(text).collect();
            let (person, away) = (text(&way["person"]), away.join(", "));
            let who = match away.is_empty() {
                true => person,
                false => language.of(both!("{person}, in place of {away}", "{person}, en lugar de {away}")),
            };
            let waits = match way["held_for"].as_str() {
                Some(cause) => format!("{}, {}", reason(cause, language), look.when(&way["held_until"])),
                None => String::new(),
            };
            table.add_row([
                Cell::from(look.when(&step["at"])),
                vocabulary::task_of(&text(&step["clock"]), language).into(),
                self::step(&text(&step["step"]), language).into(),
                Cell::styled(state_style(&why), vocabulary::motive(&why, language)),
                who.into(),
                match way["does"].as_str() {
                    Some(deed) => format!("{}: {deed}", text(&way["destination"])),
                    None => vocabulary::destination(&text(&way["destination"]), language).to_owned(),
                }
                .into(),
                fallback.join(", ").into(),
                waits.into(),
            ]);
        }
    }
    output::line(&table.to_string())?;
    Ok(Exit::Done)
}

/// A step as the file writes it, in words.
pub(in crate::cli) fn step(word: &str, language: Language) -> String {
    span::offset(word).map_or_else(|_| word.to_owned(), |offset| vocabulary::step(offset, language))
}

/// Why something waits, in a word or two.
pub(super) fn reason(cause: &str, language: Language) -> &'static str {
    language.of(match cause {
        "silence" => Both { en: "silenced", es: "en silencio" },
        "quiet" => Both { en: "outside of hours", es: "fuera de horario" },
        "daily" => Both { en: "summary of the day", es: "resumen del día" },
        "burst" => Both { en: "gathered with others", es: "se junta con otros" },
        "history" => Both { en: "from before plazo knew of it", es: "de antes de que plazo lo conociera" },
        "edit" => Both { en: "an edit of sla.toml", es: "un cambio de sla.toml" },
        "away" => Both { en: "until whoever is away comes back", es: "hasta que vuelva quien está ausente" },
        _ => Both { en: "plazo was down", es: "plazo estuvo detenido" },
    })
}
