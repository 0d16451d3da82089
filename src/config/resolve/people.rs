//! `[person.KEY]`, `[team.KEY]`, `[roles]` and `[customer.KEY]`.

use std::collections::BTreeMap;

use lettre::Address;

use super::calendars::{self, Calendars};
use crate::config::mistake::{Mistakes, quoted};
use crate::config::raw::{self, At, Raw, WordOr};
use crate::config::{Contact, Destination, EMAIL, NotifyWay};
use crate::engine::directory::{Customer, Directory, Person, Recipient, Role, RoleHolder, Team};
use crate::engine::escalation::Offset;
use crate::engine::rota::Rota;
use crate::engine::working_time::WorkingTime;
use crate::notify::capabilities::Readers;
use crate::text::{Both, Language};
use crate::{both, span};

/// Everybody, as the engine knows them and as they are reached.
pub(super) struct People {
    pub(super) contacts: BTreeMap<String, Contact>,
    people: Vec<Person>,
    teams: Vec<Team>,
    customers: Vec<Customer>,
    roles: BTreeMap<Role, Vec<RoleHolder>>,
}

impl People {
    /// The engine's directory; the operator is told where nobody else is.
    pub(super) fn directory(&self, operator: Option<Recipient>, rotas: Vec<Rota>) -> Directory {
        let last_resort = operator
            .or_else(|| self.people.first().map(|person| Recipient::Person(person.key.clone())))
            .into_iter()
            .collect();
        let (people, teams) = (self.people.clone(), self.teams.clone());
        Directory::new(people, teams, self.customers.clone(), self.roles.clone(), rotas, last_resort)
    }

    pub(super) fn person_keys(&self) -> Vec<&str> {
        self.people.iter().map(|person| person.key.as_str()).collect()
    }

    pub(super) fn team_keys(&self) -> Vec<&str> {
        self.teams.iter().map(|team| team.key.as_str()).collect()
    }

    /// Whether there is such a person, who is then known by that address too.
    pub(super) fn add_to_person(&mut self, key: &str, address: String) -> bool {
        let person = self.people.iter_mut().find(|person| person.key == key);
        person.map(|person| person.addresses.push(address)).is_some()
    }

    /// Whether there is such a team, to which the person belongs then.
    pub(super) fn add_to_team(&mut self, key: &str, person: &str) -> bool {
        let Some(team) = self.teams.iter_mut().find(|team| team.key == key) else { return false };
        if !team.members.iter().any(|member| member == person) {
            team.members.push(person.to_owned());
        }
        true
    }

    /// Adds an address to a client, who is made where there is none. What `sla.toml` says of the client stands.
    pub(super) fn add_to_customer(
        &mut self,
        key: &str,
        address: String,
        name: Option<String>,
        priority: Option<String>,
    ) {
        match self.customers.iter_mut().find(|customer| customer.key == key) {
            Some(customer) => {
                customer.addresses.push(address);
                customer.priority = customer.priority.take().or(priority);
            }
            None => self.customers.push(Customer {
                key: key.to_owned(),
                name: name.unwrap_or_else(|| key.to_owned()),
                addresses: vec![address],
                priority,
                copy: Vec::new(),
                contact: None,
            }),
        }
    }
}

pub(super) fn resolve(
    raw: &Raw,
    language: Language,
    calendars: &Calendars,
    destinations: &BTreeMap<String, Destination>,
    mistakes: &mut Mistakes,
) -> People {
    let mut contacts = BTreeMap::new();
    let mut people = Vec::new();
    for (key, person) in &raw.person {
        super::reserved(key, &super::ROLES, mistakes);
        let mut contact = contact(key, person, language, raw, calendars, mistakes);
        // Nobody is rung up for a warning unless that is said.
        for way in contact.notify.iter_mut().filter(|way| way.from.is_none()) {
            let is_phone = destinations.get(&way.by).is_some_and(|own| own.settings.can().is_phone);
            way.from = is_phone.then_some(WorkingTime::ZERO);
        }
        for name in unreached(&contact, destinations) {
            let person = key.as_str();
            mistakes.error(
                key.span(),
                both!(
                    "`{name}` does not know where to reach `{person}`",
                    "`{name}` no sabe dónde encontrar a `{person}`"
                ),
                both!(
                    "add reach = {{ {name} = \"…\" }} to the person, or `to` to the destination",
                    "agregue reach = {{ {name} = \"…\" }} a la persona, o `to` al destino"
                ),
            );
        }
        let addresses =
            person.addresses.iter().map(|address| address.to_string()).chain(contact.email.clone()).collect();
        people.push(Person { key: key.to_string(), name: contact.name.clone(), addresses });
        contacts.insert(key.to_string(), contact);
    }
    let teams = raw.team.iter().map(|(key, team)| resolve_team(key, team, raw, mistakes)).collect();
    let customers = raw
        .customer
        .iter()
        .map(|(key, customer)| Customer {
            key: key.to_string(),
            name: customer.name.as_ref().map_or_else(|| key.to_string(), |name| name.to_string()),
            addresses: customer.addresses.iter().map(|address| address.to_string()).collect(),
            priority: customer.priority.as_ref().map(|priority| priority.to_string()),
            copy: customer.copy.iter().filter_map(|word| super::read(word, mistakes, address)).collect(),
            contact: customer.contact.as_ref().map(|contact| contact.to_string()),
        })
        .collect();
    People { contacts, people, teams, customers, roles: roles(raw, mistakes) }
}

