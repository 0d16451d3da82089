//! The operator's guides, followed to the letter: each piece of a file is saved, each command is run, in the order of the page.
//!
//! What stands behind a fence's language says what its block is: `toml` adds to the file; `toml instead` changes sections that are
//! there, or puts policies above the others; `toml elsewhere` needs another machine and is only read; `ics NAME` is a file of that
//! name; `sh` are commands; `text` is for people.

use std::fs;
use std::path::Path;
use std::process::Output;

use tempfile::TempDir;
use toml::{Table, Value};

use crate::support::daemon::Daemon;
use crate::support::{PATIENCE, plazo, wait_for};

/// A fenced block of a page.
struct Block {
    /// What stands behind the fence, such as `toml instead`.
    kind: String,
    /// The number of its first line in the page, from 1.
    line: usize,
    text: String,
}

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The fenced blocks of a page, in order.
fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_inside = false;
    for (n, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), is_inside) {
            (Some(kind), false) => {
                blocks.push(Block { kind: kind.to_owned(), line: n + 2, text: String::new() });
                is_inside = true;
            }
            (Some(_), true) => is_inside = false,
            (None, true) => {
                let block = blocks.last_mut().expect("a block is open");
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, false) => {}
        }
    }
    assert!(!is_inside, "the last block has no end");
    blocks
}

/// What a piece of the file does to what is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Adds,
    Changes,
}

/// The reader: a folder, a file that grows, and a daemon from the first command on.
struct Reader {
    name: &'static str,
    folder: Option<TempDir>,
    file: Table,
    daemon: Option<Daemon>,
}

impl Reader {
    fn new(name: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        Self { name, folder: Some(folder), file: Table::new(), daemon: None }
    }

    fn folder(&self) -> &Path {
        let folder = self.folder.as_ref().or(self.daemon.as_ref().map(|daemon| &daemon.directory));
        folder.expect("a folder").path()
    }

    /// A piece of the file is written into it and saved; a running daemon takes it.
    fn save(&mut self, block: &Block, piece: Piece) {
        let place = format!("{}:{}", self.name, block.line);
        let text: Table = block.text.parse().unwrap_or_else(|error| panic!("{place}: {error}"));
        merge(&mut self.file, text, piece, &place);
        let n_taken = self.n_taken();
        let partial = self.folder().join("sla.toml.partial");
        fs::write(&partial, toml::to_string(&self.file).expect("a file")).expect("written");
        fs::rename(&partial, self.folder().join("sla.toml")).expect("renamed");
        if self.daemon.is_some() {
            wait_for(&format!("{place} to be taken"), PATIENCE, || (self.n_taken() > n_taken).then_some(()));
        }
    }

    /// A piece that needs another machine: the file could be used with it, and no daemon gets it.
    fn read(&self, block: &Block) {
        let place = format!("{}:{}", self.name, block.line);
        let mut file = self.file.clone();
        let text: Table = block.text.parse().unwrap_or_else(|error| panic!("{place}: {error}"));
        merge(&mut file, text, Piece::Adds, &place);
        let path = self.folder().join("sla.toml");
        let loaded = plazo::config::read(&path, toml::to_string(&file).expect("a file"));
        assert!(loaded.mistakes.is_empty(), "{place}: {}", loaded.explain(false));
    }

    fn n_taken(&self) -> usize {
        self.daemon.as_ref().map_or(0, |daemon| daemon.log().matches("sla.toml taken").count())
    }

    /// A command does what it is there for: it ends with 0, or with 1 where it found something. A file has no mistake.
    fn run(&mut self, line: usize, command: &str) {
        if let Some(folder) = self.folder.take() {
            self.daemon = Some(Daemon::start_in(folder));
        }
        let output = shell(command, self.folder());
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        let is_good = match output.status.code() {
            Some(0) => true,
            Some(1) => !command.starts_with("plazo check"),
            _ => false,
        };
        assert!(is_good, "{}:{line}: `{command}` ({}): {said}", self.name, output.status);
    }
}

/// Runs a line as a person in that folder does, with this build's `plazo`.
fn shell(command: &str, folder: &Path) -> Output {
    let plazo = plazo();
    let programs = Path::new(plazo.get_program()).parent().expect("a directory of programs").display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    std::process::Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .env("PATH", format!("{programs}:{path}"))
        .env_remove("PLAZO_URL")
        .env_remove("PLAZO_TOKEN")
        .env_remove("PLAZO_CONFIG")
        .env_remove("PLAZO_DATA")
        .env_remove("STATE_DIRECTORY")
        .output()
        .expect("a shell")
}

