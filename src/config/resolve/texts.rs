//! `[texts]`: templates of the team's own.

use std::collections::BTreeMap;
use std::path::Path;

use crate::both;
use crate::config::mistake::Mistakes;
use crate::config::raw::{At, Raw};
use crate::config::{AttachedFile, attachment};
use crate::text::Both;
use crate::text::templates::Texts;

pub(super) fn resolve(raw: &Raw, folder: &Path, attachments: &mut Vec<AttachedFile>, mistakes: &mut Mistakes) -> Texts {
    let Some(directory) = raw.texts.as_ref().and_then(|texts| texts.directory.as_ref()) else {
        return Texts::default();
    };
    if !folder.join(directory.as_str()).is_dir() {
        mistakes.error(
            directory.span(),
            both!("there is no such directory", "no existe ese directorio"),
            both!("make it beside sla.toml", "créelo junto a sla.toml"),
        );
        return Texts::default();
    }
    let mut own = BTreeMap::new();
    for name in Texts::names() {
        let path = format!("{}/{name}", directory.as_str());
        if !folder.join(&path).is_file() {
            continue;
        }
        match attachment::read(folder, &path) {
            Ok((text, attached)) => {
                own.insert(name.to_owned(), text);
                attachments.push(attached);
            }
            Err((cause, remedy)) => {
                let cause = Both { en: format!("{path}: {}", cause.en), es: format!("{path}: {}", cause.es) };
                mistakes.error(directory.span(), cause, remedy);
            }
        }
    }
    warn_of_strangers(&folder.join(directory.as_str()), directory, mistakes);
    Texts::with(own).unwrap_or_else(|errors| {
        for error in errors {
            let (name, problem) = (&error.name, &error.problem);
            let line = error.line.map_or_else(String::new, |line| format!(":{line}"));
            mistakes.error(
                directory.span(),
                both!("template {name}{line} fails: {problem}", "la plantilla {name}{line} falla: {problem}"),
                both!(
                    "mend it there; plazo texts shows the built-in ones and what they may use",
                    "corríjala allí; plazo texts muestra las incluidas y lo que pueden usar"
                ),
            );
        }
        Texts::default()
    })
}

/// A misspelt name would go unnoticed.
fn warn_of_strangers(folder: &Path, directory: &At<String>, mistakes: &mut Mistakes) {
    for language in ["", "es", "en"] {
        let Ok(files) = std::fs::read_dir(folder.join(language)) else { continue };
        for file in files.flatten().filter(|file| file.path().is_file()) {
            let name = file.file_name().to_string_lossy().into_owned();
            let whole = if language.is_empty() { name } else { format!("{language}/{name}") };
            let is_ours = [".txt", ".html"].iter().any(|ending| whole.ends_with(ending));
            if is_ours && !Texts::names().any(|known| known == whole) {
                mistakes.warning(
                    directory.span(),
                    both!("{whole} is the name of no template", "{whole} no es el nombre de ninguna plantilla"),
                    both!("plazo texts lists the names", "plazo texts enumera los nombres"),
                );
            }
        }
    }
}
