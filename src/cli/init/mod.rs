//! `plazo init`: asks what a team is like, fills one of the examples with it, sends a test message, and says what comes next.

pub(super) mod ask;
mod fill;
mod ways;

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::output::{self, DIM, GREEN, RED, YELLOW, styled};
use super::{Exit, Global, Outcome, absolute, help, real_time};
use crate::config::{self, Config};
use crate::holidays::Country;
use crate::notify::smtp::Tls;
use crate::notify::{Card, Message, Settings, email};
use crate::outbox::Content;
use crate::outbox::facts::TestFacts;
use crate::secret::Secret;
use crate::text::reader::Reader;
use crate::text::render::render;
use crate::text::templates::Texts;
use crate::text::{Both, Language};
use crate::{both, private};
use fill::{Answers, EXAMPLES, MailServer, Somebody, fill};
use ways::Ways;

/// Where the password of the mail server is put, beside the file.
const PASSWORD: &str = "secrets/smtp";

#[derive(Debug, Default, clap::Args)]
pub(super) struct Args {
    /// What the team is like: agencia, soporte, bandejas, mensajeria or general [default: asked]
    #[arg(long, value_name = "EXAMPLE", value_parser = EXAMPLES.map(|(name, _)| name))]
    from: Option<String>,
    /// List what there is to begin from
    #[arg(long)]
    list: bool,
    /// Ask nothing: what is not given is as usual
    #[arg(long)]
    yes: bool,
    /// Replace a file that is there; it is kept beside, as .bak
    #[arg(long)]
    force: bool,
    /// Whoever leads and operates plazo, as "Name, address"
    #[arg(long, value_name = "PERSON", value_parser = somebody)]
    operator: Option<Somebody>,
    /// Whoever stands above, as "Name, address"
    #[arg(long, value_name = "PERSON", value_parser = somebody)]
    boss: Option<Somebody>,
    /// Somebody of the team, as "Name, address"; once for each
    #[arg(long, value_name = "PERSON", value_parser = somebody)]
    person: Vec<Somebody>,
    /// The country whose holidays are taken, such as CO
    #[arg(long, value_name = "COUNTRY", value_parser = country)]
    country: Option<Country>,
    /// The time zone, as its IANA name [default: the country's]
    #[arg(long, value_name = "ZONE")]
    zone: Option<chrono_tz::Tz>,
    /// The hours of a working day, such as "08:00-12:00, 13:00-18:00"
    #[arg(long, value_name = "HOURS", value_parser = hours)]
    hours: Option<Hours>,
    /// The hours of a Saturday
    #[arg(long, value_name = "HOURS", value_parser = hours)]
    saturday: Option<Hours>,
    /// The mail server, such as mail.example.com:587 [default: mail is written as files]
    #[arg(long, value_name = "HOST[:PORT]")]
    smtp: Option<String>,
    /// Who logs in there
    #[arg(long, value_name = "USER", requires = "smtp")]
    smtp_user: Option<String>,
    /// A file with the password
    #[arg(long, value_name = "FILE", requires = "smtp_user")]
    smtp_password_file: Option<PathBuf>,
    /// The address from which alerts come [default: the operator's]
    #[arg(long, value_name = "ADDRESS", requires = "smtp")]
    smtp_from: Option<String>,
}

/// Spans of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hours(Vec<String>);

/// What was given, before the rest is asked for.
struct Given {
    example: Option<String>,
    typed: Vec<Typed>,
}

/// A secret that was typed, and the file beside the other one into which it goes.
struct Typed {
    file: &'static str,
    secret: Secret,
}

fn somebody(text: &str) -> Result<Somebody, String> {
    let (name, email) = text.rsplit_once([',', '<']).unwrap_or(("", text));
    let email = email.trim().trim_end_matches('>').trim();
    let name = if name.trim().is_empty() { email.split('@').next().unwrap_or_default() } else { name.trim() };
    match email.parse::<lettre::Address>() {
        Ok(_) => Ok(Somebody { name: name.to_owned(), email: email.to_owned() }),
        Err(_) => Err(help::of_the_terminal().of(both!(
            "`{email}` is no address of mail; write \"Name, address\"",
            "«{email}» no es una dirección de correo; escriba «Nombre, dirección»"
        ))),
    }
}

fn country(code: &str) -> Result<Country, String> {
    let known = Country::ALL.map(Country::code).join(", ");
    let unknown = || help::of_the_terminal().of(both!("known are {known}", "se conocen {known}"));
    Country::from_code(&code.to_uppercase()).ok_or_else(unknown)
}

fn hours(text: &str) -> Result<Hours, String> {
    let spans: Vec<String> = text.replace('–', "-").split(',').map(|span| span.trim().to_owned()).collect();
    // Read as the file's are: up to 24:00, and over midnight.
    for span in &spans {
        crate::span::hours(span).map_err(|wrong| format!("«{span}»: {}", help::of_the_terminal().of(wrong)))?;
    }
    Ok(Hours(spans))
}

