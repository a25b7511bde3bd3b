//! Questions that mean the same. A chat's last user text may differ in its words; everything else of the call, the
//! other messages, every parameter, where it goes and for whom, must be the same to the letter: that is a partition.
//! Within one, the text whose vector is nearest is taken if it is near enough and `guard.rs` finds no difference.
//! Vectors live in this process alone; they are few and bounded, and are forgotten with the answers they lead to.

use std::sync::{Arc, Mutex, PoisonError};

use hashlink::LinkedHashMap;

use super::canonical::{Digest, Node};
use super::guard::Facts;
use super::key::{Identity, Key};

/// So long may a conversation be, as on the hosted platform: a longer one turns on more than its last text.
const MOST_MESSAGES: usize = 4;

/// Longer texts than embedding models read (8191 tokens of four bytes): what is past their end would not be compared.
const LONGEST_TEXT: usize = 8191 * 4;

/// So many questions of a partition are kept, the newest.
const MOST_POINTS: usize = 256;

/// The bytes of all vectors together.
const MOST_BYTES: u64 = 16 << 20;

/// A call that may be answered with the answer to another that means the same.
pub struct Subject {
    /// The user's text: what is to be embedded.
    pub text: String,
    masked: Digest,
    facts: Facts,
}

impl Subject {
    /// `None` for a call that is only ever the same as itself: no chat, too long, or what the user says is no plain text.
    pub fn of(body: &[u8]) -> Option<Self> {
        let mut body = Node::read(body)?;
        let Node::List(messages) = body.get_mut("messages")? else { return None };
        if messages.len() > MOST_MESSAGES {
            return None;
        }
        let is_user = |message: &&mut Node<'_>| message.get("role").and_then(Node::text) == Some("user");
        let content = messages.iter_mut().rfind(is_user)?.get_mut("content")?;
        let text =
            content.text().filter(|text| !text.trim().is_empty() && text.len() <= LONGEST_TEXT)?.to_owned();
        *content = Node::Hole;
        Some(Self { masked: body.digest(), facts: Facts::of(&text), text })
    }

    /// The place of this subject, once its text's vector is known. `None` when that is no direction.
    /// `embedder` is whatever decides what a vector means: the URL and the model that made it.
    pub fn place(self, identity: &Identity<'_>, embedder: &str, vector: &[f32]) -> Option<Place> {
        let partition = Key::partition(identity, &self.masked, embedder);
        Some(Place { partition, vector: normalised(vector)?, facts: self.facts })
    }
}

/// Where a question lies.
#[derive(Clone)]
pub struct Place {
    partition: Key,
    /// Of length 1.
    vector: Arc<[f32]>,
    facts: Facts,
}

/// A question that means the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Similar {
    /// What its answer is kept under.
    pub key: Key,
    /// The cosine of the two vectors.
    pub score: f32,
}

struct Point {
    place: Place,
    key: Key,
}

/// The questions whose answers are kept; the partition that was used longest ago makes room.
#[derive(Default)]
pub struct Index(Mutex<Partitions>);

#[derive(Default)]
struct Partitions {
    /// Those used last stand last.
    points: LinkedHashMap<Key, Arc<Vec<Arc<Point>>>>,
    bytes: u64,
}

impl Index {
    pub fn new() -> Self {
        Self::default()
    }

    /// The nearest question, if its cosine is `threshold` or more and the guard finds no difference.
    pub fn find(&self, place: &Place, threshold: f32) -> Option<Similar> {
        // A clone, so that others need not wait while it is searched.
        let points =
            self.0.lock().unwrap_or_else(PoisonError::into_inner).points.to_back(&place.partition)?.clone();
        let scored = points
            .iter()
            .filter_map(|point| point.score(place, threshold).map(|score| Similar { key: point.key, score }));
        scored.max_by(|one, other| one.score.total_cmp(&other.score))
    }

