use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::breaker::REST;
use super::later::Later;
use super::server::{PATIENT, Server, new_folder};
use super::*;

const LIFE: Duration = Duration::from_secs(60);

fn store(url: &str) -> Arc<Store> {
    store_at(url, Later::new())
}

/// One that waits as long as a busy machine may need: what is tested is not how fast that is.
fn store_at(url: &str, clock: Arc<Later>) -> Arc<Store> {
    Store::open(&Secret::new(url), PATIENT, clock).unwrap_or_else(|why| panic!("{why}"))
}

/// One that gives up as soon as it does in use.
fn impatient(url: &str, clock: Arc<Later>) -> Arc<Store> {
    Store::open(&Secret::new(url), Limits::default(), clock).unwrap_or_else(|why| panic!("{why}"))
}

async fn holds(store: &Store) -> Option<Bytes> {
    match store.get("key").await {
        Found::Value((value, _)) => Some(value),
        Found::Nothing | Found::Unavailable => None,
    }
}

/// A busy machine may need more than one rest.
async fn rest_until_it_holds(store: &Store, clock: &Later) {
    let held = async {
        while holds(store).await.is_none() {
            clock.pass(REST);
        }
    };
    before(Some(SystemClock.now() + PATIENT.operation), held).await.expect("it holds the value at last");
}

#[tokio::test]
async fn what_one_process_keeps_another_finds_until_its_time_is_over() {
    let server = Server::start();
    let (one, other) = (store(&server.url), store(&server.url));
    assert_eq!(other.get("key").await, Found::Nothing);
    assert!(one.set("key", b"\0value\xff", LIFE).await);
    let Found::Value((value, left)) = other.get("key").await else { panic!("nothing was found") };
    assert_eq!(&value[..], b"\0value\xff");
    assert!(left <= LIFE && left > LIFE / 2, "{left:?}");

    assert!(one.set("key", b"short", Duration::from_millis(20)).await);
    // Each question waits for the server, which ends the value in its own time.
    while other.get("key").await != Found::Nothing {}
    assert_eq!(other.health(), Health { state: "connected", failures: 0, skipped: 0, last_failure: None });
}

#[tokio::test]
async fn shared_state_has_keys_of_its_own() {
    let server = Server::start_on_port("--port", "redis", &[], new_folder());
    let shared = Shared::new(store(&server.url));
    assert_eq!(shared.get("breaker:a").await, None);
    assert!(shared.set("breaker:a", b"open", LIFE).await);
    assert_eq!(shared.get("breaker:a").await, Some(Bytes::from_static(b"open")));
    assert_eq!(server.ask::<Vec<String>>(&["KEYS", "*"]).await, ["portkey:state:breaker:a"]);
}

#[tokio::test]
async fn a_url_that_cannot_work_is_refused_without_being_shown() {
    for url in [
        "",
        "canary",
        "http://u:canary@host",
        "redis://u:canary@",
        "redis://:canary@host/x",
        "redis://:canary@host:99999",
        "redis://:canary@host/0?protocol=9",
        "rediss://:canary@host#insecure",
        "redis://0.0.0.0",
    ] {
        let Err(told) = Store::open(&Secret::new(url), PATIENT, Later::new()) else {
            panic!("{url} was taken")
        };
        assert!(!told.contains("canary"), "{told}");
    }
    for url in
        ["redis://localhost", "valkey://:p%40ss@[::1]:6380/2", "rediss://u:p@host", "unix:///run/redis.sock"]
    {
        assert!(Store::open(&Secret::new(url), PATIENT, Later::new()).is_ok(), "{url}");
    }
}

#[tokio::test]
async fn a_password_is_used_and_a_wrong_one_is_told_without_being_shown() {
    let server = Server::start_with(&["--requirepass", "right"]);
    assert!(store(&format!("{}?pass=right", server.url)).set("key", b"v", LIFE).await);
    for wrong in [format!("{}?pass=canary", server.url), server.url.clone()] {
        let store = store(&wrong);
        assert_eq!(store.get("key").await, Found::Unavailable);
        assert_eq!(store.health().last_failure, Some("the user or password was refused"));
    }
}

