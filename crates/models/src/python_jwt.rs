//! JSON Web Tokens in Python: PyJWT, python-jose, Authlib and joserfc.
//!
//! Sources: PyJWT 2.10 `jwt/api_jwt.py` and `jwt/exceptions.py` (a decode that verifies must name its
//! algorithms, else it fails; without `verify_signature` no claim is checked either); python-jose 3.4
//! `jose/jwt.py` and `jose/jws.py` (without a list any algorithm that fits the key is taken); Authlib 1.6
//! `authlib/jose/rfc7519/jwt.py`; joserfc 1.8 `joserfc/jwt.py` (without a list the recommended ones; no claim is checked
//! before a registry of claims validates them).

mod joserfc;

use firedoor_app::{EffectKind, Field, IssueToken, Origin, Provenance, TokenKind, VerifyToken};
use firedoor_eval::{Answer, Call, Machine, Shape, Value};
use ustr::Ustr;

use crate::python_support::{
    argument, entry, exception, given, keep, kept, prove_or_throw_this, proven, value_from,
};
use crate::tokens::is_from_token;
use crate::{Model, ModelHost, Persona};

/// The model.
pub static MODEL: Model = Model {
    name: "python_jwt",
    calls: &[
        ("py:jwt.encode", encode),
        ("py:jwt.decode", decode),
        ("py:jwt.decode_complete", decode_complete),
        ("py:jwt.get_unverified_header", unverified),
        ("py:jwt.PyJWT", keep),
        ("py:jwt.PyJWT().encode", encode),
        ("py:jwt.PyJWT().decode", decode),
        ("py:jwt.PyJWKClient", keep),
        (
            "py:jwt.PyJWKClient().get_signing_key_from_jwt",
            published_key,
        ),
        ("py:jwt.PyJWKClient().get_signing_key", published_key),
        ("py:jose.jwt.encode", encode),
        ("py:jose.jwt.decode", decode_jose),
        ("py:jose.jwt.get_unverified_claims", unverified),
        ("py:jose.jwt.get_unverified_header", unverified),
        ("py:jose.jwt.get_unverified_headers", unverified),
        ("py:authlib.jose.JsonWebToken", keep),
        ("py:authlib.jose.JsonWebToken().encode", encode_after_header),
        ("py:authlib.jose.JsonWebToken().decode", decode_authlib),
        ("py:authlib.jose.jwt.encode", encode_after_header),
        ("py:authlib.jose.jwt.decode", decode_authlib),
        ("py:joserfc.jwt.encode", encode_after_header),
        ("py:joserfc.jwt.decode", joserfc::decode),
        ("py:joserfc.jwt.JWTClaimsRegistry", keep),
        (
            "py:joserfc.jwt.JWTClaimsRegistry().validate",
            joserfc::validate,
        ),
        (
            "py:google.oauth2.id_token.verify_oauth2_token",
            verify_google,
        ),
        ("py:google.oauth2.id_token.verify_token", verify_google),
        (
            "py:google.oauth2.id_token.verify_firebase_token",
            verify_google,
        ),
        ("py:firebase_admin.auth.verify_id_token", verify_firebase),
        (
            "py:firebase_admin.auth.verify_session_cookie",
            verify_firebase,
        ),
    ],
    aliases: &[
        ("py:jwt.api_jwt.encode", "py:jwt.encode"),
        ("py:jwt.api_jwt.decode", "py:jwt.decode"),
        ("py:jwt.exceptions.PyJWTError", "py:jwt.PyJWTError"),
        (
            "py:jwt.exceptions.InvalidTokenError",
            "py:jwt.InvalidTokenError",
        ),
        ("py:jwt.exceptions.DecodeError", "py:jwt.DecodeError"),
        (
            "py:jwt.exceptions.ExpiredSignatureError",
            "py:jwt.ExpiredSignatureError",
        ),
        (
            "py:jwt.exceptions.InvalidSignatureError",
            "py:jwt.InvalidSignatureError",
        ),
        ("py:jose.exceptions.JWTError", "py:jose.JWTError"),
        (
            "py:jose.exceptions.ExpiredSignatureError",
            "py:jose.ExpiredSignatureError",
        ),
        ("py:jose.exceptions.JOSEError", "py:jose.JOSEError"),
        ("py:jose.jwt.JWTError", "py:jose.JWTError"),
        (
            "py:jose.jwt.ExpiredSignatureError",
            "py:jose.ExpiredSignatureError",
        ),
        (
            "py:jose.jwt.JWTClaimsError",
            "py:jose.exceptions.JWTClaimsError",
        ),
    ],
    subclasses: &[
        ("py:jwt.PyJWTError", "py:builtins.Exception"),
        ("py:jwt.InvalidTokenError", "py:jwt.PyJWTError"),
        ("py:jwt.DecodeError", "py:jwt.InvalidTokenError"),
        ("py:jwt.InvalidSignatureError", "py:jwt.DecodeError"),
        ("py:jwt.ExpiredSignatureError", "py:jwt.InvalidTokenError"),
        ("py:jwt.InvalidAudienceError", "py:jwt.InvalidTokenError"),
        ("py:jwt.InvalidIssuerError", "py:jwt.InvalidTokenError"),
        ("py:jwt.InvalidAlgorithmError", "py:jwt.InvalidTokenError"),
        (
            "py:jwt.MissingRequiredClaimError",
            "py:jwt.InvalidTokenError",
        ),
        ("py:jose.JOSEError", "py:builtins.Exception"),
        ("py:jose.JWTError", "py:jose.JOSEError"),
        ("py:jose.ExpiredSignatureError", "py:jose.JWTError"),
        ("py:jose.exceptions.JWTClaimsError", "py:jose.JWTError"),
        ("py:authlib.jose.errors.JoseError", "py:builtins.Exception"),
        (
            "py:authlib.jose.errors.BadSignatureError",
            "py:authlib.jose.errors.JoseError",
        ),
        ("py:joserfc.errors.JoseError", "py:builtins.Exception"),
        (
            "py:joserfc.errors.BadSignatureError",
            "py:joserfc.errors.JoseError",
        ),
        (
            "py:joserfc.errors.ClaimError",
            "py:joserfc.errors.JoseError",
        ),
        (
            "py:joserfc.errors.ExpiredTokenError",
            "py:joserfc.errors.ClaimError",
        ),
        (
            "py:joserfc.errors.InvalidClaimError",
            "py:joserfc.errors.ClaimError",
        ),
        (
            "py:joserfc.errors.MissingClaimError",
            "py:joserfc.errors.ClaimError",
        ),
    ],
    ..Model::EMPTY
};

