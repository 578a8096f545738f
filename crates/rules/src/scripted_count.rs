//! Requests that a script in a store counts under a value that the client chooses: a part of the rule about keys that
//! clients choose.

use firedoor_app::{Check, CheckKind, EntryPoint, Map, Origin, Provenance, Refusal};
use ustr::Ustr;

use crate::free_key::free_part;
use crate::throttle::header_in;

/// What a script counts by.
pub enum Chosen {
    /// A header.
    Header(Ustr),
    /// A field that is good for nothing else.
    Field(Ustr),
}

/// Returns the checks that refuse by what a script has counted under such a value, as too much, with the value.
pub fn scripted_counts<'m>(map: &Map, entry: &'m EntryPoint) -> Vec<(&'m Check, Chosen)> {
    let counted: Vec<(&Check, &Provenance)> = entry.checks.iter().filter_map(counted).collect();
    let headers = counted.iter().filter_map(|(check, answer)| {
        let header = header_in(answer)?;
        Some((*check, Chosen::Header(header)))
    });
    let headers: Vec<(&Check, Chosen)> = headers.collect();
    // One count that does not hang on what is sent goes on counting.
    let fields = counted.iter().map(|(check, answer)| {
        let field = free_part(map, entry, answer)?;
        Some((*check, Chosen::Field(field)))
    });
    let fields: Option<Vec<(&Check, Chosen)>> = fields.collect();
    headers
        .into_iter()
        .chain(fields.into_iter().flatten().take(1))
        .collect()
}

fn counted(check: &Check) -> Option<(&Check, &Provenance)> {
    let is_refusal = check.refusal.as_ref().and_then(Refusal::status) == Some(429);
    if check.kind != CheckKind::Bound || !is_refusal {
        return None;
    }
    let mut operands = check.operands.iter();
    let answer = operands.find(|it| it.origins().iter().any(Origin::is_of_store))?;
    Some((check, answer))
}
