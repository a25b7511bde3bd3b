//! `counted NAME TIMES` does one piece of work so often and ends: what bench/check.mjs runs under valgrind.

fn main() {
    let mut words = std::env::args().skip(1);
    let (Some(name), Some(times)) = (words.next(), words.next().and_then(|times| times.parse::<u32>().ok()))
    else {
        panic!("counted NAME TIMES; NAME is one of {}", engine_bench::NAMES.join(", "));
    };
    let work = engine_bench::Work::new(&name);
    for _ in 0..times {
        std::hint::black_box(work.once());
    }
    work.end();
}
