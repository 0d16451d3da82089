//! The receiving side of SMTP (RFC 5321), as far as one trusted client on loopback needs it.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Larger mail is refused.
const LARGEST_MAIL: usize = 1 << 20;

/// A mail as it arrived.
#[derive(Debug, Clone)]
pub struct ReceivedMail {
    /// Addresses of the envelope.
    pub to: Vec<String>,
    /// Header and body, as they were sent.
    pub data: Vec<u8>,
}

type Taker = Arc<dyn Fn(ReceivedMail) + Send + Sync>;

/// Takes mail on a free port until the runtime ends.
///
/// # Errors
///
/// Where no port of loopback can be had.
pub async fn start(take: impl Fn(ReceivedMail) + Send + Sync + 'static) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let take: Taker = Arc::new(take);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let take = Arc::clone(&take);
            // A client that breaks off has nothing to be told.
            tokio::spawn(async move { converse(stream, &take).await.ok() });
        }
    });
    Ok(address)
}

async fn converse(stream: TcpStream, take: &Taker) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let mut to = Vec::new();
    let mut line = Vec::new();
    write.write_all(b"220 loopback ESMTP\r\n").await?;
    loop {
        line.clear();
        if read.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let command = String::from_utf8_lossy(&line);
        let verb = command.trim_end().split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer: &[u8] = match verb.as_str() {
            "EHLO" => b"250-loopback\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
            "RCPT" => {
                let address = command.split(['<', '>']).nth(1).unwrap_or_default();
                to.push(address.to_owned());
                b"250 2.1.5 ok\r\n"
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mut data = Vec::new();
                loop {
                    line.clear();
                    if read.read_until(b'\n', &mut line).await? == 0 {
                        return Ok(());
                    }
                    if line == b".\r\n" {
                        break;
                    }
                    if LARGEST_MAIL < data.len() + line.len() {
                        return write.write_all(b"552 5.3.4 too large\r\n").await;
                    }
                    data.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
                }
                take(ReceivedMail { to: std::mem::take(&mut to), data });
                b"250 2.0.0 taken\r\n"
            }
            "QUIT" => return write.write_all(b"221 2.0.0 bye\r\n").await,
            "RSET" => {
                to.clear();
                b"250 2.0.0 ok\r\n"
            }
            _ => b"250 2.0.0 ok\r\n",
        };
        write.write_all(answer).await?;
    }
}
