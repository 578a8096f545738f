//! What only the highest role should do and a lower one may: shared by the rule about missing role checks.
//!
//! Roles are ordered by what entry points ask for: whoever is asked for one of fewer roles has more rights.

use firedoor_app::{
    Access, Check, CheckKind, Effect, EffectKind, EntryPoint, Map, Operation, Origin, Provenance,
    query,
};
use ustr::Ustr;

use crate::demands::{Level, bound};

/// Something that a lower role is let do.
pub struct Lesser<'m> {
    /// What, as a phrase.
    pub words: String,
    /// The effect.
    pub effect: &'m Effect,
    /// An entry point that asks for more.
    pub example: &'m EntryPoint,
}

/// What one field of the caller is held against: the values that are let through, or else the least number.
struct Asked {
    /// Whose field it is; empty for a claim, which may be a copy of any.
    asset: Ustr,
    field: Ustr,
    allowed: Vec<Ustr>,
    floor: Option<i64>,
}

impl Asked {
    /// Holds if fewer people are let through than `other` lets through.
    fn is_stricter(&self, other: &Asked) -> bool {
        // A role in a group and one in the whole application are called the same and have nothing to do with each other.
        let is_same_kind =
            self.asset == other.asset || self.asset.is_empty() || other.asset.is_empty();
        if last_part(self.field) != last_part(other.field) || !is_same_kind {
            return false;
        }
        match (self.floor, other.floor) {
            (Some(own), Some(other)) => own > other,
            (None, None) => {
                self.allowed.len() < other.allowed.len()
                    && !self.allowed.is_empty()
                    && self.allowed.iter().all(|name| other.allowed.contains(name))
            }
            _ => false,
        }
    }
}

/// Returns what `entry` lets a role do that is not the highest: give out roles, or act as anybody.
pub fn lesser<'m>(map: &'m Map, entry: &'m EntryPoint) -> Option<Lesser<'m>> {
    let accounts = query::account_assets(map);
    entry
        .effects
        .iter()
        .filter(|effect| effect.layer.is_none())
        .find_map(|effect| {
            let asked = asked(entry, effect)?;
            let words = match &effect.kind {
                EffectKind::Access(access) if accounts.contains(&access.asset) => {
                    gives_role(entry, effect, access, &asked)
                        .or_else(|| locks_out(map, entry, effect, access, &asked))?
                }
                EffectKind::Access(access) => opens_for_other(map, entry, effect, access, &asked)?,
                EffectKind::Issue(token) if query::is_access_token(map, token) => {
                    let is_of_other = |field: &firedoor_app::Field| {
                        is_of_stranger(&field.value, &accounts) && !field.value.is_of_principal()
                    };
                    let is_free = !compares_target(entry, effect, &accounts, asked.field);
                    (is_free && token.claims.iter().any(is_of_other))
                        .then(|| "logs in as anybody".to_owned())?
                }
                _ => return None,
            };
            Some(Lesser {
                words,
                effect,
                example: stricter(map, entry, &asked)?,
            })
        })
}

/// The new role comes from the client, and nothing compares it with the caller's.
fn gives_role(
    entry: &EntryPoint,
    effect: &Effect,
    access: &Access,
    asked: &Asked,
) -> Option<String> {
    let last = last_part(asked.field);
    let value = access
        .values
        .iter()
        .find(|field| last_part(field.name) == last && field.value.is_from_client())?;
    let is_compared = entry.checks_of(effect).any(|check| {
        let provenance = check.provenance();
        let mut given = value.value.origins().iter();
        provenance.is_of_principal()
            && given.any(|origin| origin.is_from_client() && provenance.origins().contains(origin))
    });
    (access.operation == Operation::Update && !is_compared)
        .then(|| format!("gives out any {}.{last}", access.asset))
}

