//! Log-outs that wait for a cookie which browsers do not send there: a part of the rule about log-outs.
//!
//! A cookie with a path is sent to that path and what lies below it, by whole segments (RFC 6265, 5.1.4).

use firedoor_app::{
    Access, Effect, EntryPoint, Map, Origin, Provenance, RequestPart, SetCookie, path_segments,
    query, sessions,
};
use ustr::Ustr;

use crate::{Confidence, Findings};

/// A cookie that does not come where it is read.
pub struct Lost<'m> {
    name: Ustr,
    path: Ustr,
    /// Where the session that it names would be ended.
    ends: &'m Effect,
    /// Where it is set.
    set: &'m Effect,
    /// An entry point that it is sent to.
    other: &'m EntryPoint,
}

/// Returns the cookie by which the session is found that the log-out ends, if it is never sent there, and comes to
/// others that read it.
pub fn lost<'m>(map: &'m Map, kept: &[Ustr], entry: &'m EntryPoint) -> Option<Lost<'m>> {
    let ends = || {
        query::handler_accesses(entry).filter(|(_, access)| {
            kept.contains(&access.asset) && sessions::ends_record(map, access)
        })
    };
    let (first, access) = ends().next()?;
    let name = cookie_of(access)?;
    if !ends().all(|(_, access)| cookie_of(access) == Some(name)) {
        return None;
    }
    let cookies: Vec<(&Effect, &SetCookie)> = query::all_cookies(map)
        .filter(|(_, _, cookie)| cookie.name == Some(name))
        .map(|(_, effect, cookie)| (effect, cookie))
        .collect();
    let (set, cookie) = cookies.first()?;
    let path = cookie.path?;
    let is_elsewhere = cookies
        .iter()
        .all(|(_, cookie)| cookie.path.is_some_and(|path| !covers(&path, entry)));
    // Where a path is cut off on the way, no entry point lies below it.
    let other = map
        .entry_points
        .iter()
        .find(|other| covers(&path, other) && reads(other, name))?;
    is_elsewhere.then_some(Lost {
        name,
        path,
        ends: first,
        set,
        other,
    })
}

/// The one cookie that is all of the client's in the key.
fn cookie_of(access: &Access) -> Option<Ustr> {
    let mut names = Vec::new();
    for field in &access.key {
        for origin in field.value.origins() {
            match origin {
                Origin::Request(RequestPart::Cookie, name) if !name.is_empty() => names.push(*name),
                Origin::Request(..) | Origin::Principal(_) => return None,
                Origin::Record {
                    of_principal: true, ..
                } => return None,
                _ => {}
            }
        }
    }
    names.sort();
    names.dedup();
    match names.as_slice() {
        [name] => Some(*name),
        _ => None,
    }
}

fn covers(path: &str, entry: &EntryPoint) -> bool {
    let mut own = path_segments(&entry.path);
    path_segments(path).all(|segment| own.next() == Some(segment))
}

fn reads(entry: &EntryPoint, name: Ustr) -> bool {
    let has = |value: &Provenance| {
        value
            .origins()
            .contains(&Origin::Request(RequestPart::Cookie, name))
    };
    let mut accesses = query::accesses(entry);
    accesses.any(|(_, access)| access.key.iter().any(|field| has(&field.value)))
}

/// Reports it.
pub fn report(entry: &EntryPoint, lost: &Lost<'_>, findings: &mut Findings) {
    let (name, path) = (lost.name, lost.path);
    findings
        .at_entry(entry)
        .symbol(&name)
        .confidence(Confidence::High)
        .title(format!("`{}` never gets the cookie that it ends the session of", entry.id()))
        .message(format!(
            "Browsers send `{name}` to `{path}` and below only, as to `{}`: here it is missing, and the session goes on.",
            lost.other.id()
        ))
        .because("ends", lost.ends.span, "the session would be ended here")
        .because("sets", lost.set.span, "the cookie is set here")
        .report();
}
