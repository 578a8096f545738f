//! Whatever the text is, lowering gives a module whose numbers and places hold.

// A test may read its fixtures.
#![allow(clippy::disallowed_methods)]

use std::{fs, path::Path, sync::Arc};

use firedoor_ir::{Module, NoteKind};
use firedoor_source::{File, FileId, LineIndex, Span};

fn lower(path: &str, text: &str) -> Module {
    let text: Arc<str> = Arc::from(text);
    let file = File {
        path: path.to_string(),
        lines: LineIndex::new(&text),
        text: Arc::clone(&text),
    };
    let module = firedoor_lang::lower(FileId(0), &file).expect("the ending is known");
    check(&module, &text);
    module
}

/// Panics if a number or place of `module` does not exist. The dump looks at every number.
fn check(module: &Module, text: &str) {
    firedoor_ir::dump(module);
    let holds = |span: Span| {
        assert!(
            text.get(span.start as usize..span.end as usize).is_some(),
            "{span:?} in {text:?}"
        );
    };
    module.expressions.iter().for_each(|it| holds(it.span));
    module.functions.iter().for_each(|it| holds(it.span));
    module.classes.iter().for_each(|it| holds(it.span));
    module.notes.iter().for_each(|it| holds(it.span));
    module.remarks.iter().for_each(|(span, _)| holds(*span));
    module.body.iter().for_each(|it| holds(it.span));
}

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// Returns the sources in the pages of fixtures.
fn sources() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/javascript");
    let mut pages: Vec<_> = fs::read_dir(folder)
        .expect("fixtures")
        .flatten()
        .map(|page| page.path())
        .collect();
    pages.sort();
    pages
        .iter()
        .flat_map(|page| {
            let text = fs::read_to_string(page).expect("page");
            let blocks: Vec<String> = text
                .split("```")
                .skip(1)
                .step_by(2)
                .map(String::from)
                .collect();
            blocks
        })
        .filter(|block| !block.starts_with("ir\n"))
        .map(|block| {
            block
                .split_once('\n')
                .map_or(String::new(), |(_, code)| code.to_string())
        })
        .collect()
}

/// Returns `text` with a few pieces cut out, doubled or replaced.
fn mutated(text: &str, numbers: &mut Numbers) -> String {
    const PIECES: &[&str] = &[
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "`",
        "${",
        "'",
        "\"",
        "/",
        "*/",
        "/*",
        "//",
        "=>",
        "...",
        "?.",
        "<",
        ">",
        "</",
        "@",
        "#",
        "async ",
        "await ",
        "class ",
        "function ",
        "\u{feff}",
        "é",
        "\u{2028}",
        "\r\n",
        "\0",
        "\\",
        "\\u{110000}",
        "enum ",
        "namespace ",
        "import ",
        "export default ",
        "💥",
        ";",
        ":",
        "=",
        "in ",
        "of ",
    ];
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..=numbers.below(3) {
        let at = numbers.below(characters.len() + 1);
        let end = (at + numbers.below(6)).min(characters.len());
        match numbers.below(4) {
            0 => drop(characters.drain(at..end)),
            1 => characters.truncate(at),
            2 => {
                let copy = characters[at..end].to_vec();
                characters.splice(at..at, copy);
            }
            _ => {
                let piece = PIECES[numbers.below(PIECES.len())];
                characters.splice(at..end, piece.chars());
            }
        }
    }
    characters.into_iter().collect()
}

#[test]
fn mutated_sources_give_sound_modules() {
    let sources = sources();
    assert!(sources.len() > 30, "the fixtures are missing");
    let mut numbers = Numbers(0x5eed);
    for source in &sources {
        for path in ["a.js", "a.tsx", "a.ts"] {
            for _ in 0..25 {
                lower(path, &mutated(source, &mut numbers));
            }
        }
    }
}

#[test]
fn truncated_sources_give_sound_modules() {
    for source in sources() {
        for (offset, _) in source.char_indices().step_by(3) {
            lower("a.tsx", &source[..offset]);
        }
    }
}

