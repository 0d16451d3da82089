//! `--help` for people: commands in groups, the options that every command takes apart from its own, two examples each, and all of it in
//! Spanish where the reader's language is Spanish. The derive of each command stays plain English; what is added, is added here.

pub(super) mod candidates;
mod error;
mod examples;
mod language;
mod spanish;

use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory as _, FromArgMatches as _};

use super::{Cli, width};
use crate::both;
use crate::text::{Both, Language};

pub use error::Said;
pub(super) use language::{of_the_terminal, of_this_command};

/// Commands that one looks for together.
pub struct CommandGroup {
    /// Heading.
    pub title: Both<&'static str>,
    /// Their names, in the order in which they are listed.
    pub commands: &'static [&'static str],
}

/// All commands.
pub const GROUPS: [CommandGroup; 4] = [
    CommandGroup {
        title: Both { en: "Start", es: "Empezar" },
        commands: &[
            "init",
            "check",
            "apply",
            "run",
            "demo",
            "test-notify",
            "calendar",
            "source",
            "texts",
            "schema",
            "completions",
        ],
    },
    CommandGroup {
        title: Both { en: "Work", es: "Atender" },
        commands: &[
            "open",
            "answer",
            "own",
            "ack",
            "snooze",
            "wait",
            "resume",
            "promise",
            "deliver",
            "close",
            "reopen",
            "comment",
            "log",
            "schedule",
            "held",
            "call-made",
            "call-dropped",
            "follow-up",
            "replica",
            "split",
            "block",
            "unblock",
            "stage",
            "escalate",
            "waive",
            "reason",
            "approve",
            "undo",
            "move",
            "tag",
            "prioritise",
        ],
    },
    CommandGroup {
        title: Both { en: "Look", es: "Mirar" },
        commands: &[
            "page",
            "top",
            "list",
            "show",
            "explain",
            "queue",
            "duty",
            "violations",
            "report",
            "route",
            "replay",
        ],
    },
    CommandGroup {
        title: Both { en: "Operate", es: "Operar" },
        commands: &[
            "status",
            "doctor",
            "deliveries",
            "silence",
            "away",
            "unknown",
            "token",
            "links",
            "sessions",
            "event",
            "ingest-email",
            "import",
            "backup",
            "restore",
            "verify",
            "migrate",
            "erase",
            "export",
            "hold",
            "bench",
        ],
    },
];

/// The options that every command takes; they stand last.
const GLOBAL: [&str; 6] = ["config", "data", "url", "token", "help", "version"];
/// After all others: clap counts those of a command from 0 on.
const LAST: usize = 900;

