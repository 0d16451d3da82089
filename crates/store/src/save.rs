//! Writing what decisions change.

use chrono::{DateTime, Utc};

use super::{Result, Writing};
use plazo_core::outbox::message::NewAlert;
use plazo_core::unit::Saved;
use plazo_core::unit::changes::{Changes, RequestUpdate};

impl Writing<'_> {
    /// Writes everything that an input changed, in the open transaction.
    pub fn save(&self, changes: &Changes, now: DateTime<Utc>) -> Result<Saved> {
        let mut saved = Saved::default();
        for entry in &changes.journal {
            self.append(entry, now)?;
        }
        for act in &changes.acts {
            self.record_act(act)?;
        }
        for name in &changes.threads {
            self.name_thread(name)?;
        }
        if let Some(change) = &changes.request {
            self.save_request(change)?;
        }
        for alert in &changes.alerts {
            self.save_alert(alert, now, &mut saved)?;
        }
        for violation in &changes.violations {
            saved.violations.push(self.add_violation(violation, now)?);
        }
        for taken_back in &changes.taken_back {
            self.withdraw_violations(taken_back)?;
        }
        for climbed in &changes.climbed {
            self.told_violation(climbed)?;
        }
        for (blocker, blocked) in &changes.blocks {
            self.add_block(*blocker, *blocked)?;
        }
        for blocker in &changes.unblocked {
            self.remove_blocks(*blocker)?;
        }
        for (event, body) in &changes.parked {
            self.park(event, body, now)?;
        }
        for (channel, threads) in &changes.unparked {
            self.unpark(channel, threads)?;
        }
        Ok(saved)
    }

    fn save_request(&self, change: &RequestUpdate) -> Result<()> {
        let id = change.request.id;
        if change.replaces_clocks {
            self.remove_clocks(id)?;
        }
        self.put_request(&change.request, change.wake, change.is_new)?;
        self.put_clocks(&change.request, &change.clocks)
    }

    /// Writes an alert with its deliveries; nothing of a step that was told already (LESSONS 25).
    fn save_alert(&self, alert: &NewAlert, now: DateTime<Utc>, saved: &mut Saved) -> Result<()> {
        let Some(id) = self.add_alert(alert)? else { return Ok(()) };
        for delivery in &alert.deliveries {
            saved.deliveries.push(self.add_delivery(id, alert, delivery)?);
            if let Some(until) = delivery.opens_window {
                self.open_window(delivery.person.as_deref(), &delivery.destination, until.max(now))?;
            }
        }
        Ok(())
    }
}
