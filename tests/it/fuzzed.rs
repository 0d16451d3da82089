//! What the fuzzers look for, here with every sample that there is: mail, payloads, events, calendars, files. And with each input that
//! once broke something: those lie in `fuzz/regressions`.
//!
//! `tests/fuzz` runs the fuzzers themselves. With `FUZZ_CORPUS=DIRECTORY` the samples are written there, for them to begin with.

#[path = "../../fuzz/src/lib.rs"]
mod targets;

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::data;

/// An input, and what to call it.
struct Sample {
    name: String,
    bytes: Vec<u8>,
}

impl Sample {
    fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: bytes.into() }
    }

    fn of(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::new(path.display().to_string(), bytes)
    }
}

#[test]
fn events_hold() {
    let morning = Sample::of(&data("replay/morning.ndjson"));
    let events = below(&data("events"), "json").into_iter().flat_map(|path| {
        let told: Value = json(&path);
        let each = told.as_object().expect("an object").clone().into_iter();
        each.flat_map(|(name, told)| {
            let events = told["events"].as_array().cloned().unwrap_or_default();
            let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
            [Sample::new(name.as_str(), Value::Array(events).to_string()), Sample::new(name.as_str(), lines)]
        })
    });
    hold("event", targets::event::hold, events.chain([morning]).collect());
}

#[test]
fn calls_of_hooks_hold() {
    let calls = rows().into_iter().filter_map(|row| {
        // Mail comes by no hook.
        let place = place(&row)?;
        let query = row["path"].as_str().and_then(|path| path.split_once('?')).map(|(_, query)| query);
        let body = body(&row).unwrap_or_else(|| query.unwrap_or_default().into());
        Some(Sample::new(row["event"].to_string(), [vec![place], body].concat()))
    });
    let field: Value = json(&data("field/chat.json"));
    let chats = field.as_array().expect("a list").iter().map(|row| {
        let (source, file) = (row["source"].as_str().expect("a source"), row["file"].as_str().expect("a file"));
        let place = place_of(source).unwrap_or_else(|| panic!("{source} is not among the sources of the fuzzer"));
        let body = fs::read(data("field").join(file)).expect("a payload");
        Sample::new(file, [vec![place], body].concat())
    });
    hold("hook", targets::hook::hold, calls.chain(chats).collect());
}

#[test]
fn calendars_hold() {
    hold("ics", targets::ics::hold, samples(&data(""), "ics"));
}

#[test]
fn links_hold() {
    let tokens = ["", "====", "dGFrZQoxNwox", "no es un enlace", "../../readyz"];
    let tokens = tokens.map(str::to_owned).into_iter().chain([1, 100, 200, 10_000].map(|n| "A".repeat(n)));
    hold("link", targets::link::hold, tokens.map(|token| Sample::new(token.clone(), token)).collect());
}

#[test]
fn mails_hold() {
    hold("mail", targets::mail::hold, samples(&data(""), "eml"));
}

#[test]
fn answers_to_alerts_hold() {
    let words = ["ok", "Tomo.", "posponer 30 min", "snooze 2h", "En 30 minutos", "posponer 1 día", "in 5 apples"];
    let words = words.into_iter().map(|word| Sample::new(word, format!("\n\n{word}\n\nLaura\n")));
    hold("reply", targets::reply::hold, words.chain(texts()).collect());
}

#[test]
fn signatures_hold() {
    let calls = rows().into_iter().filter_map(|row| {
        let headers = row["headers"].as_array()?.iter();
        let head: String = headers
            .map(|pair| format!("{}: {}\n", pair[0].as_str().unwrap_or_default(), pair[1].as_str().unwrap_or_default()))
            .collect();
        let mut input = vec![place(&row)?];
        input.extend_from_slice(head.as_bytes());
        input.push(b'\n');
        input.extend(body(&row)?);
        Some(Sample::new(row["event"].to_string(), input))
    });
    hold("signature", targets::signature::hold, calls.collect());
}

