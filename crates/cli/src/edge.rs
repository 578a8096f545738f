//! The outermost edge: a bug becomes exit status 3 with a message that says how to report it.

use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Mutex;

/// The exit status for a bug of the program's own.
pub const BUG: u8 = 3;

/// Returns the exit status of `run`, or [`BUG`] if it panics.
pub fn guarded(run: impl FnOnce() -> u8) -> u8 {
    caught(run).unwrap_or_else(|what| {
        report_bug(&what);
        BUG
    })
}

/// Returns what `run` returns, or what a panic in it says, which is not printed.
fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    static LAST: Mutex<Option<String>> = Mutex::new(None);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(|panic| {
        if let Ok(mut last) = LAST.lock() {
            *last = Some(describe(panic));
        }
    }));
    let outcome = catch_unwind(AssertUnwindSafe(run));
    std::panic::set_hook(before);
    outcome.map_err(|_| {
        let last = LAST.lock().ok().and_then(|mut last| last.take());
        last.unwrap_or_else(|| String::from("no message"))
    })
}

fn describe(panic: &PanicHookInfo) -> String {
    let place = panic
        .location()
        .map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
    let what = panic.payload_as_str().unwrap_or("no message");
    format!("{what}{place}")
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
        let message = caught(|| -> u8 { panic!("on purpose") });
        let message = message.expect_err("it panics");
        assert!(message.starts_with("on purpose at "), "{message}");
        assert_eq!(guarded(|| panic!("on purpose")), BUG);
        assert_eq!(guarded(|| 1), 1);
    }
}
