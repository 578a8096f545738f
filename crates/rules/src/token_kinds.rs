//! Which tokens are issued, which verification accepts which of them, and by what the kinds differ: shared by
//! the rules about tokens.
//!
//! A kind of token is told by what it carries. What a verification asks for is what its call requires, what is
//! checked of the claims afterwards, and what is looked up by them.

use firedoor_app::{
    Check, CheckKind, Effect, EffectKind, EntryPoint, Field, IssueToken, Map, Origin, Provenance,
    Refusal, TokenKind, VerifyToken, query,
};
use ustr::Ustr;

/// A token that is issued, with where.
#[derive(Clone, Copy, Debug)]
pub struct Issued<'m> {
    /// The entry point whose code issues it.
    pub entry: &'m EntryPoint,
    /// The effect.
    pub effect: &'m Effect,
    /// The token.
    pub token: &'m IssueToken,
}

/// A token that is verified or decoded, with where.
#[derive(Clone, Copy, Debug)]
pub struct Verified<'m> {
    /// The entry point whose code reads it.
    pub entry: &'m EntryPoint,
    /// The effect.
    pub effect: &'m Effect,
    /// What is asked for.
    pub token: &'m VerifyToken,
}

/// Returns the JSON Web Tokens that the application issues, those first that are issued where people log in.
pub fn issued(map: &Map) -> impl Iterator<Item = Issued<'_>> {
    query::all_issued(map)
        .filter(|(.., token)| token.kind == TokenKind::Jwt)
        .map(|(entry, effect, token)| Issued {
            entry,
            effect,
            token,
        })
}

/// Returns the JSON Web Tokens that the application verifies or decodes.
pub fn verified(map: &Map) -> impl Iterator<Item = Verified<'_>> {
    map.entry_points.iter().flat_map(|entry| {
        query::verifications(entry)
            .filter(|(_, token)| token.kind == TokenKind::Jwt)
            .map(move |(effect, token)| Verified {
                entry,
                effect,
                token,
            })
    })
}

/// Returns the keys that sign or verify such tokens: first those that sign, each with its place.
pub fn keys(map: &Map) -> impl Iterator<Item = (&EntryPoint, &Effect, &Provenance)> {
    issued(map)
        .map(|found| (found.entry, found.effect, &found.token.secret))
        .chain(
            verified(map)
                .filter(|found| found.token.is_verified)
                .map(|found| (found.entry, found.effect, &found.token.secret)),
        )
}

/// Holds if both keys are known and the same.
pub fn is_same_key(a: &Provenance, b: &Provenance) -> bool {
    a.origins().iter().any(|origin| {
        matches!(
            origin,
            Origin::Environment { .. } | Origin::Literal(_) | Origin::Random { .. }
        ) && b.origins().contains(origin)
    })
}

/// Holds if the token is accepted somewhere as proof of who is asking.
pub fn proves_identity(map: &Map, token: &IssueToken) -> bool {
    verified(map).any(|found| is_proof(&found) && accepts(&found, token))
}

/// Holds if the verification proves who is asking.
pub fn is_proof(found: &Verified<'_>) -> bool {
    found.token.is_verified && found.token.token.is_credential()
}

/// What is asked of a claim.
enum Demand {
    /// It is one of these.
    OneOf(Ustr, Vec<Ustr>),
    /// It is none of these.
    NoneOf(Ustr, Vec<Ustr>),
    /// It is there.
    Present(Ustr),
    /// It is not there.
    Absent(Ustr),
}

/// Holds if the verification, and what follows it, takes the token: the same key, and no claim is asked for
/// that the token has not.
pub fn accepts(found: &Verified<'_>, token: &IssueToken) -> bool {
    if found.token.kind != token.kind || !is_same_key(&found.token.secret, &token.secret) {
        return false;
    }
    // One claim is asked for in many checks, and whether it is waived takes a look at all of them.
    let mut waived: Vec<Ustr> = Vec::new();
    demands(found)
        .all(|demand| is_met(&demand, &token.claims) || is_waived(found, &demand, &mut waived))
}

