//! `sla.toml`: read as written ([`raw`]), then resolved into what it means ([`Config`]). Nothing parses a string later.

mod attachment;
mod conceal;
mod contact;
mod destination;
mod form;
pub mod ics;
mod known;
pub mod mistake;
mod parse;
pub mod raw;
mod remedy;
mod resolve;
pub mod secrets;
mod show;
mod spanish;
pub mod store;
mod syntax;
mod usual;

use std::collections::BTreeMap;
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::both;
use crate::engine::calendar::{ALWAYS, Calendar};
use crate::engine::directory::{Recipient, Tell};
use crate::engine::event::RequestKind;
use crate::engine::rota::Handover;
use crate::engine::rulebook::Rulebook;
use crate::intake::mailbox::MailboxSettings;
use crate::intake::source::SourceSettings;
use crate::notify::Settings;
use crate::notify::capabilities::Readers;
use crate::notify::email::MailServer;
use crate::outbox::Lanes;
use crate::outbox::retry::Limits;
use crate::outbox::writing::source_of;
use crate::report::Standards;
use crate::secret::SecretSource;
use crate::text::exposure::{Door, Exposure, MailboxDoor, SourceDoor};
use crate::text::templates::Texts;
use crate::text::{Both, Language};

pub use contact::NotifyWay;
pub use known::Family;
use mistake::{Mistake, Mistakes, Told};
pub(crate) use resolve::DEFAULT_SETTLE;
pub use resolve::zones::read as zone;

/// The name under which mail to people's own addresses is sent.
pub const EMAIL: &str = "email";
/// Files larger than this are not read.
const LARGEST_FILE: u64 = 1 << 20;
/// What some editors put before the text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// What a file means.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where files are looked for that it names: its own directory.
    pub directory: PathBuf,
    /// Files whose content is part of what it means.
    pub attachments: Vec<AttachedFile>,
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
    /// How many may be on their way to each destination.
    pub lanes: Lanes,
    /// Where readers of alerts reach plazo; alerts have no links without.
    pub public_url: Option<String>,
    /// What is called while all is well.
    pub heartbeat: Option<Heartbeat>,
    /// Templates.
    pub texts: Texts,
    /// Lists sent each working morning.
    pub daily: Vec<DailyList>,
    /// Reports.
    pub reports: Vec<ReportSettings>,
    /// Systems that tell plazo what happens, by name.
    pub sources: BTreeMap<String, SourceSettings>,
    /// Mailboxes that are read, by name.
    pub mailboxes: BTreeMap<String, MailboxSettings>,
    /// How long what plazo knows is kept.
    pub retention: Retention,
    /// Before which instant what a source or mailbox tells is history, by its name.
    pub ignore_before: BTreeMap<String, DateTime<Utc>>,
    /// The PostgreSQL that several daemons share; none where a file of the data directory has it all.
    pub store: Option<store::SharedStore>,
}

/// How long what plazo knows is kept; for ever where there is no span.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retention {
    /// Whether no words are kept at all.
    pub keeps_no_words: bool,
    /// What people wrote, after their request ended.
    pub words: Option<TimeDelta>,
    /// Entries of what happened to a request, after it ended.
    pub journal: Option<TimeDelta>,
    /// What was told.
    pub deliveries: Option<TimeDelta>,
    /// Requests, after they ended.
    pub requests: Option<TimeDelta>,
    /// Messages that were written as files.
    pub copies: Option<TimeDelta>,
    /// Bytes of the disk that are for others.
    pub keep_free: u64,
}

impl Retention {
    /// After how long figures of the past can no longer be made anew; none where they always can.
    pub fn figures(&self) -> Option<TimeDelta> {
        [self.journal, self.deliveries, self.requests].into_iter().flatten().min()
    }
}

/// A file that another names, and whose content is part of what that one means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedFile {
    /// As it is named.
    pub name: String,
    /// SHA-256 of its content, in hexadecimal.
    pub digest: String,
}

