//! "Did you mean": the known name that is closest to a mistyped one.

/// Returns the name among `known` that is closest to `name`, if any is close.
pub fn closest<S: AsRef<str>>(name: &str, known: impl IntoIterator<Item = S>) -> Option<String> {
    const CLOSE_ENOUGH: f64 = 0.7;
    let lower = name.to_lowercase();
    let mut best: Option<(f64, String)> = None;
    for candidate in known {
        let candidate = candidate.as_ref();
        let score = strsim::normalized_damerau_levenshtein(&lower, &candidate.to_lowercase());
        let is_better = best.as_ref().is_none_or(|(most, _)| score > *most);
        if score >= CLOSE_ENOUGH && is_better {
            best = Some((score, candidate.to_owned()));
        }
    }
    best.map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_close_names_are_suggested() {
        let known = ["jwt-not-verified", "cookie-not-secure"];
        assert_eq!(
            closest("jwt-not-verifed", known),
            Some(String::from("jwt-not-verified"))
        );
        assert_eq!(closest("something", known), None);
    }
}
