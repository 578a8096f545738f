//! Attempts that are counted where it is too late: a part of the rules about passwords and codes without limit.
//!
//! A limit by address stops one machine. What stops many is the count of the account, and it does so only if it is asked
//! before the secret is compared: counted behind a wrong one, it lets the right guess in however many there were, and
//! counted behind the right one, it counts no guesses at all.

use firedoor_app::{
    Access, Check, CheckKind, CompareSecret, Effect, EffectKind, EntryPoint, LayerKind, Origin,
    Provenance, RequestPart, counting, query,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::throttle::{counting_key, counts_attempts, is_of_address, is_tight};

/// A count of attempts that stops nobody from guessing.
pub struct Late<'m> {
    /// Where the secret is compared.
    pub compared: Span,
    /// What it is compared as.
    pub secret: &'m CompareSecret,
    /// Where the attempt is counted.
    pub counted: Span,
    /// Behind which guesses it is counted.
    pub side: Side,
}

/// The guesses that are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Those that were wrong, after they were.
    Wrong,
    /// Those that were right.
    Right,
}

impl Side {
    /// Returns the sentence for a finding.
    pub fn words(self) -> &'static str {
        match self {
            Side::Wrong => {
                "The attempt is counted once it was wrong, and the number is asked nowhere before: the right guess is let in however many there were. Limits by address stop only who has one."
            }
            Side::Right => {
                "Only what was right is counted. Limits by address stop only who has one."
            }
        }
    }
}

/// Returns where the attempts at a secret that the client sends are counted too late, if they are counted by what is
/// guessed at nowhere else.
pub fn counted_late(entry: &EntryPoint) -> Option<Late<'_>> {
    let is_typed = |value: &Provenance| {
        let parts = [RequestPart::Body, RequestPart::Query, RequestPart::Message];
        parts.into_iter().any(|part| value.is_from(part))
    };
    let is_guess = |effect: &&Effect| {
        matches!(&effect.kind, EffectKind::CompareSecret(found) if is_typed(&found.given))
            && effect.layer.is_none()
    };
    let place = entry.effects.iter().position(|it| is_guess(&it))?;
    let compared = &entry.effects[place];
    let EffectKind::CompareSecret(secret) = &compared.kind else {
        return None;
    };
    let counts = counts(entry);
    let is_by_address = |key: &Provenance| key.origins().iter().all(is_of_address);
    let counted_before = counts
        .iter()
        .any(|(number, key)| *number < place && !is_by_address(key));
    // The checks within the handler stand as a layer, too.
    let outer = entry
        .layers
        .iter()
        .filter(|it| it.kind != LayerKind::Inline);
    let layers = outer.filter_map(|layer| layer.throttle.as_ref());
    let mut layers = layers.filter(|throttle| is_tight(throttle));
    if counted_before || layers.any(|it| !it.key.is_empty() && !is_by_address(&it.key)) {
        return None;
    }
    counts.iter().find_map(|(number, key)| {
        let counting = &entry.effects[*number];
        let is_shared = |access: &Access| {
            let by_address = counts
                .iter()
                .filter(|(it, key)| *it < place && is_by_address(key));
            let mut effects = by_address.map(|(it, _)| &entry.effects[*it].kind);
            effects.any(|it| matches!(it, EffectKind::Access(other) if other.asset == access.asset))
        };
        if *number < place
            || is_by_address(key)
            || is_read_before(entry, place, counting)
            || is_followed(entry, *number)
            || is_asked_before(entry, compared, counting, is_shared)
        {
            return None;
        }
        let side = side(entry, compared, secret, counting, key)?;
        Some(Late {
            compared: compared.span,
            secret,
            counted: counting.span,
            side,
        })
    })
}

/// The places in the code of the entry point where attempts are counted, with the keys.
fn counts(entry: &EntryPoint) -> Vec<(usize, Provenance)> {
    let is_inner = |effect: &Effect| {
        effect.layer.is_none_or(|number| {
            let layer = entry.layers.get(number as usize);
            layer.is_some_and(|layer| layer.throttle.is_none())
        })
    };
    let all = entry.effects.iter().enumerate();
    all.filter(|(_, effect)| is_inner(effect))
        .filter_map(|(number, effect)| match &effect.kind {
            EffectKind::Throttle(throttle) => Some((number, throttle.key.clone())),
            EffectKind::Access(access)
                if counts_attempts(entry, access) || is_too_often(entry, access) =>
            {
                let origins = counting_key(access).flat_map(|field| field.value.origins());
                Some((number, Provenance::new(origins.cloned())))
            }
            _ => None,
        })
        .filter(|(_, key)| !key.is_empty())
        .collect()
}

