//! `plazo backup` and `plazo restore`: a copy of the store while the daemon writes it, and putting one back.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use sha2::{Digest as _, Sha256};

use super::output::{self, DIM, GREEN, YELLOW, styled};
use super::{Exit, Global, Outcome, absolute, real_time, version};
use crate::store;
use crate::store::backup::{self, Copy, CopyError};
use crate::text::{Both, Language};
use crate::{both, daemon, private};

/// Ends the name of a copy until it is whole.
const PARTIAL: &str = ".partial";
/// A copy that has not grown for so long is none that is being made.
const STILL_FOR: Duration = Duration::from_secs(3_600);
/// Begins the names of copies in a directory of theirs.
const NAME: &str = "plazo-";
const SUFFIX: &str = ".sqlite3";
/// Ends the name of the file beside a copy that tells its digest, as `sha256sum --check` reads it.
const DIGEST: &str = ".sha256";
/// How often the bar looks at how far the copy has come.
const LOOK_EVERY: Duration = Duration::from_millis(100);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file, a directory in which it gets a name by the day and hour, or - for a pipe
    to: PathBuf,
    /// In a directory: delete all copies but the last so many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    keep: Option<u16>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct RestoreArgs {
    /// The copy
    from: PathBuf,
    /// Only look it over
    #[arg(long)]
    check: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A name for a copy in that directory. Copies are named by the second, and a second has one.
