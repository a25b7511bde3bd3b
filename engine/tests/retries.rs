//! Whether a call is sent again: the attempts, their order and their reasons, without waiting for real.
//! What happens over time is told by `src/engine_tests.rs`, with a clock of its own.

mod support;

use engine::{Call, CallOptions, Failed, Kind, Report};
use serde_json::{Value, json};
use support::{
    Script, Server, Step, answer, call, chat, chunk, client, completion, failure, in_time, object, reply,
    send, stream_head, streamed, text,
};

/// A refusal that asks for hardly any wait.
fn refusal(status: u16) -> Script {
    reply(status, "retry-after-ms: 1\r\ncontent-type: application/json\r\n", r#"{"error":{"message":"no"}}"#)
}

/// Status and reason of each attempt.
fn attempts(report: &Report) -> Vec<(Option<u16>, Option<&str>)> {
    report.attempts.iter().map(|attempt| (attempt.status, attempt.retry_reason.as_deref())).collect()
}

fn fact(report: &Report, name: &str) -> String {
    report.facts().into_iter().find(|(key, _)| *key == name).expect("a fact").1.into_owned()
}

fn retrying(server: &Server, config: &Value) -> engine::Engine {
    client(server, json!({ "maxRetries": null, "config": { "retry": config } }))
}

#[tokio::test]
async fn the_report_tells_each_attempt_in_order_with_its_reason() {
    let mut server = Server::start([refusal(500), refusal(429), completion()]).await;
    let answer = answer(&client(&server, json!({ "maxRetries": 2 })), chat()).await;
    let wanted = [(Some(500), None), (Some(429), Some("status 500")), (Some(200), Some("status 429"))];
    assert_eq!(attempts(&answer.report), wanted);
    assert_eq!(fact(&answer.report, "retry-attempt-count"), "2");
    assert_eq!(text(answer), support::COMPLETION);
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    for request in &requests {
        assert_eq!((&request.headers, &request.body), (&requests[0].headers, &requests[0].body));
        assert_eq!(request.connection, 0, "an answered connection is used again");
    }
}

#[tokio::test]
async fn the_last_refusal_is_the_error_when_attempts_are_used_up() {
    let mut server = Server::start([refusal(500), refusal(502), refusal(503)]).await;
    let Failed { error, report } = failure(&client(&server, json!({ "maxRetries": 2 })), chat()).await;
    assert_eq!((error.kind(), error.status()), (Kind::Refused, Some(503)));
    assert_eq!(report.attempts.len(), 3);
    assert_eq!(fact(&report, "retry-attempt-count"), "-1");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn by_default_408_409_429_and_5xx_are_sent_again_and_nothing_else() {
    for (status, requests) in
        [(408, 2), (409, 2), (429, 2), (500, 2), (529, 2), (599, 2), (400, 1), (401, 1), (404, 1), (422, 1)]
    {
        let mut server = Server::start([refusal(status), completion()]).await;
        let sent = in_time(client(&server, json!({ "maxRetries": 1 })).send(chat())).await;
        assert_eq!(sent.is_ok(), requests == 2, "{status}");
        assert_eq!(server.requests().len(), requests, "{status}");
    }
}

#[tokio::test]
async fn a_config_s_retry_brings_its_own_number_and_statuses() {
    let config = json!({ "attempts": 1, "on_status_codes": [404], "use_retry_after_header": true });
    let mut server = Server::start([refusal(404), completion(), refusal(500)]).await;
    let engine = retrying(&server, &config);
    let report = answer(&engine, chat()).await.report;
    assert_eq!(attempts(&report), [(Some(404), None), (Some(200), Some("status 404"))]);
    let failed = failure(&engine, chat()).await;
    assert_eq!(attempts(&failed.report), [(Some(500), None)]);
    assert_eq!(fact(&failed.report, "retry-attempt-count"), "0");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_call_may_ask_for_another_number_of_retries() {
    let mut server = Server::start([refusal(500), refusal(500), completion(), refusal(500)]).await;
    let engine = client(&server, json!({ "maxRetries": 1 }));
    let with =
        |max_retries| Call { options: CallOptions { max_retries, ..CallOptions::default() }, ..chat() };
    assert_eq!(answer(&engine, with(Some(2))).await.report.attempts.len(), 3);
    assert_eq!(failure(&engine, with(Some(0))).await.report.attempts.len(), 1);
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_host_that_says_whether_to_retry_is_believed() {
    let wish =
        |wish: &str, status| reply(status, &format!("retry-after-ms: 1\r\nx-should-retry: {wish}\r\n"), "{}");
    let mut server = Server::start([wish("false", 500), wish("true", 400), completion()]).await;
    let engine = client(&server, json!({ "maxRetries": 1 }));
    assert_eq!(failure(&engine, chat()).await.error.status(), Some(500));
    let report = answer(&engine, chat()).await.report;
    assert_eq!(attempts(&report), [(Some(400), None), (Some(200), Some("status 400"))]);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_wait_of_more_than_a_minute_ends_the_call_at_once() {
    let mut server = Server::start([reply(429, "retry-after: 61\r\n", "{}"), completion()]).await;
    let failed = failure(&client(&server, json!({ "maxRetries": 2 })), chat()).await;
    assert_eq!(failed.error.status(), Some(429));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_stream_that_is_refused_is_sent_again_as_a_whole_call_is() {
    let stream = vec![
        stream_head(),
        chunk(
            "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
        ),
        chunk(""),
    ];
    let server = Server::start([refusal(503), stream]).await;
    let answer = answer(&client(&server, json!({ "maxRetries": 1 })), streamed()).await;
    assert_eq!(attempts(&answer.report), [(Some(503), None), (Some(200), Some("status 503"))]);
}

#[tokio::test]
async fn a_post_that_was_written_is_not_sent_again() {
    let cut = vec![send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"), Step::Close];
    let garbage = vec![send("SSH-2.0-server\r\n\r\n"), Step::Close];
    for (name, script) in
        [("reset", vec![Step::Reset]), ("closed", vec![Step::Close]), ("cut", cut), ("garbage", garbage)]
    {
        let mut server = Server::start([script, completion()]).await;
        let Failed { error, report } = failure(&client(&server, json!({ "maxRetries": 2 })), chat()).await;
        assert_eq!(error.kind(), Kind::Broken, "{name}: {error}");
        assert_eq!(report.attempts.len(), 1, "{name}");
        assert_eq!(server.requests().len(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_config_without_retry_statuses_still_refuses_to_resend_a_broken_post() {
    let mut server = Server::start([vec![Step::Reset], completion()]).await;
    let failed = failure(&retrying(&server, &json!({ "attempts": 5 })), chat()).await;
    assert_eq!(failed.error.kind(), Kind::Broken);
    assert_eq!(fact(&failed.report, "retry-attempt-count"), "0");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_not_asked_for_again_even_when_idempotent() {
    let mut server = Server::start([reply(200, "", "<html></html>"), completion()]).await;
    let failed = failure(&client(&server, json!({ "maxRetries": 2, "idempotent": true })), chat()).await;
    assert_eq!(failed.error.kind(), Kind::Garbled);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_redirect_is_neither_followed_nor_sent_again() {
    let elsewhere = Server::start([completion()]).await;
    let location = format!("location: {}/chat/completions\r\n", elsewhere.base_url());
    for status in [301, 302, 307, 308] {
        let mut server = Server::start([reply(status, &location, "")]).await;
        let failed = failure(&client(&server, json!({ "maxRetries": 2 })), chat()).await;
        assert_eq!(failed.error.status(), Some(status));
        assert_eq!(server.requests().len(), 1);
    }
    assert_eq!(elsewhere.written(), 0);
}

#[tokio::test]
async fn a_call_with_wrong_arguments_makes_no_attempt() {
    let mut server = Server::start([completion()]).await;
    let engine = client(&server, json!({ "maxRetries": 2 }));
    let no_object = call(support::CHAT, "[]");
    let no_name = Call { arguments: vec!["..".to_owned()], ..call("models.retrieve", "") };
    let wrong_option = Call { params: Some(object(json!({ "maxRetries": -1 }))), ..chat() };
    for call in [no_object, no_name, wrong_option] {
        let failed = failure(&engine, call).await;
        assert_eq!((failed.error.kind(), failed.report.attempts.len()), (Kind::Config, 0));
    }
    assert!(server.requests().is_empty());
}
