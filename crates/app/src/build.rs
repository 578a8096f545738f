//! The face of the map for models: verbs only.

use indexmap::IndexMap;
use ustr::Ustr;

use crate::{Asset, EntryPoint, GuardDefinition, Map, Setting, Unresolved};

/// Collects the parts of a map.
#[derive(Debug, Default)]
pub struct Builder {
    map: Map,
    assets: IndexMap<Ustr, Asset>,
}

impl Builder {
    /// Adds an entry point.
    pub fn entry_point(&mut self, entry_point: EntryPoint) {
        self.map.entry_points.push(entry_point);
    }

    /// Declares an asset; a second declaration adds the fields that the first lacks.
    pub fn asset(&mut self, asset: Asset) {
        match self.assets.entry(asset.name) {
            indexmap::map::Entry::Occupied(mut known) => {
                let known = known.get_mut();
                for field in asset.fields {
                    if known.field(&field.name).is_none() {
                        known.fields.push(field);
                    }
                }
            }
            indexmap::map::Entry::Vacant(empty) => {
                empty.insert(asset);
            }
        }
    }

    /// Adds a guard that the program defines.
    pub fn guard(&mut self, guard: GuardDefinition) {
        self.map.guards.push(guard);
    }

    /// Adds a setting.
    pub fn setting(&mut self, setting: Setting) {
        self.map.settings.push(setting);
    }

    /// Notes something that could not be resolved.
    pub fn unresolved(&mut self, unresolved: Unresolved) {
        self.map.unresolved.push(unresolved);
    }

    /// Returns the map, everything in it in its order.
    pub fn finish(self) -> Map {
        let mut map = self.map;
        map.assets = self.assets.into_values().collect();
        map.assets.sort_by_key(|asset| asset.name.as_str());
        map.entry_points.sort_by(|a, b| {
            (a.app, a.transport, a.path, a.method, a.message).cmp(&(
                b.app,
                b.transport,
                b.path,
                b.method,
                b.message,
            ))
        });
        map.guards.sort_by_key(|a| (a.span, a.name));
        map.settings.sort_by_key(|setting| setting.span);
        map.unresolved.sort();
        map.unresolved.dedup();
        crate::long_keys::settle(&mut map);
        map
    }
}
