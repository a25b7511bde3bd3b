use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::clock::{Clock, SystemClock, at_once};
use crate::config::Reader;

fn rules(value: &Value) -> Vec<Arc<Rule>> {
    let mut reader = Reader::default();
    let rules = Rule::read_all(value, "limits", &mut reader);
    reader.done(rules).expect("limits").into_iter().map(Arc::new).collect()
}

fn need(rule: &Arc<Rule>, whose: Whose, amount: u64) -> Need {
    Need { key: Key { rule: rule.number(""), whose }, rule: rule.clone(), amount, slice: 0 }
}

/// One request that asks now.
fn ask(book: &Arc<Book>, rule: &Arc<Rule>, ticket: &mut Ticket, now: Instant) -> Result<(), Full> {
    book.reserve(&mut [need(rule, Whose::Everyone, 1)], ticket, now)
}

#[test]
fn who_waits_is_let_in_before_who_comes_later() {
    let (book, start) = (Arc::<Book>::default(), SystemClock.now());
    let rule = &rules(&json!([{ "requests": 1, "per": "1s", "on_limit": "wait" }]))[0];
    let [mut held, mut first, mut second, mut late] = [(); 4].map(|()| Ticket::new(book.clone()));
    assert!(ask(&book, rule, &mut held, start).is_ok());
    let later = start + Duration::from_millis(10);
    let Err(Full::Waits(lacking)) = ask(&book, rule, &mut first, later) else { panic!("it waits") };
    assert!(lacking[0].after > Duration::from_millis(990) && !lacking[0].behind);
    assert!(matches!(ask(&book, rule, &mut second, later), Err(Full::Waits(lacking)) if lacking[0].behind));

    let again = start + Duration::from_millis(1_100);
    assert!(matches!(ask(&book, rule, &mut late, again), Err(Full::Waits(_))), "others came first");
    assert!(matches!(ask(&book, rule, &mut second, again), Err(Full::Waits(_))));
    assert!(at_once(second.called()).is_none());
    assert!(ask(&book, rule, &mut first, again).is_ok());
    assert!(at_once(second.called()).is_some(), "it is first in line now");
    drop(second);
    assert!(at_once(late.called()).is_some(), "who leaves the line calls the next");
    assert!(ask(&book, rule, &mut late, again + Duration::from_millis(1_100)).is_ok());
}

#[test]
fn a_call_that_waits_for_its_own_count_stops_nobody_elses() {
    let (book, now) = (Arc::<Book>::default(), SystemClock.now());
    let rules = rules(&json!([
        { "requests": 1, "per": "1m", "by": "metadata.user", "on_limit": "wait" },
        { "requests": 9, "per": "1m", "on_limit": "wait" },
    ]));
    let mut tickets: Vec<Ticket> = Vec::new();
    let mut call = |user: &str| {
        let mut ticket = Ticket::new(book.clone());
        let mut needs = [need(&rules[0], Whose::Value(user.into()), 1), need(&rules[1], Whose::Everyone, 1)];
        let reserved = book.reserve(&mut needs, &mut ticket, now);
        tickets.push(ticket);
        reserved
    };
    assert!(call("a").is_ok());
    assert!(matches!(call("a"), Err(Full::Waits(lacking)) if lacking.len() == 1 && lacking[0].place == 0));
    assert!(call("b").is_ok());
    assert_eq!(
        book.levels(rules[1].number(""), now)[0].1.used,
        2,
        "a call that is not let in is not counted"
    );
}

#[test]
fn a_call_is_settled_where_it_began_and_what_is_too_much_counts_at_the_latest_now() {
    let (book, start) = (Arc::<Book>::default(), SystemClock.now());
    let rule = &rules(&json!([{ "tokens": 100, "per": "1m" }]))[0];
    let used = |now| book.levels(rule.number(""), now).first().map_or(0, |(_, level)| level.used);
    let reserve = |amount, now| {
        let mut needs = [need(rule, Whose::Everyone, amount)];
        book.reserve(&mut needs, &mut Ticket::new(book.clone()), now).map(|()| needs[0].clone())
    };
    let first = reserve(80, start).expect("room");
    assert_eq!(reserve(30, start).map(drop).expect_err("full"), {
        let after = Duration::from_secs(61);
        Full::Refused(vec![Lacking { place: 0, after, behind: false }])
    });
    book.settle(&first, 20, start);
    assert_eq!(used(start), 20);
    let second = reserve(30, start).expect("room was given back");
    book.settle(&second, 90, start);
    assert_eq!(used(start), 110);
    assert!(reserve(1, start).is_err(), "what a call used beyond its reservation counts");
    let later = start + Duration::from_secs(62);
    assert_eq!(used(later), 0);
    book.settle(&first, 95, later);
    assert_eq!(used(later), 15, "its own slice is forgotten");
}

