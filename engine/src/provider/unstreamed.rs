//! Replies of endpoints that have no streams.

use bytes::Bytes;

use super::dialect::{Fault, Translator, WireEvent};

/// Reads what never comes.
pub struct Unstreamed;

impl Translator for Unstreamed {
    fn event(&mut self, _event: WireEvent<'_>, _chunks: &mut Vec<Bytes>) -> Result<(), Fault> {
        Err(Fault::Garbled("a stream of an endpoint that has none".to_owned()))
    }

    fn end(&mut self, _chunks: &mut Vec<Bytes>) {}
}
