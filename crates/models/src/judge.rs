//! What the personas mean for values: what an attacker cannot know, and what requests keep in memory.

use firedoor_app::{Access, EffectKind, Field, Operation, Origin, Provenance, RequestPart};
use firedoor_eval::{Atom, Machine, ObjectId, ObjectKind, OriginSet, Shape, StoreOperation, Value};
use firedoor_source::Span;
use indexmap::IndexMap;
use ustr::Ustr;

use crate::{ModelHost, Persona};

/// Decides an equality for an attacker: what he sends is not equal to a secret.
pub(crate) fn attacker_equality(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    left: &Value,
    right: &Value,
) -> Option<bool> {
    if host.persona() != Persona::Attacker {
        return None;
    }
    let a = host.provenance(machine, left);
    let b = host.provenance(machine, right);
    // What costs little is asked first: of most that is compared nothing was sent.
    let is_refused = (is_presented(&b) && is_secret(&a))
        || (is_presented(&a) && is_secret(&b))
        || (is_written_secret(left) && is_carried_credential(host, &b))
        || (is_written_secret(right) && is_carried_credential(host, &a))
        || (is_held_by_server(machine, left, &a) && is_carried_credential(host, &b))
        || (is_held_by_server(machine, right, &b) && is_carried_credential(host, &a));
    if !is_refused || may_both_be_same_constant(left, right) {
        return None;
    }
    if is_message_password(&a) || is_message_password(&b) {
        let run = &mut host.state().run;
        run.passwords.push(run.step);
    }
    Some(false)
}

/// A route of every method is not asked for the methods that other routes of its path answer.
pub(crate) fn method_equality(
    host: &ModelHost,
    machine: &Machine<'_>,
    left: &Value,
    right: &Value,
) -> Option<bool> {
    if host.state().run.methods_taken.is_empty() {
        return None;
    }
    let is_method = |value: &Value| {
        let origins = host.origins_of(machine, value.origins);
        let name = Ustr::from("method");
        origins == [Origin::Request(RequestPart::Line, name)]
    };
    let other = match (is_method(left), is_method(right)) {
        (true, false) => right.text()?,
        (false, true) => left.text()?,
        _ => return None,
    };
    let is_taken = host.state().run.methods_taken.contains(&other);
    is_taken.then_some(false)
}

fn is_message_password(provenance: &Provenance) -> bool {
    provenance.origins().iter().any(|origin| {
        matches!(origin, Origin::Request(RequestPart::Message, field)
            if field.to_ascii_lowercase().contains("pass") || field.ends_with("pin"))
    })
}

/// Holds if the server keeps it to itself, so that nobody can send it who was not given it.
pub fn is_secret(provenance: &Provenance) -> bool {
    let origins = provenance.origins();
    origins.iter().any(|origin| match origin {
        Origin::Environment { .. } | Origin::Random { .. } | Origin::Signature => true,
        Origin::Record { field, .. } => !is_public_field(field),
        _ => false,
    })
}

/// Holds if the client sends it; where a page comes from is no secret, so that it is left out.
fn is_presented(provenance: &Provenance) -> bool {
    let is_public = provenance.origins().iter().any(|origin| {
        matches!(origin, Origin::Request(RequestPart::Header, name)
            if matches!(name.split('.').next(), Some("origin" | "referer" | "host" | "sec-fetch-site")))
    });
    !is_public
        && provenance.is_from_client()
        && !provenance
            .origins()
            .iter()
            .any(|origin| matches!(origin, Origin::Principal(_)))
}

/// Holds if the value is a constant that only a holder of the secret can send: a secret in the source is a
/// finding of its own, and still a proof. Words that anybody would send are none.
fn is_written_secret(value: &Value) -> bool {
    let Some(texts) = value.texts() else {
        return false;
    };
    texts.iter().all(|text| !is_common_word(text))
}

/// Holds for what the server has from somewhere, as a key from a file of settings that a library has read, and the
/// request has no part in: whatever it is, a credential that was made up is not it.
fn is_held_by_server(machine: &Machine<'_>, value: &Value, provenance: &Provenance) -> bool {
    let is_open = |atom: &Atom| match atom {
        Atom::Unknown(shape) => matches!(shape, Shape::Any | Shape::String),
        Atom::Object(id) => matches!(machine.heap.get(*id).kind, ObjectKind::Host(_)),
        Atom::Outside(_) => true,
        _ => false,
    };
    // What records hold may be known to others, and of what is unknown nothing is.
    let is_own = |origin: &Origin| {
        matches!(
            origin,
            Origin::Outside(_) | Origin::Environment { .. } | Origin::Literal(_)
        )
    };
    !provenance.is_empty()
        && provenance.origins().iter().all(is_own)
        && value.atoms().iter().any(is_open)
        && !value.atoms().iter().any(Atom::is_nothing)
}

