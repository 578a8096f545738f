//! A running instance must answer as its map says: each entry point is asked without credentials.
//!
//! Only requests that change nothing are sent, unless the user wants others; nothing is guessed, no redirect is
//! followed to another host, and what is read and how often is asked is bounded. What an answer means is decided in
//! `verdict`, which talks to nobody.

// The rest of firedoor is a function of its input; this part is there to ask a running program, at a bounded rate.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod filling;
pub(crate) mod http;
mod messages;
mod socket;
mod target;
mod verdict;

use std::time::{Duration, Instant};

use firedoor_analysis::Report;
use firedoor_app::{EntryPoint, Transport};

pub use filling::fillings;
pub use target::{Target, TargetError};
pub use verdict::{Answer, Reading, Ruling};

use verdict::{finding_ruling, ruling};

/// How it is asked.
#[derive(Clone, Debug)]
pub struct Manner {
    /// Whether requests are sent that may change something.
    pub is_unsafe: bool,
    /// The most requests a second.
    pub rate: u32,
    /// How long one request may take.
    pub timeout: Duration,
    /// How long a connection is watched for whether it is closed.
    pub patience: Duration,
    /// Headers that are sent along.
    pub headers: Vec<(String, String)>,
    /// Whether the headers prove somebody, so that being let in proves nothing.
    pub has_credentials: bool,
    /// The file of the application of which entry points are asked; all, if there is none.
    pub app: Option<String>,
}

/// What a probe tells.
#[derive(Clone, Debug, Default)]
pub struct Probe {
    /// The entry points, in the order of the map.
    pub entries: Vec<Probed>,
    /// The findings that answers say something about, in the order of the report.
    pub findings: Vec<ProbedFinding>,
}

/// An entry point that was asked, or why it was not.
#[derive(Clone, Debug)]
pub struct Probed {
    /// Its number in the map.
    pub entry: usize,
    /// What was sent, such as `GET /items/1`; nothing if nothing was.
    pub request: Option<String>,
    /// What came back.
    pub answer: Answer,
    /// What that means for the verdict.
    pub ruling: Ruling,
    /// Why, in words.
    pub reason: String,
}

/// A finding about an entry point that was asked.
#[derive(Clone, Debug)]
pub struct ProbedFinding {
    /// Its number in the report.
    pub finding: usize,
    /// What the answer means for it.
    pub ruling: Ruling,
    /// Why, in words.
    pub reason: String,
}

/// How many verdicts came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProbeCounts {
    /// Entry points that were asked.
    pub asked: usize,
    /// Those that answer as the map says.
    pub confirmed: usize,
    /// Those that do not.
    pub refuted: usize,
    /// The others, those among them that were not asked.
    pub undecided: usize,
}

impl ProbeCounts {
    /// Returns the share of what is decided that agrees; nothing if nothing is.
    pub fn agreement(self) -> Option<f64> {
        let decided = self.confirmed + self.refuted;
        (decided > 0).then(|| self.confirmed as f64 / decided as f64)
    }
}

impl Probe {
    /// Counts how the verdicts came out.
    pub fn counts(&self) -> ProbeCounts {
        let mut counts = ProbeCounts::default();
        for probed in &self.entries {
            counts.asked += usize::from(probed.answer.reading != Reading::NotAsked);
            match probed.ruling {
                Ruling::Confirmed => counts.confirmed += 1,
                Ruling::Refuted => counts.refuted += 1,
                Ruling::Undecided => counts.undecided += 1,
            }
        }
        counts
    }
}

/// Nothing answers at the target.
#[derive(Clone, Debug, thiserror::Error)]
#[error("nothing answers at {target}: {why}")]
pub struct NoAnswer {
    /// Where.
    pub target: String,
    /// What went wrong.
    pub why: String,
}

