//! Server-sent events: the same wherever the bytes are cut, the same as a reader that has all of them at once makes of them
//! by the standard's words, and never more than came in.
#![no_main]

use bytes::Bytes;
use engine::fuzzing::{SseEvent, SseParser};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((seed, stream)) = data.split_first() else { return };
    let wanted = by_the_book(stream);
    for pieces in pieces::cuttings(stream, *seed) {
        assert_eq!(read(&pieces), wanted);
    }
    let held: usize = wanted.iter().map(|event| event.data.len()).sum();
    assert!(held <= stream.len());
});

fn read(pieces: &[Bytes]) -> Vec<SseEvent> {
    let mut parser = SseParser::default();
    let mut events = Vec::new();
    for piece in pieces {
        parser.feed(piece, &mut events).expect("no input is as long as the longest event");
    }
    parser.finish(&mut events);
    events
}

/// The WHATWG's rules for the whole text, and an event that its end leaves open.
fn by_the_book(stream: &[u8]) -> Vec<SseEvent> {
    let mut lines = lines(stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream));
    lines.push(Vec::new());
    let (mut events, mut data, mut name) = (Vec::new(), None::<Vec<u8>>, None);
    for line in lines {
        if line.is_empty() {
            let name = name.take();
            events.extend(data.take().map(|data| SseEvent { name, data: Bytes::from(data) }));
            continue;
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match &line[..colon] {
            b"data" => {
                data = Some(data.map_or_else(|| value.to_vec(), |data| [&data[..], b"\n", value].concat()));
            }
            b"event" => name = Some(String::from_utf8_lossy(value).into()),
            _ => {}
        }
    }
    events
}

fn lines(text: &[u8]) -> Vec<Vec<u8>> {
    let mut lines = vec![Vec::new()];
    let mut bytes = text.iter().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' => {
                bytes.next_if(|next| **next == b'\n');
                lines.push(Vec::new());
            }
            b'\n' => lines.push(Vec::new()),
            other => lines.last_mut().expect("there is always a line").push(*other),
        }
    }
    lines
}
