//! Finds refresh tokens that work again after they were exchanged.

use firedoor_app::{
    Access, Check, CheckKind, Effect, EntryPoint, Field, Map, Operation, Origin, openings, query,
    sessions,
};
use ustr::Ustr;

use crate::refresh_not_revocable::is_exchange;
use crate::token_kinds::{Issued, Verified, accepts, issued, verified};
use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "refresh-not-rotated",
    class: "token-replay",
    summary: "a refresh token can be used again after it was exchanged",
    severity: Severity::High,
    cwe: &["CWE-294"],
    remediation: "Replace the stored token in the same statement that finds it, and hand out the new one.",
    page: include_str!("../fixtures/refresh-not-rotated/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        let Some((effect, access)) = openings::renewal(map, entry) else {
            continue;
        };
        if let Some((kept, name)) = keeps_old(map, entry, access) {
            findings
                .at_entry(entry)
                .symbol(&name)
                .title(format!("`{}` takes a refresh token that was exchanged", entry.id()))
                .message(format!(
                    "The token that was presented is kept in `{name}` of {}, and whoever brings one that stands there is taken as well: a copy works as long as the session.",
                    access.asset
                ))
                .because("looks-up", effect.span, "the token is looked up here")
                .because("keeps", kept.span, "and the old one is kept here")
                .report();
        } else if !replaces(map, entry, access.asset) {
            findings
                .at_entry(entry)
                .title(format!("`{}` takes the same refresh token again and again", entry.id()))
                .message(format!(
                    "It finds the {} by the token that the client sends and opens a session; the token is not replaced.",
                    access.asset
                ))
                .because("looks-up", effect.span, "the token is looked up here")
                .report();
        }
    }
    for found in verified(map).filter(|found| is_exchange(map, found)) {
        numbered(map, &found, findings);
    }
}

/// Returns where the token that was presented is put into a field by which tokens are taken too, with the name of the
/// field. One that is taken a moment longer, for requests that cross, is as good as exchanged.
fn keeps_old<'m>(map: &Map, entry: &'m EntryPoint, found: &Access) -> Option<(&'m Effect, Ustr)> {
    let opening = openings::session_opening(map, entry);
    let is_moment = |field: &Field| field.value.origins().contains(&Origin::Clock);
    query::handler_accesses(entry)
        .filter(|(_, access)| access.asset == found.asset && access.operation == Operation::Update)
        .filter(|(effect, _)| {
            opening.is_none_or(|opening| !query::are_exclusive(entry, effect, opening))
        })
        .find_map(|(effect, access)| {
            // A session that lasts longer each time was given its end where it was made.
            let is_made_so = |name: Ustr| {
                let mut all = query::accesses_of_asset(map, found.asset);
                all.any(|(_, _, made)| {
                    made.operation == Operation::Create
                        && made
                            .values
                            .iter()
                            .any(|it| it.name == name && is_moment(it))
                })
            };
            let is_for_now = || {
                found.key.iter().any(|key| {
                    let mut written = access.values.iter().filter(|it| it.name == key.name);
                    key.operator != "="
                        && is_moment(key)
                        && written.any(is_moment)
                        && !is_made_so(key.name)
                })
            };
            let name = found.key.iter().find_map(|key| {
                let mut values = access.values.iter();
                let is_kept = values.any(|it| {
                    it.name == key.name
                        && it.value == key.value
                        && matches!(it.operator, "=" | "push")
                });
                let is_asked_again = refuses_old(entry, effect, access, key);
                (key.operator == "=" && key.value.is_from_client() && is_kept && !is_asked_again)
                    .then_some(key.name)
            })?;
            (!is_for_now()).then_some((effect, name))
        })
}

/// Holds if whoever brings what stands in this field is found to be refused: the exchange asks that another field has the
/// token, or a test before it that this one has not.
fn refuses_old(entry: &EntryPoint, effect: &Effect, change: &Access, old: &Field) -> bool {
    let is_current =
        |key: &Field| key.name != old.name && key.operator == "=" && key.value == old.value;
    let is_old = |check: &Check| {
        let mut operands = check.operands.iter();
        check.kind == CheckKind::Equality
            && !check.outcome
            && check.refusal.is_some()
            && operands.any(|it| it.record_fields(change.asset).any(|name| name == old.name))
    };
    let asks_for_old = change.key.iter().any(|key| key.name == old.name);
    !asks_for_old && change.key.iter().any(is_current) || entry.checks_of(effect).any(is_old)
}