/// Names of schemes of authentication (RFC 9110, 11.1, and the registry of schemes), and words that say yes or
/// name a kind of user.
fn is_common_word(text: &str) -> bool {
    let word = text.trim().trim_end_matches(':').to_ascii_lowercase();
    word.len() < 2
        || matches!(
            word.as_str(),
            "bearer"
                | "basic"
                | "digest"
                | "token"
                | "negotiate"
                | "apikey"
                | "api-key"
                | "jwt"
                | "hoba"
                | "mutual"
                | "dpop"
                | "null"
                | "undefined"
                | "true"
                | "false"
                | "yes"
                | "no"
                | "on"
                | "off"
                | "admin"
                | "user"
                | "guest"
                | "none"
        )
}

/// Holds if it comes from where a request carries its credential.
///
/// Browsers cannot give a WebSocket a header, so that its credential is often in the query.
fn is_carried_credential(host: &ModelHost, provenance: &Provenance) -> bool {
    let is_socket = host.state().run.method == "WS";
    let is_carried = provenance.origins().iter().any(|origin| match origin {
        Origin::Request(RequestPart::Message, field) => is_credential_name(field),
        Origin::Request(RequestPart::Query, field) if is_socket => is_credential_name(field),
        origin => origin.is_identity() || origin.is_sent_secret(),
    });
    is_carried && !provenance.is_of_principal()
}

/// Keys that others may know or guess.
pub fn is_public_field(field: &str) -> bool {
    let last = field.rsplit('.').next().unwrap_or(field);
    let last = last.to_ascii_lowercase();
    last.is_empty()
        || last == "id"
        || last == "_id"
        || last.ends_with("_id")
        || field.ends_with("Id")
        || matches!(
            last.as_str(),
            "email"
                | "username"
                | "name"
                | "slug"
                | "uuid"
                | "role"
                | "status"
                | "type"
                | "kind"
                | "state"
                | "plan"
                | "version"
        )
        || is_amount(&last)
}

/// Whoever buys something knows what it costs.
fn is_amount(name: &str) -> bool {
    let words = ["amount", "price", "cents", "total", "currency", "quantity"];
    words.iter().any(|word| name.contains(word))
}

fn may_both_be_same_constant(left: &Value, right: &Value) -> bool {
    left.atoms().iter().any(|atom| {
        matches!(atom, Atom::String(_) | Atom::Undefined | Atom::Null)
            && right.atoms().contains(atom)
    })
}

/// Notes the names that a message may have: the constants that one of its fields is compared with.
pub(crate) fn note_message_names(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    value: &Value,
    constants: &[Ustr],
    span: Span,
) {
    let is_type_test = constants
        .iter()
        .all(|name| TYPE_NAMES.contains(&name.as_str()));
    if !host.is_request() || is_type_test {
        return;
    }
    let origins = host.origins_of(machine, value.origins);
    let run = &mut host.state().run;
    match origins.as_slice() {
        [Origin::Request(RequestPart::Message, field)] => {
            for constant in constants.iter().filter(|name| !is_of_path(name)) {
                run.messages.entry((*field, *constant)).or_insert(span);
            }
        }
        [Origin::Request(RequestPart::Line, field)] => {
            let seen = match field.as_str() {
                "path" => &mut run.paths,
                "method" => &mut run.methods,
                _ => return,
            };
            for constant in constants {
                let fixed = Ustr::from(constant.trim_end_matches(['*', '/']));
                seen.entry(fixed).or_insert(span);
            }
        }
        _ => {}
    }
}

/// Returns the name of the message that is sent, if a value with these origins is the field with its name.
pub(crate) fn chosen_message(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    origins: OriginSet,
) -> Option<Value> {
    let (name, field) = {
        let run = &host.state().run;
        (run.message?, run.message_field)
    };
    let found = host.origins_of(machine, origins);
    (found == [Origin::Request(RequestPart::Message, field)]).then(|| Value::string(&name))
}

/// Holds for how a path begins, and for a template of one: no message is called so.
fn is_of_path(constant: &str) -> bool {
    constant.ends_with('*') || constant.contains('{')
}

/// What `typeof` answers: a comparison with one of these tells no messages apart.
const TYPE_NAMES: [&str; 8] = [
    "string",
    "number",
    "boolean",
    "object",
    "undefined",
    "function",
    "bigint",
    "symbol",
];

/// Fields that messages are usually told apart by.
const DISCRIMINATORS: [&str; 12] = [
    "type", "action", "event", "op", "cmd", "command", "kind", "method", "t", "name", "topic",
    "msgType",
];

