//! An answer as it is kept: a body, or the events of a stream in the order and the pieces in which they came.
//! An entry owns its bytes and shares no buffer with what they were read from, so that what it weighs is what it costs.
//! As bytes it carries a version and a checksum over itself and its key: what is cut short, altered, of another version
//! or kept under another key is not read. The checksum is no signature; whoever may write to a store is trusted.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::canonical;
use super::key::Key;
use crate::events::Event;

const VERSION: u8 = 1;
const CHECKSUM: usize = 8;
const WHOLE: u8 = 0;
const EVENTS: u8 = 1;

/// How the absence of a text is written; no text is as long.
const NO_TEXT: u32 = u32::MAX;

#[derive(Clone, Debug)]
pub struct Entry {
    pub status: u16,
    pub content_type: Option<String>,
    pub content: Content,
}

#[derive(Clone, Debug)]
pub enum Content {
    Whole(Bytes),
    Events(Vec<Event>),
}

impl Entry {
    /// Whether an answer with its status may be kept: one that succeeded, and not one that a check found fault with.
    pub fn is_storable(&self) -> bool {
        (200..300).contains(&self.status) && self.status != 246
    }

    /// Its size as bytes.
    pub fn size(&self) -> usize {
        let content = match &self.content {
            Content::Whole(body) => body.len(),
            Content::Events(events) => events.iter().map(size_of_event).sum(),
        };
        1 + CHECKSUM + 2 + 4 + self.content_type.as_ref().map_or(0, String::len) + 1 + content
    }

    /// What it costs to keep it in memory.
    pub fn weight(&self) -> usize {
        let kept = match &self.content {
            Content::Whole(_) => 0,
            Content::Events(events) => events.len() * size_of::<Event>(),
        };
        self.size() + kept + size_of::<Self>()
    }

    pub fn encode(&self, key: &Key) -> Bytes {
        let mut out = BytesMut::with_capacity(self.size());
        out.put_u8(VERSION);
        out.put_bytes(0, CHECKSUM);
        out.put_u16(self.status);
        put_text(&mut out, self.content_type.as_deref());
        match &self.content {
            Content::Whole(body) => {
                out.put_u8(WHOLE);
                out.put_slice(body);
            }
            Content::Events(events) => {
                out.put_u8(EVENTS);
                for event in events {
                    put_text(&mut out, event.name.as_deref());
                    out.put_u32(event.data.len() as u32);
                    out.put_slice(&event.data);
                }
            }
        }
        let sum = checksum(key, &out[1 + CHECKSUM..]);
        out[1..=CHECKSUM].copy_from_slice(&sum);
        out.freeze()
    }

    /// The entry that `encode` made for this key. Its content shares `bytes`.
    pub fn decode(key: &Key, mut bytes: Bytes) -> Option<Self> {
        if bytes.try_get_u8().ok()? != VERSION {
            return None;
        }
        let sum = take(&mut bytes, CHECKSUM)?;
        if sum[..] != checksum(key, &bytes) {
            return None;
        }
        let status = bytes.try_get_u16().ok()?;
        let content_type = take_text(&mut bytes).ok()?;
        let content = match bytes.try_get_u8().ok()? {
            WHOLE => Content::Whole(bytes),
            EVENTS => {
                let mut events = Vec::new();
                while !bytes.is_empty() {
                    let name = take_text(&mut bytes).ok()?.map(String::into_boxed_str);
                    let length = bytes.try_get_u32().ok()? as usize;
                    events.push(Event { name, data: take(&mut bytes, length)? });
                }
                events.shrink_to_fit();
                Content::Events(events)
            }
            _ => return None,
        };
        Some(Self { status, content_type, content }).filter(Self::is_storable)
    }
}

/// There is no text where one should be.
struct Garbled;

/// The events of a stream, noted while they are handed out.
pub struct Recording {
    events: Vec<Event>,
    size: usize,
    limit: usize,
}

impl Recording {
    /// One that gives up at `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { events: Vec::new(), size: 0, limit }
    }

    pub fn note(&mut self, events: &[Event]) {
        if self.size > self.limit {
            return;
        }
        self.size += events.iter().map(size_of_event).sum::<usize>();
        if self.size > self.limit {
            self.events = Vec::new();
        } else {
            self.events.extend_from_slice(events);
        }
    }

    /// The whole stream; `None` when it was too long, or there was nothing in it.
    pub fn finish(self, status: u16, content_type: Option<String>) -> Option<Entry> {
        let content = Content::Events(self.events);
        (self.size > 0 && self.size <= self.limit).then_some(Entry { status, content_type, content })
    }
}

fn size_of_event(event: &Event) -> usize {
    8 + event.name.as_ref().map_or(0, |name| name.len()) + event.data.len()
}

