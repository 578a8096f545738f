//! The versions that a requirement of Python allows, as pip and Poetry read it.
//!
//! Sources: the version specifiers of PyPA (<https://packaging.python.org/en/latest/specifications/version-specifiers/>),
//! the dependency specification of Poetry 2 (<https://python-poetry.org/docs/dependency-specification/>).

/// Returns the first two numbers of the highest version that a requirement allows, if it ends anywhere; where any second
/// number is allowed, that is the greatest there is.
pub fn highest(requirement: &str) -> Option<(u32, u32)> {
    let specifiers = requirement.split(';').next().unwrap_or_default();
    specifiers.split(',').filter_map(highest_of).min()
}

fn highest_of(specifier: &str) -> Option<(u32, u32)> {
    let specifier = specifier.trim();
    let start = specifier.find(|letter: char| letter.is_ascii_digit())?;
    let (operator, version) = specifier.split_at(start);
    let mut numbers = version.split('.').map_while(number);
    let major = numbers.next()?;
    let (minor, patch) = (numbers.next(), numbers.next());
    let any_minor = (major, u32::MAX);
    let exactly = minor.map_or(any_minor, |minor| (major, minor));
    match operator.trim() {
        "==" | "===" | "<=" => match version.ends_with('*') {
            true => Some(exactly),
            false => Some((major, minor.unwrap_or(0))),
        },
        "" => Some(exactly),
        // `~3.14` of Poetry stays at 3.14, `~=3.14` of pip at 3.
        "~" => Some(exactly),
        "~=" => Some(patch.map_or(any_minor, |_| exactly)),
        "^" => Some(if major > 0 { any_minor } else { exactly }),
        "<" => match (minor, patch) {
            (_, Some(patch)) if patch > 0 => Some(exactly),
            (Some(minor), _) if minor > 0 => Some((major, minor - 1)),
            _ => Some((major.checked_sub(1)?, u32::MAX)),
        },
        _ => None,
    }
}

/// The number that a part of a version begins with: `15rc1` is 15.
fn number(part: &str) -> Option<u32> {
    let end = part.find(|letter: char| !letter.is_ascii_digit());
    part[..end.unwrap_or(part.len())].parse().ok()
}
