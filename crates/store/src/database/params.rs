//! Parameters of a statement, as SQLite takes them.

use rusqlite::ToSql;

/// Values for `?1`, `?2`, and so on.
pub(crate) trait Params {
    /// Calls `take` with all of them.
    fn with<R>(&self, take: impl FnOnce(&[&dyn ToSql]) -> R) -> R;
}

/// None at all: the only type that an empty list has.
impl Params for [&(dyn ToSql + Send + Sync); 0] {
    fn with<R>(&self, take: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
        take(&[])
    }
}

impl Params for &[&dyn ToSql] {
    fn with<R>(&self, take: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
        take(self)
    }
}

macro_rules! arrays {
    ($($n:literal)+) => {$(
        impl<T: ToSql> Params for [T; $n] {
            fn with<R>(&self, take: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
                take(&self.each_ref().map(|value| value as &dyn ToSql))
            }
        }
    )+};
}

arrays! { 1 2 3 4 5 }
