//! Fills one of the examples with what a team answered: the same file that whoever copies it by hand would write.
//!
//! The examples are regular, and a test fills each of them. Lines are changed one by one, so that their comments stay.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use toml::Value;

use super::ways::Ways;
use crate::engine::check::folded;

/// The examples, by name, with what their teams are like.
pub(super) const EXAMPLES: [(&str, &str); 5] = [
    ("agencia", include_str!("../../../examples/agencia.toml")),
    ("soporte", include_str!("../../../examples/soporte.toml")),
    ("bandejas", include_str!("../../../examples/bandejas.toml")),
    ("mensajeria", include_str!("../../../examples/mensajeria.toml")),
    ("general", include_str!("../../../examples/general.toml")),
];

/// Keys that the examples give to whoever leads and to whoever stands above.
const LEAD: &str = "lider";
const BOSS: &str = "jefe";
/// Words that mean somebody else where a person's key may stand.
const TAKEN: [&str; 8] = [LEAD, BOSS, "owner", "lead", "supervisor", "back_office", "management", "everybody"];

/// Somebody of the team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Somebody {
    pub(super) name: String,
    pub(super) email: String,
}

/// The mail server, and who logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MailServer {
    pub(super) host: String,
    pub(super) port: u16,
    /// `starttls`, `tls` or `none`.
    pub(super) tls: &'static str,
    pub(super) user: Option<String>,
    /// Where the password lies.
    pub(super) password: Option<String>,
    /// The address from which alerts come.
    pub(super) from: String,
}

/// What a team answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answers {
    /// `es` or `en`.
    pub(super) language: &'static str,
    /// An IANA zone.
    pub(super) zone: String,
    /// The country whose holidays are taken; none where they are not known here.
    pub(super) country: Option<String>,
    /// The spans of a working day, such as `08:00-12:00`.
    pub(super) hours: Vec<String>,
    /// Those of a Saturday.
    pub(super) saturday: Vec<String>,
    /// Whoever leads, and operates plazo.
    pub(super) operator: Somebody,
    /// Whoever stands above.
    pub(super) boss: Option<Somebody>,
    /// The others.
    pub(super) team: Vec<Somebody>,
    pub(super) mail: Option<MailServer>,
    /// How people are told besides.
    pub(super) ways: Ways,
}

/// A text as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

fn list(words: &[String]) -> String {
    format!("[{}]", words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", "))
}

/// People with keys out of their names: the given name, in plain letters, and a number where that is taken.
pub(super) fn keyed(people: &[Somebody]) -> Vec<(String, Somebody)> {
    let mut keys: Vec<String> = Vec::new();
    let mut keyed = Vec::new();
    for person in people {
        let given = person.name.split_whitespace().next().unwrap_or_default();
        let plain: String = folded(given).chars().filter(char::is_ascii_alphanumeric).collect();
        let plain = if plain.is_empty() { "persona".to_owned() } else { plain };
        let is_free = |key: &String| !keys.contains(key) && !TAKEN.contains(&key.as_str());
        let key = std::iter::once(plain.clone()).chain((2..).map(|n| format!("{plain}{n}"))).find(is_free);
        let key = key.unwrap_or(plain);
        keys.push(key.clone());
        keyed.push((key, person.clone()));
    }
    keyed
}

