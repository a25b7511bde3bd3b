//! Short-lived credentials of a target, each until it is stale. Calls may bring settings of their own, those of another
//! tenant: what was granted for some is used for the same alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

use super::lock;
use crate::provider::Token;
use crate::provider::dialect::Settings;
use crate::secret::Secret;

/// Above so many, all are forgotten: they can be had again.
const MOST: usize = 1_000;

/// Held while a credential is fetched, so that calls in flight fetch it once.
pub type Slot = Arc<tokio::sync::Mutex<Option<Token>>>;

#[derive(Default)]
pub struct Tokens {
    kept: Mutex<HashMap<[u8; 32], Slot>>,
    /// What was sent last, which no message may show.
    sent: Mutex<HashMap<[u8; 32], Vec<Secret>>>,
}

impl Tokens {
    /// The place of what is granted for these settings.
    pub fn of(&self, settings: &Settings) -> Slot {
        let mut all = lock(&self.kept);
        if all.len() >= MOST {
            all.clear();
        }
        all.entry(mark(settings)).or_default().clone()
    }

    /// What was granted for these settings goes out.
    pub fn sends<'s>(&self, settings: &Settings, granted: impl IntoIterator<Item = &'s Secret>) {
        let mut all = lock(&self.sent);
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(mark(settings), granted.into_iter().cloned().collect());
    }

    pub fn sent(&self, settings: &Settings) -> Vec<Secret> {
        lock(&self.sent).get(&mark(settings)).cloned().unwrap_or_default()
    }
}

fn mark(settings: &Settings) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (key, value) in settings.iter() {
        for part in [key, value.expose()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::fixtures::settings;

    #[test]
    fn what_is_granted_for_one_tenant_s_settings_is_no_other_s() {
        let tokens = Tokens::default();
        let one = tokens.of(&settings(&[("azure_entra_client_id", "a"), ("azure_entra_client_secret", "b")]));
        let same =
            tokens.of(&settings(&[("azure_entra_client_secret", "b"), ("azure_entra_client_id", "a")]));
        assert!(Arc::ptr_eq(&one, &same));
        for other in [
            [("azure_entra_client_id", "a"), ("azure_entra_client_secret", "c")],
            [("azure_entra_client_id", "ab"), ("azure_entra_client_secret", "")],
        ] {
            assert!(!Arc::ptr_eq(&one, &tokens.of(&settings(&other))));
        }
    }
}
