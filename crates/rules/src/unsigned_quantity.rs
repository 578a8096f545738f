//! Finds numbers of the client that change a balance and may be negative.

use firedoor_app::{Access, CheckKind, Field, Map, query};

use crate::client_value::{
    has_lower_bound, is_bounded_number, is_compared_with_balance, is_counted, is_from_server,
    sent_fields, written_fields,
};
use crate::privileged::is_money;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unsigned-quantity",
    class: "business-logic",
    summary: "a number from the client changes a balance, and may be negative",
    severity: Severity::High,
    cwe: &["CWE-1284", "CWE-840"],
    remediation: "Refuse numbers below one before anything is counted.",
    page: include_str!("../fixtures/unsigned-quantity/README.md"),
    check,
};

/// Holds if the field is declared as a text or names another record: one instead of the other is no sum.
fn is_no_number(map: &Map, access: &Access, field: &Field) -> bool {
    let declared = map.asset(access.asset);
    let Some(declared) = declared.and_then(|asset| asset.field(&field.name)) else {
        return false;
    };
    let is_text = |kind: ustr::Ustr| {
        let kind = kind.to_ascii_lowercase();
        ["str", "char", "text", "uuid"]
            .iter()
            .any(|word| kind.starts_with(word))
    };
    declared.refers_to.is_some() || declared.kind.is_some_and(is_text)
}

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        if query::is_administrative_path(&entry.path) || is_from_server(entry) {
            continue;
        }
        for (effect, access, field) in written_fields(entry) {
            if !is_counted(access, field) || is_no_number(map, access, field) {
                continue;
            }
            for (origin, sent) in sent_fields(&field.value) {
                let balance = (access.asset, field.name);
                let is_balance = is_money(map, access.asset, field.name) && field.operator == "+="
                    || is_compared_with_balance(entry, effect, &origin, balance);
                let is_number = is_balance || is_bounded_number(entry, effect, &origin);
                if !is_number
                    || sent == field.name && !is_balance
                    || has_lower_bound(entry, effect, &origin)
                {
                    continue;
                }
                let is_looked_at = entry.checks_of(effect).any(|check| {
                    check.kind == CheckKind::Other && check.provenance().origins().contains(&origin)
                });
                findings
                    .at_entry(entry)
                    .span(effect.span)
                    .symbol(&format!("{}.{}|{sent}", access.asset, field.name))
                    .confidence(match is_looked_at {
                        true => Confidence::Low,
                        false => Confidence::Medium,
                    })
                    .title(format!("`{}` takes a negative `{sent}`", entry.id()))
                    .message(format!(
                        "`{sent}` of the request changes `{}` of {}, and nothing refuses a number below zero, which turns giving into taking.",
                        field.name, access.asset
                    ))
                    .because("counted", effect.span, "it is counted with here")
                    .because("reached", entry.registered, "the entry point")
                    .report();
            }
        }
    }
}
