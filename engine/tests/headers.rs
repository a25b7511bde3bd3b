//! What leaves: every header and every byte of a request as its host gets it.

mod support;

use engine::{Answer, Call, CallOptions, Content, Engine, Listeners, Secret};
use serde_json::{Value, json};
use support::{
    BODY, CHAT, Request, Server, answer, call, chat, chunk, client, completion, failure, object, reply, send,
    stream_head, streamed, text,
};

/// The one request that a call makes.
async fn sent(options: Value, call: Call) -> Request {
    let mut server = Server::start([completion()]).await;
    answer(&client(&server, options), call).await;
    let mut requests = server.requests();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

fn with_headers(headers: &[(&str, Option<&str>)]) -> Call {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.map(Secret::new))).collect();
    Call { options: CallOptions { headers, ..CallOptions::default() }, ..chat() }
}

#[tokio::test]
async fn a_whole_call_sends_exactly_these_headers_each_once() {
    let mut server = Server::start([completion()]).await;
    assert_eq!(text(answer(&client(&server, json!({})), chat()).await), support::COMPLETION);
    let request = server.requests().remove(0);
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(request.body, BODY);
    let mut headers = request.headers.clone();
    headers.sort();
    let wanted = [
        ("accept", "application/json".to_owned()),
        ("accept-encoding", "gzip".to_owned()),
        ("content-length", BODY.len().to_string()),
        ("content-type", "application/json".to_owned()),
        ("host", server.address.to_string()),
        ("user-agent", format!("portkey-native/{}", env!("CARGO_PKG_VERSION"))),
    ];
    assert_eq!(headers, wanted.map(|(name, value)| (name.to_owned(), value)));
}

#[tokio::test]
async fn a_streamed_call_asks_for_events_and_for_no_compression() {
    let script =
        vec![stream_head(), chunk("data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n"), chunk("")];
    let mut server = Server::start([script]).await;
    let answer = answer(&client(&server, json!({})), streamed()).await;
    assert!(matches!(answer.content, Content::Events(_)));
    let request = server.requests().remove(0);
    assert_eq!(request.all("accept"), ["text/event-stream"]);
    assert_eq!(request.all("accept-encoding"), ["identity"]);
    assert_eq!(request.all("content-type"), ["application/json"]);
}

#[tokio::test]
async fn a_get_has_neither_body_nor_content_headers_and_its_argument_is_one_segment() {
    let list = sent(json!({}), call("models.list", "")).await;
    assert_eq!((list.method.as_str(), list.path.as_str()), ("GET", "/v1/models"));
    let one = Call { arguments: vec!["org/model 1".to_owned()], ..call("models.retrieve", "") };
    let one = sent(json!({}), one).await;
    assert_eq!((one.method.as_str(), one.path.as_str()), ("GET", "/v1/models/org%2Fmodel%201"));
    for request in [list, one] {
        assert!(request.body.is_empty());
        for name in ["content-length", "content-type", "transfer-encoding"] {
            assert!(request.all(name).is_empty(), "{name}");
        }
    }
}

#[tokio::test]
async fn the_key_of_the_platform_and_facts_for_observers_stay_at_home() {
    let options =
        json!({ "apiKey": "pk-secret", "traceID": "trace-1", "metadata": { "user": "u-1" }, "spanId": "s" });
    let request = sent(options, chat()).await;
    assert!(request.all("authorization").is_empty());
    let told = format!("{request:?}");
    for value in ["pk-secret", "trace-1", "u-1", "portkey-api", "x-portkey"] {
        assert!(!told.contains(value), "{value} left: {told}");
    }
}

#[tokio::test]
async fn a_credential_goes_out_as_one_bearer_token_and_a_forwarded_one_as_it_is() {
    let bearer = sent(json!({ "Authorization": "AUTH_KEY" }), chat()).await;
    assert_eq!(bearer.all("authorization"), ["Bearer AUTH_KEY"]);
    let forwarded = json!({ "Authorization": "AUTH_KEY", "forwardHeaders": ["Authorization"] });
    assert_eq!(sent(forwarded, chat()).await.all("authorization"), ["AUTH_KEY"]);
    let both = json!({ "Authorization": "outer", "config": { "api_key": "inner" } });
    assert_eq!(sent(both, chat()).await.all("authorization"), ["Bearer inner"]);
}

#[tokio::test]
async fn forwarded_values_go_out_in_latin_1_under_the_name_they_are_listed_by() {
    let options = json!({
        "forwardHeaders": ["xApiKey", "X-Custom-ID", "key_id"],
        "xApiKey": "a b", "x_custom_id": "café", "key_id": "k",
    });
    let request = sent(options, chat()).await;
    assert_eq!(request.all("x-api-key"), ["a b"]);
    assert_eq!(request.all("x-custom-id"), ["café"]);
    assert_eq!(request.all("key_id"), ["k"]);
}

#[tokio::test]
async fn a_body_that_nobody_touches_arrives_byte_for_byte() {
    let body = r#"{ "model":"m", "n":1.0,"seed":12345678901234567890,"x":{"b":1,"a":[1e2]},"e":"\u00e9\ud83d é", "messages":[] }"#;
    let request = sent(json!({}), call(CHAT, body)).await;
    assert_eq!(request.body, body);
}

