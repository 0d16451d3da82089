//! The file: whether it is there, can be used, and is open to nobody who should not read or change it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use super::finding::{Check, Finding, Group, Subject};
use super::house::House;
use crate::both;
use crate::config::secrets::SecretsOfFile;
use crate::text::Both;

/// The file where nobody names one.
pub(super) fn usual() -> &'static Path {
    Path::new("sla.toml")
}

pub(super) fn checks(house: &Arc<House>) -> Vec<Check> {
    let known = [promises(house)].into_iter().chain(rights(house));
    known.map(Check::known).collect()
}

fn promises(house: &House) -> Finding {
    let subject = Subject::new(Group::File, "file", Both { en: "promises", es: "promesas" });
    let file = house.file();
    let check = || both!("plazo check --config {file}", "plazo check --config {file}");
    let loaded = match &house.loaded {
        Ok(loaded) => loaded,
        Err(error) => {
            let Both { en, es } = error.words();
            return subject.fail(
                Both { en, es },
                both!(
                    "plazo init, or name the file: plazo doctor --config FILE",
                    "plazo init, o diga cuál es: plazo doctor --config ARCHIVO"
                ),
            );
        }
    };
    let (n_errors, n_warnings) = (loaded.n_errors, loaded.n_warnings);
    match &loaded.config {
        None => {
            let first = loaded.first_error().unwrap_or_default();
            let more = match n_errors {
                0 | 1 => Both::from(String::new()),
                n => both!(" ({n} errors)", " ({n} errores)"),
            };
            let Both { en, es } = more;
            subject.fail(both!("it cannot be used{en}: {first}", "no se puede usar{es}: {first}"), check())
        }
        Some(config) if config.rulebook.policies.is_empty() => subject.fail(
            both!(
                "{file} promises nothing: it has no [[policy]]",
                "{file} no promete nada: no tiene ninguna [[policy]]"
            ),
            both!("add a [[policy]]; plazo init writes some", "añada una [[policy]]; plazo init escribe algunas"),
        ),
        Some(_) if 0 < n_warnings => subject.warn(
            both!("{file} can be used; warnings: {n_warnings}", "{file} se puede usar; advertencias: {n_warnings}"),
            check(),
        ),
        Some(config) => {
            let n = config.n_promises();
            subject.ok(both!("{file} can be used; promises: {n}", "{file} se puede usar; promesas: {n}"))
        }
    }
}

/// Who may read and change it; none where it is not there.
fn rights(house: &House) -> Option<Finding> {
    let loaded = house.loaded.as_ref().ok()?;
    let mode = std::fs::metadata(&house.global.config).ok()?.permissions().mode() & 0o777;
    let subject = Subject::new(Group::File, "file_mode", Both { en: "who may read it", es: "quién puede leerlo" });
    let file = house.file();
    if mode & 0o002 != 0 {
        return Some(subject.fail(
            both!(
                "everybody on this machine may change it ({mode:04o}), and so decide who is told what",
                "cualquiera en esta máquina puede cambiarlo ({mode:04o}), y así decidir a quién se avisa qué"
            ),
            both!("chmod go-w {file}", "chmod go-w {file}"),
        ));
    }
    let written_out = SecretsOfFile::of(&loaded.source).written_out;
    if mode & 0o004 != 0 && !written_out.is_empty() {
        let keys = written_out.join(", ");
        return Some(subject.warn(
            both!(
                "everybody on this machine may read it ({mode:04o}), and it holds addresses that let anybody post: {keys}",
                "cualquiera en esta máquina puede leerlo ({mode:04o}), y contiene direcciones con las que cualquiera publica: {keys}"
            ),
            both!(
                "keep the address in a file of its own (chmod 600), and write url = {{ file = \"…\" }} or {{ credential = \"…\" }}; or chmod o-r {file}, where plazo's user owns it",
                "guarde la dirección en un archivo aparte (chmod 600) y escriba url = {{ file = \"…\" }} o {{ credential = \"…\" }}; o chmod o-r {file}, si el archivo es del usuario de plazo"
            ),
        ));
    }
    Some(subject.ok(if written_out.is_empty() {
        both!("it holds no secret ({mode:04o})", "no contiene claves ({mode:04o})")
    } else {
        both!(
            "it holds secrets, and not everybody may read it ({mode:04o})",
            "contiene claves, y no cualquiera puede leerlo ({mode:04o})"
        )
    }))
}
