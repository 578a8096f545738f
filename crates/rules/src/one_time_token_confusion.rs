//! Finds uses of one-time tokens that also take tokens which were made for something else.

use firedoor_app::{EntryPoint, Map, Operation, lookups, lookups::Lookup, query};
use ustr::Ustr;

use crate::one_time_token_reusable::uses;
use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "one-time-token-confusion",
    class: "password-reset",
    summary: "a one-time token of another kind is taken",
    severity: Severity::High,
    cwe: &["CWE-1270"],
    remediation: "Ask for the kind of the token where it is found, and take only the one that was made for this.",
    page: include_str!("../fixtures/one-time-token-confusion/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for (lookup, used) in uses(map) {
        let Some((kind, texts)) = kinds(map, &lookup) else {
            continue;
        };
        if is_asked(&lookup, kind) || is_passed_on(lookup.entry, lookup.access.asset, kind) {
            continue;
        }
        let asset = lookup.access.asset;
        findings
            .at_entry(lookup.entry)
            .symbol(&kind)
            .title(format!("`{}` takes tokens of every kind", lookup.entry.id()))
            .message(format!(
                "`{kind}` of {asset} is {} where tokens are made, and nothing here asks which it is: one that was made for something less opens this too.",
                texts.join(" or ")
            ))
            .because("looks-up", lookup.effect.span, "the token is looked up here")
            .because("uses", used.span, "what it is good for happens here")
            .report();
    }
}

/// Returns the field of the tokens that says what each is for: entry points that make one each write a word of their
/// own into it.
fn kinds(map: &Map, lookup: &Lookup<'_>) -> Option<(Ustr, Vec<String>)> {
    let asset = lookup.access.asset;
    let mut made: Vec<(Ustr, Ustr, String)> = Vec::new();
    for entry in &map.entry_points {
        for (_, access) in query::handler_accesses(entry) {
            let is_maker = access.asset == asset
                && access.operation == Operation::Create
                && access
                    .values
                    .iter()
                    .any(|value| value.name == lookup.field.name);
            if !is_maker {
                continue;
            }
            for value in &access.values {
                let text = value.value.literal().filter(|text| is_word(text));
                made.extend(text.map(|text| (value.name, text, entry.id())));
            }
        }
    }
    let is_kind = |name: Ustr| {
        let own: Vec<_> = made.iter().filter(|(field, ..)| *field == name).collect();
        let differs = own.iter().any(|(_, text, _)| *text != own[0].1);
        differs
            && own.iter().all(|(_, text, entry)| {
                own.iter()
                    .all(|(_, other, place)| other == text || place != entry)
            })
    };
    let name = made
        .iter()
        .map(|(name, ..)| *name)
        .find(|name| is_kind(*name))?;
    let mut texts: Vec<String> = made
        .iter()
        .filter(|(field, ..)| *field == name)
        .map(|(_, text, _)| format!("`{text}`"))
        .collect();
    texts.sort();
    texts.dedup();
    Some((name, texts))
}

/// A word, neither a number nor a truth.
fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic())
        && !matches!(text, "null" | "undefined" | "true" | "false")
}

/// The kind is part of a key, or looked at.
fn is_asked(lookup: &Lookup<'_>, kind: Ustr) -> bool {
    let asset = lookup.access.asset;
    let entry = lookup.entry;
    let in_key = query::handler_accesses(entry)
        .filter(|(_, access)| access.asset == asset && access.operation != Operation::Create)
        .any(|(_, access)| access.key.iter().any(|key| key.name == kind));
    let in_check = entry
        .checks
        .iter()
        .map(firedoor_app::Check::provenance)
        .chain(
            entry
                .examined
                .iter()
                .flat_map(|test| test.operands.iter().cloned()),
        )
        .any(|value| value.record_fields(asset).any(|field| field == kind));
    in_key || in_check
}

/// What a token says is written elsewhere, as the role of an invitation is: it is no kind.
fn is_passed_on(entry: &EntryPoint, asset: Ustr, kind: Ustr) -> bool {
    query::handler_accesses(entry).any(|(_, access)| {
        access.values.iter().any(|value| {
            lookups::is_of_any(&value.value, &[asset])
                && value.value.record_fields(asset).any(|field| field == kind)
        })
    })
}
