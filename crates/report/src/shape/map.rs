//! `firedoor.map/1`: the application map.

use firedoor_analysis::SkippedPart;
use firedoor_app::{
    Access, Asset, AssetKind, Effect, EffectKind, EntryPoint, GuardDefinition, Layer, LayerKind,
    Throttle, Unresolved, Verdict,
};
use firedoor_source::FileSet;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::Place;
use super::place::NamedPlace;
use crate::Context;
use crate::coverage::{self, Count};

/// The application map: entry points, their layers in order, verdicts, assets, what was not resolved.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "firedoor.map/1")]
pub(crate) struct MapShape {
    /// Always `firedoor.map/1`.
    pub schema: &'static str,
    /// Where input from outside starts running the application's code.
    pub entry_points: Vec<EntryPointShape>,
    /// The guards that the program defines, mounted or not.
    pub guards: Vec<GuardShape>,
    /// The stored things that the application keeps.
    pub assets: Vec<AssetShape>,
    /// What could not be resolved.
    pub unresolved: Vec<UnresolvedShape>,
    /// Files, or parts of files, that were left out.
    pub skipped: Vec<SkippedShape>,
    /// How far each control covers the entry points, by transport.
    #[schemars(with = "std::collections::BTreeMap<String, CoverageShape>")]
    pub coverage: IndexMap<&'static str, CoverageShape>,
}

/// An entry point.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct EntryPointShape {
    /// `METHOD /path`, `WS /path#message`, `GRAPHQL Query.field` and so on.
    pub id: String,
    /// The file of the application object that it belongs to.
    pub app: String,
    /// How input arrives: `http`, `websocket`, `graphql`, `action`, `rpc` or `job`.
    pub transport: &'static str,
    /// Upper case, `ANY` for all.
    pub method: String,
    /// The path as an OpenAPI template; for other transports the name.
    pub path: String,
    /// The message or event of a WebSocket.
    pub message: Option<String>,
    /// The framework.
    pub framework: &'static str,
    /// What handles it.
    pub handler: NamedPlace,
    /// Where it is registered.
    pub registered: Place,
    /// The name of the router or controller.
    pub group: String,
    /// What runs before the handler and the checks inside it, in order.
    pub layers: Vec<LayerShape>,
    /// The verdict of each control that applies to the transport.
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    pub controls: IndexMap<&'static str, &'static str>,
    /// The condition of each `conditional` verdict and the reason of each `unknown` one.
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    pub reasons: IndexMap<&'static str, String>,
    /// The assets that it reads or changes.
    pub assets: Vec<AccessShape>,
    /// What could not be resolved on the way, in words.
    pub unresolved: Vec<String>,
    /// Why it is public on purpose, if the configuration says so.
    pub public_because: Option<String>,
}

/// A layer of an entry point.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct LayerShape {
    /// Its name.
    pub name: String,
    /// The file that defines it.
    pub file: String,
    /// The line of the definition.
    pub line: u32,
    /// `layer`, `inline` for a check inside the handler, or `error-handler`.
    pub kind: &'static str,
    /// What it is good for; empty if it is no guard.
    pub controls: Vec<&'static str>,
    /// How far that holds.
    pub verdict: &'static str,
    /// The condition of a `conditional` verdict.
    pub condition: Option<String>,
    /// The reason of an `unknown` verdict.
    pub reason: Option<String>,
    /// Where it is mounted; for a check inside the handler the place of the check.
    pub mounted: Place,
    /// What it counts, if it is a limiter.
    pub throttle: Option<ThrottleShape>,
    /// Where it lets the request on although its own check failed.
    pub fails_open: Option<Place>,
}

/// The numbers of a limiter.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ThrottleShape {
    /// How many, where known.
    pub limit: Option<u64>,
    /// In how many seconds, where known.
    pub window_seconds: Option<u64>,
    /// Holds if only failures count.
    pub counts_failures_only: bool,
}

/// An asset that an entry point uses.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct AccessShape {
    /// The asset.
    pub name: String,
    /// `read`, `write`, `delete`.
    pub access: Vec<&'static str>,
}

/// A guard that the program defines.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct GuardShape {
    /// Its name.
    pub name: String,
    /// The file that defines it.
    pub file: String,
    /// The line of the definition.
    pub line: u32,
    /// What it is good for.
    pub controls: Vec<&'static str>,
    /// How many entry points it covers.
    pub covers: usize,
    /// Where it is mounted.
    pub mounted: Vec<Place>,
}

