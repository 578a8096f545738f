//! HTML that is escaped by construction.
//!
//! Names of elements and attributes are constants of this program, and everything else goes through [`Page::text`]
//! or the value of an attribute. So nothing of the analysed code, however hostile, becomes markup or script.

use crate::clean::{clean, clean_lines};

/// An attribute: its name and its value.
pub type Attribute<'a> = (&'static str, &'a str);

/// A document that is being written.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
}

impl Page {
    /// Writes an element with what `content` writes in it.
    pub fn within(
        &mut self,
        name: &'static str,
        attributes: &[Attribute],
        content: impl FnOnce(&mut Page),
    ) {
        self.open(name, attributes);
        content(self);
        self.text.push_str(&format!("</{name}>"));
        if ends_a_line(name) {
            self.text.push('\n');
        }
    }

    /// Writes an element with a text in it.
    pub fn element(&mut self, name: &'static str, attributes: &[Attribute], text: &str) {
        self.within(name, attributes, |page| page.text(text));
    }

    /// Writes an element that never has content.
    pub fn void(&mut self, name: &'static str, attributes: &[Attribute]) {
        self.open(name, attributes);
        if ends_a_line(name) {
            self.text.push('\n');
        }
    }

    /// Writes a text.
    pub fn text(&mut self, text: &str) {
        escape(&clean(text), &mut self.text);
    }

    /// Writes a text in which names stand between backticks, as findings have them.
    pub fn prose(&mut self, text: &str) {
        if text.matches('`').count() % 2 == 1 {
            return self.text(text);
        }
        for (place, part) in text.split('`').enumerate() {
            match place % 2 {
                0 => self.text(part),
                _ => self.element("code", &[], part),
            }
        }
    }

    /// Writes a line of code: its tabs stay what they are.
    pub fn code(&mut self, line: &str) {
        escape(&clean_lines(line), &mut self.text);
    }

    /// Writes a part of this program as it is.
    pub fn literal(&mut self, text: &'static str) {
        self.text.push_str(text);
    }

    /// Returns the document.
    pub fn finish(self) -> String {
        self.text
    }

    fn open(&mut self, name: &'static str, attributes: &[Attribute]) {
        self.text.push('<');
        self.text.push_str(name);
        for (attribute, value) in attributes {
            self.text.push(' ');
            self.text.push_str(attribute);
            if value.is_empty() && is_switch(attribute) {
                continue;
            }
            self.text.push_str("=\"");
            escape(&clean(value), &mut self.text);
            self.text.push('"');
        }
        self.text.push('>');
    }
}

fn escape(text: &str, into: &mut String) {
    for character in text.chars() {
        match character {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\'' => into.push_str("&#39;"),
            other => into.push(other),
        }
    }
}

fn is_switch(attribute: &str) -> bool {
    matches!(attribute, "open" | "hidden")
}

/// Line ends between blocks keep the document comparable line by line.
fn ends_a_line(name: &str) -> bool {
    !matches!(
        name,
        "a" | "code" | "span" | "b" | "mark" | "td" | "th" | "text" | "title" | "rect" | "small"
    )
}
