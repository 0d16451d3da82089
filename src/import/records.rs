//! A file's records, one after the other: JSON with one object a line, in an array, or in an object around an array; and CSV with a line of
//! names at its head. What cannot be read costs its own record.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::rc::Rc;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::both;
use crate::text::Both;

/// No honest record is longer, in bytes.
const LONGEST_LINE: usize = 16 << 20;
/// By so many bytes of its beginning a file is looked at.
const BEGINNING: usize = 64 << 10;
/// By its first lines a file is known again, also once it has grown: a line of names, and a record.
const LINES: usize = 2;

/// What a file is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FileForm {
    /// JSON, one object a line
    Ndjson,
    /// JSON, one array, or an object around one
    Json,
    /// CSV with a line of names at its head
    Csv,
}

/// A record, or why it cannot be read, and what stands there: its text, or the fields of its row; null where that is too much.
pub type Record = Result<Value, (Both, Value)>;

/// A file that is read record by record.
pub struct Records {
    reader: Box<dyn BufRead>,
    form: FileForm,
    position: Rc<Cell<u64>>,
    is_cut: Rc<Cell<bool>>,
}

/// Counts what is read, for the bar.
struct Counting<R> {
    inner: R,
    position: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.position.set(self.position.get() + n as u64);
        Ok(n)
    }
}

/// By what a file is known again: the SHA-256 of its beginning.
///
/// # Errors
///
/// If it cannot be read.
pub fn digest(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = BufReader::new(File::open(path)?.take(BEGINNING as u64));
    let mut beginning = Vec::new();
    for _ in 0..LINES {
        file.read_until(b'\n', &mut beginning)?;
    }
    Ok(Sha256::digest(&beginning).into())
}

impl Records {
    /// Opens a file, whose form is told by its name and its first line where it is not given.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn open(path: &Path, form: Option<FileForm>) -> io::Result<Self> {
        let position = Rc::new(Cell::new(0));
        let file = Counting { inner: File::open(path)?, position: Rc::clone(&position) };
        let mut reader = BufReader::with_capacity(1 << 18, file);
        if reader.fill_buf()?.starts_with(&[0xef, 0xbb, 0xbf]) {
            reader.consume(3);
        }
        let named = path.extension().and_then(|word| word.to_str()).unwrap_or_default().to_lowercase();
        let form = form.unwrap_or(match named.as_str() {
            "csv" | "tsv" | "txt" => FileForm::Csv,
            "ndjson" | "jsonl" => FileForm::Ndjson,
            _ => form_of(reader.fill_buf()?),
        });
        if form == FileForm::Csv && reader.fill_buf()?.starts_with(b"sep=") {
            // A line by which a spreadsheet tells another one how columns are told apart.
            reader.read_until(b'\n', &mut Vec::new())?;
        }
        Ok(Self { reader: Box::new(reader), form, position, is_cut: Rc::default() })
    }

    /// Whether the last line ended before it was whole, as of a file that is still being written.
    pub fn is_cut(&self) -> Rc<Cell<bool>> {
        Rc::clone(&self.is_cut)
    }

    /// Bytes that were read so far.
    pub fn position(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.position)
    }

    /// Hands over each record, until told to stop.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any further.
    pub fn each(self, take: impl FnMut(Record) -> ControlFlow<()>) -> io::Result<()> {
        match self.form {
            FileForm::Ndjson => lines(self.reader, &self.is_cut, take),
            FileForm::Json => json(self.reader, take),
            FileForm::Csv => csv(self.reader, take),
        }
    }
}

