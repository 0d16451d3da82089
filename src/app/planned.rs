//! What taking a file would do, in words: for `plazo check --plan` and the page of the file.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::app::plan::{EditPlan, Moved};
use crate::both;
use crate::text::{Language, format, vocabulary};

/// Lines of each sort; the JSON has them all.
const MOST_LINES: usize = 20;

/// The plan in words.
pub fn lines(plan: &EditPlan, zone: Tz, language: Language) -> Vec<String> {
    let (n_requests, n_clocks) = (plan.n_requests, plan.n_clocks);
    let mut lines = vec![language.of(both!(
        "Taken now, of {n_clocks} clocks on {n_requests} open requests:",
        "Si se toma ahora, de {n_clocks} relojes en {n_requests} solicitudes abiertas:"
    ))];
    let due = |at: Option<DateTime<Utc>>| at.map_or_else(|| "–".to_owned(), |at| format::instant(at, zone, language));
    let moved = |moved: &Moved| {
        let task = vocabulary::task(moved.kind, language);
        format!("{} {task}: {} → {}", moved.request, due(moved.from), due(moved.to))
    };
    let n = plan.moved.len();
    let heading = language.of(both!("{n} are due at another instant", "{n} vencen en otro momento"));
    section(&mut lines, heading, plan.moved.iter().map(moved), language);
    let n = plan.started.len();
    let heading = language.of(both!("{n} begin", "{n} empiezan"));
    section(&mut lines, heading, plan.started.iter().map(moved), language);
    let n = plan.cancelled.len();
    let heading = language.of(both!("{n} end without a verdict", "{n} terminan sin veredicto"));
    let ended = plan.cancelled.iter().map(|ended| {
        let task = vocabulary::task(ended.kind, language);
        format!("{} {task}: {}", ended.request, vocabulary::cancelled(ended.why, language))
    });
    section(&mut lines, heading, ended, language);
    let n = plan.alerts.len();
    let heading = language.of(both!("{n} alerts would go out at once", "{n} avisos saldrían enseguida"));
    let alerts = plan.alerts.iter().map(|alert| {
        let (task, why) = (vocabulary::task(alert.kind, language), vocabulary::why(alert.why, language));
        format!("{} {task}: {why} → {}", alert.request, alert.to.join(", "))
    });
    section(&mut lines, heading, alerts, language);
    if !plan.told.is_empty() {
        let told: Vec<_> = plan.told.iter().map(|(name, n)| format!("{name} {n}")).collect();
        let told = told.join(", ");
        lines.push(language.of(both!("  told: {told}", "  se avisaría a: {told}")));
    }
    lines
}

fn section(lines: &mut Vec<String>, heading: String, rows: impl ExactSizeIterator<Item = String>, language: Language) {
    let n_more = rows.len().saturating_sub(MOST_LINES);
    lines.push(format!("  {heading}"));
    lines.extend(rows.take(MOST_LINES).map(|row| format!("    {row}")));
    if 0 < n_more {
        lines.push(language.of(both!("    … and {n_more} more", "    … y {n_more} más")));
    }
}