static HEADER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\[([^\[\]]+)\]").ok());
/// A line that sets a value, and the comment behind it.
static SETTING: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^(?P<key>[a-z_]+)(?P<is> *= *)(?:"[^"]*"|[^#"])*(?P<comment> *#.*)?$"#).ok());
static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#""([^"]*)""#).ok());

/// The example with the team's answers in place of its own people, hours and mail server.
pub(super) fn fill(example: &str, answers: &Answers) -> String {
    // Whoever leads is there already.
    let others = answers.team.iter().filter(|person| !person.email.eq_ignore_ascii_case(&answers.operator.email));
    let team = keyed(&others.cloned().collect::<Vec<_>>());
    let filled = Filling { answers, keys: keys(example, &team, answers.boss.is_some()), team };
    let mut written: Vec<String> = Vec::new();
    let (mut block, mut has_people, mut n_teams, mut in_mail) = (Block::Other, false, 0, false);
    for line in example.lines() {
        let header = HEADER.as_ref().and_then(|header| header.captures(line)).map(|found| found[1].to_owned());
        if let Some(name) = &header {
            block = Block::of(name, &mut n_teams);
            if matches!(block, Block::Person) && !std::mem::replace(&mut has_people, true) {
                written.extend(filled.people());
            }
        } else if line.trim().is_empty() && !matches!(block, Block::Person) {
            block = Block::Other;
        }
        if line.starts_with("# [smtp]") {
            in_mail = true;
            written.extend(filled.mail());
        }
        in_mail &= line.starts_with('#');
        match block {
            Block::Person if !line.trim().is_empty() => continue,
            Block::FurtherTeam => continue,
            _ if in_mail && answers.mail.is_some() => continue,
            Block::Client => written.push(format!("# {line}")),
            _ => written.push(filled.line(line, &block)),
        }
    }
    // What was left out leaves no gaps.
    written.dedup_by(|line, before| line.trim().is_empty() && before.trim().is_empty());
    written.join("\n") + "\n"
}

/// Whose key stands for each that the example names.
fn keys(example: &str, team: &[(String, Somebody)], has_boss: bool) -> BTreeMap<String, String> {
    let first = team.first().map_or(LEAD, |(key, _)| key);
    let headers = example.lines().filter_map(|line| HEADER.as_ref()?.captures(line).map(|found| found[1].to_owned()));
    let people = headers.filter_map(|name| name.strip_prefix("person.").map(str::to_owned));
    let stands_for = |key: String| {
        let other = match key.as_str() {
            LEAD => LEAD,
            BOSS if has_boss => BOSS,
            BOSS => LEAD,
            _ => first,
        };
        (key, other.to_owned())
    };
    people.map(stands_for).collect()
}

/// In which part of the file a line stands.
enum Block {
    Person,
    Team,
    /// One of an example that has several.
    FurtherTeam,
    Client,
    Calendar,
    Other,
}

impl Block {
    fn of(name: &str, n_teams: &mut usize) -> Self {
        match name.split_once('.').map_or(name, |(kind, _)| kind) {
            "person" => Self::Person,
            "team" => {
                *n_teams += 1;
                if *n_teams == 1 { Self::Team } else { Self::FurtherTeam }
            }
            "customer" => Self::Client,
            "calendar" => Self::Calendar,
            _ => Self::Other,
        }
    }
}

struct Filling<'a> {
    answers: &'a Answers,
    keys: BTreeMap<String, String>,
    team: Vec<(String, Somebody)>,
}

