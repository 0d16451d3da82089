//! Gathering: what waits for one reader becomes one message. However much that is, a step moves a bounded number of rows, since it runs in
//! the one writer (LESSONS 58). While a message is made over several steps it is held itself; a step that finds nothing more lets it go.
//! A process that ends between two steps leaves a message that the next one completes.

use chrono::{DateTime, TimeDelta, Utc};

use super::{DeliveryId, HeldFor};

/// Rows that one step moves: some milliseconds of work.
pub const MOST_MOVED: usize = 200;
/// Stands before the cause of a message that is being made.
const MAKING: &str = "digest:";

/// A reader for whom something waits, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Why.
    pub cause: HeldFor,
    /// Key of the person; none for a destination.
    pub person: Option<String>,
    /// Name of the destination.
    pub destination: String,
}

/// A row that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueRow {
    /// Its delivery.
    pub id: DeliveryId,
    /// Its rank: smaller goes first.
    pub rank: i64,
    /// The step's instant.
    pub planned_at: DateTime<Utc>,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatherStep {
    /// The delivery that goes as it is: a single row, or the message that is complete.
    pub goes: Option<DeliveryId>,
    /// Rows that are told by the reader's message, which is begun where there is none yet.
    pub gathers: Vec<DeliveryId>,
    /// The most urgent rank and the earliest instant among those rows.
    pub least: Option<(i64, DateTime<Utc>)>,
    /// Whether the message is complete with them.
    pub is_complete: bool,
}

/// Decides a step. `due` holds at most one row more than a step moves; `begun` is the message that an earlier step began.
pub fn step(due: &[DueRow], begun: Option<DeliveryId>) -> GatherStep {
    let nothing = GatherStep { goes: None, gathers: Vec::new(), least: None, is_complete: true };
    match (begun, due) {
        // What was still to come was dropped meanwhile: what there is goes.
        (digest, []) => GatherStep { goes: digest, ..nothing },
        (None, [only]) => GatherStep { goes: Some(only.id), ..nothing },
        (_, rows) => {
            let is_complete = rows.len() <= MOST_MOVED;
            let rows = &rows[..rows.len().min(MOST_MOVED)];
            let rank = rows.iter().map(|row| row.rank).min();
            let planned_at = rows.iter().map(|row| row.planned_at).min();
            let gathers = rows.iter().map(|row| row.id).collect();
            GatherStep { goes: None, gathers, least: rank.zip(planned_at), is_complete }
        }
    }
}

/// Until when further messages to the reader are gathered, once this one goes: what came in quick succession opens the next window.
pub fn next_window(cause: HeldFor, window: Option<TimeDelta>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    window.filter(|_| cause == HeldFor::Burst).map(|window| now + window)
}

/// What a message is held for while it is made.
pub fn making(cause: HeldFor) -> String {
    format!("{MAKING}{}", cause.as_str())
}

/// The cause of a row that is held, or of the message that is made of such; none where that is a word that this version does not know.
pub fn cause_of(held_for: &str) -> Option<HeldFor> {
    HeldFor::of(held_for.trim_start_matches(MAKING))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(n: usize) -> Vec<DueRow> {
        let row = |id: i64| DueRow {
            id: DeliveryId(id),
            rank: id % 3,
            planned_at: DateTime::UNIX_EPOCH + TimeDelta::minutes(id),
        };
        (1..=i64::try_from(n).unwrap_or(0)).map(row).collect()
    }

    #[test]
    fn one_row_goes_by_itself_and_several_make_a_message() {
        assert_eq!(step(&due(1), None).goes, Some(DeliveryId(1)));
        let several = step(&due(3), None);
        assert_eq!(
            (several.goes, several.gathers, several.is_complete),
            (None, [1, 2, 3].map(DeliveryId).to_vec(), true)
        );
        assert_eq!(several.least, Some((0, DateTime::UNIX_EPOCH + TimeDelta::minutes(1))));
        // It was begun with others: a single one belongs to it too.
        assert_eq!(step(&due(1), Some(DeliveryId(9))).gathers, [DeliveryId(1)]);
    }

    #[test]
    fn lessons_58_a_step_moves_no_more_than_its_bound_and_the_last_one_completes_the_message() {
        let first = step(&due(MOST_MOVED + 1), None);
        assert_eq!((first.gathers.len(), first.is_complete), (MOST_MOVED, false));
        assert_eq!(step(&[], Some(DeliveryId(9))).goes, Some(DeliveryId(9)), "what was still to come was dropped");
        assert_eq!(step(&[], None).goes, None);
    }

    #[test]
    fn a_message_that_is_being_made_is_held_for_its_cause() {
        assert_eq!(cause_of(&making(HeldFor::Edit)), Some(HeldFor::Edit));
        assert_eq!(cause_of("quiet"), Some(HeldFor::Quiet));
        assert_eq!(cause_of("capricho"), None);
    }
}