/// How a person is reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Contact {
    /// Name.
    pub name: String,
    /// Address for mail.
    pub email: Option<String>,
    /// Language.
    pub language: Language,
    /// Ways by which the person is told, [`EMAIL`] among them.
    pub notify: Vec<NotifyWay>,
    /// Addresses at destinations that have one for each person.
    pub reach: BTreeMap<String, String>,
    /// Outside of its hours, what may wait waits.
    pub hours: Option<Arc<Calendar>>,
    /// Time of day of the summary that takes the place of single alerts, in the zone of the hours, else of the file.
    pub summary: Option<NaiveTime>,
}

/// A place to which alerts can go.
#[derive(Debug, Clone, PartialEq)]
pub struct Destination {
    /// How.
    pub settings: Settings,
    /// Language.
    pub language: Language,
    /// Names of the destinations that are told what this one could not be, in order.
    pub fallback: Vec<String>,
}

/// How alerts are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertSettings {
    /// Whether what fell due while plazo was down comes as one message a person.
    pub gather: bool,
    /// Requests that an edit of the file may alert at once before each person gets one summary instead.
    pub summary_above: usize,
    /// How long a delivery is tried.
    pub retry_for: TimeDelta,
    /// Deliveries on their way at a time.
    pub in_flight: usize,
    /// After a message, how long further ones to the same reader are gathered.
    pub window: TimeDelta,
    /// How long links work.
    pub links_expire: TimeDelta,
    /// The rota that is told of a client's broken promise where whoever should be does not work.
    pub on_duty: Option<String>,
}

/// An address that is called while all is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// Where it is kept.
    pub url: SecretSource,
    /// How often.
    pub every: Duration,
    /// Whether it may be a private one.
    pub private: bool,
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

/// A report: when it is sent, to whom, and what it is measured by (rules C9, C10).
#[derive(Debug, Clone, PartialEq)]
pub struct ReportSettings {
    /// Its name; also the name of its last run in the store.
    pub name: String,
    /// Each week of the week before, or each day of the day before.
    pub at: Handover,
    /// Whose hours are working time, and in whose zone days begin.
    pub calendar: Arc<Calendar>,
    /// Whom.
    pub tell: Vec<Tell>,
    /// What is to be reached.
    pub standards: Standards,
    /// The rule that it keeps.
    pub rule: Option<String>,
}

/// A file that was read, whatever came of it.
#[derive(Debug)]
pub struct Loaded {
    /// Its path, as given.
    pub path: PathBuf,
    /// Its text, without a byte order mark.
    pub source: String,
    /// The language in which to speak of it.
    pub language: Language,
    /// Its mistakes in order; where there are very many, the last one says how many more.
    pub mistakes: Vec<Mistake>,
    /// All its errors, those untold included.
    pub n_errors: usize,
    /// All its warnings, those untold included.
    pub n_warnings: usize,
    /// Its meaning, if no mistake forbids it.
    pub config: Option<Config>,
}

/// The language of a file, without judging it; none where it cannot be read or names none.
pub fn language_of(path: &Path) -> Option<Language> {
    let length = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?.len();
    let text = std::fs::read_to_string(path).ok().filter(|_| length <= LARGEST_FILE)?;
    let (tree, _) = toml::de::DeTable::parse_recoverable(text.trim_start_matches(BYTE_ORDER_MARK));
    Language::from_code(tree.get_ref().get("language")?.get_ref().as_str()?)
}

