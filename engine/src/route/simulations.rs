//! The strategies at work over many calls: replicas with slots, queues and prefix caches, in virtual time and with seeded
//! chance, for several seeds.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use serde_json::{Value, json};

use super::affinity;
use super::key::Fields;
use super::least_inflight;
use super::loadbalance::draw;
use crate::config::Reader;

const SEEDS: std::ops::Range<u64> = 0..8;
const REPLICAS: usize = 4;
/// What a replica works at together; further calls queue.
const SLOTS: usize = 4;

/// Seeded chance, in `[0, 1)`.
struct Chance(fastrand::Rng);

impl Chance {
    fn seeded(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    fn next(&mut self) -> f64 {
        self.0.f64()
    }

    /// A time around `mean`, half of it to half as much again, in whole microseconds.
    fn around(&mut self, mean: u64) -> u64 {
        (mean as f64 * (0.5 + self.next())) as u64
    }
}

/// A call under way: who made it, and when.
type Call = (usize, u64);

/// A server with a few slots and a queue.
#[derive(Clone)]
struct Replica {
    service: u64,
    busy: usize,
    queue: VecDeque<Call>,
}

impl Replica {
    fn new(service: u64) -> Self {
        Self { service, busy: 0, queue: VecDeque::new() }
    }

    fn in_flight(&self) -> usize {
        self.busy + self.queue.len()
    }
}

/// Replicas and the times at which their work is done.
struct World {
    now: u64,
    replicas: Vec<Replica>,
    /// When what happens: a call is done at a replica, or (without one) somebody makes a call.
    events: BinaryHeap<Reverse<(u64, Option<usize>, Call)>>,
}

impl World {
    fn new(replicas: Vec<Replica>) -> Self {
        Self { now: 0, replicas, events: BinaryHeap::new() }
    }

    fn send(&mut self, to: usize, call: Call, chance: &mut Chance) {
        let replica = &mut self.replicas[to];
        if replica.busy == SLOTS {
            replica.queue.push_back(call);
        } else {
            replica.busy += 1;
            self.events.push(Reverse((self.now + chance.around(replica.service), Some(to), call)));
        }
    }

    /// Goes on to what happens next.
    fn step(&mut self, chance: &mut Chance) -> Option<(Option<usize>, Call)> {
        let Reverse((at, place, call)) = self.events.pop()?;
        self.now = at;
        if let Some(place) = place {
            self.replicas[place].busy -= 1;
            if let Some(next) = self.replicas[place].queue.pop_front() {
                self.send(place, next, chance);
            }
        }
        Some((place, call))
    }
}

/// The 95th percentile of the latencies of calls in a closed loop of 64, over 4 replicas of which one is 5 times slower.
fn closed_loop(seed: u64, mut choose: impl FnMut(&[Replica], &mut Chance) -> usize) -> u64 {
    const CALLS: usize = 20_000;
    let mut chance = Chance::seeded(seed);
    let mut replicas = vec![Replica::new(100_000); REPLICAS];
    replicas[1].service *= 5;
    let mut world = World::new(replicas);
    for caller in 0..64 {
        let to = choose(&world.replicas, &mut chance);
        world.send(to, (caller, 0), &mut chance);
    }
    let mut latencies = Vec::with_capacity(CALLS);
    while latencies.len() < CALLS {
        let Some((_, (caller, began))) = world.step(&mut chance) else { break };
        latencies.push(world.now - began);
        let to = choose(&world.replicas, &mut chance);
        let call = (caller, world.now);
        world.send(to, call, &mut chance);
    }
    latencies.sort_unstable();
    latencies[CALLS * 95 / 100]
}

#[test]
fn beside_a_slow_replica_least_in_flight_has_at_most_half_of_random_s_p95() {
    for seed in SEEDS {
        let random = closed_loop(seed, |replicas, chance| draw(replicas.iter().map(|_| 1.0), chance.next()));
        let least = closed_loop(seed, |replicas, chance| {
            let candidates: Vec<least_inflight::Candidate> = replicas
                .iter()
                .map(|replica| least_inflight::Candidate { weight: 1.0, in_flight: replica.in_flight() })
                .collect();
            least_inflight::choose(&candidates, || chance.next())
        });
        assert!(least * 2 <= random, "seed {seed}: {least} µs of {random} µs");
    }
}

const SESSIONS: usize = 64;
const TURNS: usize = 12;
/// How many conversations a replica's prefix cache holds: half as many again as are its share.
const CACHED: usize = 24;
/// The default.
const SPILL: f64 = 0.5;

/// A conversation: what it says of itself, and all that was said in it.
struct Session {
    id: String,
    turn: usize,
    messages: String,
}

impl Session {
    fn new(seed: u64, number: usize) -> Self {
        let id = format!("session-{seed}-{number}");
        let system = json!({"role": "system", "content": "You answer questions about the law of the sea."});
        let question = json!({"role": "user", "content": format!("The first question of {id}")});
        Self { messages: format!("{system},{question}"), id, turn: 0 }
    }

    fn is_answered(&mut self) {
        self.turn += 1;
        let answer = r#"{"role":"assistant","content":"It depends."}"#;
        let question = r#"{"role":"user","content":"On what?"}"#;
        self.messages = format!("{},{answer},{question}", self.messages);
    }