/// A stored thing that the application keeps.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct AssetShape {
    /// The model, table, collection or variable.
    pub name: String,
    /// `table`, `key-value` or `memory`.
    pub kind: &'static str,
    /// The file that declares it.
    pub file: String,
    /// The line of the declaration.
    pub line: u32,
    /// The names of its fields, as far as declared.
    pub fields: Vec<String>,
}

/// Something that could not be resolved.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct UnresolvedShape {
    /// A word with hyphens, such as `dynamic-mount`.
    pub reason: &'static str,
    /// The file.
    pub file: String,
    /// The line.
    pub line: u32,
    /// More about it, for a person.
    pub detail: String,
}

/// A file, or a part of one, that was left out.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct SkippedShape {
    /// The file; empty if it is a rule that failed.
    pub file: String,
    /// A word with hyphens, such as `syntax-error`.
    pub reason: &'static str,
    /// More about it, for a person.
    pub detail: String,
    /// The line, if only a part was left out.
    pub line: Option<u32>,
    /// The rule, if it is a rule that failed and not a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<&'static str>,
}

/// How far controls cover the entry points of one transport.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct CoverageShape {
    /// How many entry points there are.
    pub entry_points: usize,
    /// How many have which verdict, by control.
    #[serde(flatten)]
    #[schemars(with = "std::collections::BTreeMap<String, CountShape>")]
    pub controls: IndexMap<&'static str, CountShape>,
}

/// How many entry points have which verdict.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct CountShape {
    /// Whoever fails is refused.
    pub enforced: usize,
    /// Refused only under a condition.
    pub conditional: usize,
    /// Read, and nobody is refused.
    pub observed: usize,
    /// Nothing of the kind.
    pub absent: usize,
    /// Could not be resolved.
    pub unknown: usize,
}

impl MapShape {
    /// Returns the map of `context`.
    pub fn new(context: &Context) -> MapShape {
        let Context { files, report, .. } = context;
        let map = &report.map;
        MapShape {
            schema: "firedoor.map/1",
            entry_points: map
                .entry_points
                .iter()
                .map(|entry| EntryPointShape::new(files, entry))
                .collect(),
            guards: map
                .guards
                .iter()
                .map(|guard| guard_shape(files, guard))
                .collect(),
            assets: map
                .assets
                .iter()
                .map(|asset| asset_shape(files, asset))
                .collect(),
            unresolved: unresolved_shapes(files, &map.unresolved),
            skipped: skipped_shapes(files, &report.skipped),
            coverage: coverage_shapes(context),
        }
    }
}

impl EntryPointShape {
    /// Returns the shape of `entry`.
    pub fn new(files: &FileSet, entry: &EntryPoint) -> EntryPointShape {
        let controls = coverage::controls_of(entry);
        EntryPointShape {
            id: entry.id(),
            app: entry.app.to_string(),
            transport: entry.transport.as_str(),
            method: entry.method.to_string(),
            path: entry.path.to_string(),
            message: entry.message.map(|message| message.to_string()),
            framework: entry.framework,
            handler: NamedPlace::new(files, &entry.handler.name, entry.handler.span),
            registered: Place::new(files, entry.registered),
            group: entry.group.1.to_string(),
            layers: entry
                .layers
                .iter()
                .map(|layer| layer_shape(files, layer))
                .collect(),
            reasons: controls
                .iter()
                .filter_map(|(control, verdict)| {
                    Some((control.as_str(), verdict.detail()?.to_owned()))
                })
                .collect(),
            controls: controls
                .iter()
                .map(|(control, verdict)| (control.as_str(), verdict.as_str()))
                .collect(),
            assets: accesses(&entry.effects),
            unresolved: entry.unresolved.clone(),
            public_because: entry.public_because.clone(),
        }
    }
}

