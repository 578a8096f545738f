//! Finds entry points that act on people's data for anybody who asks.

use firedoor_app::{
    Access, Control, Effect, EffectKind, EntryPoint, Map, Operation, Origin, Transport, Verdict,
    query,
};
use ustr::Ustr;

use crate::exposure::{is_public_by_nature, worst};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unauthenticated-entry-point",
    class: "broken-access-control",
    summary: "an entry point acts on people's data without authentication",
    severity: Severity::High,
    cwe: &["CWE-306"],
    remediation: "Mount the application's authentication before it, or say why it is public in `firedoor.toml`.",
    page: include_str!("../fixtures/unauthenticated-entry-point/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let has_authentication = query::is_anywhere(map, Control::Authentication);
    for entry in &map.entry_points {
        let is_open = entry.verdict(Control::Authentication) == Verdict::Absent;
        if let Some((effect, asset)) = handed_out(map, entry).filter(|_| is_open) {
            report_handed_out(entry, effect, asset, findings);
            continue;
        }
        let is_sockets_own = entry.transport == Transport::WebSocket && has_authentication;
        if !is_open || is_sockets_own || is_public_by_nature(map, entry) {
            continue;
        }
        let Some(exposure) = worst(map, entry, &entry.exposed) else {
            continue;
        };
        let mut finding = findings
            .at_entry(entry)
            .confidence(exposure.confidence)
            .title(format!("`{}` {} without authentication", entry.id(), exposure.words))
            .message("Nothing before it, and nothing in its handler, refuses a request without credentials.")
            .because("effect", exposure.span, format!("anybody who asks {} here", exposure.words));
        if let Some((span, words)) = exposure.compared_with {
            let (guarded, all) = exposure.guarded;
            finding = finding.because(
                "compared-with",
                span,
                format!("{guarded} of {all} entry points that do the like are guarded: {words}"),
            );
        }
        finding.report();
    }
}

/// A token for one account that the source names, issued to anybody: the log-in of whoever develops it. One that is
/// registered only where the environment says so is meant to be missing elsewhere.
fn handed_out<'m>(map: &Map, entry: &'m EntryPoint) -> Option<(&'m Effect, Ustr)> {
    if entry.registered_if.is_some() {
        return None;
    }
    let accounts = query::account_assets(map);
    // Where nothing else tells what an account is, what gets a token is one.
    let is_account = |asset: &Ustr| accounts.is_empty() || accounts.contains(asset);
    entry.exposed.iter().find_map(|effect| {
        let EffectKind::Issue(token) = &effect.kind else {
            return None;
        };
        let origins = token.claims.iter().flat_map(|field| field.value.origins());
        let mut subjects = origins.filter_map(|origin| match origin {
            Origin::Record {
                asset,
                of_principal: false,
                ..
            } => Some(*asset),
            _ => None,
        });
        let asset =
            subjects.find(|asset| is_account(asset) && is_named_in_source(entry, *asset))?;
        Some((effect, asset))
    })
}

/// Holds if all that is read of the asset is found by constants.
fn is_named_in_source(entry: &EntryPoint, asset: Ustr) -> bool {
    let is_constant = |access: &Access| {
        let mut origins = access.key.iter().flat_map(|field| field.value.origins());
        origins.all(|origin| matches!(origin, Origin::Literal(_)))
            && access.key.iter().any(|field| !field.value.is_empty())
    };
    let is_of_asset = |access: &&Access| access.asset == asset;
    let mut reads = query::accesses_in(&entry.exposed)
        .map(|(_, access)| access)
        .filter(is_of_asset)
        .peekable();
    reads.peek().is_some()
        && reads.all(|access| access.operation == Operation::Read && is_constant(access))
}

fn report_handed_out(entry: &EntryPoint, effect: &Effect, asset: Ustr, findings: &mut Findings) {
    findings
        .at_entry(entry)
        .span(effect.span)
        .symbol(&asset)
        .confidence(Confidence::High)
        .title(format!("`{}` logs anybody in as one {asset}", entry.id()))
        .message(format!(
            "It issues a token for a {asset} that the source names, and asks for no credential; nothing keeps it out of production."
        ))
        .because("reached", entry.registered, "the entry point")
        .report();
}
