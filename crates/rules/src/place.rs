//! Where things of the map stand that carry no place of their own: shared by the rules.

use firedoor_app::{Map, SettingKind};
use firedoor_source::Span;

/// Returns where a variable of the environment or a setting is read first.
pub fn of_variable(map: &Map, name: &str) -> Option<Span> {
    map.settings.iter().find_map(|setting| match &setting.kind {
        SettingKind::Other("variable", fields) => fields
            .iter()
            .any(|field| field.name == name)
            .then_some(setting.span),
        _ => None,
    })
}