    fn body(&self) -> String {
        format!(r#"{{"model":"m","messages":[{}]}}"#, self.messages)
    }

    fn key(&self, fields: &Fields) -> u64 {
        let metadata = BTreeMap::from([("session".to_owned(), self.id.clone())]);
        fields.key(&metadata, self.body().as_bytes(), |_| None).expect("every session has its field")
    }
}

/// A replica's prefixes, by conversation, the least recently used first.
#[derive(Clone, Default)]
struct PrefixCache(VecDeque<usize>);

impl PrefixCache {
    /// Whether an earlier turn of the conversation is cached, so that only what came since has to be worked out.
    fn holds(&self, session: usize) -> bool {
        self.0.contains(&session)
    }

    fn insert(&mut self, session: usize) {
        self.0.retain(|cached| *cached != session);
        self.0.push_back(session);
        if self.0.len() > CACHED {
            self.0.pop_front();
        }
    }
}

fn fields(list: &Value) -> Fields {
    Fields::read(list, "hash_fields", &mut Reader::default()).expect("known fields")
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("http://gpu-{number}:8000/v1")).collect()
}

/// The share of turns after the first that land where their prefix is, and how much more than its share of the calls
/// the busiest replica gets.
fn conversations(seed: u64, fields: &Fields, think: u64) -> (f64, f64) {
    let names = names(REPLICAS);
    let mut chance = Chance::seeded(seed);
    let mut world = World::new(vec![Replica::new(100_000); REPLICAS]);
    let mut sessions: Vec<Session> = (0..SESSIONS).map(|number| Session::new(seed, number)).collect();
    let mut caches = vec![PrefixCache::default(); REPLICAS];
    let mut loads = [0usize; REPLICAS];
    let mut hits = 0;
    for session in 0..SESSIONS {
        world.events.push(Reverse((chance.around(think), None, (session, 0))));
    }
    while let Some((place, (number, _))) = world.step(&mut chance) {
        let session = &mut sessions[number];
        if let Some(place) = place {
            caches[place].insert(number);
            session.is_answered();
            if session.turn < TURNS {
                world.events.push(Reverse((world.now + chance.around(think), None, (number, 0))));
            }
            continue;
        }
        let candidates: Vec<affinity::Candidate<'_>> = names
            .iter()
            .zip(&world.replicas)
            .map(|(name, replica)| affinity::Candidate {
                identity: name,
                weight: 1.0,
                in_flight: replica.in_flight(),
            })
            .collect();
        let to = affinity::choose(&candidates, session.key(fields), SPILL);
        loads[to] += 1;
        hits += usize::from(session.turn > 0 && caches[to].holds(number));
        let call = (number, world.now);
        world.send(to, call, &mut chance);
    }
    let calls: usize = loads.iter().sum();
    assert_eq!(calls, SESSIONS * TURNS);
    let busiest = loads.into_iter().max().unwrap_or_default();
    (hits as f64 / (SESSIONS * (TURNS - 1)) as f64, (busiest * REPLICAS) as f64 / calls as f64)
}

/// From agents that ask again at once to people who read for ten times as long as a reply takes.
const THINKING: [u64; 4] = [0, 100_000, 300_000, 1_000_000];

#[test]
fn conversations_stay_with_their_prefix_and_the_load_stays_even() {
    for list in [json!(["metadata.session"]), json!(["prompt"])] {
        for think in THINKING {
            let runs: Vec<(f64, f64)> =
                SEEDS.map(|seed| conversations(seed, &fields(&list), think)).collect();
            let hits = runs.iter().map(|(hits, _)| hits).sum::<f64>() / runs.len() as f64;
            let load = runs.iter().map(|(_, load)| *load).fold(0.0, f64::max);
            assert!(hits >= 0.9 && load <= 1.5, "{list}, {think} µs: {hits} {load}");
        }
    }
}

#[test]
fn a_replica_that_is_added_takes_its_share_of_the_conversations_and_moves_no_other() {
    let prompt = fields(&json!(["prompt"]));
    let names = names(REPLICAS + 1);
    let place = |replicas: usize, key: u64| {
        let candidate = |name| affinity::Candidate { identity: name, weight: 1.0, in_flight: 0 };
        let candidates: Vec<affinity::Candidate<'_>> =
            names[..replicas].iter().map(String::as_str).map(candidate).collect();
        affinity::choose(&candidates, key, SPILL)
    };
    let keys: Vec<u64> = (0..2000).map(|number| Session::new(0, number).key(&prompt)).collect();
    let moved = keys.iter().filter(|key| place(REPLICAS, **key) != place(REPLICAS + 1, **key));
    let moved: Vec<usize> = moved.map(|key| place(REPLICAS + 1, *key)).collect();
    assert!(moved.iter().all(|place| *place == REPLICAS));
    let share = moved.len() as f64 / keys.len() as f64;
    assert!((share - 1.0 / (REPLICAS + 1) as f64).abs() < 0.02, "{share}");
}

#[test]
fn a_hot_key_spills_over_to_the_next_in_rank() {
    let names = names(REPLICAS);
    let mut in_flight = [0usize; REPLICAS];
    for _ in 0..64 {
        let candidates: Vec<affinity::Candidate<'_>> = names
            .iter()
            .zip(in_flight)
            .map(|(name, in_flight)| affinity::Candidate { identity: name, weight: 1.0, in_flight })
            .collect();
        in_flight[affinity::choose(&candidates, 7, SPILL)] += 1;
    }
    let mut ranked = in_flight;
    ranked.sort_unstable();
    // Half as much again as the mean, and the call that went there when it had just that.
    assert!(ranked[REPLICAS - 1] <= 25 && ranked[1] >= 10, "{in_flight:?}");
}
