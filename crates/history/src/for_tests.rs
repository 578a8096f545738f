//! What the tests of this crate call besides what is for everybody; nobody else may.

pub use crate::agents::{Signs, matches};
pub use crate::ignored::Ignored;
pub use crate::message::{name, person, trailers};
pub use crate::store::{FORM, MOST_BYTES};
pub use crate::trace::{NEW, line_map};

use std::sync::Arc;

use rusqlite::Connection;

use crate::snapshot::{Known, Snapshot, Spot};
use crate::{Agent, Agents, Store, StoreError};

/// Returns the agents that are known.
pub fn listed(agents: &Agents) -> &[Agent] {
    &agents.0
}

/// Returns the database of a store.
pub fn connection(store: &Store) -> &Connection {
    &store.connection
}

/// Keeps an analysis with one finding.
pub fn put(store: &mut Store, key: &str, title: &str) -> Result<(), StoreError> {
    let known = Known {
        rule: String::from("csrf-missing"),
        fingerprint: String::from("f00d"),
        symbol: String::from("POST /x"),
        severity: String::from("high"),
        confidence: String::from("high"),
        title: title.to_owned(),
        entry_point: None,
        is_allowed: false,
        place: Spot {
            file: String::from("a.js"),
            line: 1,
        },
        evidence: Vec::new(),
    };
    let snapshot = Snapshot {
        doors: Arc::default(),
        findings: vec![Arc::new(known)],
        fault: None,
    };
    store.put(key, &snapshot)
}

/// Returns the title of the finding that is kept.
pub fn title(store: &mut Store, key: &str) -> Result<Option<String>, StoreError> {
    let found = store.get(key)?;
    Ok(found.map(|snapshot| snapshot.findings[0].title.clone()))
}

/// Leaves out what is not used, where the store is larger than that.
pub fn tidy_above(store: &mut Store, most: i64) -> Result<(), StoreError> {
    store.tidy_above(most)
}
