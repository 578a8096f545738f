//! Finds records that any caller reaches by naming them, where the application otherwise asks whose they are.

use firedoor_app::ownership::key_of;
use firedoor_app::{Control, EntryPoint, Map, Origin, Transport};
use firedoor_source::Span;

use crate::accepted_alone::{accepted_alone, requests};
use crate::foreign_author::foreign_author;
use crate::foreign_reference::foreign_references;
use crate::made_for_others::made_for_others;
use crate::parent_parity::unasked_parents;
use crate::unowned::{Unowned, unowned};
use crate::{Confidence, Findings, Rule, Severity};

/// How many further effects one finding names at most.
const MOST: usize = 4;

/// The rule.
pub static RULE: Rule = Rule {
    id: "object-without-owner-check",
    class: "idor",
    summary: "a record is found by what the client sends, and nobody asks whose it is",
    severity: Severity::High,
    cwe: &["CWE-639"],
    remediation: "Make the caller part of the query, or compare the record's owner with the caller before it is used.",
    page: include_str!("../fixtures/object-without-owner-check/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let all = unowned(map);
    let open: Vec<&Unowned<'_>> = all
        .iter()
        .filter(|found| !found.has_checked_parent)
        .collect();
    for (number, found) in open.iter().enumerate() {
        let (entry, asset) = (found.usage.entry, found.usage.access.asset);
        // Whoever asks once whose the named record is has asked for all that hangs on it.
        let is_like = |other: &&&Unowned<'_>| {
            std::ptr::eq(other.usage.entry, entry) && chosen(other) == chosen(found)
        };
        if open[..number]
            .iter()
            .any(|other| is_like(&other) && other.confidence >= found.confidence)
        {
            continue;
        }
        let rest = open[number + 1..].iter().filter(is_like);
        let mut finding = findings
            .at_entry(entry)
            .span(found.usage.effect.span)
            .symbol(&asset)
            .confidence(found.confidence)
            .title(format!("`{}` {} any {asset} by its key", entry.id(), found.verb()))
            .message(format!(
                "The {asset} is found by what the client sends; the caller is neither part of the key nor of a check before it is used."
            ))
            .because(
                "compared-with",
                found.example.span,
                found.example.words(asset),
            )
            .because("reached", entry.registered, "the entry point");
        for (span, words) in further(found, rest) {
            finding = finding.because("effect", span, words);
        }
        finding.report();
    }
    report_made(map, findings);
    report_foreign(map, findings);
    report_references(map, findings);
    report_accepted(map, findings);
    report_parents(map, findings);
}

/// Returns what else is done to records of the same key, each once.
fn further<'m>(
    found: &Unowned<'m>,
    rest: impl Iterator<Item = &'m &'m Unowned<'m>>,
) -> Vec<(Span, String)> {
    let place = |it: &Unowned<'_>| (it.usage.effect.span, it.usage.access.asset, it.verb());
    let mut places = vec![place(found)];
    for other in rest.map(|other| place(other)) {
        if places.len() <= MOST && !places.contains(&other) {
            places.push(other);
        }
    }
    let told = places.into_iter().skip(1);
    told.map(|(span, asset, verb)| (span, format!("{verb} the {asset} of that key too")))
        .collect()
}

/// Reports what members of a group change or delete although somebody else wrote it.
fn report_foreign(map: &Map, findings: &mut Findings) {
    let is_known = |entry: &&EntryPoint| {
        entry.transport == Transport::Http
            && entry.verdict(Control::Authentication).refuses()
            && entry.public_because.is_none()
    };
    for entry in map.entry_points.iter().filter(is_known) {
        let Some(found) = foreign_author(map, entry).filter(|_| !findings.tell_of(entry)) else {
            continue;
        };
        let (asset, field) = (found.asset, found.field);
        findings
            .at_entry(entry)
            .span(found.effect.span)
            .symbol(&asset)
            .symbol(&field)
            .confidence(Confidence::Medium)
            .title(format!("`{}` changes any {asset}, whoever wrote it", entry.id()))
            .message(format!(
                "The {asset} is found by what the client sends, and {field} is not held against the caller{}.",
                found.asked()
            ))
            .because("made", found.made.span, "who writes one is noted here")
            .because("reached", entry.registered, "the entry point")
            .report();
    }
}

