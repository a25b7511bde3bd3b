//! Server-sent events on bytes, by the WHATWG event stream rules: input may be cut anywhere, lines end in LF, CRLF or
//! CR (and in nothing else: U+2028, U+2029 and U+0085 are content), one byte order mark may come first, comments and
//! unknown fields are skipped, several `data` lines join with LF. Beyond the rules, an event that the end of the body
//! leaves open is handed over (some servers forget the last blank line). It doesn't look into the data.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use memchr::memchr2;

/// An event longer than this is refused: a line without end must not fill the memory.
pub const LONGEST_EVENT: usize = 32 << 20;

/// One event: its `event` field, if any, and its joined `data`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SseEvent {
    pub name: Option<Box<str>>,
    pub data: Bytes,
}

/// The input holds an event longer than `LONGEST_EVENT`.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLong;

/// Reads one event stream.
#[derive(Default)]
pub struct Parser {
    /// The start of a line whose end has not come yet.
    open_line: BytesMut,
    data: Option<Data>,
    name: Option<Box<str>>,
    after_first_line: bool,
    /// The last line ended in CR, so an LF that comes next belongs to it.
    after_cr: bool,
}

enum Data {
    /// A slice of the input itself.
    One(Bytes),
    Joined(BytesMut),
}

impl Data {
    fn len(&self) -> usize {
        match self {
            Data::One(data) => data.len(),
            Data::Joined(data) => data.len(),
        }
    }
}

impl Parser {
    /// Takes the next bytes and appends the events that they complete.
    pub fn feed(&mut self, chunk: &Bytes, events: &mut Vec<SseEvent>) -> Result<(), TooLong> {
        let mut at = 0;
        if self.after_cr && !chunk.is_empty() {
            self.after_cr = false;
            at = usize::from(chunk[0] == b'\n');
        }
        while let Some(length) = memchr2(b'\n', b'\r', &chunk[at..]) {
            let end = at + length;
            if self.open_line.is_empty() {
                self.line(chunk, at..end, events);
            } else {
                self.open_line.extend_from_slice(&chunk[at..end]);
                let line = self.open_line.split().freeze();
                self.line(&line, 0..line.len(), events);
            }
            at = end + 1;
            if chunk[end] == b'\r' {
                match chunk.get(at) {
                    Some(b'\n') => at += 1,
                    Some(_) => {}
                    None => self.after_cr = true,
                }
            }
        }
        self.open_line.extend_from_slice(&chunk[at..]);
        if self.open_line.len() + self.data.as_ref().map_or(0, Data::len) > LONGEST_EVENT {
            return Err(TooLong);
        }
        Ok(())
    }

    /// The input has ended: hands over an event that was left open.
    pub fn finish(&mut self, events: &mut Vec<SseEvent>) {
        let line = self.open_line.split().freeze();
        if !line.is_empty() {
            self.line(&line, 0..line.len(), events);
        }
        self.dispatch(events);
    }

    /// Reads the line that is at `place` of `bytes`.
    fn line(&mut self, bytes: &Bytes, mut place: Range<usize>, events: &mut Vec<SseEvent>) {
        if !self.after_first_line {
            self.after_first_line = true;
            if bytes[place.clone()].starts_with(b"\xEF\xBB\xBF") {
                place.start += 3;
            }
        }
        let line = &bytes[place.clone()];
        if line.is_empty() {
            return self.dispatch(events);
        }
        if let Some(value) = field(line, b"data") {
            self.add_data(bytes.slice(place.end - value.len()..place.end));
        } else if let Some(value) = field(line, b"event") {
            self.name = Some(String::from_utf8_lossy(value).into());
        }
    }

    fn add_data(&mut self, value: Bytes) {
        self.data = Some(match self.data.take() {
            None => Data::One(value),
            Some(Data::One(first)) => Data::Joined(join(BytesMut::from(&first[..]), &value)),
            Some(Data::Joined(joined)) => Data::Joined(join(joined, &value)),
        });
    }