fn layer_shape(files: &FileSet, layer: &Layer) -> LayerShape {
    let place = Place::new(files, layer.span);
    let detail = |is_wanted: bool| {
        layer
            .verdict
            .detail()
            .filter(|_| is_wanted)
            .map(str::to_owned)
    };
    LayerShape {
        name: layer.name.to_string(),
        file: place.file,
        line: place.line,
        kind: match layer.kind {
            LayerKind::Layer => "layer",
            LayerKind::Inline => "inline",
            LayerKind::ErrorHandler => "error-handler",
        },
        controls: layer
            .controls
            .iter()
            .map(|control| control.as_str())
            .collect(),
        verdict: layer.verdict.as_str(),
        condition: detail(matches!(layer.verdict, Verdict::Conditional(_))),
        reason: detail(matches!(layer.verdict, Verdict::Unknown(_))),
        mounted: Place::new(files, layer.mounted),
        throttle: layer.throttle.as_ref().map(throttle_shape),
        fails_open: layer.fails_open.map(|(span, _)| Place::new(files, span)),
    }
}

fn throttle_shape(throttle: &Throttle) -> ThrottleShape {
    ThrottleShape {
        limit: throttle.limit,
        window_seconds: throttle.window,
        counts_failures_only: throttle.counts_failures_only,
    }
}

/// Returns the assets that `effects` use, in the order of first use, each with its ways of access.
pub(crate) fn accesses(effects: &[Effect]) -> Vec<AccessShape> {
    const ORDER: [&str; 3] = ["read", "write", "delete"];
    let mut found: IndexMap<&str, [bool; 3]> = IndexMap::new();
    for effect in effects {
        let EffectKind::Access(Access {
            asset, operation, ..
        }) = &effect.kind
        else {
            continue;
        };
        let ways = found.entry(asset.as_str()).or_default();
        for (way, word) in ways.iter_mut().zip(ORDER) {
            *way |= word == operation.as_str();
        }
    }
    found
        .into_iter()
        .map(|(name, ways)| AccessShape {
            name: name.to_owned(),
            access: ORDER
                .into_iter()
                .zip(ways)
                .filter_map(|(word, is_used)| is_used.then_some(word))
                .collect(),
        })
        .collect()
}

fn guard_shape(files: &FileSet, guard: &GuardDefinition) -> GuardShape {
    let place = Place::new(files, guard.span);
    GuardShape {
        name: guard.name.to_string(),
        file: place.file,
        line: place.line,
        controls: guard
            .controls
            .iter()
            .map(|control| control.as_str())
            .collect(),
        covers: guard.covers.len(),
        mounted: guard
            .mounts
            .iter()
            .map(|mount| Place::new(files, mount.span))
            .collect(),
    }
}

fn asset_shape(files: &FileSet, asset: &Asset) -> AssetShape {
    let place = Place::new(files, asset.span);
    AssetShape {
        name: asset.name.to_string(),
        kind: match asset.kind {
            AssetKind::Table => "table",
            AssetKind::KeyValue => "key-value",
            AssetKind::Memory => "memory",
        },
        file: place.file,
        line: place.line,
        fields: asset
            .fields
            .iter()
            .map(|field| field.name.to_string())
            .collect(),
    }
}

/// Returns what could not be resolved.
pub(crate) fn unresolved_shapes(
    files: &FileSet,
    unresolved: &[Unresolved],
) -> Vec<UnresolvedShape> {
    unresolved
        .iter()
        .map(|note| {
            let place = Place::new(files, note.span);
            UnresolvedShape {
                reason: note.reason,
                file: place.file,
                line: place.line,
                detail: note.detail.clone(),
            }
        })
        .collect()
}

/// Returns what was left out.
pub(crate) fn skipped_shapes(files: &FileSet, skipped: &[SkippedPart]) -> Vec<SkippedShape> {
    skipped
        .iter()
        .map(|part| SkippedShape {
            file: part.path.clone(),
            reason: part.reason,
            detail: part.detail.clone(),
            line: part.span.map(|span| files.start(span).line),
            rule: part.rule,
        })
        .collect()
}

/// Returns the coverage by transport.
pub(crate) fn coverage_shapes(context: &Context) -> IndexMap<&'static str, CoverageShape> {
    coverage::by_transport(&context.report.map)
        .into_iter()
        .map(|(transport, coverage)| {
            let controls = coverage
                .controls
                .iter()
                .map(|(control, count)| (control.as_str(), count_shape(*count)))
                .collect();
            let shape = CoverageShape {
                entry_points: coverage.entry_points,
                controls,
            };
            (transport.as_str(), shape)
        })
        .collect()
}

fn count_shape(count: Count) -> CountShape {
    CountShape {
        enforced: count.enforced,
        conditional: count.conditional,
        observed: count.observed,
        absent: count.absent,
        unknown: count.unknown,
    }
}
