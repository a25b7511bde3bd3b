#[path = "shared_tests.rs"]
mod shared;

use std::future::Future;
use std::sync::Mutex;

use super::*;
use crate::clock::{SystemClock, at_once, before};
use crate::events::Event;
use crate::store::later::Later;

const LIFE: Duration = Duration::from_secs(600);

/// What never takes as long, unless it would take for ever.
async fn in_time<T>(work: impl Future<Output = T>) -> T {
    before(Some(SystemClock.now() + Duration::from_secs(30)), work).await.expect("it ends")
}

fn cache_of(max_bytes: u64, clock: Arc<Later>) -> Cache {
    Cache::over(None, max_bytes, clock)
}

fn alone() -> Cache {
    cache_of(64 << 20, Later::new())
}

fn key(body: &str) -> Key {
    let tenant = Tenant::of([("authorization", &b"a"[..])]);
    let identity = Identity { call: "c", provider: "p", url: "u", socket: None, tenant, manner: "" };
    Key::of(&identity, body.as_bytes()).expect("a body")
}

fn entry(text: &str) -> Entry {
    let content = Content::Whole(Bytes::copy_from_slice(text.as_bytes()));
    Entry { status: 200, content_type: Some("application/json".to_owned()), content }
}

fn text(hit: &Hit) -> String {
    let Content::Whole(body) = &hit.entry.content else { panic!("the entry is a stream") };
    String::from_utf8(body.to_vec()).expect("UTF-8")
}

async fn lead(cache: &Cache, key: &Key) -> Lead {
    match in_time(cache.look(key)).await {
        Look::Lead(lead) => lead,
        Look::Hit(hit) => panic!("{} was found", text(&hit)),
    }
}

/// What is found; nothing is left behind when there is nothing.
async fn found(cache: &Cache, key: &Key) -> Option<String> {
    match in_time(cache.look(key)).await {
        Look::Hit(hit) => Some(text(&hit)),
        Look::Lead(lead) => {
            lead.failed();
            None
        }
    }
}

async fn put(cache: &Cache, key: &Key, text: &str) {
    lead(cache, key).await.store(entry(text), LIFE);
    in_time(cache.settle()).await;
}

/// Starts so many tasks that look, and waits until all of them wait.
async fn followers(cache: &Cache, key: &Key, count: usize) -> Vec<tokio::task::JoinHandle<Look>> {
    let before = cache.0.flights.aboard(key);
    let task = |_| {
        let (cache, key) = (cache.clone(), *key);
        tokio::spawn(async move { cache.look(&key).await })
    };
    let tasks = (0..count).map(task).collect();
    while cache.0.flights.aboard(key) < before + count {
        tokio::task::yield_now().await;
    }
    tasks
}

#[tokio::test]
async fn an_answer_is_found_again_until_its_time_is_over() {
    let clock = Later::new();
    let cache = cache_of(64 << 20, clock.clone());
    put(&cache, &key("1"), "first").await;
    assert_eq!(found(&cache, &key("2")).await, None);
    clock.pass(Duration::from_millis(599_999));
    assert_eq!(found(&cache, &key("1")).await.as_deref(), Some("first"));
    clock.pass(Duration::from_millis(1));
    assert_eq!(found(&cache, &key("1")).await, None);
    assert_eq!(cache.0.flights.count(), 0);
}

#[tokio::test]
async fn a_stream_comes_back_event_by_event_and_shares_no_buffer() {
    let cache = alone();
    let network = Bytes::from(vec![b'x'; 1 << 20]);
    let events = vec![
        Event { name: None, data: network.slice(..3) },
        Event { name: Some("delta".into()), data: network.slice(9..9) },
    ];
    let recorded = Entry { status: 201, content_type: None, content: Content::Events(events) };
    lead(&cache, &key("1")).await.store(recorded, LIFE);
    assert!(cache.health().bytes < 1000, "{:?}", cache.health());
    let Look::Hit(hit) = cache.look(&key("1")).await else { panic!("nothing was found") };
    let Content::Events(events) = &hit.entry.content else { panic!("the entry is no stream") };
    let told: Vec<_> = events.iter().map(|event| (event.name.as_deref(), &event.data[..])).collect();
    assert_eq!(told, [(None, &b"xxx"[..]), (Some("delta"), b"")]);
    assert_eq!((hit.entry.status, hit.status()), (201, Status::Hit));
}

