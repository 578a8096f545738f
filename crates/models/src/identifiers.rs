//! Packages that make identifiers and random texts.
//!
//! How many bits of chance are in one decides whether it can stand for a secret.

use firedoor_app::Origin;
use firedoor_eval::{Answer, Call, Machine, Shape, Value};

use crate::tools::{keep, kept, made_of, unknown_of};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "identifiers",
    calls: &[
        ("npm:uuid.v4", uuid),
        ("npm:uuid", uuid),
        ("npm:uuid/v4", uuid),
        ("npm:uuidv4.uuid", uuid),
        ("npm:uuid.v7", ordered_uuid),
        ("npm:uuid.v1", clock_uuid),
        ("npm:uuid.v6", clock_uuid),
        ("npm:uuid.v3", name_uuid),
        ("npm:uuid.v5", name_uuid),
        ("npm:nanoid.nanoid", nanoid),
        ("npm:nanoid", nanoid),
        ("npm:nanoid/async.nanoid", nanoid),
        ("npm:nanoid/non-secure.nanoid", weak),
        ("npm:nanoid.customAlphabet", alphabet),
        ("npm:nanoid.customAlphabet()", from_alphabet),
        ("npm:nanoid/non-secure.customAlphabet", weak_alphabet),
        ("npm:@paralleldrive/cuid2.createId", strong),
        ("npm:ulid.ulid", ulid),
        ("npm:cuid", weak),
        ("npm:shortid.generate", weak),
        ("npm:shortid", weak),
        ("npm:crypto-random-string", sized),
        ("npm:randomstring.generate", sized),
        ("npm:uid-safe", strong),
        ("npm:uid-safe.sync", strong),
        ("npm:generate-password.generate", strong),
        ("npm:otp-generator.generate", sized),
        ("npm:mongoose.Types.ObjectId", clock_uuid),
    ],
    ..Model::EMPTY
};

fn random(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    cryptographic: bool,
    bits: Option<u32>,
) -> Value {
    let origin = Origin::Random {
        cryptographic,
        bits,
    };
    unknown_of(host, machine, Shape::String, origin)
}

fn uuid(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    // uuid 3 and later take their bytes from the system's generator (uuid, `src/rng.ts`).
    Ok(Some(random(host, machine, true, Some(122))))
}

fn ordered_uuid(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    // RFC 9562, section 5.7: 48 bits of version 7 are the time, 74 are random.
    Ok(Some(random(host, machine, true, Some(74))))
}

fn clock_uuid(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let value = random(host, machine, false, None);
    Ok(Some(host.with_origin(machine, value, Origin::Clock)))
}

fn name_uuid(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let parts: Vec<&Value> = call.arguments.all().collect();
    Ok(Some(made_of(
        host,
        machine,
        Shape::String,
        &parts,
        Origin::Digest,
    )))
}

/// nanoid 3 to 5: 21 characters of an alphabet of 64.
fn nanoid(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let size = call.arguments.get(0);
    let size = if size.is_nothing() {
        Some(21.0)
    } else {
        size.as_number()
    };
    let bits = size.map(|size| (size * 6.0) as u32);
    Ok(Some(random(host, machine, true, bits)))
}

fn ulid(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    // ulid 2: 80 bits from the system's generator behind 48 of the time.
    Ok(Some(random(host, machine, true, Some(80))))
}

fn strong(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(random(host, machine, true, None)))
}

fn weak(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(random(host, machine, false, None)))
}

/// A length as the first argument or as its option; digits or letters are not told apart.
fn sized(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let first = call.arguments.get(0);
    let length = first.as_number().or_else(|| {
        crate::tools::option(machine, &first, "length", call.span).and_then(|v| v.as_number())
    });
    // The smallest of their alphabets are the ten digits, of 3.3 bits each.
    let bits = length.map(|length| (length * 3.3) as u32);
    Ok(Some(random(host, machine, true, bits)))
}

fn alphabet(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:nanoid.customAlphabet()", call.span);
    keep(machine, id, "$alphabet", call.arguments.get(0));
    keep(machine, id, "$size", call.arguments.get(1));
    Ok(Some(Value::object(id)))
}

fn weak_alphabet(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let made = alphabet(host, machine, call)?;
    if let Some(id) = made.as_ref().and_then(Value::only_object) {
        keep(machine, id, "$weak", Value::bool(true));
    }
    Ok(made)
}

fn from_alphabet(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let letters = kept(machine, call.receiver, "$alphabet").text();
    let given = call.arguments.get(0);
    let default = kept(machine, call.receiver, "$size");
    let size = given
        .as_number()
        .or(default.as_number())
        .or(default.is_nothing().then_some(21.0));
    let bits = letters
        .zip(size)
        .map(|(letters, size)| ((letters.chars().count().max(1) as f64).log2() * size) as u32);
    let is_weak = machine.truth(&kept(machine, call.receiver, "$weak")) == Some(true);
    Ok(Some(random(host, machine, !is_weak, bits)))
}
