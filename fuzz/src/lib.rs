//! Input in pieces, as a network brings it: what is read must not depend on where it is cut.

use bytes::Bytes;

/// `input` whole, byte by byte, and cut as `seed` says: each must be read alike.
pub fn cuttings(input: &[u8], seed: u8) -> [Vec<Bytes>; 3] {
    let whole = vec![Bytes::copy_from_slice(input)];
    let single = input.chunks(1).map(Bytes::copy_from_slice).collect();
    [whole, single, cut(input, seed)]
}

/// Pieces of 0 to 31 bytes, whose sizes follow from `seed`.
fn cut(mut rest: &[u8], seed: u8) -> Vec<Bytes> {
    let mut state = u32::from(seed) | 0x100;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (piece, after) = rest.split_at(rest.len().min((state >> 27) as usize));
        pieces.push(Bytes::copy_from_slice(piece));
        rest = after;
    }
    pieces
}
