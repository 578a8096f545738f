//! Columns of text: the first ones to the left, numbers to the right.

use anstyle::Style;
use unicode_width::UnicodeWidthStr;

use super::style::{DIM, PLAIN, Paint};

/// A cell.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// The text, without line ends.
    pub text: String,
    /// Its style.
    pub style: Style,
    /// Whether it stands at the right of its column.
    pub is_right: bool,
}

impl Cell {
    /// Returns a cell at the left.
    pub fn left(text: impl Into<String>) -> Cell {
        Cell {
            text: text.into(),
            style: PLAIN,
            is_right: false,
        }
    }

    /// Returns a cell with a number; a dot for none, so that the others stand out.
    pub fn number(number: usize, style: Style) -> Cell {
        let (text, style) = match number {
            0 => (String::from("·"), DIM),
            some => (some.to_string(), style),
        };
        Cell {
            text,
            style,
            is_right: true,
        }
    }

    /// Returns the cell at the right of its column.
    pub fn right(mut self) -> Cell {
        self.is_right = true;
        self
    }

    /// Returns the cell in `style`.
    pub fn styled(mut self, style: Style) -> Cell {
        self.style = style;
        self
    }
}

/// Returns `rows` in columns, each line behind `indent`.
pub(super) fn table(rows: &[Vec<Cell>], indent: &str, paint: Paint) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.text.width())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::from(indent);
        for (index, cell) in row.iter().enumerate() {
            if index > 0 {
                line.push_str("  ");
            }
            let space = " ".repeat(widths[index].saturating_sub(cell.text.width()));
            let text = paint.paint(cell.style, &cell.text);
            let is_last = index + 1 == row.len();
            match (cell.is_right, is_last) {
                (true, _) => line.push_str(&format!("{space}{text}")),
                (false, true) => line.push_str(&text),
                (false, false) => line.push_str(&format!("{text}{space}")),
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
