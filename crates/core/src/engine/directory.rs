//! The directory: people, teams, roles and clients, and who is told when an escalation names a role (rule E3).

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::absence::{self, Absence, Present};
use super::address;
use super::event::Author;
use super::rota::Rota;

/// A level of the hierarchy that `tell` may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Whoever owns the request.
    Owner,
    /// The lead of the owner's team, or of the policy's.
    Lead,
    /// `[roles] supervisor`.
    Supervisor,
    /// `[roles] back_office`.
    BackOffice,
    /// `[roles] management`.
    Management,
}

impl Role {
    /// All roles, lowest first.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Lead, Self::Supervisor, Self::BackOffice, Self::Management];

    /// The word in `sla.toml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Lead => "lead",
            Self::Supervisor => "supervisor",
            Self::BackOffice => "back_office",
            Self::Management => "management",
        }
    }
}

/// Whom an escalation step names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tell {
    /// Whoever holds the role.
    Role(Role),
    /// A person, by key.
    Person(String),
    /// Every member of a team, by key.
    Team(String),
    /// A destination, by name.
    Destination(String),
    /// Whoever is on duty, by the rota's name.
    Rota(String),
}

impl Tell {
    /// The word in `sla.toml`.
    pub fn word(&self) -> &str {
        match self {
            Self::Role(role) => role.as_str(),
            Self::Person(word) | Self::Team(word) | Self::Destination(word) | Self::Rota(word) => word,
        }
    }
}

/// Who holds a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleHolder {
    /// Always the same.
    Fixed(Recipient),
    /// Whoever is on duty, by the rota's name.
    Rota(String),
}

/// One who is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// A person, by key, by all of that person's transports.
    Person(String),
    /// A destination, by name.
    Destination(String),
}

/// Somebody in whose place another is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// Key of the person.
    pub person: String,
    /// Until when that person is away.
    pub until: DateTime<Utc>,
    /// Key of whoever stands in; none where whoever stands above is told.
    pub by: Option<String>,
}

/// Somebody of the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Key in `sla.toml`.
    pub key: String,
    /// Name as people write it.
    pub name: String,
    /// Email addresses, phone numbers and user ids by which channels know the person.
    pub addresses: Vec<String>,
}

/// People who work together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Key in `sla.toml`.
    pub key: String,
    /// The lead's key.
    pub lead: Option<String>,
    /// The members' keys.
    pub members: Vec<String>,
    /// Whether its people may answer clients (rule A7).
    pub answers_clients: bool,
}

/// A client whom the file names (rule D5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Key in `sla.toml`.
    pub key: String,
    /// Name as people write it.
    pub name: String,
    /// Addresses of its people; one that begins with `@` is a whole domain.
    pub addresses: Vec<String>,
    /// Priority of its requests where the event gives none.
    pub priority: Option<String>,
    /// Addresses that must be in copy of every answer (A9).
    pub copy: Vec<String>,
    /// With whom it is followed up (B5).
    pub contact: Option<String>,
}

/// Everybody whom the file names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Directory {
    people: BTreeMap<String, Person>,
    teams: BTreeMap<String, Team>,
    customers: BTreeMap<String, Customer>,
    roles: BTreeMap<Role, Vec<RoleHolder>>,
    rotas: BTreeMap<String, Rota>,
    /// Who is away: those of the file first, then those that were told since.
    absences: Vec<Absence>,
    /// How many of them stand in the file.
    n_written: usize,
    /// Who is told where nobody holds the role that a step names.
    last_resort: Vec<Recipient>,
    /// Key, name and addresses, in their canonical form, to key.
    people_by_word: HashMap<String, String>,
    customers_by_word: HashMap<String, String>,
}

impl Directory {
    /// A directory from its parts.
    pub fn new(
        people: Vec<Person>,
        teams: Vec<Team>,
        customers: Vec<Customer>,
        roles: BTreeMap<Role, Vec<RoleHolder>>,
        rotas: Vec<Rota>,
        last_resort: Vec<Recipient>,
    ) -> Self {
        let people_by_word = words(people.iter().map(|person| (&person.key, &person.name, &person.addresses)));
        let customers_by_word = words(customers.iter().map(|client| (&client.key, &client.name, &client.addresses)));
        Self {
            people: people.into_iter().map(|person| (person.key.clone(), person)).collect(),
            teams: teams.into_iter().map(|team| (team.key.clone(), team)).collect(),
            customers: customers.into_iter().map(|client| (client.key.clone(), client)).collect(),
            roles,
            rotas: rotas.into_iter().map(|rota| (rota.name.clone(), rota)).collect(),
            absences: Vec::new(),
            n_written: 0,
            last_resort,
            people_by_word,
            customers_by_word,
        }
    }