/// The command line, or what is to be printed instead: help, a version, a mistake.
///
/// # Errors
///
/// The text in the reader's language, and whether it is a mistake.
pub fn parse(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Cli, Instead> {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let language = language::of_help(&arguments);
    let mut command = command(language);
    let parsed = command.try_get_matches_from_mut(arguments);
    parsed.and_then(|matches| Cli::from_arg_matches(&matches)).map_err(|error| Instead { error, language })
}

/// What is printed instead of running a command.
#[derive(Debug)]
pub struct Instead {
    error: clap::Error,
    language: Language,
}

impl Instead {
    /// Whether it is a mistake, and no help that somebody asked for.
    pub fn is_mistake(&self) -> bool {
        self.error.use_stderr()
    }

    /// The text, with the colours of a terminal.
    pub fn text(&self) -> String {
        match self.language {
            Language::Es => error::spanish(&self.error).unwrap_or_else(|| self.error.render().ansi().to_string()),
            Language::En => self.error.render().ansi().to_string(),
        }
    }

    /// Prints it where it belongs, and returns the exit code: 0, or 2 for a mistake.
    pub fn print(&self) -> u8 {
        use std::io::Write as _;
        let text = self.text();
        // Nobody is left to tell that nobody reads.
        if self.is_mistake() {
            write!(anstream::stderr().lock(), "{text}").ok();
            2
        } else {
            write!(anstream::stdout().lock(), "{text}").ok();
            0
        }
    }
}

/// Every command with its texts in that language, built.
pub fn command(language: Language) -> Command {
    let mut command = Cli::command();
    // Only now are there its own flags, and the global ones everywhere.
    command.build();
    let command = dressed(command, "", language);
    let template = template(&command, language);
    command.help_template(template)
}

/// A command and those below it. `path` is what stands between `plazo` and its own name.
fn dressed(command: Command, path: &str, language: Language) -> Command {
    let mut command = command.mut_args(|arg| argument(arg, path, language)).mut_subcommands(|below| {
        let path = format!("{path} {}", below.get_name());
        dressed(below, path.trim(), language)
    });
    if let Some(examples) = examples::of(path) {
        let title = heading(&command, language.of(Both { en: "Examples", es: "Ejemplos" }));
        command = command.after_help(format!("{title}\n  {}\n  {}", examples[0], examples[1]));
    }
    if language == Language::En {
        return command;
    }
    let translated = |text: Option<&StyledStr>| text.map(|text| text.to_string()).map(in_spanish);
    if let Some(about) = translated(command.get_about()) {
        let long = command.get_long_about().map(|long| long_in_spanish(&long.to_string()));
        command = command.about(about);
        if let Some(long) = long {
            command = command.long_about(long);
        }
    }
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").replace("[OPTIONS]", "[OPCIONES]").replace("COMMAND", "ORDEN");
    let title = heading(&command, "Uso");
    command
        .override_usage(usage)
        .subcommand_help_heading("Órdenes")
        .help_template(format!("{{about-with-newline}}\n{title} {{usage}}\n\n{{all-args}}{{after-help}}"))
}

/// An argument: the global ones last and under a heading of their own, and its text with what clap would add to it in English.
fn argument(arg: Arg, path: &str, language: Language) -> Arg {
    let is_global = GLOBAL.contains(&arg.get_id().as_str()) && !arg.is_positional();
    let is_positional = arg.is_positional();
    let mut arg = candidates::add(arg, path);
    if let Some(place) = GLOBAL.iter().position(|id| is_global && arg.get_id() == *id) {
        let heading = Both { en: "Global options", es: "Opciones generales" };
        arg = arg.help_heading(language.of(heading)).display_order(LAST + place);
    }
    if language == Language::En {
        return arg;
    }
    if !is_global {
        arg = arg.help_heading(if is_positional { "Argumentos" } else { "Opciones" });
    }
    if let Some(name) = arg.get_value_names().and_then(|names| names.first()).and_then(|name| value_name(name)) {
        arg = arg.value_name(name);
    }
    let Some(help) = arg.get_help().map(|help| in_spanish(help.to_string())) else { return arg };
    let (short, long) = (help.clone() + &notes(&arg, false), help + &notes(&arg, true));
    // A long text of its own would spread the whole page over more lines.
    let is_long = short != long || arg.get_long_help().is_some();
    let arg = arg.help(short).hide_default_value(true).hide_possible_values(true).hide_env(true);
    if is_long { arg.long_help(long) } else { arg }
}

/// What clap adds to the text of an argument, in Spanish: what holds without it, what it may be, and the variable that stands for it.
fn notes(arg: &Arg, is_long: bool) -> String {
    let mut notes = String::new();
    let takes_value = arg.get_action().takes_values();
    if let Some(variable) = arg.get_env().filter(|_| takes_value) {
        notes += &format!(" [entorno: {}]", variable.to_string_lossy());
    }
    let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    if !defaults.is_empty() && takes_value {
        notes += &format!(" [por omisión: {}]", defaults.join(" "));
    }
    let values: Vec<_> =
        arg.get_possible_values().into_iter().filter(|value| takes_value && !value.is_hide_set()).collect();
    if is_long && values.iter().any(|value| value.get_help().is_some()) {
        for value in &values {
            let help = value.get_help().map(|help| in_spanish(help.to_string())).unwrap_or_default();
            notes += &format!("\n- {}: {help}", value.get_name());
        }
    } else if !values.is_empty() {
        let names: Vec<_> = values.iter().map(|value| value.get_name()).collect();
        notes += &format!(" [valores: {}]", names.join(", "));
    }
    notes
}

/// The Spanish of a text; the text itself where there is none, which `tests/it/help.rs` does not let pass.
fn in_spanish(english: String) -> String {
    spanish::of(&english).map_or(english, str::to_owned)
}

/// The same of a text of several paragraphs.
fn long_in_spanish(english: &str) -> String {
    let paragraphs: Vec<_> = english
        .split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
        .map(in_spanish)
        .collect();
    paragraphs.join("\n\n")
}

fn value_name(english: &str) -> Option<&'static str> {
    Some(match english {
        "FILE" => "ARCHIVO",
        "FILE.ndjson" => "ARCHIVO.ndjson",
        "DIR" => "DIRECTORIO",
        "PERSON" => "PERSONA",
        "INSTANT" => "MOMENTO",
        "SPAN" => "DURACIÓN",
        "TAG" => "ETIQUETA",
        "TEXT" => "TEXTO",
        "NUMBER" | "NUMBERS" => "NÚMERO",
        "NAME" => "NOMBRE",
        "ADDRESS" => "DIRECCIÓN",
        "ADDR:PORT" => "DIRECCIÓN:PUERTO",
        "WHEN" => "CUÁNDO",
        "WHO" => "QUIÉN",
        "SERVER" => "SERVIDOR",
        "DATE" => "FECHA",
        "TYPE" => "TIPO",
        "CHANNEL" => "CANAL",
        "REQUEST" => "SOLICITUD",
        "SUBJECT" => "ASUNTO",
        "OWNER" => "RESPONSABLE",
        "CUSTOMER" => "CLIENTE",
        "KIND" => "CLASE",
        "KIND:NAME" => "CLASE:NOMBRE",
        "PRIORITY" => "PRIORIDAD",
        "INBOX" => "BANDEJA",
        "TEAM" => "EQUIPO",
        "REASON" => "MOTIVO",
        "GROUND" => "MOTIVO",
        "MEDIUM" => "MEDIO",
        "STATE" => "ESTADO",
        "LANGUAGE" => "IDIOMA",
        "LIMIT" => "NÚMERO",
        "DAYS" => "DÍAS",
        "TO" => "A_QUIÉN",
        "RULE" => "REGLA",
        "SCOPE" => "ALCANCE",
        "FIGURE" => "CIFRA",
        "PRESET" => "CORRESPONDENCIA",
        "BLOCKER" => "SOLICITUD_PREVIA",
        "PARTS" => "PARTES",
        "STAGE" => "ETAPA",
        "SHELL" => "INTÉRPRETE",
        "WHAT" => "QUÉ",
        "WHY" => "POR_QUÉ",
        "DELIVERY" => "ENTREGA",
        "SILENCE" => "SILENCIO",
        "VIOLATION" => "INCUMPLIMIENTO",
        "COMMAND" => "ORDEN",
        _ => return None,
    })
}

