//! Asking a host to speak WebSocket on a connection (RFC 6455 §4), and whether it has agreed. What is then spoken is not
//! known here.

use ::http::header::{
    CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use base64_simd::STANDARD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::failure::{Failure, FailureKind};
use crate::clock::new_id;

/// What every host that speaks WebSocket knows, and no other answers with by chance (RFC 6455 §1.3).
const MARK: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Adds the headers of the question; gives its key, which the host answers with a digest of.
pub fn ask(headers: &mut HeaderMap) -> String {
    let id = new_id();
    let bytes = (0..16).map(|at| u8::from_str_radix(&id[2 * at..2 * at + 2], 16).unwrap_or(0));
    let key = STANDARD.encode_to_string(bytes.collect::<Vec<_>>());
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    headers.insert(SEC_WEBSOCKET_KEY, HeaderValue::from_str(&key).expect("base64 is plain text"));
    // None is spoken here.
    headers.remove(SEC_WEBSOCKET_EXTENSIONS);
    key
}

/// Whether a 101 agrees to what was asked, and to nothing else.
pub fn check(key: &str, asked: &HeaderMap, answered: &HeaderMap) -> Result<(), Failure> {
    let says = |name, word: &str| {
        let mut values = answered.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.any(|value| value.split(',').any(|one| one.trim().eq_ignore_ascii_case(word)))
    };
    if !says(UPGRADE, "websocket") || !says(CONNECTION, "upgrade") {
        return Err(wrong("it changes to another protocol"));
    }
    if answered.get(SEC_WEBSOCKET_ACCEPT).is_none_or(|accept| *accept != accept_of(key)) {
        return Err(wrong("its Sec-WebSocket-Accept does not fit the key"));
    }
    if answered.contains_key(SEC_WEBSOCKET_EXTENSIONS) {
        return Err(wrong("it wants an extension that it was not asked for"));
    }
    let offered = asked.get(SEC_WEBSOCKET_PROTOCOL).and_then(|offered| offered.to_str().ok()).unwrap_or("");
    match answered.get(SEC_WEBSOCKET_PROTOCOL) {
        Some(chosen) if !offered.split(',').any(|one| one.trim().as_bytes() == chosen.as_bytes()) => {
            Err(wrong("it wants a subprotocol that it was not asked for"))
        }
        _ => Ok(()),
    }
}

fn accept_of(key: &str) -> String {
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{MARK}").as_bytes());
    STANDARD.encode_to_string(digest.as_ref())
}

fn wrong(why: &str) -> Failure {
    Failure { kind: FailureKind::NotWebSocket, detail: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6455 §1.3.
    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().expect("a name"), HeaderValue::from_static(value)))
            .collect()
    }

    fn answer(more: &[(&'static str, &'static str)]) -> HeaderMap {
        let usual = [
            ("upgrade", "WebSocket"),
            ("connection", "keep-alive, Upgrade"),
            ("sec-websocket-accept", ACCEPT),
        ];
        let mut answer = headers(&usual);
        for (name, value) in headers(more) {
            answer.insert(name.expect("each name once"), value);
        }
        answer
    }

    #[test]
    fn a_host_agrees_with_the_digest_of_the_key() {
        assert!(check(KEY, &HeaderMap::new(), &answer(&[])).is_ok());
        let asked = headers(&[("sec-websocket-protocol", "realtime, other")]);
        assert!(check(KEY, &asked, &answer(&[("sec-websocket-protocol", "other")])).is_ok());
    }

    #[test]
    fn a_host_that_agrees_to_something_else_does_not_agree() {
        let cases = [
            ("upgrade", "h2c"),
            ("connection", "close"),
            ("sec-websocket-accept", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            ("sec-websocket-extensions", "permessage-deflate"),
            ("sec-websocket-protocol", "realtime"),
        ];
        for case in cases {
            let failure = check(KEY, &HeaderMap::new(), &answer(&[case])).expect_err(case.0);
            assert_eq!(failure.kind, FailureKind::NotWebSocket);
        }
    }

    #[test]
    fn each_question_has_a_key_of_its_own_of_sixteen_bytes() {
        let (mut one, mut other) = (HeaderMap::new(), HeaderMap::new());
        let keys = [ask(&mut one), ask(&mut other)];
        assert_ne!(keys[0], keys[1]);
        for key in keys {
            assert_eq!(STANDARD.decode_to_vec(key).expect("base64").len(), 16);
        }
    }
}