    /// The same directory with the absences of the file.
    #[must_use]
    pub fn with_absences(mut self, absences: Vec<Absence>) -> Self {
        self.n_written = absences.len();
        self.absences = absences;
        self
    }

    /// Takes over who was said to be away besides, in place of whoever was before.
    pub fn tell_absences(&mut self, told: impl IntoIterator<Item = Absence>) {
        self.absences.truncate(self.n_written);
        self.absences.extend(told);
    }

    /// Those of the file.
    pub fn written_absences(&self) -> &[Absence] {
        &self.absences[..self.n_written]
    }

    /// Who is away, and when.
    pub fn absences(&self) -> &[Absence] {
        &self.absences
    }

    /// Who is told in a person's place at `at`: the person, unless away; then who stands in, and where nobody does, the lead of the person's
    /// team. None where that one is away as well, or there is no other: then whoever stands above is told.
    pub fn stand_in<'a>(&'a self, person: &'a str, at: DateTime<Utc>) -> Option<&'a str> {
        if self.absences.is_empty() {
            return Some(person);
        }
        let present = |person| match absence::present(&self.absences, person, at) {
            Present::Somebody(present) => Some(present),
            Present::Nobody | Present::Circle => None,
        };
        let leads = || self.teams_of(person).filter_map(|team| team.lead.as_deref()).filter(|lead| *lead != person);
        present(person).or_else(|| leads().find_map(present))
    }

    /// Whether, by those absences, everybody is away at `at` who stands in for a person, so that it leads back to the beginning. Where no
    /// substitute is named the lead of the team stands in, and counts as one.
    pub fn leads_back(&self, absences: &[Absence], person: &str, at: DateTime<Utc>) -> bool {
        let lead_of = |person: &str| {
            let mut leads = self.teams_of(person).filter_map(|team| team.lead.as_deref());
            leads.find(|lead| *lead != person).map(str::to_owned)
        };
        let whole: Vec<_> = absences
            .iter()
            .map(|absence| Absence {
                substitute: absence.substitute.clone().or_else(|| lead_of(&absence.person)),
                ..absence.clone()
            })
            .collect();
        let is_circle = |person: &str| absence::present(&whole, person, at) == Present::Circle;
        is_circle(person)
            && match absence::present(absences, person, at) {
                Present::Circle => true,
                Present::Somebody(_) => false,
                Present::Nobody => {
                    let mut leads = self.teams_of(person).filter_map(|team| team.lead.as_deref());
                    leads.all(is_circle)
                }
            }
    }

    /// The person whose key, name or address is `word`.
    pub fn person(&self, word: &str) -> Option<&Person> {
        self.people.get(word).or_else(|| self.people.get(self.people_by_word.get(&*address::canonical(word))?))
    }

    /// What a person is called; the word itself where it is nobody's.
    pub fn name_of<'a>(&'a self, word: &'a str) -> &'a str {
        self.person(word).map_or(word, |person| &person.name)
    }

    /// What a client is called; the word itself where it is nobody's.
    pub fn customer_name<'a>(&'a self, word: &'a str) -> &'a str {
        self.customer(word).map_or(word, |customer| &customer.name)
    }

    /// The person who is `author`, by address first.
    pub fn person_of(&self, author: &Author) -> Option<&Person> {
        let by_address = author.address.as_deref().and_then(|address| self.person(address));
        by_address.or_else(|| self.person(author.name.as_deref()?))
    }

    /// The client whose key, name or address is `word`; an address also finds a client by its domain.
    pub fn customer(&self, word: &str) -> Option<&Customer> {
        if self.customers.is_empty() {
            return None;
        }
        let word = address::canonical(word);
        let by_domain = || word.rfind('@').and_then(|at| self.customers_by_word.get(&word[at..]));
        self.customers.get(self.customers_by_word.get(&*word).or_else(by_domain)?)
    }

