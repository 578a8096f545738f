//! Finds password resets that an empty token opens: where a used token is blanked, nothing equals nothing.

use firedoor_app::{
    Check, CheckKind, EntryPoint, Map, Origin, Provenance, lookups, query, sessions,
};
use ustr::Ustr;

use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "reset-token-blank",
    class: "password-reset",
    summary: "an empty token resets the password of whoever has none open",
    severity: Severity::Critical,
    cwe: &["CWE-640", "CWE-287"],
    remediation: "Refuse a request without a token, and an account that has no reset open, before the two are compared.",
    page: include_str!("../fixtures/reset-token-blank/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        let Some((effect, access)) = sessions::password_change(map, entry) else {
            continue;
        };
        let found = entry.checks_of(effect).find_map(|check| {
            let stored = compared_field(check, access.asset)?;
            let blank = blanked(map, access.asset, stored)?;
            (!is_asked_for(entry, check)).then_some((check, stored, blank))
        });
        let Some((check, stored, blank)) = found else {
            continue;
        };
        let is_validated = is_validated(entry, check);
        findings
            .at_entry(entry)
            .span(check.span)
            .symbol(&stored)
            .confidence(match is_validated {
                true => Confidence::Low,
                false => Confidence::Medium,
            })
            .title(format!("`{}` takes an empty token", entry.id()))
            .message(format!(
                "`{stored}` of {} is blank where no reset is open, and what the client sends may be blank too: the two are equal.",
                access.asset
            ))
            .because("blanks", blank, format!("`{stored}` is blanked here"))
            .because("sets", effect.span, "the new password is stored here")
            .report();
    }
}

/// The field of the account that the check holds against what the client sends, and that lets the request on where
/// the two are equal.
fn compared_field(check: &Check, asset: Ustr) -> Option<Ustr> {
    if check.kind != CheckKind::Equality || !check.outcome {
        return None;
    }
    let [one, other] = check.operands.as_slice() else {
        return None;
    };
    let (stored, sent) = match is_sent(one) {
        true => (other, one),
        false => (one, other),
    };
    let mut fields = stored.record_fields(asset);
    let field = fields.next()?;
    let is_alone =
        fields.all(|other| other == field) && !stored.origins().contains(&Origin::Digest);
    // Of a digest is never made nothing.
    let is_plain = is_sent(sent) && !sent.origins().contains(&Origin::Digest);
    (is_alone && is_plain && !field.is_empty() && !lookups::is_identifier(&field)).then_some(field)
}

fn is_sent(value: &Provenance) -> bool {
    value.is_from_client() && !query::is_principal(value)
}

/// A schema looked at what was sent, and may ask for a length. `typeof body` and `Array.isArray(body)` ask for none.
fn is_validated(entry: &EntryPoint, check: &Check) -> bool {
    let sent = check.operands.iter().filter(|operand| is_sent(operand));
    let sent: Vec<&Origin> = sent.flat_map(|operand| operand.origins()).collect();
    let is_kind = |operand: &Provenance| {
        operand
            .literal()
            .is_some_and(|text| query::is_kind_name(&text))
    };
    let holds = |operand: &Provenance| {
        let mut origins = operand.origins().iter();
        origins.any(|origin| {
            // The body as a whole, where the token comes in the body.
            let is_whole = sent.iter().any(|sent| match (origin, sent) {
                (Origin::Request(part, name), Origin::Request(own, _)) => {
                    name.is_empty() && part == own
                }
                _ => false,
            });
            is_whole || sent.contains(&origin)
        })
    };
    entry.examined.iter().any(|test| {
        test.kind == CheckKind::Shape
            && test.operands.iter().any(holds)
            && !test.operands.iter().any(is_kind)
    })
}

/// Where the field is blanked: set to an empty text, or to `null`, which JSON can say too.
fn blanked(map: &Map, asset: Ustr, field: Ustr) -> Option<firedoor_source::Span> {
    lookups::writes_of(map, asset, field).find_map(|(_, effect, value)| {
        let literal = value.literal()?;
        (literal.is_empty() || literal == "null").then_some(effect.span)
    })
}

/// Something asks whether there is a token, on either side.
fn is_asked_for(entry: &EntryPoint, check: &Check) -> bool {
    let origins: Vec<&Origin> = check
        .operands
        .iter()
        .flat_map(|operand| operand.origins())
        .collect();
    let names_one = |operands: &[Provenance]| {
        let mut all = operands.iter().flat_map(|operand| operand.origins());
        all.any(|origin| origins.contains(&origin))
    };
    let is_blank = |operand: &Provenance| {
        let literal = operand.literal();
        literal.is_some_and(|text| text.is_empty() || text == "null" || text == "string")
    };
    let asks = |kind: CheckKind, operands: &[Provenance]| {
        let is_length = kind == CheckKind::Bound;
        names_one(operands)
            && (is_length || kind == CheckKind::Presence || operands.iter().any(is_blank))
    };
    entry
        .examined
        .iter()
        .any(|test| asks(test.kind, &test.operands))
        || entry
            .checks
            .iter()
            .flat_map(Check::parts)
            .any(|part| asks(part.kind, &part.operands))
}
