//! Secrets that the file names: whether each can be read, and by nobody else.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::finding::{Check, Finding, Group, Subject};
use super::house::House;
use crate::both;
use crate::config::secrets::{NamedSecret, SecretsOfFile};
use crate::secret::{SecretError, SecretSource};
use crate::text::Both;

/// Where systemd looks for credentials that the unit names (`LoadCredential=`).
const CREDENTIALS: &str = "/etc/credstore";

pub(super) fn checks(house: &Arc<House>) -> Vec<Check> {
    let Ok(loaded) = &house.loaded else { return Vec::new() };
    let named = SecretsOfFile::of(&loaded.source).named;
    if named.is_empty() {
        let subject = Subject::new(Group::Secrets, "secrets", Both { en: "secrets", es: "claves" });
        return vec![Check::known(subject.skipped(both!("the file names none", "el archivo no nombra ninguna")))];
    }
    named.into_iter().map(|secret| Check::known(look(&secret, house))).collect()
}

fn look(secret: &NamedSecret, house: &House) -> Finding {
    let subject = Subject::named(Group::Secrets, secret.key.clone());
    let Both { en: place, es: lugar } = place(&secret.source);
    if let Err(error) = secret.source.read() {
        let found = told(&error);
        if is_daemons_own(&error, house) {
            let Both { en, es } = found;
            return subject.skipped_until(
                both!(
                    "{en}, for this user and shell; the daemon, which runs, has its own",
                    "{es}, para este usuario y consola; el servicio, que está en marcha, tiene la suya"
                ),
                both!(
                    "sudo plazo doctor, with the daemon's environment",
                    "sudo plazo doctor, con el entorno del servicio"
                ),
            );
        }
        return subject.fail(found, remedy(&error, &secret.source));
    }
    let path = path(&secret.source);
    match path.as_deref().and_then(|path| Some((path, mode(path)?))) {
        Some((path, mode)) if mode & 0o007 != 0 => {
            let path = path.display();
            subject.fail(
                both!(
                    "{place}: every user of this machine may read it ({mode:04o})",
                    "{lugar}: lo puede leer cualquier usuario de esta máquina ({mode:04o})"
                ),
                both!("chmod 600 {path}", "chmod 600 {path}"),
            )
        }
        Some((path, mode)) if mode & 0o070 != 0 => {
            let path = path.display();
            subject.warn(
                both!(
                    "{place}: its group may read it as well ({mode:04o})",
                    "{lugar}: también lo puede leer su grupo ({mode:04o})"
                ),
                both!("chmod 600 {path}", "chmod 600 {path}"),
            )
        }
        _ => subject.ok(both!("{place}: read, and closed to others", "{lugar}: se lee, y está cerrado a los demás")),
    }
}

/// Whether only the daemon can read it: it runs, by another user or in other surroundings, and without it would not have begun to.
pub(super) fn is_daemons_own(error: &SecretError, house: &House) -> bool {
    let is_elsewhere = match error {
        SecretError::NoCredentials(_) | SecretError::NoVariable(_) => true,
        SecretError::Unreadable { cause, .. } => cause.kind() == std::io::ErrorKind::PermissionDenied,
        SecretError::Empty(_) => false,
    };
    is_elsewhere && house.daemon.runs()
}

/// What is wrong with a secret that cannot be read.
pub(super) fn told(error: &SecretError) -> Both {
    match error {
        SecretError::NoCredentials(name) => {
            both!(
                "credential `{name}`: there are no credentials of systemd",
                "credencial «{name}»: no hay credenciales de systemd"
            )
        }
        SecretError::Unreadable { path, cause } => {
            let path = path.display();
            match cause.kind() {
                std::io::ErrorKind::NotFound => both!("there is no {path}", "no hay {path}"),
                std::io::ErrorKind::PermissionDenied => {
                    both!("{path}: this user may not read it", "{path}: este usuario no lo puede leer")
                }
                _ => both!("{path}: {cause}", "{path}: {cause}"),
            }
        }
        SecretError::NoVariable(name) => {
            both!("environment variable {name} is not set", "la variable de entorno {name} no está puesta")
        }
        SecretError::Empty(_) => both!("it is empty", "está vacía"),
    }
}

/// What to say where something cannot be tried for want of a secret, which has a line of its own.
pub(super) fn above() -> Both {
    both!("see it under Secrets", "véala en Claves")
}

/// What to do about it.
fn remedy(error: &SecretError, source: &SecretSource) -> Both {
    match (error, source) {
        (SecretError::NoVariable(name), _) => both!(
            "export {name}=… where plazo is started; a file is safer: {{ file = \"…\" }}",
            "export {name}=… donde arranca plazo; más seguro es un archivo: {{ file = \"…\" }}"
        ),
        (SecretError::Unreadable { cause, .. }, _) if cause.kind() == std::io::ErrorKind::PermissionDenied => {
            both!(
                "sudo plazo doctor; or give the file to plazo's user",
                "sudo plazo doctor; o dé el archivo al usuario de plazo"
            )
        }
        (_, SecretSource::Credential(name)) => both!(
            "write the secret into {CREDENTIALS}/{name} (chmod 600), LoadCredential={name} into the unit (systemctl edit plazo), and systemctl restart plazo",
            "escriba la clave en {CREDENTIALS}/{name} (chmod 600), LoadCredential={name} en la unidad (systemctl edit plazo), y systemctl restart plazo"
        ),
        (_, SecretSource::File(path)) => {
            let path = path.display();
            both!(
                "write the secret into {path}, and chmod 600 {path}",
                "escriba la clave en {path}, y chmod 600 {path}"
            )
        }
        _ => {
            both!("write the secret where the file says that it is", "escriba la clave donde el archivo dice que está")
        }
    }
}

fn place(source: &SecretSource) -> Both {
    match source {
        SecretSource::Credential(name) => both!("credential {name}", "credencial {name}"),
        SecretSource::Env(name) => both!("variable {name}", "variable {name}"),
        SecretSource::File(path) => path.display().to_string().into(),
        SecretSource::Plain(_) => both!("in the file", "en el archivo"),
    }
}

/// The file that holds it, as far as others could read that: what systemd hands a service is closed to them.
fn path(source: &SecretSource) -> Option<PathBuf> {
    match source {
        SecretSource::File(path) => Some(path.clone()),
        SecretSource::Credential(name) => Some(Path::new(CREDENTIALS).join(name)).filter(|path| path.exists()),
        SecretSource::Env(_) | SecretSource::Plain(_) => None,
    }
}

fn mode(path: &Path) -> Option<u32> {
    Some(std::fs::metadata(path).ok()?.permissions().mode() & 0o777)
}
