//! Which hosts a client may reach, for apps whose tenants give URLs.
//! A host's name must be on the list; what it resolves to must be a public address, or one that the list names itself.
//! The addresses that were checked are those that are connected to, so that a name cannot change in between.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use url::{Host, Url};

use super::failure::{Failure, FailureKind};

/// A client's list. Without one, everything may be reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Egress {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Rule {
    /// `*`: any name, and any public address.
    Any,
    /// `api.example.com`, `api.example.com:8443`.
    Host { name: String, port: Option<u16> },
    /// `*.example.com`, kept as `.example.com`: every name below it.
    Below(String),
    /// `10.1.0.0/16`, `127.0.0.1`, `fd00::/8`.
    Net(IpNet),
    /// `unix:/run/llm.sock`.
    Socket(PathBuf),
}

/// Networks that are nobody's public host: RFC 6890 and its successors, and the clouds' metadata services that are not
/// among them. What is left of IPv6 is `2000::/3`.
const SPECIAL: [&str; 24] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10", // shared; Alibaba's metadata service
    "127.0.0.0/8",
    "168.63.129.16/32", // Azure's platform service
    "169.254.0.0/16",   // link-local; most metadata services
    "172.16.0.0/12",
    "192.0.0.0/24", // Oracle's metadata service
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "2001::/23", // protocol assignments, Teredo among them
    "2001:db8::/32",
    "2002::/16", // 6to4 holds IPv4 addresses
    "3fff::/20",
    "2620:4f:8000::/48",
];

const EXPECTED: &str =
    "expected a host (api.example.com), *.example.com, an address, a network (10.1.0.0/16), unix:/path or *";

impl Egress {
    /// Reads a list; each problem has the place of its entry.
    pub fn read(entries: &[String]) -> Result<Self, Vec<(usize, String)>> {
        let mut wrong = Vec::new();
        let mut rules = Vec::with_capacity(entries.len());
        for (at, entry) in entries.iter().enumerate() {
            match Rule::read(entry) {
                Some(rule) => rules.push(rule),
                None => wrong.push((at, EXPECTED.to_owned())),
            }
        }
        if wrong.is_empty() { Ok(Self { rules }) } else { Err(wrong) }
    }

    /// Whether the host of a URL may be asked for, as far as its name or address tells.
    pub fn allows(&self, url: &Url, socket: Option<&Path>) -> Result<(), String> {
        if let Some(path) = socket {
            let named = self.rules.iter().any(|rule| matches!(rule, Rule::Socket(named) if named == path));
            return if named { Ok(()) } else { Err("the socket is not on the egress list".to_owned()) };
        }
        match url.host() {
            Some(Host::Domain(name)) => self.allows_name(name, url.port_or_known_default()),
            Some(Host::Ipv4(address)) => self.allows_literal(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => self.allows_literal(IpAddr::V6(address)),
            None => Err("the URL names no host".to_owned()),
        }
    }

    /// Those of a name's addresses that may be connected to, or what is wrong with them.
    pub fn checked(&self, addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Failure> {
        let first = addresses.first().map(SocketAddr::ip);
        let allowed: Vec<_> =
            addresses.into_iter().filter(|address| self.allows_address(address.ip())).collect();
        match first {
            Some(address) if allowed.is_empty() => {
                let detail =
                    format!("its address {address} is no public one, and is not on the egress list itself");
                Err(Failure { kind: FailureKind::Forbidden, detail })
            }
            _ => Ok(allowed),
        }
    }

    fn allows_name(&self, name: &str, port: Option<u16>) -> Result<(), String> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let named = self.rules.iter().any(|rule| match rule {
            Rule::Any => true,
            Rule::Host { name: allowed, port: only } => *allowed == name && (only.is_none() || *only == port),
            Rule::Below(suffix) => name.len() > suffix.len() && name.ends_with(suffix),
            Rule::Net(_) | Rule::Socket(_) => false,
        });
        if named { Ok(()) } else { Err("the host is not on the egress list".to_owned()) }
    }

    fn allows_literal(&self, address: IpAddr) -> Result<(), String> {
        let any = self.rules.contains(&Rule::Any);
        if self.names(address) || (any && is_public(address)) {
            return Ok(());
        }
        Err("the address is not on the egress list".to_owned())
    }

    fn allows_address(&self, address: IpAddr) -> bool {
        is_public(address) || self.names(address)
    }

    /// Whether the list has the address itself, or a network that it is in.
    fn names(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.rules.iter().any(|rule| matches!(rule, Rule::Net(net) if net.contains(&address)))
    }
}

impl Rule {
    fn read(entry: &str) -> Option<Self> {
        if let Some(path) = entry.strip_prefix("unix:") {
            return path.starts_with('/').then(|| Self::Socket(PathBuf::from(path)));
        }
        if entry == "*" {
            return Some(Self::Any);
        }
        let bare = entry.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Some(Self::Net(IpNet::from(address.to_canonical())));
        }
        if entry.contains('/') {
            return entry.parse::<IpNet>().ok().map(|net| Self::Net(net.trunc()));
        }
        if let Some(suffix) = entry.strip_prefix("*.") {
            return name(suffix).map(|suffix| Self::Below(format!(".{suffix}")));
        }
        let (host, port) = match entry.split_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (entry, None),
        };
        name(host).map(|name| Self::Host { name, port })
    }
}

/// A host's name as URLs have it. What a URL would take for an address is none.
fn name(text: &str) -> Option<String> {
    match Host::parse(text).ok()? {
        Host::Domain(name) if !name.contains('*') => Some(name.trim_end_matches('.').to_owned()),
        _ => None,
    }
}

/// Whether an address is a public host's. IPv4 addresses inside IPv6 ones are taken for what they are.
fn is_public(address: IpAddr) -> bool {
    let address = match address.to_canonical() {
        IpAddr::V6(address) => translated(address).map_or(IpAddr::V6(address), IpAddr::V4),
        address @ IpAddr::V4(_) => address,
    };
    let is_global = match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(address) => address.segments()[0] & 0xe000 == 0x2000,
    };
    let special = |net: &str| net.parse::<IpNet>().expect("the table holds networks").contains(&address);
    is_global && !SPECIAL.iter().any(|net| special(net))
}

/// The IPv4 address behind one of NAT64's (`64:ff9b::/96`).
fn translated(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = address.segments() else { return None };
    Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
}

#[cfg(test)]
#[path = "egress_tests.rs"]
mod tests;