/// Puts a piece into the file as a reader does: sections by their names; changed policies above the others.
fn merge(file: &mut Table, text: Table, piece: Piece, place: &str) {
    for (section, value) in text {
        let Some(there) = file.get_mut(&section) else {
            file.insert(section, value);
            continue;
        };
        match (there, value) {
            (Value::Table(there), Value::Table(new)) => {
                for (key, value) in new {
                    let before = there.insert(key.clone(), value);
                    assert!(before.is_none() || piece == Piece::Changes, "{place}: [{section}.{key}] is there already");
                }
            }
            (Value::Array(there), Value::Array(mut new)) => {
                if piece == Piece::Changes {
                    new.append(there);
                    *there = new;
                } else {
                    there.append(&mut new);
                }
            }
            _ => panic!("{place}: {section} is there already"),
        }
    }
}

fn follow(name: &'static str) {
    let blocks = blocks(&page(name));
    let mut reader = Reader::new(name);
    for block in &blocks {
        match block.kind.split_once(' ').unwrap_or((&block.kind, "")) {
            ("toml", "") => reader.save(block, Piece::Adds),
            ("toml", "instead") => reader.save(block, Piece::Changes),
            ("toml", "elsewhere") => reader.read(block),
            ("ics", file) if !file.is_empty() => fs::write(reader.folder().join(file), &block.text).expect("written"),
            ("sh", "") => {
                for (n, command) in block.text.lines().enumerate() {
                    reader.run(block.line + n, command);
                }
            }
            ("text", "") => {}
            _ => panic!("{name}:{}: nobody knows how to follow `{}`", block.line, block.kind),
        }
    }
    // What only adds is a file as it stands, line by line, before anything is changed.
    let added: String = blocks.iter().filter(|block| block.kind == "toml").map(|block| block.text.as_str()).collect();
    let loaded = plazo::config::read("sla.toml".as_ref(), added);
    assert!(loaded.mistakes.is_empty(), "{name}: {}", loaded.explain(false));
}

#[test]
fn the_spanish_guide_works_from_top_to_bottom() {
    follow("guia.md");
}

#[test]
fn the_english_guide_works_from_top_to_bottom() {
    follow("guide.md");
}

#[test]
fn the_guides_say_the_same_in_both_languages() {
    let deeds = |name: &str| -> Vec<String> {
        let page = page(name);
        let chapters = page.lines().filter(|line| line.starts_with("## ")).map(|line| line.chars().take(6).collect());
        let told = blocks(&page).into_iter().filter(|block| block.kind != "text");
        // Of a command the words that are not a person's; of a piece of the file all but the language and what is explained.
        let told = told.flat_map(|block| {
            let is_command = block.kind == "sh";
            let lines = block.text.lines().filter(|line| !line.starts_with("language")).map(|line| {
                let kept: String = if is_command { line.split('"').step_by(2).collect() } else { line.to_owned() };
                kept.split(" #").next().unwrap_or_default().trim().to_owned()
            });
            std::iter::once(block.kind.clone()).chain(lines.collect::<Vec<_>>())
        });
        chapters.chain(told).collect()
    };
    for (spanish, english) in deeds("guia.md").iter().zip(&deeds("guide.md")) {
        assert_eq!(spanish, english);
    }
    assert_eq!(deeds("guia.md").len(), deeds("guide.md").len());
}

#[test]
fn every_example_can_be_used_as_it_stands_and_has_the_rules_of_its_protocol() {
    let rules = [
        ("agencia", 'A', 11),
        ("soporte", 'B', 7),
        ("bandejas", 'C', 10),
        ("mensajeria", 'D', 11),
        ("general", 'E', 5),
    ];
    for (name, letter, n) in rules {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(format!("{name}.toml"));
        let loaded = plazo::config::load(&path).expect("a file");
        assert!(loaded.mistakes.is_empty() && loaded.config.is_some(), "{}", loaded.explain(false));
        for n in 1..=n {
            let (rule, text) = (format!("{letter}{n}"), &loaded.source);
            let is_whole = |at: usize| !text[at + rule.len()..].starts_with(|c: char| c.is_ascii_digit());
            let span = format!("({letter}1 a ");
            let named = text.match_indices(&rule).any(|(at, _)| is_whole(at) && !text[..at].ends_with(" a "));
            assert!(named || (n == 1 && text.contains(&span)), "{name}.toml does not name {rule}");
        }
    }
}
