//! Finds log-ins by a token of another site that may be made up, or made for somebody else.

use firedoor_app::{
    CheckKind, Effect, EffectKind, EntryPoint, Map, Operation, Origin, Provenance, RequestPart,
    lookups, openings, query, second_factors,
};
use firedoor_source::Span;

use crate::oauth_flow::{asked, is_behind_log_in, logs_in, passed_token, posted_token};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "oauth-token-unverified",
    class: "oauth",
    summary: "a token of another site logs in whoever sends it, though it may be made up or made for another application",
    severity: Severity::High,
    cwe: &["CWE-345", "CWE-287"],
    remediation: "Verify the id token with the other site's keys and compare its audience with your own client id; for an access token ask the other site for which client it was issued.",
    page: include_str!("../fixtures/oauth-token-unverified/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        if is_behind_log_in(entry) || !logs_in(map, entry) {
            continue;
        }
        let Some(found) = decoded(entry)
            .or_else(|| for_anybody(entry))
            .or_else(|| passed_on(entry))
            .or_else(|| taken_apart(map, entry))
        else {
            continue;
        };
        findings
            .at_entry(entry)
            .confidence(Confidence::High)
            .title(format!("`{}` {}", entry.id(), found.title))
            .message(found.message)
            .because("takes", found.taken, "the token is taken here")
            .because("decides", found.used, "whose account it is follows from it")
            .report();
    }
}

struct Found {
    title: &'static str,
    message: &'static str,
    taken: Span,
    used: Span,
}

/// The token is only decoded.
fn decoded(entry: &EntryPoint) -> Option<Found> {
    let (effect, token) = posted_token(entry)?;
    let is_verified = query::verifications(entry)
        .any(|(_, other)| other.is_verified && other.token == token.token);
    if token.is_verified || is_verified {
        return None;
    }
    let used = decided_by(entry, |origin| matches!(origin, Origin::UnverifiedClaim(_)))?;
    Some(Found {
        title: "believes a token that nobody verifies",
        message: "The token is decoded and its signature is not looked at: anybody writes one with any identity.",
        taken: effect.span,
        used: used.span,
    })
}

/// The token is the other site's, and nothing asks for whom it was made.
fn for_anybody(entry: &EntryPoint) -> Option<Found> {
    let (effect, token) = posted_token(entry)?;
    let is_asked = token.requires.iter().any(|field| {
        is_audience(&field.name) && field.value.literal().is_none_or(|it| it != "null")
    });
    if !token.is_verified || is_asked || looks_at_audience(entry) {
        return None;
    }
    let is_claim = |origin: &Origin| matches!(origin, Origin::Claim(_));
    let used = decided_by(entry, is_claim)?;
    Some(Found {
        title: "accepts a token that was made for another application",
        message: "The signature is the other site's, but nothing compares the audience: every application that a victim logs in to there gets such tokens, and can log in here as the victim.",
        taken: effect.span,
        used: used.span,
    })
}

/// The token is handed to the other site, which says whose it is and is not asked for whom it was made.
fn passed_on(entry: &EntryPoint) -> Option<Found> {
    let taken = passed_token(entry)?;
    // Whoever asks with a client's own credentials is told about tokens of that client.
    if asked(entry).any(names_client) || looks_at_audience(entry) {
        return None;
    }
    let used = decided_by(entry, |origin| matches!(origin, Origin::Answer(_)))?;
    Some(Found {
        title: "accepts an access token that was made for another application",
        message: "The other site says whose token it is, and nothing asks for which client it was issued: every application that a victim logs in to there can log in here as the victim.",
        taken: taken.span,
        used: used.span,
    })
}

