//! Who did something, and how that is known, in words.

use chrono_tz::Tz;

use super::{Both, Language, format};
use crate::both;
use crate::engine::event::{Author, AuthorKind};
use crate::engine::proof::{Lack, Proof};

/// `Laura Mora, por el enlace del aviso de las 12:26`. Empty where nothing is known of either.
pub fn told(author: Option<&Author>, proof: &Proof, zone: Tz, language: Language) -> String {
    let name = author.and_then(|author| author.name.as_deref().or(author.address.as_deref()));
    let name = name.map(|name| format::one_line(name, 60)).unwrap_or_default();
    // What a client writes needs no proof, and none is missed.
    let is_client = author.is_some_and(|author| author.kind == AuthorKind::Customer);
    let how = if is_client && !proof.holds() { String::new() } else { how(proof, zone, language) };
    [name, how].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ")
}

/// How it is known; empty where it was not written down.
pub fn how(proof: &Proof, zone: Tz, language: Language) -> String {
    match proof {
        Proof::Unrecorded | Proof::Own => String::new(),
        Proof::None { lacks: Some(lacks) } => {
            let lacks = language.of(lack(*lacks));
            language.of(both!("unproven: {lacks}", "sin prueba: {lacks}"))
        }
        Proof::None { lacks: None } => language.of(both!("unproven", "sin prueba")),
        Proof::Token { name } => language.of(both!("by the token «{name}»", "con la clave «{name}»")),
        Proof::Machine { user: Some(user) } => {
            language.of(both!("by the user {user} of this machine", "por el usuario {user} de esta máquina"))
        }
        Proof::Machine { user: None } => {
            language.of(both!("by a program of this machine", "por un programa de esta máquina"))
        }
        Proof::Link { alert_at } => {
            let at = format::time(*alert_at, zone);
            language.of(both!("by the link of the alert of {at}", "por el enlace del aviso de las {at}"))
        }
        Proof::Session { since } => {
            let since = format::instant(*since, zone, language);
            language.of(both!("in the session of {since}", "en la sesión del {since}"))
        }
        Proof::Signed => language.of(both!("by the source's signature", "por la firma de la fuente")),
        Proof::Server { name } if name.is_empty() => {
            language.of(both!("as the mail server returned it", "como lo devolvió el servidor de correo"))
        }
        Proof::Server { name } => language.of(both!("as the server {name} vouches", "lo confirma el servidor {name}")),
        Proof::Sent { folder: Some(folder) } => {
            language.of(both!("from the folder {folder} of what was sent", "en la carpeta {folder} de lo enviado"))
        }
        Proof::Sent { folder: None } => {
            language.of(both!("from the pipe of what was sent", "por el canal de lo enviado"))
        }
        Proof::Reply { alert_at } => {
            let at = format::time(*alert_at, zone);
            language.of(both!("by answering the alert of {at}", "al responder el aviso de las {at}"))
        }
    }
}

/// Whoever a proof names, for a record that nobody signed: `el usuario ana de esta máquina`.
pub fn who(proof: &Proof, language: Language) -> String {
    let told = how(proof, Tz::UTC, language);
    let preposition = language.of(Both { en: "by ", es: "por " });
    told.strip_prefix(preposition).map(str::to_owned).unwrap_or(told)
}

/// What a mail of the house lacks to be believed.
pub fn lack(lack: Lack) -> Both {
    match lack {
        Lack::NoServer => both!(
            "no mail server is named that could vouch for it",
            "no se indicó qué servidor de correo responde por él"
        ),
        Lack::Silent => both!("the mail server does not vouch for it", "el servidor de correo no responde por él"),
        Lack::Refused => both!("the mail server says that it is forged", "el servidor de correo dice que es falso"),
        Lack::List => {
            both!("a list passed it on under the house's name", "una lista lo reenvió con el nombre de la casa")
        }
        Lack::ReturnPath => both!(
            "its return path is not that of a returned mail",
            "su remitente de retorno no es el de un correo devuelto"
        ),
    }
}

/// What to configure so that such mail is believed.
pub fn remedy(lack: Lack) -> Both {
    match lack {
        Lack::NoServer | Lack::Silent => both!(
            "name the server in [mailbox.NAME] trusts = [\"mx.your-house.example\"], or let plazo read the folder of what was sent too: folders = [\"INBOX\", \"Sent\"]; of a pipe, plazo ingest-email --trusts",
            "indique el servidor en [mailbox.NOMBRE] trusts = [\"mx.su-casa.example\"], o deje que plazo lea también la carpeta de enviados: folders = [\"INBOX\", \"Sent\"]; si llega por tubería, plazo ingest-email --trusts"
        ),
        Lack::Refused => both!(
            "somebody writes under an address of the house, or the house's own mail is not signed: see SPF, DKIM and DMARC of its domain",
            "alguien escribe con una dirección de la casa, o el correo propio no va firmado: revise SPF, DKIM y DMARC de su dominio"
        ),
        Lack::List => both!(
            "let plazo read the mailboxes from which people answer, or their folder of what was sent, not the list",
            "deje que plazo lea los buzones desde los que se responde, o su carpeta de enviados, no la lista"
        ),
        Lack::ReturnPath => both!(
            "let the mail server write the Return-Path into what it delivers",
            "haga que el servidor de correo escriba Return-Path en lo que entrega"
        ),
    }
}
