//! Broken rules of a period, counted as they are read one after the other.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::{Broken, BrokenRow, Count, RuleCount};
use crate::engine::check::CheckKind;
use crate::engine::directory::Directory;
use crate::engine::request_id::RequestId;

/// Broken rules of one id that are told one by one, the first that are read; all are counted.
const MOST_ROWS: usize = 10_000;

/// Broken rules of a period.
#[derive(Debug, Default)]
pub struct BrokenRules {
    rules: BTreeMap<String, RuleCount>,
    /// Whoever owned the request, of each, by its request.
    owners: HashMap<RequestId, Vec<Option<Arc<str>>>>,
    /// Requests that were closed against a rule.
    wrongly_closed: Vec<RequestId>,
    known: HashSet<Arc<str>>,
}

impl BrokenRules {
    /// Takes one in.
    pub fn add(&mut self, broken: Broken, directory: &Directory) {
        let Broken { id, request, violation, owner, excuse } = broken;
        if matches!(violation.check, CheckKind::Closing | CheckKind::Comment | CheckKind::Outside) {
            self.wrongly_closed.push(request);
        }
        // A rule is named by thousands of them.
        if !self.rules.contains_key(&violation.rule) {
            let count = RuleCount { rule: violation.rule.clone(), ..RuleCount::default() };
            self.rules.insert(violation.rule.clone(), count);
        }
        let name = |key: &str| directory.person(key).map_or_else(|| key.to_owned(), |person| person.name.clone());
        if let Some(count) = self.rules.get_mut(&violation.rule) {
            count.n += 1;
            count.n_excused += usize::from(excuse.is_some());
            if count.broken.len() < MOST_ROWS {
                let who = violation.who.as_deref().or(owner.as_deref()).map(name);
                count.broken.push(BrokenRow { id, request, who, violation, excuse });
            }
        }
        let owner = owner.map(|owner| self.known(&owner));
        self.owners.entry(request).or_default().push(owner);
    }

    fn known(&mut self, owner: &str) -> Arc<str> {
        if let Some(known) = self.known.get(owner) {
            return Arc::clone(known);
        }
        let owner: Arc<str> = owner.into();
        self.known.insert(Arc::clone(&owner));
        owner
    }

    /// Whoever owned a request, of each rule that was broken on it; once.
    pub(super) fn take(&mut self, request: RequestId) -> Vec<Option<Arc<str>>> {
        self.owners.remove(&request).unwrap_or_default()
    }

    /// The same of all requests that are left.
    pub(super) fn take_rest(&mut self) -> Vec<(RequestId, Vec<Option<Arc<str>>>)> {
        self.owners.drain().collect()
    }

    /// By rule, and the closings among them.
    pub(super) fn counted(self) -> (Vec<RuleCount>, Count) {
        (self.rules.into_values().collect(), Count::of(self.wrongly_closed, Some(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::check::{Finding, Violation};

    #[test]
    fn all_are_counted_however_few_are_told_one_by_one() {
        let mut rules = BrokenRules::default();
        let n = MOST_ROWS + 500;
        for (id, request) in (1..).zip(0..n) {
            let rule = if id % 2 == 0 { "A7" } else { "C4" };
            let check = if id % 2 == 0 { CheckKind::Authorised } else { CheckKind::Closing };
            let violation = Violation { check, rule: rule.to_owned(), who: None, finding: Finding::NotAuthorised };
            let request = RequestId(i64::try_from(request / 3).expect("few"));
            let (owner, excuse) = (Some("laura".to_owned()), (id % 10 == 0).then(|| "sí".to_owned()));
            rules.add(Broken { id, request, violation, owner, excuse }, &Directory::default());
        }
        let n_left: usize = rules.take_rest().iter().map(|(_, owners)| owners.len()).sum();
        assert_eq!(n_left, n);
        let (rules, wrong) = rules.counted();
        let counted: Vec<_> = rules.iter().map(|rule| (rule.rule.as_str(), rule.n, rule.n_excused)).collect();
        assert_eq!(counted, [("A7", n / 2, n / 10), ("C4", n / 2, 0)]);
        assert_eq!((wrong.n, wrong.met), (n / 2, Some(false)));
    }
}