/// Returns the messages that a handler tells apart, all by one field: the usual one, or else the first
/// that was compared and lies on top of the message.
pub(crate) fn told_apart(messages: &IndexMap<(Ustr, Ustr), Span>) -> Vec<(Ustr, Ustr)> {
    // What a credential is compared with is no name of a message.
    let fields = || {
        let all = messages.keys().map(|(field, _)| *field);
        all.filter(|field| !is_credential_name(field))
    };
    let usual = DISCRIMINATORS
        .iter()
        .find_map(|name| fields().find(|field| field.rsplit('.').next() == Some(*name)));
    let Some(chosen) = usual.or_else(|| fields().find(|field| !field.contains('.'))) else {
        return Vec::new();
    };
    messages
        .keys()
        .filter(|(field, name)| *field == chosen && !name.is_empty())
        .copied()
        .collect()
}

/// Holds if a field of that name carries what only its owner knows.
pub fn is_credential_name(field: &str) -> bool {
    let last = field.rsplit('.').next().unwrap_or(field);
    let last: String = last
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    matches!(
        last.as_str(),
        "authorization"
            | "auth"
            | "cookie"
            | "jwt"
            | "key"
            | "ticket"
            | "session"
            | "sid"
            | "sessionid"
            | "pin"
    ) || ["token", "apikey", "secret", "password"]
        .iter()
        .any(|part| last.contains(part))
}

/// Returns the name of the asset that a container of the process is.
fn memory_asset(host: &ModelHost, machine: &Machine<'_>, store: ObjectId) -> Ustr {
    let object = machine.heap.get(store);
    let name = object.name.unwrap_or_else(|| Ustr::from("memory"));
    let span = object.span;
    let mut state = host.state();
    state
        .assets
        .entry(name)
        .or_insert_with(|| firedoor_app::Asset {
            name,
            kind: firedoor_app::AssetKind::Memory,
            span,
            fields: Vec::new(),
        });
    name
}

/// Reads from a container that requests fill: a record, or nothing.
pub(crate) fn read_memory(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    store: ObjectId,
    key: Option<&Value>,
    span: Span,
) -> Option<Value> {
    let asset = memory_asset(host, machine, store);
    let mut fields = Vec::new();
    if let Some(key) = key {
        fields.push(("key", key.clone()));
    }
    let found = record(host, machine, asset, &fields, span, key.is_none());
    Some(crate::own_connection::recall(host, machine, store, key).unwrap_or(found))
}

/// Notes a read of an asset and returns the record that is found, or nothing. An attacker finds none by a
/// credential that he has made up.
pub fn record(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    asset: Ustr,
    key: &[(&str, Value)],
    span: Span,
    is_many: bool,
) -> Value {
    let fields = key_fields(host, machine, key);
    let is_in_transaction = host.state().run.transactions > 0;
    host.effect(
        machine,
        EffectKind::Access(Access {
            operation: Operation::Read,
            asset,
            key: fields.clone(),
            values: Vec::new(),
            spread: Vec::new(),
            is_many,
            is_conditional: false,
            is_in_transaction,
            is_unlocked: false,
        }),
        span,
    );
    record_value(
        host,
        machine,
        asset,
        &fields,
        key.iter().map(|(_, value)| value),
    )
}

/// Returns the fields of a key with where their values come from.
pub fn key_fields(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    key: &[(&str, Value)],
) -> Vec<Field> {
    key.iter()
        .map(|(name, value)| Field {
            name: Ustr::from(name),
            value: host.deep_provenance(machine, value),
            operator: "=",
        })
        .collect()
}

/// Returns a record of `asset` found by `key`, or nothing.
pub fn record_value<'v>(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    asset: Ustr,
    key: &[Field],
    values: impl IntoIterator<Item = &'v Value>,
) -> Value {
    let of_principal = key.iter().any(|field| {
        let is_own = field.value.is_of_principal() || is_context(&field.value);
        (is_own && field.operator != firedoor_app::OR_OPEN)
            || is_carried(field)
            || is_ticket(host, field)
    });
    let origin = host.origin(
        machine,
        Origin::Record {
            asset,
            field: Ustr::from(""),
            of_principal,
        },
    );
    let mut value = if host.persona() == Persona::Attacker && is_by_credential(host, key) {
        Value::null()
    } else {
        Value::atoms_of([Atom::Null, Atom::Unknown(Shape::Object)])
    };
    value.origins = origin;
    for part in values {
        let deep = machine.deep_origins(part);
        let by = machine.origins.union(deep, part.control);
        value.control = machine.origins.union(value.control, by);
    }
    value
}

