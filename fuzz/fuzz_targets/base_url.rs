//! URLs: whatever path and query are joined to a host, the request goes to that host, and what is shown of it has no query
//! and no credential.
#![no_main]

use engine::fuzzing::{BaseUrl, filled};
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|text: &str| {
    let mut parts = text.splitn(4, '\n');
    let written = parts.next().unwrap_or_default();
    let Ok(base) = BaseUrl::parse(written) else { return };
    let shown = base.shown();
    assert!(!shown.contains(['?', '@', '#']) || base.socket().is_some(), "{shown}");
    if base.socket().is_none() {
        assert_eq!(BaseUrl::parse(&shown).expect("what is shown is a host").shown(), shown);
    }
    let root = Url::parse(&base.join("/", None)).expect("a host is a URL");
    if base.socket().is_none() {
        assert_eq!(root.origin(), Url::parse(written).expect("a host is a URL").origin());
    }
    let path = format!("/{}", parts.next().unwrap_or_default());
    let query = parts.next();
    for url in [Url::parse(&base.join(&path, query)).ok(), base.health(&path)].into_iter().flatten() {
        goes_to(&url, &root);
    }
    let argument = parts.next().unwrap_or_default().to_owned();
    if let Ok(path) = filled("/files/{id}/content", &[argument]) {
        let url = Url::parse(&base.join(&path, query)).expect("an endpoint's path makes a URL");
        goes_to(&url, &root);
        let count = |url: &Url| url.path_segments().map_or(0, Iterator::count);
        let fixed =
            Url::parse(&base.join("/files/id/content", query)).expect("an endpoint's path makes a URL");
        assert_eq!(count(&url), count(&fixed), "an argument is one segment: {url}");
    }
});

fn goes_to(url: &Url, root: &Url) {
    assert_eq!(url.origin(), root.origin(), "{url}");
    assert!(url.username().is_empty() && url.password().is_none(), "{url}");
}
