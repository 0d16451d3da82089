//! `plazo explain`: how every instant of a request follows from the file and from what happened.

use chrono_tz::Tz;

use super::client::Client;
use super::output::{self, BLUE, DIM, state_style, styled};
use super::{Exit, Global, Outcome};
use crate::engine::explain::Explanation;
use crate::text::Both;
use crate::text::explain::{Section, sections};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The request, such as R-17
    request: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    let value = Client::reading(global)?.get(&format!("/v1/requests/{}/explain", args.request)).await?;
    if args.json {
        return output::json(&value);
    }
    let explanation: Explanation = serde_json::from_value(value)?;
    let look = global.look();
    output::line(&styled(BLUE, explanation.request))?;
    if 0 < explanation.n_earlier {
        let earlier = ["earlier clock is not shown", "earlier clocks are not shown"];
        let es = ["reloj anterior no se muestra", "relojes anteriores no se muestran"];
        output::line(&look.language.of(Both { en: earlier, es }.counted(explanation.n_earlier)))?;
    }
    for section in sections(&explanation, look.zone.unwrap_or(Tz::UTC), look.language) {
        print(&section)?;
    }
    Ok(Exit::Done)
}

fn print(section: &Section) -> anyhow::Result<()> {
    output::line("")?;
    let state = section.state.map(|(state, word)| format!("  {}", styled(state_style(state.as_str()), word)));
    output::line(&format!("{}{}", styled(BLUE, &section.title), state.unwrap_or_default()))?;
    for (label, text) in &section.rows {
        output::line(&format!("  {} {text}", styled(DIM, format!("{label:<11}"))))?;
    }
    Ok(())
}
