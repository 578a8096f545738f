//! Finds invites whose role is chosen by the person who accepts them, or is above the one of who makes them.

use firedoor_app::{
    CheckKind, Effect, EntryPoint, Field, Map, Operation, Origin, Provenance, RequestPart,
    admissions, lookups, query,
};

use crate::lesser_role::gives_above;
use crate::privileged::is_rank_name;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "invite-role-from-client",
    class: "invite",
    summary: "whoever accepts an invite chooses the role, or who makes it gives a higher one than his own",
    severity: Severity::High,
    cwe: &["CWE-269"],
    remediation: "Take the role from the stored invite, and nothing that decides on permissions from the request.",
    page: include_str!("../fixtures/invite-role-from-client/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for found in admissions::admissions(map) {
        let entry = found.lookup.entry;
        let asset = found.lookup.access.asset;
        let chosen = found.access.values.iter().find(|field| {
            is_chosen(field)
                && (admissions::is_decisive(map, found.access.asset, field.name)
                    || is_rank_name(&field.name))
                && !is_compared(entry, found.effect, asset, field)
                && !is_overwritten(entry, asset, field)
        });
        let chosen = chosen.map(|field| field.name);
        let Some(name) = chosen.or_else(|| admissions::filled_field(map, found.access)) else {
            continue;
        };
        let is_decisive = admissions::is_decisive(map, found.access.asset, name);
        findings
            .at_entry(entry)
            .confidence(match is_decisive {
                true => Confidence::High,
                false => Confidence::Medium,
            })
            .title(format!(
                "`{}` takes `{}` from the request",
                entry.id(),
                name
            ))
            .message(match is_decisive {
                true => format!(
                    "Checks decide by `{}` of {}; the invite does not limit what is written here.",
                    name, found.access.asset
                ),
                false => format!(
                    "`{}` of {} says what somebody may do; the invite does not limit what is written here.",
                    name, found.access.asset
                ),
            })
            .because("writes", found.effect.span, "the role is written here")
            .because(
                "looks-up",
                found.lookup.effect.span,
                "the invite is found here",
            )
            .report();
    }
    report_given(map, findings);
}

/// Whoever makes an invite puts a role into it that he does not have himself.
fn report_given(map: &Map, findings: &mut Findings) {
    let mut assets: Vec<ustr::Ustr> = admissions::admissions(map)
        .iter()
        .map(|found| found.lookup.access.asset)
        .collect();
    assets.sort();
    assets.dedup();
    for entry in &map.entry_points {
        let made = query::handler_accesses(entry).filter(|(_, access)| {
            access.operation == Operation::Create && assets.contains(&access.asset)
        });
        for (effect, access) in made {
            let above = access.values.iter().find_map(|field| {
                let ranks = is_rank_name(&field.name).then_some(field)?;
                Some((ranks, gives_above(map, entry, effect, ranks)?))
            });
            let Some((field, example)) = above else {
                continue;
            };
            findings
                .at_entry(entry)
                .span(effect.span)
                .symbol("given")
                .confidence(Confidence::High)
                .title(format!("`{}` gives out a role above the caller's", entry.id()))
                .message(format!(
                    "`{}` of the new {} is what the client sends, and may be one that some who come here lack; nothing holds it against the role of who gives it.",
                    field.name, access.asset
                ))
                .because("writes", effect.span, "the role is written here")
                .because(
                    "compared-with",
                    example.registered,
                    format!("`{}` is only for those who have it", example.id()),
                )
                .report();
        }
    }
}

fn is_chosen(field: &Field) -> bool {
    field.value.is_from_client() && !lookups::is_identifier(&field.name)
}

/// Holds if the value is compared with the invite before it is written.
fn is_compared(entry: &EntryPoint, effect: &Effect, asset: ustr::Ustr, field: &Field) -> bool {
    let sent = request_fields(&field.value);
    entry.checks_of(effect).any(|check| {
        check.refusal.is_some()
            && check
                .operands
                .iter()
                .any(|operand| lookups::is_of_any(operand, &[asset]))
            && check.operands.iter().any(|operand| {
                request_fields(operand)
                    .iter()
                    .any(|name| sent.contains(name))
            })
    })
}

/// The invite says it wherever there is one, whatever was sent: only without an invite, as for the first account of
/// all, the client does. `sent || invite.role` asks what was sent, and this does not.
fn is_overwritten(entry: &EntryPoint, asset: ustr::Ustr, field: &Field) -> bool {
    let sent = request_fields(&field.value);
    let is_asked = |operands: &[Provenance]| {
        let mut fields = operands.iter().flat_map(request_fields);
        fields.any(|name| sent.contains(&name))
    };
    let mut examined = entry.examined.iter();
    lookups::is_of_any(&field.value, &[asset])
        && !examined.any(|test| test.kind == CheckKind::Presence && is_asked(&test.operands))
}

fn request_fields(value: &Provenance) -> Vec<(RequestPart, ustr::Ustr)> {
    value
        .origins()
        .iter()
        .filter_map(|origin| match origin {
            Origin::Request(part, name) if !name.is_empty() => Some((*part, *name)),
            _ => None,
        })
        .collect()
}
