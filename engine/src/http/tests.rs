//! The network against real sockets: which connections are kept, for how long, and where a name leads.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::destination::Origin;
use super::dial::Resolve;
use super::*;

/// Answers each request on each connection, and counts connections.
async fn host(name: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let count = Arc::new(AtomicUsize::new(0));
    let seen = count.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            seen.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(answer(stream, name));
        }
    });
    (address, count)
}

async fn answer(mut stream: TcpStream, name: &'static str) {
    let mut head = Vec::new();
    while stream.read_buf(&mut head).await.is_ok_and(|read| read > 0) {
        if head.ends_with(b"\r\n\r\n") {
            head.clear();
            let reply = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{name}", name.len());
            if stream.write_all(reply.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

/// Answers by a script: each lookup takes the next list, the last one repeats.
struct Scripted(Mutex<VecDeque<Vec<SocketAddr>>>);

impl Resolve for Scripted {
    fn resolve<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        let mut script = self.0.lock().expect("a script");
        let next = if script.len() > 1 { script.pop_front() } else { script.front().cloned() };
        Box::pin(async move { next.ok_or_else(|| io::Error::other("no such name")) })
    }
}

fn network(script: &[&[SocketAddr]], ages: Ages) -> Network {
    let script = script.iter().map(|addresses| addresses.to_vec()).collect();
    let environment = OnceLock::new();
    drop(environment.set(Environment::empty()));
    Network {
        pool: Pool::new(ages),
        dialler: Dialler { resolver: Arc::new(Scripted(Mutex::new(script))) },
        environment,
    }
}

fn wire(url: &str, allow: Option<&[&str]>) -> Wire {
    let egress = allow.map(|allow| {
        let entries: Vec<String> = allow.iter().map(ToString::to_string).collect();
        Arc::new(Egress::read(&entries).expect("a list"))
    });
    Wire {
        method: Method::GET,
        url: Destination::of(Url::parse(url).expect("a URL")),
        headers: Arc::default(),
        body: Bytes::new().into(),
        socket: None,
        route: Arc::new(Route { egress, ..Route::default() }),
        connect: None,
        upgrade: false,
    }
}

async fn ask(network: &Network, url: &str, allow: Option<&[&str]>) -> Result<String, Failure> {
    let mut reply = network.send(wire(url, allow), &ConnectWatch::default()).await?;
    let mut text = Vec::new();
    while let Some(bytes) = reply.body.chunk().await? {
        text.extend_from_slice(&bytes);
    }
    Ok(String::from_utf8(text).expect("text"))
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_call_and_not_beyond_its_greatest_age() {
    let (address, count) = host("one").await;
    let url = format!("http://model.test:{}/", address.port());
    let network_of = |most| network(&[&[address]], Ages { idle: Duration::from_secs(60), most });
    let young = network_of(Duration::from_secs(60));
    for _ in 0..5 {
        assert_eq!(ask(&young, &url, None).await.expect("an answer"), "one");
    }
    assert_eq!(count.load(Ordering::Relaxed), 1);
    let old = network_of(Duration::ZERO);
    for _ in 0..5 {
        assert_eq!(ask(&old, &url, None).await.expect("an answer"), "one");
    }
    assert_eq!(count.load(Ordering::Relaxed), 6);
}

#[tokio::test]
async fn hosts_that_come_to_stand_behind_a_name_are_seen_when_connections_are_old() {
    let (one, _) = host("one").await;
    // The same port at another address, as pods behind a service have it.
    let listener = TcpListener::bind(("127.0.0.2", one.port())).await.expect("another loopback address");
    let two = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, "two"));
        }
    });
    let url = format!("http://model.test:{}/", one.port());
    let network = network(&[&[one], &[two]], Ages { idle: Duration::from_secs(60), most: Duration::ZERO });
    assert_eq!(ask(&network, &url, None).await.expect("an answer"), "one");
    assert_eq!(ask(&network, &url, None).await.expect("an answer"), "two");
}

#[tokio::test]
async fn of_several_addresses_one_that_answers_is_used() {
    let (address, _) = host("one").await;
    let url = format!("http://model.test:{}/", address.port());
    let dead: SocketAddr = ([127, 0, 0, 3], address.port()).into();
    let network = network(&[&[dead, address]], AGES);
    assert_eq!(ask(&network, &url, None).await.expect("an answer"), "one");
}

#[tokio::test]
async fn a_name_that_changes_its_address_after_the_check_is_checked_again_before_it_is_connected_to() {
    let (address, count) = host("one").await;
    let metadata: SocketAddr = ([169, 254, 169, 254], address.port()).into();
    let url = format!("http://model.test:{}/", address.port());
    let ages = Ages { idle: Duration::from_secs(60), most: Duration::ZERO };
    let network = network(&[&[address], &[metadata], &[address]], ages);
    let allow: &[&str] = &["model.test", "127.0.0.1"];
    assert_eq!(ask(&network, &url, Some(allow)).await.expect("an answer"), "one");
    let failure = ask(&network, &url, Some(allow)).await.expect_err("refused");
    assert_eq!(failure.kind, FailureKind::Forbidden);
    assert_eq!(
        failure.detail,
        "its address 169.254.169.254 is no public one, and is not on the egress list itself"
    );
    assert_eq!(ask(&network, &url, Some(allow)).await.expect("an answer"), "one");
    assert_eq!(count.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_name_is_looked_up_once_for_the_check_and_the_connection() {
    let (address, _) = host("one").await;
    let url = format!("http://model.test:{}/", address.port());
    let private: SocketAddr = ([10, 0, 0, 1], address.port()).into();
    // A second lookup for the connection would give the private address.
    let network = network(&[&[address], &[private]], AGES);
    assert_eq!(ask(&network, &url, Some(&["model.test", "127.0.0.1"])).await.expect("an answer"), "one");
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_told_as_such() {
    let network = network(&[], AGES);
    let failure = ask(&network, "http://model.test/", None).await.expect_err("no such name");
    assert_eq!(failure.kind, FailureKind::Dns);
}

#[tokio::test]
async fn waiting_for_another_call_s_connection_ends_with_that_call() {
    let pool = Pool::new(AGES);
    let peer = Peer {
        origin: Origin::of("https://model.test:443".to_owned()),
        socket: None,
        tls: None,
        proxy: None,
        egress: None,
    };
    let Turn::Connect(Some(lead)) = pool.turn(&peer, true) else { panic!("the first one connects") };
    let Turn::Wait(mut opening) = pool.turn(&peer, true) else { panic!("the second one waits") };
    // The call that leads is aborted: the next one leads.
    drop(lead);
    drop(opening.changed().await);
    let Turn::Connect(Some(lead)) = pool.turn(&peer, true) else { panic!("somebody leads") };
    // It finds that nothing can be shared: nobody waits any more.
    lead.ends(true);
    assert!(matches!(pool.turn(&peer, true), Turn::Connect(None)));
    assert!(matches!(pool.turn(&peer, true), Turn::Connect(None)));
}
