//! What an answer is kept under: everything that decides it, as one SHA-256.
//! Two calls share a key only when they send the same body to the same place over the same endpoint on behalf of the same
//! tenant. Every part is hashed with its kind and length, so that no part can pass for another.

use std::fmt::Write;
use std::path::Path;

use super::canonical::{Digest, Node, hash, part, sum};

/// Changes whenever a key's parts do, so that no entry of another version is found.
const VERSION: &[u8] = b"portkey-native cache 1";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Digest);

/// On whose behalf calls are made. Only the same tenant is given what a tenant's call has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenant(Digest);

/// Where a call goes and for whom: all of a key but the body.
#[derive(Clone, Copy)]
pub struct Identity<'c> {
    /// The endpoint's name: `chat.completions.create`.
    pub call: &'c str,
    pub provider: &'c str,
    /// The whole URL of the request, its query included.
    pub url: &'c str,
    /// The unix socket that the URL is reached over.
    pub socket: Option<&'c Path>,
    pub tenant: Tenant,
    /// What has become of an answer by the time it is kept: how it was read, and the checks that it has passed.
    pub manner: &'c str,
}

impl Tenant {
    /// The tenant that these headers stand for: all that are secret or forwarded, in any order.
    pub fn of<'h>(headers: impl IntoIterator<Item = (&'h str, &'h [u8])>) -> Self {
        let mut headers: Vec<_> =
            headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        headers.sort_unstable();
        let mut hash = hash();
        for (name, value) in headers {
            part(&mut hash, b'n', name.as_bytes());
            part(&mut hash, b'v', value);
        }
        Self(sum(hash))
    }

    /// The tenant that a namespace stands for, whatever the headers are: all who name it share.
    pub fn namespace(name: &str) -> Self {
        let mut hash = hash();
        part(&mut hash, b's', name.as_bytes());
        Self(sum(hash))
    }
}

impl Key {
    /// The key of a call with this body, as it goes out; `None` when the body has no single meaning.
    pub fn of(identity: &Identity<'_>, body: &[u8]) -> Option<Self> {
        Some(Self::made(identity, b'b', &Node::read(body)?.digest(), &[]))
    }

    /// What calls have in common whose bodies differ in nothing but what was taken out to make `masked`.
    /// `embedder` is whatever decides what a vector means.
    pub fn partition(identity: &Identity<'_>, masked: &Digest, embedder: &str) -> Self {
        Self::made(identity, b'p', masked, embedder.as_bytes())
    }

    fn made(identity: &Identity<'_>, kind: u8, body: &Digest, more: &[u8]) -> Self {
        let Identity { call, provider, url, socket, tenant, manner } = identity;
        let mut hash = hash();
        part(&mut hash, b'V', VERSION);
        part(&mut hash, b'c', call.as_bytes());
        part(&mut hash, b'P', provider.as_bytes());
        part(&mut hash, b'u', url.as_bytes());
        if let Some(socket) = socket {
            part(&mut hash, b'S', socket.as_os_str().as_encoded_bytes());
        }
        part(&mut hash, b'T', &tenant.0);
        if !manner.is_empty() {
            part(&mut hash, b'M', manner.as_bytes());
        }
        part(&mut hash, kind, body);
        part(&mut hash, b'+', more);
        Self(sum(hash))
    }

    pub fn bytes(&self) -> &Digest {
        &self.0
    }

