//! Finds registrations that make the new account a member of whatever the client names.

use firedoor_app::admissions::{self, Admission};
use firedoor_app::{
    Access, Control, Effect, EntryPoint, Field, Map, Operation, Origin, Provenance, RequestPart,
    Transport, lookups, query, user_control,
};
use ustr::Ustr;

use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "registration-joins-tenant",
    class: "invite",
    summary: "whoever registers joins the tenant that the request names",
    severity: Severity::High,
    cwe: &["CWE-639"],
    remediation: "Let new accounts into a tenant by an invite only, and take the tenant from the stored invite.",
    page: include_str!("../fixtures/registration-joins-tenant/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let accounts = query::account_assets(map);
    for entry in &map.entry_points {
        if !query::is_registration(map, entry) {
            continue;
        }
        let secrets = lookups::lookups(map, entry);
        let joined = query::handler_accesses(entry).find_map(|(effect, access)| {
            Some((effect, access, group(map, &accounts, entry, access)?))
        });
        let joined = joined.filter(|(_, access, field)| {
            let asset = access.asset;
            !secrets
                .iter()
                .any(|it| may_invite(map, it.access.asset, asset, field))
        });
        let Some((effect, access, field)) = joined else {
            continue;
        };
        findings
            .at_entry(entry)
            .confidence(match is_checked(entry, effect, field) {
                true => Confidence::Low,
                false => Confidence::High,
            })
            .title(format!("`{}` joins any {} that the client names", entry.id(), words(field)))
            .message(format!(
                "`{}` of {} comes from the request, no invite stands before it, and the application later decides by it.",
                field.name, access.asset
            ))
            .because("writes", effect.span, "the new account is put into it here")
            .report();
    }
    check_choices(map, &accounts, findings);
}

/// Holds unless it is known of what the secret finds that it says nothing of such groups, as a token that only proves
/// an address.
fn may_invite(map: &Map, found: Ustr, joining: Ustr, field: &Field) -> bool {
    let group = map
        .asset(joining)
        .and_then(|asset| asset.field(&field.name))
        .and_then(|field| field.refers_to);
    let is_about = |name: &str| {
        let wanted = words(field).to_ascii_lowercase();
        name.to_ascii_lowercase().contains(&wanted)
    };
    match map.asset(found) {
        Some(asset) if !asset.fields.is_empty() => asset.fields.iter().any(|it| {
            is_about(&it.name) || group.is_some() && (it.refers_to == group || Some(found) == group)
        }),
        _ => true,
    }
}

/// Reports who joins whatever he names where others get in by an invitation only.
fn check_choices(map: &Map, accounts: &[Ustr], findings: &mut Findings) {
    let invited = admissions::admissions(map);
    let entries = map.entry_points.iter();
    for entry in entries.filter(|entry| entry.transport == Transport::Http) {
        if query::is_registration(map, entry) || findings.tell_of(entry) {
            continue;
        }
        let found = query::handler_accesses(entry).find_map(|(effect, access)| {
            let by_invite = invited.iter().find(|it| it.access.asset == access.asset)?;
            let field = group(map, accounts, entry, access)?;
            let is_open = is_sent_along(&field.value)
                && !accounts.contains(&access.asset)
                && !is_asked(entry, effect)
                && !is_checked(entry, effect, field)
                && !takes_invite(map, entry, by_invite)
                && !is_made_here(map, entry, access, field);
            is_open.then_some((effect, access, field, by_invite))
        });
        let Some((effect, access, field, by_invite)) = found else {
            continue;
        };
        findings
            .at_entry(entry)
            .confidence(Confidence::Medium)
            .title(format!(
                "`{}` joins any {} that the client names",
                entry.id(),
                words(field)
            ))
            .message(format!(
                "`{}` of {} comes from the request; others get in by an invitation, at `{}`.",
                field.name,
                access.asset,
                by_invite.lookup.entry.id()
            ))
            .because("writes", effect.span, "somebody is put into it here")
            .because(
                "compared-with",
                by_invite.effect.span,
                "an invitation puts somebody into it here",
            )
            .report();
    }
}

/// What a path names is joined there on purpose; a field beside others is easily overlooked.
fn is_sent_along(value: &Provenance) -> bool {
    let mut sent = value
        .origins()
        .iter()
        .filter(|it| it.is_from_client())
        .peekable();
    sent.peek().is_some()
        && sent.all(|it| {
            matches!(
                it,
                Origin::Request(
                    RequestPart::Body | RequestPart::Query | RequestPart::Message,
                    _
                )
            )
        })
}

/// Holds if the caller is asked for a rank, or held against something.
fn is_asked(entry: &EntryPoint, effect: &Effect) -> bool {
    entry.checks_of(effect).any(|check| {
        matches!(
            user_control(check),
            Some(Control::Ownership | Control::Authorization)
        )
    })
}

/// Holds if the invitation is looked up here, too.
fn takes_invite(map: &Map, entry: &EntryPoint, by_invite: &Admission<'_>) -> bool {
    let found = lookups::lookups(map, entry);
    found
        .iter()
        .any(|it| it.access.asset == by_invite.lookup.access.asset)
}

/// Holds if the group is made along with its first member.
fn is_made_here(map: &Map, entry: &EntryPoint, access: &Access, field: &Field) -> bool {
    let declared = map.asset(access.asset);
    let group = declared
        .and_then(|asset| asset.field(&field.name))
        .and_then(|field| field.refers_to);
    query::handler_accesses(entry).any(|(_, other)| {
        other.operation == Operation::Create
            && (Some(other.asset) == group
                || other
                    .values
                    .iter()
                    .any(|it| lookups::is_identifier(&it.name) && it.value == field.value))
    })
}

