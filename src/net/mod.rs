//! HTTP clients: what plazo calls by itself, how far it may reach, and how much of an answer it reads.

pub mod address;
pub mod answer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, redirect};

/// The HTTP clients. Redirects are failures: an alert goes where the file says, or nowhere.
///
/// # Errors
///
/// If the platform's certificates cannot be read.
pub fn clients() -> Result<Clients, reqwest::Error> {
    let builder = || {
        Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .user_agent(concat!("plazo/", env!("CARGO_PKG_VERSION")))
    };
    // A proxy would look up names in our place, and could not be watched.
    let public = builder().no_proxy().dns_resolver(Arc::new(address::PublicOnly)).build()?;
    Ok(Clients { public, any: builder().build()? })
}

/// The client of plazo's own command line: by a socket where one is given, never by a proxy, and nowhere else than asked.
///
/// # Errors
///
/// If HTTP cannot be set up.
pub fn own_daemon(socket: Option<&Path>) -> Result<Client, reqwest::Error> {
    let builder =
        Client::builder().redirect(redirect::Policy::none()).connect_timeout(Duration::from_secs(5)).no_proxy();
    let builder = builder.user_agent(concat!("plazo/", env!("CARGO_PKG_VERSION")));
    match socket {
        Some(path) => builder.unix_socket(path.to_owned()).build(),
        None => builder.build(),
    }
}

/// Clients for addresses that the file names.
#[derive(Debug, Clone)]
pub struct Clients {
    public: Client,
    any: Client,
}

impl Clients {
    /// The client for an address: without `private`, one that reaches public addresses only, whatever a name leads to.
    ///
    /// # Errors
    ///
    /// That the address itself is a private one.
    pub fn of(&self, url: &reqwest::Url, private: bool) -> Result<&Client, NotPublic> {
        if private {
            return Ok(&self.any);
        }
        if address::is_private_host(url) { Err(NotPublic) } else { Ok(&self.public) }
    }
}

impl Clients {
    /// The client that reaches private addresses too, or the one that does not.
    pub const fn of_kind(&self, private: bool) -> &Client {
        if private { &self.any } else { &self.public }
    }

    /// The client for plazo's own interface, and for servers that are no web hooks.
    pub const fn any(&self) -> &Client {
        &self.any
    }
}

/// An address inside of the house, which the file does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address is a private one; if that is meant, write `private = true`")]
pub struct NotPublic;
