//! What a transaction has seen, so that it changes nothing that another daemon changed meanwhile.

use std::collections::{HashMap, HashSet};

use plazo_core::engine::request_id::RequestId;

/// What was read since it began.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    versions: HashMap<RequestId, i64>,
    nobodys: HashSet<(String, String)>,
}

impl Seen {
    /// A request was read at that version.
    pub(crate) fn request(&mut self, id: RequestId, version: i64) {
        self.versions.entry(id).or_insert(version);
    }

    /// A request is written: at which version it must still be. It is one further then.
    pub(crate) fn moves(&mut self, id: RequestId) -> Option<i64> {
        let version = self.versions.get_mut(&id)?;
        *version += 1;
        Some(*version - 1)
    }

    /// A request is new, and at its first version: there is none that it must be at.
    pub(crate) fn begins(&mut self, id: RequestId) -> Option<i64> {
        self.versions.insert(id, 0);
        None
    }

    /// A conversation led to no request.
    pub(crate) fn nobody_has(&mut self, channel: &str, thread: &str) {
        self.nobodys.insert((channel.to_owned(), thread.to_owned()));
    }

    /// A conversation is given to a request: whether it must lead to none still.
    pub(crate) fn takes(&mut self, channel: &str, thread: &str) -> bool {
        self.nobodys.remove(&(channel.to_owned(), thread.to_owned()))
    }
}
