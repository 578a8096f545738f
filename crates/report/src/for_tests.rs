//! What the tests of this crate call besides what is for everybody; nobody else may.

pub use crate::clean::escape_json;

/// Of commands of GitHub.
pub mod github {
    pub use crate::github::{data, property};
}

/// Of histories.
pub mod history {
    pub use crate::history::{date, instant};
}

/// Of the page.
pub mod html {
    pub use crate::html::markup::Page;
}

/// Of JUnit's XML.
pub mod junit {
    pub use crate::junit::escape;
}

/// Of Markdown.
pub mod markdown {
    pub use crate::markdown::{code, escape};
}

/// Of SARIF.
pub mod sarif {
    pub use crate::sarif::uri;
}

/// Of texts for terminals.
pub mod text {
    pub use crate::text::wrap::{hang, pad, wrap};
}

/// Of English words.
pub mod words {
    pub use crate::words::check::check;
    pub use crate::words::value::{something, value};
}
