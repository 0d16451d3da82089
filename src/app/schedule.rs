//! What runs by the calendar of people rather than by a deadline: the morning's list (rule D1).

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use croner::Cron;
use croner::parser::CronParser;

use super::desk::Desk;
use super::work::Work;
use super::writer::WriteError;
use crate::config::DailyList;
use crate::desk::announcement;
use crate::engine::calendar::Calendar;
use crate::engine::directory::Recipient;
use crate::engine::request::Request;
use crate::outbox::Content;
use crate::outbox::facts::ListedRequest;
use crate::store::StoreError;

impl Desk {
    /// Sends each list whose time has come since it last ran, once however many were missed. Returns how many went out.
    pub async fn run_schedules(&self) -> Result<usize, WriteError> {
        let n_sent = self.writer.write(|work| work.run_schedules()).await?;
        self.send_reports().await?;
        Ok(n_sent)
    }
}

impl Work<'_> {
    fn run_schedules(&mut self) -> Result<usize, StoreError> {
        self.climb_violations()?;
        let mut n_sent = 0;
        for list in self.config.clone().daily.iter() {
            let key = format!("daily.{}", list.name);
            let Some(last_run) = self.store().last_run(&key)? else {
                // New in the file: it begins with the next morning.
                self.store().set_last_run(&key, self.now)?;
                continue;
            };
            let Some(due_at) = last_due(list, last_run, self.now) else { continue };
            self.store().set_last_run(&key, due_at)?;
            n_sent += self.send_list(list)?;
        }
        Ok(n_sent)
    }

    /// One list to each owner; whoever has nothing open gets none.
    fn send_list(&mut self, list: &DailyList) -> Result<usize, StoreError> {
        let mut by_owner: BTreeMap<String, Vec<ListedRequest>> = BTreeMap::new();
        for request in self.store().open_with_owner(list.list.as_str())? {
            if let Some(person) =
                request.owner.as_deref().and_then(|owner| self.config.rulebook.directory.person(owner))
            {
                let key = person.key.clone();
                by_owner.entry(key).or_default().push(self.listed(&request, list));
            }
        }
        let n_owners = by_owner.len();
        for (owner, requests) in by_owner {
            let content = Content::List { name: list.name.clone(), rule: list.rule.clone(), requests };
            self.tell(vec![announcement(content, &Recipient::Person(owner), &self.config, self.now)])?;
        }
        Ok(n_owners)
    }

    fn listed(&self, request: &Request, list: &DailyList) -> ListedRequest {
        let zone = list.calendar.zone();
        let opened_on = request.opened_at.with_timezone(&zone).date_naive();
        let directory = &self.config.rulebook.directory;
        let name = |word: &String| directory.customer_name(word).to_owned();
        ListedRequest {
            request: request.id,
            customer: request.facets.customer.as_ref().map(name).or_else(|| request.contact.clone()),
            subject: request.subject.clone(),
            opened_at: request.opened_at,
            age_days: (self.now.with_timezone(&zone).date_naive() - opened_on).num_days(),
            due_at: request.due_at(),
        }
    }
}

/// The last instant after `last_run` and up to `now` at which the list falls due on a working day.
fn last_due(list: &DailyList, last_run: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let pattern = list.at.format("%-M %-H * * *").to_string();
    last_time(&pattern, &list.calendar, (last_run, now), |day| list.calendar.is_working_day(day))
}

/// The last instant after the first one of a span and up to the second at which a pattern falls due on such a day, by the wall clock of the
/// calendar, whatever the offset is by then. Sixty times at most are looked at: what was missed before that is one message all the
/// same.
pub(super) fn last_time(
    pattern: &str,
    calendar: &Calendar,
    (after, until): (DateTime<Utc>, DateTime<Utc>),
    is_meant: impl Fn(NaiveDate) -> bool,
) -> Option<DateTime<Utc>> {
    const MOST_TIMES: usize = 62;
    let cron: Cron = CronParser::new().parse(pattern).ok()?;
    let mut from = after.with_timezone(&calendar.zone());
    let mut last = None;
    for _ in 0..MOST_TIMES {
        let next = cron.find_next_occurrence(&from, false).ok()?;
        if until < next.to_utc() {
            break;
        }
        if is_meant(next.date_naive()) {
            last = Some(next.to_utc());
        }
        from = next;
    }
    last
}