fn is_context(provenance: &Provenance) -> bool {
    provenance.is_from(RequestPart::Context)
}

/// Holds if a socket's attacker has nothing deleted by this: what is found by a credential is not there for one that was
/// made up, so that to redeem a ticket is no more than to look it up.
pub(crate) fn deletes_nothing(host: &ModelHost, access: &Access) -> bool {
    access.operation == Operation::Delete
        && host.persona() == Persona::Attacker
        && host.state().run.method == "WS"
        && is_by_credential(host, &access.key)
}

/// Holds if the key is a credential that the request presents: a token in a header or cookie, the digest of something
/// sent, or the ticket of a socket.
fn is_by_credential(host: &ModelHost, key: &[Field]) -> bool {
    key.iter().any(|field| {
        let origins = field.value.origins();
        let is_digest = origins.contains(&Origin::Digest) || origins.contains(&Origin::Signature);
        let is_sent = field.value.is_from_client();
        (is_digest && is_sent) || is_carried(field) || is_ticket(host, field)
    })
}

/// Holds if a socket's query or message carries what something is found by, which is of whoever was given it: browsers
/// cannot give a WebSocket a header.
fn is_ticket(host: &ModelHost, field: &Field) -> bool {
    let is_ticket = |origin: &Origin| match origin {
        Origin::Request(RequestPart::Query | RequestPart::Message, name) => {
            let last = name.rsplit('.').next().unwrap_or(name);
            origin.is_sent_secret() || last.eq_ignore_ascii_case("ticket")
        }
        _ => false,
    };
    host.state().run.method == "WS"
        && field.operator == "="
        && !is_public_field(&field.name)
        && field.value.origins().iter().any(is_ticket)
}

/// Holds if a field of a key is what requests carry to say who is asking; a record found by it belongs to
/// whoever that is.
///
/// What others may know is no credential, but the digest of what is carried is one under whatever name it is kept:
/// a table of sessions often has the digest of the token as its `id`.
fn is_carried(field: &Field) -> bool {
    let origins = field.value.origins();
    let is_carried = origins.iter().any(|origin| match origin {
        Origin::Request(RequestPart::Cookie | RequestPart::Handshake, _) => true,
        Origin::Request(RequestPart::Header, name) => !is_plain_header(name),
        _ => false,
    });
    let is_digest = origins.contains(&Origin::Digest) || origins.contains(&Origin::Signature);
    is_carried && (is_digest || !is_public_field(&field.name))
}

/// Headers that say how a client talks, not who it is.
fn is_plain_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.split('.').next().unwrap_or(&name);
    name.starts_with("accept")
        || name.starts_with("content-")
        || name.starts_with("x-forwarded-")
        || matches!(
            name,
            "user-agent" | "host" | "origin" | "referer" | "x-real-ip" | "x-request-id"
        )
}

/// Notes a change of a container that requests fill.
pub(crate) fn write_memory(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    store: ObjectId,
    operation: StoreOperation,
    key: Option<&Value>,
    value: Option<&Value>,
    span: Span,
) {
    let asset = memory_asset(host, machine, store);
    if operation == StoreOperation::Set
        && crate::caches::note_entry(host, machine, store, asset, key, value)
    {
        return;
    }
    if operation == StoreOperation::Set {
        crate::own_connection::remember(host, machine, store, key, value);
    }
    let mut access = Access {
        operation: match operation {
            StoreOperation::Set => Operation::Create,
            StoreOperation::Remove => Operation::Delete,
        },
        asset,
        key: Vec::new(),
        values: Vec::new(),
        spread: Vec::new(),
        is_many: false,
        is_conditional: false,
        is_in_transaction: false,
        is_unlocked: false,
    };
    if let Some(key) = key {
        access.key = key_fields(host, machine, &[("key", key.clone())]);
    }
    if let Some(value) = value {
        let key = access.key.first().map(|field| field.value.clone());
        crate::socket_stores::note_store(host, machine, asset, key.as_ref(), value, span);
        (access.values, access.spread) = written(host, machine, value);
    }
    host.effect(machine, EffectKind::Access(access), span);
}

/// Returns the fields that an object writes, and the whole objects that were spread into it.
pub fn written(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    value: &Value,
) -> (Vec<Field>, Vec<Provenance>) {
    let mut fields = Vec::new();
    let mut spread = Vec::new();
    for id in value.objects().collect::<Vec<_>>() {
        fields.extend(host.fields(machine, id));
        if machine.heap.get(id).is_open {
            let parts = machine.heap.get(id).elements.clone();
            for part in parts {
                spread.push(host.provenance(machine, &part));
            }
        }
    }
    if value.is_unknown() {
        spread.push(host.provenance(machine, value));
    }
    (fields, spread)
}
