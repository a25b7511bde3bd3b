//! A panic within a call, or in what is told of it: it takes nothing else with it.

use crate::record::{Outcome, Record, Sink};

use super::*;

/// A clock that panics when a call waits.
struct Faulty;

impl Clock for Faulty {
    fn now(&self) -> Instant {
        SystemClock.now()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn random(&self) -> f64 {
        0.5
    }

    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        panic!("a fault of the engine")
    }
}

/// Keeps how calls ended, and panics then, where it is to.
#[derive(Default)]
struct Kept {
    ends: Mutex<Vec<Outcome>>,
    is_faulty: bool,
}

impl Sink for Kept {
    fn take(&self, record: &Record<'_>) {
        self.ends.lock().expect("it panics without the lock").push(record.entry.outcome);
        assert!(!self.is_faulty, "a fault of the sink");
    }

    fn flush(&self, _: Duration) -> bool {
        true
    }

    fn dropped(&self) -> u64 {
        0
    }
}

async fn recorded(scripts: Vec<Script>, options: Value, is_faulty: bool) -> (Server, Arc<Engine>, Arc<Kept>) {
    let server = Server::start(scripts).await;
    let mut made = engine(Arc::new(Faulty), &server.base_url(), options);
    let kept = Arc::new(Kept { is_faulty, ..Kept::default() });
    let listeners = Listeners { records: Some(kept.clone()), ..Listeners::default() };
    made.record(listeners).unwrap_or_else(|error| panic!("{error}"));
    (server, Arc::new(made), kept)
}

const ANSWER: &str = r#"{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}"#;

#[tokio::test]
async fn a_call_that_panics_is_recorded_as_failed_and_gives_back_what_it_held() {
    let scripts =
        vec![reply(503, "", "{}"), reply(200, "", ANSWER), reply(503, "", "{}"), reply(200, "", ANSWER)];
    let options = json!({ "onRecord": 1, "config": { "max_concurrent": 1, "retry": { "attempts": 1 } } });
    let (_server, engine, kept) = recorded(scripts, options, false).await;
    for stream in [false, true] {
        let (client, call) = (engine.clone(), chat(stream));
        let panicked = tokio::spawn(async move { client.send(call).await.map(drop).map_err(drop) }).await;
        assert!(panicked.is_err_and(|ended| ended.is_panic()));
        let answered = in_time(engine.send(chat(false))).await;
        assert!(answered.is_ok_and(|answer| answer.status == 200));
    }
    let ends = kept.ends.lock().expect("no panic").clone();
    assert_eq!(ends, [Outcome::Error, Outcome::Ok, Outcome::Error, Outcome::Ok]);
}

#[tokio::test]
async fn a_record_that_panics_costs_its_call_nothing_also_where_that_panicked_itself() {
    let scripts = vec![reply(200, "", ANSWER), stream(WHOLE), reply(503, "", "{}"), reply(200, "", ANSWER)];
    let (_server, engine, kept) = recorded(scripts, json!({ "onRecord": 1 }), true).await;
    assert!(in_time(engine.send(chat(false))).await.is_ok());
    let Ok(Answer { status, report, content: Content::Events(events), .. }) = engine.send(chat(true)).await
    else {
        panic!("no stream")
    };
    let mut streaming = crate::events::Streaming::new(events, report, status);
    while let Some(batch) = in_time(streaming.next()).await {
        assert!(batch.is_ok());
    }
    let (client, call) = (engine.clone(), chat(false));
    let panicked = tokio::spawn(async move { client.send(call).await.map(drop).map_err(drop) }).await;
    assert!(panicked.is_err_and(|ended| ended.is_panic()));
    assert!(in_time(engine.send(chat(false))).await.is_ok());
    let ends = kept.ends.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
    assert_eq!(ends, [Outcome::Ok, Outcome::Ok, Outcome::Error, Outcome::Ok]);
}