/// A file that cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is none.
    #[error("there is no {path} here")]
    Missing {
        /// The file.
        path: PathBuf,
    },
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
    /// A directory, a pipe, a device.
    #[error("{path} is no regular file")]
    NoFile {
        /// What was named.
        path: PathBuf,
    },
    /// Saved as UTF-16, which some editors and Excel call "Unicode".
    #[error(
        "{path} is saved as Unicode (UTF-16); save it as UTF-8 (está guardado como Unicode (UTF-16); guárdelo como UTF-8)"
    )]
    Utf16 {
        /// The file.
        path: PathBuf,
    },
    /// Saved in another encoding than UTF-8.
    #[error(
        "{path}:{line}:{column}: a character that is not UTF-8; save the file as UTF-8 \
         (un carácter que no es UTF-8; guarde el archivo como UTF-8)"
    )]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Line of the first such character, from 1.
        line: usize,
        /// Its column, from 1.
        column: usize,
    },
}

impl LoadError {
    /// What is wrong and what to do, in both languages.
    pub fn words(&self) -> Both {
        let path = match self {
            Self::Missing { path }
            | Self::Unreadable { path, .. }
            | Self::TooLarge { path }
            | Self::NoFile { path }
            | Self::Utf16 { path }
            | Self::NotUtf8 { path, .. } => path.display(),
        };
        match self {
            Self::Missing { .. } => both!(
                "there is no {path} here. Make one: plazo init. Or name your file by --config (or in PLAZO_CONFIG)",
                "no hay {path} aquí. Haga uno: plazo init. O diga cuál es su archivo con --config (o en PLAZO_CONFIG)"
            ),
            Self::Unreadable { cause, .. } if cause.kind() == std::io::ErrorKind::PermissionDenied => {
                both!("cannot read {path}: the permission is missing", "no se puede leer {path}: falta el permiso")
            }
            Self::Unreadable { cause, .. } => both!("cannot read {path}: {cause}", "no se puede leer {path}: {cause}"),
            Self::TooLarge { .. } => both!(
                "{path} is larger than 1 MiB; is it the right file?",
                "{path} pasa de 1 MiB; ¿es el archivo correcto?"
            ),
            Self::NoFile { .. } => both!("{path} is no regular file", "{path} no es un archivo común"),
            Self::Utf16 { .. } => both!(
                "{path} is saved as Unicode (UTF-16); save it as UTF-8",
                "{path} está guardado como Unicode (UTF-16); guárdelo como UTF-8"
            ),
            Self::NotUtf8 { line, column, .. } => both!(
                "{path}:{line}:{column}: a character that is not UTF-8; save the file as UTF-8",
                "{path}:{line}:{column}: un carácter que no es UTF-8; guarde el archivo como UTF-8"
            ),
        }
    }
}

/// Reads and resolves a file.
///
/// # Errors
///
/// [`LoadError`] if it cannot be read. What is wrong in it is in [`Loaded::mistakes`].
pub fn load(path: &Path) -> Result<Loaded, LoadError> {
    let unreadable = |cause: std::io::Error| match cause.kind() {
        std::io::ErrorKind::NotFound => LoadError::Missing { path: path.to_owned() },
        _ => LoadError::Unreadable { path: path.to_owned(), cause },
    };
    // Asked before it is opened: opening a pipe waits for its other end.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(LoadError::NoFile { path: path.to_owned() });
    }
    let mut bytes = Vec::new();
    // One byte more than allowed shows that there is more. What the system says of the length may be out of date.
    let mut file = std::fs::File::open(path).map_err(unreadable)?.take(LARGEST_FILE + 1);
    let length = file.read_to_end(&mut bytes).map_err(unreadable)?;
    if u64::try_from(length).is_ok_and(|length| LARGEST_FILE < length) {
        return Err(LoadError::TooLarge { path: path.to_owned() });
    }
    if is_utf16(&bytes) {
        return Err(LoadError::Utf16 { path: path.to_owned() });
    }
    let source = String::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        LoadError::NotUtf8 { path: path.to_owned(), line, column }
    })?;
    Ok(read(path, source))
}

/// Whether these are the bytes of UTF-16, with a mark or without one: of Latin letters, each has a zero beside it.
fn is_utf16(bytes: &[u8]) -> bool {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
        [a, b, c, d, ..] => (*a == 0) != (*b == 0) && (*a == 0) == (*c == 0) && (*b == 0) == (*d == 0),
        _ => false,
    }
}

