//! The disk, and the store on it.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use super::finding::{Check, Finding, Group, Subject};
use super::house::House;
use crate::app::disk::DiskRoom;
use crate::both;
use crate::store::{FILE, Store, StoreError, StorePlace};
use crate::text::{Both, Language, format};

pub(super) fn checks(house: &Arc<House>) -> Vec<Check> {
    let mut checks = vec![Check::known(disk(house))];
    let place = match house.global.place() {
        Ok(place) => place,
        Err(error) => {
            checks.push(Check::known(amiss(tables(), &error, &house.data)));
            return checks;
        }
    };
    if place.directory().is_some_and(|data| !is_there(&data.join(FILE))) {
        let directory = house.directory();
        checks.push(Check::known(tables().skipped_until(
            both!("there is none in {directory} yet", "todavía no hay ninguna en {directory}"),
            both!(
                "plazo run makes it; another directory: plazo doctor --data DIR",
                "plazo run la crea; otro directorio: plazo doctor --data DIRECTORIO"
            ),
        )));
        return checks;
    }
    let (data, opened, checked) = (house.data.clone(), place.clone(), place.clone());
    checks.push(Check::of(tables(), blocking(tables, move || open(&opened, &data))));
    // What a server holds on its disk is the server's to look at.
    if !place.is_shared() {
        let data = house.data.clone();
        checks.push(Check::of(integrity(), blocking(integrity, move || quick_check(&checked, &data))));
    }
    checks
}

fn tables() -> Subject {
    Subject::new(Group::Store, "store", Both { en: "store", es: "base de datos" })
}

fn integrity() -> Subject {
    Subject::new(Group::Store, "integrity", Both { en: "its pages", es: "sus páginas" })
}

/// A file that may not be looked at is there, as far as is known.
fn is_there(file: &Path) -> bool {
    file.try_exists().unwrap_or(true)
}

/// Looks at the disk on a thread of its own, so that what is slow there holds nothing else up.
async fn blocking(subject: fn() -> Subject, look: impl FnOnce() -> Finding + Send + 'static) -> Finding {
    match tokio::task::spawn_blocking(look).await {
        Ok(finding) => finding,
        Err(error) => subject().skipped(error.to_string().into()),
    }
}

fn disk(house: &House) -> Finding {
    let subject = Subject::new(Group::Store, "disk", Both { en: "disk", es: "disco" });
    let remedy = || {
        both!(
            "make room, or keep less: [retention] in the file (docs/keeping.md)",
            "haga espacio, o guarde menos: [retention] en el archivo (docs/conservar.md)"
        )
    };
    if let Some(disk) = house.daemon.status().map(|status| &status["disk"]).filter(|disk| disk.is_object()) {
        let told = disk["told"].as_str().unwrap_or_default();
        return match (disk["closed"] == true, disk["pressing"] == true) {
            (true, _) => {
                subject.fail(both!("full: no event is taken; {told}", "lleno: no se recibe nada; {told}"), remedy())
            }
            (false, true) => subject.warn(told.into(), remedy()),
            (false, false) => subject.ok(told.into()),
        };
    }
    let keep_free = house.config().map_or(0, |config| config.retention.keep_free);
    match DiskRoom::of(&house.data, keep_free) {
        Ok(room) => {
            let told = |language: Language| {
                let [used, free] = [room.used, room.free].map(|n| format::bytes(n, language));
                language.of(both!("{used} of the store, {free} free", "{used} de la base de datos, {free} libres"))
            };
            let told = Both { en: told(Language::En), es: told(Language::Es) };
            if room.is_scarce() { subject.warn(told, remedy()) } else { subject.ok(told) }
        }
        Err(error) => {
            let directory = house.directory();
            subject.skipped(match error.kind() {
                ErrorKind::NotFound => both!("there is no {directory} yet", "todavía no hay {directory}"),
                ErrorKind::PermissionDenied => {
                    both!("{directory} is closed to this user", "{directory} está cerrado a este usuario")
                }
                _ => both!("{directory}: {error}", "{directory}: {error}"),
            })
        }
    }
}

fn open(place: &StorePlace, directory: &Path) -> Finding {
    let bytes = std::fs::metadata(directory.join(FILE)).map_or(0, |found| found.len());
    match place.open_reader() {
        Ok(store) => {
            let tables = Store::tables();
            match store.last_request() {
                Ok(n) if place.is_shared() => {
                    self::tables().ok(both!("{place}: last request R-{n}", "{place}: última solicitud R-{n}"))
                }
                Ok(n) => tables_ok(bytes, tables, n),
                Err(error) => amiss(self::tables(), &error, directory),
            }
        }
        Err(error) => amiss(tables(), &error, directory),
    }
}

fn tables_ok(bytes: u64, tables: u32, n: i64) -> Finding {
    let told = |language: Language| {
        let bytes = format::bytes(bytes, language);
        language.of(both!(
            "it opens: {bytes}, tables of version {tables}, last request R-{n}",
            "se abre: {bytes}, tablas de la versión {tables}, última solicitud R-{n}"
        ))
    };
    self::tables().ok(Both { en: told(Language::En), es: told(Language::Es) })
}

fn quick_check(place: &StorePlace, directory: &Path) -> Finding {
    let subject = integrity();
    let store = match place.open_reader() {
        Ok(store) => store,
        Err(StoreError::Older | StoreError::Newer) => {
            return subject
                .skipped(both!("not looked at: it is another version's", "no se miraron: es de otra versión"));
        }
        Err(error) => return amiss(subject, &error, directory),
    };
    match store.quick_check() {
        Ok(found) if found.is_empty() => subject.ok(both!(
            "sound (quick_check); plazo verify compares requests with their events",
            "en orden (quick_check); plazo verify compara las solicitudes con sus eventos"
        )),
        Ok(found) => {
            let found = format::one_line(&found.join("; "), 200);
            subject.fail(both!("damaged: {found}", "dañadas: {found}"), restore())
        }
        Err(error) => amiss(subject, &error, directory),
    }
}

fn amiss(subject: Subject, error: &StoreError, directory: &Path) -> Finding {
    let Both { en, es } = error.told();
    let found = both!("it cannot be read: {en}", "no se puede leer: {es}");
    match error {
        StoreError::Older => subject.warn(
            found,
            both!(
                "sudo systemctl restart plazo, or start plazo run: it brings the store up to date",
                "sudo systemctl restart plazo, o inicie plazo run: pone la base de datos al día"
            ),
        ),
        StoreError::Newer => subject.fail(
            found,
            both!(
                "install the version that wrote it (docs/install.md, Upgrade)",
                "instale la versión que la escribió (docs/instalar.md, Actualizar)"
            ),
        ),
        _ if is_closed_to_us(directory) => {
            subject.skipped_until(found, both!("sudo plazo doctor", "sudo plazo doctor"))
        }
        _ => subject.fail(found, restore()),
    }
}

fn is_closed_to_us(directory: &Path) -> bool {
    let opened = std::fs::File::open(directory.join(FILE));
    opened.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

fn restore() -> Both {
    both!(
        "stop plazo, keep the file, and put the last copy back: plazo restore FILE",
        "detenga plazo, guarde el archivo y vuelva a la última copia: plazo restore ARCHIVO"
    )
}
