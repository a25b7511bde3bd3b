//! Records as a database holds them until somebody reads it: their fields in order, without names, in postcard's form. JSON takes
//! twice the instructions, and most records are never read.
//! The invariant: what is read of a packed record is what its line of JSON says (the test in line.rs).

use std::collections::BTreeMap;

use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::entry::Ms;
use super::worker::{Batch, Records, empty};
use super::{Outcome, Record, Usage};
use crate::observe::{Phase, Times};

/// What a block begins with. Another arrangement of `Entry` is another form, and needs another number.
const FORM: u8 = 1;

/// A block is not begun anew until it has this length: what is copied on its way to the file is kept small enough to stay
/// at hand.
const BLOCK: usize = 1 << 16;

/// Blocks of records that wait to be written.
#[derive(Default)]
pub struct Packed {
    bytes: Vec<u8>,
    /// Where each block begins.
    starts: Vec<usize>,
    count: usize,
    /// When the call of the latest began: milliseconds since 1970.
    pub latest: f64,
}

impl Packed {
    pub fn blocks(&self) -> impl Iterator<Item = &[u8]> {
        let ends = self.starts.iter().skip(1).copied().chain([self.bytes.len()]);
        self.starts.iter().zip(ends).map(|(start, end)| &self.bytes[*start..end])
    }
}

impl Batch for Packed {
    fn count(&self) -> usize {
        self.count
    }

    fn bytes(&self) -> usize {
        self.bytes.len()
    }

    fn clear(&mut self) {
        empty(&mut self.bytes);
        self.starts.clear();
        (self.count, self.latest) = (0, 0.0);
    }
}

impl Records for Packed {
    fn push(&mut self, record: &Record<'_>) {
        let end = self.bytes.len();
        if self.starts.last().is_none_or(|start| end - start >= BLOCK) {
            self.starts.push(end);
            self.bytes.push(FORM);
        }
        postcard::serialize_with_flavor(record.entry, Behind(&mut self.bytes))
            .expect("every field has a form of postcard's");
        self.count += 1;
        self.latest = self.latest.max(record.entry.began);
    }
}

/// Writes behind what is there.
struct Behind<'b>(&'b mut Vec<u8>);

impl Flavor for Behind<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// An `Entry` that was read: the same fields in the same order.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stored<'s> {
    pub id: &'s str,
    pub trace_id: &'s str,
    span_id: &'s str,
    parent_span_id: Option<&'s str>,
    span_name: Option<&'s str>,
    pub began: f64,
    pub endpoint: &'s str,
    pub stream: bool,
    pub outcome: Outcome,
    pub status: Option<u16>,
    code: Option<&'s str>,
    pub provider: &'s str,
    pub target: &'s str,
    path: &'s str,
    pub model: Option<&'s str>,
    answered_by: Option<&'s str>,
    request_id: Option<&'s str>,
    answer_id: Option<&'s str>,
    pub ms: Ms,
    tokens_per_second: Option<f64>,
    pub usage: Option<Usage>,
    pub cost: Option<f64>,
    cache: Option<&'s str>,
    #[serde(borrow)]
    attempts: Vec<Attempt<'s>>,
    #[serde(borrow)]
    changes: Vec<&'s str>,
    #[serde(borrow)]
    failed_hooks: Vec<&'s str>,
    #[serde(borrow)]
    metadata: BTreeMap<&'s str, &'s str>,
    #[serde(borrow)]
    content: Option<Content<'s>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attempt<'s> {
    target: &'s str,
    provider: &'s str,
    url: &'s str,
    status: Option<u16>,
    phase: Phase,
    code: Option<&'s str>,
    retry_reason: Option<&'s str>,
    resent: u32,
    limit: Option<&'s str>,
    ms: Times,
}

#[derive(Serialize, Deserialize)]
struct Content<'s> {
    #[serde(borrow)]
    request: Option<Captured<'s>>,
    #[serde(borrow)]
    answer: Option<Captured<'s>>,
}

/// JSON, which is text where it is packed.
struct Captured<'s>(&'s str);

impl Serialize for Captured<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json: &RawValue = serde_json::from_str(self.0).map_err(serde::ser::Error::custom)?;
        json.serialize(serializer)
    }
}

impl<'de: 's, 's> Deserialize<'de> for Captured<'s> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&str>::deserialize(deserializer).map(Self)
    }
}

impl<'s> Stored<'s> {
    /// The records of a block, each with its JSON. What is no record was written by nobody here: it is left out, with what the
    /// block has behind it.
    pub fn all(block: &'s [u8]) -> impl Iterator<Item = (Self, String)> {
        let mut rest = block.strip_prefix(&[FORM]).unwrap_or_default();
        std::iter::from_fn(move || {
            let (stored, others) = postcard::take_from_bytes::<Self>(rest).ok()?;
            rest = others;
            let json = serde_json::to_string(&stored).ok()?;
            Some((stored, json))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Entry;
    use super::*;

    /// As databases have it: where this changes, `FORM` does, and who reads knows both.
    #[test]
    fn the_form_is_the_one_that_is_in_databases() {
        let attempts = [crate::observe::Attempt {
            target: "t".into(),
            provider: "openai",
            url: "http://h".into(),
            status: Some(200),
            phase: Phase::Done,
            resent: 1,
            ms: Times { total: Some(2.5), ..Times::default() },
            ..Default::default()
        }];
        let entry = Entry {
            id: "0000000003e8a1".into(),
            began: 1_000.5,
            endpoint: "e",
            status: Some(200),
            model: Some("m".into()),
            ms: Ms { first_token: None, total: 2.5 },
            usage: Some(Usage { input: 300, output: 2, ..Usage::default() }),
            attempts: attempts[..].into(),
            changes: vec!["c".into()],
            ..Entry::default()
        };
        let mut packed = Packed::default();
        packed.push(&Record::of(&entry));
        let known = "010e3030303030303030303365386131000000000000000000448f400165000001c8010000000001016d00000000000000000000044\
                     00001ac0202000000000000010174066f70656e616908687474703a2f2f6801c80105000001000000000000010000000000000440\
                     010163000000";
        assert_eq!(crate::clock::digits(&packed.bytes), known);
    }

    #[test]
    fn records_are_cut_into_blocks_between_them() {
        let mut packed = Packed::default();
        assert!(packed.blocks().next().is_none());
        let (ids, path) = (0..3_000_u32, "p".repeat(60));
        for id in ids.clone() {
            let entry = Entry { id: id.to_string().into(), path: path.as_str().into(), ..Entry::default() };
            packed.push(&Record::of(&entry));
        }
        let blocks: Vec<_> = packed.blocks().collect();
        assert_eq!(blocks.len(), packed.bytes.len() / BLOCK + 1);
        let read = |block| Stored::all(block).collect::<Vec<_>>();
        let of_packed: Vec<_> = blocks.iter().flat_map(|block| read(block)).collect();
        assert!(of_packed.iter().map(|(stored, _)| stored.id).eq(ids.map(|id| id.to_string())));

        // Of what is cut off in a record there is what stands before.
        let cut = read(&blocks[0][..1_000]);
        assert!((5..100).contains(&cut.len()), "{}", cut.len());
    }
}
