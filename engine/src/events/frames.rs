//! How a dialect's streamed reply is cut into events, whatever it comes in: server-sent events, JSON values one after the
//! other (in lines or in an array), or AWS's event stream. It doesn't look into what they say.

use bytes::{Buf, Bytes, BytesMut};

use super::trim;
use crate::provider::aws::event_stream::{Decoder, Frame};
use crate::provider::dialect::Framing;
use crate::sse::{LONGEST_EVENT, Parser};

pub enum Frames {
    Sse(Parser),
    Values(Values),
    EventStream(Decoder),
}

/// The bytes can't be cut any further.
pub struct Uncuttable(pub &'static str);

impl Frames {
    /// `is_json`: the host says that it sends JSON.
    pub fn new(framing: Framing, is_json: bool) -> Self {
        match framing {
            Framing::EventStream => Self::EventStream(Decoder::default()),
            Framing::ServerSentEvents if !is_json => Self::Sse(Parser::default()),
            _ => Self::Values(Values::default()),
        }
    }

    /// Takes the next bytes and appends the events that they complete.
    pub fn feed(&mut self, chunk: &Bytes, frames: &mut Vec<Frame>) -> Result<(), Uncuttable> {
        const TOO_LONG: Uncuttable = Uncuttable("an event is too long to be read");
        match self {
            Self::Sse(parser) => {
                let mut events = Vec::new();
                let fed = parser.feed(chunk, &mut events);
                frames.extend(events.into_iter().map(|event| frame(event.name, trim(event.data))));
                fed.map_err(|_| TOO_LONG)
            }
            Self::Values(values) => values.feed(chunk, frames).map_err(|()| TOO_LONG),
            Self::EventStream(decoder) => {
                decoder.feed(chunk, frames).map_err(|_| Uncuttable("the event stream's frames are broken"))
            }
        }
    }

    /// The body has ended: what was left open. False when it was cut inside a frame.
    pub fn finish(&mut self, frames: &mut Vec<Frame>) -> bool {
        match self {
            Self::Sse(parser) => {
                let mut events = Vec::new();
                parser.finish(&mut events);
                // An event that was cut off with the body is no error of its own.
                let whole = events.into_iter().filter(|event| {
                    event.data.trim_ascii() == b"[DONE]"
                        || serde_json::from_slice::<serde::de::IgnoredAny>(&event.data).is_ok()
                });
                frames.extend(whole.map(|event| frame(event.name, trim(event.data))));
                true
            }
            Self::Values(values) => values.open.is_empty(),
            Self::EventStream(decoder) => decoder.is_between_frames(),
        }
    }
}

fn frame(name: Option<Box<str>>, data: Bytes) -> Frame {
    Frame { name, data, exception: false }
}

/// JSON objects one after the other, whatever stands between them: line ends, or an array's brackets and commas.
#[derive(Default)]
pub struct Values {
    /// An object whose end has not come, as far as it was read.
    open: BytesMut,
    read: usize,
    depth: usize,
    quoted: bool,
    escaped: bool,
}

impl Values {
    fn feed(&mut self, chunk: &Bytes, frames: &mut Vec<Frame>) -> Result<(), ()> {
        self.open.extend_from_slice(chunk);
        while let Some(byte) = self.open.get(self.read).copied() {
            self.read += 1;
            if self.quoted {
                self.quoted = self.escaped || byte != b'"';
                self.escaped = !self.escaped && byte == b'\\';
                continue;
            }
            match byte {
                b'"' => self.quoted = self.depth > 0,
                b'{' | b'[' if self.depth > 0 => self.depth += 1,
                b'{' => {
                    self.open.advance(self.read - 1);
                    (self.read, self.depth) = (1, 1);
                }
                b'}' | b']' if self.depth > 1 => self.depth -= 1,
                b'}' if self.depth == 1 => {
                    self.depth = 0;
                    frames.push(frame(None, self.open.split_to(self.read).freeze()));
                    self.read = 0;
                }
                _ => {}
            }
        }
        if self.depth == 0 {
            self.open.clear();
            self.read = 0;
        }
        if self.open.len() > LONGEST_EVENT { Err(()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pieces: &[&[u8]]) -> Vec<String> {
        let mut values = Values::default();
        let mut frames = Vec::new();
        for piece in pieces {
            values.feed(&Bytes::copy_from_slice(piece), &mut frames).expect("short");
        }
        assert!(values.open.is_empty());
        frames.iter().map(|frame| String::from_utf8_lossy(&frame.data).into_owned()).collect()
    }

    #[test]
    fn objects_are_found_in_lines_and_in_an_array_wherever_the_bytes_are_cut() {
        for text in
            ["{\"a\":\"}\\\"{\"}\n{\"b\":[{},[1]]}\r\n", "[{\"a\":\"}\\\"{\"}\n,\n{\"b\":[{},[1]]}\n]\n"]
        {
            let wanted = ["{\"a\":\"}\\\"{\"}", "{\"b\":[{},[1]]}"];
            assert_eq!(values(&[text.as_bytes()]), wanted);
            let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            assert_eq!(values(&bytes), wanted);
        }
    }

    #[test]
    fn an_object_that_was_cut_is_told() {
        let mut frames = Frames::new(Framing::Lines, false);
        let mut cut = Vec::new();
        assert!(frames.feed(&Bytes::from_static(b"{\"a\":1}\n{\"b\""), &mut cut).is_ok());
        assert!(!frames.finish(&mut cut));
        assert_eq!(cut.len(), 1);
    }
}
