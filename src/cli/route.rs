//! `plazo route`: who would be told of a request, when and by what; nobody is told.

use super::client::Client;
use super::output::{self, state_style, styled};
use super::show::local;
use super::{Exit, Global, Outcome};
use crate::both;
use crate::text::Both;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The request, such as R-17
    request: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    let route = Client::reading(global)?.get(&format!("/v1/requests/{}/route", args.request)).await?;
    if args.json {
        return output::json(&route);
    }
    let look = global.look();
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
    let mut table = output::table(&language.of(Both {
        en: ["when", "promise", "step", "why", "who", "by", "else by", "waits"],
        es: ["cuándo", "promesa", "paso", "motivo", "a quién", "por", "si no, por", "espera"],
    }));
    for step in &steps {
        for way in step["told"].as_array().into_iter().flatten() {
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            let fallback: Vec<_> = way["fallback"].as_array().into_iter().flatten().map(text).collect();
            let why = text(&step["why"]);
            let waits = match way["held_for"].as_str() {
                Some(cause) => format!("{}, {}", reason(cause, language), local(&way["held_until"], look)),
                None => String::new(),
            };
            table.add_row([
                local(&step["at"], look),
                text(&step["clock"]),
                text(&step["step"]),
                if super::is_styled() { styled(state_style(&why), &why) } else { why },
                text(&way["person"]),
                text(&way["destination"]),
                fallback.join(", "),
                waits,
            ]);
        }
    }
    output::line(&table.to_string())?;
    Ok(Exit::Done)
}

/// Why something waits, in a word or two.
pub(super) fn reason(cause: &str, language: crate::text::Language) -> &'static str {
    language.of(match cause {
        "silence" => Both { en: "silenced", es: "en silencio" },
        "quiet" => Both { en: "outside of hours", es: "fuera de horario" },
        "daily" => Both { en: "summary of the day", es: "resumen del día" },
        "burst" => Both { en: "gathered with others", es: "se junta con otros" },
        "edit" => Both { en: "an edit of sla.toml", es: "un cambio de sla.toml" },
        _ => Both { en: "plazo was down", es: "plazo estuvo detenido" },
    })
}