#[test]
fn no_count_that_holds_something_is_forgotten_and_their_number_is_bounded() {
    let (book, now) = (Arc::<Book>::default(), SystemClock.now());
    let rule = &rules(&json!([{ "requests": 1, "per": "1m", "by": "metadata.user" }]))[0];
    let call = |user: usize, now| {
        let mut needs = [need(rule, Whose::Value(user.to_string().into()), 1)];
        book.reserve(&mut needs, &mut Ticket::new(book.clone()), now).is_ok()
    };
    for user in 0..MOST {
        assert!(call(user, now));
    }
    assert!(call(MOST, now), "the first of the others");
    assert!(!call(MOST + 1, now), "which are counted together");
    assert!((0..MOST).step_by(997).all(|user| !call(user, now)), "nobody was forgotten");
    assert!(book.state().counts.len() <= MOST + 1);
    let later = now + Duration::from_secs(62);
    assert!(call(MOST + 1, later));
    assert!(book.state().counts.len() < 1_100, "what holds nothing is forgotten");
}

/// What happens next in a run.
#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    /// A call of a user, with so many tokens.
    Come(u8, u64),
    /// One that waits asks again, or leaves.
    Again(usize),
    Leave(usize),
    /// One that was let in ends, having used this share of what it reserved.
    End(usize, u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0_u64..400).prop_map(Step::Pass),
        4 => (0_u8..3, 1_u64..40).prop_map(|(user, tokens)| Step::Come(user, tokens)),
        3 => any::<usize>().prop_map(Step::Again),
        1 => any::<usize>().prop_map(Step::Leave),
        2 => (any::<usize>(), 0_u8..=100).prop_map(|(which, share)| Step::End(which, share)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn no_window_is_ever_exceeded_however_calls_come_wait_leave_and_end(
        steps in proptest::collection::vec(step(), 1..300),
    ) {
        let rules = rules(&json!([
            { "requests": 5, "per": "1s", "on_limit": "wait" },
            { "tokens": 60, "per": "2s", "by": "metadata.user", "on_limit": "wait" },
        ]));
        let (book, start) = (Arc::<Book>::default(), SystemClock.now());
        let mut now = start;
        let mut waiting: Vec<(u8, u64, Ticket)> = Vec::new();
        let mut under_way: Vec<(usize, Need)> = Vec::new();
        // When, whose, how many tokens: as reserved until it is settled.
        let mut let_in: Vec<(Instant, u8, u64)> = Vec::new();
        for step in steps {
            let (user, tokens, mut ticket) = match step {
                Step::Pass(milliseconds) => {
                    now += Duration::from_millis(milliseconds);
                    continue;
                }
                Step::Leave(which) => {
                    if !waiting.is_empty() {
                        waiting.remove(which % waiting.len());
                    }
                    continue;
                }
                Step::End(which, share) => {
                    if !under_way.is_empty() {
                        let (at, need) = under_way.remove(which % under_way.len());
                        let used = need.amount * u64::from(share) / 100;
                        book.settle(&need, used, now);
                        let_in[at].2 = used;
                    }
                    continue;
                }
                Step::Come(user, tokens) => (user, tokens, Ticket::new(book.clone())),
                Step::Again(which) if !waiting.is_empty() => waiting.remove(which % waiting.len()),
                Step::Again(_) => continue,
            };
            let mut needs = [
                need(&rules[0], Whose::Everyone, 1),
                need(&rules[1], Whose::Value(user.to_string().into()), tokens),
            ];
            match book.reserve(&mut needs, &mut ticket, now) {
                Ok(()) => {
                    under_way.push((let_in.len(), needs[1].clone()));
                    let_in.push((now, user, tokens));
                }
                Err(Full::Waits(lacking)) => {
                    prop_assert!(lacking.iter().all(|one| one.behind || !one.after.is_zero()));
                    waiting.push((user, tokens, ticket));
                }
                Err(Full::Refused(_)) => prop_assert!(false, "nobody is refused"),
            }
            // The book must hold to the limits at each moment, with what it knew then.
            let within = |of: Duration| let_in.iter().filter(move |(at, ..)| *at + of > now);
            prop_assert!(within(Duration::from_secs(1)).count() <= 5);
            for user in 0..3 {
                let used: u64 = within(Duration::from_secs(2)).filter(|one| one.1 == user).map(|one| one.2).sum();
                prop_assert!(used <= 60, "{used} tokens of one user");
            }
        }
        // Who waits is let in in the end, in order.
        waiting.sort_by_key(|(_, _, ticket)| ticket.number);
        for (user, tokens, mut ticket) in waiting {
            now += Duration::from_secs(3);
            let mut needs = [
                need(&rules[0], Whose::Everyone, 1),
                need(&rules[1], Whose::Value(user.to_string().into()), tokens),
            ];
            prop_assert!(book.reserve(&mut needs, &mut ticket, now).is_ok());
        }
    }
}
