//! Hosts that speak badly: each ends in an error that says what happened, none in a hang, a panic or half an answer.

mod support;

use std::io::Write;

use bytes::Bytes;
use engine::{Error, Kind};
use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use support::{
    BODY, CHAT, COMPLETION, Script, Server, Step, answer, call, chat, chunk, client, completion, drain,
    events, failure, reply, send, stream_head, streamed, text,
};

/// How a call fails before the host's `bytes` and `end`.
async fn error_of(bytes: impl AsRef<[u8]>, end: Option<Step>) -> Error {
    let script = std::iter::once(send(bytes)).chain(end).collect::<Script>();
    let mut server = Server::start([script, completion()]).await;
    let failed = failure(&client(&server, json!({})), chat()).await;
    assert_eq!(server.requests().len(), 1);
    // The connection is of no use any more, so the next call makes another one.
    assert_eq!(text(answer(&client(&server, json!({})), chat()).await), COMPLETION);
    assert_eq!(server.requests()[0].connection, 1);
    failed.error
}

fn code(error: &Error) -> &str {
    error.facts().code.as_deref().unwrap_or("")
}

fn zip(text: &str) -> Vec<u8> {
    let mut zipper = GzEncoder::new(Vec::new(), Compression::default());
    zipper.write_all(text.as_bytes()).expect("a vector takes all");
    zipper.finish().expect("a vector takes all")
}

/// The most memory that this process has ever held, in bytes, where the system tells.
fn peak() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok().map(|kilobytes: usize| kilobytes << 10)
}

#[tokio::test]
async fn an_event_without_an_end_is_refused_before_it_fills_the_memory() {
    const TOTAL: usize = 256 << 20;
    let piece = Bytes::from(vec![b'x'; 1 << 20]);
    for start in ["data: ", "data: x\ndata: ", ": "] {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n{start}");
        let mut script = vec![send(head)];
        script.extend((0..TOTAL / piece.len()).map(|_| Step::Send(piece.clone())));
        let mut server = Server::start([script]).await;
        let before = peak();
        let failed = failure(&client(&server, json!({})), streamed()).await;
        assert_eq!(failed.error.kind(), Kind::Truncated, "{}", failed.error);
        assert!(failed.error.to_string().contains("too long"), "{}", failed.error);
        assert_eq!(server.ended().await, 0, "the rest is not read");
        assert!(server.written() < 64 << 20, "{} bytes were taken", server.written());
        if let (Some(before), Some(after)) = (before, peak()) {
            assert!(after - before < 192 << 20, "the memory grew by {} bytes", after - before);
        }
    }
}

