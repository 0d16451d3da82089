//! `plazo violations`: rules that were broken, and what somebody says to them.

use serde_json::{Value, json};

use super::client::Client;
use super::list::encoded;
use super::look::Look;
use super::output::{self, DIM, GREEN, YELLOW, styled};
use super::{Exit, Global, Outcome};
use crate::both;

/// Under the rule's id.
const INDENT: &str = "     ";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The violation to which something is said
    #[arg(requires = "excuse", value_name = "NUMBER")]
    violation: Option<i64>,
    /// What is said to it: nobody further up is told, and reports show it
    #[arg(long, requires = "violation", value_name = "TEXT")]
    excuse: Option<String>,
    /// Who says it
    #[arg(long, requires = "excuse", value_name = "PERSON")]
    by: Option<String>,
    /// Of this rule only, such as A9
    #[arg(long)]
    rule: Option<String>,
    /// Of this request only, such as R-17
    #[arg(long)]
    request: Option<String>,
    /// Not before this instant
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    since: Option<String>,
    /// Only those to which nobody has said anything
    #[arg(long)]
    open: bool,
    /// Rows at most
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    if let (Some(id), Some(excuse)) = (args.violation, &args.excuse) {
        let body = json!({ "excuse": excuse, "by": args.by });
        let client = Client::writing(global)?;
        let row = client.post(&format!("/v1/violations/{id}/excuse"), &body).await?;
        if args.json {
            output::json(&row)?;
            return Ok(Exit::Done);
        }
        return show(&row, global.look_of(&client).await).map(|()| Exit::Done);
    }
    let mut query = format!("/v1/violations?limit={}&open={}", args.limit, args.open);
    for (name, value) in [("rule", &args.rule), ("request", &args.request), ("since", &args.since)] {
        if let Some(value) = value {
            query += &format!("&{name}={}", encoded(value));
        }
    }
    let client = Client::reading(global)?;
    let answer = client.get(&query).await?;
    if args.json {
        output::json(&answer)?;
        return Ok(Exit::Done);
    }
    let look = global.look_of(&client).await;
    let rows = answer["violations"].as_array().cloned().unwrap_or_default();
    if rows.is_empty() {
        let none = look.language.of(both!("no rule was broken", "no se incumplió ninguna regla"));
        output::line(&styled(GREEN, none))?;
        return Ok(Exit::Done);
    }
    for row in &rows {
        show(row, look)?;
    }
    let is_open = rows.iter().any(|row| row["excuse"].is_null());
    Ok(if is_open { Exit::Found } else { Exit::Done })
}

/// A violation in three lines: what, where and by whom, and what would put it right or was said to it.
fn show(row: &Value, look: Look) -> anyhow::Result<()> {
    let word = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let rule = format!("{:<4}", word("rule"));
    let head = styled(if row["excuse"].is_null() { YELLOW } else { DIM }, rule);
    let room = output::width().map_or(usize::MAX, |width| width.saturating_sub(INDENT.len()));
    for (n, line) in output::wrapped(&word("what"), room).into_iter().enumerate() {
        output::line(&if n == 0 { format!("{head} {line}") } else { format!("{INDENT}{line}") })?;
    }
    let (number, request) = (row["id"].as_i64().unwrap_or_default(), word("request"));
    let who = [word("who"), word("owner")].into_iter().find(|who| !who.is_empty());
    let who = who.map_or_else(String::new, |who| format!(" · {who}"));
    let place = format!("#{number} · {request} · {}{who}", look.when(&row["at"]));
    let line = match row["excuse"].as_str() {
        Some(excuse) => {
            let by = row["excused_by"].as_str().map_or_else(String::new, |by| format!(" ({by})"));
            look.language.of(both!("explained: {excuse}{by}", "explicado: {excuse}{by}"))
        }
        None => format!("→ {}", word("remedy")),
    };
    for line in output::wrapped(&place, room) {
        output::line(&styled(DIM, format!("{INDENT}{line}")))?;
    }
    for line in output::wrapped(&line, room) {
        output::line(&format!("{INDENT}{line}"))?;
    }
    Ok(())
}