/// `encode(payload, key, algorithm)`; both libraries sign with HS256 by default.
fn encode(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let payload = given(call, 0, "payload").unwrap_or_else(|| argument(call, 0, "claims"));
    let key = argument(call, 1, "key");
    let algorithm =
        given(call, 2, "algorithm").map_or(Some(Ustr::from("HS256")), |name| name.text());
    Ok(Some(issue(host, machine, call, &payload, &key, algorithm)))
}

/// `encode(header, payload, key)`.
fn encode_after_header(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let header = argument(call, 0, "header");
    let payload = given(call, 1, "claims").unwrap_or_else(|| argument(call, 1, "payload"));
    let key = argument(call, 2, "key");
    let algorithm = entry(machine, &header, "alg").and_then(|name| name.text());
    Ok(Some(issue(host, machine, call, &payload, &key, algorithm)))
}

fn issue(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    payload: &Value,
    key: &Value,
    algorithm: Option<Ustr>,
) -> Value {
    let claims = claims_of(host, machine, payload);
    let expires = claims
        .iter()
        .find(|claim| claim.name == "exp")
        .map(|claim| claim.value.clone());
    let is_open = payload.is_unknown() || payload.objects().any(|id| machine.heap.get(id).is_open);
    let secret = host.deep_provenance(machine, key);
    let effect = EffectKind::Issue(IssueToken {
        kind: TokenKind::Jwt,
        secret,
        algorithm,
        expires: expires.or(is_open.then(Provenance::default)),
        claims,
    });
    host.effect(machine, effect, call.span);
    value_from(host, machine, Shape::String, Origin::Signature)
}

/// Returns the fields of a payload.
pub(crate) fn claims_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    payload: &Value,
) -> Vec<Field> {
    let mut claims = Vec::new();
    for id in payload.objects().collect::<Vec<_>>() {
        claims.extend(host.fields(machine, id));
    }
    if claims.is_empty() {
        claims.push(Field {
            name: Ustr::from(""),
            value: host.deep_provenance(machine, payload),
            operator: "=",
        });
    }
    claims
}

/// What one call of a decoding function says.
struct Decoding {
    token: Value,
    key: Value,
    algorithms: Option<Vec<Ustr>>,
    from_token: bool,
    is_safe_by_default: bool,
    options: Value,
    requires: Vec<(&'static str, Value)>,
    /// The exceptions that tell of it, the most general one first.
    errors: &'static [&'static str],
    /// Signatures under an empty key are right as any other.
    takes_empty_key: bool,
    is_verified: bool,
    /// Claims are checked by another call, if at all.
    leaves_claims: bool,
}

