//! What is remembered of a session between two hooks: where it started, and what was told.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Keep;
use crate::snapshot::KnownFinding;
use crate::user_error::UserError;

/// A session of an agent.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Session {
    /// The name of its file.
    #[serde(skip)]
    file: String,
    /// The commit that was there when it was met first. Commits that the agent makes belong to the session.
    pub base: Option<String>,
    /// The findings that were told after edits, by fingerprint.
    pub told: BTreeSet<String>,
    /// The findings that kept it from being done, by fingerprint.
    pub kept_for: BTreeSet<String>,
    /// The digest of the self-model that was told last.
    pub said: String,
}

impl Session {
    /// Returns the session with that identity as it is remembered, or a new one.
    pub fn load(keep: &Keep, identity: Option<&str>) -> Session {
        let identity = identity.unwrap_or("");
        let file = format!("session-{}.json", super::digest(identity));
        let session: Option<Session> = keep.read(&file);
        Session {
            file,
            ..session.unwrap_or_default()
        }
    }

    /// Forgets that findings were told which are not there any more: if they come back, they are told again.
    pub fn forget_repaired(&mut self, introduced: &[&KnownFinding]) {
        self.told.retain(|told| {
            let mut introduced = introduced.iter();
            introduced.any(|finding| finding.fingerprint == *told)
        });
    }

    /// Remembers the session.
    pub fn save(&self, keep: &Keep) -> Result<(), UserError> {
        keep.write(&self.file, self)
    }
}
