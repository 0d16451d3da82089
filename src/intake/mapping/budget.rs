//! How much work one payload may ask of a mapping: what is looked up in lists grows with the square of what a payload holds.

use std::cell::Cell;

/// Elements that `find` may look at for one payload: a thousand messages with a thousand contacts.
const MOST_LOOKED_AT: usize = 1_000_000;

thread_local! {
    static LEFT: Cell<usize> = const { Cell::new(MOST_LOOKED_AT) };
}

/// Runs a mapping with a budget of its own.
pub fn within<T>(work: impl FnOnce() -> T) -> T {
    LEFT.with(|left| left.set(MOST_LOOKED_AT));
    work()
}

/// Takes so much of what is left.
pub(super) fn spend(n: usize) -> Result<(), String> {
    LEFT.with(|left| {
        let rest = left.get().checked_sub(n).ok_or_else(|| "asks for more work than one payload may".to_owned())?;
        left.set(rest);
        Ok(())
    })
}
