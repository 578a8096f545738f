//! Says values, checks and effects in plain words, the same in every format.

mod allowance;
mod change;
pub(crate) mod check;
mod effect;
pub(crate) mod value;

pub(crate) use allowance::{allowance, fallen, fallen_heading};
pub(crate) use change::{guard_changes, guarding, verdict_changes};
pub(crate) use check::{check, refusal};
pub(crate) use effect::effect;
pub(crate) use value::{origin, value};

use firedoor_app::Throttle;

/// Returns the numbers of a limiter, such as `5 per 60 s`; nothing if none is known.
pub(crate) fn throttle(throttle: &Throttle) -> Option<String> {
    let mut text = match (throttle.limit, throttle.window) {
        (Some(limit), Some(window)) => format!("{limit} per {}", seconds(window)),
        (Some(limit), None) => format!("at most {limit}"),
        (None, Some(window)) => format!("per {}", seconds(window)),
        (None, None) => return None,
    };
    if throttle.counts_failures_only {
        text.push_str(", failures only");
    }
    Some(text)
}

fn seconds(seconds: u64) -> String {
    match seconds {
        0 => String::from("0 s"),
        all if all % 86_400 == 0 => format!("{} d", all / 86_400),
        all if all % 3_600 == 0 => format!("{} h", all / 3_600),
        all if all % 60 == 0 => format!("{} min", all / 60),
        all => format!("{all} s"),
    }
}

/// Returns `count` with the noun in the right number.
pub(crate) fn count(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Returns a control for people: `rate limit` for `rate_limit`.
pub(crate) fn control(control: firedoor_app::Control) -> String {
    control.as_str().replace('_', " ")
}
