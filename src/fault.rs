//! A panic on JavaScript's own thread. It would end the process at the border, so that whatever does more there than hand
//! over goes by `sound`; a panic on the engine's threads is told by `Running`. What it says may quote anything: nobody gets it.

use engine::{Error, FAULT, Kind, caught};

use crate::outcome::error_json;

/// Does a piece of work; JavaScript gets its panic as an exception.
pub fn sound<T>(work: impl FnOnce() -> T) -> napi::Result<T> {
    caught(work).ok_or_else(|| napi::Error::from_reason(FAULT))
}

/// The JSON of the error of a call that panicked.
pub fn fault_json() -> String {
    error_json(Error::new(Kind::Internal, FAULT), None)
}

/// A panic's words go to nobody, from the moment in which the addon is loaded.
#[napi_derive::module_init]
fn quiet_panics() {
    std::panic::set_hook(Box::new(|_| {}));
}
