//! The document around a report: head, style, script, and the way to its parts.

use super::markup::Page;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// What a browser lets the page do: its own style and script, and nothing else, least of all the network.
///
/// A test compares the hashes with the files, and says what they should be.
const POLICY: &str = "default-src 'none'; \
    style-src 'sha256-zAZmLRL9FjDp3QLFJvmTEJ9EFkGFDGeh4OjflAL/H3s='; \
    script-src 'sha256-96vi7Kk7ENL5XPxffNMMuTx/mDDG3xg/rc3yvUVETME='; \
    base-uri 'none'; form-action 'none'";

/// Returns a document with what `content` writes; `sections` are the ids and names of its parts.
pub(super) fn document(
    title: &str,
    sections: &[(&'static str, &'static str)],
    content: impl FnOnce(&mut Page),
) -> String {
    let mut page = Page::default();
    page.literal("<!DOCTYPE html>\n");
    page.within("html", &[("lang", "en")], |page| {
        page.within("head", &[], |page| head(page, title));
        page.within("body", &[], |page| {
            page.within("nav", &[("aria-label", "Parts of the report")], |page| {
                page.element("b", &[], "firedoor");
                for (id, name) in sections {
                    page.element("a", &[("href", &format!("#{id}"))], name);
                }
            });
            page.within("main", &[], content);
            page.within("footer", &[("class", "soft")], |page| {
                page.text(concat!("firedoor ", env!("CARGO_PKG_VERSION")));
            });
            page.within("script", &[], |page| page.literal(SCRIPT));
        });
    });
    page.finish()
}

fn head(page: &mut Page, title: &str) {
    page.void("meta", &[("charset", "utf-8")]);
    page.void(
        "meta",
        &[
            ("http-equiv", "Content-Security-Policy"),
            ("content", POLICY),
        ],
    );
    page.void(
        "meta",
        &[
            ("name", "viewport"),
            ("content", "width=device-width, initial-scale=1"),
        ],
    );
    page.void(
        "meta",
        &[("name", "color-scheme"), ("content", "light dark")],
    );
    page.element("title", &[], title);
    page.within("style", &[], |page| page.literal(STYLE));
}
