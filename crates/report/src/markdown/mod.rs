//! Markdown, for comments on pull requests and for documents.

mod diff;
mod history;
mod review;

use firedoor_analysis::ReportedFinding;
use firedoor_app::{Control, EntryPoint, Layer};

use crate::coverage::{by_transport, controls_of};
use crate::shape::{Place, accesses};
use crate::words::{self, count};
use crate::{Context, Format, clean};

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "markdown",
    check: Some(check),
    map: Some(map),
    explain: None,
    diff: Some(diff::render),
    history: Some(history::render),
    study: Some(history::study),
    rules: None,
    review: Some(review::render),
    questions: Some(crate::questions::markdown::render),
    self_test: None,
    probe: None,
};

/// More notes than this help nobody in a comment.
const MOST_NOTES: usize = 20;

fn check(context: &Context) -> String {
    let open: Vec<&ReportedFinding> = context.open().collect();
    let mut text = match open.len() {
        0 => String::from("## firedoor: no findings\n\n"),
        many => format!("## firedoor: {}\n\n", count(many, "finding", "findings")),
    };
    if !open.is_empty() {
        text.push_str("| Severity | Finding | Entry point | Place | Rule |\n");
        text.push_str("| --- | --- | --- | --- | --- |\n");
        for reported in &open {
            text.push_str(&finding_row(context, reported));
        }
        text.push('\n');
        for reported in &open {
            text.push_str(&finding_details(context, reported));
        }
    }
    text.push_str(&hidden(context));
    text.push_str(&fallen(context));
    text.push_str(&coverage(context));
    text.push_str(&review::plan(context));
    text.push_str(&notes(context));
    text
}

fn finding_row(context: &Context, reported: &ReportedFinding) -> String {
    let finding = &reported.finding;
    format!(
        "| {} | {} | {} | {} | {} |\n",
        finding.severity.as_str(),
        escape(&finding.title),
        finding.entry_point.as_deref().map_or(String::new(), code),
        code(&Place::new(context.files, finding.span).to_string()),
        code(finding.rule.id),
    )
}

fn finding_details(context: &Context, reported: &ReportedFinding) -> String {
    let finding = &reported.finding;
    let mut text = format!(
        "<details><summary>{}</summary>\n\n{}\n\n",
        escape_html(&finding.title),
        escape(&finding.message)
    );
    for evidence in &finding.evidence {
        let place = Place::new(context.files, evidence.span).to_string();
        text.push_str(&format!(
            "- {}: {}\n",
            code(&place),
            escape(&evidence.message)
        ));
    }
    text.push_str(&format!(
        "\n**What to do.** {}\n\n{} confidence, fingerprint {}\n\n</details>\n\n",
        escape(finding.rule.remediation),
        finding.confidence.as_str(),
        code(&reported.fingerprint)
    ));
    text
}

fn hidden(context: &Context) -> String {
    let mut parts = Vec::new();
    if context.suppressed_count() > 0 {
        let suppressed = context.suppressed_count();
        parts.push(format!("{suppressed} more allowed on purpose"));
    }
    if context.known().count() > 0 {
        parts.push(format!("{} more in the baseline", context.known().count()));
    }
    if context.unsure_count() > 0 {
        parts.push(format!(
            "{} more below {} confidence",
            context.unsure_count(),
            context.view.min_confidence.as_str()
        ));
    }
    if parts.is_empty() {
        return String::new();
    }
    format!("{}.\n\n", parts.join(", "))
}

fn fallen(context: &Context) -> String {
    let all = &context.report.judgements.fallen;
    if all.is_empty() {
        return String::new();
    }
    let mut text = format!("### {}\n\n", words::fallen_heading(all.len()));
    for one in all {
        let (about, changes) = words::fallen(one);
        text.push_str(&format!("- {}\n", escape(&about)));
        for change in changes {
            text.push_str(&format!("  - {}\n", escape(&change)));
        }
    }
    text.push('\n');
    text
}

