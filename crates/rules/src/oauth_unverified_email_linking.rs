//! Finds log-ins through another site that open the account with an address which nobody has verified.

use firedoor_app::{
    Access, Check, CheckKind, Control, Effect, EntryPoint, Field, Map, Operation, Origin,
    Provenance, Refusal, passwords, query,
};

use crate::oauth_flow::{is_told, logs_in, word};
use crate::unowned::is_identifier;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "oauth-unverified-email-linking",
    class: "oauth",
    summary: "an account is opened by an address that the other site may not have verified",
    severity: Severity::High,
    cwe: &["CWE-287", "CWE-345"],
    remediation: "Find accounts by the identifier of the other site; link by address only if both sides have verified it.",
    page: include_str!("../fixtures/oauth-unverified-email-linking/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let accounts = query::account_assets(map);
    for entry in &map.entry_points {
        let Some(code) = word(map, entry).filter(|_| logs_in(map, entry)) else {
            continue;
        };
        let look_up = query::handler_accesses(entry).find(|(_, access)| {
            matches!(access.operation, Operation::Read | Operation::Update)
                && accounts.contains(&access.asset)
                && is_by_address(map, access)
        });
        let Some((effect, access)) = look_up else {
            continue;
        };
        if refuses_known(entry, access) {
            continue;
        }
        let unasked = linked_unasked(map, entry, effect, access);
        let is_asked = asks_whether_verified(entry) && unasked.is_none();
        if is_asked || is_word_of_earlier(map, access) {
            report_own(map, entry, effect, access, findings);
            continue;
        }
        findings
            .at_entry(entry)
            .span(effect.span)
            .confidence(Confidence::Medium)
            .title(format!("`{}` opens accounts by address alone", entry.id()))
            .message(format!(
                "The {} is found by the address that the other site tells, and nothing asks whether that site has verified it.",
                access.asset
            ))
            .because("looks-up", effect.span, "the account is found here")
            .because("exchanges", code.span, "the other site's word is taken here")
            .report();
    }
}

/// The other site has verified the address, and nobody knows whether this application has: whoever registered it
/// first, without owning it, shares the account from then on.
fn report_own(
    map: &Map,
    entry: &EntryPoint,
    effect: &Effect,
    access: &Access,
    findings: &mut Findings,
) {
    let linked = query::handler_accesses(entry).find(|(_, write)| {
        let is_link = |field: &Field| !is_contact(&field.name) && is_told(map, &field.value);
        let is_written = write.operation == Operation::Update
            && write.asset == access.asset
            && write.values.iter().any(is_link);
        is_written || is_kept_beside(map, entry, write, access)
    });
    let Some((linking, given)) = linked else {
        return;
    };
    let Some(registration) = registration(map, access.asset) else {
        return;
    };
    let looks = |entry: &EntryPoint| {
        let examined = entry.examined.iter().flat_map(|test| test.operands.iter());
        let mut fields = examined.flat_map(|operand| operand.record_fields(access.asset));
        fields.any(|field| is_verification(&field))
    };
    // Where the address counts as verified from now on, whoever has chosen the password is let in by it.
    let vouching: Vec<(&Effect, &Field)> = query::handler_accesses(entry)
        .filter(|(_, write)| write.operation == Operation::Update && write.asset == access.asset)
        .flat_map(|(effect, write)| write.values.iter().map(move |field| (effect, field)))
        .filter(|(_, field)| is_verification(&field.name))
        .collect();
    let asks_at_log_in =
        |other: &EntryPoint| query::verifies_password(other) && looks(other) && vouching.is_empty();
    let is_behind = |effect: &Effect| {
        let mut operands = entry.checks_of(effect).flat_map(|check| &check.operands);
        operands.any(|operand| {
            let mut fields = operand.record_fields(access.asset);
            fields.any(|field| is_verification(&field))
        })
    };
    // Looked at only to fill it in where it is missing, nothing else hangs on it.
    let is_only_filled = vouching.iter().any(|(effect, field)| {
        let mut old = field.value.record_fields(access.asset);
        is_behind(effect) || old.any(|name| name == field.name)
    });
    let is_required =
        is_behind(linking) || given.key.iter().any(|field| is_verification(&field.name));
    let is_asked = match is_only_filled {
        true => is_required,
        false => looks(entry) || map.entry_points.iter().any(asks_at_log_in),
    };
    if is_asked || resets_password(map, entry, access.asset) {
        return;
    }
    findings
        .at_entry(entry)
        .symbol("own")
        .span(linking.span)
        .confidence(Confidence::Medium)
        .title(format!("`{}` links accounts whose address nobody has verified", entry.id()))
        .message(format!(
            "The {} was made with whatever address its maker typed, and keeps its password when the other site's log-in is linked to it: who registers a victim's address first shares the account later.",
            access.asset
        ))
        .because("looks-up", effect.span, "the account is found by its address here")
        .because("links", linking.span, "the other site's log-in is linked here")
        .because(
            "registers",
            registration.registered,
            format!("`{}` takes any address", registration.id()),
        )
        .report();
}

