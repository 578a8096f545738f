//! Finds identities that are taken from a header which any client can send.

use firedoor_app::{
    Access, Check, Control, Effect, EffectKind, EntryPoint, Field, Map, Operation, Origin,
    Provenance, RequestPart, is_about_connection, names_somebody, query, user_control,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::{Confidence, FindingBuilder, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "trusted-header",
    class: "broken-access-control",
    summary: "a header that any client can send says who is asking",
    severity: Severity::Critical,
    cwe: &["CWE-290"],
    remediation: "Verify a credential, or have the proxy prove itself (a shared secret, mutual TLS) and strip the header from outside.",
    page: include_str!("../fixtures/trusted-header/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let accounts = query::account_assets(map);
    for entry in &map.entry_points {
        if entry.verdict(Control::Authentication) == firedoor_app::Verdict::Enforced {
            continue;
        }
        // By what a header says that only counts attempts, nobody is known; that is a limit's own question.
        let mut identifying = query::accesses(entry)
            .filter(|(_, access)| !crate::throttle::counts_attempts(entry, access));
        let found = identifying.find_map(|(effect, access)| {
            if !is_reached_by_anybody(entry, effect) {
                return None;
            }
            let header = identity_header(map, &accounts, access)?;
            Some((effect.span, access.asset, header))
        });
        if let Some((span, asset, header)) = found {
            finding(entry, span, asset, header, findings).report();
        } else if let Some((span, header)) = signed_header(entry) {
            report_signed(entry, span, header, findings);
        }
    }
    report_stand_ins(map, &accounts, findings);
}

/// Returns where anybody is given a token that says of him what a header says, as if it were proven.
fn signed_header(entry: &EntryPoint) -> Option<(Span, Ustr)> {
    let says_who = |claim: &&Field| {
        query_is_id(&claim.name) || matches!(claim.name.as_str(), "sub" | "user" | "userId")
    };
    entry.exposed.iter().find_map(|effect| {
        let EffectKind::Issue(token) = &effect.kind else {
            return None;
        };
        let mut claims = token.claims.iter().filter(says_who);
        let header = claims.find_map(|claim| header_of(&claim.value))?;
        Some((effect.span, header))
    })
}

fn report_signed(entry: &EntryPoint, span: Span, header: Ustr, findings: &mut Findings) {
    findings
        .at_entry(entry)
        .symbol(&header)
        .confidence(Confidence::High)
        .title(format!("`{}` signs what the header `{header}` says", entry.id()))
        .message(
            "Whoever asks is given a token for whom he names: any client can send the header, and nothing is proven before.",
        )
        .because("decides", span, "the header says whose token it is")
        .report();
}

/// Reports guards that let whoever is known act as the account that a header names. What a guard does is told once,
/// however many entry points lie behind it.
fn report_stand_ins(map: &Map, accounts: &[Ustr], findings: &mut Findings) {
    let mut told: Vec<Span> = Vec::new();
    for entry in &map.entry_points {
        let Some((effect, access, header)) = stand_in(map, accounts, entry) else {
            continue;
        };
        if !told.contains(&effect.span) {
            told.push(effect.span);
            let finding = finding(entry, effect.span, access.asset, header, findings);
            finding.span(effect.span).report();
        }
    }
}

/// Returns where a layer looks up the account that a header names, and the handler goes on with that account or the
/// caller's, as if they were the same. Who may do so has to be asked for first, as for a role of the caller's.
fn stand_in<'m>(
    map: &Map,
    accounts: &[Ustr],
    entry: &'m EntryPoint,
) -> Option<(&'m Effect, &'m Access, Ustr)> {
    if !entry.verdict(Control::Authentication).refuses() {
        return None;
    }
    query::accesses(entry).find_map(|(effect, access)| {
        let is_look_up = effect.layer.is_some()
            && access.operation == Operation::Read
            && accounts.contains(&access.asset);
        let header = identity_header(map, accounts, access).filter(|_| is_look_up)?;
        // What is asked of the account that the header names says nothing of who sends it.
        let is_named = |origin: &Origin| matches!(origin, Origin::Record { asset, of_principal: false, .. } if *asset == access.asset);
        let is_foreign = |value: &Provenance| {
            value.is_from_client() || value.origins().iter().any(is_named)
        };
        let is_of_caller = |part: &Check| {
            let mut examined = part.operands.iter().chain([&part.control]);
            !part.operands.iter().any(is_foreign) && examined.any(query::is_principal)
        };
        let asks_rank = |effect: &Effect| {
            let mut checks = entry.checks_of(effect);
            checks.any(|check| {
                user_control(check) == Some(Control::Authorization)
                    && check.parts().iter().any(is_of_caller)
            })
        };
        let is_either = |field: &Field| {
            let mut origins = field.value.origins().iter();
            query::is_principal(&field.value)
                && origins.any(|origin| {
                    matches!(origin, Origin::Record { asset, of_principal: false, .. }
                        if *asset == access.asset)
                })
        };
        let (using, _) = query::handler_accesses(entry)
            .find(|(_, used)| used.key.iter().chain(&used.values).any(is_either))?;
        (!asks_rank(effect) && !asks_rank(using)).then_some((effect, access, header))
    })
}

/// Holds if a caller without credentials gets there too: behind a key that is asked for, whoever has it may speak for
/// others.
fn is_reached_by_anybody(entry: &EntryPoint, effect: &Effect) -> bool {
    let mut reached = entry.exposed.iter();
    reached.any(|exposed| exposed.span == effect.span)
}

/// Returns the header that says whose record is read or written. A record that is found by who has proven to be asking
/// is his, whatever else is kept in it.
fn identity_header(map: &Map, accounts: &[Ustr], access: &Access) -> Option<Ustr> {
    if access
        .key
        .iter()
        .any(|field| query::is_principal(&field.value))
    {
        return None;
    }
    let owners = query::owner_fields(map, access.asset);
    let is_account = accounts.contains(&access.asset);
    let says_whose = |field: &&Field| {
        owners.contains(&field.name)
            || is_relation(map, accounts, access.asset, field.name)
            || (is_account && query_is_id(&field.name))
    };
    access
        .key
        .iter()
        .chain(&access.values)
        .filter(says_whose)
        .find_map(|field| header_of(&field.value))
}

fn is_relation(map: &Map, accounts: &[Ustr], asset: Ustr, field: Ustr) -> bool {
    map.asset(asset)
        .and_then(|asset| asset.field(&field))
        .and_then(|field| field.refers_to)
        .is_some_and(|target| accounts.contains(&target))
}

fn query_is_id(name: &str) -> bool {
    matches!(name, "id" | "_id" | "uuid" | "email" | "username")
}

/// A header that is no credential: nothing about it proves anything.
fn header_of(value: &Provenance) -> Option<Ustr> {
    if query::is_principal(value) || value.origins().contains(&Origin::Digest) {
        return None;
    }
    value.origins().iter().find_map(|origin| match origin {
        // Which site is meant is no secret: whoever asks another one for it is told the same.
        Origin::Request(RequestPart::Header, name)
            if is_about_connection(origin) && !names_somebody(name) =>
        {
            None
        }
        Origin::Request(RequestPart::Header, name) if !is_credential_name(name) => Some(*name),
        _ => None,
    })
}

fn is_credential_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    if names_somebody(&name) {
        return false;
    }
    name.is_empty()
        || [
            "authorization",
            "cookie",
            "token",
            "key",
            "secret",
            "signature",
            "session",
            "agent",
        ]
        .iter()
        .any(|word| name.contains(word))
}

fn finding<'f>(
    entry: &EntryPoint,
    span: Span,
    asset: Ustr,
    header: Ustr,
    findings: &'f mut Findings,
) -> FindingBuilder<'f> {
    findings
        .at_entry(entry)
        .symbol(&header)
        .confidence(Confidence::High)
        .title(format!("`{}` believes the header `{header}`", entry.id()))
        .message(format!(
            "It says whose {asset} is meant, any client can send it, and nothing proves that a proxy has set it."
        ))
        .because("decides", span, format!("the header decides whose {asset} it is"))
}
