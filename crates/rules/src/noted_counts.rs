//! What a process counts in its memory, however it goes on: shared by the rules about access and about tokens.
//!
//! A logger that says the same only so often keeps how often, and since when, under each text: that is no work that is
//! done for anybody, whatever the text is made of.

use firedoor_app::{Field, Map, Operation, Origin, counting, query};
use ustr::Ustr;

use crate::socket::is_memory;

/// Holds if all that is ever kept of something is a number and a time.
pub fn is_noted_count(map: &Map, asset: Ustr) -> bool {
    if !is_memory(map, asset) {
        return false;
    }
    let mut made = false;
    for (_, _, access) in query::all_accesses_of_asset(map, asset) {
        match access.operation {
            Operation::Read | Operation::Count | Operation::Delete => continue,
            Operation::Create if begins(&access.values) => made = true,
            Operation::Update if counting::counts(access) || begins(&access.values) => {}
            _ => return false,
        }
        if !access.spread.is_empty() {
            return false;
        }
    }
    made
}

/// A number that stands in the source, and the time, and nothing else.
fn begins(values: &[Field]) -> bool {
    let is_number = |field: &&Field| {
        let text = field.value.literal();
        text.is_some_and(|text| text.parse::<f64>().is_ok())
    };
    let is_time = |field: &&Field| {
        !field.value.is_empty()
            && (field.value.origins().iter())
                .all(|origin| matches!(origin, Origin::Clock | Origin::Literal(_)))
            && field.value.origins().contains(&Origin::Clock)
    };
    values.iter().any(|field| is_number(&field))
        && values.iter().any(|field| is_time(&field))
        && (values.iter()).all(|field| is_number(&field) || is_time(&field))
}
