//! Whether a message may go to somebody's telephone.

use chrono::TimeDelta;

use super::SHORTEST_NUMBER;
use crate::app::App;
use crate::notify::phone::{PhoneTerms, digits};
use crate::outbox::message::Leased;
use crate::outbox::{Content, DeliveryError, ReaderLimit};

/// The span of the bound a person.
const DAY: TimeDelta = TimeDelta::days(1);

impl App {
    /// Whether a message may go to its reader's telephone: not to a client, nor to whoever wants none, nor beyond the bound of a day.
    ///
    /// # Errors
    ///
    /// [`DeliveryError`] if it may not. Where that cannot be looked up, it may.
    pub async fn may_telephone(
        &self,
        delivery: &Leased,
        number: &str,
        terms: &PhoneTerms,
    ) -> Result<(), DeliveryError> {
        let Some(person) = delivery.person.clone().filter(|_| delivery.updates.is_none()) else { return Ok(()) };
        if matches!(delivery.content, Content::Update { .. }) {
            return Err(DeliveryError::GiveUp { cause: "no call is known that it could hang up".to_owned() });
        }
        let own = digits(number);
        if let Content::Alert(facts) = &delivery.content
            && facts.contact_by.as_deref().is_some_and(|by| SHORTEST_NUMBER <= own.len() && digits(by) == own)
        {
            return Err(DeliveryError::GiveUp { cause: "that number is the client's".to_owned() });
        }
        let (destination, id, since) = (delivery.destination.clone(), delivery.id, self.now() - DAY);
        let look = self.readers.read(move |store| {
            Ok((store.has_opted_out(&person, &destination)?, store.count_told((&person, &destination), since, id)?))
        });
        match look.await {
            Ok((true, _)) => Err(DeliveryError::NotToReader {
                limit: ReaderLimit::OptedOut,
                cause: "they told the vendor to stop (START undoes it)".to_owned(),
            }),
            Ok((_, n)) if terms.most_a_day.get() <= n => {
                let cause = format!("{n} within a day already, and most_a_day is {}", terms.most_a_day);
                Err(DeliveryError::NotToReader { limit: ReaderLimit::Bound, cause })
            }
            Ok(_) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, "how many messages went to a telephone could not be looked up");
                Ok(())
            }
        }
    }
}
