//! A mail receiver that records what arrives and misbehaves as told. For real mail there is a real server (`mail`).

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::{PATIENCE, wait_for};

/// What arrived.
#[derive(Debug, Clone)]
pub struct Mail {
    pub to: Vec<String>,
    pub data: String,
}

impl Mail {
    /// A header, unfolded and decoded.
    pub fn header(&self, name: &str) -> String {
        let mail = mail_parser::MessageParser::default().parse(self.data.as_bytes()).expect("a mail");
        match name {
            "Subject" => mail.subject().unwrap_or_default().to_owned(),
            "Message-ID" => mail.message_id().unwrap_or_default().to_owned(),
            _ => mail.header_raw(name.to_owned()).unwrap_or_default().trim().to_owned(),
        }
    }

    pub fn text(&self) -> String {
        let mail = mail_parser::MessageParser::default().parse(self.data.as_bytes()).expect("a mail");
        mail.body_text(0).unwrap_or_default().into_owned()
    }
}

/// Where in the conversation the server may act up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Its first words.
    Greeting,
    /// EHLO.
    Hello,
    Helo,
    Auth,
    Mail,
    Recipient,
    /// DATA, before any content.
    DataGo,
    /// After the final dot: the mail is recorded whatever the answer.
    Data,
    Quit,
}

/// What a server says. What does not end with a line feed is followed by the end of the connection, so nothing at all drops it.
pub struct Said(Vec<u8>);

impl Said {
    /// These bytes and no others.
    pub fn bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

/// A line, to which its end is added; an empty one drops the connection.
impl From<&str> for Said {
    fn from(line: &str) -> Self {
        Self(if line.is_empty() { Vec::new() } else { format!("{line}\r\n").into_bytes() })
    }
}

/// What to say at a stage of the n-th connection-wide message, from 0. `None` says what a good server says.
type Script = dyn Fn(Stage, usize, &str) -> Option<Said> + Send + Sync;

/// A server on a free loopback port.
pub struct Smtp {
    pub port: u16,
    received: Arc<Mutex<Vec<Mail>>>,
}

impl Smtp {
    pub fn start() -> Self {
        Self::scripted(|_, _, _| None::<Said>)
    }

    pub fn scripted<S: Into<Said> + 'static>(
        script: impl Fn(Stage, usize, &str) -> Option<S> + Send + Sync + 'static,
    ) -> Self {
        let script = move |stage: Stage, n: usize, line: &str| script(stage, n, line).map(Into::into);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let (records, script): (_, Arc<Script>) = (Arc::clone(&received), Arc::new(script));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (records, script) = (Arc::clone(&records), Arc::clone(&script));
                std::thread::spawn(move || serve(stream, &records, &script));
            }
        });
        Self { port, received }
    }

    /// The `[smtp]` section for it.
    pub fn section(&self) -> String {
        format!(
            "[smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"plazo <plazo@agencia.example>\"\n",
            self.port
        )
    }

    pub fn received(&self) -> Vec<Mail> {
        self.received.lock().expect("no panic while recording").clone()
    }

    /// Waits until `n` mails have arrived.
    #[track_caller]
    pub fn wait_for(&self, n: usize) -> Vec<Mail> {
        wait_for(&format!("{n} mails"), PATIENCE, || Some(self.received()).filter(|received| n <= received.len()))
    }
}

fn serve(stream: TcpStream, records: &Mutex<Vec<Mail>>, script: &Arc<Script>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    let index = || records.lock().expect("no panic while recording").len();
    let mut say = |stage: Option<Stage>, n: usize, line: &str, good: &str| {
        let Said(said) = stage.and_then(|stage| script(stage, n, line)).unwrap_or_else(|| good.into());
        stream.write_all(&said).ok()?;
        said.ends_with(b"\n").then_some(said)
    };
    let mut to = Vec::new();
    say(Some(Stage::Greeting), index(), "", "220 loopback ESMTP")?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let command = line.trim_end();
        let (stage, good) = match command.split([' ', ':']).next()?.to_uppercase().as_str() {
            "EHLO" => (Some(Stage::Hello), "250-loopback\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN"),
            "HELO" => (Some(Stage::Helo), "250 loopback"),
            "AUTH" => (Some(Stage::Auth), "235 2.7.0 welcome"),
            "MAIL" => (Some(Stage::Mail), "250 2.1.0 ok"),
            "RCPT" => {
                to.push(command.trim_start_matches("RCPT TO:<").trim_end_matches('>').to_owned());
                (Some(Stage::Recipient), "250 2.1.5 ok")
            }
            "DATA" => {
                if !say(Some(Stage::DataGo), index(), command, "354 go on")?.starts_with(b"354") {
                    continue;
                }
                let mut data = String::new();
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).ok()? == 0 {
                        return None;
                    }
                    if line == ".\r\n" {
                        break;
                    }
                    data.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                let n = index();
                records.lock().expect("no panic while recording").push(Mail { to: std::mem::take(&mut to), data });
                say(Some(Stage::Data), n, "", "250 2.0.0 taken")?;
                continue;
            }
            "QUIT" => {
                say(Some(Stage::Quit), index(), command, "221 bye")?;
                return None;
            }
            "RSET" => {
                to.clear();
                (None, "250 ok")
            }
            _ => (None, "250 ok"),
        };
        say(stage, index(), command, good)?;
    }
}
