use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::clock::{Clock, SystemClock};
use crate::config::Reader;
use crate::limit::Rule;
use crate::secret::Secret;
use crate::store::Store;
use crate::store::server::{PATIENT, Server};

fn door(server: &Server) -> Shared {
    let store = Store::open(&Secret::new(&server.url), PATIENT, Arc::new(SystemClock));
    Shared::new(store.expect("the URL of a server"))
}

fn need(most: u64, per: u64, amount: u64) -> Need {
    let mut reader = Reader::default();
    let rules = Rule::read_all(&json!([{ "tokens": most, "per": per }]), "limits", &mut reader);
    let rule = Arc::new(reader.done(rules).expect("a limit").remove(0));
    Need { key: Key { rule: rule.number(""), whose: Whose::Value("a".into()) }, rule, amount, slice: 0 }
}

#[tokio::test]
async fn two_processes_never_let_in_more_than_there_is_room_for() {
    let server = Server::start();
    let doors = [door(&server), door(&server)];
    let calls: Vec<_> = (0..1_000)
        .map(|at| {
            let door = doors[at % 2].clone();
            tokio::spawn(async move { reserve(&door, &[need(300, 3_600_000, 3)]).await })
        })
        .collect();
    let (mut let_in, mut full) = (0, 0);
    for call in calls {
        match call.await.expect("no panic") {
            Told::Room(_) => let_in += 1,
            Told::Full(_) => full += 1,
            Told::Nothing => panic!("the server is there"),
        }
    }
    assert_eq!((let_in, full), (100, 900));
}

#[tokio::test]
async fn what_is_given_back_is_there_for_others_and_all_is_in_time() {
    let server = Server::start();
    let (one, other) = (door(&server), door(&server));
    let Told::Room(slices) = reserve(&one, &[need(100, 3_600_000, 80)]).await else {
        panic!("there is room")
    };
    let asked = need(100, 3_600_000, 30);
    assert!(matches!(reserve(&other, std::slice::from_ref(&asked)).await, Told::Full(_)));
    settle(&one, vec![(need(100, 3_600_000, 80), slices[0], -50)]).await;
    assert!(matches!(reserve(&other, &[asked]).await, Told::Room(_)));
    settle(&one, vec![(need(100, 3_600_000, 80), slices[0], 40)]).await;
    assert!(matches!(reserve(&other, &[need(100, 3_600_000, 1)]).await, Told::Full(_)), "an overrun counts");

    let brief = || [need(5, 300, 5)];
    assert!(matches!(reserve(&one, &brief()).await, Told::Room(_)));
    let Told::Full(lacking) = reserve(&other, &brief()).await else { panic!("there is no room") };
    assert!(lacking[0].after <= Duration::from_millis(306));
    SystemClock.sleep(lacking[0].after + Duration::from_millis(2)).await;
    assert!(matches!(reserve(&other, &brief()).await, Told::Room(_)));
}
