//! Which hosts `NO_PROXY` keeps from the environment's proxies. It reads what Node.js, curl, Go and Python do between them:
//! names with everything below them (`example.com`, `.example.com`, `*.example.com`), addresses, networks (`10.0.0.0/8`),
//! `*`, and each of these but networks with a port (`gpu.internal:8443`, `[::1]:8080`), which then is the only one.

use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Url};

#[derive(Default)]
pub struct Exempt(Vec<Entry>);

struct Entry {
    what: What,
    port: Option<u16>,
}

enum What {
    Every,
    /// Without a dot before it.
    Name(String),
    Net(IpNet),
}

impl Exempt {
    pub fn of_environment() -> Self {
        let set = ["NO_PROXY", "no_proxy"].into_iter().find_map(|name| std::env::var(name).ok());
        Self::read(&set.unwrap_or_default())
    }

    /// Entries between commas or blanks. One that is none of ours keeps nothing from a proxy.
    pub fn read(text: &str) -> Self {
        let entries = text.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
        Self(entries.filter_map(Entry::read).collect())
    }

    pub fn has(&self, url: &Url) -> bool {
        let port = url.port_or_known_default();
        let fits = |entry: &&Entry| entry.port.is_none() || entry.port == port;
        self.0.iter().filter(fits).any(|entry| entry.what.has(url.host()))
    }
}

impl Entry {
    fn read(entry: &str) -> Option<Self> {
        if let Ok(net) = entry.parse::<IpNet>() {
            return Some(Self { what: What::Net(net), port: None });
        }
        if let Some(what) = What::read(entry) {
            return Some(Self { what, port: None });
        }
        let (host, port) = entry.rsplit_once(':')?;
        Some(Self { what: What::read(host)?, port: Some(port.parse().ok()?) })
    }
}

impl What {
    fn read(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Every);
        }
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Some(Self::Net(IpNet::from(address.to_canonical())));
        }
        let name = text.strip_prefix('*').unwrap_or(text);
        let name = name.strip_prefix('.').unwrap_or(name).trim_end_matches('.');
        let is_name = !name.is_empty() && !name.contains([':', '*', '/']);
        is_name.then(|| Self::Name(name.to_ascii_lowercase()))
    }

    fn has(&self, host: Option<Host<&str>>) -> bool {
        match (self, host) {
            (Self::Every, _) => true,
            (Self::Name(name), Some(Host::Domain(host))) => {
                let host = host.trim_end_matches('.');
                host.strip_suffix(&**name).is_some_and(|before| before.is_empty() || before.ends_with('.'))
            }
            (Self::Net(net), Some(Host::Ipv4(address))) => net.contains(&IpAddr::V4(address)),
            (Self::Net(net), Some(Host::Ipv6(address))) => {
                let address = IpAddr::V6(address);
                net.contains(&address) || net.contains(&address.to_canonical())
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_left_out_by_name_address_network_and_port() {
        let cases = [
            ("example.com", "http://example.com/v1", true),
            ("example.com", "https://a.b.example.com", true),
            ("example.com", "http://notexample.com", false),
            (".example.com", "http://a.example.com", true),
            ("*.example.com", "http://a.example.com", true),
            ("Example.COM.", "http://example.com", true),
            ("other, example.com:8080", "http://example.com:8080", true),
            ("example.com:8080", "http://a.example.com:8080", true),
            ("example.com:8080", "http://example.com", false),
            ("example.com:443", "https://example.com", true),
            ("example.com:443", "http://example.com", false),
            ("10.0.0.0/8 192.0.2.0/24", "http://192.0.2.9", true),
            ("10.0.0.0/8", "http://11.0.0.1", false),
            ("10.1.2.3:8000", "http://10.1.2.3:8000", true),
            ("10.1.2.3:8000", "http://10.1.2.3:8001", false),
            ("2001:db8::/32", "http://[2001:db8::7]", true),
            ("2001:db8::7", "http://[2001:db8::7]:99", true),
            ("[2001:db8::7]:99", "http://[2001:db8::7]:99", true),
            ("[2001:db8::7]:98", "http://[2001:db8::7]:99", false),
            ("*", "http://anything", true),
            ("*:8080", "http://anything:8080", true),
            ("", "http://example.com", false),
            (",, http://example.com, a*b, :80", "http://example.com", false),
        ];
        for (list, url, wanted) in cases {
            assert_eq!(Exempt::read(list).has(&Url::parse(url).expect("a URL")), wanted, "{list} and {url}");
        }
    }
}
