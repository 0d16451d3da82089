//! How many connections there may be: in all, by TCP, and of one address. Sending needs files too, so that what comes in never has
//! all of them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::listener::Caller;

/// Connections at most, and at least, whatever the system allows.
const MOST: usize = 1_280;
const FEWEST: usize = 16;
/// Connections of one address; those of this machine are not counted, since a proxy's all come from there.
const MOST_OF_ADDRESS: usize = 64;
/// Of so many places one is for the Unix sockets alone: 160 of 1,280. Under a flood by TCP the operator still gets in.
const RESERVED_OF: usize = 8;
/// Connections of one user of this machine by a Unix socket; the daemon's own user and root are not counted.
const MOST_OF_USER: usize = 32;
/// Files for the store, the log, sources and messages that go out. Beyond them, sending has as many as the connections.
const KEPT_BACK: u64 = 128;

/// The places that there are, and who has them.
pub(super) struct Places {
    most: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    n_all: usize,
    n_tcp: usize,
    of: HashMap<Who, usize>,
}

/// To whom a connection is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    Address(IpAddr),
    User(u32),
}

impl Who {
    const fn most(self) -> usize {
        match self {
            Self::Address(_) => MOST_OF_ADDRESS,
            Self::User(_) => MOST_OF_USER,
        }
    }
}

/// Why somebody gets no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// All are taken.
    All,
    /// That address, or that user of this machine, has as many as one may have.
    Address,
}

impl Full {
    /// The word for it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::All => "full",
            Self::Address => "address",
        }
    }
}

/// A place, free again when dropped.
pub(super) struct Place {
    places: Arc<Places>,
    is_tcp: bool,
    who: Option<Who>,
}

impl Places {
    /// As many as the files allow that this process may open.
    pub(super) fn as_files_allow() -> Self {
        raise_limit();
        let n_files = getrlimit(Resource::RLIMIT_NOFILE).map_or(u64::MAX, |(soft, _)| soft);
        let places = Self::new(most_by(n_files));
        if places.most < MOST {
            tracing::warn!(n_files, most = places.most, "few files may be opened, so fewer connections are taken");
        }
        places
    }

    fn new(most: usize) -> Self {
        Self { most, taken: Mutex::default() }
    }

    /// How many there are.
    pub(super) const fn most(&self) -> usize {
        self.most
    }

    /// Takes a place for somebody.
    ///
    /// # Errors
    ///
    /// [`Full`] says why there is none.
    pub(super) fn take(self: &Arc<Self>, peer: &Caller) -> Result<Place, Full> {
        let (is_tcp, who) = match peer {
            Caller::Tcp(address) => (true, counted(address.ip()).map(Who::Address)),
            Caller::Socket { uid } => (false, Some(*uid).filter(|uid| !is_trusted(*uid)).map(Who::User)),
        };
        let mut taken = self.taken();
        let most_tcp = self.most - self.most / RESERVED_OF;
        if self.most <= taken.n_all || (is_tcp && most_tcp <= taken.n_tcp) {
            return Err(Full::All);
        }
        if let Some(who) = who {
            let n = taken.of.entry(who).or_default();
            if who.most() <= *n {
                return Err(Full::Address);
            }
            *n += 1;
        }
        taken.n_all += 1;
        taken.n_tcp += usize::from(is_tcp);
        Ok(Place { places: Arc::clone(self), is_tcp, who })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.n_all -= 1;
        taken.n_tcp -= usize::from(self.is_tcp);
        let Some(who) = self.who else { return };
        if let Some(n) = taken.of.get_mut(&who) {
            *n -= 1;
            if *n == 0 {
                taken.of.remove(&who);
            }
        }
    }
}

/// Lets this process open as many files as it may let itself open, up to what it needs.
fn raise_limit() {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return };
    let wanted = (MOST as u64 * 2 + KEPT_BACK).min(hard);
    if soft < wanted
        && let Err(error) = setrlimit(Resource::RLIMIT_NOFILE, wanted, hard)
    {
        tracing::debug!(%error, "the limit of open files stays");
    }
}

