//! `firedoor.diff/1`: what changed from one commit to another.

use firedoor_analysis::ReportedFinding;
use firedoor_app::diff::EntryChange;
use firedoor_app::{EntryPoint, GuardDefinition};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::FindingShape;
use super::map::{CoverageShape, coverage_shapes};
use super::place::{NamedPlace, Place};
use crate::coverage::controls_of;
use crate::{DiffContext, Side};

/// What changed from one commit to another.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "firedoor.diff/1")]
pub(crate) struct DiffShape {
    /// Always `firedoor.diff/1`.
    pub schema: &'static str,
    /// Where the change starts.
    pub base: SideShape,
    /// Where it ends.
    pub head: SideShape,
    /// What is to be known about the comparison itself.
    pub notes: Vec<String>,
    /// What changed at the entry points.
    pub entry_points: EntryPointChanges,
    /// Guards that are defined on one side only.
    pub guards: GuardChanges,
    /// What changed in the findings.
    pub findings: FindingChanges,
}

/// One side of the comparison.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct SideShape {
    /// What the user called it.
    pub name: String,
    /// The commit; null for files that are in none.
    pub commit: Option<String>,
    /// How far each control covers its entry points, by transport.
    #[schemars(with = "std::collections::BTreeMap<String, CoverageShape>")]
    pub coverage: IndexMap<&'static str, CoverageShape>,
    /// How much could not be resolved.
    pub unresolved: usize,
}

/// What changed at the entry points.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct EntryPointChanges {
    /// New ones.
    pub added: Vec<DoorShape>,
    /// Those that are gone.
    pub removed: Vec<DoorShape>,
    /// Those whose path, verdicts or guards are not the same.
    pub changed: Vec<ChangeShape>,
}

/// An entry point of one side.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct DoorShape {
    /// The id.
    pub id: String,
    /// The file of the application object that it belongs to.
    pub app: String,
    /// Where it is registered.
    pub registered: Place,
    /// The verdict of each control that applies to the transport.
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    pub controls: IndexMap<&'static str, &'static str>,
}

/// An entry point of both sides.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ChangeShape {
    /// The id.
    pub id: String,
    /// The id that it had, if that was another one.
    pub former_id: Option<String>,
    /// The file of the application object that it belongs to.
    pub app: String,
    /// Where it is registered.
    pub registered: Place,
    /// The verdicts that are not the same.
    pub verdicts: Vec<VerdictShape>,
    /// The guards that stand before it no more.
    pub guards_lost: Vec<String>,
    /// The guards that stand before it now.
    pub guards_gained: Vec<String>,
    /// The controls that fewer checks are for than before, inside the handler or a layer that still stands before it; the
    /// verdict may be the same.
    pub checks_lost: Vec<&'static str>,
}

/// Another verdict.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct VerdictShape {
    /// The control.
    pub control: &'static str,
    /// The verdict that was.
    pub before: &'static str,
    /// The verdict that is.
    pub after: &'static str,
    /// `weakened`, `obscured` (it is unknown now), `resolved` (it was unknown) or `strengthened`.
    pub direction: &'static str,
}

/// Guards that are defined on one side only.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct GuardChanges {
    /// New ones.
    pub added: Vec<GuardShape>,
    /// Those that are gone.
    pub removed: Vec<GuardShape>,
}

/// A guard.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct GuardShape {
    /// Its name and where it is defined.
    #[serde(flatten)]
    pub place: NamedPlace,
    /// What it is good for.
    pub controls: Vec<&'static str>,
    /// How many entry points it covers.
    pub covers: usize,
}

/// What changed in the findings.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct FindingChanges {
    /// New ones, with places of the head.
    pub introduced: Vec<FindingShape>,
    /// Those that are gone, with places of the base.
    pub fixed: Vec<FindingShape>,
    /// Those that are still there, with places of the head.
    pub still_there: Vec<FindingShape>,
}

impl DiffShape {
    /// Returns the shape of `context`.
    pub fn new(context: &DiffContext) -> DiffShape {
        let DiffContext {
            before,
            after,
            comparison,
            ..
        } = context;
        let map = &comparison.map;
        let doors = |side: &Side, entries: &[&EntryPoint]| {
            entries.iter().map(|entry| door(side, entry)).collect()
        };
        let guards = |side: &Side, guards: &[&GuardDefinition]| {
            guards.iter().map(|it| guard(side, it)).collect()
        };
        let findings = |side: &Side, findings: &[&ReportedFinding]| {
            findings
                .iter()
                .map(|reported| FindingShape::new(side.files, reported))
                .collect()
        };
        DiffShape {
            schema: "firedoor.diff/1",
            base: side(context, before),
            head: side(context, after),
            notes: context.notes.to_vec(),
            entry_points: EntryPointChanges {
                added: doors(after, &map.added),
                removed: doors(before, &map.removed),
                changed: map.changed.iter().map(|it| change(after, it)).collect(),
            },
            guards: GuardChanges {
                added: guards(after, &map.guards_added),
                removed: guards(before, &map.guards_removed),
            },
            findings: FindingChanges {
                introduced: findings(after, &comparison.introduced),
                fixed: findings(before, &comparison.fixed),
                still_there: findings(after, &comparison.remaining),
            },
        }
    }
}

fn side(context: &DiffContext, side: &Side) -> SideShape {
    SideShape {
        name: side.name.to_owned(),
        commit: side.commit.map(str::to_owned),
        coverage: coverage_shapes(&side.context(context.view)),
        unresolved: side.report.map.unresolved.len(),
    }
}

fn door(side: &Side, entry: &EntryPoint) -> DoorShape {
    DoorShape {
        id: entry.id(),
        app: entry.app.to_string(),
        registered: Place::new(side.files, entry.registered),
        controls: controls_of(entry)
            .into_iter()
            .map(|(control, verdict)| (control.as_str(), verdict.as_str()))
            .collect(),
    }
}

fn change(side: &Side, change: &EntryChange) -> ChangeShape {
    let names = |names: &[ustr::Ustr]| names.iter().map(ToString::to_string).collect();
    ChangeShape {
        id: change.after.id(),
        former_id: change.is_moved().then(|| change.before.id()),
        app: change.after.app.to_string(),
        registered: Place::new(side.files, change.after.registered),
        verdicts: change
            .verdicts
            .iter()
            .map(|verdict| VerdictShape {
                control: verdict.control.as_str(),
                before: verdict.before.as_str(),
                after: verdict.after.as_str(),
                direction: verdict.direction().as_str(),
            })
            .collect(),
        checks_lost: change
            .checks_lost
            .iter()
            .map(|(control, _)| control.as_str())
            .collect(),
        guards_lost: names(&change.lost),
        guards_gained: names(&change.gained),
    }
}

fn guard(side: &Side, guard: &GuardDefinition) -> GuardShape {
    GuardShape {
        place: NamedPlace::new(side.files, &guard.name, guard.span),
        controls: guard.controls.iter().map(|it| it.as_str()).collect(),
        covers: guard.covers.len(),
    }
}
