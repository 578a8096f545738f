//! Counts how far each control covers the entry points: the authentication-flow coverage.

use firedoor_app::{Control, EntryPoint, Map, Transport, Verdict, path_segments};
use indexmap::IndexMap;

/// How many entry points have which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Whoever fails is refused.
    pub enforced: usize,
    /// Refused only under a condition.
    pub conditional: usize,
    /// Read, and nobody refused.
    pub observed: usize,
    /// Nothing of the kind.
    pub absent: usize,
    /// Could not be resolved.
    pub unknown: usize,
}

impl Count {
    /// Adds one entry point with that verdict.
    pub fn add(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Enforced => self.enforced += 1,
            Verdict::Conditional(_) => self.conditional += 1,
            Verdict::Observed => self.observed += 1,
            Verdict::Absent => self.absent += 1,
            Verdict::Unknown(_) => self.unknown += 1,
        }
    }

    /// Returns the five numbers in the order of the contract.
    pub fn numbers(self) -> [usize; 5] {
        [
            self.enforced,
            self.conditional,
            self.observed,
            self.absent,
            self.unknown,
        ]
    }
}

/// The coverage of the entry points of one transport.
#[derive(Clone, Debug, Default)]
pub(crate) struct TransportCoverage {
    /// How many there are.
    pub entry_points: usize,
    /// How far each control that applies covers them, in the order of controls.
    pub controls: Vec<(Control, Count)>,
}

/// The coverage of the entry points of one router or controller.
#[derive(Clone, Debug)]
pub(crate) struct GroupCoverage {
    /// The path that all of them share, and the name of the router where it has one.
    pub label: String,
    /// How many there are.
    pub entry_points: usize,
    /// How far authentication covers them.
    pub authentication: Count,
}

/// Returns the controls that are told of every entry point of `transport`, in the order of output.
fn expected_controls(transport: Transport) -> &'static [Control] {
    use Control::{Authentication, Authorization, Csrf, Origin, Ownership, RateLimit};
    match transport {
        Transport::WebSocket => &[Authentication, Authorization, Ownership, RateLimit, Origin],
        Transport::Job => &[],
        _ => &[
            Authentication,
            Authorization,
            Ownership,
            RateLimit,
            Csrf,
            Origin,
        ],
    }
}

/// Holds if `control` can mean something for entry points of `transport`.
fn applies(control: Control, transport: Transport) -> bool {
    let needs_http = matches!(
        control,
        Control::Csrf | Control::Cors | Control::SecurityHeaders
    );
    !(needs_http && matches!(transport, Transport::WebSocket | Transport::Job))
}

/// Returns what is known of each control that applies to `entry`, in the order of output.
pub(crate) fn controls_of(entry: &EntryPoint) -> Vec<(Control, Verdict)> {
    let expected = expected_controls(entry.transport);
    Control::ALL
        .into_iter()
        .filter(|control| {
            applies(*control, entry.transport)
                && (expected.contains(control) || entry.controls.contains_key(control))
        })
        .map(|control| (control, entry.verdict(control)))
        .collect()
}

/// Returns the coverage by transport, in the order of transports.
pub(crate) fn by_transport(map: &Map) -> Vec<(Transport, TransportCoverage)> {
    let mut all: std::collections::BTreeMap<Transport, TransportCoverage> = Default::default();
    for entry in &map.entry_points {
        let coverage = all.entry(entry.transport).or_default();
        coverage.entry_points += 1;
        for (control, verdict) in controls_of(entry) {
            let place = coverage.controls.iter().position(|(at, _)| *at == control);
            let place = place.unwrap_or_else(|| {
                coverage.controls.push((control, Count::default()));
                coverage.controls.len() - 1
            });
            coverage.controls[place].1.add(&verdict);
        }
    }
    for coverage in all.values_mut() {
        coverage.controls.sort_by_key(|(control, _)| *control);
    }
    all.into_iter().collect()
}

/// Returns the coverage of the entry points of `transport` by router, in the order of the map.
pub(crate) fn by_group(map: &Map, transport: Transport) -> Vec<GroupCoverage> {
    groups(map)
        .into_iter()
        .filter_map(|(_, entries)| {
            let entries: Vec<&EntryPoint> = entries
                .into_iter()
                .filter(|entry| entry.transport == transport)
                .collect();
            (!entries.is_empty()).then(|| group_coverage(&entries))
        })
        .collect()
}

/// Returns the entry points of each router or controller, in the order of the map.
pub(crate) fn groups(map: &Map) -> IndexMap<(&str, u32), Vec<&EntryPoint>> {
    let mut groups: IndexMap<(&str, u32), Vec<&EntryPoint>> = IndexMap::new();
    for entry in &map.entry_points {
        groups
            .entry((entry.app.as_str(), entry.group.0))
            .or_default()
            .push(entry);
    }
    groups
}

fn group_coverage(entries: &[&EntryPoint]) -> GroupCoverage {
    let mut authentication = Count::default();
    for entry in entries {
        authentication.add(&entry.verdict(Control::Authentication));
    }
    GroupCoverage {
        label: group_label(entries),
        entry_points: entries.len(),
        authentication,
    }
}

/// Returns the name of a router for people: the path that its entry points share, and its own name.
pub(crate) fn group_label(entries: &[&EntryPoint]) -> String {
    let path = shared_path(entries);
    let name = entries.first().map_or("", |entry| entry.group.1.as_str());
    match (path.as_str(), name) {
        (path, "") => path.to_owned(),
        ("/", name) => name.to_owned(),
        (path, name) if path.contains(name) => path.to_owned(),
        (path, name) => format!("{path} ({name})"),
    }
}

fn shared_path(entries: &[&EntryPoint]) -> String {
    let mut paths = entries.iter().map(|entry| entry.path.as_str());
    let first = paths.next().unwrap_or("");
    if !first.starts_with('/') {
        return String::from("/");
    }
    let mut shared: Vec<&str> = path_segments(first).collect();
    for path in paths {
        let same = shared
            .iter()
            .zip(path_segments(path))
            .take_while(|(a, b)| **a == *b)
            .count();
        shared.truncate(same);
    }
    format!("/{}", shared.join("/"))
}