/// Returns an entry point by which anybody makes an account with an address and a password of his choice.
fn registration(map: &Map, asset: ustr::Ustr) -> Option<&EntryPoint> {
    map.entry_points.iter().find(|entry| {
        !entry.verdict(Control::Authentication).refuses()
            && query::handler_accesses(entry).any(|(_, access)| {
                access.operation == Operation::Create
                    && access.asset == asset
                    && access
                        .values
                        .iter()
                        .any(|field| is_contact(&field.name) && field.value.is_from_client())
                    && access
                        .values
                        .iter()
                        .any(|field| passwords::is_password(map, asset, field.name))
            })
    })
}

/// Holds if the password of the account goes, or the account with it. What is removed since it is old is another one.
fn resets_password(map: &Map, entry: &EntryPoint, asset: ustr::Ustr) -> bool {
    let is_found_one = |field: &Field| {
        let mut old = field.value.record_fields(asset);
        field.operator == "="
            && (old.next().is_some() || is_contact(&field.name) || is_told(map, &field.value))
    };
    query::handler_accesses(entry).any(|(_, access)| {
        let mut values = access.values.iter();
        let is_reset = access.operation == Operation::Update
            && values.any(|field| passwords::is_password(map, asset, field.name));
        // Of a record that was found first, and is removed itself, the key may not be known.
        let is_removed = access.operation == Operation::Delete
            && (access.key.is_empty() || access.key.iter().any(is_found_one));
        access.asset == asset && (is_reset || is_removed)
    })
}

fn is_contact(name: &str) -> bool {
    name.to_ascii_lowercase().contains("mail")
}

/// What an earlier step has stored was looked at there.
fn is_word_of_earlier(map: &Map, access: &Access) -> bool {
    access.key.iter().any(|field| {
        let origins = field.value.origins();
        let is_record = |origin: &Origin| matches!(origin, Origin::Record { .. });
        is_contact(&field.name) && origins.iter().any(is_record) && is_told(map, &field.value)
    })
}

fn is_by_address(map: &Map, access: &Access) -> bool {
    access
        .key
        .iter()
        .any(|field| is_contact(&field.name) && is_told(map, &field.value))
}

/// Something hangs on whether the other site has verified the address. Of what unknown libraries return the fields
/// are not known.
fn asks_whether_verified(entry: &EntryPoint) -> bool {
    let is_asked = |provenance: &Provenance| {
        provenance.origins().iter().any(|origin| match origin {
            Origin::Claim(name) | Origin::Answer(name) | Origin::UnverifiedClaim(name) => {
                is_verification(name)
            }
            _ => false,
        })
    };
    // With which key a token was verified says nothing of the address.
    let keys: Vec<&Origin> = query::verifications(entry)
        .flat_map(|(_, found)| found.secret.origins())
        .collect();
    let is_unknown = |provenance: &Provenance| {
        let mut origins = provenance.origins().iter();
        origins.any(|origin| matches!(origin, Origin::Outside(_)) && !keys.contains(&origin))
    };
    // Of a site that says nothing of it, that it does not say no is no answer.
    let is_no = |kind: CheckKind, operands: &[Provenance]| {
        let is_false = |operand: &Provenance| {
            operand
                .literal()
                .is_some_and(|text| text.eq_ignore_ascii_case("false"))
        };
        kind == CheckKind::Equality && operands.iter().any(is_false)
    };
    let mut tests = entry
        .examined
        .iter()
        .filter(|found| found.operands.iter().any(is_asked))
        .peekable();
    let is_only_no = tests.peek().is_some()
        && tests
            .clone()
            .all(|found| is_no(found.kind, &found.operands));
    let is_tested = !is_only_no && tests.next().is_some();
    is_tested
        || entry.checks.iter().any(|check| {
            let is_proof = matches!(check.kind, CheckKind::Proof | CheckKind::Failure);
            let provenance = check.provenance();
            (!is_only_no && is_asked(&provenance)) || (!is_proof && is_unknown(&provenance))
        })
}