fn demands<'a>(found: &'a Verified<'_>) -> impl Iterator<Item = Demand> + 'a {
    let required = found.token.requires.iter().map(|field| {
        let literals = literals(&field.value);
        match literals.is_empty() || field.operator == "exists" {
            true => Demand::Present(field.name),
            false => Demand::OneOf(field.name, literals),
        }
    });
    let has_ways = query::verifications(found.entry).nth(1).is_some();
    let is_apart =
        move |other: &Effect| has_ways && query::are_exclusive(found.entry, found.effect, other);
    // Whoever comes with another token is asked for other claims.
    let is_of_other = move |number: usize| {
        let mut behind = found
            .entry
            .effects
            .iter()
            .filter(|it| it.checks.iter().any(|id| id.0 as usize == number));
        let first = behind.next();
        has_ways && first.is_some_and(is_apart) && behind.all(is_apart)
    };
    let checks = found.entry.checks.iter().enumerate();
    let refusing = checks
        .filter(move |(number, check)| check.refusal.is_some() && !is_of_other(*number))
        .map(|(_, check)| check);
    let keys = query::accesses(found.entry)
        .filter(move |(effect, _)| !is_apart(effect))
        .flat_map(|(_, access)| &access.key);
    let equal = keys.filter(|field| field.operator == "=");
    required
        .chain(refusing.filter_map(demand_of))
        .chain(equal.flat_map(|field| claims_in(&field.value).map(Demand::Present)))
}

/// Holds if callers pass whether or not the demand is met; notes the claim in `waived`.
fn is_waived(found: &Verified<'_>, demand: &Demand, waived: &mut Vec<Ustr>) -> bool {
    let (Demand::Present(claim) | Demand::Absent(claim)) = demand else {
        return false;
    };
    let is_known = waived.contains(claim);
    if !is_known && is_optional(found.entry, *claim) {
        waived.push(*claim);
        return true;
    }
    is_known
}

/// Holds if callers pass with the claim and without it: a look-up is made where it is there, and another way is gone
/// where it is not.
fn is_optional(entry: &EntryPoint, claim: Ustr) -> bool {
    let asks = |check: &Check| {
        let is_there = presence(check)?;
        let mut operands = check.operands.iter();
        operands
            .any(|operand| claims_in(operand).any(|found| found == claim))
            .then_some(is_there)
    };
    let (mut is_asked_aside, mut has_other_way, mut is_alternative) = (false, false, false);
    for check in &entry.checks {
        match (asks(check), &check.refusal) {
            (Some(true), Some(_)) => return false,
            (Some(true), None) => is_asked_aside = true,
            (Some(false), Some(Refusal::Return)) => has_other_way = true,
            _ => {}
        }
        // That there is no token at all is no other way: it was verified.
        let mut ways = check.alternatives.iter().filter(|part| !is_no_token(part));
        is_alternative |= check.refusal.is_some()
            && ways.clone().nth(1).is_some()
            && ways.any(|part| asks(part) == Some(false));
    }
    is_asked_aside && has_other_way || is_alternative
}

/// Holds if the check says that there are no claims: of a token that was verified there are some.
fn is_no_token(check: &Check) -> bool {
    let is_whole = |origin: &Origin| match origin {
        Origin::Principal(name) | Origin::Claim(name) => name.is_empty(),
        Origin::Literal(text) => text == "null",
        _ => false,
    };
    let mut operands = check.operands.iter().flat_map(Provenance::origins);
    presence(check) == Some(false) && operands.all(is_whole)
}

/// Whether the check says that a value is there, if that is what it asks.
fn presence(check: &Check) -> Option<bool> {
    let is_null = |operand: &Provenance| operand.literal().is_some_and(|text| text == "null");
    match check.kind {
        // Of one of several ways nobody knows that it was this one.
        _ if !check.alternatives.is_empty() => None,
        CheckKind::Presence => Some(check.outcome),
        CheckKind::Equality if check.operands.iter().any(is_null) => Some(!check.outcome),
        _ => None,
    }
}

fn demand_of(check: &Check) -> Option<Demand> {
    let (number, claim) = check
        .operands
        .iter()
        .enumerate()
        .find_map(|(number, operand)| Some((number, claims_in(operand).next()?)))?;
    let constants: Vec<Ustr> = check
        .operands
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != number)
        .flat_map(|(_, operand)| literals(operand))
        .collect();
    match check.kind {
        CheckKind::Equality | CheckKind::Membership if !constants.is_empty() => {
            Some(match check.outcome {
                true => Demand::OneOf(claim, constants),
                false => Demand::NoneOf(claim, constants),
            })
        }
        CheckKind::Presence => Some(match check.outcome {
            true => Demand::Present(claim),
            false => Demand::Absent(claim),
        }),
        _ => None,
    }
}

/// The names of the claims that the value is.
fn claims_in(value: &Provenance) -> impl Iterator<Item = Ustr> + '_ {
    value.origins().iter().filter_map(|origin| match origin {
        Origin::Principal(name) | Origin::Claim(name) if !name.is_empty() => Some(*name),
        _ => None,
    })
}

/// The constants that a value may be.
pub fn literals(value: &Provenance) -> Vec<Ustr> {
    value
        .origins()
        .iter()
        .filter_map(|origin| match origin {
            Origin::Literal(text) if text != "null" => Some(*text),
            _ => None,
        })
        .collect()
}

