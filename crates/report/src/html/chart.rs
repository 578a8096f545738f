//! The trajectory as a picture: entry points and how many of them authentication guards, and the findings that are
//! open, from change to change.

use firedoor_history::{Change, History, State};

use super::markup::Page;
use crate::clean;
use crate::history::{all_transports, date};
use crate::words::count;

/// The width of the picture, and where its lines start and end.
const WIDTH: usize = 1000;
const LEFT: usize = 46;
const RIGHT: usize = 984;
/// The top and the bottom of the two parts.
const COVERAGE: (usize, usize) = (26, 176);
const FINDINGS: (usize, usize) = (216, 336);
/// With more changes than this, dots are drawn only where something happened, which is all that can be told apart.
const FEW: usize = 60;

/// Writes the picture, if there are two states to compare.
pub(super) fn draw(page: &mut Page, history: &History) {
    let states: Vec<(&State, Option<&Change>)> = history
        .base
        .iter()
        .map(|base| (base, None))
        .chain(history.changes.iter().map(|it| (&it.state, Some(it))))
        .collect();
    if states.len() < 2 {
        return;
    }
    let totals: Vec<usize> = column(&states, |state| all_transports(state).entry_points);
    let enforced: Vec<usize> = column(&states, |state| all_transports(state).verdicts[0]);
    let open: Vec<usize> = column(&states, |state| state.open);
    page.within(
        "div",
        &[("class", "scroll picture chart"), ("tabindex", "0")],
        |page| {
            let attributes = [
                ("viewBox", "0 0 1000 362"),
                ("role", "img"),
                (
                    "aria-label",
                    "Entry points, those with enforced authentication, and open findings after each change",
                ),
            ];
            page.within("svg", &attributes, |page| {
                let most = totals.iter().copied().max().unwrap_or(0).max(1);
                let words = "entry points, and those with enforced authentication";
                axis(page, COVERAGE, most, words);
                line(page, COVERAGE, most, &totals, "total");
                line(page, COVERAGE, most, &enforced, "enforced");
                let most = open.iter().copied().max().unwrap_or(0).max(1);
                axis(page, FINDINGS, most, "open findings");
                line(page, FINDINGS, most, &open, "absent");
                dots(page, &states, most);
                ends(page, &states);
            });
        },
    );
}

fn column(states: &[(&State, Option<&Change>)], number: impl Fn(&State) -> usize) -> Vec<usize> {
    states.iter().map(|(state, _)| number(state)).collect()
}

fn x(place: usize, count: usize) -> usize {
    LEFT + (RIGHT - LEFT) * place / (count - 1).max(1)
}

fn y((top, bottom): (usize, usize), number: usize, most: usize) -> usize {
    bottom - (bottom - top) * number / most
}

fn axis(page: &mut Page, part: (usize, usize), most: usize, words: &str) {
    let (top, bottom) = part;
    let ground = format!("M{LEFT} {top}H{RIGHT}M{LEFT} {bottom}H{RIGHT}");
    page.element("path", &[("class", "axis"), ("d", &ground)], "");
    text(page, "column", LEFT, top - 8, "start", words);
    for number in [0, most] {
        let at = y(part, number, most) + 4;
        text(page, "column", LEFT - 6, at, "end", &number.to_string());
    }
}

/// A state holds until the next change, so that lines are steps.
fn line(
    page: &mut Page,
    part: (usize, usize),
    most: usize,
    numbers: &[usize],
    class: &'static str,
) {
    let mut path = format!("M{LEFT} {}", y(part, numbers[0], most));
    let mut last = numbers[0];
    for (place, number) in numbers.iter().enumerate().skip(1) {
        if *number != last || place + 1 == numbers.len() {
            path.push_str(&format!(
                "H{}V{}",
                x(place, numbers.len()),
                y(part, *number, most)
            ));
            last = *number;
        }
    }
    page.element("path", &[("class", class), ("d", &path)], "");
}

fn dots(page: &mut Page, states: &[(&State, Option<&Change>)], most: usize) {
    for (place, (state, change)) in states.iter().enumerate() {
        let Some(change) = change else {
            continue;
        };
        let (came, went) = (change.introduced.len(), change.repaired.len());
        if came + went == 0 && states.len() > FEW {
            continue;
        }
        let class = match (came, went) {
            (0, 0) => "dot",
            (0, _) => "dot better",
            _ => "dot worse",
        };
        let attributes = [
            ("class", class),
            ("cx", &*x(place, states.len()).to_string()),
            ("cy", &*y(FINDINGS, state.open, most).to_string()),
            ("r", if came + went == 0 { "2" } else { "4" }),
        ];
        page.within("circle", &attributes, |page| {
            let words = format!(
                "{} {}: {} introduced, {went} repaired, {} open",
                change.label(),
                clean(&change.title),
                came,
                state.open
            );
            page.element("title", &[], &words);
        });
    }
}

fn ends(page: &mut Page, states: &[(&State, Option<&Change>)]) {
    let all = states.iter().filter_map(|(_, change)| *change);
    let (Some(first), Some(last)) = (all.clone().next(), all.last()) else {
        return;
    };
    let at = FINDINGS.1 + 20;
    let words = |change: &Change| format!("{} {}", change.label(), date(change.time));
    text(page, "column", LEFT, at, "start", &words(first));
    text(page, "column", RIGHT, at, "end", &words(last));
    let words = count(states.len() - 1, "step", "steps");
    text(page, "column", WIDTH / 2, at, "middle", &words);
}

fn text(page: &mut Page, class: &'static str, x: usize, y: usize, anchor: &str, words: &str) {
    let attributes = [
        ("class", class),
        ("x", &*x.to_string()),
        ("y", &*y.to_string()),
        ("text-anchor", anchor),
    ];
    page.element("text", &attributes, words);
}
