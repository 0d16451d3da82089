//! The outbox's rules, purely: what becomes of a message between its decision and its receipt. `store` loads rows and saves values,
//! `daemon` sends; which states there are, what is still worth telling and who has room is said here.

pub mod attempt;
pub mod content;
pub mod cost;
pub mod digest;
pub mod error;
pub mod facts;
pub mod gather;
pub mod held;
pub mod hold;
pub mod ids;
pub mod lanes;
pub mod message;
pub mod motive;
pub mod needed;
pub mod retry;
pub mod select;
pub mod silence;
pub mod state;
pub mod wait;
pub mod writing;
pub mod written;

pub use attempt::Attempt;
pub use content::Content;
pub use cost::{Cost, Price};
pub use error::{DeliveryError, ReaderLimit};
pub use held::HeldFor;
pub use ids::{DeliveryId, SilenceId, ViolationId};
pub use lanes::{Lanes, Room};
pub use motive::Motive;
pub use state::DeliveryState;
