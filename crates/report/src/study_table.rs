//! The table of a study, as every format shows it.

use crate::history::Totals;

/// What stands above its columns.
pub(crate) const HEADS: [&str; 9] = [
    "repository",
    "changes",
    "pull requests",
    "with a finding",
    "introduced",
    "repaired",
    "interactions",
    "before",
    "now",
];

/// The row of one repository, or of all; `name` as the format writes it.
pub(crate) fn row(name: &str, totals: Totals) -> Vec<String> {
    vec![
        name.to_owned(),
        totals.changes.to_string(),
        totals.pull_requests.to_string(),
        with_rate(totals.with_finding, totals.finding_rate()),
        totals.introduced.to_string(),
        totals.repaired.to_string(),
        totals.interactions.to_string(),
        totals.base.to_string(),
        totals.last.to_string(),
    ]
}

/// A number, and what share it is of all if there are any.
pub(crate) fn with_rate(number: usize, rate: Option<usize>) -> String {
    match rate {
        Some(rate) => format!("{number} ({rate} %)"),
        None => number.to_string(),
    }
}
