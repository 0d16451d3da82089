//! `plazo man`: the manual pages, one a command, out of the same texts as `--help`. For whoever packages plazo.
//!
//! `clap_mangen` writes synopsis, description and options; what it does not know, or says in English only, is written here.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::DateTime;
use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::{Exit, Outcome, help, real_time};
use crate::both;
use crate::text::{Both, Language};

/// User commands.
const SECTION: &str = "1";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder for the pages; one that is not there is made
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Their language
    #[arg(long, value_enum, default_value_t = PageLanguage::En)]
    language: PageLanguage,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum PageLanguage {
    En,
    Es,
}

impl From<PageLanguage> for Language {
    fn from(language: PageLanguage) -> Self {
        match language {
            PageLanguage::En => Self::En,
            PageLanguage::Es => Self::Es,
        }
    }
}

pub(super) fn run(args: &Args) -> Outcome {
    let reader = help::of_the_terminal();
    let place = args.directory.display();
    std::fs::create_dir_all(&args.directory)
        .with_context(|| reader.of(both!("cannot make {place}", "no se puede crear {place}")))?;
    let pages = Pages { language: args.language.into(), date: date() };
    pages.write(&args.directory, &help::command(pages.language), &[])?;
    Ok(Exit::Done)
}

/// The day that stands at the foot of the pages: what a reproducible build says it is, else today.
fn date() -> String {
    let told = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
    let at = told.and_then(|seconds| DateTime::from_timestamp(seconds, 0)).unwrap_or_else(|| real_time().now());
    at.format("%Y-%m-%d").to_string()
}

struct Pages {
    language: Language,
    date: String,
}

impl Pages {
    /// The page of a command, and of those below it. `above` are the names of the pages over it.
    fn write(&self, directory: &Path, command: &Command, above: &[String]) -> anyhow::Result<()> {
        let own = command.get_name();
        let name = above.last().map_or_else(|| own.to_owned(), |last| format!("{last}-{own}"));
        let file = directory.join(format!("{name}.{SECTION}"));
        std::fs::write(&file, self.page(command, &name, above)?).with_context(|| {
            let file = file.display();
            help::of_the_terminal().of(both!("cannot write {file}", "no se puede escribir {file}"))
        })?;
        let above = [above, &[name]].concat();
        subcommands(command).try_for_each(|below| self.write(directory, below, &above))
    }

    fn page(&self, command: &Command, name: &str, above: &[String]) -> anyhow::Result<String> {
        let usage = command.clone().render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: ").trim_start_matches("Uso: ").to_owned();
        let manual = self.language.of(Both { en: "User Commands", es: "Órdenes de usuario" });
        let man = Man::new(command.clone().override_usage(usage))
            .title(name)
            .section(SECTION)
            .date(&self.date)
            .source(concat!("plazo ", env!("CARGO_PKG_VERSION")))
            .manual(manual);
        let mut page = written(|page| man.render_title(page))?;
        page += &self.section(Both { en: "NAME", es: "NOMBRE" });
        page += &text(&format!("{name} - {}", command.get_about().map(ToString::to_string).unwrap_or_default()));
        page += &self.section(Both { en: "SYNOPSIS", es: "SINOPSIS" });
        page += &body(&written(|page| man.render_synopsis_section(page))?);
        page += &self.section(Both { en: "DESCRIPTION", es: "DESCRIPCIÓN" });
        page += &body(&written(|page| man.render_description_section(page))?);
        page += &self.commands(command, name);
        page += &in_lines(&without_preamble(&written(|page| man.render_options_section(page))?));
        page += &self.examples(command);
        page += &self.exit_status(command);
        page += &self.environment(command);
        page += &self.files();
        page += &self.see_also(command, name, above);
        Ok(page)
    }

    fn section(&self, title: Both<&'static str>) -> String {
        let mut roff = Roff::new();
        roff.control("SH", [self.language.of(title)]);
        roff.to_roff()
    }

    /// The commands below, those of plazo itself in the groups of its help.
    fn commands(&self, command: &Command, name: &str) -> String {
        if subcommands(command).next().is_none() {
            return String::new();
        }
        let mut roff = Roff::new();
        let line = |below: &Command| {
            let mut line = Roff::new();
            line.control("TP", []);
            line.text([bold(format!("{name}-{}", below.get_name())), roman(format!("({SECTION})"))]);
            line.text([roman(below.get_about().map(ToString::to_string).unwrap_or_default())]);
            line
        };
        if name == "plazo" {
            for group in &help::GROUPS {
                roff.control("SS", [self.language.of(group.title.clone())]);
                roff.extend(group.commands.iter().filter_map(|name| command.find_subcommand(name)).map(line));
            }
        } else {
            roff.extend(subcommands(command).map(line));
        }
        self.section(Both { en: "COMMANDS", es: "ÓRDENES" }) + &roff.to_roff()
    }

    fn examples(&self, command: &Command) -> String {
        let Some(after) = command.get_after_help().map(ToString::to_string) else { return String::new() };
        let mut roff = Roff::new();
        // The first line is its heading.
        for (place, example) in after.lines().skip(1).enumerate() {
            if 0 < place {
                roff.control("PP", []);
            }
            roff.control("EX", []).text([roman(example.trim())]).control("EE", []);
        }
        self.section(Both { en: "EXAMPLES", es: "EJEMPLOS" }) + &roff.to_roff()
    }