#[tokio::test]
async fn only_what_succeeded_and_is_small_enough_is_kept() {
    let cache = cache_of(80_000, Later::new());
    for status in [246, 304, 404, 500] {
        lead(&cache, &key("1")).await.store(Entry { status, ..entry("{}") }, LIFE);
    }
    let large = "x".repeat(10_001);
    lead(&cache, &key("1")).await.store(entry(&large), LIFE);
    lead(&cache, &key("1")).await.store(entry("{}"), Duration::ZERO);
    assert_eq!(lead(&cache, &key("1")).await.limit(), 10_000);
    assert_eq!(cache.health(), Health { entries: 0, bytes: 0, unreadable: 0, store: None });
    assert_eq!(cache_of(1 << 40, Later::new()).refresh(&key("1")).limit(), 8 << 20);
}

#[tokio::test]
async fn all_entries_together_stay_within_their_bytes() {
    let cache = cache_of(1_000_000, Later::new());
    for number in 0..100 {
        put(&cache, &key(&number.to_string()), &"x".repeat(50_000)).await;
        assert!(cache.health().bytes <= 1_000_000);
    }
    assert_eq!(cache.health().entries, 19);
    assert!(found(&cache, &key("99")).await.is_some() && found(&cache, &key("0")).await.is_none());
}

