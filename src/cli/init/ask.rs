//! The questions, one after the other, with what is usual as their answer.

use dialoguer::theme::ColorfulTheme;
use dialoguer::{Input, Password, Select};

use super::fill::{Answers, EXAMPLES, MailServer, Somebody};
use super::{Args, Given, Hours, PASSWORD, country, hours, server_of, somebody, tls_of, usual_hours, zone_of};
use crate::both;
use crate::holidays::Country;
use crate::text::{Both, Language};

/// People of a team that are asked for.
const MOST_PEOPLE: usize = 40;

/// Asks for whatever was not given.
pub(super) fn answers(args: Args, language: Language) -> anyhow::Result<(Given, Answers)> {
    let asking = Asking { theme: ColorfulTheme::default(), language };
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
        None => asking.optional(both!(
            "Who stands above, and gets what is escalated (empty: nobody)",
            "Quién está por encima y recibe lo escalado (vacío: nadie)"
        ))?,
    };
    let from = args.smtp_from;
    let server = match args.smtp {
        Some(server) => Some(server_of(&server, language)?),
        None => asking.server()?,
    };
    let mut password = None;
    let mail = match server {
        None => None,
        Some((host, port)) => {
            let user = match args.smtp_user {
                Some(user) => Some(user),
                None => asking.text(both!("Who logs in there (empty: nobody)", "Quién entra ahí (vacío: nadie)"))?,
            };
            if user.is_some() && args.smtp_password_file.is_none() {
                password = Some(asking.password()?);
            }
            let kept = args.smtp_password_file.map(|file| file.display().to_string());
            let kept = kept.or_else(|| password.as_ref().map(|_| PASSWORD.to_owned()));
            let from = from.unwrap_or_else(|| format!("plazo <{}>", operator.email));
            Some(MailServer { tls: tls_of(&host, port), host, port, user, password: kept, from })
        }
    };
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
    };
    Ok((Given { example: Some(example), password }, answers))
}

struct Asking {
    theme: ColorfulTheme,
    language: Language,
}

impl Asking {
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
            match self.optional(prompt)? {
                Some(person) => team.push(person),
                None => break,
            }
        }
        Ok(team)
    }

    fn server(&self) -> anyhow::Result<Option<(String, u16)>> {
        let prompt = both!("Is there a mail server for the alerts?", "¿Hay un servidor de correo para los avisos?");
        let items = [both!("yes", "sí"), both!("no, write mails as files", "no, escribir los correos como archivos")];
        let items = items.map(|item| self.of(item));
        let chosen =
            Select::with_theme(&self.theme).with_prompt(self.of(prompt)).items(&items).default(0).interact()?;
        if chosen != 0 {
            return Ok(None);
        }
        let language = self.language;
        let read = |text: &str| server_of(text, language).map_err(|error| error.to_string());
        self.parsed(
            both!("Mail server, such as mail.example.com:587", "Servidor de correo, como mail.example.com:587"),
            "",
            read,
        )
        .map(Some)
    }

    fn password(&self) -> anyhow::Result<String> {
        let prompt = self.of(both!(
            "Its password (kept in {PASSWORD}, for you alone)",
            "Su clave (queda en {PASSWORD}, solo para usted)"
        ));
        Ok(Password::with_theme(&self.theme).with_prompt(prompt).interact()?)
    }

    fn text(&self, prompt: Both) -> anyhow::Result<Option<String>> {
        let text: String =
            Input::with_theme(&self.theme).with_prompt(self.of(prompt)).allow_empty(true).interact_text()?;
        Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
    }

    fn optional(&self, prompt: Both) -> anyhow::Result<Option<Somebody>> {
        let input = Input::with_theme(&self.theme).with_prompt(self.of(prompt)).allow_empty(true);
        let input =
            input.validate_with(|text: &String| if text.trim().is_empty() { Ok(()) } else { somebody(text).map(drop) });
        let text: String = input.interact_text()?;
        Ok(Some(text).filter(|text| !text.trim().is_empty()).and_then(|text| somebody(&text).ok()))
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
