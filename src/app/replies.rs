//! Answers to the mail of an alert become what they ask for.

use super::App;
use crate::engine::event::{Event, Fact};
use crate::engine::request::RequestId;
use crate::intake::reply::{Wish, wish};
use crate::store::StoreError;

impl App {
    /// Turns answers to alerts into acts, where the one who answers is the one who was told: `From` alone proves nobody, but only
    /// that person's mail has the alert's id.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the alerts cannot be looked up.
    pub async fn obey_replies(&self, events: &mut [(Event, Option<RequestId>)]) -> Result<(), StoreError> {
        let config = self.config();
        for (event, request) in events {
            let Fact::Message { text: Some(text), .. } = &event.fact else { continue };
            let Some(wish) = wish(text) else { continue };
            let Some(delivery) = self.own_delivery(&event.threads) else { continue };
            let author = event.author.as_ref();
            let Some(person) = author.and_then(|author| config.rulebook.directory.person_of(author)) else { continue };
            let row = self.read(move |store| store.delivery(delivery)).await?;
            let Some(row) = row.filter(|row| row.person.as_ref() == Some(&person.key)) else { continue };
            let Some(about) = row.request.and_then(|id| id.parse().ok()) else { continue };
            event.fact = match wish {
                Wish::Take => Fact::Ack,
                Wish::Snooze(span) => Fact::Snooze { until: event.at + span },
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
