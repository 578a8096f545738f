//! What was not seen: it belongs to the result as much as what was.

use super::markup::Page;
use crate::shape::Place;
use crate::{Context, words};

/// Writes what could not be resolved and what was left out.
pub(super) fn section(page: &mut Page, context: &Context) {
    page.within("section", &[("id", "notes")], |page| {
        page.element("h2", &[], "Not seen");
        let notes = notes(context);
        if notes.is_empty() {
            page.element("p", &[], "Everything was read and resolved.");
            return;
        }
        page.within("ul", &[("class", "notes")], |page| {
            for (place, reason, detail) in &notes {
                page.within("li", &[], |page| {
                    page.element("code", &[], place);
                    page.text(" ");
                    page.element("span", &[("class", "soft")], reason);
                    page.text(" ");
                    page.prose(detail);
                });
            }
        });
    });
}

/// Writes which judgements fell, where everybody sees it: somebody believes that they hold.
pub(super) fn fallen(page: &mut Page, context: &Context) {
    let all = &context.report.judgements.fallen;
    if all.is_empty() {
        return;
    }
    page.within("section", &[("id", "fallen")], |page| {
        page.element("h2", &[], &words::fallen_heading(all.len()));
        page.within("ul", &[("class", "notes")], |page| {
            for one in all {
                let (about, changes) = words::fallen(one);
                page.within("li", &[], |page| {
                    page.text(&about);
                    for change in changes {
                        page.text(" ");
                        page.element("code", &[], &change);
                    }
                });
            }
        });
    });
}

fn notes<'a>(context: &Context<'a>) -> Vec<(String, &'static str, &'a str)> {
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
    unresolved.chain(skipped).collect()
}
