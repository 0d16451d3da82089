//! The questions, one after the other, with what is usual as their answer.

mod chat;
mod mail;

use dialoguer::theme::ColorfulTheme;
use dialoguer::{Input, Password, Select};

use super::fill::{Answers, EXAMPLES, Somebody};
use super::{Args, Given, Hours, country, hours, server_of, somebody, usual_hours, zone_of};
use crate::both;
use crate::cli::output::{self, styled};
use crate::holidays::Country;
use crate::text::{Both, Language};

/// People of a team that are asked for.
const MOST_PEOPLE: usize = 40;

/// Asks for whatever was not given.
pub(super) async fn answers(args: Args, language: Language) -> anyhow::Result<(Given, Answers)> {
    let asking = Asking::new(language);
    let example = match args.from {
        Some(name) => name,
        None => asking.example()?,
    };
    let country = match args.country {
        Some(country) => Some(country),
        None => asking.country()?,
    };
    let zone = match args.zone {
        Some(zone) => zone,
        None => asking.parsed(
            both!("Time zone", "Zona horaria"),
            country.map_or("America/Bogota", |country| zone_of(country).name()),
            |text| {
                text.parse::<chrono_tz::Tz>().map_err(|_| {
                    language.of(both!(
                        "no zone is called `{text}`; write such as America/Bogota",
                        "ninguna zona se llama «{text}»; escriba algo como America/Bogota"
                    ))
                })
            },
        )?,
    };
    let Hours(week) = match args.hours {
        Some(hours) => hours,
        None => asking.parsed(
            both!("Hours, Monday to Friday", "Horario, de lunes a viernes"),
            &usual_hours().join(", "),
            hours,
        )?,
    };
    let saturday = match args.saturday {
        Some(Hours(spans)) => spans,
        None => asking.saturday()?,
    };
    let operator = match args.operator {
        Some(operator) => operator,
        None => asking.parsed(
            both!(
                "Your name and address (problems of plazo come to you)",
                "Su nombre y su correo (a usted le llegan los problemas de plazo)"
            ),
            "",
            somebody,
        )?,
    };
    let team = if args.person.is_empty() { asking.team()? } else { args.person };
    let boss = match args.boss {
        Some(boss) => Some(boss),
        None => asking.optional(
            both!(
                "Who stands above, and gets what is escalated (empty: nobody)",
                "Quién está por encima y recibe lo escalado (vacío: nadie)"
            ),
            somebody,
        )?,
    };
    let mut typed = Vec::new();
    let given = mail::Given {
        server: args.smtp,
        user: args.smtp_user,
        password_file: args.smtp_password_file,
        from: args.smtp_from,
    };
    let mail = mail::ask(&asking, given, &operator, &mut typed).await?;
    let people: Vec<_> = [&operator].into_iter().chain(&boss).chain(&team).collect();
    let ways = chat::ask(&asking, &people, &mut typed)?;
    let answers = Answers {
        language: language.code(),
        zone: zone.name().to_owned(),
        country: country.map(|country| country.code().to_owned()),
        hours: week,
        saturday,
        operator,
        boss,
        team,
        mail,
        ways,
    };
    Ok((Given { example: Some(example), typed }, answers))
}

/// Somebody at a terminal.
pub(in crate::cli) struct Asking {
    theme: ColorfulTheme,
    language: Language,
}

impl Asking {
    pub(in crate::cli) fn new(language: Language) -> Self {
        Self { theme: ColorfulTheme::default(), language }
    }

    /// Whether they want that; so it is where they only press the key.
    pub(in crate::cli) fn agrees(&self, question: Both) -> anyhow::Result<bool> {
        let Both { en, es } = question;
        let no = |text: &str| ["n", "no"].contains(&text);
        let is_known = |text: &str| no(text) || ["", "s", "si", "sí", "y", "yes"].contains(&text);
        let unclear = self.of(both!("yes or no?", "¿sí o no?"));
        let read = |text: &str| {
            let text = text.trim().to_lowercase();
            if is_known(&text) { Ok(!no(&text)) } else { Err(unclear.clone()) }
        };
        let input = Input::<String>::with_theme(&self.theme)
            .with_prompt(self.of(both!("{en} [Y/n]", "{es} [S/n]")))
            .allow_empty(true)
            .validate_with(|text: &String| read(text).map(drop));
        read(&input.interact_text()?).map_err(anyhow::Error::msg)
    }

    fn say(&self, style: anstyle::Style, text: Both) -> anyhow::Result<()> {
        output::line(&styled(style, self.of(text)))
    }

