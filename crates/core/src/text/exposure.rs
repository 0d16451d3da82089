//! What a file leaves open to whom, in words: who may tell plazo something, and what of it counts.

use super::{Both, Language};
use crate::both;

/// How a caller over TCP without a token is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Everything from this machine.
    Everything,
    /// What starts a clock, from this machine.
    Starts,
    /// Nothing.
    Nothing,
}

/// A source as far as its door goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceDoor {
    /// Its name.
    pub name: String,
    /// Whether calls are signed.
    pub is_signed: bool,
    /// Whether it takes calls at all.
    pub takes_calls: bool,
}

/// A mailbox as far as belief goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxDoor {
    /// Its name.
    pub name: String,
    /// Servers that vouch.
    pub trusts: Vec<String>,
    /// Whether it reads a folder of what was sent.
    pub reads_sent: bool,
}

/// What is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// The address of the interface.
    pub listen: String,
    /// Whether only this machine reaches it.
    pub is_loopback: bool,
    /// What is let in there without a token.
    pub door: Door,
    /// Whether alerts have links.
    pub has_links: bool,
    /// The sources.
    pub sources: Vec<SourceDoor>,
    /// The mailboxes.
    pub mailboxes: Vec<MailboxDoor>,
}

/// A line for each door.
pub fn lines(exposure: &Exposure, language: Language) -> Vec<String> {
    let mut lines = vec![interface(exposure)];
    lines.extend(exposure.sources.iter().filter(|source| source.takes_calls).map(source));
    lines.extend(exposure.mailboxes.iter().map(mailbox));
    if exposure.has_links {
        lines.push(both!(
            "links of alerts: whoever has one may take or put off that request in its reader's name, until it expires or is ended (plazo links revoke)",
            "enlaces de los avisos: quien tenga uno puede tomar o posponer esa solicitud en nombre de su destinatario, hasta que venza o se anule (plazo links revoke)"
        ));
    }
    lines.into_iter().map(|line| language.of(line)).collect()
}

/// Who is let in at the address of the interface.
pub fn interface(exposure: &Exposure) -> Both {
    let listen = &exposure.listen;
    match (exposure.is_loopback, exposure.door) {
        (false, _) => both!(
            "{listen}: anybody who reaches this address may knock; nothing is read, told or done there without a token",
            "{listen}: cualquiera que llegue a esta dirección puede llamar; allí nada se lee, avisa ni hace sin una clave"
        ),
        (true, Door::Everything) => both!(
            "{listen}: every program of this machine may read, tell and act without a token, until a token, a source or public_url exists (plazo token create)",
            "{listen}: todo programa de esta máquina puede leer, avisar y actuar sin clave, hasta que haya una clave, una fuente o public_url (plazo token create)"
        ),
        (true, Door::Starts) => both!(
            "{listen}: every program of this machine may say without a token that a client wrote, which starts a clock; anything else needs a token, or the socket in the data directory. A proxy before it should pass on /hooks/ and /a/ alone",
            "{listen}: todo programa de esta máquina puede decir sin clave que un cliente escribió, lo que pone en marcha un reloj; lo demás necesita una clave, o el socket del directorio de datos. Un proxy delante debe dejar pasar solo /hooks/ y /a/"
        ),
        (true, Door::Nothing) => both!(
            "{listen}: nobody without a token; this machine's own users by the socket in the data directory",
            "{listen}: nadie sin clave; los usuarios de esta máquina, por el socket del directorio de datos"
        ),
    }
}

fn source(source: &SourceDoor) -> Both {
    let name = &source.name;
    if source.is_signed {
        both!(
            "/hooks/{name}: whoever has its secret may tell what clients wrote and who answered; anybody else is refused",
            "/hooks/{name}: quien tenga su secreto puede decir qué escribieron los clientes y quién respondió; a los demás se les rechaza"
        )
    } else {
        both!(
            "/hooks/{name}: unsigned: anybody who reaches this address may say that a client wrote; who answered, counts only from this machine itself. A secret closes it",
            "/hooks/{name}: sin firma: cualquiera que llegue a esta dirección puede decir que un cliente escribió; quién respondió cuenta solo desde esta misma máquina. Un secreto la cierra"
        )
    }
}

fn mailbox(mailbox: &MailboxDoor) -> Both {
    let name = &mailbox.name;
    let trusts = mailbox.trusts.join(", ");
    match (mailbox.trusts.is_empty(), mailbox.reads_sent) {
        (true, false) => both!(
            "mailbox {name}: anybody may write and so open a request; mail with an address of the house stops no clock, since nothing vouches for it",
            "buzón {name}: cualquiera puede escribir y así abrir una solicitud; el correo con una dirección de la casa no detiene ningún reloj, pues nada responde por él"
        ),
        (true, true) => both!(
            "mailbox {name}: anybody may write and so open a request; answers count that lie in its folder of what was sent, and no others",
            "buzón {name}: cualquiera puede escribir y así abrir una solicitud; cuentan las respuestas que están en su carpeta de enviados, y ninguna otra"
        ),
        (false, true) => both!(
            "mailbox {name}: anybody may write and so open a request; answers count that lie in its folder of what was sent, or for which {trusts} vouches",
            "buzón {name}: cualquiera puede escribir y así abrir una solicitud; cuentan las respuestas que están en su carpeta de enviados o por las que responde {trusts}"
        ),
        (false, false) => both!(
            "mailbox {name}: anybody may write and so open a request; answers count for which {trusts} vouches",
            "buzón {name}: cualquiera puede escribir y así abrir una solicitud; cuentan las respuestas por las que responde {trusts}"
        ),
    }
}