impl Filling<'_> {
    fn people(&self) -> Vec<String> {
        let lead = (LEAD.to_owned(), self.answers.operator.clone());
        let boss = self.answers.boss.clone().map(|boss| (BOSS.to_owned(), boss));
        let people = [lead].into_iter().chain(boss).chain(self.team.iter().cloned());
        let block = |(key, person): (String, Somebody)| {
            let (name, email) = (quoted(&person.name), quoted(&person.email));
            let mut block = vec![format!("[person.{key}]"), format!("name  = {name}"), format!("email = {email}")];
            block.extend(self.answers.ways.of_person(&person, key == LEAD));
            block
        };
        people.flat_map(block).chain(self.answers.ways.sections()).collect()
    }

    fn mail(&self) -> Vec<String> {
        let Some(mail) = &self.answers.mail else { return Vec::new() };
        let mut lines = vec![
            "[smtp]".to_owned(),
            format!("host     = {}", quoted(&mail.host)),
            format!("port     = {}", mail.port),
            format!("tls      = {}", quoted(mail.tls)),
        ];
        lines.extend(mail.user.as_ref().map(|user| format!("user     = {}", quoted(user))));
        lines.extend(mail.password.as_ref().map(|file| format!("password = {{ file = {} }}", quoted(file))));
        lines.push(format!("from     = {}", quoted(&mail.from)));
        lines
    }

    /// A line with the team's answer in place of the example's.
    fn line(&self, line: &str, block: &Block) -> String {
        let Some(parts) = SETTING.as_ref().and_then(|setting| setting.captures(line)) else { return self.other(line) };
        let key = &parts["key"];
        // The comment behind a value stays.
        let set = |value: &str| {
            format!("{key}{}{value}{}", &parts["is"], parts.name("comment").map_or("", |found| found.as_str()))
        };
        match (key, block) {
            ("language", Block::Other) => set(&quoted(self.answers.language)),
            ("timezone", Block::Other) => set(&quoted(&self.answers.zone)),
            ("hours", Block::Calendar) => set(&self.hours()),
            ("holidays", Block::Calendar) => match &self.answers.country {
                Some(country) => set(&list(std::slice::from_ref(country))),
                None => format!("# {line}"),
            },
            ("members", Block::Team) => {
                let keys: Vec<String> = self.team.iter().map(|(key, _)| key.clone()).collect();
                set(&list(&if keys.is_empty() { vec![LEAD.to_owned()] } else { keys }))
            }
            ("name", _) => line.to_owned(),
            _ => self.with_keys(line),
        }
    }

    /// A line that sets nothing.
    fn other(&self, line: &str) -> String {
        match line {
            _ if line.starts_with("#:schema") => "#:schema ./sla.schema.json".to_owned(),
            _ if line.contains("ESTE-ARCHIVO") => {
                "# Lo hizo plazo init. Después de cada cambio:  plazo check sla.toml".to_owned()
            }
            _ if line.trim_start().starts_with('#') => line.to_owned(),
            _ => self.with_keys(line),
        }
    }

    fn hours(&self) -> String {
        let day = |days: &str, spans: &[String]| format!("{days} = {}", list(spans));
        let week = day("mon-fri", &self.answers.hours);
        let saturday = (!self.answers.saturday.is_empty()).then(|| day("sat", &self.answers.saturday));
        let all: Vec<String> = [week].into_iter().chain(saturday).collect();
        format!("{{ {} }}", all.join(", "))
    }

    /// The line with the team's people where the example names its own.
    fn with_keys(&self, line: &str) -> String {
        let Some(word) = WORD.as_ref() else { return line.to_owned() };
        let whole = word.replace_all(line, |found: &Captures<'_>| match self.keys.get(&found[1]) {
            Some(key) => quoted(key),
            None => found[0].to_owned(),
        });
        whole.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::ways::WhatsApp;
    use super::*;

    fn somebody(name: &str) -> Somebody {
        let word: String = folded(name).chars().filter(char::is_ascii_alphanumeric).collect();
        Somebody { name: name.to_owned(), email: format!("{word}@casa.example") }
    }

    fn answers() -> Answers {
        Answers {
            language: "es",
            zone: "America/Mexico_City".to_owned(),
            country: Some("MX".to_owned()),
            hours: vec!["09:00-18:00".to_owned()],
            saturday: vec!["09:00-13:00".to_owned()],
            operator: somebody("Lucía Fernández"),
            boss: None,
            team: vec![
                somebody("Íñigo Soto"),
                somebody("Ínigo Ruiz"),
                somebody("Lead Lara"),
                somebody("O\"Hara \\ Paz"),
            ],
            mail: None,
            ways: Ways::default(),
        }
    }

    #[test]
    fn each_example_filled_is_a_file_of_that_team_and_of_nobody_else() {
        for (name, example) in EXAMPLES {
            for (boss, team) in [(Some(somebody("Jorge Rey")), answers().team), (None, Vec::new())] {
                let mail = boss.as_ref().map(|_| MailServer {
                    host: "mail.casa.example".to_owned(),
                    port: 587,
                    tls: "starttls",
                    user: Some("plazo".to_owned()),
                    password: Some("secrets/smtp".to_owned()),
                    from: "plazo <plazo@casa.example>".to_owned(),
                });
                let numbers = [("inigosoto@casa.example".to_owned(), "573005550101".to_owned())];
                let whatsapp =
                    WhatsApp { sender: "1".repeat(15), template: "aviso".to_owned(), numbers: numbers.into() };
                let ways = Ways { slack: boss.is_some(), whatsapp: boss.as_ref().map(|_| whatsapp) };
                let filled = fill(example, &Answers { boss: boss.clone(), team, mail, ways, ..answers() });
                let read = crate::config::read(std::path::Path::new("sla.toml"), filled.clone());
                assert!(read.config.is_some(), "{name}: {}\n{filled}", read.explain(false));
                for other in
                    ["empresa.example\"", "\"lina", "Lina Torres", "[person.laura]", "\"laura\"", "ESTE-ARCHIVO"]
                {
                    assert!(
                        !filled.lines().any(|line| !line.starts_with('#') && line.contains(other)),
                        "{name}: {other}\n{filled}"
                    );
                }
                assert!(
                    filled.contains("timezone = \"America/Mexico_City\"") && filled.contains("sat = [\"09:00-13:00\"]")
                );
                assert_eq!(filled.contains("[person.jefe]"), boss.is_some());
                for told in ["notify = [\"email\", \"equipo-slack\"]", "notify = [\"email\", \"whatsapp\"]"] {
                    assert_eq!(filled.matches(told).count(), usize::from(boss.is_some()), "{name}: {told}\n{filled}");
                }
                assert!(filled.contains("# Lo hizo plazo init"));
            }
        }
    }

    #[test]
    fn keys_are_given_names_in_plain_letters_and_nobody_s_twice() {
        let keys: Vec<_> = keyed(&answers().team).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["inigo", "inigo2", "lead2", "ohara"]);
    }
}