#[tokio::test]
async fn override_params_change_their_own_fields_and_nothing_else() {
    let body = r#"{"model":"asked","n":1.50,"messages":[ {"role":"user","content":"\u00e9"} ],"seed":12345678901234567890}"#;
    let config = json!({ "config": { "override_params": { "model": "set", "top_k": 3 } } });
    let mut server = Server::start([completion(), completion()]).await;
    let engine = client(&server, config);
    let report = answer(&engine, call(CHAT, body)).await.report;
    let wanted = r#"{"model":"set","n":1.50,"messages":[ {"role":"user","content":"\u00e9"} ],"seed":12345678901234567890,"top_k":3}"#;
    let request = server.requests().remove(0);
    assert_eq!(request.body, wanted);
    assert_eq!(request.all("content-length"), [wanted.len().to_string()]);
    assert_eq!(report.changes, ["model was set by override_params", "top_k was set by override_params"]);
    answer(&engine, call("models.list", "")).await;
    assert!(server.requests()[0].body.is_empty());
}

#[tokio::test]
async fn the_options_of_one_call_replace_the_client_s_for_that_call_alone() {
    let mut server = Server::start([completion(), completion(), completion()]).await;
    let engine = client(&server, json!({ "Authorization": "client", "maxRetries": 0 }));
    let own = Call { params: Some(object(json!({ "Authorization": "call" }))), ..chat() };
    let none = Call { params: Some(object(json!({ "Authorization": null }))), ..chat() };
    for call in [own, none, chat()] {
        answer(&engine, call).await;
    }
    let sent: Vec<Request> = server.requests();
    let values: Vec<_> = sent.iter().map(|request| request.all("authorization")).collect();
    assert_eq!(values, [vec!["Bearer call"], vec![], vec!["Bearer client"]]);
}

#[tokio::test]
async fn the_headers_of_one_call_are_sent_replace_and_take_away() {
    let options = json!({ "Authorization": "client" });
    let added =
        sent(options.clone(), with_headers(&[("X-Own", Some("1")), ("Accept", Some("text/plain"))])).await;
    assert_eq!(added.all("x-own"), ["1"]);
    assert_eq!(added.all("accept"), ["text/plain"]);
    let replaced = sent(options.clone(), with_headers(&[("AUTHORIZATION", Some("Basic abc"))])).await;
    assert_eq!(replaced.all("authorization"), ["Basic abc"]);
    let removed = sent(options, with_headers(&[("authorization", None)])).await;
    assert!(removed.all("authorization").is_empty());
}

#[tokio::test]
async fn headers_of_portkey_are_options_and_never_leave() {
    let headers = [
        ("x-portkey-trace-id", Some("trace-7")),
        ("X-Portkey-Forward-Headers", Some("X-Own")),
        ("X-Own", Some("1")),
        ("x-portkey-metadata", Some(r#"{"a":"b"}"#)),
    ];
    let mut server = Server::start([completion()]).await;
    let Answer { report, .. } = answer(&client(&server, json!({})), with_headers(&headers)).await;
    assert_eq!(report.trace_id, "trace-7");
    let request = server.requests().remove(0);
    assert_eq!(request.all("x-own"), ["1"]);
    assert!(!request.headers.iter().any(|(name, _)| name.to_ascii_lowercase().contains("portkey")));
}

#[tokio::test]
async fn headers_that_belong_to_the_connection_are_refused_before_anything_is_sent() {
    for name in ["Host", "content-length", "Connection", "transfer-encoding", "x-portkey-nonsense"] {
        let mut server = Server::start([completion()]).await;
        let failed = failure(&client(&server, json!({})), with_headers(&[(name, Some("secret-7"))])).await;
        assert_eq!(failed.error.kind(), engine::Kind::Config, "{name}");
        assert!(!failed.error.to_string().contains("secret-7"), "{name}");
        assert!(server.requests().is_empty(), "{name}");
    }
}

#[tokio::test]
async fn a_query_is_sent_and_never_shown() {
    let mut server = Server::start([reply(500, "", "{}")]).await;
    let query =
        CallOptions { query: Some("api-version=7&key=secret-7".to_owned()), ..CallOptions::default() };
    let failed = failure(&client(&server, json!({})), Call { options: query, ..chat() }).await;
    assert_eq!(server.requests()[0].path, "/v1/chat/completions?api-version=7&key=secret-7");
    let mut shown = failed.error.to_string().into_bytes();
    failed.report.write_json(&mut shown);
    assert!(!String::from_utf8_lossy(&shown).contains("secret-7"));
}

#[tokio::test]
async fn an_embeddings_call_asks_for_base64_unless_it_names_an_encoding() {
    let reply_body = r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":"AACAPwAAAEA="}],"model":"m"}"#;
    let mut server = Server::start([reply(200, "", reply_body), completion()]).await;
    let engine = client(&server, json!({}));
    let Content::Vectors(_) =
        answer(&engine, call("embeddings.create", r#"{"model":"m","input":"x"}"#)).await.content
    else {
        panic!("the numbers were not decoded");
    };
    let named = r#"{"model":"m","input":"x","encoding_format":"float"}"#;
    answer(&engine, call("embeddings.create", named)).await;
    let bodies: Vec<_> = server.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(bodies[0], r#"{"model":"m","input":"x","encoding_format":"base64"}"#);
    assert_eq!(bodies[1], named);
}

#[tokio::test]
async fn a_reply_s_status_and_headers_are_the_answer_s() {
    let script = vec![send(
        "HTTP/1.1 201 Created\r\nX-Request-ID: r-1\r\nset-cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 2\r\n\r\n{}",
    )];
    let server = Server::start([script]).await;
    let answer = answer(&client(&server, json!({})), chat()).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.report.request_id.as_deref(), Some("r-1"));
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 2);
}

#[test]
fn an_engine_is_refused_with_every_problem_at_once() {
    let refused = Engine::new(
        &object(json!({ "customHost": "ftp://x", "provider": "opnai", "retries": 1 })),
        Listeners::default(),
    );
    let problems = refused.err().expect("refused").into_facts().problems;
    assert!(problems.iter().any(|problem| problem.path == "retries"), "{problems:?}");
}