#[tokio::test]
async fn events_that_came_before_one_without_an_end_are_handed_out_first() {
    let piece = Bytes::from(vec![b'x'; 1 << 20]);
    let content = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n{content}data: ");
    let script: Script =
        std::iter::once(send(head)).chain((0..64).map(|_| Step::Send(piece.clone()))).collect();
    let server = Server::start([script]).await;
    let mut events = events(answer(&client(&server, json!({})), streamed()).await);
    let (got, error) = drain(&mut events).await;
    assert_eq!(got.len(), 1);
    let partial = error.expect("an error").into_facts().partial.expect("what has come");
    assert!(partial.contains(r#""text":"a""#), "{partial}");
}

#[tokio::test]
async fn a_reply_that_is_no_http_says_so() {
    for garbage in
        ["SSH-2.0-server\r\n\r\n", "\u{15}\u{3}\u{3}\0\u{2}\u{2}", "HTTP/1.1 twohundred OK\r\n\r\n"]
    {
        let error = error_of(garbage, Some(Step::Close)).await;
        assert_eq!((error.kind(), code(&error)), (Kind::Broken, "EPROTO"), "{garbage:?}: {error}");
        let open = error_of(garbage, None).await;
        assert_eq!(code(&open), "EPROTO", "{garbage:?} on a connection that stays open: {open}");
    }
}

#[tokio::test]
async fn a_reply_whose_head_contradicts_itself_is_refused() {
    for head in [
        "content-length: 2\r\ncontent-length: 3\r\n",
        "content-length: two\r\n",
        "content-length: -2\r\n",
        "bad header\r\n",
        ": no name\r\n",
    ] {
        let error = error_of(format!("HTTP/1.1 200 OK\r\n{head}\r\n{{}}"), Some(Step::Close)).await;
        assert_eq!(code(&error), "EPROTO", "{head:?}: {error}");
    }
}

#[tokio::test]
async fn a_connection_that_ends_anywhere_within_the_reply_is_an_error() {
    let replies = [
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{COMPLETION}", COMPLETION.len()),
        format!(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{COMPLETION}\r\n0\r\n\r\n",
            COMPLETION.len()
        ),
    ];
    for reply in replies {
        let cuts: Vec<usize> = (0..reply.len()).collect();
        for end in [Step::Close, Step::Reset] {
            let script = |cut: &usize| vec![send(&reply[..*cut]), end.clone()];
            let server = Server::start(cuts.iter().map(script)).await;
            let engine = client(&server, json!({}));
            for cut in &cuts {
                let error = failure(&engine, chat()).await.error;
                assert_eq!((error.kind(), code(&error)), (Kind::Broken, "ECONNRESET"), "byte {cut}: {error}");
                assert!(error.facts().body.is_none());
            }
        }
    }
}

#[tokio::test]
async fn a_chunked_body_with_a_broken_chunk_is_an_error() {
    for body in
        ["zz\r\n{}\r\n0\r\n\r\n", "-2\r\n{}\r\n0\r\n\r\n", "2\r\n{}xx0\r\n\r\n", "fffffffffffffffff\r\n{}"]
    {
        let error = error_of(
            format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{body}"),
            Some(Step::Close),
        );
        let error = error.await;
        assert_eq!(error.kind(), Kind::Broken, "{body:?}: {error}");
    }
}

#[tokio::test]
async fn a_stream_with_a_broken_chunk_is_truncated_after_the_events_before_it() {
    let content = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    let script = vec![stream_head(), chunk(content), send("zz\r\n"), Step::Close];
    let server = Server::start([script]).await;
    let mut events = events(answer(&client(&server, json!({})), streamed()).await);
    let (got, error) = drain(&mut events).await;
    assert_eq!(got.len(), 1);
    assert_eq!(error.expect("an error").kind(), Kind::Truncated);
}

#[tokio::test]
async fn a_body_that_is_longer_than_it_says_ends_where_it_says_and_its_connection_is_not_used_again() {
    let script = vec![send(format!("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{{}}{COMPLETION}"))];
    let mut server = Server::start([script, completion()]).await;
    let engine = client(&server, json!({}));
    assert_eq!(text(answer(&engine, chat()).await), "{}");
    assert_eq!(text(answer(&engine, chat()).await), COMPLETION);
    let connections: Vec<_> = server.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 1]);
}

#[tokio::test]
async fn a_head_that_is_too_long_or_never_ends_is_an_error() {
    let endless = format!("HTTP/1.1 200 OK\r\nx-long: {}", "a".repeat(1 << 20));
    let many = format!("HTTP/1.1 200 OK\r\n{}content-length: 2\r\n\r\n{{}}", "x-many: a\r\n".repeat(5_000));
    for head in [endless, many] {
        let error = error_of(head, None).await;
        assert_eq!((error.kind(), code(&error)), (Kind::Broken, "EPROTO"), "{error}");
    }
}

#[tokio::test]
async fn a_header_of_200_kb_is_taken_since_a_head_may_have_400() {
    let long = "a".repeat(200 << 10);
    let server = Server::start([reply(200, &format!("x-long: {long}\r\n"), "{}")]).await;
    let answer = answer(&client(&server, json!({})), chat()).await;
    assert_eq!(answer.headers["x-long"].as_bytes(), long.as_bytes());
}

