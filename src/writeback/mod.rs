//! Writing back to where a conversation lives: a deed becomes calls of the help desk's API, and its answers are judged, all by the `[write]` of
//! the source's mapping (docs/mappings.md).
//!
//! `order` is what is to be done, `compose` puts a note into the form that the system reads, `errand` says call by call what is next and
//! takes the answers without making a call itself, `judge` says what an answer means, and `help_desk` makes the calls.

mod compose;
mod errand;
mod help_desk;
mod judge;
mod order;

pub use compose::{NoteText, note};
pub use errand::{Errand, Next};
pub use help_desk::{Fulfilled, HelpDesk};
pub use judge::{Judgement, judge};
pub use order::{PersonThere, WriteOrder};