/// Asks each entry point of the report; `done` hears of each that is finished, and of how many there are.
pub fn probe(
    report: &Report,
    target: &Target,
    manner: &Manner,
    done: impl Fn(usize),
) -> Result<Probe, NoAnswer> {
    let mut pace = Pace::new(manner.rate);
    let client = http::Client::new(target, manner);
    pace.wait();
    let nowhere = client.nowhere().map_err(|why| NoAnswer {
        target: target.to_string(),
        why,
    })?;
    let entries = &report.map.entry_points;
    let is_wanted = |entry: &EntryPoint| manner.app.as_ref().is_none_or(|app| entry.app == *app);
    let wanted: Vec<usize> = (0..entries.len())
        .filter(|it| is_wanted(&entries[*it]))
        .collect();
    let mut probe = Probe::default();
    let mut connections = messages::Connections::default();
    for number in &wanted {
        let entry = &entries[*number];
        let asked = match entry.transport {
            Transport::Http => ask_http(entry, &client, manner, &nowhere, &mut pace),
            Transport::WebSocket => connections.ask(entry, entries, target, manner, &mut pace),
            _ => Asked::not("nothing is sent to entry points of this kind"),
        };
        let (ruling, reason) = ruling(entry, &asked.answer, manner.has_credentials);
        probe.entries.push(Probed {
            entry: *number,
            request: asked.request,
            answer: asked.answer,
            ruling,
            reason,
        });
        done(wanted.len());
    }
    probe.findings = findings(report, &probe);
    Ok(probe)
}

/// What was sent and what came back.
pub(crate) struct Asked {
    request: Option<String>,
    answer: Answer,
}

impl Asked {
    fn not(why: &str) -> Asked {
        Asked {
            request: None,
            answer: Answer::not_asked(why),
        }
    }
}

/// Asks with one filling of the parameters after the other, until an answer says more than that it does not fit.
fn ask_http(
    entry: &EntryPoint,
    client: &http::Client<'_>,
    manner: &Manner,
    nowhere: &http::Reply,
    pace: &mut Pace,
) -> Asked {
    let method = match entry.method.as_str() {
        "ANY" => "GET",
        method => method,
    };
    if !matches!(method, "GET" | "HEAD" | "OPTIONS") && !manner.is_unsafe {
        return Asked::not("its method may change something; --unsafe asks all the same");
    }
    let mut asked = Asked::not("its path cannot be filled in");
    for path in fillings(&entry.path) {
        pace.wait();
        let answer = match client.ask(method, &path) {
            Ok(reply) => verdict::http_answer(&reply, nowhere),
            Err(why) => Answer::failed(&why),
        };
        let is_last_word = !answer.is_misfit();
        asked = Asked {
            request: Some(format!("{method} {path}")),
            answer,
        };
        if is_last_word {
            break;
        }
    }
    asked
}

fn findings(report: &Report, probe: &Probe) -> Vec<ProbedFinding> {
    let mut found = Vec::new();
    for (number, reported) in report.findings.iter().enumerate() {
        let Some(id) = reported.finding.entry_point.as_deref() else {
            continue;
        };
        let mut probed = probe.entries.iter();
        let own = probed.find(|probed| report.map.entry_points[probed.entry].id() == id);
        let judged = own.and_then(|own| finding_ruling(reported.finding.rule.id, own));
        if let Some((ruling, reason)) = judged {
            found.push(ProbedFinding {
                finding: number,
                ruling,
                reason,
            });
        }
    }
    found
}

/// Sees to it that no more is sent in a second than is allowed.
pub(crate) struct Pace {
    interval: Duration,
    next: Instant,
}

impl Pace {
    fn new(rate: u32) -> Pace {
        Pace {
            interval: Duration::from_secs(1) / rate.max(1),
            next: Instant::now(),
        }
    }

    fn wait(&mut self) {
        let now = Instant::now();
        if self.next > now {
            std::thread::sleep(self.next - now);
        }
        self.next = self.next.max(now) + self.interval;
    }
}
