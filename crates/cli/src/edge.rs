//! The outermost edge: a bug becomes exit status 3 with a message that says how to report it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

/// The exit status for a bug of the program's own.
pub const BUG: u8 = 3;

/// Returns the exit status of `run`, or [`BUG`] if it panics.
pub fn guarded(run: impl FnOnce() -> u8) -> u8 {
    static LAST: Mutex<Option<String>> = Mutex::new(None);
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        let what = panic
            .payload()
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.payload().downcast_ref::<String>().cloned())
            .unwrap_or_else(|| String::from("no message"));
        if let Ok(mut last) = LAST.lock() {
            last.get_or_insert_with(|| format!("{what}{place}"));
        }
    }));
    let outcome = catch_unwind(AssertUnwindSafe(run));
    outcome.unwrap_or_else(|_| {
        let what = LAST.lock().ok().and_then(|mut last| last.take());
        report_bug(&what.unwrap_or_else(|| String::from("no message")));
        BUG
    })
}

fn report_bug(what: &str) {
    crate::output::complain(&format!(
        "error: firedoor has a bug: {}\n\
         This is not your fault, and the result would be incomplete, so there is none.\n\
         Please report it at {}/issues with the line above,\n\
         the output of `firedoor --version` and, if you can share it, the file that was analysed.",
        firedoor_report::clean(what),
        env!("CARGO_PKG_REPOSITORY"),
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_bug_of_the_program() {
        assert_eq!(guarded(|| panic!("on purpose")), BUG);
        assert_eq!(guarded(|| 1), 1);
    }
}
