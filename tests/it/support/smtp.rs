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
    Auth,
    Recipient,
    /// After the final dot: the mail is recorded whatever the answer.
    Data,
}

/// What to say at a stage of the n-th connection-wide message, from 0. `None` says what a good server says; an empty answer
/// drops the connection.
pub type Script = dyn Fn(Stage, usize, &str) -> Option<&'static str> + Send + Sync;

/// A server on a free loopback port.
pub struct Smtp {
    pub port: u16,
    received: Arc<Mutex<Vec<Mail>>>,
}

impl Smtp {
    pub fn start() -> Self {
        Self::scripted(|_, _, _| None)
    }

    pub fn scripted(script: impl Fn(Stage, usize, &str) -> Option<&'static str> + Send + Sync + 'static) -> Self {
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
    let mut say = |text: &str| stream.write_all(format!("{text}\r\n").as_bytes()).ok();
    let index = || records.lock().expect("no panic while recording").len();
    let mut to = Vec::new();
    say("220 loopback ESMTP")?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let command = line.trim_end();
        let (stage, good) = match command.split([' ', ':']).next()?.to_uppercase().as_str() {
            "EHLO" => (None, "250-loopback\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN"),
            "AUTH" => (Some(Stage::Auth), "235 2.7.0 welcome"),
            "RCPT" => {
                to.push(command.trim_start_matches("RCPT TO:<").trim_end_matches('>').to_owned());
                (Some(Stage::Recipient), "250 2.1.5 ok")
            }
            "DATA" => {
                say("354 go on")?;
                let mut data = String::new();
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).ok()?;
                    if line == ".\r\n" {
                        break;
                    }
                    data.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                let n = index();
                records.lock().expect("no panic while recording").push(Mail { to: std::mem::take(&mut to), data });
                match script(Stage::Data, n, "") {
                    Some("") => return None,
                    answer => say(answer.unwrap_or("250 2.0.0 taken"))?,
                }
                continue;
            }
            "QUIT" => {
                say("221 bye")?;
                return None;
            }
            "RSET" => {
                to.clear();
                (None, "250 ok")
            }
            _ => (None, "250 ok"),
        };
        match stage.and_then(|stage| script(stage, index(), command)) {
            Some("") => return None,
            answer => say(answer.unwrap_or(good))?,
        }
    }
}
