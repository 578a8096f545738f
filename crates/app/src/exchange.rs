//! Log-ins through another site: where its word is asked for, and what is kept of it.
//!
//! Rules ask for each value whether another site has said it, so that what is kept is worked out once for a map.

use ustr::Ustr;

use crate::facts::{FieldSets, FieldsByAsset};
use crate::query::{guards, handler_accesses, is_token};
use crate::{
    Access, Control, Effect, EffectKind, EntryPoint, LayerKind, Map, Operation, Origin, Provenance,
    RequestPart, SendChannel,
};

/// Returns the effect that exchanges the code of a callback, in an entry point that anybody reaches.
pub fn exchange(entry: &EntryPoint) -> Option<&Effect> {
    if is_behind_log_in(entry) {
        return None;
    }
    asked(entry).find(|effect| sends(effect, is_code))
}

/// Holds if a layer has proven who is asking before the handler runs.
pub fn is_behind_log_in(entry: &EntryPoint) -> bool {
    guards(entry, Control::Authentication).any(|layer| layer.kind == LayerKind::Layer)
}

/// Returns the requests that the handler makes to other servers.
pub fn asked(entry: &EntryPoint) -> impl Iterator<Item = &Effect> {
    entry.effects.iter().filter(|effect| {
        let is_request = matches!(
            &effect.kind,
            EffectKind::Send {
                channel: SendChannel::Http,
                ..
            }
        );
        effect.layer.is_none() && is_request
    })
}

/// Holds if a request to another server carries such a value.
pub fn sends(effect: &Effect, is_wanted: impl Fn(&Provenance) -> bool) -> bool {
    match &effect.kind {
        EffectKind::Send { to, content, .. } => {
            content.iter().any(|field| is_wanted(&field.value)) || is_wanted(to)
        }
        _ => false,
    }
}

/// Holds if the value is the code of a callback.
pub fn is_code(value: &Provenance) -> bool {
    value.origins().iter().any(|origin| {
        matches!(origin, Origin::Request(RequestPart::Query, name) if name.as_str() == "code")
    })
}

/// Returns the fields under which records of the asset keep, under a secret, what another site said in an earlier step.
pub fn kept_words(map: &Map, asset: Ustr) -> &[Ustr] {
    let known = map.facts.kept_words.get_or_init(|| all_kept_words(map));
    known.get(&asset).map_or(&[], Vec::as_slice)
}

fn all_kept_words(map: &Map) -> FieldsByAsset {
    let mut kept = FieldSets::default();
    let asking = map.entry_points.iter();
    let asking = asking.filter(|entry| exchange(entry).is_some());
    let accesses = asking.flat_map(handler_accesses);
    for (_, access) in accesses.filter(|(_, access)| is_kept_under_secret(access)) {
        let told = access.values.iter().filter(|field| {
            let mut origins = field.value.origins().iter();
            origins.any(|origin| matches!(origin, Origin::Answer(_)))
        });
        kept.entry(access.asset)
            .or_default()
            .extend(told.map(|field| field.name));
    }
    crate::facts::in_order(kept)
}

fn is_kept_under_secret(access: &Access) -> bool {
    access.operation == Operation::Create
        && access.values.iter().any(|field| is_token(&field.value))
}
