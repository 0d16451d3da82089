//! What is kept of somebody: their own requests, those of others in which they are mentioned, and the words by which they are known.

use std::collections::BTreeSet;

use super::ErasureKind;
use crate::app::App;
use crate::config::Config;
use crate::engine::address;
use crate::engine::event::AuthorKind;
use crate::engine::request_id::RequestId;
use crate::privacy::{ERASED, Mentions, SHORTEST_WORD};
use crate::store::StoreError;

/// Entries that are looked through at once.
const STRETCH: i64 = 20_000;

/// What was found of them.
pub(super) struct Found {
    pub(super) whole: BTreeSet<RequestId>,
    pub(super) mentioned: BTreeSet<RequestId>,
    /// Their conversations, by channel and name.
    pub(super) threads: Vec<(String, String)>,
}

impl App {
    /// Looks for whoever is known by what was given (of a request: its number), and by `words`, which also say what the file knows of them.
    pub(super) async fn find(
        &self,
        kind: ErasureKind,
        given: &[String],
        words: &BTreeSet<String>,
    ) -> Result<Found, StoreError> {
        let canonical: BTreeSet<String> = words.iter().map(|word| address::canonical(word).into_owned()).collect();
        let mut whole = BTreeSet::new();
        if kind == ErasureKind::Request {
            for id in given.iter().filter_map(|word| word.parse::<RequestId>().ok()) {
                if self.readers.look(move |store| store.request(id)).await?.is_some() {
                    whole.insert(id);
                }
            }
        } else if kind == ErasureKind::Client {
            let asked: BTreeSet<String> = canonical.iter().chain(given).cloned().collect();
            whole = self.readers.look(move |store| store.requests_of(&asked)).await?;
            whole.extend(self.called(&canonical, given).await?);
        }
        let mut mentioned = BTreeSet::new();
        if kind != ErasureKind::Request {
            // Others may name them as only their own requests say that they are called.
            let looked_for = &canonical | &self.identities(&whole).await?;
            let looked_for = Mentions::new(looked_for.iter().map(String::as_str))?;
            let mut from = Some(1).filter(|_| 0 < looked_for.n());
            while let Some(start) = from {
                let looked_for = looked_for.clone();
                let look =
                    self.readers.look(move |store| store.entries_with(|text| looked_for.is_in(text), start, STRETCH));
                let (some, next) = look.await?;
                mentioned.extend(some.into_iter().filter(|id| !whole.contains(id)));
                from = next;
            }
        }
        let mut threads = Vec::new();
        for id in whole.iter().copied() {
            let names = self.readers.look(move |store| store.threads_of(id)).await?;
            threads.extend(names);
        }
        Ok(Found { whole, mentioned, threads })
    }

    /// Requests whose client is called so, or has that number, of which the country may not have been said.
    async fn called(&self, words: &BTreeSet<String>, given: &[String]) -> Result<BTreeSet<RequestId>, StoreError> {
        let mentions = Mentions::new(words.iter().map(String::as_str))?;
        let digits = given.iter().map(|word| word.chars().filter(char::is_ascii_digit).collect::<String>());
        let is_number = |word: &String| !word.chars().any(char::is_alphabetic);
        let digits: BTreeSet<String> = given
            .iter()
            .zip(digits)
            .filter(|(word, digits)| is_number(word) && 8 <= digits.len())
            .map(|(_, digits)| digits)
            .collect();
        let (words, config) = (words.clone(), self.config());
        self.readers
            .look(move |store| {
                let mut called = BTreeSet::new();
                for id in store.requests_like(|text| 0 < mentions.n() && mentions.is_in(text), &digits)? {
                    let Some(request) = store.request(id)? else { continue };
                    let client = request.requester.as_ref().filter(|who| who.kind == AuthorKind::Customer);
                    let names = [
                        request.contact.as_ref(),
                        request.facets.customer.as_ref(),
                        client.and_then(|who| who.name.as_ref()),
                    ];
                    let customer = request
                        .facets
                        .customer
                        .as_ref()
                        .map(|key| config.rulebook.directory.customer_name(key).to_owned());
                    let is_named =
                        |name: &String| words.contains(&address::canonical(&name.to_lowercase()).into_owned());
                    let ends_so =
                        request.contact_word().is_some_and(|word| digits.iter().any(|digits| word.ends_with(digits)));
                    if ends_so || names.into_iter().flatten().chain(&customer).any(is_named) {
                        called.insert(id);
                    }
                }
                Ok(called)
            })
            .await
    }

    /// By what the clients of requests are known, as the requests have it.
    pub(super) async fn identities(&self, requests: &BTreeSet<RequestId>) -> Result<BTreeSet<String>, StoreError> {
        let requests: Vec<_> = requests.iter().copied().collect();
        self.readers
            .look(move |store| {
                let mut words = BTreeSet::new();
                for id in requests {
                    let Some(request) = store.request(id)? else { continue };
                    words.extend(request.contact_by());
                    words.extend(request.contact.filter(|name| name.contains(' ')));
                    words.extend(request.clients);
                    let client = request.requester.filter(|who| who.kind == AuthorKind::Customer);
                    words.extend(client.and_then(|client| client.address));
                }
                words.retain(|word| SHORTEST_WORD <= word.len() && !word.starts_with(ERASED));
                Ok(words)
            })
            .await
    }
}

/// Everything by which whoever is meant is known: what was given, and what the file says of them.
pub(super) fn known_by(kind: ErasureKind, given: &[String], config: &Config) -> BTreeSet<String> {
    let mut words: BTreeSet<String> = BTreeSet::new();
    let directory = &config.rulebook.directory;
    for word in given.iter().filter(|_| kind != ErasureKind::Request) {
        words.insert(word.trim().to_owned());
        if kind == ErasureKind::Person
            && let Some(person) = directory.person(word)
        {
            words.extend([person.key.clone(), person.name.clone()]);
            words.extend(person.addresses.iter().cloned());
            words.extend(config.contacts.get(&person.key).and_then(|contact| contact.email.clone()));
        }
        // Somebody's own address is that person's, though the company is known by its domain.
        let is_one_s_own = word.trim().find('@').is_some_and(|at| 0 < at);
        if kind == ErasureKind::Client
            && !is_one_s_own
            && let Some(client) = directory.customer(word)
        {
            words.extend([client.key.clone(), client.name.clone()]);
        }
    }
    words
}