    fn of(&self, text: Both) -> String {
        self.language.of(text)
    }

    fn example(&self) -> anyhow::Result<String> {
        let about = |example: &str| example.lines().nth(1).unwrap_or_default().trim_start_matches("# ").to_owned();
        let items: Vec<String> = EXAMPLES.iter().map(|(name, example)| format!("{name}: {}", about(example))).collect();
        let prompt = self.of(both!("What is your team like?", "¿En qué se parece a su equipo?"));
        let chosen =
            Select::with_theme(&self.theme).with_prompt(prompt).items(&items).default(EXAMPLES.len() - 1).interact()?;
        Ok(EXAMPLES[chosen].0.to_owned())
    }

    fn country(&self) -> anyhow::Result<Option<Country>> {
        let known = Country::ALL.map(Country::code).join(", ");
        let prompt = both!(
            "Country of the holidays ({known}; - for another one)",
            "País de los feriados ({known}; - si es otro)"
        );
        self.parsed(prompt, "CO", |text| if text == "-" { Ok(None) } else { country(text).map(Some) })
    }

    fn saturday(&self) -> anyhow::Result<Vec<String>> {
        let prompt = both!("Hours of a Saturday (- for none)", "Horario del sábado (- si no hay)");
        self.parsed(
            prompt,
            "-",
            |text| if text == "-" { Ok(Vec::new()) } else { hours(text).map(|Hours(spans)| spans) },
        )
    }

    fn team(&self) -> anyhow::Result<Vec<Somebody>> {
        let mut team = Vec::new();
        while team.len() < MOST_PEOPLE {
            let prompt = both!(
                "Somebody of the team: name, address (empty ends)",
                "Alguien del equipo: nombre, correo (vacío termina)"
            );
            match self.optional(prompt, somebody)? {
                Some(person) => team.push(person),
                None => break,
            }
        }
        Ok(team)
    }

    /// Host and port; none where mails are to be written as files.
    fn server(&self) -> anyhow::Result<Option<(String, u16)>> {
        let prompt = both!(
            "Mail server, such as mail.example.com:587 (empty: none, mails are written into data/outbox)",
            "Servidor de correo, como mail.example.com:587 (vacío: ninguno, los correos se escriben en data/outbox)"
        );
        self.optional(prompt, |text| server_of(text, self.language).map_err(|error| error.to_string()))
    }

    fn password(&self, prompt: Both) -> anyhow::Result<String> {
        Ok(Password::with_theme(&self.theme).with_prompt(self.of(prompt)).interact()?)
    }

    /// A secret that can be read, or nothing.
    fn hidden(&self, prompt: Both, read: impl Fn(&str) -> Result<String, String>) -> anyhow::Result<Option<String>> {
        let read = |text: &str| if text.trim().is_empty() { Ok(None) } else { read(text.trim()).map(Some) };
        let input = Password::with_theme(&self.theme).with_prompt(self.of(prompt)).allow_empty_password(true);
        let text = input.validate_with(|text: &String| read(text).map(drop)).interact()?;
        read(&text).map_err(anyhow::Error::msg)
    }

    fn text(&self, prompt: Both) -> anyhow::Result<Option<String>> {
        let text: String =
            Input::with_theme(&self.theme).with_prompt(self.of(prompt)).allow_empty(true).interact_text()?;
        Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
    }

    /// The same, or nothing.
    fn optional<T>(&self, prompt: Both, read: impl Fn(&str) -> Result<T, String>) -> anyhow::Result<Option<T>> {
        let read = |text: &str| if text.trim().is_empty() { Ok(None) } else { read(text.trim()).map(Some) };
        let input = Input::<String>::with_theme(&self.theme).with_prompt(self.of(prompt)).allow_empty(true);
        let text = input.validate_with(|text: &String| read(text).map(drop)).interact_text()?;
        read(&text).map_err(anyhow::Error::msg)
    }

    /// An answer that can be read; asked again until it can.
    fn parsed<T>(&self, prompt: Both, usual: &str, read: impl Fn(&str) -> Result<T, String>) -> anyhow::Result<T> {
        let mut input = Input::<String>::with_theme(&self.theme).with_prompt(self.of(prompt));
        if !usual.is_empty() {
            input = input.default(usual.to_owned());
        }
        let text = input.validate_with(|text: &String| read(text.trim()).map(drop)).interact_text()?;
        read(text.trim()).map_err(anyhow::Error::msg)
    }
}
