//! Finds second factors that can be switched off without a proof.

use firedoor_app::{Access, Control, EntryPoint, Map, Operation, query, sessions};
use ustr::Ustr;

use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "two-factor-disable-unverified",
    class: "two-factor",
    summary: "the second factor can be switched off without password or code",
    severity: Severity::High,
    cwe: &["CWE-308"],
    remediation: "Ask for a current code, or the password, in every case before the second factor is removed.",
    page: include_str!("../fixtures/two-factor-disable-unverified/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let places = sessions::second_factors(map);
    for entry in &map.entry_points {
        if entry.verdict(Control::Authentication) != firedoor_app::Verdict::Enforced {
            continue;
        }
        let unproven = query::handler_accesses(entry).find(|(effect, access)| {
            switches_off(&places, access) && !sessions::is_proven(entry, effect)
        });
        if let Some((effect, access)) = unproven.filter(|_| !makes_secret(entry)) {
            findings
                .at_entry(entry)
                .title(format!("`{}` switches the second factor off without a proof", entry.id()))
                .message("Nothing that must be proven stands before it in every case: a stolen session is enough.")
                .because("removes", effect.span, format!("the second factor is removed from {} here", access.asset))
                .report();
        }
    }
}

/// Holds if the access removes what codes are compared with.
fn switches_off(places: &[(Ustr, Ustr)], access: &Access) -> bool {
    let is_kept_here = |name: Option<Ustr>| {
        places.iter().any(|(asset, field)| {
            *asset == access.asset
                && name.is_none_or(|name| *field == name || field.starts_with(&format!("{name}.")))
        })
    };
    match access.operation {
        Operation::Delete => is_kept_here(None) && !access.key.is_empty(),
        Operation::Update => access.values.iter().any(|field| {
            let is_cleared = field
                .value
                .literal()
                .is_some_and(|literal| matches!(literal.as_str(), "null" | "" | "undefined"))
                || (field.value.is_empty() && field.operator == "=");
            is_cleared && is_kept_here(Some(field.name))
        }),
        _ => false,
    }
}

/// Enrolment replaces a secret that is not confirmed yet.
fn makes_secret(entry: &EntryPoint) -> bool {
    entry
        .effects
        .iter()
        .any(|effect| matches!(effect.kind, firedoor_app::EffectKind::MakeSecret(_)))
}
