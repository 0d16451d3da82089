//! A reason that takes a breach out of the figures is put before those who must agree.

use super::Decision;
use super::announce::announcement;
use crate::engine::event::{Event, Fact};
use crate::engine::reasons;
use crate::engine::request::Request;
use crate::outbox::Content;
use crate::outbox::facts::ApprovalFacts;
use crate::unit::known::{ClocksOf, Need};

impl Decision<'_> {
    /// Asks those who may let the breach out of the figures, unless one of them said it.
    pub(super) fn ask_approval(&mut self, request: &Request, event: &Event) -> Result<(), Need> {
        let Fact::Reason { reason, of, text } = &event.fact else { return Ok(()) };
        let rulebook = &self.config.rulebook;
        let Some(reason) = rulebook.reason(reason).filter(|reason| reason.is_excluding && !reason.approval.is_empty())
        else {
            return Ok(());
        };
        let clocks = self.known.get(ClocksOf { request: request.id })?;
        let Some(clock) = reasons::broken(clocks, *of, event.at) else { return Ok(()) };
        let owner = request.owner.as_deref();
        let approvers = reasons::approvers(reason, clock, owner, rulebook, event.at);
        if reasons::is_among(&approvers, event.author.as_ref(), rulebook) {
            return Ok(());
        }
        let directory = &rulebook.directory;
        let author = event.author.as_ref();
        let known = author.and_then(|author| directory.person_of(author)).map(|person| person.name.clone());
        let customer = request.facets.customer.as_deref().map(|word| directory.customer_name(word).to_owned());
        let facts = ApprovalFacts {
            request: request.id,
            clock: clock.name(),
            breached_at: clock.breached_at.unwrap_or(event.at),
            reason: reason.name.clone(),
            text: text.clone(),
            who: known.or_else(|| author.and_then(|author| author.name.clone().or_else(|| author.address.clone()))),
            client: customer.or_else(|| request.contact.clone()),
            subject: request.subject.clone(),
        };
        let content = Content::Approval(Box::new(facts));
        let told = approvers.iter().map(|reader| announcement(content.clone(), reader, self.config, self.now));
        self.changes.alerts.extend(told.collect::<Vec<_>>());
        Ok(())
    }
}
