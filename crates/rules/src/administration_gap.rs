//! The one door of an administration that stands open: a part of the rule about gaps.
//!
//! What administrators see may be about nobody, as codes that give a discount are, so that nothing but its neighbours
//! says that it is not for everybody. They may be on other routers: one of several that are mounted below the same path
//! is easily forgotten.

use firedoor_app::{Control, EntryPoint, Map, Operation, Transport, Verdict, path_segments, query};

use crate::exposure::is_public_by_nature;

/// The fewest neighbours that say what is usual.
const FEWEST: usize = 4;

/// Returns the others below the same administrative path, if every one of them asks who is there and `entry`, which
/// tells what is stored, asks nobody.
pub fn neighbours<'m>(map: &'m Map, entry: &EntryPoint) -> Option<Vec<&'m EntryPoint>> {
    let is_open = entry.transport == Transport::Http
        && entry.verdict(Control::Authentication) == Verdict::Absent
        && tells_records(entry);
    if !is_open {
        return None;
    }
    let above = administration(&entry.path)?;
    let others: Vec<&EntryPoint> = map
        .entry_points
        .iter()
        .filter(|other| !std::ptr::eq(*other, entry) && other.transport == Transport::Http)
        .filter(|other| administration(&other.path).as_ref() == Some(&above))
        // An administration may have a log-in of its own.
        .filter(|other| !is_public_by_nature(map, other))
        .collect();
    let is_guarded =
        |other: &&EntryPoint| other.verdict(Control::Authentication) == Verdict::Enforced;
    (others.len() >= FEWEST && others.iter().all(is_guarded)).then_some(others)
}

/// Returns the path up to the segment that is called after administration.
fn administration(path: &str) -> Option<String> {
    if !query::is_administrative_path(path) {
        return None;
    }
    let mut above = String::new();
    path_segments(path).find_map(|segment| {
        above.push('/');
        above.push_str(segment);
        query::is_administrative_path(&above).then(|| above.clone())
    })
}

/// Holds if an answer tells of records that the handler reads.
fn tells_records(entry: &EntryPoint) -> bool {
    query::accesses_in(&entry.exposed).any(|(effect, access)| {
        let is_answer = |it: &firedoor_app::Effect| query::tells(it, access.asset);
        effect.layer.is_none()
            && access.operation == Operation::Read
            && entry.exposed.iter().any(is_answer)
    })
}