    /// Its name where processes share: `portkey:cache:` and 64 hexadecimal digits.
    pub fn shared_name(&self) -> String {
        let mut name = String::with_capacity(80);
        name.push_str("portkey:cache:");
        for byte in self.0 {
            write!(name, "{byte:02x}").expect("a string takes what is written");
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    const BODY: &[u8] = br#"{"model":"m","messages":[{"role":"user","content":"Say this is a test"}]}"#;

    fn identity() -> Identity<'static> {
        Identity {
            call: "chat.completions.create",
            provider: "openai",
            url: "https://api.example/v1/chat/completions",
            socket: None,
            tenant: Tenant::of([("authorization", &b"Bearer a"[..])]),
            manner: "",
        }
    }

    fn key(identity: Identity<'_>, body: &[u8]) -> Key {
        Key::of(&identity, body).expect("the body has one meaning")
    }

    #[test]
    fn every_part_makes_a_difference() {
        let plain = identity();
        let keys = [
            key(plain, BODY),
            key(plain, br#"{"model":"m","messages":[{"role":"user","content":"Say this is a test"}],"n":1}"#),
            key(Identity { call: "completions.create", ..plain }, BODY),
            key(Identity { provider: "openai-like", ..plain }, BODY),
            key(Identity { url: "https://api.example/v2/chat/completions", ..plain }, BODY),
            key(Identity { url: "https://api.example/v1/chat/completions?version=2", ..plain }, BODY),
            key(Identity { socket: Some(Path::new("/run/a.sock")), ..plain }, BODY),
            key(Identity { socket: Some(Path::new("/run/b.sock")), ..plain }, BODY),
            key(Identity { tenant: Tenant::of([("authorization", &b"Bearer b"[..])]), ..plain }, BODY),
            key(Identity { tenant: Tenant::of([]), ..plain }, BODY),
            key(Identity { tenant: Tenant::namespace("authorization"), ..plain }, BODY),
            key(Identity { tenant: Tenant::namespace(""), ..plain }, BODY),
            key(Identity { manner: "strict", ..plain }, BODY),
            Key::partition(&plain, &Node::read(BODY).expect("JSON").digest(), ""),
            Key::partition(&plain, &Node::read(BODY).expect("JSON").digest(), "embedder"),
        ];
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
        assert_eq!(keys[0], key(identity(), BODY));
    }

    #[test]
    fn a_key_is_the_same_in_every_process_and_names_nothing() {
        // Made outside this program; it changes with `VERSION` alone.
        let digits = "7adc9f8d8a85e2ac742816cfb42d81075edaf5a782cfbe99da1dcb9af7286eb3";
        assert_eq!(key(identity(), BODY).shared_name(), format!("portkey:cache:{digits}"));
    }

    #[test]
    fn a_body_without_a_single_meaning_has_no_key() {
        assert_eq!(Key::of(&identity(), br#"{"model":"a","model":"b"}"#), None);
        assert_eq!(Key::of(&identity(), b""), None);
    }

    #[test]
    fn the_order_and_case_of_header_names_make_no_difference() {
        let one = Tenant::of([("Authorization", &b"a"[..]), ("x-key", b"b")]);
        assert_eq!(one, Tenant::of([("X-Key", &b"b"[..]), ("authorization", b"a")]));
        assert_ne!(one, Tenant::of([("authorization", &b"b"[..]), ("x-key", b"a")]));
        assert_ne!(one, Tenant::of([("authorization", &b"a"[..])]));
    }

    type Headers = Vec<(String, Vec<u8>)>;

    fn headers() -> impl Strategy<Value = Headers> {
        // Few letters, so that two draws are nearly alike.
        prop::collection::vec(("[a-c]{1,2}", prop::collection::vec(0u8..3, 0..3)), 0..4)
    }

    fn tenant(headers: &Headers) -> Tenant {
        Tenant::of(headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())))
    }

    proptest! {
        #[test]
        fn two_tenants_never_share(one in headers(), other in headers(), namespace in "[a-c]{0,3}") {
            let sorted = |headers: &Headers| {
                let mut headers = headers.clone();
                headers.sort();
                headers
            };
            let same = sorted(&one) == sorted(&other);
            let of = |tenant| key(Identity { tenant, ..identity() }, BODY);
            prop_assert_eq!(of(tenant(&one)) == of(tenant(&other)), same);
            prop_assert_ne!(of(tenant(&one)), of(Tenant::namespace(&namespace)));
        }
    }
}