/// Returns an entry point that only some of those may use who come to the effect, where what the client sends may be the
/// very role that it asks for: whoever lacks that gives it to somebody, or to himself under another name.
pub fn gives_above<'m>(
    map: &'m Map,
    entry: &EntryPoint,
    effect: &Effect,
    field: &firedoor_app::Field,
) -> Option<&'m EntryPoint> {
    let own = asked(entry, effect)?;
    let given = || field.value.origins().iter();
    // That it is one of these words says nothing of who gives it; what else is asked of it may.
    let is_asked = entry.checks_of(effect).any(|check| {
        let provenance = check.provenance();
        check.kind != CheckKind::Shape
            && given().any(|it| it.is_from_client() && provenance.origins().contains(it))
    });
    if is_asked || !field.value.is_from_client() || last_part(field.name) != last_part(own.field) {
        return None;
    }
    let is_given =
        |name: &Ustr| given().any(|it| matches!(it, Origin::Literal(word) if word == name));
    let is_above = |other: &EntryPoint, effect: &Effect| {
        let more = asked(other, effect).filter(|more| more.is_stricter(&own));
        more.is_some_and(|more| more.allowed.iter().any(is_given))
    };
    map.entry_points.iter().find(|other| {
        let mut effects = other.effects.iter();
        effects.any(|effect| effect.layer.is_none() && is_above(other, effect))
    })
}

/// It writes what keeps an account from logging in, whatever rank the account has.
fn locks_out(
    map: &Map,
    entry: &EntryPoint,
    effect: &Effect,
    access: &Access,
    asked: &Asked,
) -> Option<String> {
    let is_lock = |field: &&firedoor_app::Field| {
        field
            .value
            .literal()
            .is_none_or(|text| text != "null" && text != "false")
            && !field.value.is_empty()
            && keeps_out(map, access.asset, field.name)
    };
    let lock = access.values.iter().find(is_lock)?;
    let is_named = access
        .key
        .iter()
        .any(|field| field.value.is_from_client() || is_of_stranger(&field.value, &[access.asset]));
    let accounts = [access.asset];
    let is_free = !compares_target(entry, effect, &accounts, asked.field);
    (access.operation == Operation::Update && asked.asset == access.asset && is_named && is_free)
        .then(|| format!("sets {}.{} of anybody", access.asset, lock.name))
}

/// Holds if callers whose account has something in the field are refused where it is asked who they are.
fn keeps_out(map: &Map, asset: Ustr, name: Ustr) -> bool {
    let asks = |check: &Check| {
        let is_it = |origin: &Origin| {
            matches!(origin, Origin::Record { asset: of, field, of_principal: true }
                if *of == asset && *field == name)
        };
        let [examined] = check.operands.as_slice() else {
            return false;
        };
        check.kind == CheckKind::Presence
            && !check.outcome
            && check.refusal.is_some()
            && examined.origins().len() == 1
            && examined.origins().iter().all(is_it)
    };
    map.entry_points
        .iter()
        .filter(|entry| entry.checks.iter().any(asks))
        .nth(2)
        .is_some()
}

/// It keeps a session of an account that was looked up, and hands it out.
fn opens_for_other(
    map: &Map,
    entry: &EntryPoint,
    effect: &Effect,
    access: &Access,
    asked: &Asked,
) -> Option<String> {
    let accounts = query::account_assets(map);
    let is_session = access.operation == Operation::Create
        && firedoor_app::sessions::session_assets(map).contains(&access.asset);
    let is_of_other = |field: &firedoor_app::Field| {
        is_of_stranger(&field.value, &accounts) && !field.value.is_of_principal()
    };
    let is_free = !compares_target(entry, effect, &accounts, asked.field);
    (is_session
        && is_free
        && access.values.iter().any(is_of_other)
        && query::opens_session(map, entry))
    .then(|| "logs in as anybody".to_owned())
}

/// What the caller must be to come to the effect, if it is asked with names.
fn asked(entry: &EntryPoint, effect: &Effect) -> Option<Asked> {
    let mut found: Option<Asked> = None;
    for check in entry.checks_of(effect) {
        let Some(asked) = asked_by(check) else {
            continue;
        };
        match &mut found {
            Some(known) if known.field == asked.field && known.asset == asked.asset => {
                known.allowed.retain(|name| asked.allowed.contains(name));
                // The highest of several floors is asked for.
                known.floor = known.floor.into_iter().chain(asked.floor).max();
            }
            Some(_) => {}
            None => found = Some(asked),
        }
    }
    found
}

