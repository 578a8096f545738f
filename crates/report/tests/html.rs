//! The page as a browser takes it: hostile input stays text, nothing comes from elsewhere, and it is well formed.

use std::sync::Arc;

use crate::canonical::Canonical;
use firedoor_report::format;
use firedoor_source::FileSet;

fn page(canonical: &Canonical) -> String {
    let check = format("html").and_then(|format| format.check);
    check.expect("the format prints findings")(&canonical.context())
}

/// Returns what stands between `start` and `end`.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).expect("it starts");
    rest.split_once(end).expect("it ends").0
}

#[test]
fn hostile_names_and_lines_stay_text() {
    const EVIL: &str = "</script><script>alert(1)</script><img src=x onerror='alert(2)'>\"";
    let mut canonical = Canonical::new();
    let files: Vec<(String, Arc<str>)> = canonical
        .files
        .iter()
        .map(|(_, file)| {
            let text = file
                .text
                .replace("'changeme'", &format!("'changeme' // {EVIL}"));
            (format!("{EVIL}/{}", file.path), Arc::from(text.as_str()))
        })
        .collect();
    canonical.files = FileSet::new(files);
    for reported in &mut canonical.report.findings {
        reported.finding.title = format!("{EVIL} `{EVIL}`");
        reported.finding.entry_point = Some(EVIL.to_owned());
        reported.fingerprint = format!("{EVIL}{}", reported.fingerprint);
    }
    for entry in &mut canonical.report.map.entry_points {
        entry.path = EVIL.into();
        entry.group.1 = EVIL.into();
        entry.handler.name = EVIL.into();
        for layer in &mut entry.layers {
            layer.name = EVIL.into();
        }
    }
    for skipped in &mut canonical.report.skipped {
        skipped.detail = EVIL.to_owned();
    }
    let page = page(&canonical);
    assert!(page.contains("&lt;/script&gt;&lt;script&gt;alert(1)"));
    assert_eq!(
        page.matches("<script").count(),
        1,
        "the page has one script"
    );
    assert_eq!(page.matches("<img").count(), 0);
    check_markup(&page);
}

#[test]
fn the_page_is_well_formed() {
    check_markup(&page(&Canonical::new()));
}

/// Fails unless every element is closed in its turn, and no attribute is one that runs or loads something.
fn check_markup(page: &str) {
    const VOID: [&str; 2] = ["meta", "input"];
    let style = between(page, "<style>", "</style>").to_owned();
    let script = between(page, "<script>", "</script>").to_owned();
    let page = page.replace(&style, "").replace(&script, "");
    let mut open: Vec<&str> = Vec::new();
    for part in page.split('<').skip(1) {
        let (tag, rest) = part.split_once('>').expect("a tag ends");
        assert!(!rest.contains('>'), "{rest}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
            continue;
        }
        if tag.starts_with('!') {
            continue;
        }
        let name = tag.split(' ').next().unwrap_or("");
        assert!(
            name.chars()
                .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit()),
            "{tag}"
        );
        for attribute in tag[name.len()..].split('"').step_by(2) {
            let attribute = attribute.trim().trim_end_matches('=');
            let attribute = attribute.rsplit(' ').next().unwrap_or("");
            assert!(
                !attribute.starts_with("on") && !matches!(attribute, "src" | "style" | "srcset"),
                "{tag}"
            );
        }
        if let Some((_, target)) = tag.split_once("href=\"") {
            assert!(target.starts_with('#'), "{tag}");
        }
        if !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

/// The policy lets only this style and this script run, so it must know them.
#[test]
fn the_policy_knows_style_and_script() {
    let page = page(&Canonical::new());
    for (name, start, end) in [
        ("style", "<style>", "</style>"),
        ("script", "<script>", "</script>"),
    ] {
        let expected = format!(
            "{name}-src &#39;sha256-{}&#39;",
            digest(between(&page, start, end))
        );
        assert!(
            page.contains(&expected),
            "POLICY in src/html/frame.rs must have {}",
            expected.replace("&#39;", "'")
        );
    }
    assert!(page.contains("default-src &#39;none&#39;"));
}

/// Links within the page lead somewhere.
#[test]
fn links_lead_somewhere() {
    let canonical = Canonical::new();
    let map = format("html").and_then(|format| format.map);
    let map = map.expect("the format prints maps")(&canonical.context());
    for page in [page(&canonical), map] {
        let mut number = 0;
        for part in page.split("href=\"#").skip(1) {
            let target = part.split('"').next().unwrap_or("");
            assert!(page.contains(&format!("id=\"{target}\"")), "#{target}");
            number += 1;
        }
        assert!(number > 4);
    }
}

/// Returns SHA-256 in Base64, as policies have it: a dependency for one test would cost more.
fn digest(text: &str) -> String {
    let mut state: [u32; 8] = fractions(2, &PRIMES[..8]).try_into().expect("eight");
    let constants = fractions(3, &PRIMES);
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0x80);
    while bytes.len() % 64 != 56 {
        bytes.push(0);
    }
    bytes.extend((text.len() as u64 * 8).to_be_bytes());
    for block in bytes.chunks(64) {
        let mut words: Vec<u32> = block
            .chunks(4)
            .map(|it| u32::from_be_bytes(it.try_into().expect("four")))
            .collect();
        for at in 16..64 {
            let (a, b) = (words[at - 15], words[at - 2]);
            let first = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
            let second = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
            let sum = words[at - 16]
                .wrapping_add(first)
                .wrapping_add(words[at - 7]);
            words.push(sum.wrapping_add(second));
        }
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
        for (word, constant) in words.iter().zip(&constants) {
            let turned = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let one = h
                .wrapping_add(turned)
                .wrapping_add((e & f) ^ (!e & g))
                .wrapping_add(*constant)
                .wrapping_add(*word);
            let turned = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            let two = turned.wrapping_add((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e, d, c, b, a) =
                (g, f, e, d.wrapping_add(one), c, b, a, one.wrapping_add(two));
        }
        for (old, new) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
            *old = old.wrapping_add(new);
        }
    }
    base64(
        &state
            .iter()
            .flat_map(|word| word.to_be_bytes())
            .collect::<Vec<u8>>(),
    )
}

const PRIMES: [u32; 64] = [
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193,
    197, 199, 211, 223, 227, 229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307,
    311,
];

/// Returns the first 32 bits behind the point of the square or cube roots of `primes`.
fn fractions(root: u32, primes: &[u32]) -> Vec<u32> {
    primes
        .iter()
        .map(|prime| {
            // The largest number whose power is at most the prime, both shifted by 32 bits a factor.
            let power = |value: u128| (0..root).try_fold(1u128, |all, _| all.checked_mul(value));
            let most = u128::from(*prime) << (32 * root);
            let (mut low, mut high) = (0u128, 1u128 << 37);
            while high - low > 1 {
                let middle = u128::midpoint(low, high);
                match power(middle) {
                    Some(value) if value <= most => low = middle,
                    _ => high = middle,
                }
            }
            low as u32
        })
        .collect()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let all = three
            .iter()
            .fold(0u32, |all, byte| all << 8 | u32::from(*byte))
            << (8 * (3 - three.len()));
        for place in 0..4 {
            match place <= three.len() {
                true => text.push(char::from(LETTERS[(all >> (18 - 6 * place)) as usize & 63])),
                false => text.push('='),
            }
        }
    }
    text
}

#[test]
fn the_digest_is_the_known_one() {
    assert_eq!(
        digest("abc"),
        "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
    );
}