fn is_met(demand: &Demand, claims: &[Field]) -> bool {
    let find = |name: &Ustr| claims.iter().find(|claim| claim.name == *name);
    let is_open = claims.iter().any(|claim| claim.name.is_empty());
    match demand {
        Demand::OneOf(name, wanted) => find(name).is_some_and(|claim| {
            let own = literals(&claim.value);
            own.is_empty() || own.iter().any(|text| wanted.contains(text))
        }),
        Demand::NoneOf(name, refused) => find(name).is_none_or(|claim| {
            let own = literals(&claim.value);
            own.is_empty() || own.iter().any(|text| !refused.contains(text))
        }),
        Demand::Present(name) => {
            is_open || find(name).is_some_and(|it| !is_denied(it)) || is_standard_time(name)
        }
        Demand::Absent(name) => find(name).is_none_or(is_denied),
    }
}

/// Holds for a claim that says no, as `refresh: false`: asked whether it is there, it is as good as missing.
fn is_denied(claim: &Field) -> bool {
    claim.value.literal().is_some_and(|text| text == "false")
}

/// Libraries add these by themselves.
fn is_standard_time(name: &str) -> bool {
    matches!(name, "iat" | "exp" | "nbf")
}

/// Returns the claims of `token` that are constants and say what it is for: those that `other` lacks, or has
/// with another value.
pub fn markers<'t>(token: &'t IssueToken, other: &IssueToken) -> Vec<(&'t str, Vec<Ustr>)> {
    token
        .claims
        .iter()
        .filter(|claim| !claim.name.is_empty() && !is_about_person(&claim.name))
        .filter_map(|claim| {
            let own = literals(&claim.value);
            // What is left empty, as a picture that no token should carry, says nothing, and neither does a no, or a place
            // to go to.
            let says = own
                .iter()
                .any(|text| !text.is_empty() && text.as_str() != "false" && !text.starts_with('/'));
            let is_constant = says && own.len() == claim.value.origins().len();
            let theirs = other
                .claims
                .iter()
                .find(|found| found.name == claim.name)
                .map(|found| literals(&found.value));
            (is_constant && theirs.as_ref() != Some(&own)).then(|| (claim.name.as_str(), own))
        })
        .collect()
}

/// Claims that say what somebody is, not what the token is for.
fn is_about_person(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_id = name == "id" || name == "uid" || name.ends_with("userid") || name.ends_with("_id");
    is_id
        || [
            "role", "admin", "perm", "plan", "tier", "name", "mail", "sub", "exp", "iat", "nbf",
            "iss", "version", "level", "group",
        ]
        .iter()
        .any(|word| name.contains(word))
}

/// Holds if a call that writes the same constants calls it an access token.
pub fn is_called_access(markers: &[(&str, Vec<Ustr>)]) -> bool {
    markers.iter().any(|(_, texts)| {
        texts.iter().any(|text| {
            let text = text.to_ascii_lowercase();
            ["access", "session", "auth", "login", "bearer", "user"]
                .iter()
                .any(|word| text == *word || text.starts_with(&format!("{word}:")))
                || text
                    .split(|sign: char| !sign.is_alphanumeric())
                    .any(|part| part == "access")
        })
    })
}

/// Returns the lifetime in seconds, if it is one constant: a number of seconds or text such as `15m`.
pub fn lifetime(token: &IssueToken) -> Option<u64> {
    let texts = literals(token.expires.as_ref()?);
    let [text] = texts.as_slice() else {
        return None;
    };
    let text = text.trim();
    let end = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    let number: u64 = text[..end].parse().ok()?;
    let unit = match text[end..].trim().chars().next() {
        None | Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        Some('w') => 604_800,
        Some('y') => 31_536_000,
        _ => return None,
    };
    Some(number.saturating_mul(unit))
}

/// Holds if the claim of an unverified token is used in `effect`, for anything but times.
pub fn uses_unverified(effect: &Effect) -> bool {
    match &effect.kind {
        EffectKind::Access(access) => access
            .key
            .iter()
            .chain(&access.values)
            .any(|field| has_unverified(&field.value)),
        EffectKind::Issue(token) => token
            .claims
            .iter()
            .any(|field| has_unverified(&field.value)),
        EffectKind::Session(_, Some(field)) => has_unverified(&field.value),
        _ => false,
    }
}

/// Holds if the value is a claim of an unverified token, other than a time.
pub fn has_unverified(value: &Provenance) -> bool {
    value.origins().iter().any(|origin| {
        matches!(origin, Origin::UnverifiedClaim(name)
            if !is_standard_time(name) && !matches!(name.as_str(), "jti" | "header" | "kid" | "alg"))
    })
}
