//! Streams of JSON objects, in lines or in an array: the same wherever the bytes are cut, and of good JSON exactly its objects.
#![no_main]

use bytes::Bytes;
use engine::fuzzing::{Frames, json_values};
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

fuzz_target!(|data: &[u8]| {
    let Some((seed, stream)) = data.split_first() else { return };
    let [whole, others @ ..] = pieces::cuttings(stream, *seed);
    let (found, is_whole) = read(&whole);
    for pieces in others {
        assert_eq!(read(&pieces), (found.clone(), is_whole));
    }
    assert!(found.iter().map(Bytes::len).sum::<usize>() <= stream.len());
    assert!(found.iter().all(|value| value.starts_with(b"{") && value.ends_with(b"}")));
    if let Some(wanted) = objects(stream) {
        assert_eq!(found, wanted);
        assert!(is_whole);
    }
});

/// The objects, and whether the bytes end between two.
fn read(pieces: &[Bytes]) -> (Vec<Bytes>, bool) {
    let mut frames: Frames = json_values();
    let mut found = Vec::new();
    for piece in pieces {
        assert!(frames.feed(piece, &mut found).is_ok(), "no input is as long as the longest event");
    }
    let is_whole = frames.finish(&mut found);
    (found.into_iter().map(|frame| frame.data).collect(), is_whole)
}

/// The objects of a text that is objects and blanks, or one array of objects.
fn objects(stream: &[u8]) -> Option<Vec<Bytes>> {
    let values: Vec<Box<RawValue>> = match serde_json::from_slice(stream) {
        Ok(values) => values,
        Err(_) => serde_json::Deserializer::from_slice(stream).into_iter().collect::<Result<_, _>>().ok()?,
    };
    let texts = values.iter().map(|value| value.get().as_bytes());
    texts.map(|text| text.starts_with(b"{").then(|| Bytes::copy_from_slice(text))).collect()
}