/// Returns where the other site's log-in is linked to an account that its address has found, while only what is done
/// for whoever has none hangs on whether that site has verified the address.
fn linked_unasked<'m>(
    map: &Map,
    entry: &'m EntryPoint,
    look_up: &Effect,
    access: &Access,
) -> Option<&'m Effect> {
    // With which key a token was verified says nothing of the address.
    let keys: Vec<&Origin> = query::verifications(entry)
        .flat_map(|(_, found)| found.secret.origins())
        .collect();
    let is_asked = |provenance: &Provenance| {
        provenance.origins().iter().any(|origin| match origin {
            Origin::Claim(name) | Origin::Answer(name) | Origin::UnverifiedClaim(name) => {
                is_verification(name)
            }
            Origin::Outside(_) | Origin::Unknown(_) => !keys.contains(&origin),
            _ => false,
        })
    };
    // Of a check that asks of accounts only where none is found, the found ones are let past.
    let spares_found = |check: &Check| {
        let finds = |part: &Check| {
            let is_found = |operand: &Provenance| {
                let mut fields = operand.record_fields(access.asset);
                fields.any(|field| field.is_empty())
            };
            let is_there = match part.kind {
                CheckKind::Presence => part.outcome,
                CheckKind::Equality => !part.outcome && part.operands.iter().any(is_nothing),
                _ => false,
            };
            is_there && part.operands.iter().any(is_found) && !is_asked(&part.provenance())
        };
        check.is_alternative && check.alternatives.iter().any(finds)
    };
    let is_behind = |effect: &Effect| {
        entry.checks_of(effect).any(|check| {
            !matches!(check.kind, CheckKind::Proof | CheckKind::Failure)
                && is_asked(&check.provenance())
                && !spares_found(check)
        })
    };
    // What accounts are found by from then on is the link; a new picture is none.
    let is_link = |field: &Field| {
        let mut keys = query::handler_accesses(entry)
            .filter(|(_, found)| found.asset == access.asset && !found.operation.is_write())
            .flat_map(|(_, found)| &found.key);
        let is_key = keys.any(|key| key.name == field.name && is_told(map, &key.value));
        is_key && !is_contact(&field.name) && is_told(map, &field.value)
    };
    let is_after = |effect: &Effect| look_up.checks.iter().all(|id| effect.checks.contains(id));
    let is_found = |field: &Field| {
        let mut fields = field.value.record_fields(access.asset);
        fields.next().is_some() || is_told(map, &field.value)
    };
    if is_behind(look_up) {
        return None;
    }
    let is_written = |write: &Access| {
        write.operation == Operation::Update
            && write.asset == access.asset
            && write.key.iter().any(is_found)
            && write.values.iter().any(is_link)
    };
    query::handler_accesses(entry)
        .filter(|(_, write)| {
            let mut fields = write.key.iter().chain(&write.values);
            (is_written(write) || is_kept_beside(map, entry, write, access))
                && !fields.any(|field| is_asked(&field.value))
        })
        .map(|(effect, _)| effect)
        .find(|effect| is_after(effect) && !is_behind(effect))
}

fn is_nothing(value: &Provenance) -> bool {
    value.is_empty() || value.literal().is_some_and(|text| text == "null")
}

/// Holds if a record of its own ties what the other site calls somebody to the account that was found, and tells from
/// then on which account it is.
fn is_kept_beside(map: &Map, entry: &EntryPoint, write: &Access, account: &Access) -> bool {
    let is_told_name = |field: &Field| !is_contact(&field.name) && is_told(map, &field.value);
    let is_asked_for = |name: ustr::Ustr| {
        let mut reads = query::handler_accesses(entry)
            .filter(|(_, found)| found.asset == write.asset && !found.operation.is_write())
            .flat_map(|(_, found)| &found.key);
        reads.any(|key| key.name == name && is_told(map, &key.value))
    };
    let is_account = |field: &Field| {
        let mut fields = field.value.record_fields(account.asset);
        fields.any(|name| name.is_empty() || is_identifier(&name))
    };
    write.operation == Operation::Create
        && write.asset != account.asset
        && write.values.iter().any(is_account)
        && write
            .values
            .iter()
            .any(|field| is_told_name(field) && is_asked_for(field.name))
}

/// How sites call it: `email_verified`, `verified_email`, `verified`, `is_email_confirmed`, `xms_edov`.
fn is_verification(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["verif", "confirm", "edov"]
        .iter()
        .any(|word| name.contains(word))
}

/// Whoever has an account already is told to log in with it.
fn refuses_known(entry: &EntryPoint, access: &Access) -> bool {
    entry
        .checks
        .iter()
        .filter(|check| {
            // Of one of several ways nobody knows that it was this one.
            !check.outcome
                && !check.is_alternative
                && check
                    .refusal
                    .as_ref()
                    .is_some_and(|found| *found != Refusal::Return)
        })
        .any(|check| {
            check.kind == CheckKind::Presence
                && check.operands.iter().any(|operand| {
                    operand
                        .record_fields(access.asset)
                        .any(|field| field.is_empty() || matches!(field.as_str(), "id" | "_id"))
                })
        })
}
