//! Lowers any text as Python: whatever it is, it gives a module whose numbers and places hold.

#![no_main]

use std::sync::Arc;

use firedoor_source::{File, FileId, LineIndex};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let file = File {
        path: "file.py".to_owned(),
        lines: LineIndex::new(text),
        text: Arc::from(text),
    };
    let module = firedoor_lang::lower(FileId(0), &file).expect("the ending is known");
    // The dump looks at every number.
    firedoor_ir::dump(&module);
    let is_place = |span: firedoor_source::Span| text.get(span.start as usize..span.end as usize).is_some();
    assert!(module.expressions.iter().all(|it| is_place(it.span)));
    assert!(module.functions.iter().all(|it| is_place(it.span)));
    assert!(module.notes.iter().all(|it| is_place(it.span)));
});
