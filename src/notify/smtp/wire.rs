//! The bytes below a conversation: a connection, plain or under TLS, and the answers that are read from it.

use std::io::ErrorKind;

use futures_util::FutureExt as _;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::error::Cause;
use super::reply::{self, PartialReply, Reply};

/// Bytes that are kept of one line. RFC 5321 §4.5.3.1.5 allows 512; what is longer is cut and not refused.
const LONGEST_LINE: usize = 2_048;
/// Bytes of one answer, after which it is taken for endless.
const LONGEST_ANSWER: usize = 512 << 10;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// TLS towards one server, by the system's certificates.
pub(in crate::notify) struct Seal {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Seal {
    pub(in crate::notify) fn new(host: &str) -> Result<Self, String> {
        let config = crate::intake::tls::client_config(None)?;
        let name = ServerName::try_from(host.to_owned()).map_err(|error| format!("`{host}`: {error}"))?;
        Ok(Self { connector: TlsConnector::from(config), name })
    }
}

/// A connection.
pub(super) struct Wire(BufReader<Box<dyn Stream>>);

impl Wire {
    pub(super) async fn connect(host: &str, port: u16) -> Result<Self, Cause> {
        let stream = TcpStream::connect((host, port)).await.map_err(broken)?;
        // With Nagle's algorithm and delayed acknowledgements each mail would take 40 ms more.
        stream.set_nodelay(true).map_err(broken)?;
        Ok(Self::over(stream))
    }

    /// TLS from here on. What was read before it is dropped: somebody in between may have said it (RFC 3207 §6).
    pub(super) async fn secure(self, seal: &Seal) -> Result<Self, Cause> {
        let stream = seal.connector.connect(seal.name.clone(), self.0.into_inner()).await;
        Ok(Self::over(stream.map_err(|error| Cause::Broken(format!("TLS: {error}")))?))
    }

    fn over(stream: impl Stream + 'static) -> Self {
        let stream: Box<dyn Stream> = Box::new(stream);
        Self(BufReader::new(stream))
    }

    pub(super) async fn say(&mut self, bytes: &[u8]) -> Result<(), Cause> {
        self.0.write_all(bytes).await.map_err(broken)?;
        self.0.flush().await.map_err(broken)
    }

    /// Reads one answer.
    pub(super) async fn answer(&mut self) -> Result<Reply, Cause> {
        let (mut answer, mut room) = (PartialReply::default(), LONGEST_ANSWER);
        loop {
            let line = self.line(&mut room).await?;
            if let Some(reply) = answer.add(&line).map_err(Cause::Foreign)? {
                return Ok(reply);
            }
        }
    }

    /// Looks, without waiting, whether the server has said something or gone before it was asked. An answer that lies there
    /// would be taken for the answer to the next command, and each one after it for that of another.
    pub(super) fn expect_silence(&mut self) -> Result<(), Cause> {
        let said = match self.0.fill_buf().now_or_never() {
            None => return Ok(()),
            Some(Ok([])) => return Err(closed()),
            Some(Ok(said)) => said,
            Some(Err(error)) => return Err(broken(error)),
        };
        let line = said.split(|byte| *byte == b'\n').next().unwrap_or_default();
        Err(match reply::parse(line) {
            Some((code @ 400..=599, _, text)) => Cause::Refused(Reply::new(code, text)),
            _ => Cause::Foreign(reply::decode(&line[..line.len().min(LONGEST_LINE)])),
        })
    }

    /// Takes leave without waiting: nothing that is said to it matters any more.
    pub(super) fn leave(mut self) {
        self.say(b"QUIT\r\n").now_or_never();
    }

    /// Reads up to a line feed or the end. `room` is what is left of the answer's bytes.
    async fn line(&mut self, room: &mut usize) -> Result<Vec<u8>, Cause> {
        let mut line = Vec::new();
        loop {
            let said: &[u8] = match self.0.fill_buf().await {
                Ok(said) => said,
                // TLS that ends without saying so.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => &[],
                Err(error) => return Err(broken(error)),
            };
            let (n_said, is_over) = match said.iter().position(|byte| *byte == b'\n') {
                Some(place) => (place + 1, true),
                None => (said.len(), said.is_empty()),
            };
            line.extend_from_slice(&said[..n_said.min(LONGEST_LINE - line.len())]);
            self.0.consume(n_said);
            *room = room.checked_sub(n_said).ok_or_else(|| Cause::Foreign("an answer without end".to_owned()))?;
            match (is_over, line.is_empty()) {
                (true, true) => return Err(closed()),
                (true, false) => return Ok(line),
                (false, _) => {}
            }
        }
    }
}

fn broken(error: std::io::Error) -> Cause {
    Cause::Broken(error.to_string())
}

fn closed() -> Cause {
    Cause::Broken("the server closed the connection".to_owned())
}
