//! Finds entry points at which short invite, share or reset codes can be guessed without end.

use firedoor_app::{Map, query};

use crate::login_without_throttle::numbers;
use crate::secret_size::{Guess, guess};
use crate::throttle::is_throttled;
use crate::{Findings, Rule, Severity};

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
        if query::verifies_code(entry) || query::verifies_password(entry) {
            continue;
        }
        let Some(Guess {
            asset,
            field,
            bits,
            span,
        }) = guess(map, entry)
        else {
            continue;
        };
        if is_throttled(map, entry) {
            continue;
        }
        findings
            .at_entry(entry)
            .symbol(&asset)
            .symbol(&field)
            .title(format!(
                "`{field}` of {asset} can be guessed at `{}`",
                entry.id()
            ))
            .message(format!(
                "It has {bits} unpredictable bits, and whoever hits one has it. {}",
                numbers(entry)
            ))
            .because("compares", span, "what the client sends is looked up here")
            .report();
    }
}