fn words(field: &Field) -> &str {
    let name = field.name.as_str();
    name.strip_suffix("_id")
        .or_else(|| name.strip_suffix("Id"))
        .unwrap_or(name)
}

/// Returns the field that names the group which the new account joins.
fn group<'m>(
    map: &'m Map,
    accounts: &[Ustr],
    entry: &EntryPoint,
    access: &'m Access,
) -> Option<&'m Field> {
    if access.operation != Operation::Create {
        return None;
    }
    let is_account = accounts.contains(&access.asset);
    let names_account = is_account
        || access.values.iter().any(|field| {
            lookups::is_of_any(&field.value, accounts)
                || query::is_principal(&field.value)
                || is_new_account(map, accounts, entry, (access.asset, field))
        });
    if !names_account || !(is_account || admissions::is_membership(map, access.asset)) {
        return None;
    }
    access.values.iter().find(|field| {
        (field.value.is_from_client() || is_found_by_client(entry, &field.value))
            && !lookups::is_of_any(&field.value, accounts)
            && !lookups::is_random(&field.value)
            && names_group(map, accounts, access.asset, field.name)
    })
}

/// Holds if it is the number of a record that was found by the number that the client sent, and by nothing else that
/// says whether everybody may be in it; that there is room left is no such thing.
fn is_found_by_client(entry: &EntryPoint, value: &Provenance) -> bool {
    let is_by_number = |wanted: Ustr| {
        let mut found = query::handler_accesses(entry)
            .filter(|(_, access)| access.asset == wanted && access.operation != Operation::Create)
            .peekable();
        let is_sent = |key: &Field| {
            lookups::is_identifier(&key.name) && key.operator == "=" && is_sent_along(&key.value)
        };
        let says_nothing =
            |key: &Field| is_sent(key) || matches!(key.operator, "<" | "<=" | ">" | ">=");
        found.peek().is_some()
            && found.all(|(_, access)| {
                access.key.iter().any(is_sent) && access.key.iter().all(says_nothing)
            })
    };
    !value.is_empty()
        && value.origins().iter().all(|origin| {
            matches!(origin, Origin::Record { asset, field, of_principal: false }
                if lookups::is_identifier(field) && is_by_number(*asset))
        })
}

/// Holds if the field refers to accounts, and gets the random key that was chosen for the new one.
fn is_new_account(
    map: &Map,
    accounts: &[Ustr],
    entry: &EntryPoint,
    (asset, field): (Ustr, &Field),
) -> bool {
    let declared = map.asset(asset).and_then(|it| it.field(&field.name));
    let account = declared
        .and_then(|it| it.refers_to)
        .filter(|it| accounts.contains(it));
    lookups::is_random(&field.value)
        && query::handler_accesses(entry).any(|(_, made)| {
            let is_key = |it: &Field| lookups::is_identifier(&it.name) && it.value == field.value;
            made.operation == Operation::Create
                && Some(made.asset) == account
                && made.values.iter().any(is_key)
        })
}

/// Holds if the field refers to records of another asset that are no accounts: by its declaration, or since
/// other code finds such records by it.
fn names_group(map: &Map, accounts: &[Ustr], asset: Ustr, name: Ustr) -> bool {
    let is_reference = map
        .asset(asset)
        .and_then(|asset| asset.field(&name))
        .and_then(|field| field.refers_to)
        .is_some_and(|other| !accounts.contains(&other));
    let is_followed = map.entry_points.iter().any(|entry| {
        query::accesses(entry).any(|(_, access)| {
            !accounts.contains(&access.asset)
                && access.asset != asset
                && access.key.iter().any(|key| {
                    lookups::is_identifier(&key.name)
                        && key.operator == "="
                        && key.value.record_fields(asset).any(|field| field == name)
                })
        })
    });
    let is_account = accounts.contains(&asset);
    match is_account {
        // Accounts refer to many things that grant nothing, such as a country or a picture.
        true => admissions::is_decisive(map, asset, name) && (is_reference || is_followed),
        false => is_reference || is_followed || is_decisive_key(map, asset, name),
    }
}

fn names_one(value: &Provenance) -> bool {
    let is_word = |origin: &Origin| matches!(origin, Origin::Literal(_));
    !query::is_principal(value) && !value.origins().iter().all(is_word)
}

/// Holds if the membership is looked up by who is asking and by that field. One that is held against words of the program
/// says what kind of member somebody is, and not of what.
fn is_decisive_key(map: &Map, asset: Ustr, name: Ustr) -> bool {
    map.entry_points.iter().any(|entry| {
        query::accesses(entry).any(|(_, access)| {
            access.asset == asset
                && access
                    .key
                    .iter()
                    .any(|field| query::is_principal(&field.value))
                && access
                    .key
                    .iter()
                    .any(|field| field.name == name && names_one(&field.value))
        })
    })
}

/// Holds if something is asked of the group before, other than whether it exists.
fn is_checked(entry: &EntryPoint, effect: &Effect, field: &Field) -> bool {
    let found = query::handler_accesses(entry)
        .filter(|(_, access)| access.key.iter().any(|key| key.value == field.value))
        .map(|(_, access)| access.asset);
    let named = field
        .value
        .origins()
        .iter()
        .filter_map(|origin| match origin {
            Origin::Record { asset, .. } => Some(*asset),
            _ => None,
        });
    let assets: Vec<Ustr> = found.chain(named).collect();
    entry.checks_of(effect).any(|check| {
        check.refusal.is_some()
            && check.provenance().origins().iter().any(|origin| {
                matches!(origin, firedoor_app::Origin::Record { asset, field, .. }
                    if assets.contains(asset) && !field.is_empty())
            })
    })
}
