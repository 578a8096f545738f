//! Tests of single behaviours; what constructs lower to is in the fixtures.