/// Holds if another guess is compared behind the count: that is what it is of.
fn is_followed(entry: &EntryPoint, number: usize) -> bool {
    let counting = &entry.effects[number];
    let mut later = entry.effects[number..].iter();
    later.any(|effect| {
        let mut checks = counting.checks.iter();
        matches!(&effect.kind, EffectKind::CompareSecret(found) if found.given.is_from_client())
            && checks.all(|id| effect.checks.contains(id))
    })
}

/// Holds if somebody is answered that it was too often by the number that is raised there.
fn is_too_often(entry: &EntryPoint, access: &Access) -> bool {
    let is_count = |origin: &Origin| match origin {
        Origin::Record { asset, field, .. } => {
            *asset == access.asset && access.values.iter().any(|value| value.name == *field)
        }
        _ => false,
    };
    let mut answers = entry.effects.iter().filter(|effect| {
        matches!(
            effect.kind,
            EffectKind::Respond {
                status: Some(429),
                ..
            }
        )
    });
    counting::counts(access)
        && answers.any(|effect| {
            entry
                .checks_of(effect)
                .any(|check| check.kind == CheckKind::Bound && check.origins().any(is_count))
        })
}

/// Holds if a check before the comparison asks the record for what is written there, as whether it is locked. Where
/// addresses are counted in the same place, that is what is asked.
fn is_asked_before(
    entry: &EntryPoint,
    compared: &Effect,
    counting: &Effect,
    is_shared: impl Fn(&Access) -> bool,
) -> bool {
    let EffectKind::Access(counted) = &counting.kind else {
        return false;
    };
    let is_written = |field: Ustr| counted.values.iter().any(|value| value.name == field);
    let mut asked = entry
        .checks_of(compared)
        .flat_map(Check::origins)
        .filter_map(|origin| match origin {
            Origin::Record { asset, field, .. } if *asset == counted.asset => Some(*field),
            _ => None,
        });
    asked.any(is_written) && !is_shared(counted)
}

/// Holds if the record in which it is counted is read before the comparison, by what it is counted by.
fn is_read_before(entry: &EntryPoint, place: usize, counting: &Effect) -> bool {
    let EffectKind::Access(counted) = &counting.kind else {
        return false;
    };
    let key: Vec<&Origin> = counting_key(counted)
        .flat_map(|field| field.value.origins())
        .filter(|origin| !is_of_address(origin))
        .collect();
    query::accesses_in(&entry.effects[..place]).any(|(_, access)| {
        let origins = || counting_key(access).flat_map(|field| field.value.origins());
        access.asset == counted.asset
            && (origins().next().is_none() || origins().any(|it| key.contains(&it)))
    })
}

/// Returns behind which guesses the attempt is counted, if that says nothing of the others.
fn side(
    entry: &EntryPoint,
    compared: &Effect,
    secret: &CompareSecret,
    counting: &Effect,
    key: &Provenance,
) -> Option<Side> {
    let is_behind = |effect: &&Effect| {
        let mut checks = counting.checks.iter();
        checks.all(|it| effect.checks.contains(it))
    };
    let behind = || entry.effects.iter().filter(is_behind);
    let statuses = behind().filter_map(|effect| match &effect.kind {
        EffectKind::Respond {
            status, is_error, ..
        } => Some(if *is_error {
            status.unwrap_or(500)
        } else {
            status.unwrap_or(200)
        }),
        _ => None,
    });
    let statuses: Vec<u16> = statuses.collect();
    let mut own = counting
        .checks
        .iter()
        .filter(|it| !compared.checks.contains(it));
    let is_refused = statuses.iter().all(|status| *status >= 400)
        && statuses.iter().any(|status| *status != 429);
    if own.clone().next().is_some() && is_refused {
        return Some(Side::Wrong);
    }
    let is_proof = |part: &Check| {
        part.kind == CheckKind::Proof && part.outcome && part.operands.contains(&secret.given)
    };
    let is_proven = own.any(|id| {
        let check = entry.check(*id);
        check.refusal.is_some() && check.parts().iter().any(is_proof)
    });
    let is_of_object = |origin: &Origin| match origin {
        Origin::Record { asset, .. } => secret.expected.record_fields(*asset).next().is_some(),
        _ => false,
    };
    let opens = behind()
        .any(|effect| matches!(effect.kind, EffectKind::Send { .. } | EffectKind::Issue(_)));
    let is_counted_for_itself = key.origins().iter().any(is_of_object) && !opens;
    (is_proven && is_counted_for_itself).then_some(Side::Right)
}
