//! Hosts that repeat what they were sent: `Incorrect API key provided: sk-…`, `Cannot POST /v1/chat?key=…`. What a target's
//! requests carry as a secret is taken out of a host's words before they become part of a message, which is what is logged.
//! The body itself stays as it came: that is the answer the caller asked for.

use std::borrow::Cow;

use bytes::Bytes;
use memchr::memmem::Finder;
use url::form_urlencoded;

use crate::config::Target;

/// Shorter values are words of any text.
const SHORTEST: usize = 6;

const MASK: &[u8] = b"***";

/// A body as its words may be shown: without the target's secrets, the token that was fetched for it, and what the
/// call's own query holds.
pub fn masked(body: &Bytes, target: &Target, query: Option<&str>) -> Bytes {
    let granted = target.live.tokens.sent(&target.settings);
    let mut secrets: Vec<Cow<'_, [u8]>> = Vec::new();
    for value in target.headers.values().filter(|value| value.is_sensitive()) {
        // A credential is repeated with its scheme or without.
        let bare = value.as_bytes().split(|byte| *byte == b' ').next_back();
        secrets.extend(bare.into_iter().chain([value.as_bytes()]).map(Cow::Borrowed));
    }
    for query in target.base_url.query().into_iter().chain(query) {
        secrets.extend(values(query));
    }
    let secret_settings = target.settings.iter().filter(|(key, _)| is_secret(key));
    secrets.extend(secret_settings.map(|(_, secret)| Cow::Borrowed(secret.expose().as_bytes())));
    secrets.extend(granted.iter().map(|secret| Cow::Borrowed(secret.expose().as_bytes())));
    // The longest first: one may hold another.
    secrets.retain(|secret| secret.len() >= SHORTEST);
    secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.iter().fold(body.clone(), |text, secret| without(text, secret))
}

/// The values of a query, as they are written and as they are meant: hosts repeat either.
fn values(query: &str) -> impl Iterator<Item = Cow<'_, [u8]>> {
    let written = query.split('&').filter_map(|pair| pair.split_once('='));
    let meant = form_urlencoded::parse(query.as_bytes());
    let written = written.map(|(_, value)| Cow::Borrowed(value.as_bytes()));
    written.chain(meant.map(|(_, value)| Cow::Owned(value.into_owned().into_bytes())))
}

/// Whether an option of a provider is a credential, or a part of one.
fn is_secret(setting: &str) -> bool {
    setting.contains("key") || setting.contains("secret") || setting.ends_with("token")
}

fn without(text: Bytes, secret: &[u8]) -> Bytes {
    let finder = Finder::new(secret);
    let mut rest = 0;
    let mut shown = Vec::new();
    for at in finder.find_iter(&text) {
        shown.extend_from_slice(&text[rest..at]);
        shown.extend_from_slice(MASK);
        rest = at + secret.len();
    }
    if rest == 0 {
        return text;
    }
    shown.extend_from_slice(&text[rest..]);
    Bytes::from(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &'static str, secret: &str) -> String {
        let shown = without(Bytes::from_static(text.as_bytes()), secret.as_bytes());
        String::from_utf8_lossy(&shown).into_owned()
    }

    #[test]
    fn a_secret_is_taken_out_wherever_it_stands() {
        assert_eq!(told("sk-abcdef", "sk-abcdef"), "***");
        assert_eq!(told("no sk-abcdef, sk-abcdef.", "sk-abcdef"), "no ***, ***.");
        assert_eq!(told("nothing of it: sk-abcde", "sk-abcdef"), "nothing of it: sk-abcde");
        assert_eq!(told("", "sk-abcdef"), "");
    }

    #[test]
    fn a_query_s_values_are_known_as_written_and_as_meant() {
        let known: Vec<_> = values("sig=a%2Fb+c&x&y=1").map(Cow::into_owned).collect();
        let wanted: [&[u8]; 5] = [b"a%2Fb+c", b"1", b"a/b c", b"", b"1"];
        assert_eq!(known, wanted);
    }
}