    /// Adds a question whose answer is kept under `key`. An earlier one with that key goes, and with `replacing` each that
    /// would be found for it at that threshold.
    pub fn add(&self, place: Place, key: Key, replacing: Option<f32>) {
        let partition = place.partition;
        let point = Arc::new(Point { place, key });
        let stays = |earlier: &Point| {
            let replaced =
                replacing.is_some_and(|threshold| earlier.score(&point.place, threshold).is_some());
            earlier.key != key && !replaced
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).change(partition, |held| {
            let mut points = those(held, stays);
            if points.len() >= MOST_POINTS {
                points.remove(0);
            }
            points.push(point.clone());
            points
        });
    }

    /// Takes out a question whose answer is gone.
    pub fn forget(&self, place: &Place, key: &Key) {
        let stays = |point: &Point| point.key != *key;
        let mut partitions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        partitions.change(place.partition, |held| those(held, stays));
    }
}

impl Partitions {
    fn change(&mut self, partition: Key, change: impl FnOnce(&[Arc<Point>]) -> Vec<Arc<Point>>) {
        let held = self.points.remove(&partition).unwrap_or_default();
        let points = change(&held);
        self.bytes -= weight(&held);
        self.bytes += weight(&points);
        if !points.is_empty() {
            self.points.insert(partition, Arc::new(points));
        }
        while self.bytes > MOST_BYTES {
            let Some((_, oldest)) = self.points.pop_front() else { break };
            self.bytes -= weight(&oldest);
        }
    }
}

fn weight(points: &[Arc<Point>]) -> u64 {
    points.iter().map(|point| point.weight() as u64).sum()
}

impl Point {
    /// How near it is to `place`; `None` when it is not near enough or the guard finds a difference.
    fn score(&self, place: &Place, threshold: f32) -> Option<f32> {
        let score = cosine(&self.place.vector, &place.vector).filter(|score| *score >= threshold)?;
        (self.place.facts == place.facts).then_some(score)
    }

    fn weight(&self) -> usize {
        size_of::<Self>()
            + size_of::<Arc<Self>>()
            + size_of::<Key>()
            + size_of_val(&*self.place.vector)
            + self.place.facts.weight()
    }
}

fn those(points: &[Arc<Point>], stay: impl Fn(&Point) -> bool) -> Vec<Arc<Point>> {
    points.iter().filter(|point| stay(point)).cloned().collect()
}

/// The vector with length 1; `None` when it has none.
fn normalised(vector: &[f32]) -> Option<Arc<[f32]>> {
    let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    (length.is_normal()).then(|| vector.iter().map(|x| (f64::from(*x) / length) as f32).collect())
}

