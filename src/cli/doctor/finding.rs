//! What a look found: how it stands, in words, and what to do about it.

use std::pin::Pin;

use crate::text::Both;

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Well.
    Ok,
    /// It works, and should be seen to.
    Warn,
    /// It does not work, or lets in whom it should not.
    Fail,
    /// Not looked at: it is not there, or cannot be told from here.
    Skipped,
}

impl State {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Skipped => "skipped",
        }
    }
}

/// What is looked at together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    File,
    Secrets,
    Mail,
    Destinations,
    Address,
    Mailboxes,
    Clock,
    Store,
    Daemon,
    Doors,
    Proofs,
}

impl Group {
    /// The word for programs.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Secrets => "secrets",
            Self::Mail => "mail",
            Self::Destinations => "destinations",
            Self::Address => "address",
            Self::Mailboxes => "mailboxes",
            Self::Clock => "clock",
            Self::Store => "store",
            Self::Daemon => "daemon",
            Self::Doors => "doors",
            Self::Proofs => "proofs",
        }
    }

    pub(super) const fn title(self) -> Both<&'static str> {
        match self {
            Self::File => Both { en: "The file", es: "El archivo" },
            Self::Secrets => Both { en: "Secrets", es: "Claves" },
            Self::Mail => Both { en: "Mail that goes out", es: "Correo que sale" },
            Self::Destinations => {
                Both { en: "Where alerts go besides mail", es: "A dónde van los avisos además del correo" }
            }
            Self::Address => Both { en: "The public address", es: "La dirección pública" },
            Self::Mailboxes => Both { en: "Mailboxes that are read", es: "Buzones que se leen" },
            Self::Clock => Both { en: "The clock", es: "El reloj" },
            Self::Store => Both { en: "Disk and store", es: "Disco y base de datos" },
            Self::Daemon => Both { en: "The daemon", es: "El servicio" },
            Self::Doors => Both { en: "Who may come in", es: "Quién puede entrar" },
            Self::Proofs => Both { en: "Whose mail counts", es: "Qué correo cuenta" },
        }
    }
}

/// What is looked at.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    group: Group,
    /// Its name for programs.
    name: String,
    /// Its name for people.
    title: Both,
}

impl Subject {
    pub(super) fn new(group: Group, name: &str, title: Both<&str>) -> Self {
        Self { group, name: name.to_owned(), title: Both { en: title.en.to_owned(), es: title.es.to_owned() } }
    }

    /// Something that has its name from the file.
    pub(super) fn named(group: Group, name: impl Into<String>) -> Self {
        let name = name.into();
        Self { group, title: name.clone().into(), name }
    }

    /// Whether looking at it takes no network.
    pub(super) const fn is_of_this_machine(&self) -> bool {
        matches!(self.group, Group::Store)
    }

    /// Its name for programs.
    pub(super) fn name(&self) -> String {
        self.name.clone()
    }

    pub(super) fn ok(self, found: Both) -> Finding {
        self.found(State::Ok, found, None)
    }

    pub(super) fn warn(self, found: Both, remedy: Both) -> Finding {
        self.found(State::Warn, found, Some(remedy))
    }

    pub(super) fn fail(self, found: Both, remedy: Both) -> Finding {
        self.found(State::Fail, found, Some(remedy))
    }

    /// It was not looked at, as `found` says why.
    pub(super) fn skipped(self, found: Both) -> Finding {
        self.found(State::Skipped, found, None)
    }

    /// The same, and how it can be.
    pub(super) fn skipped_until(self, found: Both, remedy: Both) -> Finding {
        self.found(State::Skipped, found, Some(remedy))
    }

    fn found(self, state: State, found: Both, remedy: Option<Both>) -> Finding {
        Finding { group: self.group, name: self.name, title: self.title, state, found, remedy }
    }
}

/// What a look found.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) group: Group,
    pub(super) name: String,
    pub(super) title: Both,
    pub(super) state: State,
    pub(super) found: Both,
    pub(super) remedy: Option<Both>,
}

/// A look on its way. Its subject is told where it does not end in time.
pub(super) struct Check {
    pub(super) subject: Subject,
    pub(super) work: Pin<Box<dyn Future<Output = Finding>>>,
}

impl Check {
    pub(super) fn of(subject: Subject, work: impl Future<Output = Finding> + 'static) -> Self {
        Self { subject, work: Box::pin(work) }
    }

    /// What is known without waiting.
    pub(super) fn known(finding: Finding) -> Self {
        let subject = Subject { group: finding.group, name: finding.name.clone(), title: finding.title.clone() };
        Self::of(subject, std::future::ready(finding))
    }
}