    /// The team with that key.
    pub fn team(&self, key: &str) -> Option<&Team> {
        self.teams.get(key)
    }

    /// The keys of all teams.
    pub fn team_keys(&self) -> impl Iterator<Item = &str> {
        self.teams.keys().map(String::as_str)
    }

    /// The teams of a person.
    pub fn teams_of<'a>(&'a self, person: &'a str) -> impl Iterator<Item = &'a Team> + 'a {
        self.teams.values().filter(move |team| {
            team.lead.as_deref() == Some(person) || team.members.iter().any(|member| member == person)
        })
    }

    /// Whether the person may answer clients. Where no team says `answers_clients`, everybody of the house may (rule A7).
    pub fn may_answer_clients(&self, person: &str) -> bool {
        self.anybody_answers_clients() || self.teams_of(person).any(|team| team.answers_clients)
    }

    /// Whether the file leaves open who answers clients.
    pub fn anybody_answers_clients(&self) -> bool {
        !self.teams.values().any(|team| team.answers_clients)
    }

    /// The lead of each team, without doubles.
    pub fn leads(&self) -> impl Iterator<Item = &str> {
        let leads: std::collections::BTreeSet<&str> =
            self.teams.values().filter_map(|team| team.lead.as_deref()).collect();
        leads.into_iter()
    }

    /// Whether a person holds a role at `at`, by name or by being on duty.
    pub fn holds_a_role(&self, person: &str, at: DateTime<Utc>) -> bool {
        self.roles.values().flatten().any(|holder| match holder {
            RoleHolder::Fixed(Recipient::Person(key)) => key == person,
            RoleHolder::Fixed(Recipient::Destination(_)) => false,
            RoleHolder::Rota(rota) => self.on_duty(rota, at) == Some(person),
        })
    }

    /// Everybody of the house, by key.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// Every client, by key.
    pub fn customers(&self) -> impl Iterator<Item = &Customer> {
        self.customers.values()
    }

    /// Every team, by key.
    pub fn teams(&self) -> impl Iterator<Item = &Team> {
        self.teams.values()
    }

    /// Every rota, by name.
    pub fn rotas(&self) -> impl Iterator<Item = &Rota> {
        self.rotas.values()
    }

    /// Who is on duty by that rota at `at`.
    pub fn on_duty(&self, rota: &str, at: DateTime<Utc>) -> Option<&str> {
        self.stand_in(self.rotas.get(rota)?.on_duty(at)?, at)
    }

    /// Who is on duty by that rota in a span, one turn after the other; absences and who stands in for them taken into account.
    pub fn turns(
        &self,
        rota: &str,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Vec<(&str, DateTime<Utc>, DateTime<Utc>)> {
        let Some(rota) = self.rotas.get(rota) else { return Vec::new() };
        let mut turns: Vec<(&str, DateTime<Utc>, DateTime<Utc>)> = Vec::new();
        let mut at = from;
        while at < until {
            let absences = self.absences.iter().flat_map(|one| [one.from, one.until]).filter(|change| at < *change);
            let change = absences.min().map_or(rota.next_change(at), |change| change.min(rota.next_change(at)));
            let ends = change.min(until);
            if let Some(person) = self.on_duty(&rota.name, at) {
                match turns.last_mut().filter(|(last, _, last_ends)| *last == person && *last_ends == at) {
                    Some((_, _, last_ends)) => *last_ends = ends,
                    None => turns.push((person, at, ends)),
                }
            }
            at = ends;
        }
        turns
    }

    /// Who is told at `at`, without doubles. `team` is the policy's. Where nobody holds a role, or is on duty, the next higher one
    /// is told, and the last resort at the end: an alert never goes to nobody.
    pub fn recipients(
        &self,
        tell: &[Tell],
        owner: Option<&str>,
        team: Option<&str>,
        at: DateTime<Utc>,
    ) -> Vec<Recipient> {
        let recipients = self.named(tell, owner, team, at);
        if recipients.is_empty() { self.last_resort.clone() } else { recipients }
    }

    /// The people who hold those roles at `at`, nobody above or below them.
    pub fn named_holders(&self, roles: &[Tell], at: DateTime<Utc>) -> impl Iterator<Item = String> {
        let held = roles.iter().filter_map(|tell| match tell {
            Tell::Role(role) => Some(self.holders(*role, None, None, at)),
            _ => None,
        });
        let people = held.flatten().filter_map(|recipient| match recipient {
            Recipient::Person(key) => Some(key),
            Recipient::Destination(_) => None,
        });
        people.collect::<Vec<_>>().into_iter()
    }

    /// Who of those whom a step names is away at `at`, so that somebody else is told.
    pub fn replaced(&self, tell: &[Tell], owner: Option<&str>, team: Option<&str>, at: DateTime<Utc>) -> Vec<Replaced> {
        let away = |recipient| match recipient {
            Recipient::Person(person) => {
                let until = absence::until(&self.absences, &person, at)?;
                let by = self.stand_in(&person, at).map(str::to_owned);
                Some(Replaced { person, until, by })
            }
            Recipient::Destination(_) => None,
        };
        if self.absences.is_empty() {
            return Vec::new();
        }
        let everybody_there = Self { absences: Vec::new(), n_written: 0, ..self.clone() };
        everybody_there.named(tell, owner, team, at).into_iter().filter_map(away).collect()
    }

    /// Whom a step names, without doubles.
    fn named(&self, tell: &[Tell], owner: Option<&str>, team: Option<&str>, at: DateTime<Utc>) -> Vec<Recipient> {
        let mut recipients = Vec::new();
        for recipient in tell.iter().flat_map(|tell| self.told(tell, owner, team, at)) {
            if !recipients.contains(&recipient) {
                recipients.push(recipient);
            }
        }
        recipients
    }

    fn told(&self, tell: &Tell, owner: Option<&str>, team: Option<&str>, at: DateTime<Utc>) -> Vec<Recipient> {
        match tell {
            Tell::Person(key) => self.present(key, at).into_iter().collect(),
            Tell::Destination(name) => vec![Recipient::Destination(name.clone())],
            Tell::Rota(name) => self.duty(name, at).into_iter().collect(),
            Tell::Team(key) => self.teams.get(key).map_or_else(Vec::new, |team| {
                team.members.iter().chain(&team.lead).filter_map(|member| self.present(member, at)).collect()
            }),
            Tell::Role(role) => Role::ALL
                .into_iter()
                .filter(|higher| role <= higher)
                .map(|role| self.holders(role, owner, team, at))
                .find(|holders| !holders.is_empty())
                .unwrap_or_default(),
        }
    }

    fn present(&self, person: &str, at: DateTime<Utc>) -> Option<Recipient> {
        self.stand_in(person, at).map(|person| Recipient::Person(person.to_owned()))
    }

    fn duty(&self, rota: &str, at: DateTime<Utc>) -> Option<Recipient> {
        self.on_duty(rota, at).map(|person| Recipient::Person(person.to_owned()))
    }

    fn holders(&self, role: Role, owner: Option<&str>, team: Option<&str>, at: DateTime<Utc>) -> Vec<Recipient> {
        let owner = owner.and_then(|owner| self.person(owner));
        match role {
            Role::Owner => owner.and_then(|person| self.present(&person.key, at)).into_iter().collect(),
            Role::Lead => owner
                .and_then(|person| self.teams_of(&person.key).find_map(|team| team.lead.clone()))
                .or_else(|| self.teams.get(team?)?.lead.clone())
                .and_then(|lead| self.present(&lead, at))
                .into_iter()
                .collect(),
            Role::Supervisor | Role::BackOffice | Role::Management => {
                let holders = self.roles.get(&role).into_iter().flatten();
                let recipient = |holder: &RoleHolder| match holder {
                    RoleHolder::Fixed(Recipient::Person(key)) => self.present(key, at),
                    RoleHolder::Fixed(recipient) => Some(recipient.clone()),
                    RoleHolder::Rota(rota) => self.duty(rota, at),
                };
                holders.filter_map(recipient).collect()
            }
        }
    }
}

fn words<'a>(entries: impl Iterator<Item = (&'a String, &'a String, &'a Vec<String>)>) -> HashMap<String, String> {
    let mut words = HashMap::new();
    for (key, name, addresses) in entries {
        for word in addresses.iter().chain([name, key]) {
            words.entry(address::canonical(word).into_owned()).or_insert_with(|| key.clone());
        }
    }
    words
}
