//! Which bytes of a text JSON escapes: quotes, backslashes and control characters (RFC 8259 §7).

/// Where the first of them is. Eight bytes are looked at in one.
pub fn first_escaped(text: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 0xff;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let (words, rest) = text.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let quote = zero(word ^ (ONES * u64::from(b'"')));
        let backslash = zero(word ^ (ONES * u64::from(b'\\')));
        // A byte's highest bit tells; a borrow can only set one that stands above the first that is told.
        let told = (control | quote | backslash) & (ONES * 0x80);
        if told != 0 {
            return Some(at * 8 + told.trailing_zeros() as usize / 8);
        }
    }
    let is_escaped = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
    rest.iter().position(is_escaped).map(|at| words.len() * 8 + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_that_json_writes_otherwise_is_found_wherever_it_stands() {
        for place in 0..20 {
            for byte in 0..=127_u8 {
                let mut text = [b'a'; 20];
                text[place] = byte;
                let text = std::str::from_utf8(&text).expect("ASCII");
                let is_same = serde_json::to_string(text).expect("JSON").len() == 22;
                let wanted = (!is_same).then_some(place);
                assert_eq!(first_escaped(text.as_bytes()), wanted, "{byte} at {place}");
            }
        }
        assert_eq!(first_escaped("déjà vu: 日本語".as_bytes()), None);
        assert_eq!(first_escaped(b""), None);
    }
}
