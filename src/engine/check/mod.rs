//! Checks: rules that judge an event. A file per family of rules.

mod reply;

pub use reply::{Answer, Wording, judge_answer};