/// A signed token carries a number made by chance that is kept with the session, by which old tokens are told from the
/// last one: where it is exchanged, nothing holds the one against the other.
fn numbered(map: &Map, found: &Verified<'_>, findings: &mut Findings) {
    let source = issued(map)
        .filter(|made| !std::ptr::eq(made.entry, found.entry) && accepts(found, made.token))
        .find_map(|made| Some((made, kept_number(map, &made)?)));
    let Some((made, (claim, kept))) = source else {
        return;
    };
    if is_held_against(found.entry, claim) {
        return;
    }
    findings
        .at_entry(found.entry)
        .symbol("number")
        .title(format!("`{}` takes a refresh token that was exchanged", found.entry.id()))
        .message(format!(
            "`{claim}` of the token is kept with the session where it is issued, and not asked for here: every token of the session works, however old."
        ))
        .because("verifies", found.effect.span, "the token is verified here")
        .because("issued", made.effect.span, "its number is put into it here")
        .because("keeps", kept.span, "and kept here")
        .report();
}

/// Returns the claim that chance made, and where the same value is stored with a session.
fn kept_number<'m>(map: &Map, made: &Issued<'m>) -> Option<(Ustr, &'m Effect)> {
    let kept = sessions::session_assets(map);
    made.token.claims.iter().find_map(|claim| {
        let is_chance = |origin: &Origin| matches!(origin, Origin::Random { .. });
        let chance = claim
            .value
            .origins()
            .iter()
            .find(|origin| is_chance(origin))?;
        let (effect, _) = query::handler_accesses(made.entry).find(|(_, access)| {
            access.operation == Operation::Create
                && kept.contains(&access.asset)
                && access
                    .values
                    .iter()
                    .any(|field| field.name == claim.name && field.value.origins().contains(chance))
        })?;
        Some((claim.name, effect))
    })
}

fn is_held_against(entry: &EntryPoint, claim: Ustr) -> bool {
    let has_claim = |value: &firedoor_app::Provenance| {
        value.origins().iter().any(|origin| {
            matches!(origin, Origin::Principal(name) | Origin::Claim(name) if *name == claim)
        })
    };
    let in_key = query::accesses(entry)
        .any(|(_, access)| access.key.iter().any(|field| has_claim(&field.value)));
    in_key
        || entry
            .checks
            .iter()
            .any(|check| has_claim(&check.provenance()))
        || entry
            .examined
            .iter()
            .any(|test| test.operands.iter().any(has_claim))
}

/// Holds if the handler gives the record a new token, or makes a new record in its place: the old one is changed or
/// removed then.
/// What is done only where no session is opened, as where a token comes twice, replaces nothing.
pub fn replaces(map: &Map, entry: &EntryPoint, asset: ustr::Ustr) -> bool {
    let opening = openings::session_opening(map, entry);
    let is_with_opening = |effect: &Effect| {
        opening.is_none_or(|opening| !query::are_exclusive(entry, effect, opening))
    };
    let written = || {
        query::handler_accesses(entry)
            .filter(|(effect, access)| access.asset == asset && is_with_opening(effect))
    };
    let is_old_changed = written().any(|(_, access)| {
        access.operation == Operation::Delete
            || access.operation == Operation::Update && is_noticed(entry, access, opening)
    });
    written().any(|(_, access)| match access.operation {
        Operation::Delete => true,
        Operation::Update => has_token(access),
        Operation::Create => is_old_changed && has_token(access),
        _ => false,
    })
}

/// The change is one that the way to the new session looks at: in the key by which the record is found, or in a check
/// before the session is opened. What is only asked of tokens that were refused already is not.
fn is_noticed(entry: &EntryPoint, change: &Access, opening: Option<&Effect>) -> bool {
    let Some(opening) = opening else {
        return true;
    };
    // A token that may have been used a moment ago is found again, with a new moment each time.
    let is_met_again = |key: &Field, change: &Field| {
        let is_moment = |it: &Field| it.value.origins().contains(&Origin::Clock);
        matches!(key.operator, ">" | ">=") && is_moment(key) && is_moment(change)
    };
    // A change of whatever still lacks the mark says by how many it found whether the token was new: unless somebody
    // looks at that number, it has noticed nothing.
    let is_unheeded = |effect: &Effect, access: &Access| {
        access.operation == Operation::Update
            && access.is_many
            && !sessions::decides(entry, effect, access)
    };
    let in_key = |field: &Field| {
        query::handler_accesses(entry)
            .filter(|(effect, access)| {
                access.asset == change.asset
                    && !query::are_exclusive(entry, effect, opening)
                    && !is_unheeded(effect, access)
            })
            .any(|(_, access)| {
                // What is there and a moment ago, and what is not there, are two ways of one condition.
                let mut keys = access.key.iter().filter(|key| key.name == field.name);
                keys.clone().next().is_some() && !keys.any(|key| is_met_again(key, field))
            })
    };
    let in_check = |name: Ustr| {
        entry.checks_of(opening).any(|check| {
            let all = check.provenance();
            all.record_fields(change.asset).any(|field| field == name)
        })
    };
    change.values.is_empty()
        || !change.spread.is_empty()
        || change
            .values
            .iter()
            .any(|field| in_key(field) || in_check(field.name))
}

fn has_token(access: &Access) -> bool {
    let mut values = access.values.iter();
    values.any(|field| query::is_token(&field.value))
}
