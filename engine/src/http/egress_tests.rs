use super::*;

fn egress(entries: &[&str]) -> Egress {
    let entries: Vec<String> = entries.iter().map(ToString::to_string).collect();
    Egress::read(&entries).expect("a list")
}

/// Whether a URL's host may be asked for.
fn asks(list: &Egress, url: &str) -> bool {
    list.allows(&Url::parse(url).expect("a URL"), None).is_ok()
}

/// Whether a name that resolves to this may be connected to.
fn connects(list: &Egress, address: &str) -> bool {
    let address = SocketAddr::new(address.parse().expect("an address"), 443);
    list.checked(vec![address]).is_ok()
}

#[test]
fn names_are_allowed_as_they_are_listed() {
    let list = egress(&["api.example.com", "*.internal.example", "Other.example:8443", "bücher.example"]);
    let cases = [
        ("https://api.example.com/v1", true),
        ("https://API.EXAMPLE.COM/v1", true),
        ("https://api.example.com./v1", true),
        ("http://api.example.com:8080", true),
        ("https://evil.example.com", false),
        ("https://api.example.com.evil.net", false),
        ("https://xapi.example.com", false),
        ("https://a.internal.example", true),
        ("https://a.b.internal.example", true),
        ("https://internal.example", false),
        ("https://evilinternal.example", false),
        ("https://other.example:8443", true),
        ("https://other.example", false),
        ("https://xn--bcher-kva.example", true),
        ("https://93.184.216.34", false),
        ("http://localhost", false),
    ];
    for (url, wanted) in cases {
        assert_eq!(asks(&list, url), wanted, "{url}");
    }
}

#[test]
fn an_address_is_allowed_in_whatever_form_it_is_written_and_in_no_other() {
    let list = egress(&["10.1.0.0/16", "192.0.2.7", "fd12::/16", "::1"]);
    let cases = [
        ("http://10.1.2.3", true),
        ("http://10.2.0.1", false),
        ("http://192.0.2.7:8000", true),
        ("http://192.0.2.8", false),
        ("http://[fd12::5]", true),
        ("http://[fd13::5]", false),
        ("http://[::1]", true),
        ("http://127.0.0.1", false),
        ("http://[::ffff:10.1.2.3]", true),
        ("http://[::ffff:10.2.2.3]", false),
        ("http://167837699", true),   // 10.1.0.3
        ("http://2130706433", false), // 127.0.0.1
        ("http://0x7f.1", false),     // 127.0.0.1
        ("http://0177.0.0.1", false), // 127.0.0.1
        ("http://012.01.0.3", true),  // 10.1.0.3
        ("http://0xa9fea9fe", false), // 169.254.169.254
        ("http://10.1.515", true),    // 10.1.2.3
        ("http://１０.1.2.3", true),  // full-width digits
    ];
    for (url, wanted) in cases {
        assert_eq!(asks(&list, url), wanted, "{url}");
    }
}

#[test]
fn any_host_is_allowed_by_an_asterisk_but_no_address_that_is_not_public() {
    let list = egress(&["*"]);
    for url in ["https://api.example.com", "http://93.184.216.34", "http://[2606:2800:220:1::1]"] {
        assert!(asks(&list, url), "{url}");
    }
    for url in [
        "http://127.0.0.1",
        "http://2130706433",
        "http://[::1]",
        "http://[::ffff:169.254.169.254]",
        "http://0",
    ] {
        assert!(!asks(&list, url), "{url}");
    }
}

#[test]
fn names_that_resolve_to_private_and_metadata_addresses_are_refused() {
    let list = egress(&["api.example.com"]);
    let refused = [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.9.9.9",
        "168.63.129.16",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "fc00::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];
    for address in refused {
        assert!(!connects(&list, address), "{address}");
    }
    for address in ["93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:2800:220:1::1", "64:ff9b::5db8:d822"]
    {
        assert!(connects(&list, address), "{address}");
    }
}

#[test]
fn what_the_list_names_itself_may_be_private() {
    let list = egress(&["gpu.internal.example", "10.1.0.0/16", "::1"]);
    assert!(connects(&list, "10.1.9.9"));
    assert!(connects(&list, "::ffff:10.1.9.9"));
    assert!(connects(&list, "::1"));
    assert!(!connects(&list, "10.2.0.1"));
    assert!(!connects(&list, "169.254.169.254"));
}

#[test]
fn of_several_addresses_those_that_are_refused_are_left_out() {
    let list = egress(&["api.example.com"]);
    let all: Vec<SocketAddr> =
        ["10.0.0.1:443", "93.184.216.34:443"].iter().map(|text| text.parse().expect("an address")).collect();
    assert_eq!(list.checked(all.clone()).expect("one is left"), all[1..]);
    assert_eq!(list.checked(all[..1].to_vec()).expect_err("none is left").kind, FailureKind::Forbidden);
}

#[test]
fn sockets_are_allowed_by_their_path() {
    let list = egress(&["*", "unix:/run/llm.sock"]);
    let url = Url::parse("http://localhost/v1").expect("a URL");
    assert!(list.allows(&url, Some(Path::new("/run/llm.sock"))).is_ok());
    assert!(list.allows(&url, Some(Path::new("/run/docker.sock"))).is_err());
}

#[test]
fn an_entry_that_is_none_is_told_with_its_place() {
    for entry in [
        "",
        "https://api.example.com",
        "api.example.com/v1",
        "10.1.0.0/33",
        "a*.example.com",
        "*.*",
        "host:port",
        "unix:llm.sock",
        "0x7f.1",
        "a b",
    ] {
        let entries = ["api.example.com".to_owned(), entry.to_owned()];
        let wrong = Egress::read(&entries).expect_err(entry);
        assert_eq!(wrong[0].0, 1, "{entry}");
    }
}
