//! Whether the code meets what the plan decides: for each decision that is kept `met`, `broken` or not visible yet.

use std::collections::BTreeMap;

use firedoor_app::Map;
use firedoor_rules::{Confidence, Finding, Severity};

use crate::drift::{Drift, drift};
use crate::keep::{Kept, Plan};
use crate::visible::{Sight, Sights, sights};
use crate::vocabulary::parts;

/// Whether the code meets a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// A finding of one of its rules stands.
    Broken,
    /// The map shows nothing of the part.
    NotVisible,
    /// No rule of firedoor checks it.
    Unchecked,
    /// The part is there, and none of its rules finds anything.
    Met,
    /// Somebody has accepted it.
    Accepted,
}

impl Status {
    /// Returns the word for it in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Broken => "broken",
            Status::NotVisible => "not-visible",
            Status::Unchecked => "unchecked",
            Status::Met => "met",
            Status::Accepted => "accepted",
        }
    }
}

/// A decision of the plan with what the code makes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    /// The decision.
    pub kept: Kept,
    /// Whether the code meets it.
    pub status: Status,
    /// Why, in words.
    pub because: String,
    /// Places, each with a word for it: findings of a broken one, else what shows the part.
    pub places: Vec<Sight>,
}

/// How the code stands to its plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The decisions, broken ones first, then in the order of the file.
    pub owed: Vec<Owed>,
    /// Where documents of the interface and the code differ.
    pub drift: Vec<Drift>,
}

/// The most places that are told for one decision.
const MOST_PLACES: usize = 5;

/// Returns how `map`, about which the `findings` stand, meets `plan`.
pub fn stand(plan: &Plan, map: &Map, findings: &[&Finding]) -> Standing {
    let mut seen: BTreeMap<&str, Sights> = BTreeMap::new();
    for part in parts() {
        seen.insert(part.id, sights(part, map));
    }
    let mut owed: Vec<Owed> = plan
        .kept
        .iter()
        .map(|kept| judge(kept, &seen, map, findings))
        .collect();
    owed.sort_by_key(|owed| owed.status);
    Standing {
        owed,
        drift: plan.apis.iter().flat_map(|api| drift(api, map)).collect(),
    }
}

impl Standing {
    /// Returns the worst severity of what is broken.
    pub fn worst(&self) -> Option<Severity> {
        let broken = self
            .owed
            .iter()
            .filter(|owed| owed.status == Status::Broken);
        broken.map(|owed| owed.kept.severity).max()
    }
}

fn judge(kept: &Kept, seen: &BTreeMap<&str, Sights>, map: &Map, findings: &[&Finding]) -> Owed {
    let owed = |status, because: String, places: Vec<Sight>| Owed {
        kept: kept.clone(),
        status,
        because,
        places,
    };
    if kept.state == "accepted" {
        let reason = kept.reason.clone().unwrap_or_default();
        return owed(Status::Accepted, reason, Vec::new());
    }
    let part = kept.id.split('/').next().unwrap_or("");
    let (places, entries) = match seen.get(part) {
        Some(sights) => (sights.places.clone(), Some(&sights.entries)),
        None => (operation(&kept.id, map), None),
    };
    let broken: Vec<&&Finding> = findings
        .iter()
        .filter(|finding| breaks(kept, part, finding, entries.map(Vec::as_slice)))
        .collect();
    if !broken.is_empty() {
        let rules: Vec<&str> = {
            let mut rules: Vec<&str> = broken.iter().map(|finding| finding.rule.id).collect();
            rules.sort();
            rules.dedup();
            rules
        };
        let places = broken.iter().take(MOST_PLACES);
        let places = places
            .map(|finding| (finding.span, finding.title.clone()))
            .collect();
        return owed(
            Status::Broken,
            format!("found by {}", rules.join(", ")),
            places,
        );
    }
    if places.is_empty() {
        return owed(
            Status::NotVisible,
            String::from("the map shows nothing of it"),
            places,
        );
    }
    let number = places.len();
    let shown: Vec<Sight> = places.into_iter().take(MOST_PLACES).collect();
    if kept.rules.is_empty() {
        return owed(
            Status::Unchecked,
            String::from("no rule of firedoor checks it"),
            shown,
        );
    }
    let because = format!(
        "{number} {}, and nothing is found by {}",
        if number == 1 { "place" } else { "places" },
        kept.rules.join(", ")
    );
    owed(Status::Met, because, shown)
}

/// Holds if `finding` breaks the decision. A rule that several parts share must be about an entry point of this one.
fn breaks(kept: &Kept, part: &str, finding: &Finding, entries: Option<&[String]>) -> bool {
    if !kept.rules.contains(&finding.rule.id) || finding.confidence < Confidence::Medium {
        return false;
    }
    match (&finding.entry_point, entries) {
        (Some(entry), Some(entries)) => {
            entries.contains(entry) || !is_shared(finding.rule.id, part)
        }
        (Some(entry), None) => kept.id.contains(entry.as_str()) || !kept.id.contains('#'),
        (None, _) => true,
    }
}

/// Holds if decisions of another part name the rule too.
fn is_shared(rule: &str, part: &str) -> bool {
    parts()
        .iter()
        .filter(|other| other.id != part)
        .flat_map(|other| &other.decisions)
        .any(|decision| decision.rules.contains(&rule))
}

/// Returns the entry point that an obligation of an API document is about: `operation/POST /x#security`.
fn operation(id: &str, map: &Map) -> Vec<Sight> {
    let name = id.split_once('/').map_or("", |(_, rest)| rest);
    let name = name.rsplit_once('#').map_or(name, |(name, _)| name);
    let place = |entry: &firedoor_app::EntryPoint| (entry.registered, entry.id());
    let all = map.entry_points.iter();
    if id.starts_with("operation/") || id.starts_with("channel/") {
        return all.filter(|entry| entry.id() == name).map(place).collect();
    }
    all.take(1).map(place).collect()
}
