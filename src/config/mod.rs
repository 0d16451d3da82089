//! `sla.toml`: read as written ([`raw`]), then resolved into what it means ([`Config`]). Nothing parses a string later.

pub mod mistake;
mod parse;
pub mod raw;
mod resolve;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{NaiveTime, TimeDelta};
use chrono_tz::Tz;

use crate::engine::calendar::Calendar;
use crate::engine::directory::Recipient;
use crate::engine::event::RequestKind;
use crate::engine::policy::Rulebook;
use crate::notify::Settings;
use crate::text::Language;

use mistake::{Mistake, Mistakes, Severity};

/// The name under which mail to people's own addresses is sent.
pub const EMAIL: &str = "email";
/// Files larger than this are not read.
const LARGEST_FILE: u64 = 1 << 20;

/// What a file means.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Language where a person or destination gives none.
    pub language: Language,
    /// Zone in which instants are shown.
    pub zone: Tz,
    /// Everything by which events are judged.
    pub rulebook: Rulebook,
    /// Every calendar of the file and `always`, by name.
    pub calendars: BTreeMap<String, Arc<Calendar>>,
    /// How people are reached, by key.
    pub contacts: BTreeMap<String, Contact>,
    /// Where alerts can go, by name; [`EMAIL`] is always there.
    pub destinations: BTreeMap<String, Destination>,
    /// Who is told of plazo's own troubles.
    pub operator: Option<Recipient>,
    /// Address of the HTTP interface.
    pub listen: SocketAddr,
    /// How alerts are sent.
    pub alerts: AlertSettings,
    /// Lists sent each working morning.
    pub daily: Vec<DailyList>,
}

/// How a person is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Name.
    pub name: String,
    /// Address for mail.
    pub email: Option<String>,
    /// Language.
    pub language: Language,
    /// Names of destinations, [`EMAIL`] included.
    pub notify: Vec<String>,
}

/// A place to which alerts can go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// How.
    pub settings: Settings,
    /// Address, where the destination is one mailbox.
    pub address: Option<String>,
    /// Language.
    pub language: Language,
    /// Name of the destination that is told what this one could not be.
    pub fallback: Option<String>,
}

/// How alerts are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertSettings {
    /// Whether what fell due while plazo was down comes as one message a person.
    pub gather: bool,
    /// How long a delivery is tried.
    pub retry_for: TimeDelta,
    /// Deliveries on their way at a time.
    pub in_flight: usize,
}

/// A list sent each working morning (rule D1).
#[derive(Debug, Clone, PartialEq)]
pub struct DailyList {
    /// Its name; also the name of its last run in the store.
    pub name: String,
    /// Time of day in the calendar's zone.
    pub at: NaiveTime,
    /// On whose working days.
    pub calendar: Arc<Calendar>,
    /// What is listed.
    pub list: RequestKind,
    /// The rule that it keeps.
    pub rule: Option<String>,
}

/// A file that was read, whatever came of it.
#[derive(Debug)]
pub struct Loaded {
    /// Its path, as given.
    pub path: PathBuf,
    /// Its text.
    pub source: String,
    /// The language in which to speak of it.
    pub language: Language,
    /// Its mistakes, in order.
    pub mistakes: Vec<Mistake>,
    /// Its meaning, if no mistake forbids it.
    pub config: Option<Config>,
}

/// A file that cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The system says no.
    #[error("cannot read {path}: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// Over 1 MiB.
    #[error("{path} is larger than 1 MiB; is it the right file?")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

/// Reads and resolves a file.
///
/// # Errors
///
/// [`LoadError`] if it cannot be read. What is wrong in it is in [`Loaded::mistakes`].
pub fn load(path: &Path) -> Result<Loaded, LoadError> {
    let unreadable = |cause| LoadError::Unreadable { path: path.to_owned(), cause };
    if LARGEST_FILE < std::fs::metadata(path).map_err(unreadable)?.len() {
        return Err(LoadError::TooLarge { path: path.to_owned() });
    }
    let source = std::fs::read_to_string(path).map_err(unreadable)?;
    Ok(read(path, source))
}

/// Resolves a file's text.
pub fn read(path: &Path, source: String) -> Loaded {
    let mut mistakes = Mistakes::default();
    let raw = parse::parse(&source, &mut mistakes);
    let config = resolve::resolve(&raw, &mut mistakes);
    let language = config.language;
    let mistakes = mistakes.sorted();
    let usable = mistakes.iter().all(|mistake| mistake.severity == Severity::Warning);
    Loaded { path: path.to_owned(), source, language, mistakes, config: usable.then_some(config) }
}

impl Loaded {
    /// The mistakes as text, with the offending places underlined.
    pub fn explain(&self, styled: bool) -> String {
        mistake::render(&self.mistakes, &self.path.display().to_string(), &self.source, self.language, styled)
    }
}

/// The JSON Schema of the file, for editors.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(raw::Raw).to_value()
}
