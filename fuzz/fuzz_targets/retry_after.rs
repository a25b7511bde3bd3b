//! `Retry-After`: whatever a host asks for, nobody waits longer than the longest wait, and whole seconds are those seconds.
#![no_main]

use std::time::{Duration, SystemTime};

use engine::fuzzing::{LONGEST_WAIT, retry_after, wait_of};
use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;

const NAMES: [HeaderName; 3] = [
    HeaderName::from_static("retry-after"),
    HeaderName::from_static("retry-after-ms"),
    HeaderName::from_static("x-ms-retry-after-ms"),
];

fuzz_target!(|data: &[u8]| {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
    let mut headers = HeaderMap::new();
    for (name, value) in NAMES.into_iter().zip(data.split(|byte| *byte == b'\n')) {
        if let Ok(value) = HeaderValue::from_bytes(value)
            && !value.is_empty()
        {
            headers.insert(name, value);
        }
    }
    let asked = retry_after(&headers, now);
    for made in [1, 2, 5] {
        let waited = wait_of(&headers, now, made);
        assert!(waited.is_none_or(|wait| wait < LONGEST_WAIT));
        if let Some(asked) = asked {
            assert_eq!(waited, (asked < LONGEST_WAIT).then_some(asked));
        }
    }
    let text = headers.get(&NAMES[0]).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if headers.len() == 1 && (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        assert_eq!(asked, text.parse().ok().map(Duration::from_secs));
    }
});