/// How many connections so many files allow.
fn most_by(n_files: u64) -> usize {
    usize::try_from(n_files.saturating_sub(KEPT_BACK) / 2).unwrap_or(MOST).clamp(FEWEST, MOST)
}

/// How many of the places live pages may have, so that what tells of clients always has some.
pub(super) fn most_pages() -> usize {
    let n_files = getrlimit(Resource::RLIMIT_NOFILE).map_or(u64::MAX, |(soft, _)| soft);
    most_by(n_files) / 2
}

/// Whether a user may have every place: root, and whoever runs the daemon.
fn is_trusted(uid: u32) -> bool {
    uid == 0 || uid == nix::unistd::geteuid().as_raw()
}

/// The address to which a connection is counted: none for this machine's own, and for IPv6 the network of 64 bits, since whoever
/// has one address of it has all.
fn counted(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        address if address.is_loopback() => None,
        IpAddr::V6(address) => Some(IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))),
        address => Some(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(address: &str) -> Caller {
        Caller::Tcp((address.parse::<IpAddr>().expect("an address"), 40_000).into())
    }

    #[test]
    fn a_part_of_the_files_is_kept_for_sending() {
        let table = [(64, 16), (256, 64), (1_024, 448), (2_688, 1_280), (65_536, 1_280), (u64::MAX, 1_280)];
        for (n_files, most) in table {
            assert_eq!(most_by(n_files), most, "{n_files} files");
        }
    }

    #[test]
    fn an_address_has_its_bound_and_gives_back_what_it_had() {
        let places = Arc::new(Places::new(512));
        let held: Vec<_> = (0..MOST_OF_ADDRESS).map(|_| places.take(&tcp("203.0.113.9")).ok()).collect();
        assert!(held.iter().all(Option::is_some));
        assert_eq!(places.take(&tcp("203.0.113.9")).err(), Some(Full::Address));
        assert_eq!(places.take(&tcp("::ffff:203.0.113.9")).err(), Some(Full::Address), "the same, written otherwise");
        assert!(places.take(&tcp("203.0.113.10")).is_ok());
        drop(held);
        assert!(places.take(&tcp("203.0.113.9")).is_ok());
        assert!(places.taken().of.is_empty());
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let places = Arc::new(Places::new(512));
        let held: Vec<_> =
            (0..MOST_OF_ADDRESS).map(|n| places.take(&tcp(&format!("2001:db8:1:2::{n:x}"))).ok()).collect();
        assert!(held.iter().all(Option::is_some));
        assert_eq!(places.take(&tcp("2001:db8:1:2:ffff::1")).err(), Some(Full::Address));
        assert!(places.take(&tcp("2001:db8:1:3::1")).is_ok());
    }

    #[test]
    fn a_user_of_this_machine_leaves_places_for_root_and_the_daemons_own() {
        let places = Arc::new(Places::new(512));
        let stranger = Caller::Socket { uid: nix::unistd::geteuid().as_raw() + 4_711 };
        let held: Vec<_> = (0..MOST_OF_USER).map(|_| places.take(&stranger).ok()).collect();
        assert!(held.iter().all(Option::is_some));
        assert_eq!(places.take(&stranger).err(), Some(Full::Address));
        assert!(places.take(&Caller::Socket { uid: 0 }).is_ok());
        drop(held);
        assert!(places.take(&stranger).is_ok());
    }

    #[test]
    fn this_machines_proxy_has_no_bound_of_its_own_and_the_sockets_have_a_reserve() {
        let places = Arc::new(Places::new(512));
        let held: Vec<_> = (0..448).map(|_| places.take(&tcp("127.0.0.1")).ok()).collect();
        assert!(held.iter().all(Option::is_some));
        assert_eq!(places.take(&tcp("::1")).err(), Some(Full::All));
        let sockets: Vec<_> = (0..64).map(|_| places.take(&Caller::Socket { uid: 0 }).ok()).collect();
        assert!(sockets.iter().all(Option::is_some));
        assert_eq!(places.take(&Caller::Socket { uid: 0 }).err(), Some(Full::All));
        drop(held);
        assert!(places.take(&tcp("127.0.0.1")).is_ok());
    }
}
