//! What a report is made of, read by several threads beside the one that makes it: reading a year of requests takes longer than counting them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::readers::Readers;
use crate::engine::request_id::RequestId;
use crate::store::material::LoadedRequest;
use crate::store::{Store, StoreError};

/// Requests that are read in one look: one look for some hundreds costs less than one each, and one for all would keep the log from being
/// taken in.
const LOOK: usize = 64;
/// Looks of one thread that wait to be counted.
const AHEAD: usize = 1;
/// Threads that read, at most. Alerts go out beside them, so that half of the processors are left.
const MOST_THREADS: usize = 4;

type Loads = Result<Vec<LoadedRequest>, StoreError>;

/// Hands over each of those requests, in their order. `progress` is how many were handed over, and of how many.
pub(super) fn each_loaded(
    readers: &Readers,
    ids: &[RequestId],
    [n_done, n_all]: &[AtomicUsize; 2],
    mut take: impl FnMut(LoadedRequest),
) -> Result<(), StoreError> {
    n_done.store(0, Ordering::Relaxed);
    n_all.store(ids.len(), Ordering::Relaxed);
    let n_threads = thread::available_parallelism().map_or(1, |n| n.get() / 2).clamp(1, MOST_THREADS);
    thread::scope(|scope| {
        let begin = |first: usize| {
            let (send, receive) = sync_channel(AHEAD);
            scope.spawn(move || load(readers, ids.chunks(LOOK).skip(first).step_by(n_threads), &send));
            receive
        };
        let threads: Vec<Receiver<Loads>> = (0..n_threads).map(begin).collect();
        // Each has every so manieth look, so that they come in their order.
        for (place, some) in ids.chunks(LOOK).enumerate() {
            // A thread that ended before its last look has panicked, and the scope says so.
            let Ok(loaded) = threads[place % n_threads].recv() else { break };
            loaded?.into_iter().for_each(&mut take);
            n_done.fetch_add(some.len(), Ordering::Relaxed);
        }
        Ok(())
    })
}

/// Reads look after look, until nobody wants more.
fn load<'i>(readers: &Readers, looks: impl Iterator<Item = &'i [RequestId]>, send: &SyncSender<Loads>) {
    let read = readers.with(|store| {
        for some in looks {
            if send.send(look_at(store, some)).is_err() {
                break;
            }
        }
        Ok(())
    });
    if let Err(error) = read {
        // Where nobody waits for it, another thread's failure was told.
        send.send(Err(error)).ok();
    }
}

fn look_at(store: &Store, some: &[RequestId]) -> Loads {
    store.look()?.material(some)
}
