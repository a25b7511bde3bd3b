//! Event streams (`application/vnd.amazon.eventstream`) on bytes: input may be cut anywhere, both checksums of a frame
//! are verified, and a frame is handed over when it is whole. It doesn't look into the payload.

use aws_smithy_eventstream::frame::read_message_from;
use aws_smithy_types::event_stream::Message;
use bytes::{Bytes, BytesMut};

use crate::provider::dialect::WireEvent;

/// A frame longer than this is refused: AWS allows 16 MiB of payload and 128 KiB of headers.
const LONGEST_FRAME: usize = (16 << 20) + (128 << 10) + 16;

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// `:event-type`, `:exception-type` or `:error-code`.
    pub name: Option<Box<str>>,
    pub data: Bytes,
    /// Its `:message-type` is exception or error.
    pub exception: bool,
}

impl Frame {
    pub fn event(&self) -> WireEvent<'_> {
        WireEvent { name: self.name.as_deref(), data: &self.data, exception: self.exception }
    }

    fn new(message: &Message) -> Self {
        let header = |name: &str| {
            let found = message.headers().iter().find(|header| header.name().as_str() == name)?;
            found.value().as_string().ok().map(aws_smithy_types::str_bytes::StrBytes::as_str)
        };
        let exception = matches!(header(":message-type"), Some("exception" | "error"));
        let names =
            if exception { [":exception-type", ":error-code"] } else { [":event-type", ":event-type"] };
        let name = names.into_iter().find_map(header).map(Box::from);
        let data = match header(":error-message") {
            // An error of the framing itself has its text in a header.
            Some(text) if message.payload().is_empty() => {
                Bytes::from(serde_json::json!({ "message": text }).to_string())
            }
            _ => message.payload().clone(),
        };
        Self { name, data, exception }
    }
}

/// A frame is longer than may be, its checksums are wrong, or its headers can't be read.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken;

/// Reads one event stream.
#[derive(Default)]
pub struct Decoder {
    open: BytesMut,
}

impl Decoder {
    /// Takes the next bytes and appends the frames that they complete. After an error nothing more can be read.
    pub fn feed(&mut self, chunk: &[u8], frames: &mut Vec<Frame>) -> Result<(), Broken> {
        self.open.extend_from_slice(chunk);
        while let Some(prefix) = self.open.first_chunk::<4>() {
            let length = u32::from_be_bytes(*prefix) as usize;
            if !(16..=LONGEST_FRAME).contains(&length) {
                return Err(Broken);
            }
            if self.open.len() < length {
                self.open.reserve(length - self.open.len());
                break;
            }
            let message = read_message_from(self.open.split_to(length).freeze()).map_err(|_| Broken)?;
            frames.push(Frame::new(&message));
        }
        Ok(())
    }

    /// Whether the bytes so far end with a frame's end. Where the body ends otherwise, it was cut.
    pub fn is_between_frames(&self) -> bool {
        self.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_eventstream::frame::write_message_to;
    use aws_smithy_types::event_stream::{Header, HeaderValue};
    use proptest::prelude::*;

    fn message(headers: &[(&str, &str)], payload: &str) -> Vec<u8> {
        let mut message = Message::new(Bytes::copy_from_slice(payload.as_bytes()));
        for (name, value) in headers {
            let value = HeaderValue::String((*value).to_owned().into());
            message = message.add_header(Header::new((*name).to_owned(), value));
        }
        let mut bytes = Vec::new();
        write_message_to(&message, &mut bytes).expect("written");
        bytes
    }

    fn event(name: &str, payload: &str) -> Vec<u8> {
        message(&[(":event-type", name), (":message-type", "event")], payload)
    }

    fn decode<'c>(chunks: impl IntoIterator<Item = &'c [u8]>) -> Result<(Vec<Frame>, bool), Broken> {
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        for chunk in chunks {
            decoder.feed(chunk, &mut frames)?;
        }
        Ok((frames, decoder.is_between_frames()))
    }

    fn frame(name: &str, data: &str, exception: bool) -> Frame {
        Frame { name: Some(name.into()), data: Bytes::copy_from_slice(data.as_bytes()), exception }
    }

    #[test]
    fn a_stream_reads_the_same_wherever_it_is_cut() {
        let bytes = [event("a", r#"{"n":1}"#), event("b", ""), event("c", "é")].concat();
        let frames = vec![frame("a", r#"{"n":1}"#, false), frame("b", "", false), frame("c", "é", false)];
        let wanted = (frames, true);
        for cut in 0..=bytes.len() {
            assert_eq!(decode([&bytes[..cut], &bytes[cut..]]), Ok(wanted.clone()), "cut at {cut}");
        }
        assert_eq!(decode(bytes.chunks(1)), Ok(wanted));
    }

    #[test]
    fn exceptions_and_errors_are_told_from_events() {
        let exception = [(":message-type", "exception"), (":exception-type", "throttlingException")];
        let error =
            [(":message-type", "error"), (":error-code", "BadFrame"), (":error-message", "no \"more\"")];
        let bytes = [message(&exception, r#"{"message":"slow"}"#), message(&error, "")].concat();
        let (frames, _) = decode([&bytes[..]]).expect("whole");
        let wanted = [
            frame("throttlingException", r#"{"message":"slow"}"#, true),
            frame("BadFrame", r#"{"message":"no \"more\""}"#, true),
        ];
        assert_eq!(frames, wanted);
    }

    #[test]
    fn a_wrong_byte_anywhere_is_noticed() {
        let bytes = event("a", r#"{"n":1}"#);
        for at in 0..bytes.len() {
            let mut wrong = bytes.clone();
            wrong[at] ^= 0x10;
            let read = decode([&wrong[..]]);
            assert!(!matches!(read, Ok((_, true))), "byte {at}");
        }
    }

    #[test]
    fn a_frame_that_would_fill_the_memory_is_refused() {
        assert_eq!(decode([&[0xff; 4][..]]), Err(Broken));
        assert_eq!(decode([&[0, 0, 0, 15][..]]), Err(Broken));
    }

    #[test]
    fn a_body_that_ends_inside_a_frame_was_cut() {
        let bytes = event("a", "{}");
        let (frames, between) = decode([&bytes[..bytes.len() - 1]]).expect("no fault so far");
        assert!(frames.is_empty() && !between);
    }

    proptest! {
        #[test]
        fn any_cuts_give_the_same_frames(
            payloads in prop::collection::vec(".{0,40}", 1..6),
            cuts in prop::collection::vec(0usize..600, 0..12),
        ) {
            let bytes: Vec<u8> = payloads.iter().flat_map(|payload| event("e", payload)).collect();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut chunks = Vec::new();
            let mut from = 0;
            for cut in cuts {
                chunks.push(&bytes[from..cut]);
                from = cut;
            }
            chunks.push(&bytes[from..]);
            let (frames, between) = decode(chunks).expect("whole");
            prop_assert!(between);
            let read: Vec<&[u8]> = frames.iter().map(|frame| &frame.data[..]).collect();
            let wanted: Vec<&[u8]> = payloads.iter().map(String::as_bytes).collect();
            prop_assert_eq!(read, wanted);
        }
    }
}
