//! The cache with a real Redis that processes share.

use tokio::net::TcpListener;

use super::*;
use crate::store::REST;
use crate::store::server::{PATIENT, Server};

fn sharing(server: &Server) -> Cache {
    sharing_at(server, Later::new())
}

fn sharing_at(server: &Server, clock: Arc<Later>) -> Cache {
    let store = Store::open(&Secret::new(&server.url), PATIENT, clock.clone()).expect("a URL");
    Cache::over(Some(store), 64 << 20, clock)
}

#[tokio::test]
async fn two_processes_share_an_answer_and_its_end() {
    let server = Server::start();
    let one = sharing(&server);
    put(&one, &key("1"), "shared").await;
    let left: u64 = server.ask(&["PTTL", &key("1").shared_name()]).await;
    assert!((LIFE / 2..=LIFE).contains(&Duration::from_millis(left)), "{left}");

    // The store says how long what it gives still lives.
    server.ask::<i64>(&["PEXPIRE", &key("1").shared_name(), "30000"]).await;
    let clock = Later::new();
    let other = sharing_at(&server, clock.clone());
    assert_eq!(found(&other, &key("1")).await.as_deref(), Some("shared"));
    server.ask::<i64>(&["DEL", &key("1").shared_name()]).await;
    assert_eq!(found(&other, &key("1")).await.as_deref(), Some("shared"), "from memory");
    clock.pass(Duration::from_secs(30));
    assert_eq!(found(&other, &key("1")).await, None);
}

#[tokio::test]
async fn the_store_ends_an_answer_on_time() {
    let server = Server::start();
    let one = sharing(&server);
    lead(&one, &key("1")).await.store(entry("short"), Duration::from_millis(30));
    in_time(one.settle()).await;
    // Each look of a new cache waits for the server, which ends the value in its own time.
    while found(&sharing(&server), &key("1")).await.is_some() {}
}

#[tokio::test]
async fn a_copy_in_memory_gives_way_to_what_another_process_refreshed() {
    let mut server = Server::start();
    let clock = Later::new();
    let one = sharing_at(&server, clock.clone());
    let other = sharing(&server);
    put(&one, &key("1"), "old").await;
    other.refresh(&key("1")).store(entry("new"), LIFE);
    in_time(other.settle()).await;
    assert_eq!(found(&one, &key("1")).await.as_deref(), Some("old"));
    clock.pass(COPY);
    assert_eq!(found(&one, &key("1")).await.as_deref(), Some("new"));
    server.ask::<()>(&["FLUSHALL"]).await;
    assert_eq!(found(&one, &key("1")).await.as_deref(), Some("new"), "the copy is new again");
    clock.pass(COPY);
    assert_eq!(found(&one, &key("1")).await, None, "what was purged is gone");
    server.kill();
    assert_eq!(found(&one, &key("1")).await, None, "and stays gone without the store");
}

#[tokio::test]
async fn without_the_store_memory_goes_on_and_the_store_is_found_again() {
    let mut server = Server::start();
    let clock = Later::new();
    let cache = sharing_at(&server, clock.clone());
    put(&cache, &key("1"), "kept").await;
    server.kill();
    clock.pass(COPY);
    for _ in 0..4 {
        assert_eq!(found(&cache, &key("1")).await.as_deref(), Some("kept"), "however old the copy is");
        assert_eq!(found(&cache, &key("2")).await, None);
    }
    put(&cache, &key("3"), "alone").await;
    assert_eq!(found(&cache, &key("3")).await.as_deref(), Some("alone"));
    let store = cache.health().store.expect("there is one");
    assert_eq!((store.state, store.failures), ("resting", 3));
    assert!(store.skipped > 3 && store.last_failure.is_some());

    server.restart();
    clock.pass(REST);
    put(&cache, &key("4"), "shared").await;
    assert_eq!(found(&sharing(&server), &key("4")).await.as_deref(), Some("shared"));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_answers_costs_a_call_its_deadline_and_no_more() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("redis://:canary@{}", listener.local_addr().expect("bound"));
    let settings = Settings { redis: Some(Secret::new(&url)), ..Settings::default() };
    let cache = Cache::new(&settings, Later::new()).expect("a URL");
    let operation = Limits::default().operation;
    let began = SystemClock.now();
    let leading = lead(&cache, &key("1")).await;
    assert_eq!(SystemClock.now() - began, operation);
    leading.store(entry("kept"), LIFE);
    assert_eq!(found(&cache, &key("1")).await.as_deref(), Some("kept"));
    assert_eq!(SystemClock.now() - began, operation, "storing and finding in memory wait for nothing");
    assert!(!format!("{:?}", cache.health()).contains("canary"));
}

#[tokio::test]
async fn a_value_that_is_no_entry_of_ours_is_a_miss_and_is_counted() {
    let server = Server::start();
    let cache = sharing(&server);
    let (one, other) = (key("1").shared_name(), key("2").shared_name());
    server.ask::<()>(&["SET", &one, "nonsense", "PX", "60000"]).await;
    assert_eq!(found(&cache, &key("1")).await, None);
    put(&sharing(&server), &key("2"), "two").await;
    // An entry under another's key, and one that lives for ever.
    server.ask::<i64>(&["COPY", &other, &one, "REPLACE"]).await;
    assert_eq!(found(&cache, &key("1")).await, None);
    server.ask::<i64>(&["PERSIST", &other]).await;
    assert_eq!(found(&cache, &key("2")).await, None);
    assert_eq!(cache.health().unreadable, 2);
    assert_eq!(cache.health().store.expect("there is one").failures, 0);
}

#[tokio::test]
async fn state_is_shared_over_the_same_connection() {
    let server = Server::start();
    let (one, other) = (sharing(&server), sharing(&server));
    let shared = one.shared().expect("there is a store");
    assert!(shared.set("sticky:a", b"target 1", LIFE).await);
    let read = other.shared().expect("there is a store").get("sticky:a").await;
    assert_eq!(read.as_deref(), Some(&b"target 1"[..]));
    assert!(alone().shared().is_none());
}

#[tokio::test]
async fn what_is_too_large_for_the_memory_is_shared_all_the_same() {
    let server = Server::start();
    let store = || Store::open(&Secret::new(&server.url), PATIENT, Later::new()).expect("a URL");
    let cache = || Cache::over(Some(store()), 80, Later::new());
    let one = cache();
    put(&one, &key("1"), &"x".repeat(100)).await;
    for cache in [one, cache()] {
        assert_eq!(found(&cache, &key("1")).await.map(|text| text.len()), Some(100));
        assert_eq!(cache.health().entries, 0);
    }
}
