//! Comments that speak to firedoor.

use firedoor_source::Span;
use oxc_ast::ast::Program;

use super::lowering::Lowering;

/// What such a comment starts with.
const MARKER: &str = "firedoor:";

/// Takes up the comments of `program` that start with the marker.
pub fn collect(lowering: &mut Lowering<'_>, program: &Program<'_>) {
    for comment in &program.comments {
        let content = comment.content_span();
        let Some(text) = lowering
            .text
            .get(content.start as usize..content.end as usize)
        else {
            continue;
        };
        if !text.contains(MARKER) {
            continue;
        }
        if let Some(remark) = remark(text) {
            let span = Span::new(
                lowering.module.file,
                comment.span.start,
                comment.span.end.min(lowering.text.len() as u32),
            );
            lowering.module.remarks.push((span, remark));
        }
    }
}

/// Returns what the comment `text` says behind the marker, on one line.
fn remark(text: &str) -> Option<String> {
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.trim().trim_start_matches('*').trim())
        .filter(|line| !line.is_empty())
        .collect();
    let joined = lines.join(" ");
    let rest = joined.strip_prefix(MARKER)?;
    Some(rest.trim().to_string())
}