/// Where most of a country's people live.
pub(super) const fn zone_of(country: Country) -> chrono_tz::Tz {
    use chrono_tz::{America, Europe};
    match country {
        Country::Ar => America::Argentina::Buenos_Aires,
        Country::Cl => America::Santiago,
        Country::Co => America::Bogota,
        Country::Cr => America::Costa_Rica,
        Country::Ec => America::Guayaquil,
        Country::Es => Europe::Madrid,
        Country::Gt => America::Guatemala,
        Country::Mx => America::Mexico_City,
        Country::Pa => America::Panama,
        Country::Pe => America::Lima,
        Country::Us => America::New_York,
    }
}

pub(super) async fn run(global: &Global, args: Args) -> Outcome {
    let language = help::of_the_terminal();
    if args.list {
        for (name, example) in EXAMPLES {
            let about = example.lines().nth(1).unwrap_or_default().trim_start_matches("# ");
            output::line(&format!("{name:<11} {about}"))?;
        }
        return Ok(Exit::Done);
    }
    let path = absolute(&global.config);
    let shown = global.config.display();
    if path.exists() && !args.force {
        anyhow::bail!(
            "{}",
            language.of(both!(
                "{shown} is there already; --force makes another one and keeps it as {shown}.bak",
                "{shown} ya existe; --force hace otro y lo guarda como {shown}.bak"
            ))
        );
    }
    if !args.yes && !std::io::stdin().is_terminal() {
        anyhow::bail!("{}", language.of(Both {
            en: "there is nobody to ask here: write plazo init --from general --yes, with what is to differ",
            es: "aquí no hay a quién preguntar: escriba plazo init --from general --yes, con lo que deba ser distinto",
        }));
    }
    let is_asked = !args.yes;
    let (given, answers) = if is_asked { ask::answers(args, language).await? } else { usual(args, language)? };
    let example = EXAMPLES.into_iter().find(|(name, _)| given.example.as_deref() == Some(*name));
    let (_, example) = example.context("an example")?;
    write(&path, &fill(example, &answers), &given.typed)?;
    let loaded = config::load(&path)?;
    let Some(config) = loaded.config.as_ref() else {
        // What was answered is there to be mended.
        anyhow::bail!("{}", loaded.explain(super::is_styled()));
    };
    let n_lines = loaded.source.lines().count();
    output::line(&styled(
        GREEN,
        language.of(both!(
            "{shown}: {n_lines} lines, checked; sla.schema.json beside it, for editors",
            "{shown}: {n_lines} líneas, revisadas; al lado, sla.schema.json para los editores"
        )),
    ))?;
    tell_promises(config, language)?;
    let to = &answers.operator.email;
    let question = both!("Send a test message to {to}?", "¿Enviar un mensaje de prueba a {to}?");
    let is_tried = answers.mail.is_none() || !is_asked || ask::Asking::new(language).agrees(question)?;
    let is_taken = !is_tried || try_mail(config, &answers.operator, language).await?;
    next_steps(&global.config, &answers.ways, language)?;
    Ok(if is_taken { Exit::Done } else { Exit::Found })
}

/// What is as usual, where nobody is asked.
fn usual(args: Args, language: Language) -> anyhow::Result<(Given, Answers)> {
    let country = args.country.unwrap_or(Country::Co);
    let user = std::env::var("USER").unwrap_or_else(|_| "plazo".to_owned());
    let operator = args.operator.unwrap_or_else(|| Somebody { name: user.clone(), email: format!("{user}@localhost") });
    let mail = args.smtp.as_deref().map(|server| server_of(server, language)).transpose()?;
    let mail = mail.map(|(host, port)| MailServer {
        tls: word_of(tls_of(&host, port)),
        host,
        port,
        user: args.smtp_user.clone(),
        password: args.smtp_password_file.as_ref().map(|file| file.display().to_string()),
        from: args.smtp_from.clone().unwrap_or_else(|| format!("plazo <{}>", operator.email)),
    });
    let answers = Answers {
        language: language.code(),
        zone: args.zone.unwrap_or_else(|| zone_of(country)).name().to_owned(),
        country: Some(country.code().to_owned()),
        hours: args.hours.map_or_else(usual_hours, |Hours(spans)| spans),
        saturday: args.saturday.map(|Hours(spans)| spans).unwrap_or_default(),
        operator,
        boss: args.boss,
        team: args.person,
        mail,
        ways: Ways::default(),
    };
    Ok((Given { example: args.from.or_else(|| Some("general".to_owned())), typed: Vec::new() }, answers))
}

pub(super) fn usual_hours() -> Vec<String> {
    vec!["08:00-12:00".to_owned(), "13:00-18:00".to_owned()]
}

/// Host and port of a mail server; 587 where none is named.
pub(super) fn server_of(text: &str, language: Language) -> anyhow::Result<(String, u16)> {
    let (host, port) = text.trim().rsplit_once(':').map_or((text.trim(), Ok(587)), |(host, port)| (host, port.parse()));
    let port = port.map_err(|_| {
        anyhow::anyhow!(language.of(both!(
            "`{text}` is no mail server; write such as mail.example.com:587",
            "«{text}» no es un servidor de correo; escriba algo como mail.example.com:587"
        )))
    })?;
    // An address of version 6 stands in brackets before a port, and without them in the file.
    Ok((host.trim_start_matches('[').trim_end_matches(']').to_owned(), port))
}

