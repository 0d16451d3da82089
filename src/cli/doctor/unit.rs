//! The unit of systemd: whether it is there, and the one that this version brings along.

use std::path::{Path, PathBuf};

use super::finding::{Finding, Group, Subject};
use super::house::House;
use crate::both;
use crate::text::Both;

/// As it is shipped with this version.
const SHIPPED: &str = include_str!("../../../systemd/plazo.service");
const NAME: &str = "plazo.service";
/// Where units lie, those of the operator first.
const PLACES: [&str; 4] =
    ["/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];
/// The variable by which systemd itself is told of other places.
const PATH: &str = "SYSTEMD_UNIT_PATH";
/// There while systemd runs the machine (sd_booted(3)).
const BOOTED: &str = "/run/systemd/system";

pub(super) fn is_installed() -> bool {
    found().is_some()
}

pub(super) fn look(house: &House) -> Finding {
    let subject = Subject::new(Group::Daemon, "unit", Both { en: "unit of systemd", es: "unidad de systemd" });
    let Some(path) = found() else {
        if !is_here() {
            return subject.skipped(both!("systemd does not run here", "aquí no corre systemd"));
        }
        let found = if house.daemon.runs() {
            both!(
                "none: plazo runs without it, and ends with the machine or the terminal",
                "ninguna: plazo corre sin ella, y termina con la máquina o la terminal"
            )
        } else {
            both!("none is installed", "no hay ninguna instalada")
        };
        return subject.warn(
            found,
            both!("sudo install -m 644 systemd/plazo.service /etc/systemd/system/ && sudo systemctl daemon-reload && sudo systemctl enable --now plazo (docs/install.md)", "sudo install -m 644 systemd/plazo.service /etc/systemd/system/ && sudo systemctl daemon-reload && sudo systemctl enable --now plazo (docs/instalar.md)"),
        );
    };
    let shown = path.display();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => return subject.skipped(both!("{shown}: {error}", "{shown}: {error}")),
    };
    if settings(&text) == settings(SHIPPED) {
        return subject.ok(both!("{shown}, of this version", "{shown}, de esta versión"));
    }
    subject.warn(
        both!("{shown} is not the one of this version", "{shown} no es la de esta versión"),
        both!("put what you changed into a drop-in (systemctl edit plazo), then: sudo install -m 644 systemd/plazo.service {shown} && sudo systemctl daemon-reload && sudo systemctl restart plazo", "ponga sus cambios en un drop-in (systemctl edit plazo) y luego: sudo install -m 644 systemd/plazo.service {shown} && sudo systemctl daemon-reload && sudo systemctl restart plazo"),
    )
}

/// Whether there is a systemd that would start it.
fn is_here() -> bool {
    std::env::var_os(PATH).is_some() || Path::new(BOOTED).is_dir()
}

fn found() -> Option<PathBuf> {
    let places: Vec<PathBuf> = match std::env::var_os(PATH) {
        Some(places) => std::env::split_paths(&places).collect(),
        None => PLACES.map(PathBuf::from).to_vec(),
    };
    places.into_iter().map(|place| place.join(NAME)).find(|path| path.is_file())
}

/// What a unit says, without remarks. A package may have the program elsewhere, and that is no difference.
fn settings(unit: &str) -> Vec<&str> {
    let lines = unit.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    lines
        .map(|line| {
            line.split_once("/plazo run").filter(|_| line.starts_with("ExecStart=")).map_or(line, |(_, after)| after)
        })
        .collect()
}
