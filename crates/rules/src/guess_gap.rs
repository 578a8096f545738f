//! Codes that can be tried where nothing counts, though another entry point that takes the same code counts: a part of the
//! rule about short codes.
//!
//! How long a code is that people make up, or print on cards, stands nowhere in the program. That the application limits
//! the attempts at one door says what they are worth; at the other door they can be tried, and then used at the first.

use firedoor_app::lookups::is_identifier;
use firedoor_app::ownership::is_sent_openly;
use firedoor_app::{
    Access, Control, EffectKind, EntryPoint, Map, Operation, Origin, Provenance, query,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::privileged::find_word;
use crate::secret_size::is_long;
use crate::throttle::is_throttled;

/// A code that can be tried.
pub struct Gap<'m> {
    /// What records hold it.
    pub asset: Ustr,
    /// In which field.
    pub field: Ustr,
    /// Where it is tried.
    pub span: Span,
    /// The entry point that takes the same code, and is limited.
    pub limited: &'m EntryPoint,
}

/// Returns the code for which the client of an entry point without limits can try values, if another one that takes it is
/// limited.
pub fn guess_gap<'m>(map: &'m Map, entry: &EntryPoint) -> Option<Gap<'m>> {
    if is_throttled(map, entry) {
        return None;
    }
    let accounts = query::account_assets(map);
    tries(entry).into_iter().find_map(|(asset, field, span)| {
        if accounts.contains(&asset) || writes(entry, asset, field) || is_shown(map, asset, field) {
            return None;
        }
        let kept = Provenance::new([Origin::Record {
            asset,
            field,
            of_principal: false,
        }]);
        if is_long(map, &kept) {
            return None;
        }
        let mut others = map.entry_points.iter();
        let limited = others.find(|other| {
            let takes = || tries(other).iter().any(|it| (it.0, it.1) == (asset, field));
            !std::ptr::eq(*other, entry)
                && takes()
                && other.verdict(Control::RateLimit).refuses()
                && is_no_less_open(entry, other)
                && uses(other, asset)
                && is_throttled(map, other)
        })?;
        Some(Gap {
            asset,
            field,
            span,
            limited,
        })
    })
}

/// The fields of records that the client of an entry point has to hit, with the places.
fn tries(entry: &EntryPoint) -> Vec<(Ustr, Ustr, Span)> {
    let looked_up = query::handler_accesses(entry).flat_map(|(effect, access)| {
        let is_own = access.key.iter().any(|it| query::is_principal(&it.value));
        let fields = access.key.iter().filter(move |field| {
            !is_own
                && field.operator == "="
                && !is_identifier(&field.name)
                && is_called_code(&field.name, &field.value)
        });
        fields.map(|field| (access.asset, field.name, effect.span))
    });
    let compared = query::comparisons(entry).filter(|(effect, found)| {
        let is_of_session = found.expected.is_of_principal();
        effect.layer.is_none() && !is_of_session && is_sent_openly(&found.given)
    });
    let compared = compared.flat_map(|(effect, found)| {
        let origins = found.expected.origins().iter();
        origins.filter_map(|origin| match origin {
            Origin::Record { asset, field, .. } if !field.is_empty() => {
                Some((*asset, *field, effect.span))
            }
            _ => None,
        })
    });
    looked_up.chain(compared).collect()
}

/// Holds if what is sent, or the field, is called a code that opens something. Links hold tokens, which are long.
fn is_called_code(field: &str, value: &Provenance) -> bool {
    const WORDS: [&str; 5] = ["code", "pin", "passcode", "voucher", "coupon"];
    // It is the last word that counts, but for one that says that it is kept as a digest.
    let is_word = |name: &str| {
        let mut is_code = false;
        find_word(name, |word| {
            if !matches!(word, "" | "hash" | "digest") {
                is_code = WORDS.contains(&word);
            }
            false
        });
        is_code
    };
    is_sent_openly(value)
        && (is_word(field)
            || value.origins().iter().any(|origin| match origin {
                Origin::Request(_, name) => is_word(name),
                _ => false,
            }))
}

/// Holds if the entry point fills the field itself, as where a new code is made and must be another one.
fn writes(entry: &EntryPoint, asset: Ustr, field: Ustr) -> bool {
    query::accesses(entry).any(|(_, access)| {
        let mut values = access.values.iter();
        access.asset == asset
            && access.operation == Operation::Create
            && values.any(|value| value.name == field)
    })
}

/// Holds if whoever may come to the second entry point may come to the first one: what only the staff may ask for is
/// nobody's guess.
fn is_no_less_open(entry: &EntryPoint, limited: &EntryPoint) -> bool {
    [Control::Authorization, Control::Ownership]
        .into_iter()
        .all(|control| !entry.verdict(control).refuses() || limited.verdict(control).refuses())
}

/// Holds if the entry point uses up what the code is for, or ties it to the caller.
fn uses(entry: &EntryPoint, asset: Ustr) -> bool {
    let names = |access: &Access| {
        let mut values = access.values.iter();
        values.any(|value| value.value.record_fields(asset).next().is_some())
    };
    let accesses = || query::handler_accesses(entry);
    accesses().any(|(_, access)| {
        access.operation.is_write()
            && (access.asset == asset || access.operation == Operation::Create && names(access))
    }) || query::comparisons(entry)
        .any(|(_, found)| found.expected.record_fields(asset).next().is_some())
}

/// Holds if some list that is nobody's own tells the field to whoever may see it without a right of his.
fn is_shown(map: &Map, asset: Ustr, field: Ustr) -> bool {
    let lists = |access: &Access| {
        let mut key = access.key.iter();
        access.asset == asset
            && access.operation == Operation::Read
            && !key.any(|it| {
                it.name == field || query::is_principal(&it.value) || is_sent_openly(&it.value)
            })
    };
    map.entry_points.iter().any(|entry| {
        let tells = |value: &Provenance| {
            let mut fields = value.record_fields(asset);
            fields.any(|it| it == field || it.is_empty())
        };
        let mut effects = entry.effects.iter();
        !entry.verdict(Control::Authorization).refuses()
            && query::handler_accesses(entry).any(|(_, access)| lists(access))
            && effects.any(|effect| match &effect.kind {
                EffectKind::Respond { body, is_error, .. } => {
                    !is_error && body.iter().any(|it| tells(&it.value))
                }
                _ => false,
            })
    })
}