/// How a connection to that port is protected, as servers have it (RFC 8314). Nobody listens between a machine and itself.
fn tls_of(host: &str, port: u16) -> Tls {
    let is_here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match port {
        465 => Tls::Implicit,
        25 => Tls::None,
        _ if is_here => Tls::None,
        _ => Tls::StartTls,
    }
}

/// As the file writes it.
const fn word_of(tls: Tls) -> &'static str {
    match tls {
        Tls::None => "none",
        Tls::StartTls => "starttls",
        Tls::Implicit => "tls",
    }
}

/// Writes the file, what describes it for editors, and secrets, these for their owner alone. What was there is kept.
fn write(path: &Path, text: &str, typed: &[Typed]) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    for Typed { file, secret } in typed {
        let file = folder.join(file);
        private::make_directory(file.parent().unwrap_or(folder))?;
        let mut file = private::open(&file)?;
        file.set_len(0)?;
        writeln!(file, "{}", secret.expose())?;
    }
    if path.exists() {
        let mut kept = path.as_os_str().to_owned();
        kept.push(".bak");
        std::fs::rename(path, &kept)?;
    }
    // Whole or not at all, so that a daemon that watches it never reads half.
    let half = folder.join(".sla.toml.new");
    std::fs::write(&half, text)
        .and_then(|()| std::fs::rename(&half, path))
        .with_context(|| path.display().to_string())?;
    let schema = serde_json::to_string_pretty(&config::schema())?;
    std::fs::write(folder.join("sla.schema.json"), schema + "\n")?;
    Ok(())
}

/// What the file promises, a line each.
fn tell_promises(config: &Config, language: Language) -> anyhow::Result<()> {
    for (name, lines) in crate::text::describe::policies(&config.rulebook, language) {
        output::line(&format!("  {name}: {}", lines.join("; ")))?;
    }
    Ok(())
}

/// Sends a test message to whoever operates plazo. Whether the mail server took it, or none is named.
async fn try_mail(config: &Config, operator: &Somebody, language: Language) -> anyhow::Result<bool> {
    let servers = config.destinations.values().filter_map(|destination| match &destination.settings {
        Settings::Email(settings) => settings.server.as_ref(),
        _ => None,
    });
    let Some(server) = servers.into_iter().next() else {
        let text = Both {
            en: "no mail server: alerts are written as files into data/outbox until the file has [smtp]",
            es: "sin servidor de correo: los avisos se escriben como archivos en data/outbox hasta que el archivo tenga [smtp]",
        };
        output::line(&styled(YELLOW, language.of(text)))?;
        return Ok(true);
    };
    let (host, to) = (&server.host, &operator.email);
    let waiting = both!("trying {host} …", "probando {host} …");
    output::line(&styled(DIM, language.of(waiting)))?;
    let (style, said) = match email::try_out(server, &test_message(config, operator, language)).await {
        Ok(()) => {
            (GREEN, both!("✓ {host} took a test message to {to}", "✓ {host} recibió un mensaje de prueba para {to}"))
        }
        Err(cause) => (
            RED,
            both!(
                "✗ {host}: {cause}; mend [smtp] in the file, and try again with plazo test-notify",
                "✗ {host}: {cause}; corrija [smtp] en el archivo y vuelva a probar con plazo test-notify"
            ),
        ),
    };
    output::line(&styled(style, language.of(said)))?;
    Ok(style == GREEN)
}

/// What `plazo test-notify` sends, without a daemon.
fn test_message(config: &Config, operator: &Somebody, language: Language) -> Message {
    let now = real_time().now();
    let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    let content = Content::Test(Box::new(TestFacts { by: operator.name.clone(), host, at: now }));
    let rendered = render(&content, &Texts::default(), &Reader::plain(config.zone, language, now));
    Message {
        id: format!("init.{}", now.timestamp_micros()),
        request: None,
        thread: None,
        to: Some((operator.name.clone(), operator.email.clone())),
        decided_at: now,
        language,
        subject: rendered.subject,
        text: rendered.text,
        html: rendered.html,
        card: Card::default(),
        attachments: rendered.attachments,
        facts: serde_json::Value::Null,
        first: None,
        updates: None,
        phone: None,
    }
}

fn next_steps(file: &Path, ways: &Ways, language: Language) -> anyhow::Result<()> {
    let config = if file == Path::new("sla.toml") { String::new() } else { format!(" --config {}", file.display()) };
    let now = both!(
        "Now:        plazo run{config}\nThen, beside it:\n  plazo open \"Try\" --channel whatsapp{config}\n  plazo page{config}",
        "Ahora:      plazo run{config}\nDespués, al lado:\n  plazo open \"Prueba\" --channel whatsapp{config}\n  plazo page{config}"
    );
    let tries = ways.names().into_iter().map(|name| format!("\n  plazo test-notify {name}{config}"));
    output::line(&styled(DIM, language.of(now) + &tries.collect::<String>()))
}
