//! Slots: the 64 parts into which time and whatever else only one of several daemons may do fall, and who looks after which.

use crate::engine::request_id::RequestId;

/// How many there are. It never changes: the tables hold the slot of each request.
pub const N_SLOTS: u32 = 64;

/// A set of slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Slots(u64);

/// The slot of a request, as the tables hold it too.
pub const fn slot_of(request: RequestId) -> u32 {
    ((request.0.wrapping_mul(2_654_435_761) >> 16) & 63) as u32
}

/// The slot of what has a name: a destination, a mailbox, a list (FNV-1a, folded).
pub fn slot_of_name(name: &str) -> u32 {
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    ((hash ^ (hash >> 32)) & 63) as u32
}

impl Slots {
    /// All of them: of a daemon that shares with nobody.
    pub const ALL: Self = Self(u64::MAX);
    /// None.
    pub const NONE: Self = Self(0);

    /// Whether that slot is among them.
    pub const fn contains(self, slot: u32) -> bool {
        slot < N_SLOTS && self.0 & (1 << slot) != 0
    }

    /// Whether a request's slot is among them.
    pub const fn has(self, request: RequestId) -> bool {
        self.contains(slot_of(request))
    }

    /// Whether the slot of what has that name is among them.
    pub fn has_name(self, name: &str) -> bool {
        self.contains(slot_of_name(name))
    }

    /// Adds a slot.
    pub const fn insert(&mut self, slot: u32) {
        self.0 |= 1 << (slot & 63);
    }

    /// Takes a slot out.
    pub const fn remove(&mut self, slot: u32) {
        self.0 &= !(1 << (slot & 63));
    }

    /// How many there are.
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them, the lowest first.
    pub fn iter(self) -> impl Iterator<Item = u32> {
        (0..N_SLOTS).filter(move |slot| self.contains(*slot))
    }
}

impl FromIterator<u32> for Slots {
    fn from_iter<I: IntoIterator<Item = u32>>(slots: I) -> Self {
        slots.into_iter().fold(Self::NONE, |mut found, slot| {
            found.insert(slot);
            found
        })
    }
}

/// What a daemon does about slots, having seen whose each is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    /// To be taken: nobody who lives has them.
    pub takes: Slots,
    /// To be given to others: it has more than its part.
    pub gives: Slots,
}

/// What is to be done by whoever has `own`, where nobody who lives has `free`, and `n_sharing` share all. What is nobody's is taken whole, since
/// whoever else might take it may be dead as well; what is more than a part is given up the next time. Who may not share gives all up.
pub fn shift(own: Slots, free: Slots, n_sharing: u32, may_share: bool) -> Shift {
    if !may_share {
        return Shift { takes: Slots::NONE, gives: own };
    }
    let surplus = own.len().saturating_sub(N_SLOTS.div_ceil(n_sharing.max(1)));
    Shift { takes: free, gives: own.iter().take(surplus as usize).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_slots_have_somebody_and_nobody_has_more_than_a_part() {
        assert_eq!(shift(Slots::NONE, Slots::ALL, 3, true), Shift { takes: Slots::ALL, gives: Slots::NONE });
        for n in 1..=5 {
            let Shift { takes, gives } = shift(Slots::ALL, Slots::NONE, n, true);
            assert!(takes.is_empty());
            assert_eq!(N_SLOTS - gives.len(), N_SLOTS.div_ceil(n), "{n}");
        }
        assert_eq!(shift(Slots::ALL, Slots::NONE, 2, false).gives, Slots::ALL);
    }

    #[test]
    fn slots_are_what_the_tables_hold() {
        assert_eq!([1, 2, 3, 100, 65_536].map(|id| slot_of(RequestId(id))), [55, 46, 38, 43, 49]);
        assert_eq!(["email", "slack", "daily.manana"].map(slot_of_name), [51, 44, 12]);
    }
}
