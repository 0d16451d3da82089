//! A webhook receiver that records what arrives and answers as told.

use std::io::{BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::{PATIENCE, wait_for};

/// What arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// `POST`, `PATCH`, …
    pub method: String,
    /// Path and query.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

/// How to answer the n-th message, from 0. `None` never answers and keeps the connection open.
pub type Script = dyn Fn(usize, &Received) -> Option<String> + Send + Sync;

/// A receiver on a free loopback port.
pub struct Webhook {
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

/// `HTTP/1.1` with a status, headers and a body.
pub fn answer(status: &str, headers: &str, body: &str) -> Option<String> {
    Some(format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()))
}

impl Webhook {
    /// Takes everything.
    pub fn start() -> Self {
        Self::scripted(|_, _| answer("200 OK", "", "ok"))
    }

    pub fn scripted(script: impl Fn(usize, &Received) -> Option<String> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let received = Arc::new(Mutex::new(Vec::new()));
        let (records, script): (_, Arc<Script>) = (Arc::clone(&received), Arc::new(script));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (records, script) = (Arc::clone(&records), Arc::clone(&script));
                std::thread::spawn(move || serve(stream, &records, &script));
            }
        });
        Self { url, received }
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no panic while recording").clone()
    }

    /// Waits until `n` messages have arrived.
    #[track_caller]
    pub fn wait_for(&self, n: usize) -> Vec<Received> {
        wait_for(&format!("{n} webhook calls"), PATIENCE, || {
            Some(self.received()).filter(|received| n <= received.len())
        })
    }
}

/// Reads one call from a connection.
pub fn read_call(stream: &TcpStream) -> Option<Received> {
    read(&mut BufReader::new(stream))
}

fn read(reader: &mut impl std::io::BufRead) -> Option<Received> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, n)| n.parse().unwrap_or(0));
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Received { method, path, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

fn serve(stream: TcpStream, records: &Mutex<Vec<Received>>, script: &Arc<Script>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let received = read(&mut reader)?;
        let index = {
            let mut records = records.lock().expect("no panic while recording");
            records.push(received.clone());
            records.len() - 1
        };
        match script(index, &received) {
            Some(answer) => stream.write_all(answer.as_bytes()).ok()?,
            // Hangs until the peer gives up.
            None => {
                let mut rest = Vec::new();
                reader.read_to_end(&mut rest).ok();
                return None;
            }
        }
    }
}
