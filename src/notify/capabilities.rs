//! What a system can do. Whoever decides something by it asks here, and not which system it is.

use std::num::NonZeroU32;
use std::time::Duration;

/// What a system can do. Each transport states its own as `CAN`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether people read it. Programs get the facts, and texts need not be rendered for them.
    pub is_read_by_people: bool,
    /// Whether it gets the facts of a message as a document, and not its text alone.
    pub takes_facts: bool,
    /// Whether several messages to the same reader may be put into one. Tickets and incidents are each about one request.
    pub gathers: bool,
    /// Whether a message can be told later that it is over: edited in place, resolved, or commented on.
    pub updates: bool,
    /// Whether it keeps tickets: one a request, opened by the first message about it.
    pub keeps_tickets: bool,
    /// Whether readers can answer a message there, and the answer comes back as mail.
    pub is_answered: bool,
    /// Whether its messages have buttons that a source hears, and no names by which a press could be matched to them.
    pub has_nameless_buttons: bool,
    /// Whether it reaches people's telephones, and each message is paid for: a line or two, of promises alone, so many a day, and looked
    /// for before it is sent again.
    pub is_phone: bool,
    /// Whether it rings: what is over is hung up.
    pub rings: bool,
    /// Where each person's own address there comes from.
    pub readers: Readers,
    /// How fast it takes messages, as its vendor says; none where only it knows.
    pub pace: Option<Pace>,
}

/// Where a person's address at a system comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// From nowhere: messages go to one place, whoever reads there.
    Shared,
    /// It is the person's address for mail.
    ByMail,
    /// The file gives it beside the person, by the destination's name.
    ByReach,
}

/// How fast a system takes messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Messages that may go out at once after a rest.
    pub burst: NonZeroU32,
    /// Then one in each such time.
    pub every: Duration,
}

impl Capabilities {
    /// What most can do: a place that people read, to which one text after the other is posted.
    pub(super) const ROOM: Self = Self {
        is_read_by_people: true,
        takes_facts: false,
        gathers: true,
        updates: false,
        keeps_tickets: false,
        is_answered: false,
        has_nameless_buttons: false,
        is_phone: false,
        rings: false,
        readers: Readers::Shared,
        pace: None,
    };

    /// Whether what it called the first message about a request must be known before the next one goes out, so that one goes at a time.
    pub const fn keeps_threads(&self) -> bool {
        self.updates
    }
}

impl Pace {
    /// `burst` messages at once, which is 1 where it is 0; then one in each `every_ms` milliseconds.
    pub(super) const fn of(burst: u32, every_ms: u64) -> Option<Self> {
        let burst = match NonZeroU32::new(burst) {
            Some(burst) => burst,
            None => NonZeroU32::MIN,
        };
        Some(Self { burst, every: Duration::from_millis(every_ms) })
    }
}