fn contact(
    key: &At<String>,
    person: &At<raw::Person>,
    language: Language,
    raw: &Raw,
    calendars: &Calendars,
    mistakes: &mut Mistakes,
) -> Contact {
    let email = person.email.as_ref().and_then(|email| super::read(email, mistakes, address));
    if let Some((domain, email)) = person.email.as_ref().and_then(|email| Some((email.split_once('@')?.1, email)))
        && !domain.contains(['.', ']'])
    {
        let name = quoted(email);
        mistakes.warning(
            email.span(),
            both!("`{name}` has no domain such as empresa.com", "a `{name}` le falta el dominio completo"),
            both!(
                "write the whole address, such as \"ana@agencia.example\"",
                "escriba la dirección completa, como \"ana@agencia.example\""
            ),
        );
    }
    let notify: Vec<_> = match &person.notify {
        None => vec![NotifyWay::always(EMAIL)],
        Some(names) => {
            if names.items.is_empty() {
                let name = key.as_str();
                mistakes.error(
                    names.span.clone(),
                    both!("`{name}` would be told by nothing", "a `{name}` no se le avisaría por ningún medio"),
                    both!(
                        "write notify = [\"email\"], name a destination, or remove the key: then it is email",
                        "escriba notify = [\"email\"], nombre un destino, o quite la clave: entonces es por correo"
                    ),
                );
            }
            names.items.iter().filter_map(|item| way(item, raw, calendars, mistakes)).collect()
        }
    };
    let needs_email = person.email.is_none() && notify.iter().any(|way| way.by == EMAIL);
    if needs_email && !mistakes.is_told(&person.span()) {
        let name = key.as_str();
        mistakes.error(
            key.span(),
            both!("`{name}` is told by email and has none", "a `{name}` se le avisa por correo y no tiene"),
            both!(
                "add email = \"…\", or notify = [\"…\"] with a destination",
                "agregue email = \"…\", o notify = [\"…\"] con un destino"
            ),
        );
    }
    Contact {
        name: person.name.as_ref().map_or_else(|| key.to_string(), |name| name.to_string()),
        email,
        language: super::language(person.language.as_ref(), mistakes).unwrap_or(language),
        reach: reach(person, raw, mistakes),
        hours: person.hours.as_ref().and_then(|name| calendars::find(calendars, name, mistakes)),
        summary: person.summary.as_ref().and_then(|time| super::read(time, mistakes, span::time_of_day)),
        notify,
    }
}

/// A way to a person, and its hours.
fn way(item: &At<WordOr<raw::Way>>, raw: &Raw, calendars: &Calendars, mistakes: &mut Mistakes) -> Option<NotifyWay> {
    let known = |name: &str, span, mistakes: &mut Mistakes| {
        let known = raw.destination.keys().map(|key| key.as_str()).chain([EMAIL]);
        if known.clone().any(|known| known == name) {
            return Some(name.to_owned());
        }
        mistakes.unknown(span, Both { en: "unknown destination", es: "destino desconocido" }, name, known);
        None
    };
    match &**item {
        WordOr::Word(name) => known(name, item.span(), mistakes).map(|name| NotifyWay::always(&name)),
        WordOr::Table(raw::Way { by: None, .. }) => {
            mistakes.missing(&item.span(), item.span(), "by", "\"email\"");
            None
        }
        WordOr::Table(raw::Way { by: Some(by), hours, outside, from }) => {
            if let (Some(_), Some(outside)) = (hours, outside) {
                mistakes.error(
                    outside.span(),
                    both!("`hours` and `outside` exclude each other", "`hours` y `outside` se excluyen"),
                    both!("keep one of them", "deje uno de los dos"),
                );
            }
            let by = known(by, by.span(), mistakes)?;
            let mut find = |name: &Option<At<String>>| calendars::find(calendars, name.as_ref()?, mistakes);
            let (hours, outside) = (find(hours), find(outside));
            let from = from.as_ref().and_then(|from| super::read(from, mistakes, from_step));
            Some(NotifyWay { by, hours, outside, from })
        }
    }
}

