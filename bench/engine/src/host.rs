//! A host on a port of this machine that gives one reply a request, the one that its path's first part names.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::OnceLock;

use crate::texts;

/// Base URL of the host for a reply.
pub fn url(reply: &str) -> String {
    static PORT: OnceLock<u16> = OnceLock::new();
    let port = PORT.get_or_init(|| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("a bound socket").port();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || serve(stream));
            }
        });
        port
    });
    format!("http://127.0.0.1:{port}/{reply}/v1")
}

fn serve(stream: TcpStream) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::with_capacity(1 << 17, stream);
    let mut replies: Vec<(String, Vec<u8>)> = Vec::new();
    let mut body = Vec::new();
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first).ok()? == 0 {
            return None;
        }
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            if line == "\r\n" {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().ok()?;
            }
        }
        body.resize(length, 0);
        reader.read_exact(&mut body).ok()?;
        let name = first.split(['/', ' ']).nth(2)?;
        if !replies.iter().any(|(known, _)| known == name) {
            replies.push((name.to_owned(), http(name)));
        }
        let (_, reply) = replies.iter().find(|(known, _)| known == name)?;
        writer.write_all(reply).ok()?;
    }
}

/// A reply as it is on the wire, whole.
fn http(name: &str) -> Vec<u8> {
    let body = match name {
        "short" => texts::answer(700),
        "long" => texts::answer(102_400),
        "anthropic" => texts::anthropic_answer(),
        "google" => texts::google_answer(),
        "embeddings" => texts::vectors(),
        "stream" => texts::stream(),
        "anthropic-stream" => texts::anthropic_stream(),
        other => panic!("there is no reply {other}"),
    };
    let kind = if name.ends_with("stream") { "text/event-stream" } else { "application/json" };
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nx-request-id: req_0123456789abcdef\r\n\
         date: Mon, 23 Nov 2026 12:00:00 GMT\r\nserver: host\r\nvary: origin\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body.into_bytes()].concat()
}
