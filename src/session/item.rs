//! The items of the checklist, and who signed them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An item of the checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its name on the command line: `neonlift sign KEY --by NAME`.
    pub key: String,
    /// What has to be true.
    pub text: String,
    /// Who can tell that it is.
    pub kind: ItemKind,
    /// The evidence for it, or why it is still open.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub evidence: String,
    /// Ticked by the machine.
    #[serde(default)]
    pub ticked: bool,
    /// Signed by a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
}

impl Item {
    /// Whether nothing is left to do for it.
    pub fn is_closed(&self) -> bool {
        match self.kind {
            ItemKind::Machine => self.ticked,
            ItemKind::Person => self.signature.is_some(),
        }
    }
}

/// Who can tell that an item is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// The machine, from what it did and measured.
    Machine,
    /// Only a person.
    Person,
}

/// Who signed an item, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The name given.
    pub by: String,
    /// When.
    pub at: Timestamp,
}