fn free_name(directory: &Path) -> PathBuf {
    loop {
        let name = directory.join(format!("{NAME}{}{SUFFIX}", real_time().now().format("%Y%m%dT%H%M%SZ")));
        if !name.exists() {
            return name;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// A copy that was made.
#[derive(serde::Serialize)]
struct Made {
    file: PathBuf,
    sha256: String,
    version: &'static str,
    #[serde(flatten)]
    copy: Copy,
    deleted: Vec<PathBuf>,
}

pub(super) fn run(global: &Global, args: &Args) -> Outcome {
    let (language, directory) = (global.language(), global.data());
    if global.load().is_some_and(|config| config.store.is_some()) {
        anyhow::bail!(language.of(Both {
            en: "the store is a PostgreSQL; copy it by pg_dump, or keep a standby (docs/several.md)",
            es: "la base de datos es un PostgreSQL; cópiela con pg_dump, o tenga una réplica (docs/varios.md)",
        }));
    }
    let to_pipe = args.to.as_os_str() == "-";
    let in_directory = args.to.is_dir() || args.to.as_os_str().to_string_lossy().ends_with('/');
    if args.keep.is_some() && !in_directory {
        return Err(anyhow!(language.of(Both {
            en: "--keep counts the copies of a directory; name one instead of a file",
            es: "--keep cuenta las copias de un directorio; indique uno en vez de un archivo",
        })));
    }
    let to = match () {
        () if to_pipe => directory.join("backup.partial"),
        () if in_directory => {
            private::make_directory(&args.to)?;
            delete_cut_off(&args.to)?;
            free_name(&args.to)
        }
        () => args.to.clone(),
    };
    if !to_pipe && to.exists() {
        let shown = to.display();
        return Err(anyhow!(language.of(both!(
            "{shown} is there already; name a file that is not, or a directory",
            "{shown} ya existe; indique un archivo que no exista, o un directorio"
        ))));
    }
    let partial = if to_pipe { to.clone() } else { with_suffix(&to, PARTIAL) };
    // Left by one of this name that was cut off.
    fs::remove_file(&partial).ok();
    let shown = to.display();
    let copied = copy(&directory, &partial).map_err(|error| {
        let Both { en, es } = told(&error);
        anyhow!(language.of(both!("no copy was made of the store: {en}", "no se hizo la copia: {es}")))
    });
    let copy = match copied {
        Ok(copy) => copy,
        Err(error) => {
            fs::remove_file(&partial).ok();
            return Err(error);
        }
    };
    let sha256 = digest(&partial)?;
    if to_pipe {
        let mut file = File::open(&partial)?;
        fs::remove_file(&partial)?;
        // Whoever reads less than all of it has no copy.
        io::copy(&mut file, &mut io::stdout().lock()).map_err(|error| {
            anyhow!(
                language.of(both!(
                    "the copy was not read to its end: {error}",
                    "la copia no se leyó hasta el final: {error}"
                ))
            )
        })?;
        anstream::eprintln!("{}", styled(DIM, summary(&copy, &sha256, language)));
        return Ok(Exit::Done);
    }
    note_digest(&to, &sha256)?;
    fs::rename(&partial, &to)?;
    if let Some(parent) = absolute(&to).parent() {
        File::open(parent)?.sync_all()?;
    }
    let deleted = match args.keep {
        Some(keep) => delete_older(&args.to, &to, usize::from(keep))?,
        None => Vec::new(),
    };
    if args.json {
        return output::json(&Made { file: to, sha256, version: version(), copy, deleted });
    }
    output::line(&styled(GREEN, language.of(both!("copied to {shown}", "copiado en {shown}"))))?;
    output::line(&styled(DIM, summary(&copy, &sha256, language)))?;
    if !deleted.is_empty() {
        let n = deleted.len();
        output::line(&styled(DIM, language.of(both!("{n} older ones deleted", "{n} más viejas borradas"))))?;
    }
    let apart = Both {
        en: "sla.toml, its secrets and links.key are not in it: keep /etc/plazo as well",
        es: "sla.toml, sus secretos y links.key no van ahí: guarde también /etc/plazo",
    };
    output::line(&styled(DIM, language.of(apart)))?;
    Ok(Exit::Done)
}

/// Copies and checks, with a bar.
fn copy(directory: &Path, to: &Path) -> Result<Copy, CopyError> {
    let bar = ProgressBar::new(backup::expected_bytes(directory)?);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {eta}") {
        bar.set_style(style);
    }
    let copied = std::thread::scope(|scope| {
        let work = scope.spawn(|| backup::write(directory, to).and_then(|()| backup::check(to)));
        while !work.is_finished() {
            bar.set_position(fs::metadata(to).map_or(0, |file| file.len()));
            std::thread::park_timeout(LOOK_EVERY);
        }
        work.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    bar.finish_and_clear();
    copied
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Writes the digest of a copy beside it, so that whoever puts it back knows that no byte changed since.
fn note_digest(copy: &Path, sha256: &str) -> io::Result<()> {
    let mut file = private::open(&with_suffix(copy, DIGEST))?;
    file.set_len(0)?;
    let name = copy.file_name().unwrap_or_default().to_string_lossy();
    writeln!(file, "{sha256}  {name}")?;
    file.sync_all()
}

/// Whether a copy is what it was when it was made. What a database can tell of itself is less: a word that turned into another
/// is a word.
fn check_digest(copy: &Path, sha256: &str, language: Language) -> anyhow::Result<()> {
    let beside = with_suffix(copy, DIGEST);
    let Ok(noted) = fs::read_to_string(&beside) else { return Ok(()) };
    if noted.split_whitespace().next().is_some_and(|noted| noted.eq_ignore_ascii_case(sha256)) {
        return Ok(());
    }
    let (shown, beside) = (copy.display(), beside.display());
    Err(anyhow!(language.of(both!(
        "{shown} is not what it was when it was made: its sha256 is {sha256}, and {beside} says another one; take another copy, or delete \
         {beside} to put it back all the same",
        "{shown} ya no es lo que era cuando se hizo: su sha256 es {sha256}, y {beside} dice otro; tome otra copia, o borre {beside} para \
         restaurarla de todos modos"
    ))))
}

/// Gives the store to whose directory it lies in: put back by root, it would be closed to the service.
fn give_to_owner_of(directory: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let (owner, file) = (fs::metadata(directory)?, directory.join(store::FILE));
    let own = fs::metadata(&file)?;
    if (own.uid(), own.gid()) != (owner.uid(), owner.gid()) {
        chown(&file, Some(owner.uid()), Some(owner.gid())).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

/// Whether a file bears the name that a copy is given: of nothing else is known that it may go.
fn is_copy(name: &str) -> bool {
    let day = name.strip_prefix(NAME).and_then(|rest| rest.strip_suffix(SUFFIX));
    day.is_some_and(|day| chrono::NaiveDateTime::parse_from_str(day, "%Y%m%dT%H%M%SZ").is_ok())
}

/// Deletes all copies of a directory but the last so many, `made` among them; their names are in the order of their days.
fn delete_older(directory: &Path, made: &Path, keep: usize) -> io::Result<Vec<PathBuf>> {
    let mut copies = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if is_copy(&name) && path != made {
            copies.push(path);
        }
    }
    copies.sort();
    // The one that was just made is among those that are kept.
    let keep = keep.saturating_sub(1);
    copies.truncate(copies.len().saturating_sub(keep));
    for copy in &copies {
        fs::remove_file(copy)?;
        fs::remove_file(with_suffix(copy, DIGEST)).ok();
    }
    Ok(copies)
}

/// Deletes copies that were cut off in a directory: one that is being made grows, and this one has not for long.
fn delete_cut_off(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_partial = name.strip_suffix(PARTIAL).is_some_and(is_copy);
        let is_still = || {
            let grown_at = entry.metadata().and_then(|file| file.modified()).ok();
            grown_at.and_then(|at| at.elapsed().ok()).is_some_and(|since| STILL_FOR < since)
        };
        if is_partial && is_still() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn digest(path: &Path) -> io::Result<String> {
    let (mut file, mut hash) = (File::open(path)?, Sha256::new());
    let mut some = vec![0; 1 << 20];
    loop {
        match file.read(&mut some)? {
            0 => return Ok(hex::encode(hash.finalize())),
            n => hash.update(&some[..n]),
        }
    }
}

fn summary(copy: &Copy, sha256: &str, language: Language) -> String {
    let Copy { tables, n_requests, n_entries, .. } = copy;
    let (bytes, version) = (HumanBytes(copy.bytes), env!("CARGO_PKG_VERSION"));
    language.of(both!(
        "{bytes}, {n_requests} requests, {n_entries} entries; whole; plazo {version}, tables {tables}; sha256 {sha256}",
        "{bytes}, {n_requests} solicitudes, {n_entries} anotaciones; íntegra; plazo {version}, tablas {tables}; sha256 {sha256}"
    ))
}

/// Why there is no copy, or one cannot be used.
fn told(error: &CopyError) -> Both {
    match error {
        CopyError::Store(error) => error.told(),
        CopyError::Io(error) => both!("{error}", "{error}"),
        CopyError::Damaged(cause) if cause == "no store of plazo" => {
            both!("it is a database, and no store of plazo", "es una base de datos, pero no de plazo")
        }
        CopyError::Damaged(cause) => {
            both!("it is damaged, or no store ({cause})", "está dañada, o no es una copia ({cause})")
        }
    }
}

pub(super) fn restore(global: &Global, args: &RestoreArgs) -> Outcome {
    let (language, directory) = (global.language(), global.data());
    let shown = args.from.display();
    let looked = backup::check(&args.from).map_err(|error| {
        let Both { en, es } = told(&error);
        anyhow!(language.of(both!("{shown} cannot be put back: {en}", "{shown} no se puede restaurar: {es}")))
    })?;
    let sha256 = digest(&args.from)?;
    check_digest(&args.from, &sha256, language)?;
    if args.check {
        if args.json {
            return output::json(&looked);
        }
        output::line(&styled(GREEN, summary(&looked, &sha256, language)))?;
        return Ok(Exit::Done);
    }
    private::make_directory(&directory)?;
    // Held until the end: no daemon starts meanwhile.
    let _lock = daemon::Lock::take(&directory, language)?;
    let now = real_time().now();
    let before = backup::put_back(&args.from, &directory, now).map_err(|error| {
        let Both { en, es } = told(&error);
        anyhow!(language.of(both!("nothing was changed: {en}", "no se cambió nada: {es}")))
    })?;
    give_to_owner_of(&directory)?;
    if args.json {
        return output::json(
            &serde_json::json!({"store": directory.join(store::FILE), "before": before, "copy": looked}),
        );
    }
    output::line(&styled(GREEN, language.of(both!("{shown} is the store now", "{shown} es ahora la base de datos"))))?;
    output::line(&styled(DIM, summary(&looked, &sha256, language)))?;
    if let Some(before) = before {
        let before = before.display();
        let text = both!(
            "what was there before is {before}; delete it once you miss nothing",
            "lo que había antes es {before}; bórrelo cuando vea que no falta nada"
        );
        output::line(&styled(DIM, language.of(text)))?;
    }
    let again = Both {
        en: "What was told after that copy may be told again, in one message a reader: start plazo, and look at plazo deliveries.",
        es: "Lo que se avisó después de esa copia puede avisarse de nuevo, en un mensaje por persona: arranque plazo y mire plazo deliveries.",
    };
    output::line(&styled(YELLOW, language.of(again)))?;
    Ok(Exit::Done)
}