fn coverage(context: &Context) -> String {
    let transports = by_transport(&context.report.map);
    if transports.is_empty() {
        return String::from("No entry points were found.\n\n");
    }
    let mut text = String::from(
        "### Coverage\n\n\
         | | Entry points | Enforced | Conditional | Observed | Absent | Unknown |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for (transport, coverage) in transports {
        for (control, numbers) in &coverage.controls {
            let numbers: Vec<String> = numbers.numbers().map(|n| n.to_string()).to_vec();
            text.push_str(&format!(
                "| {}, {} | {} | {} |\n",
                transport.as_str(),
                words::control(*control),
                coverage.entry_points,
                numbers.join(" | ")
            ));
        }
    }
    text.push('\n');
    text
}

fn notes(context: &Context) -> String {
    let unresolved = context.report.map.unresolved.iter().map(|note| {
        let place = Place::new(context.files, note.span).to_string();
        (place, note.reason, note.detail.as_str())
    });
    let skipped = context.report.skipped.iter().map(|part| {
        let place = match (part.span, part.rule) {
            (Some(span), _) => Place::new(context.files, span).to_string(),
            (None, Some(rule)) => rule.to_owned(),
            (None, None) => part.path.clone(),
        };
        (place, part.reason, part.detail.as_str())
    });
    let notes: Vec<_> = unresolved.chain(skipped).collect();
    if notes.is_empty() {
        return String::new();
    }
    let mut text = String::from("### Not seen\n\n");
    for (place, reason, detail) in notes.iter().take(MOST_NOTES) {
        text.push_str(&format!(
            "- {} ({reason}): {}\n",
            code(place),
            escape(detail)
        ));
    }
    if notes.len() > MOST_NOTES {
        text.push_str(&format!("- and {} more\n", notes.len() - MOST_NOTES));
    }
    text
}

fn map(context: &Context) -> String {
    let map = &context.report.map;
    let mut text = String::from(
        "# Entry points\n\n\
         | Entry point | Authentication | Other controls | Passes | Assets | Handler |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    for entry in &map.entry_points {
        text.push_str(&entry_row(context, entry));
    }
    text.push('\n');
    let idle: Vec<_> = map
        .guards
        .iter()
        .filter(|guard| guard.covers.is_empty())
        .collect();
    if !idle.is_empty() {
        text.push_str("## Guards that cover nothing\n\n");
        for guard in idle {
            let place = Place::new(context.files, guard.span).to_string();
            text.push_str(&format!("- {} at {}\n", code(&guard.name), code(&place)));
        }
        text.push('\n');
    }
    text.push_str(&coverage(context));
    text.push_str(&notes(context));
    text
}

fn entry_row(context: &Context, entry: &EntryPoint) -> String {
    let controls = controls_of(entry);
    let of = |wanted: bool| {
        let words: Vec<String> = controls
            .iter()
            .filter(|(control, _)| (*control == Control::Authentication) == wanted)
            .map(|(control, verdict)| {
                if wanted {
                    verdict.as_str().to_owned()
                } else {
                    format!("{} {}", words::control(*control), verdict.as_str())
                }
            })
            .collect();
        words.join(", ")
    };
    let layers: Vec<String> = entry.layers.iter().map(layer).collect();
    let assets: Vec<String> = accesses(&entry.effects)
        .iter()
        .map(|asset| format!("{} ({})", code(&asset.name), asset.access.join(", ")))
        .collect();
    let place = Place::new(context.files, entry.handler.span).to_string();
    format!(
        "| {} | {} | {} | {} | {} | {} {} |\n",
        code(&entry.id()),
        of(true),
        of(false),
        layers.join(", "),
        assets.join(", "),
        code(&entry.handler.name),
        code(&place)
    )
}

fn layer(layer: &Layer) -> String {
    if layer.controls.is_empty() {
        code(&layer.name)
    } else {
        format!("**{}**", code(&layer.name))
    }
}

/// Returns `text` so that HTML takes nothing in it for its own.
fn escape_html(text: &str) -> String {
    clean(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Returns `text` so that Markdown and HTML take nothing in it for their own.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in escape_html(text).chars() {
        match character {
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '@' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// Returns `text` as code, in a table or out of one.
pub fn code(text: &str) -> String {
    let text = clean(text).replace('|', "\\|");
    let longest = text
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    if longest == 0 {
        return format!("`{text}`");
    }
    let fence = "`".repeat(longest + 1);
    format!("{fence} {text} {fence}")
}
