//! The session of `SessionMiddleware`: a dictionary that is kept in a signed cookie.
//!
//! What is put into it is what later requests are known by, so writes are effects.

use firedoor_app::{EffectKind, Field, RequestPart, SessionOperation};
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectId, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::ModelHost;
use crate::fastapi::inputs::named_part;
use crate::starlette::connection::{key_name, own_or_session};

pub(crate) fn get_session(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(session) = call.receiver else {
        return Ok(None);
    };
    let name = key_name(&call.arguments.get(0), RequestPart::Session);
    let value = own_or_session(host, machine, session, &name);
    let default = call.arguments.find(1, "default").cloned();
    Ok(Some(match default {
        Some(default) if !default.is_nothing() && value.is_nothing() => {
            default.with_origins(value.origins)
        }
        _ => value,
    }))
}

pub(crate) fn index_session(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: &Value,
    key: &Value,
    span: Span,
) -> Option<Value> {
    let session = object.only_object()?;
    let name = key_name(key, RequestPart::Session);
    let value = own_or_session(host, machine, session, &name);
    if value.atoms().iter().any(Atom::is_nothing) {
        let mut error = Value::outside("py:builtins.KeyError()");
        error.origins = value.origins;
        machine.may_throw(error, span);
    }
    Some(value.filter(|atom| !atom.is_nothing()).unwrap_or(value))
}

pub(crate) fn set_session(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: ObjectId,
    value: &Value,
    span: Span,
) -> bool {
    let name = Ustr::from(&crate::tools::member_name(host));
    note_session_write(host, machine, name, value, span);
    false
}

fn note_session_write(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: Ustr,
    value: &Value,
    span: Span,
) {
    let field = Field {
        name,
        value: host.deep_provenance(machine, value),
        operator: "=",
    };
    host.effect(
        machine,
        EffectKind::Session(SessionOperation::Write, Some(field)),
        span,
    );
}

pub(crate) fn update_session(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let given = call.arguments.get(0);
    let mut pairs: Vec<(Ustr, Value)> = Vec::new();
    for id in given.objects() {
        let properties = machine.heap.get(id).properties.iter();
        pairs.extend(properties.map(|(name, value)| (*name, value.clone())));
    }
    let keywords = call.arguments.keywords.iter();
    pairs.extend(keywords.map(|(name, value)| (*name, value.clone())));
    for (name, value) in pairs {
        note_session_write(host, machine, name, &value, call.span);
        if let Some(session) = call.receiver {
            machine.heap.set_property(session, name, value);
        }
    }
    Ok(Some(Value::null()))
}

pub(crate) fn pop_session(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = key_name(&call.arguments.get(0), RequestPart::Session);
    let field = Field {
        name: Ustr::from(&name),
        value: firedoor_app::Provenance::default(),
        operator: "=",
    };
    host.effect(
        machine,
        EffectKind::Session(SessionOperation::Write, Some(field)),
        call.span,
    );
    let value = named_part(host, machine, RequestPart::Session, &name);
    Ok(Some(value))
}

pub(crate) fn clear_session(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    host.effect(
        machine,
        EffectKind::Session(SessionOperation::Destroy, None),
        call.span,
    );
    Ok(Some(Value::null()))
}
