//! Which hosts may be reached, and through what: an egress list without an address in it lets no private one through, however
//! it is written, and a proxy's password is shown nowhere.
#![no_main]

use std::net::IpAddr;

use engine::fuzzing::{Egress, Proxy};
use libfuzzer_sys::fuzz_target;
use url::{Host, Url};

fuzz_target!(|text: &str| {
    let mut parts = text.splitn(2, '\n');
    let (written, entry) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    // Whatever is read as an entry, or isn't, is read without a panic.
    let read = Egress::read(&[entry.to_owned()]);
    if let Ok(url) = Url::parse(written)
        && matches!(url.scheme(), "http" | "https")
    {
        if let Ok(own) = &read {
            drop(own.allows(&url, None));
        }
        let any = Egress::read(&["*".to_owned()]).unwrap_or_else(|_| unreachable!("it is an entry"));
        if any.allows(&url, None).is_ok() {
            assert!(!leads_inside(&url), "{url}");
        }
        let one =
            Egress::read(&["api.example.com".to_owned()]).unwrap_or_else(|_| unreachable!("it is an entry"));
        if one.allows(&url, None).is_ok() {
            assert_eq!(url.host_str().map(|host| host.trim_end_matches('.')), Some("api.example.com"));
        }
    }
    match Proxy::read(written) {
        Ok(proxy) => assert!(!proxy.shown().contains('@')),
        Err(why) => assert!(!why.contains("s3cret")),
    }
});

/// What the standard library calls private, local or special.
fn leads_inside(url: &Url) -> bool {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical(),
        Some(Host::Domain(_)) | None => return false,
    };
    match address {
        IpAddr::V4(it) => {
            it.is_private()
                || it.is_loopback()
                || it.is_link_local()
                || it.is_unspecified()
                || it.is_broadcast()
                || it.is_multicast()
                || it.is_documentation()
        }
        IpAddr::V6(it) => {
            it.is_loopback()
                || it.is_unspecified()
                || it.is_multicast()
                || it.is_unique_local()
                || it.is_unicast_link_local()
        }
    }
}