/// Resolves a file's text.
pub fn read(path: &Path, mut source: String) -> Loaded {
    if source.starts_with(BYTE_ORDER_MARK) {
        source.drain(..BYTE_ORDER_MARK.len_utf8());
    }
    let directory = path.parent().unwrap_or(Path::new(""));
    let mut mistakes = Mistakes::default();
    let parsed = parse::parse(&source, &mut mistakes);
    let config = if parsed.is_toml {
        resolve::resolve(&parsed.raw, directory, &mut mistakes)
    } else {
        // Only for the language in which to tell what the lines lack: what they would mean cannot be judged.
        resolve::resolve(&parsed.raw, directory, &mut Mistakes::default())
    };
    let language = config.language;
    let Told { mistakes, n_errors, n_warnings } = mistakes.told();
    let config = (n_errors == 0).then_some(config);
    Loaded { path: path.to_owned(), source, language, mistakes, n_errors, n_warnings, config }
}

impl Config {
    /// A way that reaches this person and nobody else: the mail, else a chat in which everybody has an address of their own.
    pub fn private_way(&self, person: &str) -> Option<&str> {
        let contact = self.contacts.get(person)?;
        if contact.email.is_some() {
            return Some(EMAIL);
        }
        let is_apart = |settings: &Settings| settings.can().readers == Readers::ByReach && settings.address().is_none();
        let has_own = |way: &&str| {
            let destination = self.destinations.get(*way);
            contact.reach.contains_key(*way) && destination.is_some_and(|own| is_apart(&own.settings))
        };
        contact.notify.iter().map(|way| way.by.as_str()).find(has_own)
    }

    /// The calendar by which is counted where nothing names one: the file's only one besides `always`, else `always` itself.
    pub fn usual_calendar(&self) -> Arc<Calendar> {
        let mut own = self.calendars.iter().filter(|(name, _)| *name != ALWAYS).map(|(_, calendar)| calendar);
        match (own.next(), own.next()) {
            (Some(only), None) => Arc::clone(only),
            _ => self.calendars.get(ALWAYS).map_or_else(|| Arc::new(Calendar::always(ALWAYS, self.zone)), Arc::clone),
        }
    }

    /// In which language a recipient reads.
    pub fn language_of(&self, recipient: &Recipient) -> Language {
        match recipient {
            Recipient::Person(key) => self.contacts.get(key).map_or(self.language, |contact| contact.language),
            Recipient::Destination(name) => self.destinations.get(name).map_or(self.language, |one| one.language),
        }
    }

    /// What the person of that key is called; the key itself where the file has nobody of it.
    pub fn name_of<'a>(&'a self, key: &'a str) -> &'a str {
        self.contacts.get(key).map_or(key, |contact| &contact.name)
    }

    /// What the file says of tries to a destination.
    pub fn limits_of(&self, destination: &str) -> Limits {
        let own = self.destinations.get(destination).map(|own| own.fallback.clone());
        let written = || Some(self.sources.get(source_of(destination)?)?.write.fallback.clone());
        let fallback = own.or_else(written).unwrap_or_default();
        Limits { retry_for: self.alerts.retry_for, fallback }
    }

    /// The server by which mail goes out; none where it is written as files.
    pub fn mail_server(&self) -> Option<&MailServer> {
        match &self.destinations.get(EMAIL)?.settings {
            Settings::Email(mail) => mail.server.as_ref(),
            _ => None,
        }
    }

    /// The address from which mail goes out, where any does.
    pub fn mail_sender(&self) -> Option<String> {
        let from = &self.mail_server()?.from;
        Some(from.rsplit('<').next().unwrap_or_default().trim_end_matches('>').to_lowercase())
    }

