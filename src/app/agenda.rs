//! A person's calendar to subscribe to: what falls due of what they own, their turns and absences, behind a signed address.

use chrono::TimeDelta;

use super::App;
use super::links::{Deed, Link, LinkReader};
use crate::engine::effect::ClockRef;
use crate::engine::request_id::RequestId;
use crate::store::StoreError;
use crate::store::requests::RequestFilter;
use crate::text::agenda::{Deadline, Occupied, PersonalCalendar};

/// An address works for so long, unless it is taken back: nobody subscribes anew each month.
const WORKS_FOR: TimeDelta = TimeDelta::days(5 * 366);
/// Turns are shown from so long ago on, and so far ahead.
const BACK: TimeDelta = TimeDelta::days(8);
const AHEAD: TimeDelta = TimeDelta::days(60);
/// Requests of one person.
const MOST_REQUESTS: u32 = 500;

impl App {
    /// The address of a person's calendar; none where the file gives no public address, since calendars are looked at from elsewhere.
    pub fn agenda_link(&self, person: &str) -> Option<String> {
        let base = self.config().public_url.as_ref()?.to_string();
        let token = self.signed(Deed::Agenda, &LinkReader::Person(person.to_owned()), self.now() + WORKS_FOR);
        Some(format!("{}/a/{token}.ics", base.trim_end_matches('/')))
    }

    /// What the calendar behind a link shows.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub async fn agenda(&self, link: &Link) -> Result<PersonalCalendar, StoreError> {
        let Some(person) = link.reader.person() else { return Ok(PersonalCalendar::default()) };
        let (config, now) = (self.config(), self.now());
        let filter = RequestFilter {
            state: Some("open".to_owned()),
            owner: Some(person.to_owned()),
            limit: MOST_REQUESTS,
            ..RequestFilter::default()
        };
        let directory = &config.rulebook.directory;
        let name_of = |key: &str| config.name_of(key).to_owned();
        let mut agenda = PersonalCalendar { person: name_of(person), ..PersonalCalendar::default() };
        for request in self.views.list(filter).await? {
            let customer = request.facets.customer.as_deref().map(|key| directory.customer_name(key).to_owned());
            let client = customer.or_else(|| request.contact.clone()).unwrap_or_default();
            for clock in request.clocks.iter().filter(|clock| clock.is_live()) {
                let Some(due_at) = clock.due_at else { continue };
                agenda.deadlines.push(Deadline {
                    request: request.id,
                    clock: ClockRef { kind: clock.kind, cycle: clock.cycle },
                    due_at,
                    client: client.clone(),
                    subject: request.subject.clone(),
                    link: self.page_of(request.id),
                });
            }
        }
        for rota in directory.rotas() {
            let turns = directory.turns(&rota.name, now - BACK, now + AHEAD);
            let own = turns.into_iter().filter(|(who, ..)| *who == person);
            agenda.turns.extend(own.map(|(_, from, until)| Occupied { name: Some(rota.name.clone()), from, until }));
        }
        let away = directory.absences().iter().filter(|one| one.person == person && now - BACK < one.until);
        agenda.absences.extend(away.map(|one| Occupied {
            name: one.substitute.as_deref().map(name_of),
            from: one.from,
            until: one.until,
        }));
        agenda.deadlines.sort_by_key(|deadline: &Deadline| (deadline.due_at, deadline.request));
        Ok(agenda)
    }

    /// The live page of a request: whoever has the calendar's address alone sees nothing there without signing in.
    fn page_of(&self, request: RequestId) -> Option<String> {
        let base = self.config().public_url.as_ref()?.to_string();
        Some(format!("{}/r/{request}", base.trim_end_matches('/')))
    }
}
