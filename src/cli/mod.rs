//! The command line: a file per subcommand. Exit codes: 0 done, 1 found something, 2 failed, 75 a mail
//! server is to try again.

mod act;
mod apply;
mod away;
mod backup;
pub mod bench;
mod calendar;
mod check;
mod client;
mod deliveries;
mod demo;
mod describe_house;
mod doctor;
mod event;
mod explain;
pub mod help;
mod import;
mod init;
mod ingest_email;
mod links;
mod list;
mod look;
pub mod loopback;
mod man;
mod migrate;
mod output;
mod page;
mod privacy;
mod queue;
mod replay;
mod report;
mod route;
mod run;
mod show;
mod silence;
mod source;
mod source_write;
mod status;
mod test_notify;
mod texts;
mod token;
mod top;
mod verify;
mod violations;
mod welcome;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use clap::{Parser, Subcommand};

use crate::app::time::TimeSource;
use crate::config::{self, Config};
use crate::store::{StoreError, StorePlace};
use crate::text::{Both, Language, cause};
use look::Look;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// It found something that a script should know of.
    Found,
    /// A mail server's pipe is to try again later (EX_TEMPFAIL of sysexits.h).
    TryLater,
    /// What came by a mail server's pipe is no mail, and never will be.
    Refused,
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

type Outcome = anyhow::Result<Exit>;

/// Watches deadlines, and tells the right person before they break.
#[derive(Debug, Parser)]
#[command(name = "plazo", version = version(), max_term_width = 120)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Where the unit keeps the data.
const SERVICE_DATA: &str = "/var/lib/plazo";

/// What every command takes.
#[derive(Debug, Clone, clap::Args)]
struct Global {
    /// The file of promises
    #[arg(long, global = true, value_name = "FILE", default_value = "sla.toml", env = "PLAZO_CONFIG")]
    config: PathBuf,
    /// The data directory [default: $STATE_DIRECTORY, else ./data, else the service's]
    #[arg(long, global = true, value_name = "DIR", env = "PLAZO_DATA")]
    data: Option<PathBuf>,
    /// Address of the daemon [default: the one that runs on the data directory]
    #[arg(long, global = true, value_name = "URL", env = "PLAZO_URL")]
    url: Option<String>,
    /// Token for the daemon
    #[arg(long, global = true, env = "PLAZO_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a sla.toml for a team: a few questions, and what is usual as their answers
    Init(Box<init::Args>),
    /// Run the daemon
    Run(run::Args),
    /// Check a file, and say in words what it means
    Check(check::Args),
    /// Put a file in force for all daemons that share a PostgreSQL
    Apply(apply::Args),
    /// Run recorded events through a file of promises, and see what it would have made of them
    Replay(replay::Args),
    /// Show a calendar's days, or answer questions about working time
    Calendar(calendar::Args),
    /// See a sample week pass in about a minute
    Demo(demo::Args),
    /// Open a request
    Open(act::OpenArgs),
    /// Send events as JSON from standard input: one object, an array, or one a line
    Event(event::Args),
    /// List requests
    List(list::Args),
    /// Show a request with its clocks and its history
    Show(show::Args),
    /// Derive every instant of a request: time spent, left out and why, alerts and what came of them
    Explain(explain::Args),
    /// Record an answer to the client
    Answer(act::AnswerArgs),
    /// Give a request an owner, or take it away
    Own(act::OwnArgs),
    /// The team waits for the client, or for somebody else: the delivery clock stands still
    Wait(act::WaitArgs),
    /// The wait is over
    Resume(act::PlainArgs),
    /// Record a delivery
    Deliver(act::TextArgs),
    /// Close a request
    Close(act::CloseArgs),
    /// Open a closed request again
    Reopen(act::PlainArgs),
    /// Take a request: no further escalation, the clock runs on
    Ack(act::AckArgs),
    /// Put a request's alerts off
    Snooze(act::SnoozeArgs),
    #[command(flatten)]
    Work(act::Work),
    /// Figures of a period beside their standards, and the register of escalations
    Report(report::Args),
    /// Rules that were broken, and what is said to them
    Violations(violations::Args),
    /// What plazo looks at next
    Queue(queue::Args),
    /// What was sent, what waits and why, what is dead
    Deliveries(deliveries::Args),
    /// How each source does: when it last spoke, how far behind it is, what is wrong with it
    Status(status::Args),
    /// Look whether all is well: file, secrets, mail, addresses, clock, disk, store, daemon; nobody is sent anything
    Doctor(doctor::Args),
    /// Who wrote and is in no directory: addresses, numbers and user ids
    Unknown(status::UnknownArgs),
    /// Mappings of sources: try one on a payload, list and print those that plazo brings along
    Source(source::Args),
    /// Send a test message the whole way
    TestNotify(test_notify::Args),
    /// Who would be told of a request, when and by what; nobody is told
    Route(route::Args),
    /// Hold alerts back for a while
    Silence(silence::Args),
    /// Who is on duty
    Duty(silence::DutyArgs),
    /// Who is away, and who stands in
    Away(away::Args),
    /// Templates of messages and pages that plazo brings along
    Texts(texts::Args),
    /// Print the JSON Schema of sla.toml, for editors
    Schema,
    /// Make, list and revoke tokens
    Token(token::Args),
    /// End the links of alerts, or make the address of a calendar
    Links(links::Args),
    /// Print an address that leads into the live pages, or onto a wall
    Page(page::Args),
    /// Who is signed in to the live pages
    Sessions(page::SessionArgs),
    /// Watch the queue on this terminal
    Top(top::Args),
    /// Copy the store while it is written, checked and whole
    Backup(backup::Args),
    /// Put a copy of the store back, while no daemon runs; what was there is kept
    Restore(backup::RestoreArgs),
    /// Move the store to a PostgreSQL that several daemons share, or back, verified on both sides
    Migrate(migrate::Args),
    /// Derive every request anew and compare, and check the store's own order
    Verify(verify::Args),
    /// Forget a client, a person or a request everywhere; what happened when stays
    Erase(privacy::EraseArgs),
    /// Everything that is kept of a client, for whoever asks
    Export(privacy::ExportArgs),
    /// Hold a request by law: nothing of it is let go or erased
    Hold(privacy::HoldArgs),
    /// Read history in that was not plazo's, from events or another system's export; nobody is told
    Import(import::Args),
    /// Take a raw email from standard input, as from a mail server's pipe
    IngestEmail(ingest_email::Args),
    /// Measure what this machine can do
    Bench(bench::Args),
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages, one a command
    #[command(hide = true)]
    Man(man::Args),
}

