//! How unpredictable the secrets are by which records are found: shared by the rules about tokens in links.

use firedoor_app::{Effect, EntryPoint, Map, Origin, Provenance, lookups, lookups::Lookup};

use crate::Confidence;
use crate::throttle::is_throttled;

/// A place where a secret is made that can be guessed.
#[derive(Clone, Debug)]
pub struct Weak<'m> {
    /// The entry point that makes it.
    pub entry: &'m EntryPoint,
    /// The effect that stores it.
    pub effect: &'m Effect,
    /// Why it can be guessed.
    pub reason: Reason,
    /// How sure that is.
    pub confidence: Confidence,
}

/// Why a secret can be guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The generator is not made for secrets.
    Generator,
    /// There are too few bits, and attempts are not counted.
    Short(u32),
    /// It is worked out from what others know, by a function that they know.
    Computed,
}

/// Fewer bits than this can be tried out over a network, unless attempts are counted.
const ENOUGH_BITS: u32 = 60;

/// Returns where the secret of the look-up is made in a way that can be guessed, one place an entry point.
pub fn weakness<'m>(map: &'m Map, lookup: &Lookup<'m>) -> Vec<Weak<'m>> {
    let mut found: Vec<Weak<'m>> = Vec::new();
    for (entry, effect, value) in lookups::makers(map, lookup) {
        let computed = || is_computed(value).then_some((Reason::Computed, Confidence::High));
        let Some((reason, confidence)) =
            reason(value, is_throttled(map, lookup.entry)).or_else(computed)
        else {
            continue;
        };
        if !found.iter().any(|known| std::ptr::eq(known.entry, entry)) {
            found.push(Weak {
                entry,
                effect,
                reason,
                confidence,
            });
        }
    }
    found
}

fn reason(value: &Provenance, is_throttled: bool) -> Option<(Reason, Confidence)> {
    let mut bits = 0;
    let mut is_known = true;
    let mut is_cryptographic = false;
    let mut is_random = false;
    for origin in value.origins() {
        match origin {
            Origin::Random {
                cryptographic,
                bits: own,
            } => {
                is_random = true;
                is_cryptographic |= cryptographic;
                bits += own.unwrap_or(0);
                is_known &= own.is_some();
            }
            Origin::Unknown(_) | Origin::Outside(_) | Origin::Answer(_) => return None,
            _ => {}
        }
    }
    if !is_random {
        return None;
    }
    if !is_cryptographic {
        return Some((Reason::Generator, Confidence::High));
    }
    (is_known && bits < ENOUGH_BITS && !is_throttled)
        .then_some((Reason::Short(bits), Confidence::Medium))
}

/// Holds if nothing goes into the secret but the number or address of an account and the time, and a digest is made of it.
/// Whoever asks for it knows all of that.
fn is_computed(value: &Provenance) -> bool {
    let origins = value.origins();
    let is_public = |name: &str| {
        !name.is_empty() && lookups::is_identifier(name)
            || name.to_ascii_lowercase().contains("email")
    };
    let is_of_account =
        |origin: &Origin| matches!(origin, Origin::Record { field, .. } if is_public(field));
    origins.contains(&Origin::Digest)
        && origins.iter().any(is_of_account)
        && origins.iter().all(|origin| {
            is_of_account(origin)
                || matches!(origin, Origin::Digest | Origin::Clock | Origin::Literal(_))
        })
}

/// Returns the sentence for a finding.
pub fn words(weak: &Weak<'_>) -> String {
    match weak.reason {
        Reason::Generator => {
            "It comes from a generator whose next values follow from earlier ones.".to_owned()
        }
        Reason::Short(bits) => {
            format!("It has {bits} bits, and nothing counts the attempts where it is taken.")
        }
        Reason::Computed => {
            "It is a digest of what others know of the account and of when it was asked for: whoever asks for it works it out.".to_owned()
        }
    }
}