/// Why a file cannot be read as it is: what programs pack it into, or write it in.
///
/// # Errors
///
/// If it cannot be read.
pub fn foreign(path: &Path) -> io::Result<Option<Both>> {
    let mut beginning = [0; 4];
    let n = File::open(path)?.read(&mut beginning)?;
    Ok(match &beginning[..n] {
        [0x1f, 0x8b, ..] => {
            Some(both!("it is compressed: unpack it first (gunzip)", "está comprimido: descomprímalo primero (gunzip)"))
        }
        [b'P', b'K', 3, 4] => Some(both!(
            "it is a ZIP or a spreadsheet: unpack it, or save it as CSV",
            "es un ZIP o una hoja de cálculo: descomprímalo, o guárdelo como CSV"
        )),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            Some(both!("it is in UTF-16: save it as UTF-8", "está en UTF-16: guárdelo como UTF-8"))
        }
        _ => None,
    })
}

/// The form of a file that does not say: by whether its first line is a whole value.
fn form_of(beginning: &[u8]) -> FileForm {
    let begins = beginning.iter().find(|byte| !byte.is_ascii_whitespace());
    match begins {
        Some(b'[') => FileForm::Json,
        Some(b'{') => {
            let line = beginning.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty());
            // One that goes on beyond what was looked at is what an API gave, on one line.
            let is_whole = line.is_none_or(|line| serde_json::from_slice::<IgnoredAny>(line).is_ok());
            let has_array = serde_json::from_slice::<Value>(beginning).is_ok_and(|value| only_array(&value).is_some());
            if is_whole && !has_array { FileForm::Ndjson } else { FileForm::Json }
        }
        _ => FileForm::Csv,
    }
}

/// The one array of objects of an object around it, or around that.
fn only_array(value: &Value) -> Option<&Vec<Value>> {
    let fields = value.as_object()?;
    // An event or a ticket has arrays too, and fields beside them that say what it is.
    if fields.contains_key("type") || fields.contains_key("id") {
        return None;
    }
    let arrays = fields.values().filter_map(Value::as_array).filter(|items| !items.is_empty());
    let mut arrays = arrays.filter(|items| items.iter().all(Value::is_object));
    match arrays.next() {
        Some(array) => Some(array).filter(|_| arrays.next().is_none()),
        None => {
            let mut within = fields.values().filter_map(only_array);
            within.next().filter(|_| within.next().is_none())
        }
    }
}

fn lines(
    mut reader: Box<dyn BufRead>,
    is_cut: &Cell<bool>,
    mut take: impl FnMut(Record) -> ControlFlow<()>,
) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let n = (&mut reader).take(LONGEST_LINE as u64).read_until(b'\n', &mut line)?;
        if n == 0 {
            return Ok(());
        }
        let record = if n == LONGEST_LINE && !line.ends_with(b"\n") {
            skip_line(&mut reader)?;
            Err((both!("this line is longer than 16 MB", "esta línea pasa de 16 MB"), Value::Null))
        } else if line.trim_ascii().is_empty() {
            continue;
        } else {
            is_cut.set(!line.ends_with(b"\n") && serde_json::from_slice::<IgnoredAny>(&line).is_err());
            let there = || Value::from(String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line)));
            serde_json::from_slice(&line).map_err(|error| (not_json(&error), there()))
        };
        if take(record).is_break() {
            return Ok(());
        }
    }
}

fn skip_line(reader: &mut Box<dyn BufRead>) -> io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let n = end.map_or(buffer.len(), |end| end + 1);
        reader.consume(n);
        if end.is_some() {
            return Ok(());
        }
    }
}

fn not_json(error: &serde_json::Error) -> Both {
    both!("it is not JSON: {error}", "no es JSON: {error}")
}

/// An array, or the arrays of an object around them, an element at a time.
fn json(reader: Box<dyn BufRead>, mut take: impl FnMut(Record) -> ControlFlow<()>) -> io::Result<()> {
    let mut has_stopped = false;
    let mut each = |value: Value| {
        has_stopped = take(Ok(value)).is_break();
        has_stopped
    };
    let mut deserializer = serde_json::Deserializer::from_reader(reader);
    let read = deserializer.deserialize_any(Whole(&mut each));
    match read {
        _ if has_stopped => Ok(()),
        Ok(()) => Ok(()),
        Err(error) => {
            // What came before it was taken.
            let cause = both!(
                "the file is no whole JSON ({error}); what stands before that place was read",
                "el archivo no es JSON completo ({error}); se leyó lo que está antes de ese lugar"
            );
            let _ = take(Err((cause, Value::Null)));
            Ok(())
        }
    }
}

