use std::io::Cursor;

use proptest::prelude::*;

use super::*;

fn duration(bytes: Vec<u8>) -> Option<u64> {
    Recording::new(Cursor::new(bytes))?.duration()
}

/// A RIFF chunk, padded to an even length.
fn chunk(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let length = content.len() as u32;
    let padding = vec![0; content.len() % 2];
    [kind, length.to_le_bytes().as_slice(), content, &padding].concat()
}

fn wav(parts: &[Vec<u8>]) -> Vec<u8> {
    [b"RIFF\0\0\0\0WAVE", parts.concat().as_slice()].concat()
}

/// 16 bit, one channel.
fn format(rate: u32) -> Vec<u8> {
    let rates = [rate.to_le_bytes(), (rate * 2).to_le_bytes()].concat();
    chunk(b"fmt ", &[&[1, 0, 1, 0], rates.as_slice(), &[2, 0, 16, 0]].concat())
}

/// An MP4 box.
fn atom(kind: &[u8], content: &[u8]) -> Vec<u8> {
    [(content.len() as u32 + 8).to_be_bytes().as_slice(), kind, content].concat()
}

fn page(granule: i64, payload: &[u8]) -> Vec<u8> {
    let head =
        [b"OggS\0\x02", granule.to_le_bytes().as_slice(), &[0; 12], &[1, payload.len() as u8]].concat();
    [head.as_slice(), payload].concat()
}

/// So many frames of 128 kbit/s at 44.1 kHz.
fn frames(count: usize) -> Vec<u8> {
    [&[0xFF, 0xFB, 0x90, 0x00], [0; 413].as_slice()].concat().repeat(count)
}

#[test]
fn a_wave_file_lasts_as_long_as_its_data_wherever_that_stands() {
    let second = chunk(b"data", &[0; 16_000]);
    assert_eq!(duration(wav(&[format(8000), second.clone()])), Some(1000));
    assert_eq!(
        duration(wav(&[chunk(b"LIST", b"odd"), format(8000), chunk(b"fact", &[0; 4]), second])),
        Some(1000)
    );
    let unfinished = [b"data\xFF\xFF\xFF\xFF".as_slice(), &[0; 8000]].concat();
    assert_eq!(duration(wav(&[format(8000), unfinished])), Some(500));
    assert_eq!(duration(wav(&[format(0), chunk(b"data", &[0; 4])])), None);
    assert_eq!(duration(wav(&[format(8000)])), None);
}

#[test]
fn flac_tells_rate_and_samples() {
    let info = |samples: u64| {
        let packed = 44_100_u64 << 44 | 1 << 41 | 15 << 36 | samples;
        [b"fLaC\x80\0\0\x22".as_slice(), &[0; 10], &packed.to_be_bytes(), &[0; 16]].concat()
    };
    assert_eq!(duration(info(44_100 * 90)), Some(90_000));
    assert_eq!(duration(info(0xF_0000_0000)), Some(1_460_873_230));
    assert_eq!(duration(info(0)), None);
}

#[test]
fn ogg_lasts_to_the_sample_that_its_last_page_ends_with() {
    let vorbis = [b"\x01vorbis\0\0\0\0\x02".as_slice(), &48_000_u32.to_le_bytes(), &[0; 10]].concat();
    let file = [page(0, &vorbis), vec![0; 100_000], page(72_000, b"x"), page(-1, b"x")].concat();
    assert_eq!(duration(file), Some(1500));
    let opus = [b"OpusHead\x01\x02".as_slice(), &4_800_u16.to_le_bytes(), &16_000_u32.to_le_bytes(), &[0; 3]]
        .concat();
    assert_eq!(duration([page(0, &opus), page(52_800, b"x")].concat()), Some(1000));
    assert_eq!(duration(page(9, b"\x80theora")), None);
}

#[test]
fn an_mp4_file_tells_it_in_its_movie_s_header_wherever_that_stands() {
    let start = atom(b"ftyp", b"M4A \0\0\0\0");
    let short = [&[0; 12], 1000_u32.to_be_bytes().as_slice(), &2500_u32.to_be_bytes(), &[0; 80]].concat();
    let movie = atom(b"moov", &[atom(b"udta", b"x"), atom(b"mvhd", &short)].concat());
    assert_eq!(duration([start.clone(), atom(b"mdat", &[0; 5000]), movie.clone()].concat()), Some(2500));
    let long = [&[1], [0; 19].as_slice(), &1000_u32.to_be_bytes(), &9_000_000_000_u64.to_be_bytes()].concat();
    assert_eq!(duration([start.clone(), atom(b"moov", &atom(b"mvhd", &long))].concat()), Some(9_000_000_000));
    let wide = [&1_u32.to_be_bytes(), b"mdat".as_slice(), &20_u64.to_be_bytes(), b"abcd"].concat();
    assert_eq!(duration([start.clone(), wide, movie].concat()), Some(2500));
    for bad in [atom(b"moov", b""), vec![0, 0, 0, 3, b'm', b'o', b'o', b'v'], atom(b"mdat", b"")] {
        assert_eq!(duration([start.clone(), bad].concat()), None);
    }
}

#[test]
fn mpeg_audio_is_counted_where_its_first_frame_counts_it_and_else_measured_by_its_rate() {
    let second = frames(39);
    let exact = second.len() as u64 * 8 / 128;
    assert_eq!(duration(second.clone()).map(|ms| ms.abs_diff(exact) <= 1), Some(true));
    let title = [b"ID3\x04\0\0\0\0\x01\x00".as_slice(), &[7; 128]].concat();
    let tagged = [title, second.clone(), [b"TAG", [0; 125].as_slice()].concat()].concat();
    assert_eq!(duration(tagged), duration(second));
    let mut counted = frames(2);
    counted[36..48].copy_from_slice(b"Xing\0\0\0\x01\0\0\0\x64");
    assert_eq!(duration(counted), Some(100 * 1152 * 1000 / 44_100));
    let mut counted = frames(2);
    counted[36..40].copy_from_slice(b"VBRI");
    counted[50..54].copy_from_slice(&[0, 0, 0, 100]);
    assert_eq!(duration(counted), Some(100 * 1152 * 1000 / 44_100));
    // MPEG 2, layer III, 64 kbit/s at 24 kHz.
    assert_eq!(duration([[0xFF, 0xF3, 0x84, 0xC0].as_slice(), &[0; 7996]].concat()), Some(1000));
    assert_eq!(duration(b"ID3\x04\0\0\x7F\x7F\x7F\x7Fshort".to_vec()), None);
}

#[test]
fn what_is_no_recording_has_no_duration() {
    for bytes in [b"".as_slice(), b"RIFF", b"%PDF-1.7 and more", b"\xFF\xFE\0U\0T\0F\0-\x001\x006\0"] {
        assert_eq!(duration(bytes.to_vec()), None);
    }
    assert_eq!(of(Path::new("/nowhere/a.wav")), None);
}

proptest! {
    #[test]
    fn no_file_makes_it_fail(kind in 0_usize..5, tail in proptest::collection::vec(any::<u8>(), 0..400)) {
        let heads: [&[u8]; 5] = [b"RIFF\0\0\0\0WAVEfmt ", b"fLaC\x80\0\0\x22", b"OggS", b"\0\0\0\x08ftyp\0\0\0\x01moov", b"ID3\x04\0\0\0\0\0\0"];
        let _ = duration([heads[kind], &tail].concat());
    }
}