/// Of two vectors of length 1; `None` when they have different dimensions.
fn cosine(one: &[f32], other: &[f32]) -> Option<f32> {
    /// Sums side by side, which the processor adds at once.
    const LANES: usize = 8;
    if one.len() != other.len() {
        return None;
    }
    let mut sums = [0.0; LANES];
    for (one, other) in one.chunks(LANES).zip(other.chunks(LANES)) {
        for (sum, (x, y)) in sums.iter_mut().zip(one.iter().zip(other)) {
            *sum += x * y;
        }
    }
    Some(sums.iter().sum::<f32>().min(1.0))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::key::Tenant;
    use super::*;

    fn identity() -> Identity<'static> {
        let tenant = Tenant::of([("authorization", &b"a"[..])]);
        Identity {
            call: "chat.completions.create",
            provider: "openai",
            url: "https://h/v1",
            socket: None,
            tenant,
            manner: "",
        }
    }

    fn subject(body: &Value) -> Subject {
        Subject::of(body.to_string().as_bytes()).expect("a subject")
    }

    fn asking(text: &str) -> Value {
        json!({ "model": "m", "messages": [{ "role": "system", "content": "s" }, { "role": "user", "content": text }] })
    }

    fn place(text: &str, vector: &[f32]) -> Place {
        subject(&asking(text)).place(&identity(), "e", vector).expect("a direction")
    }

    fn key(number: u64) -> Key {
        Key::of(&identity(), number.to_string().as_bytes()).expect("a body")
    }

    fn found(index: &Index, place: &Place) -> Option<Key> {
        index.find(place, 0.95).map(|similar| similar.key)
    }

    #[test]
    fn a_subject_is_the_last_user_text_of_a_short_chat() {
        assert_eq!(subject(&asking("How are you?")).text, "How are you?");
        let after = json!({ "messages": [{ "role": "user", "content": "q" }, { "role": "assistant", "content": "a" }] });
        assert_eq!(subject(&after).text, "q");
        let message = json!({ "role": "user", "content": "q" });
        for body in [
            json!({ "prompt": "q" }),
            json!({ "messages": [] }),
            json!({ "messages": "q" }),
            json!({ "messages": [{ "role": "system", "content": "q" }] }),
            json!({ "messages": [{ "role": "user", "content": [{ "type": "text", "text": "q" }] }] }),
            json!({ "messages": [{ "role": "user", "content": " \n" }] }),
            json!({ "messages": [{ "role": "user" }] }),
            json!({ "messages": [{ "role": "user", "content": "q".repeat(LONGEST_TEXT + 1) }] }),
            json!({ "messages": [message, message, message, message, message] }),
        ] {
            assert!(Subject::of(body.to_string().as_bytes()).is_none(), "{body:.80}");
        }
        assert!(Subject::of(br#"{"messages":[{"role":"user","content":"q"}],"n":1,"n":2}"#).is_none());
    }

    #[test]
    fn only_the_last_user_text_may_differ_within_a_partition() {
        let partition =
            |body: &Value| subject(body).place(&identity(), "e", &[1.0]).expect("a direction").partition;
        let plain = asking("q");
        assert_eq!(partition(&asking("another")), partition(&plain));
        let mut others = vec![plain.clone(); 5];
        others[0]["model"] = json!("n");
        others[1]["temperature"] = json!(0);
        others[2]["messages"][0]["content"] = json!("t");
        others[3]["messages"][1]["name"] = json!("me");
        others[4]["messages"] = json!([{ "role": "user", "content": "q" }]);
        for other in &others {
            assert_ne!(partition(other), partition(&plain), "{other}");
        }
        let elsewhere = subject(&plain).place(&identity(), "f", &[1.0]).expect("a direction").partition;
        assert_ne!(elsewhere, partition(&plain), "vectors of another model");
        let tenant = Tenant::of([("authorization", &b"b"[..])]);
        let other = subject(&plain).place(&Identity { tenant, ..identity() }, "e", &[1.0]);
        assert_ne!(other.expect("a direction").partition, partition(&plain), "another tenant");
    }

    #[test]
    fn the_nearest_question_is_found_if_it_is_near_enough() {
        let index = Index::new();
        assert_eq!(found(&index, &place("q", &[1.0, 0.0])), None);
        index.add(place("q", &[2.0, 0.0]), key(1), None);
        index.add(place("r", &[1.0, 0.2]), key(2), None);
        index.add(place("s", &[0.0, 1.0]), key(3), None);
        let near = index.find(&place("t", &[10.0, 0.1]), 0.95).expect("one is near");
        assert_eq!(near.key, key(1));
        assert!((near.score - 0.999_95).abs() < 1e-5, "{}", near.score);
        assert_eq!(found(&index, &place("t", &[1.0, 0.19])), Some(key(2)));
        assert_eq!(found(&index, &place("t", &[1.0, 1.0])), None);
        assert_eq!(found(&index, &place("t", &[-1.0, 0.0])), None);
        assert_eq!(index.find(&place("t", &[1.0, 0.0]), 1.0).map(|similar| similar.key), Some(key(1)));
    }

    #[test]
    fn the_guard_refuses_however_near_a_question_is() {
        let index = Index::new();
        index.add(place("refund order 17", &[1.0, 0.0]), key(1), None);
        assert_eq!(found(&index, &place("refund order 71", &[1.0, 0.0])), None);
        assert_eq!(found(&index, &place("do not refund order 17", &[1.0, 0.0])), None);
        assert_eq!(found(&index, &place("please refund order 17", &[1.0, 0.0])), Some(key(1)));
    }

    #[test]
    fn a_vector_without_direction_or_of_another_dimension_matches_nothing() {
        let index = Index::new();
        index.add(place("q", &[1.0, 0.0]), key(1), None);
        assert_eq!(found(&index, &place("q", &[1.0])), None);
        for vector in [&[][..], &[0.0, 0.0], &[f32::NAN, 1.0], &[f32::INFINITY, 0.0]] {
            assert!(subject(&asking("q")).place(&identity(), "e", vector).is_none(), "{vector:?}");
        }
    }

    #[test]
    fn cosines_of_any_dimension_are_right() {
        for dimensions in 1..40 {
            let one: Vec<f32> = (0..dimensions).map(|x| x as f32 + 1.0).collect();
            let other: Vec<f32> = (0..dimensions).map(|x| (x % 3) as f32 - 1.0).collect();
            let exact: f64 = one.iter().zip(&other).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
            let length = |v: &[f32]| v.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
            let wanted = exact / length(&one) / length(&other);
            let (one, other) =
                (normalised(&one).expect("a direction"), normalised(&other).expect("a direction"));
            let got = f64::from(cosine(&one, &other).expect("one dimension"));
            assert!((got - wanted).abs() < 1e-5, "{dimensions}: {got} {wanted}");
        }
    }

    #[test]
    fn the_newest_questions_of_a_partition_are_kept_each_once() {
        let index = Index::new();
        let angle = |number: usize| [(number as f32 / 100.0).cos(), (number as f32 / 100.0).sin()];
        for number in 0..=MOST_POINTS {
            index.add(place("q", &angle(number)), key(number as u64), None);
        }
        let exactly = |number| index.find(&place("q", &angle(number)), 0.999_999).map(|similar| similar.key);
        assert_eq!(exactly(0), None, "the oldest made room");
        assert_eq!(exactly(1), Some(key(1)));
        assert_eq!(exactly(MOST_POINTS), Some(key(MOST_POINTS as u64)));

        index.add(place("q", &angle(1)), key(2), None);
        assert_eq!(exactly(2), None, "it has moved");
        index.forget(&place("q", &angle(9)), &key(9));
        assert_eq!(exactly(9), None);
    }

    #[test]
    fn a_refresh_takes_the_place_of_all_that_are_near() {
        let index = Index::new();
        index.add(place("q", &[1.0, 0.0]), key(1), None);
        index.add(place("r", &[1.0, 0.1]), key(2), None);
        index.add(place("r 2", &[1.0, 0.1]), key(3), None);
        index.add(place("s", &[0.0, 1.0]), key(4), None);
        index.add(place("t", &[1.0, 0.05]), key(5), Some(0.95));
        assert_eq!(found(&index, &place("q", &[1.0, 0.0])), Some(key(5)));
        assert_eq!(found(&index, &place("r", &[1.0, 0.1])), Some(key(5)));
        assert_eq!(found(&index, &place("r 2", &[1.0, 0.1])), Some(key(3)));
        assert_eq!(found(&index, &place("s", &[0.0, 1.0])), Some(key(4)));
    }

    #[test]
    fn all_vectors_together_stay_within_their_bytes() {
        let index = Index::new();
        let vector = vec![1.0; 100_000];
        for number in 0..100 {
            let mut body = asking("q");
            body["seed"] = json!(number);
            let place = subject(&body).place(&identity(), "e", &vector).expect("a direction");
            index.add(place, key(number), None);
            assert!(index.0.lock().expect("no panic").bytes <= MOST_BYTES);
        }
        let partitions = index.0.lock().expect("no panic");
        assert!(partitions.points.len() >= 30, "{}", partitions.points.len());
        let all: u64 = partitions.points.values().map(|points| weight(points)).sum();
        assert_eq!(partitions.bytes, all);
    }
}
