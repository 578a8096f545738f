//! Tokens that libraries issue and verify: what the models of all of them share.

use firedoor_app::{EffectKind, Field, IssueToken, Origin, Provenance, TokenKind, VerifyToken};
use firedoor_eval::{Machine, ObjectKind, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::tools::{proof, proven_origin};
use crate::{ModelHost, judge};

/// A verification, as a library's options describe it.
#[derive(Clone, Debug)]
pub struct Verification {
    /// What kind of token.
    pub kind: TokenKind,
    /// The token.
    pub token: Value,
    /// The key.
    pub secret: Value,
    /// The algorithms accepted, if pinned.
    pub algorithms: Option<Vec<Ustr>>,
    /// Holds if the token itself says which algorithms are accepted.
    pub from_token: bool,
    /// Holds if the library refuses unsafe algorithms by itself.
    pub is_safe: bool,
    /// Holds if expired tokens are accepted.
    pub ignores_expiry: bool,
    /// Claims that the call checks.
    pub requires: Vec<Field>,
}

impl Verification {
    /// A verification without options.
    pub fn new(kind: TokenKind, token: Value, secret: Value) -> Verification {
        Verification {
            kind,
            token,
            secret,
            algorithms: None,
            from_token: false,
            is_safe: true,
            ignores_expiry: false,
            requires: Vec::new(),
        }
    }
}

/// Notes the verification and returns whether it succeeds.
pub fn verify(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    verification: &Verification,
    span: Span,
) -> Value {
    let effect = VerifyToken {
        kind: verification.kind,
        token: host.deep_provenance(machine, &verification.token),
        secret: host.deep_provenance(machine, &verification.secret),
        algorithms: verification.algorithms.clone(),
        algorithms_from_token: verification.from_token,
        algorithms_safe_by_default: verification.is_safe,
        is_verified: true,
        takes_empty_key: false,
        ignores_expiry: verification.ignores_expiry,
        requires: verification.requires.clone(),
    };
    host.effect(machine, EffectKind::Verify(effect), span);
    let operands = [&verification.token, &verification.secret];
    proof(host, machine, &operands, span)
}

/// Returns what a verified token says.
pub fn claims(host: &ModelHost, machine: &mut Machine<'_>, token: &Value, claim: &str) -> Value {
    let provenance = host.deep_provenance(machine, token);
    let origin = proven_origin(host, &provenance, claim);
    let origins = host.origin(machine, origin);
    let shape = if claim.is_empty() {
        Shape::Object
    } else {
        Shape::Any
    };
    let mut value = Value::unknown(shape).with_origins(origins);
    value.control = machine.origins.union(token.origins, token.control);
    value
}

/// Notes that a token is decoded without being verified, and returns what it says: nothing, if it is no token.
pub fn decode(host: &ModelHost, machine: &mut Machine<'_>, token: &Value, span: Span) -> Value {
    let effect = VerifyToken {
        kind: TokenKind::Jwt,
        token: host.deep_provenance(machine, token),
        secret: Provenance::default(),
        algorithms: None,
        algorithms_from_token: false,
        algorithms_safe_by_default: false,
        is_verified: false,
        takes_empty_key: false,
        ignores_expiry: true,
        requires: Vec::new(),
    };
    host.effect(machine, EffectKind::Verify(effect), span);
    let origins = host.origin(machine, Origin::UnverifiedClaim(Ustr::from("")));
    let mut value = Value::unknown(Shape::Object).with_origins(origins);
    value.control = machine.origins.union(token.origins, token.control);
    value
}

/// An issue, as a library's options describe it.
#[derive(Clone, Debug)]
pub struct Issue {
    /// What kind of token.
    pub kind: TokenKind,
    /// What it carries.
    pub payload: Value,
    /// The key.
    pub secret: Value,
    /// The algorithm, where given.
    pub algorithm: Option<Ustr>,
    /// When it expires, where given by an option.
    pub expires: Option<Provenance>,
    /// Claims that options add.
    pub claims: Vec<Field>,
}

/// Notes the issue of a token and returns the token.
pub fn issue(host: &ModelHost, machine: &mut Machine<'_>, issue: Issue, span: Span) -> Value {
    let (mut claims, spread) = judge::written(host, machine, &issue.payload);
    let mut expires = issue.expires;
    if expires.is_none()
        && let Some(field) = claims.iter().find(|field| field.name == "exp")
    {
        expires = Some(field.value.clone());
    }
    if expires.is_none() && issue.payload.is_unknown() {
        expires = Some(Provenance::default());
    }
    for value in spread {
        claims.push(field_of("", value));
    }
    claims.extend(issue.claims);
    let effect = IssueToken {
        kind: issue.kind,
        secret: host.deep_provenance(machine, &issue.secret),
        algorithm: issue.algorithm,
        expires,
        claims,
    };
    host.effect(machine, EffectKind::Issue(effect), span);
    let token = machine.derived(Shape::String, [&issue.payload]);
    let token = host.with_origin(machine, token, Origin::Signature);
    // A token is never empty.
    Value::pattern(&format!("e{}", firedoor_eval::HOLE)).with_origins(token.origins)
}

/// Returns a field with the sign of equality.
pub fn field_of(name: &str, value: Provenance) -> Field {
    Field {
        name: Ustr::from(name),
        value,
        operator: "=",
    }
}

/// Returns the texts of a list, if all are known.
pub fn texts_of(machine: &mut Machine<'_>, value: &Value) -> Option<Vec<Ustr>> {
    if let Some(texts) = value.texts() {
        return Some(texts);
    }
    let (elements, is_open) = machine.elements_of(value);
    if is_open || elements.is_empty() {
        return None;
    }
    elements.iter().map(Value::text).collect()
}

/// Makes an object with these properties.
pub fn plain(machine: &mut Machine<'_>, properties: &[(&str, Value)], span: Span) -> Value {
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    let object = machine.heap.get_mut(id);
    for (name, value) in properties {
        object.properties.insert(Ustr::from(name), value.clone());
    }
    Value::object(id)
}

/// Returns the value or nothing.
pub fn perhaps(value: &Value) -> Value {
    let mut perhaps = Value::null();
    for atom in value.atoms() {
        perhaps.add(*atom);
    }
    perhaps.origins = value.origins;
    perhaps.control = value.control;
    perhaps
}

/// Holds if a list of algorithms comes from a token that is not verified yet.
pub fn is_from_token(host: &ModelHost, machine: &mut Machine<'_>, algorithms: &Value) -> bool {
    host.deep_provenance(machine, algorithms)
        .origins()
        .iter()
        .any(|origin| matches!(origin, Origin::UnverifiedClaim(_)))
}