#[tokio::test]
async fn a_refresh_asks_nothing_waits_for_nobody_and_is_kept() {
    let cache = alone();
    put(&cache, &key("1"), "old").await;
    cache.refresh(&key("1")).failed();
    assert_eq!(found(&cache, &key("1")).await.as_deref(), Some("old"));
    let leading = lead(&cache, &key("2")).await;
    cache.refresh(&key("2")).store(entry("refreshed"), LIFE);
    assert_eq!(found(&cache, &key("2")).await.as_deref(), Some("refreshed"));
    leading.failed();
    cache.refresh(&key("1")).store(entry("new"), LIFE);
    assert_eq!(found(&cache, &key("1")).await.as_deref(), Some("new"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_equal_calls_at_once_are_made_once() {
    let cache = alone();
    for round in 0..20 {
        let key = key(&round.to_string());
        let leads = Arc::new(Mutex::new(0));
        let task = |_| {
            let (cache, leads) = (cache.clone(), leads.clone());
            tokio::spawn(async move {
                match cache.look(&key).await {
                    Look::Hit(hit) => text(&hit),
                    Look::Lead(lead) => {
                        *leads.lock().expect("no task panics with it") += 1;
                        tokio::task::yield_now().await;
                        lead.store(entry("once"), LIFE);
                        "once".to_owned()
                    }
                }
            })
        };
        for task in (0..100).map(task).collect::<Vec<_>>() {
            assert_eq!(in_time(task).await.expect("no task panics"), "once");
        }
        assert_eq!(*leads.lock().expect("no task panics with it"), 1);
    }
    assert_eq!(cache.0.flights.count(), 0);
}

#[tokio::test]
async fn those_who_wait_get_an_answer_even_if_it_is_too_large_to_keep() {
    let cache = cache_of(800, Later::new());
    let leading = lead(&cache, &key("1")).await;
    let waiting = followers(&cache, &key("1"), 3).await;
    leading.store(entry(&"x".repeat(101)), LIFE);
    for task in waiting {
        let Look::Hit(hit) = in_time(task).await.expect("no task panics") else {
            panic!("nothing was given")
        };
        assert_eq!(text(&hit).len(), 101);
    }
    assert_eq!(found(&cache, &key("1")).await, None);
}

#[tokio::test]
async fn when_a_call_fails_all_who_waited_go_ahead_at_once() {
    let cache = alone();
    let leading = lead(&cache, &key("1")).await;
    let waiting = followers(&cache, &key("1"), 100).await;
    leading.failed();
    let mut leads = Vec::new();
    for task in waiting {
        let Look::Lead(lead) = in_time(task).await.expect("no task panics") else {
            panic!("there is nothing")
        };
        leads.push(lead);
    }
    // None waits for another, and a new call waits for none of them; but whoever brings an answer keeps it.
    let next = lead(&cache, &key("1")).await;
    leads.pop().expect("one of a hundred").store(entry("after all"), LIFE);
    assert_eq!(found(&cache, &key("1")).await.as_deref(), Some("after all"));
    drop((next, leads));
    assert_eq!(cache.0.flights.count(), 0);
}

#[tokio::test]
async fn a_call_whose_reader_is_slow_lets_the_others_go_and_keeps_what_it_brings() {
    let cache = alone();
    let mut leading = lead(&cache, &key("1")).await;
    let waiting = followers(&cache, &key("1"), 2).await;
    leading.release();
    for task in waiting {
        assert!(matches!(in_time(task).await.expect("no task panics"), Look::Lead(_)));
    }
    leading.store(entry("late"), LIFE);
    assert_eq!(found(&cache, &key("1")).await.as_deref(), Some("late"));
}

#[tokio::test]
async fn an_aborted_call_is_made_by_exactly_one_of_those_who_wait() {
    let cache = alone();
    let mut leading = lead(&cache, &key("1")).await;
    let mut waiting = followers(&cache, &key("1"), 10).await;
    for left in (0..10).rev() {
        drop(leading);
        // Exactly one task ends: the one with the baton.
        let at = in_time(index_of_ended(&waiting)).await;
        let Look::Lead(next) = waiting.remove(at).await.expect("no task panics") else {
            panic!("there is nothing")
        };
        tokio::task::yield_now().await;
        assert_eq!(waiting.iter().filter(|task| !task.is_finished()).count(), left);
        leading = next;
    }
    leading.failed();
    assert_eq!(cache.0.flights.count(), 0);
}

async fn index_of_ended(tasks: &[tokio::task::JoinHandle<Look>]) -> usize {
    loop {
        if let Some(at) = tasks.iter().position(tokio::task::JoinHandle::is_finished) {
            return at;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_comes_after_a_failure_begins_anew_beside_those_who_have_not_noticed_yet() {
    let cache = alone();
    let key = key("1");
    let leading = lead(&cache, &key).await;
    let mut waiting = Box::pin(cache.look(&key));
    assert!(at_once(waiting.as_mut()).is_none());
    leading.failed();
    let next = lead(&cache, &key).await;
    let mut second = Box::pin(cache.look(&key));
    assert!(at_once(second.as_mut()).is_none(), "it waits for the new call");
    drop(waiting);
    let mut third = Box::pin(cache.look(&key));
    assert!(at_once(third.as_mut()).is_none(), "and so does this one");
    next.store(entry("anew"), LIFE);
    for waiting in [second, third] {
        assert!(matches!(in_time(waiting).await, Look::Hit(_)));
    }
}

#[tokio::test]
async fn who_is_left_with_the_call_looks_once_more_before_it_is_made() {
    let cache = alone();
    let leading = lead(&cache, &key("1")).await;
    let waiting = followers(&cache, &key("1"), 1).await;
    cache.refresh(&key("1")).store(entry("refreshed"), LIFE);
    drop(leading);
    for task in waiting {
        assert!(matches!(in_time(task).await.expect("no task panics"), Look::Hit(_)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_is_dropped_while_waiting_holds_up_nobody() {
    let cache = alone();
    for round in 0..50 {
        let key = key(&round.to_string());
        let leading = lead(&cache, &key).await;
        let waiting = followers(&cache, &key, 20).await;
        // Every other one goes away at the moment at which the baton is passed on.
        waiting.iter().step_by(2).for_each(tokio::task::JoinHandle::abort);
        drop(leading);
        // The lead is in one of the tasks that are left, or was dropped with one that was aborted.
        let mut waiting = waiting;
        while !waiting.is_empty() {
            let at = in_time(index_of_ended(&waiting)).await;
            match waiting.remove(at).await {
                Ok(Look::Lead(lead)) => lead.store(entry("at last"), LIFE),
                Ok(Look::Hit(hit)) => assert_eq!(text(&hit), "at last"),
                Err(aborted) => assert!(aborted.is_cancelled()),
            }
        }
    }
    assert_eq!(cache.0.flights.count(), 0);
}

#[test]
fn a_lead_can_be_kept_in_a_stream() {
    fn is_owned<T: Send + 'static>() {}
    is_owned::<Lead>();
    is_owned::<Cache>();
}

fn place(text: &str, vector: &[f32]) -> Place {
    let tenant = Tenant::of([("authorization", &b"a"[..])]);
    let identity = Identity { call: "c", provider: "p", url: "u", socket: None, tenant, manner: "" };
    let body = serde_json::json!({ "messages": [{ "role": "user", "content": text }] }).to_string();
    let subject = Subject::of(body.as_bytes()).expect("a subject");
    subject.place(&identity, "e", vector).expect("a direction")
}

#[tokio::test]
async fn a_question_that_means_the_same_is_answered_and_its_equals_with_it() {
    let cache = alone();
    let mut first = lead(&cache, &key("1")).await;
    first.lies_at(place("how are you", &[1.0, 0.0]), None);
    first.store(entry("fine"), LIFE);

    let second = lead(&cache, &key("2")).await;
    let waiting = followers(&cache, &key("2"), 2).await;
    let near = place("how do you do", &[1.0, 0.1]);
    let hit = cache.similar(&near, 0.95).await.expect("one is near");
    let similar = hit.similar.expect("it is another question");
    assert_eq!((similar.key, hit.status(), text(&hit).as_str()), (key("1"), Status::SemanticHit, "fine"));
    second.share(hit);
    for task in waiting {
        let Look::Hit(hit) = in_time(task).await.expect("no task panics") else {
            panic!("nothing was given")
        };
        assert_eq!(hit.status(), Status::SemanticHit);
    }
    assert_eq!(found(&cache, &key("2")).await, None, "the answer is the other question's");
    assert!(cache.similar(&place("how do you do 2", &[1.0, 0.1]), 0.95).await.is_none());
}

#[tokio::test]
async fn a_question_is_forgotten_with_its_answer() {
    let clock = Later::new();
    let cache = cache_of(64 << 20, clock.clone());
    for (number, life) in [(1, LIFE), (2, LIFE * 3)] {
        let mut lead = lead(&cache, &key(&number.to_string())).await;
        lead.lies_at(place("q", &[1.0, number as f32 / 100.0]), None);
        lead.store(entry(&number.to_string()), life);
    }
    let near = place("r", &[1.0, 0.0]);
    let answer = async || cache.similar(&near, 0.95).await.map(|hit| text(&hit));
    assert_eq!(answer().await.as_deref(), Some("1"));
    clock.pass(LIFE);
    assert_eq!(answer().await.as_deref(), Some("2"), "the next in line");
    clock.pass(LIFE * 2);
    assert_eq!(answer().await, None);

    let mut refresh = cache.refresh(&key("2"));
    refresh.lies_at(near.clone(), Some(0.95));
    refresh.store(entry("new"), LIFE);
    assert_eq!(answer().await.as_deref(), Some("new"));
}

#[test]
fn a_url_that_cannot_work_is_a_problem_at_construction() {
    let settings = Settings { redis: Some(Secret::new("http://u:canary@host")), ..Settings::default() };
    let Err(told) = Cache::new(&settings, Later::new()) else { panic!("it was taken") };
    assert!(told.starts_with("expected redis://") && !told.contains("canary"));
    assert!(Cache::new(&Settings::default(), Later::new()).is_ok());
}