    fn dispatch(&mut self, events: &mut Vec<SseEvent>) {
        let name = self.name.take();
        match self.data.take() {
            Some(Data::One(data)) => events.push(SseEvent { name, data }),
            Some(Data::Joined(data)) => events.push(SseEvent { name, data: data.freeze() }),
            None => {}
        }
    }
}

fn join(mut joined: BytesMut, value: &[u8]) -> BytesMut {
    joined.extend_from_slice(b"\n");
    joined.extend_from_slice(value);
    joined
}

/// The value of `line` if its field is `name`: what follows the colon, less one space.
fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let rest = line.strip_prefix(name)?;
    match rest {
        [] => Some(rest),
        [b':', b' ', value @ ..] | [b':', value @ ..] => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(chunks: &[&[u8]]) -> Vec<(Option<String>, String)> {
        let mut parser = Parser::default();
        let mut events = Vec::new();
        for chunk in chunks {
            parser.feed(&Bytes::copy_from_slice(chunk), &mut events).expect("no event is too long");
        }
        parser.finish(&mut events);
        let told = |event: SseEvent| {
            (event.name.map(String::from), String::from_utf8(event.data.to_vec()).expect("UTF-8"))
        };
        events.into_iter().map(told).collect()
    }

    fn data(chunks: &[&[u8]]) -> Vec<String> {
        parse(chunks).into_iter().map(|(_, data)| data).collect()
    }

    #[test]
    fn every_line_end_of_the_standard_ends_a_line() {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("data: 1{end}{end}event: x{end}data: 2{end}data: 3{end}{end}");
            let wanted = vec![(None, "1".into()), (Some("x".into()), "2\n3".into())];
            assert_eq!(parse(&[text.as_bytes()]), wanted, "{end:?}");
        }
    }

    #[test]
    fn other_separators_are_content() {
        let text = "data: a\u{2028}b\u{2029}c\u{85}d\u{b}e\u{c}f\n\n";
        assert_eq!(data(&[text.as_bytes()]), ["a\u{2028}b\u{2029}c\u{85}d\u{b}e\u{c}f"]);
    }

    #[test]
    fn comments_unknown_fields_and_one_byte_order_mark_are_skipped() {
        let text = "\u{feff}: hello\nid: 5\nretry: 10\ndata:no space\ndatax: no\n\n:\n\ndata\n\n";
        assert_eq!(data(&[text.as_bytes()]), ["no space", ""]);
    }

    #[test]
    fn an_event_without_data_is_none() {
        assert_eq!(parse(&[b"event: ping\n\ndata: 1\n\n"]), [(None, "1".into())]);
    }

    #[test]
    fn the_end_of_the_body_closes_an_open_event() {
        assert_eq!(data(&[b"data: 1\n\ndata: 2\n"]), ["1", "2"]);
        assert_eq!(data(&[b"data: 1\n\ndata: 2"]), ["1", "2"]);
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut parser = Parser::default();
        let chunk = Bytes::from(vec![b'x'; 1 << 20]);
        let fed: Vec<_> = (0..40).map(|_| parser.feed(&chunk, &mut Vec::new())).collect();
        assert!(fed.contains(&Err(TooLong)));
    }

    proptest! {
        #[test]
        fn the_cuts_of_the_input_do_not_matter(
            lines in prop::collection::vec("(data: ?|event: |: |id: |)[a-zé\u{2028}日😀 ]{0,6}(\r\n|\r|\n)", 0..12),
            cuts in prop::collection::vec(0usize..200, 0..12),
        ) {
            let text = lines.concat();
            let bytes = text.as_bytes();
            let whole = parse(&[bytes]);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut chunks = Vec::new();
            let mut from = 0;
            for cut in cuts {
                chunks.push(&bytes[from..cut]);
                from = cut;
            }
            chunks.push(&bytes[from..]);
            prop_assert_eq!(parse(&chunks), whole.clone());
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            prop_assert_eq!(parse(&single), whole);
        }
    }
}