struct Whole<'a>(&'a mut dyn FnMut(Value) -> bool);

impl<'de> Visitor<'de> for Whole<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array of records, or an object around one")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(value) = elements.next_element::<Value>()? {
            if (self.0)(value) {
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let Self(take) = self;
        let mut has_list = false;
        while fields.next_key::<IgnoredAny>()?.is_some() {
            let mut each = |value| {
                has_list = true;
                take(value)
            };
            fields.next_value_seed(Member { take: &mut each, is_within: false })?;
        }
        // An empty list is one, and says nothing; an object without any is no export.
        if has_list { Ok(()) } else { Err(A::Error::custom("there is no list of records in it")) }
    }
}

/// A member of the object around: an array is its records, and so is one of an object in it; anything else says nothing.
struct Member<'a> {
    take: &'a mut dyn FnMut(Value) -> bool,
    is_within: bool,
}

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("anything")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<(), A::Error> {
        // Numbers of pages, tags: no records.
        let Self { take, .. } = self;
        Whole(&mut |value: Value| value.is_object() && take(value)).visit_seq(elements)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let Self { take, is_within } = self;
        while fields.next_key::<IgnoredAny>()?.is_some() {
            if is_within {
                fields.next_value::<IgnoredAny>()?;
            } else {
                fields.next_value_seed(Member { take: &mut *take, is_within: true })?;
            }
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Rows by the names at their head. The delimiter is whichever of `;`, `,` and a tab occurs most there, as spreadsheets of different countries
/// write it; text that is not UTF-8 is what Windows writes there.
fn csv(mut reader: Box<dyn BufRead>, mut take: impl FnMut(Record) -> ControlFlow<()>) -> io::Result<()> {
    let head = reader.fill_buf()?;
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let n_of = |delimiter: u8| line.iter().filter(|byte| **byte == delimiter).count();
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|delimiter| n_of(*delimiter)).unwrap_or(b',');
    let mut rows = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(reader);
    let names: Vec<String> = rows.byte_headers()?.iter().map(|name| text(name).trim().to_owned()).collect();
    let mut row = csv::ByteRecord::new();
    loop {
        match rows.read_byte_record(&mut row) {
            Ok(false) => return Ok(()),
            Ok(true) if row.iter().all(<[u8]>::is_empty) => continue,
            Ok(true) if has_swallowed_rows(&row, names.len(), delimiter) => {
                let cause = both!(
                    "a quotation mark in it is not written twice, and the rows after it were taken for its text; mend the file there",
                    "tiene una comilla que no está doble, y las filas siguientes se tomaron como su texto; corrija el archivo ahí"
                );
                if take(Err((cause, row.iter().map(text).collect()))).is_break() {
                    return Ok(());
                }
            }
            Ok(true) => {
                let fields = names.iter().zip(&row).map(|(name, field)| (name.clone(), Value::String(text(field))));
                let record = Value::Object(fields.collect::<Map<_, _>>());
                if take(Ok(record)).is_break() {
                    return Ok(());
                }
            }
            Err(error) if error.is_io_error() => return Err(error.into()),
            Err(error) => {
                let cause = both!("it is no row: {error}", "no es una fila: {error}");
                if take(Err((cause, row.iter().map(text).collect()))).is_break() {
                    return Ok(());
                }
            }
        }
    }
}

/// Whether a field holds whole rows, as where a quotation mark began one that never ends: lines with as many columns as the head.
fn has_swallowed_rows(row: &csv::ByteRecord, n_columns: usize, delimiter: u8) -> bool {
    // So many such lines are no text that happens to have commas.
    const ROWS: usize = 3;
    let is_row =
        |line: &&[u8]| 2 < n_columns && line.iter().filter(|byte| **byte == delimiter).count() + 1 == n_columns;
    let rows = |field: &[u8]| field.split(|byte| *byte == b'\n').filter(is_row).count();
    row.len() != n_columns && row.iter().any(|field| ROWS <= rows(field))
}

fn text(field: &[u8]) -> String {
    match std::str::from_utf8(field) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(field).0.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use serde_json::json;

    use super::*;

    fn read(name: &str, content: &[u8]) -> Vec<Record> {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join(name);
        File::create(&path).expect("a file").write_all(content).expect("written");
        let mut found = Vec::new();
        let records = Records::open(&path, None).expect("opened");
        records
            .each(|record| {
                found.push(record);
                ControlFlow::Continue(())
            })
            .expect("read");
        found
    }

    #[test]
    fn a_file_s_form_is_told_by_what_it_holds() {
        let two = [json!({"id": 1}), json!({"id": 2})];
        let forms: [(&str, &[u8]); 9] = [
            ("a.json", b"{\"data\":{\"meta\":{\"all\":2},\"payload\":[{\"id\":1},{\"id\":2}]}}"),
            ("a.json", b"{\"pages\":[1,2],\n\"data\":{\"payload\":[{\"id\":1},{\"id\":2}]}}"),
            ("a.ndjson", b"{\"id\":1}\n\n{\"id\":2}\n"),
            ("a.json", b"[{\"id\":1},\n {\"id\":2}]"),
            ("a.json", b"{\"count\":2,\"next\":null,\"tickets\":[{\"id\":1},{\"id\":2}]}"),
            ("a.json", b"{\"meta\":{\"all\":2},\n\"tickets\":[{\"id\":1},{\"id\":2}]}\n"),
            ("a", b"\xef\xbb\xbf{\"id\":1}\n{\"id\":2}"),
            ("a.json", b"{\"id\":1}\n{\"id\":2}\n"),
            ("a.json", b"\n[{\"id\":1},{\"id\":2}]"),
        ];
        for (name, content) in forms {
            let found: Vec<_> = read(name, content).into_iter().map(|record| record.expect("a record")).collect();
            assert_eq!(found, two, "{name}: {}", String::from_utf8_lossy(content));
        }
    }

    #[test]
    fn rows_have_the_names_at_their_head_whatever_the_country_writes_between_them() {
        let expected = json!({"ID": "7", "Título": "Señal, débil"});
        for content in [
            "ID,Título\n7,\"Señal, débil\"\n".as_bytes(),
            "\u{feff}ID;Título\r\n7;Señal, débil\r\n\r\n".as_bytes(),
            "ID\tTítulo\n7\tSeñal, débil\n".as_bytes(),
            b"ID;T\xedtulo\n7;Se\xf1al, d\xe9bil\n",
        ] {
            let found: Vec<_> = read("a.csv", content).into_iter().map(|record| record.expect("a row")).collect();
            assert_eq!(found.as_slice(), std::slice::from_ref(&expected), "{}", String::from_utf8_lossy(content));
        }
    }

    #[test]
    fn what_cannot_be_read_costs_its_own_record() {
        let found = read("a.ndjson", b"{\"id\":1}\n{\"id\":\n{\"id\":3}\n");
        assert_eq!(found.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
        let swallowed = read("a.csv", b"id,subject,at\n1,\"fine\",x\n2,\"never ends,x\n3,b,x\n4,c,x\n5,d,x\n6,e,x\n");
        assert_eq!(swallowed.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false]);
        let cut = read("a.json", b"[{\"id\":1},{\"id\":2},{\"id\"");
        assert_eq!(cut.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false]);
    }
}
