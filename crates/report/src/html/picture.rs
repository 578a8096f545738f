//! The map in one picture: who is asked who they are on the way to which router, and what is kept behind it.
//!
//! Lines are drawn by verdict: what is reached by anybody stands out, and all else is quiet.

use firedoor_app::{Control, EntryPoint, Map, Verdict};
use indexmap::IndexMap;

use super::entry::{authentication, mark};
use super::markup::Page;
use crate::clean;
use crate::coverage::{group_label, groups};
use crate::shape::accesses;

/// A picture of more routers or assets than this shows nothing.
const MOST: usize = 40;
/// The least that is worth a picture.
const FEWEST: usize = 2;
/// The height of a row.
const ROW: usize = 30;
/// The height of a box.
const BOX: usize = 22;

/// Where each column starts, and how wide its boxes are: the outside, guards, routers, assets.
const COLUMNS: [(usize, usize); 4] = [(0, 70), (130, 210), (440, 290), (830, 170)];

/// A box.
struct Node {
    label: String,
    class: &'static str,
    target: Option<String>,
}

/// A line between boxes of two neighbouring columns, with the verdict that it is drawn by.
type Edges = IndexMap<(usize, usize), &'static str>;

/// Writes the picture, if it can be read.
pub(super) fn draw(page: &mut Page, map: &Map) {
    let groups: Vec<Vec<&EntryPoint>> = groups(map).into_values().collect();
    let (guards, to_groups) = guards(&groups);
    let (assets, to_assets) = assets(&groups);
    let most = groups.len().max(assets.len()).max(guards.len());
    if groups.len() < FEWEST || most > MOST {
        return;
    }
    let routers: Vec<Node> = groups
        .iter()
        .enumerate()
        .map(|(place, entries)| Node {
            label: format!("{} ({})", group_label(entries), entries.len()),
            class: "router",
            target: Some(format!("#r-{place}")),
        })
        .collect();
    let outside = Node {
        label: String::from("outside"),
        class: "outside",
        target: None,
    };
    let from_outside: Edges = guards
        .iter()
        .enumerate()
        .map(|(place, guard)| ((0, place), guard.class))
        .collect();
    let height = most * ROW;
    let box_of = format!("0 0 1000 {}", height + 24);
    page.within(
        "div",
        &[("class", "scroll picture"), ("tabindex", "0")],
        |page| {
            let label = "The outside, the guards that ask who the caller is, routers, and assets";
            let attributes = [
                ("viewBox", &*box_of),
                ("role", "group"),
                ("aria-label", label),
            ];
            page.within("svg", &attributes, |page| {
                headings(page);
                let columns = [&vec![outside], &guards, &routers, &assets];
                for (place, edges) in [&from_outside, &to_groups, &to_assets]
                    .into_iter()
                    .enumerate()
                {
                    let sizes = (columns[place].len(), columns[place + 1].len());
                    lines(page, place, edges, sizes, height);
                }
                for (place, nodes) in columns.into_iter().enumerate() {
                    boxes(page, place, nodes, height);
                }
            });
        },
    );
}

fn headings(page: &mut Page) {
    let words = ["", "who asks", "routers", "assets"];
    for ((x, _), word) in COLUMNS.into_iter().zip(words) {
        let x = x.to_string();
        page.element("text", &[("class", "column"), ("x", &x), ("y", "12")], word);
    }
}