#[tokio::test]
async fn a_server_that_is_gone_is_left_alone_and_found_again_after_a_rest() {
    let mut server = Server::start();
    let clock = Later::new();
    let store = store_at(&server.url, clock.clone());
    assert!(store.set("key", b"v", LIFE).await);
    server.kill();
    for _ in 0..3 {
        assert_eq!(store.get("key").await, Found::Unavailable);
    }
    let health = store.health();
    assert_eq!((health.state, health.failures, health.skipped), ("resting", 3, 0));
    assert!(!store.set("key", b"v", LIFE).await);
    assert_eq!(store.health().skipped, 1);

    clock.pass(REST);
    assert_eq!(store.get("key").await, Found::Unavailable, "the probe");
    assert_eq!(store.get("key").await, Found::Unavailable);
    assert_eq!((store.health().failures, store.health().skipped), (4, 2));

    server.restart();
    clock.pass(REST);
    assert!(store.set("key", b"w", LIFE).await);
    assert_eq!(holds(&store).await, Some(Bytes::from_static(b"w")));
    assert_eq!(store.health().state, "connected");
}

#[tokio::test]
async fn a_connection_that_ended_while_idle_is_made_anew_without_a_failure() {
    let mut server = Server::start();
    let store = store(&server.url);
    assert!(store.set("key", b"v", LIFE).await);
    server.ask::<i64>(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]).await;
    assert_eq!(holds(&store).await, Some(Bytes::from_static(b"v")));
    server.restart();
    assert_eq!(store.get("key").await, Found::Nothing);
    assert_eq!(store.health().failures, 0);
}

#[tokio::test]
async fn a_single_failure_is_no_reason_to_wait() {
    let mut server = Server::start();
    let store = store(&server.url);
    server.kill();
    assert_eq!(store.get("key").await, Found::Unavailable);
    server.restart();
    assert_eq!(store.get("key").await, Found::Nothing);
    assert_eq!(store.health().failures, 1);
}

#[tokio::test]
async fn a_connection_whose_other_end_fell_silent_is_replaced() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("redis://{}", listener.local_addr().expect("bound"));
    let server = tokio::spawn(async move {
        let (silent, _) = listener.accept().await.expect("a connection");
        // Kept, so that they stay open.
        let mut open = vec![answering(silent, &[GREETING]).await];
        while let Ok((connection, _)) = listener.accept().await {
            open.push(answering(connection, &[GREETING, b"$1\r\nv\r\n:1000\r\n"]).await);
        }
    });
    let clock = Later::new();
    let store = impatient(&url, clock.clone());
    rest_until_it_holds(&store, &clock).await;
    assert!(store.health().failures >= 3);
    server.abort();
}

/// What Redis says to a new client's two words about itself.
const GREETING: &[u8] = b"+OK\r\n+OK\r\n";

/// Gives one answer after the other, each when something was asked.
async fn answering(mut connection: TcpStream, answers: &[&[u8]]) -> TcpStream {
    for answer in answers {
        // A client that has given up by then is no longer answered.
        let asked = connection.read(&mut [0; 1024]).await.unwrap_or(0);
        if asked == 0 || connection.write_all(answer).await.is_err() {
            break;
        }
    }
    connection
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_costs_its_deadline_and_then_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let store = impatient(&format!("redis://{}", listener.local_addr().expect("bound")), Later::new());
    let operation = Limits::default().operation;
    let began = SystemClock.now();
    for asked in 1..=3 {
        assert_eq!(store.get("key").await, Found::Unavailable);
        assert_eq!(SystemClock.now() - began, operation * asked);
    }
    assert_eq!(store.get("key").await, Found::Unavailable);
    assert_eq!(SystemClock.now() - began, operation * 3);
    assert_eq!(store.health().last_failure, Some("no answer in time"));
}

