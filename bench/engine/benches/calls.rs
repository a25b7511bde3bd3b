//! Times of the engine's work: `cargo bench -p engine-bench`.

fn main() {
    divan::main();
}

#[divan::bench(args = engine_bench::NAMES)]
fn work(bencher: divan::Bencher<'_, '_>, name: &str) {
    let work = engine_bench::Work::new(name);
    work.once();
    bencher.bench_local(|| work.once());
}