/// Returns what asks who the caller is, in the order of the routers, with the routers that each leads to.
fn guards(groups: &[Vec<&EntryPoint>]) -> (Vec<Node>, Edges) {
    let mut names: IndexMap<(String, &'static str), ()> = IndexMap::new();
    let mut edges = Edges::new();
    for (place, entries) in groups.iter().enumerate() {
        for entry in entries {
            let key = asker(entry);
            let guard = names.insert_full(key.clone(), ()).0;
            edges.insert((guard, place), key.1);
        }
    }
    let nodes = names
        .into_keys()
        .map(|(label, class)| Node {
            label,
            class,
            target: None,
        })
        .collect();
    (nodes, edges)
}

/// Returns the name of the guard that authenticates, and the verdict.
fn asker(entry: &EntryPoint) -> (String, &'static str) {
    let verdict = authentication(entry);
    let guard = entry
        .layers
        .iter()
        .find(|layer| {
            layer.verdict_of(Control::Authentication).as_str() == verdict
                || layer.controls.contains(&Control::Authentication)
                    && layer.verdict.as_str() == verdict
        })
        .filter(|layer| layer.controls.contains(&Control::Authentication));
    let name = match (verdict, guard) {
        ("absent", _) => format!("{} nobody asks", mark(verdict)),
        ("unknown", _) => format!("{} not resolved", mark(verdict)),
        ("", _) => String::from("does not apply"),
        (_, Some(layer)) => format!("{} {}", mark(verdict), layer.name),
        _ => format!("{} {verdict}", mark(verdict)),
    };
    (name, verdict)
}

/// Returns the assets by the routers that use them, so that few lines cross.
fn assets(groups: &[Vec<&EntryPoint>]) -> (Vec<Node>, Edges) {
    let mut users: IndexMap<String, IndexMap<usize, &'static str>> = IndexMap::new();
    for (place, entries) in groups.iter().enumerate() {
        for entry in entries {
            let is_open = entry.verdict(Control::Authentication) == Verdict::Absent;
            let class = if is_open { "absent" } else { "quiet" };
            for access in accesses(&entry.effects) {
                let routers = users.entry(access.name).or_default();
                let known = routers.entry(place).or_insert(class);
                if is_open {
                    *known = class;
                }
            }
        }
    }
    // The mean place of the users, in thousandths: whole numbers are the same on every machine.
    users.sort_by_cached_key(|name, routers| {
        let sum: usize = routers.keys().sum();
        (sum * 1000 / routers.len().max(1), name.clone())
    });
    let mut edges = Edges::new();
    for (asset, routers) in users.values().enumerate() {
        edges.extend(
            routers
                .iter()
                .map(|(router, class)| ((*router, asset), *class)),
        );
    }
    let nodes = users
        .into_keys()
        .map(|label| Node {
            label,
            class: "asset",
            target: None,
        })
        .collect();
    (nodes, edges)
}

/// Returns the middle of a box, the column being spread over the height.
fn middle(place: usize, of: usize, height: usize) -> usize {
    24 + (2 * place + 1) * height / (2 * of.max(1))
}

fn lines(page: &mut Page, column: usize, edges: &Edges, sizes: (usize, usize), height: usize) {
    let start = COLUMNS[column].0 + COLUMNS[column].1;
    let end = COLUMNS[column + 1].0;
    let half = (start + end) / 2;
    for ((from, to), class) in edges {
        let (y, z) = (middle(*from, sizes.0, height), middle(*to, sizes.1, height));
        let path = format!("M{start} {y}C{half} {y} {half} {z} {end} {z}");
        let (from, to) = (format!("{column}-{from}"), format!("{}-{to}", column + 1));
        let attributes = [
            ("class", *class),
            ("d", &path),
            ("data-from", &from),
            ("data-to", &to),
        ];
        page.element("path", &attributes, "");
    }
}

fn boxes(page: &mut Page, column: usize, nodes: &[Node], height: usize) {
    let (x, width) = COLUMNS[column];
    for (place, node) in nodes.iter().enumerate() {
        let y = middle(place, nodes.len(), height);
        let id = format!("{column}-{place}");
        let class = format!("node {}", node.class);
        page.within("g", &[("class", &class), ("data-node", &id)], |page| {
            let draw = |page: &mut Page| {
                page.element("title", &[], &node.label);
                page.element(
                    "rect",
                    &[
                        ("x", &x.to_string()),
                        ("y", &(y - BOX / 2).to_string()),
                        ("width", &width.to_string()),
                        ("height", &BOX.to_string()),
                        ("rx", "5"),
                    ],
                    "",
                );
                let at = [("x", &*(x + 8).to_string()), ("y", &*(y + 4).to_string())];
                page.element("text", &at, &shortened(&node.label, width));
            };
            match &node.target {
                Some(target) => page.within("a", &[("href", target)], draw),
                None => draw(page),
            }
        });
    }
}

/// Returns as much of a label as a box holds.
fn shortened(label: &str, width: usize) -> String {
    let most = (width - 14) * 10 / 66;
    let label = clean(label);
    if label.chars().count() <= most {
        return label.into_owned();
    }
    label.chars().take(most - 1).chain(['…']).collect()
}