#[tokio::test]
async fn a_server_that_stops_answering_is_given_up_and_found_again() {
    let server = Server::start();
    let clock = Later::new();
    server.ask::<()>(&["SET", "key", "v", "PX", "600000"]).await;
    let store = impatient(&server.url, clock.clone());
    rest_until_it_holds(&store, &clock).await;
    server.signal("STOP");
    for _ in 0..3 {
        assert_eq!(store.get("key").await, Found::Unavailable);
    }
    assert_eq!(store.health().state, "resting");
    assert_eq!(store.health().last_failure, Some("no answer in time"));
    server.signal("CONT");
    rest_until_it_holds(&store, &clock).await;
    assert_eq!(store.health().state, "connected");
}

#[tokio::test]
async fn a_server_that_is_no_redis_is_no_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("redis://{}", listener.local_addr().expect("bound"));
    let web = tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            // The client may be gone before it is answered.
            drop(connection.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").await);
        }
    });
    let store = store(&url);
    assert_eq!(store.get("key").await, Found::Unavailable);
    assert_eq!(store.health().last_failure, Some("the answer is none that Redis gives"));
    web.abort();
}

#[tokio::test]
async fn an_error_as_the_answer_keeps_the_connection() {
    let server = Server::start();
    let store = store(&server.url);
    server.ask::<i64>(&["RPUSH", "key", "a list"]).await;
    assert_eq!(store.get("key").await, Found::Unavailable);
    let health = store.health();
    assert_eq!((health.state, health.last_failure), ("connected", Some("the answer was an error")));
    assert!(store.set("key", b"v", LIFE).await, "which replaces the list");
}

#[tokio::test]
async fn a_question_that_is_dropped_leaves_the_others_alone() {
    let server = Server::start();
    let store = store(&server.url);
    assert!(store.set("key", b"v", LIFE).await);
    for _ in 0..100 {
        let mut dropped = Box::pin(store.get("key"));
        // Asked once, so that it is on its way.
        drop(crate::clock::at_once(dropped.as_mut()));
        drop(dropped);
        assert_eq!(holds(&store).await, Some(Bytes::from_static(b"v")));
    }
    assert_eq!(store.health().failures, 0);
}

/// Where the test below hands the server's URL to the process that it starts.
const TLS_URL: &str = "PORTKEY_TEST_REDIS_TLS";

#[tokio::test]
async fn a_certificate_is_trusted_when_ssl_cert_file_names_it_and_only_then() {
    let folder = new_folder();
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-days", "2", "-keyout"])
        .args([&key, Path::new("-out"), &certificate])
        .output()
        .expect("openssl runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let [certificate_name, key_name] = [&certificate, &key].map(|path| path.to_str().expect("UTF-8"));
    let settings = [
        ["--port", "0"],
        ["--tls-auth-clients", "no"],
        ["--tls-cert-file", certificate_name],
        ["--tls-key-file", key_name],
        ["--tls-ca-cert-file", certificate_name],
    ]
    .concat();
    let server = Server::start_on_port("--tls-port", "rediss", &settings, folder.clone());

    let store = store(&server.url);
    assert_eq!(store.get("key").await, Found::Unavailable);
    assert_eq!(store.health().last_failure, Some("no connection could be made"));

    // The variable is the process's own, so another process is asked.
    let asked = Command::new(std::env::current_exe().expect("this very program"))
        .args(["--ignored", "--exact", "store::tests::a_store_over_tls_keeps_what_it_is_given"])
        .env("SSL_CERT_FILE", &certificate)
        .env(TLS_URL, &server.url)
        .output()
        .expect("this very program runs");
    let told = String::from_utf8_lossy(&asked.stdout);
    assert!(told.contains("1 passed"), "{told}");
}

#[tokio::test]
#[ignore = "the test above runs it, in a process with a variable of its own"]
async fn a_store_over_tls_keeps_what_it_is_given() {
    let store = store(&std::env::var(TLS_URL).expect("a URL"));
    assert!(store.set("key", b"v", LIFE).await, "{:?}", store.health());
    assert_eq!(holds(&store).await, Some(Bytes::from_static(b"v")));
}
