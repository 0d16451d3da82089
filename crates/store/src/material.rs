//! What reports are made of: the events and clocks of many requests, read in one go where these lie beside each other.

use super::bodies::NAMED_BODY;
use super::{Result, Store};
use plazo_core::engine::clock::Clock;
use plazo_core::engine::event::Event;
use plazo_core::engine::request_id::RequestId;

/// Of so many numbers in a row at least one must be wanted, or each request is looked for by itself.
const SPARSE: i64 = 4;

/// A request as the store has it.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedRequest {
    /// Which.
    pub id: RequestId,
    /// All its events in the order in which they happened; of two at one instant, the one heard of first.
    pub events: Vec<Event>,
    /// Every clock that it ever had, by kind and cycle.
    pub clocks: Vec<Clock>,
}

impl Store {
    /// Events and clocks of each of those requests, whose numbers ascend.
    pub fn material(&self, ids: &[RequestId]) -> Result<Vec<LoadedRequest>> {
        let (Some(first), Some(last)) = (ids.first(), ids.last()) else { return Ok(Vec::new()) };
        let n = i64::try_from(ids.len()).unwrap_or(i64::MAX);
        if n.saturating_mul(SPARSE) <= last.0 - first.0 {
            let each =
                |id: &RequestId| Ok(LoadedRequest { id: *id, events: self.events(*id)?, clocks: self.clocks(*id)? });
            return ids.iter().map(each).collect();
        }
        let mut found: Vec<LoadedRequest> =
            ids.iter().map(|id| LoadedRequest { id: *id, events: Vec::new(), clocks: Vec::new() }).collect();
        let mut statement = self.prepare(&format!(
            "SELECT {NAMED_BODY}, request FROM journal WHERE request BETWEEN ?1 AND ?2 AND body IS NOT NULL ORDER BY request, at, seq"
        ))?;
        let mut rows = statement.query([first.0, last.0])?;
        let mut place = 0;
        while let Some(row) = &rows.next()? {
            let id = RequestId(row.get(3)?);
            if let Some(of) = advance(&mut found, &mut place, id) {
                of.events.extend(self.event_in(id, row, 0));
            }
        }
        let mut statement = self.prepare(
            "SELECT kind, cycle, v, clock, request FROM clocks WHERE request BETWEEN ?1 AND ?2 ORDER BY request, kind, cycle",
        )?;
        let mut rows = statement.query([first.0, last.0])?;
        let (mut place, mut state, mut whose) = (0, None, *first);
        while let Some(row) = &rows.next()? {
            let id = RequestId(row.get(4)?);
            if whose != id {
                (whose, state) = (id, None);
            }
            if let Some(of) = advance(&mut found, &mut place, id) {
                of.clocks.extend(self.clock_in(id, row, &mut state)?);
            }
        }
        Ok(found)
    }
}

/// The one of that number, where it is wanted; `place` goes up to it.
fn advance<'m>(found: &'m mut [LoadedRequest], place: &mut usize, id: RequestId) -> Option<&'m mut LoadedRequest> {
    while found.get(*place).is_some_and(|of| of.id < id) {
        *place += 1;
    }
    found.get_mut(*place).filter(|of| of.id == id)
}
