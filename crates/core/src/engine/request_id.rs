//! The number by which a request is named everywhere.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A request's number, written `R-17`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub i64);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "R-{}", self.0)
    }
}

/// A word that names no request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no request id; write it as R-17")]
pub struct NoRequestId(String);

impl NoRequestId {
    /// What stands there instead.
    pub fn word(&self) -> &str {
        &self.0
    }
}

impl FromStr for RequestId {
    type Err = NoRequestId;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let number = word.strip_prefix("R-").or_else(|| word.strip_prefix("r-")).unwrap_or(word);
        let number: i64 = number.parse().map_err(|_| NoRequestId(word.to_owned()))?;
        if number > 0 { Ok(Self(number)) } else { Err(NoRequestId(word.to_owned())) }
    }
}
