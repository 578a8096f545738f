//! Finds changes that pages of other sites can make with the cookies of their visitors.

use firedoor_app::{
    Control, EffectKind, EntryPoint, Layer, LayerKind, Map, Origin, RequestPart, SessionOperation,
    query, sessions,
};

use crate::cookie_use::{
    Credential, credentials, is_open, is_protected, is_simple, symbol, taken_at,
    unprotected_writers,
};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "csrf-missing",
    class: "csrf-cors",
    summary: "pages of other sites can act for whoever is logged in",
    severity: Severity::High,
    cwe: &["CWE-352"],
    remediation: "Set `SameSite` on the cookie, check the `Origin` header, or ask for a token that only own pages know.",
    page: include_str!("../fixtures/csrf-missing/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    report_open_log_ins(map, findings);
    for found in credentials(map) {
        let Some(is_explicit) = is_open(found.cookie) else {
            continue;
        };
        let mut writers: Vec<&EntryPoint> = unprotected_writers(map, found.cookie)
            .filter(|entry| is_simple(entry))
            .collect();
        // Few visitors are administrators, and to be logged out is a nuisance only. What changes how much somebody has
        // costs him most.
        writers.sort_by_key(|entry| {
            (
                entry.verdict(Control::Authorization).refuses(),
                !changes_more_than_sessions(map, entry),
                !counts_for_account(map, entry),
            )
        });
        if let Some(first) = writers.first() {
            report(&found, is_explicit, first, writers.len(), findings);
        }
    }
}

/// Reports forms of passwords that are left out of a guard which stands before everything else: a page of another site
/// can log its visitors in as somebody else, who then sees what they do.
fn report_open_log_ins(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        let is_form = matches!(entry.method.as_str(), "POST" | "ANY")
            && takes_password(entry)
            && sends_on(entry)
            && query::is_log_in(map, entry)
            && keeps_session(entry)
            && !is_protected(entry);
        let Some(layer) = is_form.then(|| left_out_of(map, entry)).flatten() else {
            continue;
        };
        findings
            .at(entry.registered, "log-in")
            .entry_point(entry)
            .confidence(Confidence::Medium)
            .title(format!("other sites can log their visitors in at `{}`", entry.id()))
            .message(format!(
                "`{}` asks for a token elsewhere and leaves this form out: whoever is logged in as somebody else without noticing leaves his traces there.",
                layer.name
            ))
            .because("guard", layer.mounted, "the guard that leaves it out")
            .report();
    }
}

/// Returns a layer before the entry point that refuses forged requests before other entry points that open sessions or
/// change something, and not before this one.
fn left_out_of<'m>(map: &Map, entry: &'m EntryPoint) -> Option<&'m Layer> {
    entry.layers.iter().find(|layer| {
        let guards = |other: &&EntryPoint| {
            !std::ptr::eq(*other, entry)
                && other.layers.iter().any(|found| {
                    found.mounted == layer.mounted && found.verdict_of(Control::Csrf).refuses()
                })
        };
        layer.kind == LayerKind::Layer && map.entry_points.iter().filter(guards).nth(1).is_some()
    })
}

/// What a form sends is a password by what is done with it, or by its name.
fn takes_password(entry: &EntryPoint) -> bool {
    let is_named = |origin: &Origin| {
        matches!(origin, Origin::Request(RequestPart::Body, name)
            if name.split('.').any(query::is_password_name))
    };
    let mut checks = entry.checks.iter();
    query::verifies_password(entry)
        || checks.any(|check| check.provenance().origins().iter().any(is_named))
}

/// Whoever fills in a form is sent to a page.
fn sends_on(entry: &EntryPoint) -> bool {
    let mut effects = entry.effects.iter();
    effects.any(|effect| effect.layer.is_none() && matches!(effect.kind, EffectKind::Redirect(_)))
}

/// The framework keeps a session under a cookie.
fn keeps_session(entry: &EntryPoint) -> bool {
    entry.effects.iter().any(|effect| {
        effect.layer.is_none()
            && matches!(
                effect.kind,
                EffectKind::Session(SessionOperation::LogIn | SessionOperation::Write, _)
            )
    })
}

/// A number of the visitor's account is raised or lowered.
fn counts_for_account(map: &Map, entry: &EntryPoint) -> bool {
    let accounts = query::account_assets(map);
    query::handler_accesses(entry).any(|(_, access)| {
        let mut values = access.values.iter();
        accounts.contains(&access.asset)
            && values.any(|field| matches!(field.operator, "+=" | "-="))
    })
}

/// Holds if something is changed that is no session, and no token.
fn changes_more_than_sessions(map: &Map, entry: &EntryPoint) -> bool {
    query::handler_accesses(entry).any(|(_, access)| {
        access.operation.is_write() && !sessions::session_assets(map).contains(&access.asset)
    })
}

fn report(
    found: &Credential<'_>,
    is_explicit: bool,
    first: &EntryPoint,
    count: usize,
    findings: &mut Findings,
) {
    let cookie = found.words();
    let others = match count {
        1 => String::new(),
        _ => format!(" and {} others", count - 1),
    };
    let told = findings
        .at(
            first.registered,
            &symbol(found.cookie.name, found.cookie.is_session),
        )
        .entry_point(first)
        .confidence(match is_explicit {
            true => Confidence::High,
            false => Confidence::Low,
        })
        .title(format!("other sites can send `{}`{others} for their visitors", first.id()))
        .message(format!(
            "What proves who is asking is {cookie}; browsers add it to requests that other sites make, and neither a token nor the origin is asked for."
        ))
        .because("cookie", found.effect.span, "the cookie is set here");
    match taken_at(first, found.cookie) {
        Some(span) => told.because("taken", span, "it is taken for a proof here"),
        None => told,
    }
    .report();
}