/// The first page: what there is, in groups, each command in a line or two.
fn template(command: &Command, language: Language) -> String {
    let usage = heading(command, language.of(Both { en: "Usage", es: "Uso" }));
    let mut text = format!("{{about}}\n\n{usage} {{usage}}\n");
    let longest = command.get_subcommands().map(|below| below.get_name().len()).max().unwrap_or_default();
    for group in &GROUPS {
        text += &format!("\n{}\n", heading(command, language.of(group.title.clone())));
        for name in group.commands {
            let Some(below) = command.find_subcommand(name) else { continue };
            let about = below.get_about().map(|about| about.to_string()).unwrap_or_default();
            let indent = " ".repeat(longest + 4);
            let options = textwrap::Options::new(width().min(120)).initial_indent(&indent).subsequent_indent(&indent);
            let about = textwrap::fill(&about, options);
            let style = command.get_styles().get_literal();
            text += &format!("  {style}{name}{style:#}{}\n", about.get(2 + name.len()..).unwrap_or_default());
        }
    }
    let options = heading(command, language.of(Both { en: "Global options", es: "Opciones generales" }));
    let more = language.of(both!(
        "Of one command, with examples: plazo COMMAND --help",
        "De una orden, con ejemplos: plazo ORDEN --help"
    ));
    format!("{text}\n{options}\n{{options}}\n\n{more}")
}

fn heading(command: &Command, title: &str) -> String {
    let style = command.get_styles().get_header();
    format!("{style}{title}:{style:#}")
}
