//! The strategies at work over many calls: replicas with slots, queues and prefix caches, in virtual time and with seeded
//! chance. What is asserted holds for each of several seeds.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use serde_json::{Value, json};

use super::affinity;
use super::key::Fields;
use super::least_inflight;
use super::loadbalance::draw;
use crate::config::Reader;

const SEEDS: std::ops::Range<u64> = 0..20;
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
        let random =
            closed_loop(seed, |replicas, chance| draw(replicas.iter().map(|_| 1.0), chance.next()));
        let least = closed_loop(seed, |replicas, chance| {
            let candidates: Vec<least_inflight::Candidate> = replicas
                .iter()
                .map(|replica| least_inflight::Candidate { weight: 1.0, in_flight: replica.in_flight() })
                .collect();
            least_inflight::choose(&candidates, || chance.next())
        });
        println!("seed {seed}: {least} {random}");
        assert!(least * 2 <= random, "seed {seed}: {least} µs of {random} µs");
    }
}