/// The token is taken apart by hand, and what stands in it opens the account.
fn taken_apart(map: &Map, entry: &EntryPoint) -> Option<Found> {
    let opening = openings::session_opening(map, entry)?;
    let asks = query::verifies_password(entry)
        || query::verifies_code(entry)
        || query::verifications(entry).next().is_some()
        || asked(entry).next().is_some()
        || !lookups::lookups(map, entry).is_empty();
    if asks || second_factors::is_proven(map, entry, opening) {
        return None;
    }
    let accounts = query::account_assets(map);
    let (used, _) = query::handler_accesses(entry).find(|(_, access)| {
        accounts.contains(&access.asset)
            && access.operation == Operation::Read
            && access.key.iter().any(|field| {
                let origins = field.value.origins();
                let is_read_elsewhere = |origin: &Origin| matches!(origin, Origin::Outside(_));
                field.operator == "="
                    && origins.iter().any(is_part_of_token)
                    && !origins.iter().any(is_read_elsewhere)
            })
    })?;
    Some(Found {
        title: "believes a token that nobody verifies",
        message: "The token is taken apart and its signature is not looked at: anybody writes one with any identity.",
        taken: entry.handler.span,
        used: used.span,
    })
}

/// Who somebody is, as it stands in something that is called a token or a credential.
fn is_part_of_token(origin: &Origin) -> bool {
    let Origin::Request(RequestPart::Body | RequestPart::Query, name) = origin else {
        return false;
    };
    let name = name.to_ascii_lowercase();
    let Some((outer, last)) = name.rsplit_once('.') else {
        return false;
    };
    let is_token = ["token", "credential", "jwt", "assertion"]
        .iter()
        .any(|word| outer.contains(word));
    is_token && matches!(last, "email" | "sub" | "oid" | "upn" | "preferred_username")
}

/// The access that finds or makes the account by what the token or the site says.
fn decided_by(entry: &EntryPoint, is_word: impl Fn(&Origin) -> bool) -> Option<&Effect> {
    let found = query::handler_accesses(entry).find(|(_, access)| {
        access
            .key
            .iter()
            .any(|field| field.operator == "=" && field.value.origins().iter().any(&is_word))
    });
    found.map(|(effect, _)| effect)
}

/// A setting of this application is part of what is sent; of an address only one that is called a client's.
fn names_client(effect: &Effect) -> bool {
    let EffectKind::Send { to, content, .. } = &effect.kind else {
        return false;
    };
    let settings = |value: &Provenance, is_wanted: &dyn Fn(&str) -> bool| {
        value.origins().iter().any(|origin| match origin {
            Origin::Environment { name, .. } => is_wanted(name),
            _ => false,
        })
    };
    let is_of_client = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["client", "secret", "app_id", "appid"]
            .iter()
            .any(|word| name.contains(word))
    };
    content
        .iter()
        .any(|field| settings(&field.value, &|_| true))
        || settings(to, &is_of_client)
}

/// A check, or a comparison, looks at what the token or the site says about its audience.
fn looks_at_audience(entry: &EntryPoint) -> bool {
    let is_word = |origin: &Origin| match origin {
        Origin::Claim(name) | Origin::Answer(name) => {
            is_audience(name.rsplit('.').next().unwrap_or(name))
        }
        _ => false,
    };
    let is_told = |origin: &Origin| matches!(origin, Origin::Claim(_) | Origin::Answer(_));
    let is_own = |origin: &Origin| matches!(origin, Origin::Environment { .. });
    let has = |value: &Provenance, is_wanted: &dyn Fn(&Origin) -> bool| {
        value.origins().iter().any(is_wanted)
    };
    // Of what was signed here a setting is the key, and nothing that was told is held against it.
    let is_plain = |value: &&Provenance| !value.origins().contains(&Origin::Signature);
    entry.checks.iter().any(|check| {
        let examined = || check.operands.iter().filter(is_plain);
        has(&check.provenance(), &is_word)
            || (matches!(check.kind, CheckKind::Equality | CheckKind::Membership)
                && examined().any(|value| has(value, &is_told))
                && examined().any(|value| has(value, &is_own)))
    })
}

fn is_audience(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['_', '-'], "");
    matches!(
        name.as_str(),
        "aud" | "audience" | "azp" | "clientid" | "appid" | "issuedto" | "cid" | "authorizedparty"
    )
}
