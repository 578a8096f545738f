//! Finds entry points at which short invite, share or reset codes can be guessed without end.

use firedoor_app::{EntryPoint, Map, query};

use crate::guess_gap::{Gap, guess_gap};
use crate::login_without_throttle::numbers;
use crate::secret_size::{Guess, guess};
use crate::throttle::is_throttled;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "token-guessing-without-throttle",
    class: "rate-limit",
    summary: "short codes can be tried one after another",
    severity: Severity::High,
    cwe: &["CWE-307"],
    remediation: "Make the code so long that trying is hopeless (128 bits), or limit attempts by address and by what the code is for.",
    page: include_str!("../fixtures/token-guessing-without-throttle/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        match guess(map, entry).filter(|_| is_alone(map, entry)) {
            Some(found) => report_guess(entry, &found, findings),
            None => {
                let is_told = query::verifies_code(entry)
                    || query::verifies_password(entry) && !query::is_capability(map, entry);
                if let Some(gap) = guess_gap(map, entry).filter(|_| !is_told) {
                    report_gap(entry, &gap, findings);
                }
            }
        }
    }
}

/// Holds if the rules about passwords and one-time codes say nothing here, and nothing counts.
fn is_alone(map: &Map, entry: &EntryPoint) -> bool {
    !query::verifies_code(entry) && !query::verifies_password(entry) && !is_throttled(map, entry)
}

fn report_guess(entry: &EntryPoint, found: &Guess, findings: &mut Findings) {
    let Guess {
        asset,
        field,
        bits,
        span,
    } = found;
    findings
        .at_entry(entry)
        .symbol(asset)
        .symbol(field)
        .title(format!(
            "`{field}` of {asset} can be guessed at `{}`",
            entry.id()
        ))
        .message(format!(
            "It has {bits} unpredictable bits, and whoever hits one has it. {}",
            numbers(entry)
        ))
        .because("compares", *span, "what the client sends is looked up here")
        .report();
}

fn report_gap(entry: &EntryPoint, gap: &Gap<'_>, findings: &mut Findings) {
    let (asset, field) = (gap.asset, gap.field);
    findings
        .at_entry(entry)
        .symbol(&asset)
        .symbol(&field)
        .confidence(Confidence::Medium)
        .title(format!(
            "`{field}` of {asset} can be guessed at `{}`",
            entry.id()
        ))
        .message(format!(
            "`{}` takes the same code and is limited. {}",
            gap.limited.id(),
            numbers(entry)
        ))
        .because("compares", gap.span, "what the client sends is tried here")
        .because(
            "compared-with",
            gap.limited.registered,
            "the entry point that is limited",
        )
        .report();
}