impl Cli {
    /// Runs the command. What `plazo bench` asks for is measured by `measure`.
    ///
    /// # Errors
    ///
    /// What failed, for standard error; the exit code is 2 then.
    pub fn run(self, measure: bench::Measuring) -> Outcome {
        let global = self.global;
        match self.command {
            Command::Run(args) => run::run(&global, args),
            Command::Doctor(args) => doctor::run(&global, &args),
            Command::Check(args) => check::run(&global, &args),
            Command::Apply(args) => apply::run(&global, &args),
            Command::Replay(args) => replay::run(&global, &args),
            Command::Calendar(args) => calendar::run(&global, args),
            Command::Demo(args) => demo::run(&global, &args),
            Command::Bench(args) => bench::run(&args, measure),
            Command::Texts(args) => texts::run(&global, &args),
            Command::Backup(args) => backup::run(&global, &args),
            Command::Verify(args) => verify::run(&global, &args),
            Command::Migrate(args) => migrate::run(&global, &args),
            Command::Restore(args) => backup::restore(&global, &args),
            Command::Schema => output::json(&config::schema()),
            Command::Token(args) => token::run(&global, &args),
            Command::Man(args) => man::run(&args),
            Command::Completions { shell } => {
                // By way of a buffer: the generator panics when its output is closed early.
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut help::command(Language::En), "plazo", &mut script);
                output::line(String::from_utf8_lossy(&script).trim_end())?;
                Ok(Exit::Done)
            }
            command => runtime()?.block_on(ask(&global, command)),
        }
    }
}

/// The commands that speak with a daemon or read its store.
async fn ask(global: &Global, command: Command) -> Outcome {
    match command {
        Command::Init(args) => init::run(global, *args).await,
        Command::Open(args) => act::open(global, args).await,
        Command::Event(args) => event::run(global, args).await,
        Command::List(args) => list::run(global, &args).await,
        Command::Show(args) => show::run(global, &args).await,
        Command::Explain(args) => explain::run(global, &args).await,
        Command::Answer(args) => act::answer(global, args).await,
        Command::Own(args) => act::own(global, args).await,
        Command::Wait(args) => act::wait(global, args).await,
        Command::Resume(args) => act::plain(global, "resume", args).await,
        Command::Deliver(args) => act::text(global, "deliver", args).await,
        Command::Close(args) => act::close(global, args).await,
        Command::Work(work) => act::work(global, work).await,
        Command::Report(args) => report::run(global, &args).await,
        Command::Violations(args) => violations::run(global, &args).await,
        Command::Reopen(args) => act::plain(global, "reopen", args).await,
        Command::Ack(args) => act::ack(global, args).await,
        Command::Snooze(args) => act::snooze(global, args).await,
        Command::Queue(args) => queue::run(global, &args).await,
        Command::Deliveries(args) => deliveries::run(global, &args).await,
        Command::Status(args) => status::run(global, &args).await,
        Command::Unknown(args) => status::unknown(global, &args).await,
        Command::TestNotify(args) => test_notify::run(global, &args).await,
        Command::Source(args) => source::run(global, &args).await,
        Command::Route(args) => route::run(global, &args).await,
        Command::Silence(args) => silence::run(global, &args).await,
        Command::Duty(args) => silence::duty(global, &args).await,
        Command::Away(args) => away::run(global, &args).await,
        Command::Erase(args) => privacy::erase(global, &args).await,
        Command::Export(args) => privacy::export(global, &args).await,
        Command::Hold(args) => privacy::hold(global, &args).await,
        Command::Import(args) => import::run(global, &args).await,
        Command::IngestEmail(args) => ingest_email::run(global, &args).await,
        Command::Links(args) => links::run(global, &args).await,
        Command::Page(args) => page::run(global, &args).await,
        Command::Sessions(args) => page::sessions(global, &args).await,
        Command::Top(args) => top::run(global, args).await,
        Command::Run(_)
        | Command::Doctor(_)
        | Command::Check(_)
        | Command::Apply(_)
        | Command::Calendar(_)
        | Command::Replay(_)
        | Command::Demo(_)
        | Command::Bench(_)
        | Command::Schema
        | Command::Texts(_)
        | Command::Backup(_)
        | Command::Restore(_)
        | Command::Verify(_)
        | Command::Migrate(_)
        | Command::Token(_)
        | Command::Man(_)
        | Command::Completions { .. } => unreachable!("run by `Cli::run` itself"),
    }
}