fn decode(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let decoding = pyjwt_decoding(host, machine, call);
    settle(host, machine, call, decoding)
}

fn pyjwt_decoding(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Decoding {
    let is_verified = call.arguments.keyword("verify").and_then(Value::truth) != Some(false);
    Decoding {
        token: argument(call, 0, "jwt"),
        key: argument(call, 1, "key"),
        algorithms: names(machine, &argument(call, 2, "algorithms")),
        from_token: is_from_token(host, machine, &argument(call, 2, "algorithms")),
        is_safe_by_default: true,
        options: argument(call, 3, "options"),
        requires: required(call),
        errors: &["py:jwt.InvalidTokenError", "py:jwt.InvalidSignatureError"],
        takes_empty_key: true,
        is_verified,
        leaves_claims: false,
    }
}

/// The result has the payload, the header and the signature as members.
fn decode_complete(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let decoding = pyjwt_decoding(host, machine, call);
    let claims = settle(host, machine, call, decoding)?;
    let id = machine
        .heap
        .allocate(firedoor_eval::ObjectKind::Plain, call.span);
    if let Some(claims) = claims {
        machine.heap.set_property(id, Ustr::from("payload"), claims);
    }
    Ok(Some(Value::object(id)))
}

fn decode_jose(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let mut requires = required(call);
    for (index, claim) in [(4, "aud"), (5, "iss")] {
        if let Some(value) = call.arguments.positional.get(index).cloned() {
            requires.push((claim, value));
        }
    }
    let decoding = Decoding {
        token: argument(call, 0, "token"),
        key: argument(call, 1, "key"),
        algorithms: names(machine, &argument(call, 2, "algorithms")),
        from_token: is_from_token(host, machine, &argument(call, 2, "algorithms")),
        is_safe_by_default: false,
        options: argument(call, 3, "options"),
        requires,
        errors: &["py:jose.JWTError"],
        takes_empty_key: true,
        is_verified: true,
        leaves_claims: false,
    };
    settle(host, machine, call, decoding)
}

/// `decode(s, key, claims_options)`: the algorithms are those of the object, and expiry is checked by
/// `validate` of the claims.
fn decode_authlib(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let pinned = kept(machine, call.receiver, 0, "algorithms").unwrap_or_else(Value::null);
    let decoding = Decoding {
        token: argument(call, 0, "s"),
        key: argument(call, 1, "key"),
        algorithms: names(machine, &pinned),
        from_token: false,
        is_safe_by_default: false,
        options: Value::null(),
        requires: Vec::new(),
        errors: &["py:authlib.jose.errors.BadSignatureError"],
        takes_empty_key: false,
        is_verified: true,
        leaves_claims: false,
    };
    settle(host, machine, call, decoding)
}

/// Claims that a decode checks because an argument says so.
fn required(call: &Call<'_>) -> Vec<(&'static str, Value)> {
    [("audience", "aud"), ("issuer", "iss"), ("subject", "sub")]
        .into_iter()
        .filter_map(|(name, claim)| Some((claim, call.arguments.keyword(name)?.clone())))
        .filter(|(_, value)| !value.is_nothing())
        .collect()
}

/// Returns a list of names, or one; nothing if there is none or it is not known.
fn names(machine: &mut Machine<'_>, value: &Value) -> Option<Vec<Ustr>> {
    if let Some(name) = value.text() {
        return Some(vec![name]);
    }
    if value.is_nothing() {
        return None;
    }
    let (elements, _) = machine.elements_of(value);
    let names = elements.iter().filter_map(Value::text).collect();
    Some(names)
}

/// Returns an option that is a truth value.
fn option(machine: &Machine<'_>, options: &Value, name: &str) -> Option<bool> {
    entry(machine, options, name)?.truth()
}

fn settle(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    decoding: Decoding,
) -> Answer {
    let is_verified = decoding.is_verified
        && option(machine, &decoding.options, "verify_signature") != Some(false);
    let checks_expiry = option(machine, &decoding.options, "verify_exp").unwrap_or(is_verified);
    let checks_expiry = checks_expiry && !decoding.leaves_claims;
    let mut requires: Vec<Field> = Vec::new();
    for (claim, value) in &decoding.requires {
        requires.push(Field {
            name: Ustr::from(claim),
            value: host.deep_provenance(machine, value),
            operator: "=",
        });
    }
    requires.extend(present_claims(machine, &decoding.options));
    let secret = match is_verified {
        true => host.deep_provenance(machine, &decoding.key),
        false => Provenance::default(),
    };
    let effect = EffectKind::Verify(VerifyToken {
        kind: TokenKind::Jwt,
        token: host.deep_provenance(machine, &decoding.token),
        secret,
        algorithms: decoding.algorithms,
        algorithms_from_token: decoding.from_token,
        algorithms_safe_by_default: decoding.is_safe_by_default,
        is_verified,
        takes_empty_key: decoding.takes_empty_key,
        ignores_expiry: !checks_expiry,
        requires,
    });
    host.effect(machine, effect, call.span);
    if !is_verified {
        return Ok(Some(unverified_claims(host, machine, &decoding.token)));
    }
    if is_own_token(host, machine, &decoding.token) {
        return Ok(Some(machine.derived(Shape::Object, [&decoding.token])));
    }
    let hangs_on = [&decoding.token, &decoding.key];
    // Whoever tries one key after the other goes on where the signature was made with another.
    let mut error: Option<Value> = None;
    for path in decoding.errors {
        let one = exception(machine, path, &hangs_on);
        error = Some(match error {
            Some(earlier) => machine.join(earlier, &one),
            None => one,
        });
    }
    prove_or_throw_this(host, machine, error.unwrap_or_else(Value::null), call.span)?;
    Ok(Some(proven(host, machine, &decoding.token)))
}

/// Holds for a token that the program has made on its way with the attacker's request, and reads back: it is no made-up
/// one, and proves nothing of him.
fn is_own_token(host: &ModelHost, machine: &mut Machine<'_>, token: &Value) -> bool {
    if host.persona() != Persona::Attacker {
        return false;
    }
    let provenance = host.deep_provenance(machine, token);
    let origins = provenance.origins();
    let is_made = |origin: &Origin| matches!(origin, Origin::Signature | Origin::Literal(_));
    origins.contains(&Origin::Signature) && origins.iter().all(is_made)
}

/// `options={"require": [...]}`: claims that must be there.
fn present_claims(machine: &mut Machine<'_>, options: &Value) -> Vec<Field> {
    let Some(list) = entry(machine, options, "require") else {
        return Vec::new();
    };
    names(machine, &list)
        .unwrap_or_default()
        .into_iter()
        .map(|name| Field {
            name,
            value: Provenance::default(),
            operator: "exists",
        })
        .collect()
}

fn unverified_claims(host: &ModelHost, machine: &mut Machine<'_>, token: &Value) -> Value {
    let origin = Origin::UnverifiedClaim(Ustr::from(""));
    let mut value = value_from(host, machine, Shape::Object, origin);
    value.control = machine.origins.union(token.origins, token.control);
    value
}

/// Decoded without a proof; anything that is no token is an error.
fn unverified(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let token = call
        .arguments
        .all()
        .next()
        .cloned()
        .unwrap_or_else(Value::null);
    let effect = EffectKind::Verify(VerifyToken {
        kind: TokenKind::Jwt,
        token: host.deep_provenance(machine, &token),
        secret: Provenance::default(),
        algorithms: None,
        algorithms_from_token: false,
        algorithms_safe_by_default: true,
        is_verified: false,
        takes_empty_key: false,
        ignores_expiry: true,
        requires: Vec::new(),
    });
    host.effect(machine, effect, call.span);
    Ok(Some(unverified_claims(host, machine, &token)))
}

/// A key that an identity provider publishes: whatever the token says, it is one of those.
fn published_key(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let path = Ustr::from("py:jwt.PyJWKClient");
    Ok(Some(value_from(
        host,
        machine,
        Shape::Object,
        Origin::Outside(path),
    )))
}

/// `verify_oauth2_token(id_token, request, audience)`: a mailed or posted token of a provider proves who is
/// there just as a password does.
fn verify_google(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let token = argument(call, 0, "id_token");
    let audience = argument(call, 2, "audience");
    let requires = match audience.is_nothing() {
        true => Vec::new(),
        false => vec![("aud", audience)],
    };
    verify_by_provider(
        host,
        machine,
        call,
        token,
        requires,
        &["py:builtins.ValueError"],
    )
}

fn verify_firebase(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let token = call.arguments.get(0);
    let errors = &["py:firebase_admin.auth.InvalidIdTokenError"];
    verify_by_provider(host, machine, call, token, Vec::new(), errors)
}

fn verify_by_provider(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    token: Value,
    requires: Vec<(&'static str, Value)>,
    errors: &'static [&'static str],
) -> Answer {
    let key = value_from(host, machine, Shape::Any, Origin::Outside(call.path));
    let decoding = Decoding {
        token,
        key,
        algorithms: Some(vec![Ustr::from("RS256")]),
        from_token: false,
        is_safe_by_default: true,
        options: Value::null(),
        requires,
        errors,
        takes_empty_key: false,
        is_verified: true,
        leaves_claims: false,
    };
    settle(host, machine, call, decoding)
}
