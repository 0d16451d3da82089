//! What the store took and what was left of its disk, a row a day.

use chrono::{NaiveDate, TimeDelta};
use rusqlite::params;

use super::{Result, Store, Writing};

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskDay {
    /// Which, of UTC.
    pub day: NaiveDate,
    /// What the store took when it was last looked at, in bytes.
    pub used: u64,
    /// What was free.
    pub free: u64,
}

impl Store {
    /// The last days, in their order.
    pub fn disk_days(&self) -> Result<Vec<DiskDay>> {
        let mut statement = self.prepare("SELECT day, used, free FROM disk_days ORDER BY day")?;
        let rows = statement.query_map([], |row| {
            let day = row.get_ref(0)?.as_str()?;
            Ok(DiskDay {
                day: day.parse().unwrap_or_default(),
                used: row.get::<i64>(1)?.unsigned_abs(),
                free: row.get::<i64>(2)?.unsigned_abs(),
            })
        })?;
        self.readable("disk", rows)
    }
}

impl Writing<'_> {
    /// Notes a day; of those before, a month is kept.
    pub fn note_disk_day(&self, day: &DiskDay) -> Result<()> {
        let stored = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        self.prepare(
            "INSERT INTO disk_days (day, used, free) VALUES (?1, ?2, ?3)
             ON CONFLICT (day) DO UPDATE SET used = excluded.used, free = excluded.free",
        )?
        .execute(params![day.day.to_string(), stored(day.used), stored(day.free)])?;
        let first = day.day - TimeDelta::days(31);
        self.prepare("DELETE FROM disk_days WHERE day < ?1")?.execute([first.to_string()])?;
        Ok(())
    }
}
