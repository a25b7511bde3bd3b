//! Where a host is, and how an endpoint's path is joined to it: the one place that makes a URL.
//! Rule (contract): a custom host is the base URL with its version. The endpoint's path is joined with exactly one
//! slash, the query is kept, a version that both sides name is not doubled, and nothing else is added or guessed.

use std::path::Path;
use std::sync::Arc;

use url::Url;

/// A parsed base URL, or a unix socket with a path prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    /// Scheme, host, port and path prefix, without a trailing slash.
    prefix: String,
    query: Option<String>,
    socket: Option<Arc<Path>>,
}

/// The form that every message asks for.
const RIGHT: &str = "expected a base URL with its version, such as http://localhost:11434/v1";

impl BaseUrl {
    /// Reads what a user wrote as `customHost`. The error says what would be right and never repeats the value,
    /// which may hold a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err(format!("is empty; {RIGHT}"));
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(format!("holds a space, a line break or a backslash; {RIGHT}"));
        }
        if text.contains('#') {
            return Err(format!("holds a `#` fragment, which is never sent; {RIGHT}"));
        }
        if let Some(rest) = text.strip_prefix("unix:") {
            return Self::parse_unix(rest);
        }
        let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
        if !lower.starts_with("http://") && !lower.starts_with("https://") {
            return Err(format!("does not start with http://, https:// or unix:; {RIGHT}"));
        }
        let url = Url::parse(text).map_err(|why| format!("is no URL ({why}); {RIGHT}"))?;
        if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
            return Err(format!(
                "holds user information; pass credentials as Authorization or forwardHeaders; {RIGHT}"
            ));
        }
        if url.port() == Some(0) {
            return Err(format!("names port 0; {RIGHT}"));
        }
        Ok(Self::from_url(&url, None))
    }

    /// `unix:/run/llm.sock`, `unix:/run/llm.sock:/v1` or `unix:///run/llm.sock/v1` (the path after `.sock`).
    fn parse_unix(rest: &str) -> Result<Self, String> {
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (socket, path) = match (rest.split_once(":/"), rest.find(".sock/")) {
            (Some((socket, path)), _) => (socket, path),
            (None, Some(at)) => (&rest[..at + 5], &rest[at + 6..]),
            (None, None) => (rest, ""),
        };
        if !socket.starts_with('/') || socket.len() < 2 {
            return Err("expected the socket's absolute path, such as unix:/run/llm.sock:/v1".to_owned());
        }
        let url = Url::parse(&format!("http://localhost/{path}"))
            .map_err(|why| format!("the path after the socket is no URL path ({why})"))?;
        Ok(Self::from_url(&url, Some(Arc::from(Path::new(socket)))))
    }

    fn from_url(url: &Url, socket: Option<Arc<Path>>) -> Self {
        let prefix = url[..url::Position::AfterPath].trim_end_matches('/').to_owned();
        Self { prefix, query: url.query().filter(|query| !query.is_empty()).map(str::to_owned), socket }
    }

    /// The URL of an endpoint. `path` starts with a slash and may have a query; `query` comes after the base's and its.
    pub fn join(&self, path: &str, query: Option<&str>) -> String {
        let (path, asked) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let path = self.without_doubled_version(path);
        let mut url = String::with_capacity(self.prefix.len() + path.len() + 16);
        url.push_str(&self.prefix);
        url.push_str(path);
        let queries = [self.query.as_deref(), asked, query.filter(|query| !query.is_empty())];
        for (at, query) in queries.into_iter().flatten().enumerate() {
            url.push(if at == 0 { '?' } else { '&' });
            url.push_str(query);
        }
        url
    }

    /// Its query, which may hold a key.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// The host as it may be seen: without query.
    pub fn shown(&self) -> String {
        match &self.socket {
            Some(socket) => {
                format!("unix:{}:{}", socket.display(), self.prefix.trim_start_matches("http://localhost"))
            }
            None => self.prefix.clone(),
        }
    }

    /// The URL of a health route: from the host's root where `path` begins with a slash, else below the base URL.
    pub fn health(&self, path: &str) -> Option<Url> {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        if !path.starts_with('/') {
            return Url::parse(&self.join(&format!("/{path}"), query)).ok();
        }
        let mut url = Url::parse(&self.prefix).ok()?;
        url.set_path(path);
        url.set_query(query);
        Some(url)
    }

    /// The unix socket to connect to, in place of the URL's host.
    pub fn socket(&self) -> Option<&Arc<Path>> {
        self.socket.as_ref()
    }

    /// Whether it is HTTP without TLS.
    pub fn is_plain(&self) -> bool {
        self.prefix.starts_with("http:")
    }

    /// Whether the path prefix ends in a version such as `/v1` or `/v1beta`.
    pub fn has_version(&self) -> bool {
        self.last_segment().is_some_and(is_version)
    }

    fn last_segment(&self) -> Option<&str> {
        let (_, path) = self.prefix.split_once("://")?.1.split_once('/')?;
        path.rsplit('/').next()
    }

    fn without_doubled_version<'p>(&self, path: &'p str) -> &'p str {
        let first = path[1..].split('/').next().unwrap_or("");
        if is_version(first) && self.last_segment() == Some(first) { &path[1 + first.len()..] } else { path }
    }
}

