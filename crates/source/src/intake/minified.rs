//! Tells minified and bundled scripts from what people write.
//!
//! Leaving out a file that a person wrote makes the map wrong, and reading a bundle only costs time, so
//! everything doubtful is read: a file with one long constant in it is not minified.

/// Smaller files cost nothing.
const LEAST_BYTES: usize = 4096;
/// People break lines before this.
const LONG_LINE: usize = 800;
/// A bundle may have this many short lines of code (a wrapper, a remark about its source map).
const MOST_SHORT_LINES: usize = 10;

/// Holds if the script `text` is minified.
pub(crate) fn is_minified(path: &str, text: &str) -> bool {
    if text.len() < LEAST_BYTES {
        return false;
    }
    if path.contains(".min.") {
        return text.lines().any(|line| line.len() > LONG_LINE);
    }
    let (long, short): (Vec<&str>, Vec<&str>) =
        text.lines().partition(|line| line.len() > LONG_LINE);
    let code_lines = short.iter().filter(|line| is_code(line)).count();
    let long_bytes: usize = long.iter().map(|line| line.len()).sum();
    code_lines <= MOST_SHORT_LINES
        && long_bytes * 10 > text.len() * 8
        && long.iter().any(|line| is_dense_code(line))
}

fn is_code(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty()
        && !["//", "/*", "*", "'use strict'", "\"use strict\""]
            .iter()
            .any(|start| line.starts_with(start))
}

/// Holds if the line is statements, and not a constant such as an embedded image.
fn is_dense_code(line: &str) -> bool {
    let marks = line
        .bytes()
        .filter(|byte| matches!(byte, b';' | b'{' | b'}' | b'(' | b')'))
        .count();
    marks * 100 > line.len() * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_minified() {
        let bundle = format!(
            "/*! licence\n * of a library\n */\n{}\n//# sourceMappingURL=a.js.map\n",
            "function a(b){return c(b)};".repeat(400)
        );
        assert!(is_minified("dist/app.js", &bundle));
    }

    #[test]
    fn code_with_a_long_constant_is_not() {
        let code = format!(
            "const app = express();\napp.get('/', show);\nconst logo = '{}';\n",
            "iVBORw0KGgoAAAANSUhEUg".repeat(500)
        );
        assert!(!is_minified("src/app.js", &code));
    }

    #[test]
    fn ordinary_code_is_not() {
        let code = "app.get('/', (request, response) => response.send('hello'));\n".repeat(200);
        assert!(!is_minified("src/app.js", &code));
    }
}
