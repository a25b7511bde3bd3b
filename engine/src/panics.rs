//! What becomes of a panic, which is always a fault of this package: it stays with the piece of work that it struck.
//! A call's is an error of that call (the face tells it), and what runs beside calls (records, exports, redaction) goes on
//! with the next piece and counts the lost one. What a panic says may quote anything, so that nobody is told.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What is told of a panic.
pub const FAULT: &str = "The engine failed: this is a fault of portkey-native; please report it.";

/// Does a piece of work; `None` when it panics. What it shares with others has to be sound where it may stop, as anything
/// has to be that is behind a lock here: poisoned locks are used on.
pub fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}
