//! Authors: who wrote or did something, as its channel tells.

use serde::{Deserialize, Serialize};

use crate::engine::address;

/// What kind of actor wrote something (LESSONS 19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorKind {
    /// Somebody to whom the promises are made.
    Customer,
    /// A person of the house.
    Agent,
    /// A program that writes as itself.
    Bot,
    /// An automatic answer in somebody's name (RFC 3834).
    Auto,
    /// The channel itself: notices, joins, bounces.
    System,
}

impl AuthorKind {
    /// Whether a person wrote. Only people answer, and only people ask.
    pub const fn is_human(self) -> bool {
        matches!(self, Self::Customer | Self::Agent)
    }
}

/// Who wrote or did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Name as the channel shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Email address, phone number or user id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What kind of actor.
    pub kind: AuthorKind,
}

impl Author {
    /// An author of whom nothing but the kind is known, such as the business phone that several people share.
    pub const fn unnamed(kind: AuthorKind) -> Self {
        Self { name: None, address: None, kind }
    }

    /// Whether `self` and `other` are the same person as far as can be told.
    pub fn is_same_as(&self, other: &Self) -> bool {
        match (&self.address, &other.address) {
            (Some(mine), Some(theirs)) => address::is_same(mine, theirs),
            _ => self.name.is_some() && self.name == other.name,
        }
    }
}
