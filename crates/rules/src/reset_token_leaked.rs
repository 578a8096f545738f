//! Finds reset tokens that reach others than the owner of the mailbox.

use firedoor_app::{
    Access, Control, Effect, EffectKind, EntryPoint, Field, Map, Operation, Origin, Provenance,
    RequestPart, lookups, openings, query,
};

use crate::resets::resets;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "reset-token-leaked",
    class: "password-reset",
    summary: "a reset token reaches somebody else than the owner of the account",
    severity: Severity::Critical,
    cwe: &["CWE-640"],
    remediation: "Send the token by mail only, in a link whose host comes from the configuration.",
    page: include_str!("../fixtures/reset-token-leaked/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let mut made: Vec<(&EntryPoint, &Effect)> = Vec::new();
    for reset in resets(map) {
        let makers = lookups::makers(map, &reset.lookup);
        let makers = makers.filter(|(entry, _, value)| is_made(map, entry, value));
        made.extend(makers.map(|(entry, stored, _)| (entry, stored)));
    }
    for entry in &map.entry_points {
        let is_known = made.iter().any(|(known, _)| std::ptr::eq(*known, entry));
        if let (false, Some(stored)) = (is_known, put_beside_account(map, entry)) {
            made.push((entry, stored));
        }
    }
    for (entry, stored) in made {
        if let Some((effect, words, confidence)) = leak(entry) {
            findings
                .at_entry(entry)
                .confidence(confidence)
                .title(format!("`{}` gives the reset token away", entry.id()))
                .message(words)
                .because("leaks", effect.span, "it leaves here")
                .because("makes", stored.span, "the token is stored here")
                .report();
        }
    }
}

/// A token may be kept beside the account, and be compared where it is used. Whoever names an account, and proves
/// nothing, has a new one put there.
fn put_beside_account<'m>(map: &'m Map, entry: &'m EntryPoint) -> Option<&'m Effect> {
    let accounts = query::account_assets(map);
    let is_named = |access: &Access| {
        let mut sent = access
            .key
            .iter()
            .filter(|field| field.value.is_from_client());
        sent.next().is_some()
            && !access
                .key
                .iter()
                .any(|field| query::is_principal(&field.value))
    };
    let proves = || query::verifies_password(entry) || query::verifies_code(entry);
    query::handler_accesses(entry)
        .find(|(_, access)| {
            access.operation == Operation::Update
                && accounts.contains(&access.asset)
                && is_named(access)
                && access
                    .values
                    .iter()
                    .any(|field| is_made(map, entry, &field.value) && query::is_token(&field.value))
        })
        .filter(|_| !proves())
        .map(|(effect, _)| effect)
}

/// A request for a token by whoever knows an address.
fn is_made(map: &Map, entry: &EntryPoint, value: &Provenance) -> bool {
    lookups::is_random(value)
        && !entry.verdict(Control::Authentication).refuses()
        && openings::session_opening(map, entry).is_none()
}

fn leak(entry: &EntryPoint) -> Option<(&Effect, String, Confidence)> {
    if let Some((effect, name)) = lookups::random_answer(entry) {
        let words = format!("Its answer carries it as `{name}`, to whoever asks for any account.");
        return Some((effect, words, Confidence::High));
    }
    let contents = || {
        entry
            .effects
            .iter()
            .filter_map(|effect| match &effect.kind {
                EffectKind::Send { content, .. } => Some((effect, content)),
                EffectKind::Access(kept) if is_kept_mail(kept) => Some((effect, &kept.values)),
                _ => None,
            })
    };
    let carries = |field: &Field| lookups::is_random(&field.value);
    let is_carried = contents().any(|(_, content)| content.iter().any(carries));
    contents().find_map(|(effect, content)| {
        let field = content.iter().find(|field| {
            let is_link = carries(field) || !is_carried && is_made_of_host(&field.value);
            is_link && names_host(&field.value)
        })?;
        let words = format!(
            "The link in `{}` leads to the host that the request names, so that an attacker chooses it.",
            field.name
        );
        let confidence = match is_carried {
            true => Confidence::High,
            false => Confidence::Medium,
        };
        Some((effect, words, confidence))
    })
}

/// Holds if nothing but the host of the request is known to be in it. What was put into an address later, as its
/// fragment, is not told by the text; the token has to be somewhere.
fn is_made_of_host(value: &Provenance) -> bool {
    value.origins().iter().all(|origin| {
        let alone = Provenance::new([origin.clone()]);
        let is_scheme = matches!(origin, Origin::Request(RequestPart::Line, name)
            if matches!(name.as_str(), "protocol" | "scheme"));
        matches!(origin, Origin::Literal(_)) || is_scheme || names_host(&alone)
    })
}

/// Holds for a new record that has an address and a text with the token in it: what is sent later from a table.
fn is_kept_mail(made: &Access) -> bool {
    let is_address = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.ends_with("email") || name.ends_with("mail")
    };
    let names_address = |field: &Field| {
        field.value.origins().iter().any(|origin| match origin {
            Origin::Record { field, .. } | Origin::Request(_, field) => is_address(field),
            _ => false,
        })
    };
    // A digest of the token is kept to be compared with it.
    let is_text = |field: &Field| {
        lookups::is_random(&field.value) && !field.value.origins().contains(&Origin::Digest)
    };
    made.operation == Operation::Create
        && made.values.iter().any(names_address)
        && made.values.iter().any(is_text)
}

/// Holds if a part of it is the host as the client names it.
fn names_host(value: &Provenance) -> bool {
    value.origins().iter().any(|origin| match origin {
        Origin::Request(RequestPart::Header, name) => matches!(
            name.to_ascii_lowercase().as_str(),
            "host" | "x-forwarded-host" | "origin" | "referer"
        ),
        Origin::Request(RequestPart::Line, name) => {
            let name = name.to_ascii_lowercase();
            name.contains("host") || name.contains("base_url") || name.contains("url")
        }
        _ => false,
    })
}
