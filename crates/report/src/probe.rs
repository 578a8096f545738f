//! `firedoor probe` in its formats.

use firedoor_analysis::Report;
use firedoor_app::{Control, EntryPoint};
use firedoor_proof::probe::{Probe, Probed, ProbedFinding, Ruling};
use firedoor_source::FileSet;
use indexmap::IndexMap;

use crate::shape::{Place, ProbeShape};
use crate::words::count;
use crate::{Detail, View, clean};

/// The formats of a probe, by name.
pub static PROBE_FORMATS: &[(&str, fn(&ProbeContext) -> String)] =
    &[("text", text), ("json", json)];

/// A probe with what it is about, and how it is looked at.
#[derive(Clone, Copy, Debug)]
pub struct ProbeContext<'a> {
    /// The files that were analysed.
    pub files: &'a FileSet,
    /// What the analysis told.
    pub report: &'a Report,
    /// What the instance answered.
    pub probe: &'a Probe,
    /// The address of the instance.
    pub target: &'a str,
    /// How it is looked at.
    pub view: View,
}

impl<'a> ProbeContext<'a> {
    /// Returns the entry point that was asked.
    pub(crate) fn entry(&self, probed: &Probed) -> &'a EntryPoint {
        &self.report.map.entry_points[probed.entry]
    }

    /// Returns the findings that are sure enough to be shown, and that nobody has allowed.
    pub fn findings(&self) -> impl Iterator<Item = &'a ProbedFinding> {
        let view = self.view;
        let report = self.report;
        self.probe.findings.iter().filter(move |probed| {
            let reported = &report.findings[probed.finding];
            reported.suppressed.is_none() && reported.finding.confidence >= view.min_confidence
        })
    }
}

fn json(context: &ProbeContext) -> String {
    crate::json::print(&ProbeShape::new(context))
}

fn text(context: &ProbeContext) -> String {
    let counts = context.probe.counts();
    let mut text = format!(
        "{} asked at {}: {} as the map says, {} not, {} undecided.\n",
        count(counts.asked, "entry point", "entry points"),
        clean(context.target),
        counts.confirmed,
        counts.refuted,
        counts.undecided,
    );
    if let Some(agreement) = counts.agreement() {
        text.push_str(&format!(
            "  {:.1} % of what is decided agrees.\n",
            agreement * 100.0
        ));
    }
    text.push_str(&listed(context, Ruling::Refuted, "Not as the map says"));
    text.push_str(&findings(context));
    if context.view.detail == Detail::Full {
        text.push_str(&listed(context, Ruling::Confirmed, "As the map says"));
    }
    text.push_str(&undecided(context));
    text
}

fn listed(context: &ProbeContext, ruling: Ruling, heading: &str) -> String {
    let mut text = String::new();
    for probed in context
        .probe
        .entries
        .iter()
        .filter(|it| it.ruling == ruling)
    {
        if text.is_empty() {
            text.push_str(&format!("\n{heading}\n"));
        }
        let entry = context.entry(probed);
        text.push_str(&format!(
            "  {}  authentication {}: {}\n      {}\n",
            clean(&entry.id()),
            entry.verdict(Control::Authentication).as_str(),
            clean(&probed.reason),
            Place::new(context.files, entry.registered)
        ));
    }
    text
}

fn findings(context: &ProbeContext) -> String {
    let mut text = String::new();
    for probed in context.findings() {
        if text.is_empty() {
            text.push_str("\nFindings\n");
        }
        let reported = &context.report.findings[probed.finding];
        text.push_str(&format!(
            "  {} [{}] {}: {}: {}\n",
            reported.finding.severity.as_str(),
            reported.finding.rule.id,
            clean(&reported.finding.title),
            probed.ruling.as_str(),
            clean(&probed.reason)
        ));
    }
    text
}

/// Entry points that are undecided for the same reason share a line, unless everything is wanted.
fn undecided(context: &ProbeContext) -> String {
    if context.view.detail == Detail::Brief {
        return String::new();
    }
    let mut reasons: IndexMap<&str, Vec<&Probed>> = IndexMap::new();
    let entries = context.probe.entries.iter();
    for probed in entries.filter(|it| it.ruling == Ruling::Undecided) {
        reasons.entry(&probed.reason).or_default().push(probed);
    }
    let mut text = String::new();
    for (reason, all) in &reasons {
        if text.is_empty() {
            text.push_str("\nUndecided\n");
        }
        let number = count(all.len(), "entry point", "entry points");
        text.push_str(&format!("  {number}: {}\n", clean(reason)));
        if context.view.detail == Detail::Full {
            for probed in all {
                let id = context.entry(probed).id();
                text.push_str(&format!("      {}\n", clean(&id)));
            }
        }
    }
    text
}