/// Since when a promise has been broken at that step.
fn from_step(text: &str) -> Result<WorkingTime, Both> {
    match span::offset(text)? {
        Offset::Due => Ok(WorkingTime::ZERO),
        Offset::After(time) => Ok(time),
        Offset::Start | Offset::Percent(_) | Offset::Before(_) | Offset::Floor => Err(both!(
            "write \"due\", or a step after it, such as \"+30m\"",
            "escriba \"due\", o un paso posterior, como \"+30m\""
        )),
    }
}

/// Addresses by the destination that has one for each person.
fn reach(person: &raw::Person, raw: &Raw, mistakes: &mut Mistakes) -> BTreeMap<String, String> {
    let given = person.reach.iter().filter_map(|(name, address)| {
        // Where plazo writes back, people have ids of their own too.
        let is_source = raw.source.keys().any(|source| source.as_str() == name.as_str());
        let name = if is_source { name.to_string() } else { destination(name, raw, mistakes)? };
        Some((name, super::filled(address, "\"700000005\"", mistakes)))
    });
    given.collect()
}

/// Destinations of a person, and those that take over, that would not know where to write.
fn unreached<'a>(contact: &'a Contact, destinations: &'a BTreeMap<String, Destination>) -> Vec<&'a str> {
    let lacks = |name: &&String| {
        destinations.get(*name).is_some_and(|Destination { settings, .. }| {
            settings.can().readers == Readers::ByReach
                && settings.address().is_none()
                && !contact.reach.contains_key(*name)
        })
    };
    let names = || contact.notify.iter().map(|way| &way.by);
    let fallbacks = names().filter_map(|name| destinations.get(name)).flat_map(|own| &own.fallback);
    let mut found: Vec<&str> = Vec::new();
    for name in names().chain(fallbacks).filter(lacks) {
        if !found.contains(&name.as_str()) {
            found.push(name);
        }
    }
    found
}

/// That destination, also if it has mistakes of its own: those are told where it stands.
fn destination(name: &At<String>, raw: &Raw, mistakes: &mut Mistakes) -> Option<String> {
    let known = raw.destination.keys().map(|key| key.as_str()).chain([EMAIL]);
    if known.clone().any(|known| known == name.as_str()) {
        return Some(name.to_string());
    }
    mistakes.unknown(name.span(), Both { en: "unknown destination", es: "destino desconocido" }, name, known);
    None
}

/// Reads an email address.
pub(super) fn address(text: &str) -> Result<String, Both> {
    text.parse::<Address>().map(|_| text.to_owned()).map_err(|_| {
        both!(
            "write an email address, such as \"ana@agencia.example\"",
            "escriba una dirección de correo, como \"ana@agencia.example\""
        )
    })
}

fn resolve_team(key: &At<String>, team: &raw::Team, raw: &Raw, mistakes: &mut Mistakes) -> Team {
    super::reserved(key, &super::ROLES, mistakes);
    let lead = team.lead.as_ref().and_then(|lead| person(lead, raw, mistakes));
    let members = team.members.iter().filter_map(|member| person(member, raw, mistakes)).collect();
    Team {
        key: key.to_string(),
        lead,
        members,
        answers_clients: team.answers_clients.as_deref().copied().unwrap_or(false),
    }
}

pub(super) fn person(key: &At<String>, raw: &Raw, mistakes: &mut Mistakes) -> Option<String> {
    let people = raw.person.keys().map(|key| key.as_str());
    if people.clone().any(|known| known == key.as_str()) {
        return Some(key.to_string());
    }
    mistakes.unknown(key.span(), Both { en: "unknown person", es: "persona desconocida" }, key, people);
    None
}

fn holder(name: &At<String>, raw: &Raw, mistakes: &mut Mistakes) -> Option<RoleHolder> {
    if raw.rota.keys().any(|rota| rota.as_str() == name.as_str()) {
        return Some(RoleHolder::Rota(name.to_string()));
    }
    super::recipient(name, raw, mistakes).map(RoleHolder::Fixed)
}

fn roles(raw: &Raw, mistakes: &mut Mistakes) -> BTreeMap<Role, Vec<RoleHolder>> {
    let Some(roles) = &raw.roles else { return BTreeMap::new() };
    let named = [
        (Role::Supervisor, &roles.supervisor),
        (Role::BackOffice, &roles.back_office),
        (Role::Management, &roles.management),
    ];
    named
        .into_iter()
        .filter_map(|(role, names)| {
            let names = super::items(Some(names.as_ref()?), mistakes);
            let holders: Vec<_> = names.iter().filter_map(|name| holder(name, raw, mistakes)).collect();
            (!holders.is_empty()).then_some((role, holders))
        })
        .collect()
}
