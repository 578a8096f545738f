//! Tells a waiting person that something happens: on terminals only, and for large trees only.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// With fewer files than this nobody waits long enough to want a bar.
const LARGE: usize = 500;

/// Returns a bar for reading `count` files; one that draws nothing unless somebody would see it.
pub fn reading(count: usize, is_quiet: bool) -> ProgressBar {
    let bar = bar(count, is_quiet);
    if let Ok(style) = ProgressStyle::with_template("  reading {bar:30} {pos}/{len} files") {
        bar.set_style(style);
    }
    bar
}

/// Returns a spinner for the analysis of `count` files.
pub fn analysing(count: usize, is_quiet: bool) -> ProgressBar {
    let bar = bar(count, is_quiet);
    if let Ok(style) = ProgressStyle::with_template("  {spinner} analysing {len} files, {elapsed}")
    {
        bar.set_style(style);
    }
    if !bar.is_hidden() {
        bar.enable_steady_tick(Duration::from_millis(100));
    }
    bar
}

/// Returns a bar for guards that are taken out one after the other.
pub fn testing(is_quiet: bool) -> ProgressBar {
    let bar = bar(LARGE, is_quiet);
    if let Ok(style) =
        ProgressStyle::with_template("  testing {bar:30} {pos}/{len} guards, {elapsed}")
    {
        bar.set_style(style);
    }
    bar
}

/// Returns a bar for entry points that are asked one after the other.
pub fn probing(is_quiet: bool) -> ProgressBar {
    let bar = bar(LARGE, is_quiet);
    if let Ok(style) =
        ProgressStyle::with_template("  asking {bar:30} {pos}/{len} entry points, {elapsed}")
    {
        bar.set_style(style);
    }
    bar
}

/// Returns a bar for the commits of a history, whose number is not known yet.
pub fn commits(is_quiet: bool) -> ProgressBar {
    let bar = bar(LARGE, is_quiet);
    if let Ok(style) = ProgressStyle::with_template(
        "  analysing {bar:30} {pos}/{len} commits, {elapsed}, {eta} left",
    ) {
        bar.set_style(style);
    }
    bar.set_length(0);
    bar
}

fn bar(count: usize, is_quiet: bool) -> ProgressBar {
    let is_seen = !is_quiet && count >= LARGE && std::io::stderr().is_terminal();
    let target = if is_seen {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    ProgressBar::with_draw_target(Some(count as u64), target)
}