#[tokio::test]
async fn an_answer_in_gzip_is_unzipped_however_it_is_cut() {
    let zipped = zip(COMPLETION);
    let two_members = [zip(&COMPLETION[..20]), zip(&COMPLETION[20..])].concat();
    for body in [zipped, two_members] {
        let mut script =
            vec![send("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n")];
        script.extend(body.chunks(1).map(chunk).chain([chunk("")]));
        let mut server =
            Server::start([script, reply(200, "content-encoding: x-gzip\r\n", &body), completion()]).await;
        let engine = client(&server, json!({}));
        for _ in 0..3 {
            assert_eq!(text(answer(&engine, chat()).await), COMPLETION);
        }
        assert!(server.requests().iter().all(|request| request.connection == 0));
    }
}

#[tokio::test]
async fn an_answer_in_gzip_that_was_cut_anywhere_is_an_error() {
    let zipped = zip(COMPLETION);
    let cuts = 1..zipped.len();
    let headers = "content-encoding: gzip\r\n";
    let server = Server::start(cuts.clone().map(|cut| reply(200, headers, &zipped[..cut]))).await;
    let engine = client(&server, json!({}));
    for cut in cuts {
        let error = failure(&engine, chat()).await.error;
        assert_eq!(error.kind(), Kind::Broken, "byte {cut}: {error}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_gzip_although_it_says_so_is_an_error() {
    let mut damaged = zip(COMPLETION);
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xFF;
    for body in [COMPLETION.as_bytes().to_vec(), damaged] {
        let error = error_of(reply_bytes("content-encoding: gzip\r\n", &body), Some(Step::Close)).await;
        assert_eq!(error.kind(), Kind::Broken, "{error}");
    }
}

fn reply_bytes(headers: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\n{headers}content-length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
}

#[tokio::test]
async fn an_error_in_gzip_is_read_as_any_other() {
    let zipped = zip(r#"{"error":{"message":"no such model","code":"model_not_found"}}"#);
    let server = Server::start([reply(404, "content-encoding: gzip\r\n", zipped)]).await;
    let error = failure(&client(&server, json!({})), chat()).await.error;
    assert_eq!((error.status(), code(&error)), (Some(404), "model_not_found"));
    assert!(error.to_string().contains("no such model"), "{error}");
}

#[tokio::test]
async fn an_error_status_is_told_although_its_body_breaks_off() {
    let script = vec![send("HTTP/1.1 401 No\r\ncontent-length: 100\r\n\r\n{\"error\""), Step::Close];
    let server = Server::start([script]).await;
    let error = failure(&client(&server, json!({})), chat()).await.error;
    assert_eq!((error.kind(), error.status()), (Kind::Refused, Some(401)));
}

#[tokio::test]
async fn a_good_status_without_a_json_body_is_garbled() {
    let bodies = ["", " ", "<html>hello</html>", "{\"id\":", "plain", "data: {}\n\n"];
    for (status, body) in bodies.map(|body| (200, body)).into_iter().chain([(204, "")]) {
        let server = Server::start([reply(status, "content-type: text/plain\r\n", body)]).await;
        let error = failure(&client(&server, json!({})), chat()).await.error;
        assert_eq!((error.kind(), code(&error)), (Kind::Garbled, "garbled_answer"), "{status} {body:?}");
        assert_eq!(error.status(), Some(status));
    }
}

#[tokio::test]
async fn interim_replies_are_passed_over() {
    let script = vec![send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: x\r\n\r\n")];
    let server = Server::start([[script, completion()].concat()]).await;
    assert_eq!(text(answer(&client(&server, json!({})), chat()).await), COMPLETION);
}

#[tokio::test]
async fn a_request_of_many_megabytes_arrives_whole_and_its_refusal_is_heard() {
    let large = format!(r#"{{"model":"{}"}}"#, "m".repeat(8 << 20));
    let mut server = Server::start([reply(413, "", r#"{"error":"too large"}"#), completion()]).await;
    let engine = client(&server, json!({}));
    let error = failure(&engine, call(CHAT, &large)).await.error;
    assert_eq!(error.status(), Some(413), "{error}");
    assert_eq!(server.requests()[0].body.len(), large.len());
    answer(&engine, call(CHAT, BODY)).await;
}
