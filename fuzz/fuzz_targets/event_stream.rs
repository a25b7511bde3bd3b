//! AWS's event streams: the same wherever the bytes are cut, with hostile bytes as they are and, so that the checksums keep
//! nothing out, in frames whose lengths and checksums are right.
#![no_main]

use bytes::Bytes;
use engine::fuzzing::{Frame, FrameDecoder};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((seed, rest)) = data.split_first() else { return };
    let is_framed = seed % 2 == 0;
    let stream = if is_framed { framed(rest) } else { rest.to_vec() };
    let [whole, others @ ..] = pieces::cuttings(&stream, *seed);
    let wanted = read(&whole);
    for pieces in others {
        assert_eq!(read(&pieces), wanted);
    }
    let (frames, is_broken, is_between) = wanted;
    let held: usize = frames.iter().map(|frame| frame.data.len()).sum();
    // An error's text from a header becomes JSON, where a byte may take six.
    assert!(held <= 6 * stream.len() + 16 * frames.len());
    assert!(!is_framed || is_broken || is_between, "whole frames are read whole");
});

/// The frames, whether something was wrong with the bytes, and whether they end with a frame.
fn read(pieces: &[Bytes]) -> (Vec<Frame>, bool, bool) {
    let mut decoder = FrameDecoder::default();
    let mut frames = Vec::new();
    for piece in pieces {
        if decoder.feed(piece, &mut frames).is_err() {
            return (frames, true, false);
        }
    }
    let is_between = decoder.is_between_frames();
    (frames, false, is_between)
}

/// Frames whose headers and payload are pieces of `rest`: two bytes say how long each is.
fn framed(mut rest: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    while let [headers, payload, after @ ..] = rest {
        let (headers, after) = after.split_at(after.len().min(usize::from(*headers)));
        let (payload, after) = after.split_at(after.len().min(usize::from(*payload)));
        rest = after;
        let length = |bytes: usize| u32::try_from(bytes).expect("a short frame").to_be_bytes();
        let start = stream.len();
        stream.extend(length(16 + headers.len() + payload.len()));
        stream.extend(length(headers.len()));
        stream.extend(checksum(&stream[start..]).to_be_bytes());
        stream.extend_from_slice(headers);
        stream.extend_from_slice(payload);
        stream.extend(checksum(&stream[start..]).to_be_bytes());
    }
    stream
}

/// CRC-32 as in IEEE 802.3.
fn checksum(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}
