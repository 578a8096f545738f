//! Finds requests whose fields are stored whatever they are called, in records that say what somebody may do.

use firedoor_app::{
    Access, Check, CheckKind, Effect, EntryPoint, Map, Operation, Origin, Provenance, RequestPart,
    query,
};
use ustr::Ustr;

use crate::privileged::{Privilege, Privileges, is_key, is_rank_name};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "request-body-stored-whole",
    class: "mass-assignment",
    summary: "every field that the client sends is stored",
    severity: Severity::High,
    cwe: &["CWE-915"],
    remediation: "Name the fields that clients may set, or validate the body with a schema that drops unknown fields.",
    page: include_str!("../fixtures/request-body-stored-whole/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let privileges = Privileges::new(map);
    for entry in &map.entry_points {
        for (effect, access) in query::handler_accesses(entry) {
            let is_stored = matches!(access.operation, Operation::Create | Operation::Update)
                && (access.spread.iter().any(is_whole) || begins_all(map, entry, effect, access));
            if !is_stored {
                continue;
            }
            let fields = open_fields(&privileges, entry, effect, access);
            let Some(privilege) = fields.first() else {
                continue;
            };
            let names: Vec<String> = fields
                .iter()
                .take(3)
                .map(|found| format!("`{}`", found.field))
                .collect();
            findings
                .at_entry(entry)
                .span(effect.span)
                .symbol(&access.asset)
                .confidence(confidence(map, entry, effect, access, &fields))
                .title(format!(
                    "`{}` stores whatever fields the client sends in {}",
                    entry.id(),
                    access.asset
                ))
                .message(format!(
                    "Nothing between the request and the {} names the fields that may be set; {} is among those that it has.",
                    access.asset,
                    names.join(", ")
                ))
                .because("privileged", privilege.span, privilege.because.clone())
                .because("reached", entry.registered, "the entry point")
                .report();
        }
    }
}

/// Holds for the first of the changes that one statement makes in a loop over all columns that there are, where each is
/// taken from the request: a whole body by another way.
fn begins_all(map: &Map, entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    let Some(asset) = map.asset(access.asset) else {
        return false;
    };
    let of_statement = || {
        query::handler_accesses(entry).filter(|(other, changed)| {
            other.span == effect.span
                && changed.asset == access.asset
                && changed.operation == Operation::Update
        })
    };
    let mut columns = asset.fields.iter().filter(|field| !is_key(&field.name));
    let is_sent = |name: Ustr| {
        of_statement().any(|(_, changed)| {
            let [only] = changed.values.as_slice() else {
                return false;
            };
            only.name == name
                && !only.value.is_empty()
                && only.value.origins().iter().all(is_of_body)
        })
    };
    asset.fields.len() > 2
        && of_statement()
            .next()
            .is_some_and(|(first, _)| std::ptr::eq(first, effect))
        && columns.all(|field| is_sent(field.name))
}

fn is_of_body(origin: &Origin) -> bool {
    let parts = [RequestPart::Body, RequestPart::Query, RequestPart::Message];
    matches!(origin, Origin::Request(part, _) if parts.contains(part))
}

/// A whole body, query or message, or an object in it whose fields are not known.
fn is_whole(value: &Provenance) -> bool {
    value.origins().iter().any(is_of_body)
}

/// What is sent has been held against a list of names, each before it is stored or all before anything is, and the list
/// does not have this one.
fn is_held_back(entry: &EntryPoint, effect: &Effect, found: &Privilege) -> bool {
    // `'name' in body` asks for one name, and holds none back.
    let asks_for_one = |check: &Check| {
        let mut operands = check.operands.iter();
        operands.next().is_some_and(|it| it.literal().is_some()) && operands.any(is_whole)
    };
    // Which path was asked for, and what kind of body was announced, says nothing of the fields in it.
    let is_beside = |operand: &Provenance| {
        [RequestPart::Line, RequestPart::Path, RequestPart::Header]
            .iter()
            .any(|part| operand.is_from(*part))
    };
    let is_listed = |check: &Check| {
        let mut names = check
            .operands
            .iter()
            .flat_map(|operand| operand.origins())
            .filter_map(|origin| match origin {
                Origin::Literal(text) if text != "null" => Some(*text),
                _ => None,
            })
            .peekable();
        check.kind == CheckKind::Membership
            && !check.operands.iter().any(is_beside)
            && !asks_for_one(check)
            && check.outcome
            && !check.operands.iter().any(query::is_principal)
            && names.peek().is_some()
            && !names.any(|name| name == found.field)
    };
    entry.checks_of(effect).any(|check| {
        let parts = check.parts();
        // Nothing needs to be asked where the loop over the names does not run.
        let is_harmless = |part: &Check| part.kind == CheckKind::Other || is_listed(part);
        parts.iter().any(is_listed) && parts.iter().all(is_harmless)
    })
}

