//! The daemon: whether one runs on the data directory, of which version, with which file, and as which unit.

use std::path::Path;
use std::sync::Arc;

use super::finding::{Check, Finding, Group, Subject};
use super::house::{self, Daemon, House};
use super::unit;
use crate::both;
use crate::cli::status;
use crate::text::Both;

const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) fn checks(house: &Arc<House>) -> Vec<Check> {
    let mut found = vec![runs(house)];
    found.extend(version(house));
    found.extend(file_in_force(house));
    found.extend(well(house));
    found.push(unit::look(house));
    found.into_iter().map(Check::known).collect()
}

fn runs(house: &House) -> Finding {
    let subject = Subject::new(Group::Daemon, "daemon", Both { en: "daemon", es: "servicio" });
    let directory = house.directory();
    match &house.daemon {
        Daemon::None if unit::is_installed() => subject.fail(
            both!("none runs on {directory}", "ninguno está en marcha sobre {directory}"),
            both!(
                "sudo systemctl start plazo; why it ended: journalctl -u plazo -e",
                "sudo systemctl start plazo; por qué terminó: journalctl -u plazo -e"
            ),
        ),
        Daemon::None => {
            let file = house.file();
            subject.fail(
                both!("none runs on {directory}", "ninguno está en marcha sobre {directory}"),
                both!("plazo run --config {file} --data {directory}", "plazo run --config {file} --data {directory}"),
            )
        }
        Daemon::Silent(cause) => subject.fail(
            both!("it does not answer as it should: {cause}", "no responde como debe: {cause}"),
            both!(
                "see its log (journalctl -u plazo -e), and start it anew: sudo systemctl restart plazo",
                "vea su registro (journalctl -u plazo -e) y reinícielo: sudo systemctl restart plazo"
            ),
        ),
        Daemon::Closed => {
            let (found, remedy) = house::closed();
            subject.skipped_until(found, remedy)
        }
        Daemon::Answers { about, .. } => {
            let revision = &about["revision"];
            subject.ok(both!(
                "it runs, and answers (revision {revision} of the file)",
                "está en marcha y responde (revisión {revision} del archivo)"
            ))
        }
    }
}

fn version(house: &House) -> Option<Finding> {
    let theirs = house.daemon.about()?["version"].as_str()?;
    let subject = Subject::new(Group::Daemon, "version", Both { en: "version", es: "versión" });
    Some(if theirs == VERSION {
        subject.ok(both!("{theirs}, as this command", "{theirs}, como esta orden"))
    } else {
        subject.warn(
            both!("the daemon is {theirs}, this command {VERSION}", "el servicio es {theirs}, esta orden {VERSION}"),
            both!(
                "sudo systemctl restart plazo, so that what is installed runs",
                "sudo systemctl restart plazo, para que corra lo instalado"
            ),
        )
    })
}

/// Whether the file as it lies there is the one by which the daemon counts.
fn file_in_force(house: &House) -> Option<Finding> {
    let subject = Subject::new(Group::Daemon, "file_in_force", Both { en: "file in force", es: "archivo en vigor" });
    let (status, file) = (house.daemon.status()?, house.file());
    if let Some(cause) = status["refused_file"]["cause"].as_str() {
        return Some(subject.fail(
            both!(
                "{file} was not taken, the one before stays in force: {cause}",
                "{file} no se tomó, sigue en vigor el anterior: {cause}"
            ),
            both!(
                "plazo check --config {file}; once mended, it is taken by itself",
                "plazo check --config {file}; una vez corregido, se toma solo"
            ),
        ));
    }
    let is_ours = |theirs: &Path| same(theirs, &house.global.config);
    if let Some(theirs) = house.daemon.file().filter(|theirs| !is_ours(theirs)) {
        let theirs = theirs.display();
        return Some(subject.warn(
            both!(
                "the daemon goes by {theirs}, and {file} was looked at",
                "el servicio se rige por {theirs}, y se miró {file}"
            ),
            both!("plazo doctor --config {theirs}", "plazo doctor --config {theirs}"),
        ));
    }
    let loaded = house.loaded.as_ref().ok()?;
    let text = loaded.config.as_ref()?.revision_text(&loaded.source);
    let opened = house.global.place().and_then(|place| place.open_reader());
    let taken = opened.and_then(|store| store.last_revision());
    Some(match taken {
        Ok(Some((_, known))) if known == text => {
            subject.ok(both!("{file} as it is saved", "{file} como está guardado"))
        }
        Ok(_) => subject.warn(
            both!("{file} was saved, and is not in force yet", "{file} se guardó, y todavía no está en vigor"),
            both!(
                "sudo systemctl reload plazo (or kill -HUP), and see its log",
                "sudo systemctl reload plazo (o kill -HUP), y vea su registro"
            ),
        ),
        Err(error) => {
            let Both { en, es } = error.told();
            subject.skipped(both!("cannot be compared: {en}", "no se puede comparar: {es}"))
        }
    })
}

/// Whether it has work that somebody must see to, of which another command tells.
fn well(house: &House) -> Option<Finding> {
    let status = house.daemon.status()?;
    let subject = Subject::new(Group::Daemon, "status", Both { en: "its work", es: "su trabajo" });
    Some(if status::is_amiss(status) {
        subject.warn(both!("something is to be seen to", "hay algo que atender"), both!("plazo status", "plazo status"))
    } else {
        subject.ok(both!("nothing is to be seen to", "no hay nada que atender"))
    })
}

fn same(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}
