//! From bytes to text: UTF-8, UTF-16 where a byte order mark says so, and replacement for what is neither.

/// The text of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Text {
    /// The text, without a byte order mark.
    pub text: String,
    /// Holds if bytes had to be replaced.
    pub is_lossy: bool,
}

/// Returns the text that `bytes` hold; nothing if they are no text.
pub(crate) fn decode(bytes: &[u8]) -> Option<Text> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => decode_utf8(rest),
        [0xff, 0xfe, rest @ ..] => Some(decode_utf16(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => Some(decode_utf16(rest, u16::from_be_bytes)),
        all => decode_utf8(all),
    }
}

fn decode_utf8(bytes: &[u8]) -> Option<Text> {
    if bytes.contains(&0) {
        return None;
    }
    let text = String::from_utf8_lossy(bytes);
    Some(Text {
        is_lossy: matches!(text, std::borrow::Cow::Owned(_)),
        text: text.into_owned(),
    })
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Text {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let mut is_lossy = !rest.is_empty();
    let text = char::decode_utf16(units)
        .map(|character| {
            character.unwrap_or_else(|_| {
                is_lossy = true;
                char::REPLACEMENT_CHARACTER
            })
        })
        .collect();
    Text { text, is_lossy }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str, is_lossy: bool) -> Option<Text> {
        let text = text.to_owned();
        Some(Text { text, is_lossy })
    }

    #[test]
    fn byte_order_marks_choose_the_encoding() {
        assert_eq!(decode(b"\xef\xbb\xbfab"), text("ab", false));
        assert_eq!(decode(b"\xff\xfea\0b\0"), text("ab", false));
        assert_eq!(decode(b"\xfe\xff\0a\0b"), text("ab", false));
        assert_eq!(decode(b"\xff\xfea\0b"), text("a", true));
        assert_eq!(decode(b"\xff\xfe\x00\xd8"), text("\u{fffd}", true));
    }

    #[test]
    fn bad_bytes_are_replaced_and_binaries_are_refused() {
        assert_eq!(decode(b"a\xffb"), text("a\u{fffd}b", true));
        assert_eq!(decode("aüb".as_bytes()), text("aüb", false));
        assert_eq!(decode(b"a\0b"), None);
        assert_eq!(decode(b""), text("", false));
    }
}
