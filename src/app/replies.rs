//! Answers to the mail of an alert become what they ask for.

use super::App;
use crate::engine::event::{Direction, Event, Fact};
use crate::engine::request::RequestId;
use crate::intake::reply::{Wish, wish};
use crate::store::StoreError;

impl App {
    /// Turns colleagues' answers to alerts into acts, where the one who answers is the one who was told: `From` alone proves nobody,
    /// but only that person's mail has the alert's id. Anything else that is answered there is a comment.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the alerts cannot be looked up.
    pub async fn obey_replies(&self, events: &mut [(Event, Option<RequestId>)]) -> Result<(), StoreError> {
        let config = self.config();
        for (event, request) in events {
            let Fact::Message { direction: Direction::Internal, text } = &event.fact else { continue };
            let Some(delivery) = self.own_delivery(&event.threads) else { continue };
            let author = event.author.as_ref();
            let Some(person) = author.and_then(|author| config.rulebook.directory.person_of(author)) else { continue };
            let row = self.read(move |store| store.delivery(delivery)).await?;
            let Some(row) = row else { continue };
            let Some(about) = row.request.and_then(|id| id.parse().ok()) else { continue };
            let is_told = row.person.as_ref() == Some(&person.key);
            event.fact = match text.as_deref().and_then(wish).filter(|_| is_told) {
                Some(Wish::Take) => Fact::Ack,
                Some(Wish::Snooze(span)) => Fact::Snooze { until: event.at + span },
                // Talk about the request: of this one, not of a new one.
                None => Fact::Comment { text: text.clone().unwrap_or_default() },
            };
            event.threads.clear();
            *request = Some(about);
        }
        Ok(())
    }

    /// The delivery of ours to which a mail answers, by the ids that it names: `<instance>.<delivery>@…`.
    fn own_delivery(&self, threads: &[String]) -> Option<i64> {
        let prefix = format!("{}.", self.instance().get(..8)?);
        let number = |id: &String| id.strip_prefix(&prefix)?.split('@').next()?.parse().ok();
        // The last one is the mail that was answered.
        threads.iter().rev().find_map(number)
    }
}
