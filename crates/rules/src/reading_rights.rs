//! Rights that are for reading: a part of what is asked before an effect.

use firedoor_app::{EntryPoint, query};
use ustr::Ustr;

use crate::demands::{Asked, Level};

/// The fewest entry points that show that a right is for reading.
const FEWEST: usize = 3;

/// The rights that entry points which only read ask for, more often than others do.
pub fn reading_rights(asked: &[Asked<'_>]) -> Vec<Ustr> {
    let mut counted: Vec<(Ustr, Vec<*const EntryPoint>, Vec<*const EntryPoint>)> = Vec::new();
    for it in asked {
        for demand in &it.demands.all {
            let Level::Right(right) = demand.level else {
                continue;
            };
            let known = counted.iter().position(|(name, ..)| *name == right);
            let place = known.unwrap_or_else(|| {
                counted.push((right, Vec::new(), Vec::new()));
                counted.len() - 1
            });
            let entry: *const EntryPoint = it.entry;
            let list = match query::is_reading(it.entry) {
                true => &mut counted[place].1,
                false => &mut counted[place].2,
            };
            if !list.contains(&entry) {
                list.push(entry);
            }
        }
    }
    counted
        .into_iter()
        .filter(|(_, reads, writes)| reads.len() >= FEWEST && reads.len() > writes.len())
        .map(|(right, ..)| right)
        .collect()
}
