//! What taking a file would do, in words: for `plazo check --plan` and the page of the file.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::app::plan::{EditPlan, Moved};
use crate::both;
use crate::text::{Both, CLOCKS, Language, format, vocabulary};

/// Lines of each sort; the JSON has them all.
const MOST_LINES: usize = 20;

/// The plan in words.
pub fn lines(plan: &EditPlan, zone: Tz, language: Language) -> Vec<String> {
    let clocks = language.of(CLOCKS.counted(plan.n_clocks));
    let open = Both { en: ["open request", "open requests"], es: ["solicitud abierta", "solicitudes abiertas"] };
    let requests = language.of(open.counted(plan.n_requests));
    let mut lines = vec![
        language.of(both!("Taken now, of {clocks} on {requests}:", "Si se toma ahora, de {clocks} en {requests}:")),
    ];
    let due = |at: Option<DateTime<Utc>>| at.map_or_else(|| "–".to_owned(), |at| format::instant(at, zone, language));
    let moved = |moved: &Moved| {
        let task = vocabulary::task(moved.kind, language);
        format!("{} {task}: {} → {}", moved.request, due(moved.from), due(moved.to))
    };
    let n = plan.moved.len();
    let due_then = ["is due at another instant", "are due at another instant"];
    let heading =
        language.of(Both { en: due_then, es: ["vence en otro momento", "vencen en otro momento"] }.counted(n));
    section(&mut lines, heading, plan.moved.iter().map(moved), language);
    let n = plan.started.len();
    let heading = language.of(Both { en: ["begins", "begin"], es: ["empieza", "empiezan"] }.counted(n));
    section(&mut lines, heading, plan.started.iter().map(moved), language);
    let n = plan.cancelled.len();
    let endings = ["ends without a verdict", "end without a verdict"];
    let heading = language.of(Both { en: endings, es: ["termina sin veredicto", "terminan sin veredicto"] }.counted(n));
    let ended = plan.cancelled.iter().map(|ended| {
        let task = vocabulary::task(ended.kind, language);
        format!("{} {task}: {}", ended.request, vocabulary::cancelled(ended.why, language))
    });
    section(&mut lines, heading, ended, language);
    let n = plan.alerts.len();
    let alerts = ["alert would go out at once", "alerts would go out at once"];
    let heading =
        language.of(Both { en: alerts, es: ["aviso saldría enseguida", "avisos saldrían enseguida"] }.counted(n));
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