#[test]
fn deep_text_is_refused_and_not_overflowed() {
    for piece in [
        "[",
        "(",
        "{a:",
        "`${",
        "f(",
        "a<",
        "function f(){",
        "class A{b=",
        "<a b=",
        "(a=",
        "({a=",
        "@(",
    ] {
        let module = lower("a.tsx", &piece.repeat(100_000));
        assert_eq!(module.notes[0].kind, NoteKind::TooDeep, "{piece}");
    }
}

#[test]
fn long_chains_do_not_overflow() {
    let pieces = [
        ("!", "1"),
        ("a.", "b"),
        ("a+", "1"),
        ("a=", "1"),
        ("a=>", "1"),
        ("a?b:", "1"),
        ("if(a)", "1"),
        ("if(a){}else ", "{}"),
        ("new ", "A"),
        ("typeof ", "a"),
        ("a:", ";"),
        ("do ", "1"),
        ("for(;;)", "1"),
        ("a**", "1"),
        ("a??", "1"),
        ("a,", "1"),
        ("await ", "1"),
        ("<a>", ""),
        ("f()", ""),
        ("a[0]", ""),
        ("f``", ""),
        ("let x:A.B", ""),
        ("x as ", "y"),
        ("if(a)for(;;)f(b=>c+", "1"),
    ];
    for (piece, tail) in pieces {
        for path in ["a.js", "a.ts"] {
            lower(path, &(piece.repeat(350) + tail));
            lower(path, &(piece.repeat(20_000) + tail));
        }
    }
    // Just below the limit of brackets, where the frames are largest.
    for piece in [
        "x=function(){",
        "class A{b=",
        "({a:",
        "f(",
        "()=>{",
        "if(a){",
        "switch(a){case 1:",
        "try{",
        "@(",
        "`${",
        "<a b={",
        "({a:b=",
        "[[a]=",
    ] {
        for tail in ["", "1"] {
            lower("a.tsx", &(piece.repeat(199) + tail));
        }
    }
    for (open, close) in [
        ("x=function(){", "}"),
        ("class A{b=", "1}"),
        ("({a:", "1})"),
        ("f(", ")"),
        ("()=>{", "}"),
        ("if(a){", "}"),
        ("switch(a){case 1:", "}"),
        ("try{", "}catch{}"),
        ("x = <a b={", "1}/>"),
        ("namespace N{f();", "}"),
    ] {
        lower("a.tsx", &(open.repeat(199) + &close.repeat(199)));
    }
    lower("a.ts", &format!("let x: {}C;", "A | ".repeat(20_000)));
    lower("a.ts", &format!("let x: {}C;", "keyof ".repeat(20_000)));
    lower(
        "a.ts",
        &format!("let x: {}C;", "A extends B ? C : ".repeat(5_000)),
    );
    lower("a.ts", &format!("let x: {}B;", "A.".repeat(20_000)));
    lower(
        "a.ts",
        &format!("namespace {}B {{ f() }}", "A.".repeat(5_000)),
    );
}

#[test]
fn what_is_too_deep_is_noted_once() {
    let module = lower("a.js", &("a+".repeat(2_000) + "1"));
    let deep = module
        .notes
        .iter()
        .filter(|note| note.kind == NoteKind::TooDeep);
    assert_eq!(deep.count(), 1);
}

#[test]
fn strange_encodings_do_not_move_places() {
    let module = lower(
        "a.js",
        "\u{feff}// firedoor: allow(x) é\r\nf('é', 💥);\r\ng();\r\n",
    );
    assert_eq!(module.remarks[0].1, "allow(x) é");
    let module = lower("a.js", "\u{feff}f(é);\r\n");
    assert_eq!((module.body[0].span.start, module.body[0].span.end), (3, 9));
}

#[test]
fn endings_choose_the_front_end() {
    for path in ["a.js", "b/a.MJS", "a.cts", "a.test.tsx"] {
        assert!(firedoor_lang::front_end_for(path).is_some(), "{path}");
    }
    for path in ["a.vue", "js", "a.js/b", "a.json", ".ts.bak"] {
        assert!(firedoor_lang::front_end_for(path).is_none(), "{path}");
    }
}