    fn exit_status(&self, command: &Command) -> String {
        let mut codes = vec![
            ("0", Both { en: "Done.", es: "Hecho." }),
            (
                "1",
                Both {
                    en: "It found something: mistakes in a file, a rejected event, an action that changed nothing or broke a rule, a message not sent.",
                    es: "Encontró algo: errores en un archivo, un evento rechazado, una acción que no cambió nada o incumplió una regla, un mensaje que no salió.",
                },
            ),
            (
                "2",
                Both {
                    en: "It failed, and standard error says why.",
                    es: "Falló, y la salida de errores dice por qué.",
                },
            ),
        ];
        if command.get_name() == "ingest-email" {
            codes.push((
                "75",
                Both {
                    en: "The mail is not taken now: the mail server keeps it and tries again.",
                    es: "El correo no se recibe ahora: el servidor de correo lo conserva y lo intenta de nuevo.",
                },
            ));
        }
        let mut roff = Roff::new();
        for (code, meaning) in codes {
            roff.control("TP", []).text([bold(code)]).text([roman(self.language.of(meaning))]);
        }
        self.section(Both { en: "EXIT STATUS", es: "ESTADO DE SALIDA" }) + &roff.to_roff()
    }

    /// Variables that stand for options, and those that hold everywhere.
    fn environment(&self, command: &Command) -> String {
        let mut roff = Roff::new();
        let mut tell = |variable: &str, meaning: String| {
            roff.control("TP", []).text([bold(variable)]).text([roman(meaning)]);
        };
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            let (Some(variable), Some(option)) = (argument.get_env(), argument.get_long()) else { continue };
            let meaning = both!("Stands for --{option}.", "Hace las veces de --{option}.");
            tell(&variable.to_string_lossy(), self.language.of(meaning));
        }
        let further = [
            (
                "PLAZO_LANG",
                "",
                Both {
                    en: "Language of help and of what is told, en or es, instead of the locale's.",
                    es: "Idioma de la ayuda y de lo que se dice, en o es, en lugar del que indica el sistema.",
                },
            ),
            (
                "PLAZO_LOG",
                "run",
                Both {
                    en: "How much is logged [default: warn,plazo=info].",
                    es: "Cuánto se registra [por omisión: warn,plazo=info].",
                },
            ),
            (
                "NO_COLOR",
                "",
                Both { en: "Where it is set, nothing is coloured.", es: "Si está puesta, nada va en color." },
            ),
        ];
        for (variable, _, meaning) in further.iter().filter(|(_, of, _)| of.is_empty() || *of == command.get_name()) {
            tell(variable, self.language.of(meaning.clone()).to_owned());
        }
        self.section(Both { en: "ENVIRONMENT", es: "ENTORNO" }) + &roff.to_roff()
    }

    fn files(&self) -> String {
        let files = [
            (
                "sla.toml, /etc/plazo/sla.toml",
                Both {
                    en: "The file of promises: in the working directory, and the service's.",
                    es: "El archivo de compromisos: en el directorio de trabajo, y el del servicio.",
                },
            ),
            (
                "data/, /var/lib/plazo/",
                Both {
                    en: "The data directory: in the working directory, and the service's.",
                    es: "El directorio de datos: en el directorio de trabajo, y el del servicio.",
                },
            ),
        ];
        let mut roff = Roff::new();
        for (file, meaning) in files {
            roff.control("TP", []).text([bold(file)]).text([roman(self.language.of(meaning))]);
        }
        self.section(Both { en: "FILES", es: "ARCHIVOS" }) + &roff.to_roff()
    }

    /// The pages above and below, where there are any.
    fn see_also(&self, command: &Command, name: &str, above: &[String]) -> String {
        // Its own page has them all in groups.
        let below: Vec<String> = match above {
            [] => ["init", "check", "run"].map(|below| format!("{name}-{below}")).to_vec(),
            _ => subcommands(command).map(|below| format!("{name}-{}", below.get_name())).collect(),
        };
        let pages: Vec<String> = above.iter().chain(&below).map(|page| format!("{page}({SECTION})")).collect();
        self.section(Both { en: "SEE ALSO", es: "VÉASE TAMBIÉN" }) + &text(&pages.join(", "))
    }
}

/// Those of which pages tell: neither `help` nor what is hidden.
fn subcommands(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|below| below.get_name() != "help" && !below.is_hide_set())
}

fn written(render: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>) -> anyhow::Result<String> {
    let mut written = Vec::new();
    render(&mut written)?;
    Ok(String::from_utf8(written)?)
}

fn text(text: &str) -> String {
    let mut roff = Roff::new();
    roff.text([roman(text)]);
    roff.to_roff()
}

/// Each part that is rendered by itself begins with the same definition of the apostrophe; the title's stays.
fn without_preamble(part: &str) -> String {
    part.lines().skip_while(|line| !line.starts_with(".SH")).map(|line| format!("{line}\n")).collect()
}

/// What stands under a heading.
fn body(part: &str) -> String {
    without_preamble(part).lines().skip(1).map(|line| format!("{line}\n")).collect()
}

/// What a text lists in lines of its own stays in lines, and an empty line is asked for once.
fn in_lines(options: &str) -> String {
    options.replace("\n\\- ", "\n.br\n\\- ").replace("\n.br\n\n.br\n", "\n.sp\n")
}