#[test]
fn files_hold() {
    let shipped = [Sample::of(&root("sla.toml"))].into_iter().chain(samples(&root("examples"), "toml"));
    hold("sla", targets::sla::hold, shipped.chain(samples(&data(""), "toml")).collect());
}

#[test]
fn words_hold() {
    hold("words", targets::words::hold, texts());
}

/// What is fuzzed is tried here, and every preset is among what is called.
#[test]
fn nothing_that_is_fuzzed_is_left_out_here() {
    let manifest = fs::read_to_string(root("fuzz/Cargo.toml")).expect("the manifest");
    let targets: Vec<_> = manifest.lines().filter_map(|line| line.strip_prefix("path = \"fuzz_targets/")).collect();
    assert!(!targets.is_empty());
    for target in targets {
        let name = target.trim_end_matches(".rs\"");
        let call = format!("targets::{name}::hold");
        assert!(include_str!("fuzzed.rs").contains(&call), "{call} is not called");
    }
    let presets = plazo::intake::presets::names().count();
    assert_eq!(
        targets::hook::SOURCES.len(),
        presets,
        "add the new preset to tests/data/field, and to the end of the list"
    );
}

/// Gives every sample, and whatever once broke something, to what must hold.
#[track_caller]
fn hold(target: &str, hold: fn(&[u8]), samples: Vec<Sample>) {
    assert!(!samples.is_empty(), "no sample");
    if let Some(corpus) = std::env::var_os("FUZZ_CORPUS") {
        let directory = PathBuf::from(corpus).join(target);
        fs::create_dir_all(&directory).expect("a directory");
        for (number, sample) in samples.iter().enumerate() {
            fs::write(directory.join(format!("sample-{number:04}")), &sample.bytes).expect("written");
        }
    }
    let regressions = root("fuzz/regressions").join(target);
    let kept = if regressions.is_dir() { files(&regressions) } else { Vec::new() };
    let all = samples.into_iter().chain(kept.iter().map(|path| Sample::of(path)));
    let broken: Vec<String> = all
        .filter(|sample| catch_unwind(|| hold(&sample.bytes)).is_err())
        .map(|sample| sample.name.chars().take(200).collect())
        .collect();
    assert!(broken.is_empty(), "what must hold of {target} does not for:\n{}", broken.join("\n"));
}

fn root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Every file below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut found: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    found.sort();
    found.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn below(directory: &Path, extension: &str) -> Vec<PathBuf> {
    files(directory).into_iter().filter(|path| path.extension().is_some_and(|found| found == extension)).collect()
}

fn samples(directory: &Path, extension: &str) -> Vec<Sample> {
    below(directory, extension).iter().map(|path| Sample::of(path)).collect()
}

fn json(path: &Path) -> Value {
    let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Texts with what is quoted in them.
fn texts() -> Vec<Sample> {
    let cases = json(&data("words.json"));
    let of = |case: &Value, key: &str| Sample::new(case["name"].to_string(), case[key].as_str().expect("a text"));
    cases.as_array().expect("a list").iter().flat_map(|case| [of(case, "body"), of(case, "expect")]).collect()
}

/// The collection of payloads.
fn rows() -> Vec<Value> {
    let all = ["index.json", "bridges.json"].map(|name| json(&data("payloads").join(name)));
    all.iter().flat_map(|index| index.as_array().expect("a list").clone()).collect()
}

fn body(row: &Value) -> Option<Vec<u8>> {
    row["body"].as_str().map(|name| fs::read(data("payloads").join(name)).expect("a body"))
}

/// The fuzzer's source for a payload of the collection; none for mail.
fn place(row: &Value) -> Option<u8> {
    place_of(match row["system"].as_str()? {
        "whatsapp_cloud" => "nube",
        "twilio_whatsapp" => "twilio",
        "msgraph" => "microsoft",
        "generic" => "propio",
        "glpi" if row["method"].is_null() => "glpi-rest",
        system => system,
    })
}

fn place_of(source: &str) -> Option<u8> {
    let place = targets::hook::SOURCES.iter().position(|name| *name == source)?;
    u8::try_from(place).ok()
}