fn checksum(key: &Key, rest: &[u8]) -> [u8; CHECKSUM] {
    let mut hash = canonical::hash();
    hash.update(key.bytes());
    hash.update(rest);
    let digest = canonical::sum(hash);
    let mut sum = [0; CHECKSUM];
    sum.copy_from_slice(&digest[..CHECKSUM]);
    sum
}

fn put_text(out: &mut BytesMut, text: Option<&str>) {
    out.put_u32(text.map_or(NO_TEXT, |text| text.len() as u32));
    out.put_slice(text.unwrap_or_default().as_bytes());
}

fn take_text(bytes: &mut Bytes) -> Result<Option<String>, Garbled> {
    let length = bytes.try_get_u32().map_err(|_| Garbled)?;
    if length == NO_TEXT {
        return Ok(None);
    }
    let text = take(bytes, length as usize).ok_or(Garbled)?;
    String::from_utf8(text.into()).map(Some).map_err(|_| Garbled)
}

fn take(bytes: &mut Bytes, length: usize) -> Option<Bytes> {
    (length <= bytes.len()).then(|| bytes.split_to(length))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::key::{Identity, Tenant};
    use super::*;

    fn key(body: &str) -> Key {
        let tenant = Tenant::of([]);
        let identity = Identity { call: "c", provider: "p", url: "u", socket: None, tenant, manner: "" };
        Key::of(&identity, body.as_bytes()).expect("a body")
    }

    type Facts = (u16, Option<String>, Vec<(Option<String>, Bytes)>);

    /// All of an entry, to be compared.
    fn facts(entry: &Entry) -> Facts {
        let content = match &entry.content {
            Content::Whole(body) => vec![(Some("whole".to_owned()), body.clone())],
            Content::Events(events) => {
                let fact = |event: &Event| (event.name.as_deref().map(str::to_owned), event.data.clone());
                events.iter().map(fact).collect()
            }
        };
        (entry.status, entry.content_type.clone(), content)
    }

    fn entries() -> impl Strategy<Value = Entry> {
        let bytes = || prop::collection::vec(any::<u8>(), 0..40).prop_map(Bytes::from);
        let event = (prop::option::of("[a-zé.]{0,5}"), bytes())
            .prop_map(|(name, data)| Event { name: name.map(String::into_boxed_str), data });
        let content = prop_oneof![
            bytes().prop_map(Content::Whole),
            prop::collection::vec(event, 0..5).prop_map(Content::Events)
        ];
        (200u16..246, prop::option::of(".{0,20}"), content)
            .prop_map(|(status, content_type, content)| Entry { status, content_type, content })
    }

    proptest! {
        #[test]
        fn an_entry_comes_back_as_it_was(entry in entries()) {
            let bytes = entry.encode(&key("1"));
            prop_assert_eq!(bytes.len(), entry.size());
            let read = Entry::decode(&key("1"), bytes).expect("what was written can be read");
            prop_assert_eq!(facts(&read), facts(&entry));
        }

        #[test]
        fn what_is_altered_is_not_read(entry in entries(), at in any::<prop::sample::Index>(), bit in 0..8) {
            let bytes = entry.encode(&key("1"));
            let mut altered = bytes.to_vec();
            let at = at.index(altered.len());
            altered[at] ^= 1u8 << bit;
            prop_assert!(Entry::decode(&key("1"), Bytes::from(altered)).is_none());
            prop_assert!(Entry::decode(&key("1"), bytes.slice(..at)).is_none(), "cut short");
            prop_assert!(Entry::decode(&key("2"), bytes).is_none(), "kept under another key");
        }

        #[test]
        fn what_is_no_entry_is_not_read(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(Entry::decode(&key("1"), Bytes::from(bytes)).is_none());
        }
    }

    #[test]
    fn only_answers_that_succeeded_whole_may_be_kept() {
        for (status, kept) in
            [(200, true), (201, true), (299, true), (246, false), (199, false), (300, false), (500, false)]
        {
            let entry =
                Entry { status, content_type: None, content: Content::Whole(Bytes::from_static(b"{}")) };
            assert_eq!(entry.is_storable(), kept, "{status}");
            assert_eq!(Entry::decode(&key("1"), entry.encode(&key("1"))).is_some(), kept, "{status}");
        }
    }

    #[test]
    fn a_recording_gives_up_at_its_limit() {
        let event = Event { name: None, data: Bytes::from_static(b"0123456789") };
        let mut recording = Recording::new(40);
        recording.note(&[event.clone(), event.clone()]);
        let entry =
            recording.finish(200, Some("text/event-stream".to_owned())).expect("36 bytes are few enough");
        assert_eq!(facts(&entry).2.len(), 2);

        let mut recording = Recording::new(40);
        recording.note(&[event.clone(), event.clone()]);
        recording.note(std::slice::from_ref(&event));
        recording.note(&[event]);
        assert!(recording.finish(200, None).is_none());
        assert!(Recording::new(40).finish(200, None).is_none());
    }
}
