//! What the tests of this crate call besides what is for everybody; nobody else may.

pub use crate::configure::matches;
pub use crate::judge::findings;
pub use crate::judgements::evidence::changes;
pub use crate::told_twice::told_once;
pub use crate::wire::roots;
