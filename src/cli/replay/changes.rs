//! What changes from one file to another, as tables.

use super::entries::{local, name};
use crate::both;
use crate::cli::output::{self, Cell, Column, GREEN, RED, Table};
use crate::config::Config;
use crate::replay::{Difference, Load, Standing, Window};
use crate::text::{Both, verdict, vocabulary};

/// Requests that are written out; `--json` has them all.
const MOST_SHOWN: usize = 50;

pub(super) fn print(difference: &Difference, config: &Config, window: Window) -> anyhow::Result<()> {
    let language = config.language;
    let (from, to) = (local(window.from, config), local(window.to, config));
    output::line(&language.of(both!("From {from} to {to}", "De {from} a {to}")))?;
    if difference.policies.is_empty() && difference.people.is_empty() && difference.requests.is_empty() {
        return output::line(language.of(Both {
            en: "Nothing breaks and nobody is told, by either file.",
            es: "Nada vence y nadie recibe avisos, con ninguno de los dos archivos.",
        }));
    }
    policies(difference, config)?;
    people(difference, config)?;
    requests(difference, config)
}

fn policies(difference: &Difference, config: &Config) -> anyhow::Result<()> {
    let mut table = Table::new(
        config.language.of(Both {
            en: ["policy", "broken before", "broken after", "gained", "lost"],
            es: ["política", "vencidos antes", "vencidos después", "nuevos", "evitados"],
        }),
        [Column::text(10), Column::NUMBER, Column::NUMBER, Column::NUMBER, Column::NUMBER],
    );
    for row in &difference.policies {
        table.add_row([
            Cell::from(row.policy.clone()),
            row.before.to_string().into(),
            row.after.to_string().into(),
            counted(row.gained, RED),
            counted(row.lost, GREEN),
        ]);
    }
    output::line("")?;
    output::line(&table.to_string())
}

fn counted(n: usize, style: anstyle::Style) -> Cell {
    if n == 0 { n.to_string().into() } else { Cell::styled(style, n.to_string()) }
}

fn people(difference: &Difference, config: &Config) -> anyhow::Result<()> {
    let (figure, text) = (Column::NUMBER, Column::text(10));
    let mut table = Table::new(
        config.language.of(Both {
            en: ["told", "alerts before", "after", "an hour before", "after", "busiest hour before", "after"],
            es: [
                "avisado",
                "avisos antes",
                "después",
                "por hora antes",
                "después",
                "hora más cargada antes",
                "después",
            ],
        }),
        [text, figure, figure, figure.leaves(3), figure.leaves(4), text.leaves(1), text.leaves(2)],
    );
    let busiest = |load: &Load| match load.busiest_hour_at {
        Some(at) => format!("{} ({})", load.most_in_an_hour, local(at, config)),
        None => "0".to_owned(),
    };
    for row in &difference.people {
        table.add_row([
            name(&row.recipient, config),
            row.before.n_alerts.to_string(),
            row.after.n_alerts.to_string(),
            format!("{:.2}", row.before.per_hour),
            format!("{:.2}", row.after.per_hour),
            busiest(&row.before),
            busiest(&row.after),
        ]);
    }
    output::line("")?;
    output::line(&table.to_string())
}

fn requests(difference: &Difference, config: &Config) -> anyhow::Result<()> {
    let language = config.language;
    let n = difference.requests.len();
    output::line("")?;
    output::line(
        &language.of(both!("Requests that come out otherwise: {n}", "Solicitudes que resultan distintas: {n}")),
    )?;
    for change in difference.requests.iter().take(MOST_SHOWN) {
        for clock in &change.clocks {
            let task = vocabulary::task(clock.promise, language);
            let started = local(clock.started_at, config);
            let (before, after) = (standing(clock.before.as_ref(), config), standing(clock.after.as_ref(), config));
            output::line(&format!("  {}  {task}, {started}: {before} → {after}", change.request))?;
        }
    }
    if MOST_SHOWN < n {
        let more = n - MOST_SHOWN;
        output::line(
            &language.of(both!("  and {more} more; --json has them all", "  y {more} más; --json las trae todas")),
        )?;
    }
    let n = difference.only_alerts.len();
    if 0 < n {
        output::line(&language.of(both!(
            "Requests with the same verdicts, but other alerts: {n}",
            "Solicitudes con los mismos resultados y otros avisos: {n}"
        )))?;
    }
    Ok(())
}

fn standing(standing: Option<&Standing>, config: &Config) -> String {
    let language = config.language;
    let Some(standing) = standing else {
        return language.of(Both { en: "no promise", es: "sin promesa" }).to_owned();
    };
    let state = verdict::state(standing.state, language);
    let policy = &standing.policy;
    match standing.due_at.map(|at| local(at, config)) {
        Some(due) => language.of(both!("{state} (due {due}, {policy})", "{state} (vence {due}, {policy})")),
        None => format!("{state} ({policy})"),
    }
}
