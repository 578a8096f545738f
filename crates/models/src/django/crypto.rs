//! Secrets that Django makes and compares itself.
//!
//! Source: django 5.2 `utils/crypto.py`: `get_random_string` chooses with `secrets`, `constant_time_compare` is
//! `secrets.compare_digest` of the bytes.

use firedoor_app::Origin;
use firedoor_eval::{Answer, Call, Machine, Shape};

use crate::python_support::{argument, value_from};
use crate::{Model, ModelHost};

/// How many characters `get_random_string` chooses from, unless it is told: letters and digits.
const CHARACTERS: usize = 62;

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: &[("py:django.utils.crypto.get_random_string", random_string)],
    aliases: &[(
        "py:django.utils.crypto.constant_time_compare",
        "py:hmac.compare_digest",
    )],
    ..Model::EMPTY
};

/// `get_random_string(length, allowed_chars)`.
fn random_string(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let length = argument(call, 0, "length").as_number();
    let given = argument(call, 1, "allowed_chars");
    let characters = match given.text() {
        Some(text) => Some(text.chars().count()),
        None => given.is_nothing().then_some(CHARACTERS),
    };
    let bits = length
        .zip(characters)
        .map(|(length, characters)| length.max(0.0) * (characters.max(1) as f64).log2());
    let origin = Origin::Random {
        cryptographic: true,
        bits: bits.map(|bits| bits as u32),
    };
    Ok(Some(value_from(host, machine, Shape::String, origin)))
}