impl Global {
    fn data(&self) -> PathBuf {
        let state = || std::env::var_os("STATE_DIRECTORY").map(PathBuf::from);
        // On the machine of a service, whoever names nothing means its data.
        let here = || PathBuf::from("data");
        let service = || Some(PathBuf::from(SERVICE_DATA)).filter(|service| !here().exists() && service.is_dir());
        self.data.clone().or_else(state).or_else(service).unwrap_or_else(here)
    }

    /// Where the store is: on the server that the file names, else in the data directory.
    ///
    /// # Errors
    ///
    /// If the secret of the server's address cannot be read.
    fn place(&self) -> Result<StorePlace, StoreError> {
        let shared = self.load().and_then(|config| config.store);
        config::store::place(shared.as_ref(), &self.data())
    }

    /// Whether nobody says which data directory is meant.
    fn names_no_data(&self) -> bool {
        self.data.is_none() && std::env::var_os("STATE_DIRECTORY").is_none()
    }

    /// The language of whoever types the command: the file's, also where the file has mistakes; without one, the terminal's.
    fn language(&self) -> Language {
        config::load(&self.config).map_or_else(|_| help::of_the_terminal(), |loaded| loaded.language)
    }

    /// An error in the language of whoever types the command.
    fn error(&self, text: Both) -> anyhow::Error {
        anyhow::Error::msg(self.language().of(text))
    }

    /// The configuration, if the file can be used.
    fn load(&self) -> Option<Config> {
        config::load(&self.config).ok()?.config
    }

    /// How tables are printed: as the file says, so that they tell the same hour as the alerts; else as the terminal does.
    fn look(&self) -> Look {
        match self.load() {
            Some(config) => Look { language: config.language, zone: Some(config.zone) },
            None => Look { language: self.language(), zone: None },
        }
    }

    /// The same for an answer of `client`: where its address was named, or no file is at hand, the daemon says how its file wants it.
    async fn look_of(&self, client: &client::Client) -> Look {
        if self.url.is_none() && self.load().is_some() {
            return self.look();
        }
        let Ok(about) = client.get("/v1/about").await else { return self.look() };
        let language = about["language"].as_str().and_then(Language::from_code);
        let zone = about["zone"].as_str().and_then(|zone| zone.parse().ok());
        Look { language: language.unwrap_or_else(|| self.language()), zone }
    }
}

/// The one place at which the machine's clock is read.
#[allow(clippy::disallowed_methods, reason = "invariant 2: read here, and given to everything else")]
pub fn real_time() -> TimeSource {
    TimeSource::new(chrono::Utc::now)
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

fn version() -> &'static str {
    static VERSION: LazyLock<String> =
        LazyLock::new(|| format!("{} (time zones {})", env!("CARGO_PKG_VERSION"), chrono_tz::IANA_TZDB_VERSION));
    &VERSION
}

/// Whether a mail server's pipe calls: it must hear that a mail is to be kept, whatever is wrong here.
pub fn is_mail_pipe(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> bool {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    has("ingest-email") && !has("--dry-run")
}

/// Whether a command ended because nobody reads its output any more, as in `plazo list | head`.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Whether the terminal behind standard output takes colours.
fn is_styled() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}

/// The columns that a text may take: the terminal's, or 100 where nobody looks at one.
fn width() -> usize {
    terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0)).clamp(40, 400)
}

/// What went wrong, in the language of whoever typed the command where it is known in both.
pub fn told(error: &anyhow::Error) -> String {
    let unreadable = error.chain().find_map(|cause| cause.downcast_ref::<config::LoadError>());
    match unreadable {
        Some(error) => help::of_the_terminal().of(error.words()),
        None => cause::in_words(&format!("{error:#}"), help::of_this_command()).into_owned(),
    }
}

/// The absolute form of a path, for messages.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