/// The privileged fields that the handler does not set by itself, and that no schema has refused.
fn open_fields(
    privileges: &Privileges<'_>,
    entry: &EntryPoint,
    effect: &Effect,
    access: &Access,
) -> Vec<Privilege> {
    let mut fields = privileges.of(access.asset).to_vec();
    fields.retain(|found| {
        !is_given_by_highest(privileges.map(), entry, effect, (access.asset, found.field))
            && !access
                .values
                .iter()
                .any(|value| value.name == found.field && is_set(&value.value, access.asset))
            && !is_refused(entry, effect, found)
            && !is_held_back(entry, effect, found)
    });
    fields
}

/// The caller has the rank that the field says, and whoever has that is let in wherever it is asked for: he gives ranks
/// to others.
fn is_given_by_highest(map: &Map, entry: &EntryPoint, effect: &Effect, rank: (Ustr, Ustr)) -> bool {
    let mut asked = entry.checks_of(effect).filter_map(|it| accepted(it, rank));
    asked.any(|own| {
        let all = map.entry_points.iter().flat_map(|other| &other.checks);
        let mut others = all.filter_map(|check| accepted(check, rank));
        others.all(|other| own.iter().all(|name| other.contains(name)))
    })
}

/// The ranks of which a check asks the caller's own account for one, where it refuses everybody else.
fn accepted(check: &Check, (asset, name): (Ustr, Ustr)) -> Option<Vec<Ustr>> {
    let is_own = |origin: &Origin| {
        matches!(origin, Origin::Record { asset: of, field, of_principal: true }
            if *of == asset && *field == name)
    };
    let is_asked = matches!(check.kind, CheckKind::Equality | CheckKind::Membership)
        && check.outcome
        && !check.is_alternative
        && check.refusal.is_some();
    let own = check.operands.iter().position(|it| {
        let mut origins = it.origins().iter();
        !it.is_empty() && origins.all(is_own)
    })?;
    let mut others = check
        .operands
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != own);
    let (_, listed) = others.next().filter(|_| is_asked)?;
    let names = listed.origins().iter().map(|origin| match origin {
        Origin::Literal(text) => Some(*text),
        _ => None,
    });
    names
        .collect::<Option<Vec<Ustr>>>()
        .filter(|it| !it.is_empty())
}

/// The server sets the field, at least where another record says it: an invite, wherever there is one. What the caller
/// has is written over by what he sends.
fn is_set(value: &Provenance, asset: Ustr) -> bool {
    let mut origins = value.origins().iter();
    let is_other = |origin: &Origin| matches!(origin, Origin::Record { asset: other, of_principal: false, .. } if *other != asset);
    !value.is_from_client() || origins.any(is_other)
}

/// A schema that refuses other fields than those that it names has let the request on, and does not name this one; or
/// it does, as it names the address of a new account, and the field is no rank.
fn is_refused(entry: &EntryPoint, effect: &Effect, found: &Privilege) -> bool {
    entry.checks_of(effect).any(|check| {
        // `typeof body === "object"` names a kind, and no field.
        let literals = || {
            let names = check.operands.iter().filter_map(Provenance::literal);
            names.filter(|name| !query::is_kind_name(name))
        };
        check.kind == CheckKind::Shape
            && check.outcome
            // Where something else suffices, what it names holds nothing back.
            && !check.is_alternative
            && check.operands.iter().any(is_whole)
            && literals().next().is_some()
            && (!is_rank_name(&found.field) || !literals().any(|name| name == found.field))
    })
}

fn confidence(
    map: &Map,
    entry: &EntryPoint,
    effect: &Effect,
    access: &Access,
    fields: &[Privilege],
) -> Confidence {
    let is_account = query::account_assets(map).contains(&access.asset);
    let is_looked_at = entry.checks_of(effect).any(|check| {
        check.refusal.is_some()
            && check.kind != CheckKind::Failure
            && check.operands.iter().any(|operand| {
                operand
                    .origins()
                    .contains(&Origin::Request(RequestPart::Body, Ustr::from("")))
            })
    });
    let is_administrative = query::is_administrative_path(&entry.path);
    match fields.iter().any(|found| found.is_strong) {
        _ if is_administrative && !is_account => Confidence::Low,
        true if is_looked_at || is_administrative => Confidence::Medium,
        true => Confidence::High,
        false if is_looked_at => Confidence::Low,
        false => Confidence::Medium,
    }
}
