//! What a message that was gathered tells: the most urgent of what is still needed, and how much more there is. Bounded, since it is put
//! together in the one writer (LESSONS 58).

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::facts::{AlertFacts, ViolationFacts};
use super::needed::{ClockNow, is_needed};
use super::{Content, DeliveryId, HeldFor, Motive};

/// Alerts that a message tells of one by one; mail shows fewer.
const MOST_TOLD: usize = 200;
/// Rows that are looked at in one step.
pub const MOST_LOOKED_AT: usize = 600;

/// A message that was gathered into another one.
#[derive(Debug)]
pub struct GatheredRow {
    /// Its delivery.
    pub id: DeliveryId,
    /// What it says, where that can be read.
    pub content: Option<Content>,
    /// Why it was to go out; none where that is a word that this version does not know.
    pub motive: Option<Motive>,
    /// The clock of which it tells, as it is now.
    pub clock: Option<ClockNow>,
    /// When it was decided.
    pub decided_at: DateTime<Utc>,
    /// Whether its reader is told of it at that destination anyway.
    pub is_told_anyway: bool,
}

/// What becomes of a message that was gathered.
#[derive(Debug, PartialEq)]
pub enum Composed {
    /// It says this.
    Says(Content),
    /// Nothing of it is needed any more.
    Empty,
    /// Of what was looked at nothing is, and there is more: without these rows, the next step looks further.
    NotYet(Vec<DeliveryId>),
}

/// Puts together what a message tells of its first rows, which stand by rank; `n_rows` is how many there are in all.
pub fn compose(rows: Vec<GatheredRow>, n_rows: usize, cause: HeldFor) -> Composed {
    let n_unseen = n_rows.saturating_sub(rows.len());
    let (mut alerts, mut violations, mut unneeded) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let tells = is_to_be_told(&row, cause);
        match row.content {
            Some(Content::Alert(facts)) if tells => alerts.push(*facts),
            Some(Content::Violation(facts)) if !row.is_told_anyway => violations.push(*facts),
            _ => unneeded.push(row.id),
        }
    }
    let mut alerts = latest(alerts);
    let is_summary = matches!(cause, HeldFor::Daily | HeldFor::Away);
    if alerts.is_empty() && violations.is_empty() {
        return if n_unseen == 0 { Composed::Empty } else { Composed::NotYet(unneeded) };
    }
    // One alert is no list.
    if n_unseen == 0 && !is_summary && alerts.len() + violations.len() == 1 {
        let alert = alerts.pop().map(|only| Content::Alert(Box::new(only)));
        let only = alert.or_else(|| violations.pop().map(|only| Content::Violation(Box::new(only))));
        return only.map_or(Composed::Empty, Composed::Says);
    }
    let n_cut = cut(&mut alerts) + cut::<ViolationFacts>(&mut violations);
    Composed::Says(Content::Digest { alerts, violations, cause, n_more: n_cut + n_unseen })
}

/// Whether an alert is told in the message.
fn is_to_be_told(row: &GatheredRow, cause: HeldFor) -> bool {
    // A summary tells what happened, not only what is still so.
    let tells_all = matches!(cause, HeldFor::Daily | HeldFor::Silence | HeldFor::Away);
    let is_of_breach = row.motive.is_some_and(Motive::is_of_breach);
    let stands = || row.motive.is_none_or(|motive| is_needed(motive, row.clock, row.decided_at));
    !row.is_told_anyway && ((tells_all && is_of_breach) || stands())
}

/// Of one promise, only the latest news, where it stood.
fn latest(alerts: Vec<AlertFacts>) -> Vec<AlertFacts> {
    let mut latest: HashMap<_, DateTime<Utc>> = HashMap::new();
    for facts in &alerts {
        let at = latest.entry(facts.promise()).or_insert(facts.planned_at);
        *at = facts.planned_at.max(*at);
    }
    alerts.into_iter().filter(|facts| latest.get(&facts.promise()) == Some(&facts.planned_at)).collect()
}

/// Leaves out what is too much, and says how much that is.
fn cut<T>(rows: &mut Vec<T>) -> usize {
    let n_cut = rows.len().saturating_sub(MOST_TOLD);
    rows.truncate(MOST_TOLD);
    n_cut
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::engine::effect::Why;

    fn row(id: i64, why: Why, minute: i64) -> GatheredRow {
        let at = DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
        let told = serde_json::json!({
            "request": id / 10, "target": "reply", "cycle": 1, "why": why.as_str(), "step": "due", "policy": "p", "channel": "email",
            "started_at": DateTime::UNIX_EPOCH, "planned_at": at, "decided_at": at, "calendar": "always",
        });
        let facts: AlertFacts = serde_json::from_value(told).expect("facts");
        GatheredRow {
            id: DeliveryId(id),
            content: Some(Content::Alert(Box::new(facts))),
            motive: Some(Motive::Promise(why)),
            clock: None,
            decided_at: at,
            is_told_anyway: false,
        }
    }

    fn told(composed: Composed) -> (usize, usize) {
        match composed {
            Composed::Says(Content::Digest { alerts, n_more, .. }) => (alerts.len(), n_more),
            other => panic!("no digest: {other:?}"),
        }
    }

    #[test]
    fn of_one_promise_only_the_latest_news_is_told_and_one_alert_is_no_list() {
        let rows = vec![row(10, Why::Warning, 1), row(11, Why::Breach, 5)];
        match compose(rows, 2, HeldFor::Burst) {
            Composed::Says(Content::Alert(facts)) => assert_eq!(facts.why, Why::Breach),
            other => panic!("{other:?}"),
        }
        let rows = vec![row(10, Why::Breach, 1), row(20, Why::Breach, 1)];
        assert_eq!(told(compose(rows, 2, HeldFor::Burst)), (2, 0));
    }

    #[test]
    fn what_was_not_looked_at_and_what_is_too_much_is_counted() {
        let rows: Vec<_> = (1..=300).map(|n| row(n * 10, Why::Breach, 1)).collect();
        assert_eq!(told(compose(rows, 1_000, HeldFor::Downtime)), (MOST_TOLD, 800));
    }

    #[test]
    fn a_message_of_which_nothing_is_needed_is_empty_or_looks_further() {
        let gone = || vec![GatheredRow { is_told_anyway: true, ..row(10, Why::Breach, 1) }];
        assert_eq!(compose(gone(), 1, HeldFor::Burst), Composed::Empty);
        assert_eq!(compose(gone(), 700, HeldFor::Burst), Composed::NotYet(vec![DeliveryId(10)]));
    }
}
