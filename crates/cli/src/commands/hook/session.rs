//! What is remembered of a session between two hooks: where it started, and what was told.

use std::collections::{BTreeMap, BTreeSet};

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
    /// The findings that were told after edits, by fingerprint, with the files that they rest on.
    pub told: BTreeMap<String, Vec<String>>,
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

    /// Forgets that findings were told which rest on `files` and are not among the `introduced`: if they come back, they
    /// are told again.
    pub fn forget_repaired(&mut self, files: &[String], introduced: &[&KnownFinding]) {
        self.told.retain(|told, places| {
            let mut introduced = introduced.iter();
            !places.iter().any(|place| files.contains(place))
                || introduced.any(|finding| finding.fingerprint == *told)
        });
    }

    /// Remembers that findings were told.
    pub fn tell(&mut self, findings: &[&KnownFinding]) {
        let told = findings.iter();
        let told = told.map(|finding| (finding.fingerprint.clone(), finding.files.clone()));
        self.told.extend(told);
    }

    /// Remembers the session.
    pub fn save(&self, keep: &Keep) -> Result<(), UserError> {
        keep.write(&self.file, self)
    }
}