/// Reports new records that the client gives to whom it likes.
fn report_made(map: &Map, findings: &mut Findings) {
    for found in made_for_others(map) {
        let (entry, asset, field) = (found.entry, found.access.asset, found.field.name);
        let (other, place) = found.example;
        let words = match found.is_owner {
            true => format!("`{}` puts the caller there", other.id()),
            false => format!("`{}` holds the caller against it", other.id()),
        };
        findings
            .at_entry(entry)
            .span(found.effect.span)
            .symbol(&asset)
            .symbol(&field)
            .confidence(found.confidence)
            .title(format!("`{}` makes a {asset} with any {field}", entry.id()))
            .message(format!(
                "The {field} of the new {asset} is what the client sends; the caller is neither put there nor held against it."
            ))
            .because("compared-with", place, words)
            .because("reached", entry.registered, "the entry point")
            .report();
    }
}

/// Reports records that refer to whatever the client names, and are told with it.
fn report_references(map: &Map, findings: &mut Findings) {
    for found in foreign_references(map) {
        let (entry, asset, field, target) = (
            found.entry,
            found.access.asset,
            found.field.name,
            found.target,
        );
        if findings.tell_of(entry) {
            continue;
        }
        let (asking, place) = found.asked;
        let (telling, shown) = found.told;
        findings
            .at_entry(entry)
            .span(found.effect.span)
            .symbol(&asset)
            .symbol(&field)
            .confidence(Confidence::Medium)
            .title(format!("`{}` lets a {asset} refer to any {target}", entry.id()))
            .message(format!(
                "The {field} of the {asset} is what the client sends; nobody asks whose {target} it is."
            ))
            .because(
                "compared-with",
                place,
                format!("`{}` asks whose {target} it is", asking.id()),
            )
            .because(
                "effect",
                shown,
                format!("`{}` tells the {target} that a {asset} refers to", telling.id()),
            )
            .because("reached", entry.registered, "the entry point")
            .report();
    }
}

/// Reports what whoever asks for it may grant himself.
fn report_accepted(map: &Map, findings: &mut Findings) {
    let requests = requests(map);
    for entry in &map.entry_points {
        let found = accepted_alone(&requests, entry);
        let Some(found) = found.filter(|_| !findings.tell_of(entry)) else {
            continue;
        };
        findings
            .at_entry(entry)
            .span(found.effect.span)
            .symbol(&found.asset)
            .symbol(&found.asked)
            .confidence(Confidence::Medium)
            .title(format!(
                "`{}` lets whoever asked for the {} accept it",
                entry.id(),
                found.asset
            ))
            .message(format!(
                "{} and {} are let through alike: who asks needs nobody to say yes.",
                found.asking, found.asked
            ))
            .because("either", found.either, "both are let through here")
            .because("made", found.made, "it is asked for here")
            .because("reached", entry.registered, "the entry point")
            .report();
    }
}

/// Reports records below a parent that the client names, and that nearly all others ask for.
fn report_parents(map: &Map, findings: &mut Findings) {
    for found in unasked_parents(map) {
        let (entry, asset, field) = (found.entry, found.access.asset, found.field.name);
        if findings.tell_of(entry) {
            continue;
        }
        let (asking, place) = found.example;
        findings
            .at_entry(entry)
            .span(found.effect.span)
            .symbol(&asset)
            .symbol(&field)
            .confidence(Confidence::Medium)
            .title(format!("`{}` {} a {asset} with any {field}", entry.id(), found.verb()))
            .message(format!(
                "The {field} is what the client sends, and {} other entry points hold the caller against it; this one does not.",
                found.asking
            ))
            .because("compared-with", place, format!("`{}` asks before it goes on", asking.id()))
            .because("reached", entry.registered, "the entry point")
            .report();
    }
}

/// Returns the part of the request that chooses the record.
fn chosen(found: &Unowned<'_>) -> Vec<Origin> {
    let key = key_of(found.usage.entry, found.usage.access);
    let origins = key.iter().flat_map(|field| field.value.origins());
    let mut sent: Vec<Origin> = origins
        .filter(|origin| origin.is_from_client())
        .cloned()
        .collect();
    sent.sort();
    sent.dedup();
    sent
}
