//! Secrets: credentials and forwarded values.
//! The type has no `Debug`, `Display` or `Serialize`, so that a secret can't reach a log, an error or a record
//! by accident. It leaves through `expose`, which only `headers.rs`, `auth.rs`, `store/` and `http/tls.rs` call, on the
//! way to the wire.

use std::sync::Arc;

/// A value that must not be shown. Clones share one copy.
#[derive(Clone)]
pub struct Secret(Arc<str>);

impl Secret {
    pub fn new(value: &str) -> Self {
        Self(Arc::from(value))
    }

    /// The value itself, for the wire.
    pub fn expose(&self) -> &str {
        &self.0
    }
}
