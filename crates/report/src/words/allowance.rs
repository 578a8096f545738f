//! Why a finding does not count, and which decisions of that kind hold no more.

use firedoor_analysis::ReportedFinding;
use firedoor_analysis::judgements::{Fallen, Judgement};

/// Returns why `reported` does not count: a remark beside the code, or a judgement with who made it.
pub(crate) fn allowance(reported: &ReportedFinding) -> Option<String> {
    let reason = reported.suppressed.as_deref()?;
    let Some(judged) = &reported.judged else {
        return Some(format!("allowed on purpose: {reason}"));
    };
    let by = judged.by.as_deref();
    let by = by.map_or(String::new(), |by| format!(" by {by}"));
    Some(format!("judged {}{by}: {reason}", judged.ruling))
}

/// Returns the line above the judgements that fell.
pub(crate) fn fallen_heading(number: usize) -> String {
    match number {
        1 => String::from("1 judgement has fallen: what it rested on has changed"),
        many => format!("{many} judgements have fallen: what they rested on has changed"),
    }
}

/// Returns which judgement fell, and what changed.
pub(crate) fn fallen(fallen: &Fallen) -> (String, Vec<String>) {
    let gone = fallen.gone.iter().map(|line| format!("was: {line}"));
    let new = fallen.new.iter().map(|line| format!("now: {line}"));
    (
        about(&fallen.judgement),
        gone.chain(new).collect::<Vec<String>>(),
    )
}

fn about(judgement: &Judgement) -> String {
    let name = judgement.judged.name();
    let heading = judgement.heading();
    match judgement.title.as_str() {
        "" => format!("{name} ({heading})"),
        title => format!("{title} ({heading}; {name})"),
    }
}
