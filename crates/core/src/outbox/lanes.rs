//! How many messages may be on their way to each destination.

use std::collections::{BTreeSet, HashMap};

/// How many may be on their way to each destination.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lanes {
    /// To those that are not named.
    pub usual: usize,
    /// To those that take fewer, by name.
    pub at_once: HashMap<String, usize>,
    /// Those where each message about a request must know the first one.
    pub threaded: BTreeSet<String>,
}

/// What room there is while a round of leases is made.
#[derive(Debug)]
pub struct Room<'a> {
    lanes: &'a Lanes,
    /// On their way already, to destinations that take few.
    leased: HashMap<String, usize>,
    /// Taken in this round.
    taken: HashMap<String, usize>,
}

impl<'a> Room<'a> {
    /// The room beside what is on its way; `leased` may leave out destinations that take as many as others.
    pub fn beside(lanes: &'a Lanes, leased: HashMap<String, usize>) -> Self {
        Self { lanes, leased, taken: HashMap::new() }
    }

    /// Takes a place for one more message, if there is one. A destination that stood until now gets a single one, which tries whether it
    /// works again.
    pub fn take(&mut self, destination: &str, is_probe: bool) -> bool {
        let taken = self.taken.get(destination).copied().unwrap_or(0);
        let most =
            self.lanes.at_once.get(destination).map_or(self.lanes.usual, |most| {
                most.saturating_sub(self.leased.get(destination).copied().unwrap_or(0))
            });
        let has_room = taken < most && !(is_probe && 0 < taken);
        if has_room {
            self.taken.insert(destination.to_owned(), taken + 1);
        }
        has_room
    }

    /// Gives a place back: what was to go there is not to go now.
    pub fn give_back(&mut self, destination: &str) {
        if let Some(taken) = self.taken.get_mut(destination) {
            *taken = taken.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes() -> Lanes {
        let at_once = HashMap::from([("slack".to_owned(), 1), ("email".to_owned(), 3)]);
        Lanes { usual: 2, at_once, threaded: BTreeSet::new() }
    }

    #[test]
    fn a_destination_gets_as_many_as_it_takes_beside_what_is_on_its_way() {
        let lanes = lanes();
        let mut room = Room::beside(&lanes, HashMap::from([("email".to_owned(), 2), ("slack".to_owned(), 1)]));
        assert!(!room.take("slack", false), "the only one is on its way");
        assert!(room.take("email", false) && !room.take("email", false));
        assert!(room.take("hook", false) && room.take("hook", false) && !room.take("hook", false));
        room.give_back("hook");
        assert!(room.take("hook", false));
    }

    #[test]
    fn a_destination_that_stood_is_tried_by_one() {
        let lanes = lanes();
        let mut room = Room::beside(&lanes, HashMap::new());
        assert!(room.take("hook", true) && !room.take("hook", true));
    }
}