fn is_version(segment: &str) -> bool {
    let mut letters = segment.chars();
    letters.next() == Some('v') && letters.next().is_some_and(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAT: &str = "/chat/completions";

    /// What a user may write, and the URL that one chat completion goes to.
    const SPELLINGS: &[(&str, &str)] = &[
        ("http://localhost:11434/v1", "http://localhost:11434/v1/chat/completions"),
        ("http://localhost:11434/v1/", "http://localhost:11434/v1/chat/completions"),
        ("http://localhost:11434/v1//", "http://localhost:11434/v1/chat/completions"),
        ("http://localhost:11434", "http://localhost:11434/chat/completions"),
        ("http://localhost:11434/", "http://localhost:11434/chat/completions"),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1/chat/completions"),
        ("http://127.1:8080/v1", "http://127.0.0.1:8080/v1/chat/completions"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1/chat/completions"),
        ("http://[::1]/v1/", "http://[::1]/v1/chat/completions"),
        ("http://[2001:db8::7]:9000/llm", "http://[2001:db8::7]:9000/llm/chat/completions"),
        ("https://llm.example.com/v1", "https://llm.example.com/v1/chat/completions"),
        ("https://llm.example.com:443/v1", "https://llm.example.com/v1/chat/completions"),
        ("http://llm.example.com:80/v1", "http://llm.example.com/v1/chat/completions"),
        ("https://llm.example.com:8443/v1", "https://llm.example.com:8443/v1/chat/completions"),
        ("HTTP://LLM.Example.COM/v1", "http://llm.example.com/v1/chat/completions"),
        ("Https://llm.example.com/V1", "https://llm.example.com/V1/chat/completions"),
        ("http://llm.svc.cluster.local:8000/v1", "http://llm.svc.cluster.local:8000/v1/chat/completions"),
        ("http://gpu_node:8000/v1", "http://gpu_node:8000/v1/chat/completions"),
        ("http://host.docker.internal:1234/v1", "http://host.docker.internal:1234/v1/chat/completions"),
        ("http://10.0.0.7/v1", "http://10.0.0.7/v1/chat/completions"),
        ("https://example.com/team/llm/v1", "https://example.com/team/llm/v1/chat/completions"),
        ("https://example.com/team/llm/v1/", "https://example.com/team/llm/v1/chat/completions"),
        ("https://example.com/team/llm", "https://example.com/team/llm/chat/completions"),
        ("https://example.com/v1beta/openai/", "https://example.com/v1beta/openai/chat/completions"),
        ("https://example.com/openai/v1", "https://example.com/openai/v1/chat/completions"),
        ("https://example.com/v2/models/llama", "https://example.com/v2/models/llama/chat/completions"),
        ("https://example.com/v1?api-version=7", "https://example.com/v1/chat/completions?api-version=7"),
        ("https://example.com/v1/?a=1&b=2", "https://example.com/v1/chat/completions?a=1&b=2"),
        ("https://example.com?a=1", "https://example.com/chat/completions?a=1"),
        ("https://example.com/v1?", "https://example.com/v1/chat/completions"),
        ("https://example.com/a%20b/v1", "https://example.com/a%20b/v1/chat/completions"),
        ("https://example.com/a%2Fb/v1", "https://example.com/a%2Fb/v1/chat/completions"),
        ("https://example.com/ünï/v1", "https://example.com/%C3%BCn%C3%AF/v1/chat/completions"),
        ("https://bücher.example/v1", "https://xn--bcher-kva.example/v1/chat/completions"),
        ("https://example.com/v1/../v2", "https://example.com/v2/chat/completions"),
        ("https://example.com//v1", "https://example.com//v1/chat/completions"),
        ("https://example.com./v1", "https://example.com./v1/chat/completions"),
        ("http://localhost:65535/v1", "http://localhost:65535/v1/chat/completions"),
        ("https://example.com/v1;p=1", "https://example.com/v1;p=1/chat/completions"),
        ("unix:/run/llm.sock", "http://localhost/chat/completions"),
        ("unix:/run/llm.sock:/v1", "http://localhost/v1/chat/completions"),
        ("unix:/run/llm.sock:/v1/", "http://localhost/v1/chat/completions"),
        ("unix:/run/llm.sock/v1", "http://localhost/v1/chat/completions"),
        ("unix:///run/llm.sock/api/v1?k=1", "http://localhost/api/v1/chat/completions?k=1"),
    ];

    #[test]
    fn every_spelling_of_a_custom_host_gives_exactly_one_url() {
        assert!(SPELLINGS.len() >= 40);
        for (written, wanted) in SPELLINGS {
            let base = BaseUrl::parse(written).unwrap_or_else(|why| panic!("{written}: {why}"));
            assert_eq!(base.join(CHAT, None), *wanted, "{written}");
        }
    }

    #[test]
    fn what_cannot_be_a_host_is_refused_with_its_reason() {
        let refused = [
            ("", "empty"),
            ("localhost:11434/v1", "http://"),
            ("//localhost/v1", "http://"),
            ("ftp://127.0.0.1", "http://"),
            ("file:///etc/passwd", "http://"),
            ("http://", "no URL"),
            ("http://:8080/v1", "no URL"),
            ("http://localhost:99999/v1", "no URL"),
            ("http://localhost:0/v1", "port 0"),
            ("http://user:secret-word@localhost/v1", "user information"),
            ("http://user@localhost/v1", "user information"),
            ("http://localhost/v1#frag", "fragment"),
            ("http://localhost/v1\r\nx: y", "line break"),
            ("http://localhost/v1\n", "line break"),
            (" http://localhost/v1", "space"),
            ("http://local host/v1", "space"),
            ("http://localhost\\v1", "backslash"),
            ("http://[::1/v1", "no URL"),
            ("unix:llm.sock", "absolute path"),
            ("unix:", "absolute path"),
        ];
        for (written, reason) in refused {
            let why = BaseUrl::parse(written).expect_err(written);
            assert!(why.contains(reason), "{written}: {why}");
            assert!(!why.contains("secret-word"), "{why}");
        }
    }

    #[test]
    fn a_version_that_both_sides_name_is_not_doubled() {
        let join = |written: &str, path: &str| BaseUrl::parse(written).expect(written).join(path, None);
        assert_eq!(join("http://h:1", "/v1/chat/completions"), "http://h:1/v1/chat/completions");
        assert_eq!(join("http://h:1/v1/", "/v1/chat/completions"), "http://h:1/v1/chat/completions");
        assert_eq!(join("http://h:1/base", "/v1/chat/completions"), "http://h:1/base/v1/chat/completions");
        assert_eq!(join("http://h:1/v2", "/v1/chat/completions"), "http://h:1/v2/v1/chat/completions");
        assert_eq!(join("http://v1", "/v1/chat/completions"), "http://v1/v1/chat/completions");
    }

    #[test]
    fn the_call_s_query_follows_the_host_s() {
        let base = BaseUrl::parse("http://h/v1?a=1").expect("a host");
        assert_eq!(base.join(CHAT, Some("b=2")), "http://h/v1/chat/completions?a=1&b=2");
        let plain = BaseUrl::parse("http://h/v1").expect("a host");
        assert_eq!(plain.join(CHAT, Some("b=2")), "http://h/v1/chat/completions?b=2");
        assert_eq!(plain.join(CHAT, Some("")), "http://h/v1/chat/completions");
    }

    #[test]
    fn a_unix_socket_keeps_its_path() {
        let base = BaseUrl::parse("unix:/run/llm.sock:/v1").expect("a socket");
        assert_eq!(base.socket().expect("a socket").as_ref(), Path::new("/run/llm.sock"));
        assert!(base.has_version());
        assert!(!BaseUrl::parse("http://h").expect("a host").has_version());
    }
}
