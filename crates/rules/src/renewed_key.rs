//! Attempts at a second factor that are counted by what each log-in gives anew: a part of the rule about keys that clients
//! choose.
//!
//! Whoever knows the password has as many challenges as he likes, and the code that he guesses at is that of the account.

use firedoor_app::lookups::{is_identifier, is_random};
use firedoor_app::{
    EffectKind, EntryPoint, Map, Operation, Origin, Provenance, RequestPart, query,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::throttle::{counting_key, counts_attempts, throttles};

/// A count that starts again with each log-in.
pub struct Renewed {
    /// Where it is counted.
    pub span: Span,
    /// The function that counts.
    pub name: Ustr,
    /// What it is counted by: a claim, or a field of the request.
    pub by: Ustr,
    /// Where that is made.
    pub made: Span,
}

/// Returns where attempts at a code of the account's are counted by a challenge, if nothing counts them by the account.
pub fn renewed_count(map: &Map, entry: &EntryPoint) -> Option<Renewed> {
    let opens = query::issues(entry).next().is_some() || query::cookies(entry).next().is_some();
    let compared = query::compared_code(entry).filter(|_| opens)?;
    let EffectKind::CompareSecret(found) = &compared.kind else {
        return None;
    };
    let counts = counts(entry);
    let (by, made, span, name) = counts.iter().find_map(|(key, span, name)| {
        let mut origins = key.origins().iter();
        let (by, made) = origins.find_map(|it| renewal(map, entry, it))?;
        Some((by, made, *span, *name))
    })?;
    let is_renewed = |key: &Provenance| {
        key.origins()
            .iter()
            .any(|it| renewal(map, entry, it).is_some())
    };
    let accounts = query::account_assets(map);
    let names_account = |key: &Provenance| {
        let mut origins = key.origins().iter();
        !is_renewed(key)
            && origins.any(|origin| match origin {
                Origin::Record { asset, .. } => {
                    accounts.contains(asset) || finds_account(entry, &accounts, origin)
                }
                Origin::Principal(_) | Origin::Claim(_) => true,
                Origin::Request(part, _) => *part == RequestPart::Body,
                _ => false,
            })
    };
    // A code that belongs to the challenge itself is another one with each.
    let is_found_by_account = |asset: Ustr| {
        let names = |origin: &Origin| match origin {
            Origin::Record { asset, .. } => accounts.contains(asset),
            Origin::Principal(name) | Origin::Claim(name) => *name != by,
            _ => false,
        };
        query::accesses(entry).any(|(_, access)| {
            access.asset == asset
                && access.operation == Operation::Read
                && access
                    .key
                    .iter()
                    .any(|field| field.operator == "=" && field.value.origins().iter().any(names))
        })
    };
    let is_of_account = found.expected.origins().iter().any(|it| {
        matches!(it, Origin::Record { asset, .. }
            if accounts.contains(asset) || is_found_by_account(*asset))
    });
    let is_also_by_account = counts.iter().any(|(key, ..)| names_account(key));
    (is_of_account && !is_also_by_account).then_some(Renewed {
        span,
        name,
        by,
        made,
    })
}

/// Holds if an account is found by it: what was kept with the challenge says whose it is.
fn finds_account(entry: &EntryPoint, accounts: &[Ustr], origin: &Origin) -> bool {
    query::accesses(entry).any(|(_, access)| {
        let mut key = access.key.iter();
        accounts.contains(&access.asset)
            && access.operation == Operation::Read
            && key.any(|field| {
                field.operator == "="
                    && is_identifier(&field.name)
                    && field.value.origins().contains(origin)
            })
    })
}

/// The keys under which attempts are counted, by limiters and by hand.
fn counts(entry: &EntryPoint) -> Vec<(Provenance, Span, Ustr)> {
    let limiters = throttles(entry).into_iter();
    let limiters = limiters.map(|(throttle, span, name)| (throttle.key.clone(), span, name));
    let inner = query::accesses(entry).filter(|(_, access)| {
        let mut values = access.values.iter();
        values.any(|field| field.operator == "+=") && counts_attempts(entry, access)
    });
    let inner = inner.map(|(effect, access)| {
        let origins = counting_key(access).flat_map(|field| field.value.origins());
        let key = Provenance::new(origins.cloned());
        (key, effect.span, effect.function)
    });
    limiters.chain(inner).collect()
}

/// Returns what a part of a key is called that is made by chance where the password is looked at, and where that is.
fn renewal(map: &Map, entry: &EntryPoint, origin: &Origin) -> Option<(Ustr, Span)> {
    let mut steps = map
        .entry_points
        .iter()
        .filter(|other| !std::ptr::eq(*other, entry) && query::verifies_password(other));
    match origin {
        Origin::Claim(name) | Origin::Principal(name) => {
            let made = steps.find_map(|step| claimed_by_chance(step, *name))?;
            Some((*name, made))
        }
        Origin::Request(part, name)
            if !name.is_empty() && !matches!(part, RequestPart::Address | RequestPart::Path) =>
        {
            let kept = found_by(map, entry, origin)
                .and_then(|asset| steps.clone().find_map(|step| kept_by_chance(step, asset)));
            let made = kept.or_else(|| steps.find_map(|step| signed_anew(entry, origin, step)))?;
            Some((*name, made))
        }
        _ => None,
    }
}

fn claimed_by_chance(step: &EntryPoint, name: Ustr) -> Option<Span> {
    query::issues(step).find_map(|(effect, token)| {
        let mut claims = token.claims.iter();
        claims
            .any(|claim| claim.name == name && is_random(&claim.value))
            .then_some(effect.span)
    })
}

/// Returns where a token of the kind that this is is signed, which is another one with each log-in.
fn signed_anew(entry: &EntryPoint, origin: &Origin, step: &EntryPoint) -> Option<Span> {
    let mut taken = query::verifications(entry).filter(|(_, found)| found.token.has(origin));
    let (_, taken) = taken.next()?;
    let mut issued = query::issues(step).filter(|(_, token)| {
        !token.secret.is_empty() && token.secret == taken.secret && token.expires.is_some()
    });
    issued.next().map(|(effect, _)| effect.span)
}

/// The asset, other than accounts, in which a record is found by it.
fn found_by(map: &Map, entry: &EntryPoint, origin: &Origin) -> Option<Ustr> {
    let accounts = query::account_assets(map);
    query::accesses(entry).find_map(|(_, access)| {
        let mut key = access.key.iter();
        let is_found = access.operation == Operation::Read
            && !accounts.contains(&access.asset)
            && !counts_attempts(entry, access)
            && key.any(|field| field.value.origins().contains(origin));
        is_found.then_some(access.asset)
    })
}

fn kept_by_chance(step: &EntryPoint, wanted: Ustr) -> Option<Span> {
    query::accesses(step).find_map(|(effect, access)| {
        let mut fields = access.key.iter().chain(&access.values);
        let is_made = access.asset == wanted
            && access.operation.is_write()
            && access.operation != Operation::Delete
            && fields.any(|field| is_random(&field.value));
        is_made.then_some(effect.span)
    })
}