    /// How many promises the file makes.
    pub fn n_promises(&self) -> usize {
        let targets = self.rulebook.policies.iter().flat_map(|policy| &policy.targets);
        targets.filter(|(_, target)| target.is_some()).count()
    }

    /// Whether a step of a promise does something where the conversation lives.
    pub fn writes_back(&self) -> bool {
        let targets = self.rulebook.policies.iter().flat_map(|policy| &policy.targets);
        let ladders = targets.filter_map(|(_, target)| target.as_ref()).map(|target| &target.escalation);
        ladders.flat_map(|ladder| &ladder.steps).any(|step| !step.deeds.is_empty())
    }

    /// Whether a mailbox is read to which answers to alerts go.
    pub fn hears_replies(&self) -> bool {
        let Some(address) = self.mail_sender() else { return false };
        self.mailboxes.values().any(|mailbox| mailbox.is_own(&address))
    }

    /// What the file leaves open to whom.
    pub fn exposure(&self) -> Exposure {
        let is_loopback = self.listen.ip().is_loopback();
        let door = match (&self.public_url, self.sources.is_empty()) {
            (Some(_), _) => Door::Nothing,
            (None, false) => Door::Starts,
            (None, true) => Door::Everything,
        };
        let source = |source: &SourceSettings| SourceDoor {
            name: source.name.clone(),
            is_signed: !source.secrets.is_empty(),
            takes_calls: source.mapping.hears_calls(),
        };
        let mailbox = |mailbox: &MailboxSettings| MailboxDoor {
            name: mailbox.name.clone(),
            trusts: mailbox.trusts.clone(),
            reads_sent: mailbox.reads_sent(),
        };
        Exposure {
            listen: self.listen.to_string(),
            is_loopback,
            door,
            has_links: self.public_url.is_some(),
            sources: self.sources.values().map(source).collect(),
            mailboxes: self.mailboxes.values().map(mailbox).collect(),
        }
    }

    /// A text for the operator, with the address of the page that shows how plazo stands, where there is one.
    pub fn with_status_page(&self, text: String) -> String {
        match &self.public_url {
            Some(url) => format!("{text}\n\n{}/estado", url.trim_end_matches('/')),
            None => text,
        }
    }

    /// Names of everything that tells plazo what happens.
    pub fn source_names(&self) -> Vec<String> {
        self.sources.keys().chain(self.mailboxes.keys()).cloned().collect()
    }

    /// The system behind a source, in words.
    pub fn system_of(&self, source: &str) -> String {
        match (self.sources.get(source), self.mailboxes.get(source)) {
            (Some(settings), _) => settings.mapping.title.clone(),
            (None, Some(mailbox)) => format!("IMAP, {}", mailbox.host),
            (None, None) => String::new(),
        }
    }

    /// The text of a revision: the file's, with a mark of every file that it names. What those say is part of the promise.
    pub fn revision_text(&self, source: &str) -> String {
        let mark = |attachment: &AttachedFile| format!("\n# {} sha256:{}", attachment.name, attachment.digest);
        source.to_owned() + &self.attachments.iter().map(mark).collect::<String>()
    }
}

impl Loaded {
    /// Where the first error stands and what it is, on one line and without the text around it, as a log bears it.
    pub fn first_error(&self) -> Option<String> {
        let first = self.mistakes.iter().find(|mistake| mistake.severity == mistake::Severity::Error)?;
        let before = self.source.get(..first.span.start).unwrap_or(&self.source);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let (path, cause) = (self.path.display(), self.language.of(first.cause.clone()));
        Some(format!("{path}:{line}:{column}: {cause}"))
    }

    /// The mistakes as text, with the offending places underlined.
    pub fn explain(&self, styled: bool) -> String {
        mistake::render(&self.mistakes, &self.path.display().to_string(), &self.source, self.language, styled)
    }
}

pub use conceal::{MARK, concealed, revealed};

/// The JSON Schema of the file, for editors.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(raw::Raw).to_value()
}
