//! jose 4 to 6: <https://github.com/panva/jose/blob/main/docs/README.md>.
//!
//! `jwtVerify` rejects with a `JOSEError`; without `algorithms` it accepts what fits the key, and never `none`.

use firedoor_app::TokenKind;
use firedoor_eval::{Answer, Atom, Call, Machine, Shape, Value};
use ustr::Ustr;

use crate::jsonwebtoken::{resolved_key, verification};
use crate::tokens::{Issue, claims, decode, field_of, issue, plain, verify};
use crate::tools::{error, keep, kept, last_part, option, promised, require};
use crate::{Model, ModelHost, Persona};

/// The model.
pub static MODEL: Model = Model {
    name: "jose",
    calls: &[
        ("npm:jose.SignJWT", builder),
        ("npm:jose.SignJWT().sign", sign),
        ("npm:jose.SignJWT().*", set_claim),
        ("npm:jose.EncryptJWT", builder),
        ("npm:jose.jwtVerify", verify_token),
        ("npm:jose.jwtDecrypt", verify_token),
        ("npm:jose.compactVerify", verify_token),
        ("npm:jose.decodeJwt", decode_token),
        ("npm:jose.decodeProtectedHeader", decode_token),
        ("npm:jose.createRemoteJWKSet", remote_keys),
        ("npm:jose.createLocalJWKSet", first_argument),
        ("npm:jose.importSPKI", imported_key),
        ("npm:jose.importPKCS8", imported_key),
        ("npm:jose.importJWK", imported_key),
        ("npm:jose.importX509", imported_key),
        ("npm:jose.JWK.asKey", first_argument),
        ("npm:jose.JWE.encrypt", first_argument),
        ("npm:jose.JWE.decrypt", first_argument),
    ],
    aliases: &[
        ("npm:jose.jwtDecode", "npm:jose.decodeJwt"),
        // Versions 1 and 2, whose calls are those of jsonwebtoken.
        ("npm:jose.JWT.sign", "npm:jsonwebtoken.sign"),
        ("npm:jose.JWT.verify", "npm:jsonwebtoken.verify"),
        ("npm:jose.JWT.decode", "npm:jsonwebtoken.decode"),
    ],
    ..Model::EMPTY
};

/// `new SignJWT(payload)`, to which a chain of calls adds claims.
fn builder(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:jose.SignJWT()", call.span);
    keep(machine, id, "$payload", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

fn set_claim(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(object) = call.receiver {
        let name = format!("${}", last_part(&call.path));
        let value = call.arguments.get(0);
        // `setIssuedAt()` and `setExpirationTime()` may be called without anything.
        let value = if value.is_nothing() {
            Value::string("now")
        } else {
            value
        };
        keep(machine, object, &name, value);
    }
    Ok(Some(call.this.clone()))
}

fn sign(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let span = call.span;
    let mut added = Vec::new();
    for (setter, claim) in [
        ("$setAudience", "aud"),
        ("$setIssuer", "iss"),
        ("$setSubject", "sub"),
        ("$setJti", "jti"),
    ] {
        let value = kept(machine, call.receiver, setter);
        if !value.is_nothing() {
            added.push(field_of(claim, host.deep_provenance(machine, &value)));
        }
    }
    let header = kept(machine, call.receiver, "$setProtectedHeader");
    let expires = kept(machine, call.receiver, "$setExpirationTime");
    let expires = (!expires.is_nothing()).then(|| host.deep_provenance(machine, &expires));
    let payload = kept(machine, call.receiver, "$payload");
    let payload = if payload.is_nothing() {
        plain(machine, &[], span)
    } else {
        payload
    };
    let made = Issue {
        kind: TokenKind::Jwt,
        payload,
        secret: call.arguments.get(0),
        algorithm: option(machine, &header, "alg", span).and_then(|value| value.text()),
        expires,
        claims: added,
    };
    promised(machine, span, |machine| {
        Ok(issue(host, machine, made, span))
    })
    .map(Some)
}

fn verify_token(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let span = call.span;
    let token = call.arguments.get(0);
    let options = call.arguments.get(2);
    promised(machine, span, |machine| {
        let secret = resolved_key(host, machine, &call.arguments.get(1), &token, span);
        let secret = machine.await_value(&secret, span)?;
        let wanted = verification(host, machine, token.clone(), secret, &options, span);
        let test = verify(host, machine, &wanted, span);
        let failed = error(
            host,
            machine,
            "npm:jose.errors.JWSSignatureVerificationFailed",
            &[&token, &wanted.secret],
            span,
        );
        name_reason(host, machine, &failed);
        require(machine, &test, &failed, span)?;
        let payload = claims(host, machine, &token, "");
        let header = claims(host, machine, &token, "header");
        Ok(plain(
            machine,
            &[("payload", payload), ("protectedHeader", header)],
            span,
        ))
    })
    .map(Some)
}

/// Why a token is refused, as the `code` of the error says. jose 5.9, `src/util/errors.ts` and `src/lib/jwt_claims_set.ts`:
/// the signature is checked first, so that nobody without the key hears of anything else.
fn name_reason(host: &ModelHost, machine: &mut Machine<'_>, failed: &Value) {
    let mut codes = vec![
        "ERR_JWS_INVALID",
        "ERR_JWT_INVALID",
        "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
        "ERR_JOSE_ALG_NOT_ALLOWED",
    ];
    if host.persona() != Persona::Attacker {
        codes.extend(["ERR_JWT_EXPIRED", "ERR_JWT_CLAIM_VALIDATION_FAILED"]);
    }
    let code = Value::atoms_of(codes.into_iter().map(|code| Atom::String(Ustr::from(code))));
    for error in failed.objects().collect::<Vec<_>>() {
        keep(machine, error, "code", code.clone());
    }
}

fn decode_token(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let token = call.arguments.get(0);
    let failed = error(
        host,
        machine,
        "npm:jose.errors.JWTInvalid",
        &[&token],
        call.span,
    );
    let payload = decode(host, machine, &token, call.span);
    machine.may_throw(failed, call.span);
    Ok(Some(payload))
}

/// Keys that the issuer publishes under a URL.
fn remote_keys(_host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let path = Ustr::from("npm:jose.createRemoteJWKSet");
    let origins = machine.origins.single(firedoor_eval::Origin::Outside(path));
    Ok(Some(Value::unknown(Shape::Object).with_origins(origins)))
}

fn first_argument(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.arguments.get(0)))
}

fn imported_key(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let key = call.arguments.get(0);
    promised(machine, call.span, |_| Ok(key)).map(Some)
}