fn asked_by(check: &Check) -> Option<Asked> {
    if check.kind == CheckKind::Bound {
        return floor_of(check);
    }
    let is_named = matches!(check.kind, CheckKind::Equality | CheckKind::Membership)
        && check.outcome
        && !check.is_alternative
        && check.refusal.is_some();
    let is_his = |operand: &&Provenance| {
        operand.is_of_principal()
            && operand
                .origins()
                .iter()
                .all(|origin| field_of(origin).is_some())
    };
    if !is_named || firedoor_app::user_control(check) != Some(firedoor_app::Control::Authorization)
    {
        return None;
    }
    let own = check.operands.iter().rev().find(is_his)?;
    let (asset, field) = own.origins().iter().find_map(field_of)?;
    let others = check
        .operands
        .iter()
        .filter(|operand| !operand.is_of_principal());
    let allowed: Vec<Ustr> = others
        .flat_map(Provenance::origins)
        .filter_map(|origin| match origin {
            Origin::Literal(text) if !text.is_empty() => Some(*text),
            _ => None,
        })
        .collect();
    (!allowed.is_empty()).then_some(Asked {
        asset,
        field,
        allowed,
        floor: None,
    })
}

/// The caller's role is worked out as a number, or is one, and held against the least that is let through.
fn floor_of(check: &Check) -> Option<Asked> {
    let Level::AtLeast(floor) = bound(check)? else {
        return None;
    };
    let rank = check.operands.iter().find(|it| it.literal().is_none())?;
    if check.is_alternative
        || check.refusal.is_none()
        || firedoor_app::user_control(check) != Some(firedoor_app::Control::Authorization)
    {
        return None;
    }
    let is_number =
        |origin: &Origin| matches!(origin, Origin::Literal(text) if text.parse::<f64>().is_ok());
    let is_worked_out = rank.origins().len() > 1 && rank.origins().iter().all(is_number);
    let said = match is_worked_out {
        true => &check.control,
        false => rank,
    };
    let (asset, field) = said
        .origins()
        .iter()
        .filter_map(field_of)
        .find(|(_, field)| is_level(last_part(*field)))?;
    Some(Asked {
        asset,
        field,
        allowed: Vec::new(),
        floor: Some(floor),
    })
}

fn field_of(origin: &Origin) -> Option<(Ustr, Ustr)> {
    match origin {
        Origin::Record {
            asset,
            field,
            of_principal: true,
        } => Some((*asset, *field)),
        Origin::Principal(field) | Origin::Request(firedoor_app::RequestPart::Session, field) => {
            Some((Ustr::from(""), *field))
        }
        _ => None,
    }
}

/// What accounts are ordered by.
fn is_level(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["role", "rank", "level", "tier"]
        .iter()
        .any(|word| name.contains(word))
}

/// An entry point that lets only a part of those through.
fn stricter<'m>(map: &'m Map, entry: &EntryPoint, own: &Asked) -> Option<&'m EntryPoint> {
    let is_more = |other: &EntryPoint| {
        other.effects.iter().any(|effect| {
            effect.layer.is_none()
                && asked(other, effect).is_some_and(|asked| asked.is_stricter(own))
        })
    };
    map.entry_points
        .iter()
        .find(|other| !std::ptr::eq(*other, entry) && is_more(other))
}

/// Holds if a check asks what the account is that is acted as.
fn compares_target(entry: &EntryPoint, effect: &Effect, accounts: &[Ustr], field: Ustr) -> bool {
    let last = last_part(field);
    entry.checks_of(effect).any(|check| {
        check.provenance().origins().iter().any(|origin| {
            matches!(origin, Origin::Record { asset, field, of_principal: false }
                if accounts.contains(asset) && last_part(*field) == last)
        })
    })
}

fn is_of_stranger(value: &Provenance, accounts: &[Ustr]) -> bool {
    value.origins().iter().any(|origin| {
        matches!(origin, Origin::Record { asset, of_principal: false, .. } if accounts.contains(asset))
    })
}

fn last_part(field: Ustr) -> &'static str {
    field.as_str().rsplit('.').next().unwrap_or_default()
}
