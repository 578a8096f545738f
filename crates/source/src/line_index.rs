//! From byte offsets to lines and columns.

/// A line and a column, both counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// The offsets at which the lines of a text start.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Returns the index of `text`.
    pub fn new(text: &str) -> LineIndex {
        let mut starts = vec![0];
        starts.extend(
            text.bytes()
                .enumerate()
                .filter(|(_, byte)| *byte == b'\n')
                .map(|(offset, _)| offset as u32 + 1),
        );
        LineIndex { starts }
    }

    /// Returns the line of `offset`, from 1. An offset behind the end is on the last line.
    pub fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|start| *start <= offset) as u32
    }

    /// Returns line and column of `offset` in `text`, the text that this index was made of.
    pub fn line_column(&self, text: &str, offset: u32) -> LineColumn {
        let line = self.line(offset);
        let start = self.starts[line as usize - 1] as usize;
        let end = (offset as usize).min(text.len());
        let column = text
            .get(start..end)
            .map_or(0, |before| before.chars().count());
        LineColumn {
            line,
            column: column as u32 + 1,
        }
    }

    /// Returns the byte range of line `line` (from 1) in `text`, without the line end.
    pub fn line_range(&self, text: &str, line: u32) -> std::ops::Range<usize> {
        let start = self
            .starts
            .get(line.saturating_sub(1) as usize)
            .map_or(text.len(), |start| *start as usize);
        let end = self
            .starts
            .get(line as usize)
            .map_or(text.len(), |start| *start as usize - 1);
        start..end.max(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let text = "a\nüb\n";
        let index = LineIndex::new(text);
        assert_eq!(
            index.line_column(text, 0),
            LineColumn { line: 1, column: 1 }
        );
        assert_eq!(
            index.line_column(text, 4),
            LineColumn { line: 2, column: 2 }
        );
        assert_eq!(index.line_range(text, 2), 2..5);
        assert_eq!(index.line(99), 3);
    }
}
