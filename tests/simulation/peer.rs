//! The destinations: they take messages, or misbehave for a while, and keep a record of what they took.

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use plazo::notify::{DeliveryError, Receipt};
use plazo::outbox::message::Leased;

use crate::plan::Trouble;

#[derive(Debug, Default)]
pub struct Peers {
    troubles: Vec<(&'static str, Trouble, DateTime<Utc>)>,
    pub taken: Vec<Taken>,
}

/// A message that a destination took.
#[derive(Debug, Clone)]
pub struct Taken {
    pub delivery: Leased,
    /// The try may be made again although it was taken, for no fault of plazo's: the process died, or the connection did.
    pub in_doubt: bool,
    /// When, by the wall clock.
    pub at: DateTime<Utc>,
}

/// A try on its way.
#[derive(Debug)]
pub struct Try {
    pub delivery: Leased,
    /// When plazo hears what came of it, by true time.
    pub ends_at: DateTime<Utc>,
    pub result: Result<Receipt, DeliveryError>,
    /// Place in `taken`, if it was.
    pub taken: Option<usize>,
}

impl Peers {
    pub fn trouble(&mut self, destination: &'static str, trouble: Trouble, until: DateTime<Utc>) {
        self.troubles.push((destination, trouble, until));
    }

    pub fn heal(&mut self) {
        self.troubles.clear();
    }

    /// A message arrives at `now`, true time.
    pub fn send(&mut self, delivery: Leased, (now, wall): (DateTime<Utc>, DateTime<Utc>), rng: &mut Rng) -> Try {
        let own = self.troubles.iter().filter(|(name, _, until)| *name == delivery.destination && now < *until);
        let trouble = own.map(|(_, trouble, _)| *trouble).next();
        let ends_at = now + TimeDelta::milliseconds(rng.i64(0..3_000));
        let cause = || "a test's trouble".to_owned();
        let failure = match trouble {
            Some(Trouble::Down) => Some(DeliveryError::Hold { after: None, cause: cause() }),
            Some(Trouble::RateLimit) => {
                Some(DeliveryError::Hold { after: Some(TimeDelta::seconds(rng.i64(1..90))), cause: cause() })
            }
            Some(Trouble::Flaky) if rng.bool() => Some(DeliveryError::Retry { cause: cause() }),
            Some(Trouble::Refuses) if rng.u8(..4) == 0 => Some(DeliveryError::GiveUp { cause: cause() }),
            Some(Trouble::ResetAfterAcceptance) if rng.bool() => {
                let taken = self.take(&delivery, true, wall);
                let result = Err(DeliveryError::Retry { cause: cause() });
                return Try { delivery, ends_at, result, taken: Some(taken) };
            }
            _ => None,
        };
        match failure {
            Some(error) => Try { delivery, ends_at, result: Err(error), taken: None },
            None => {
                let taken = self.take(&delivery, false, wall);
                let result = Ok(Receipt::of("taken".to_owned()));
                Try { delivery, ends_at, result, taken: Some(taken) }
            }
        }
    }

    fn take(&mut self, delivery: &Leased, in_doubt: bool, at: DateTime<Utc>) -> usize {
        self.taken.push(Taken { delivery: delivery.clone(), in_doubt, at });
        self.taken.len() - 1
    }

    /// plazo will never hear what came of this try: its process died.
    pub fn forget(&mut self, tried: &Try) {
        if let Some(place) = tried.taken {
            self.taken[place].in_doubt = true;
        }
    }
}
