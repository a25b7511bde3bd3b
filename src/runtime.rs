//! The process's own tokio runtime, started by the first call. It belongs to no JavaScript environment, so that
//! connections outlive a worker thread; its threads never keep the process alive.

use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};

/// Sets the number of threads. One is enough to saturate a JavaScript thread, and wakes no second one for each call.
const THREADS: &str = "PORTKEY_WORKER_THREADS";

pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let asked = std::env::var(THREADS).ok().and_then(|text| text.parse().ok());
        Builder::new_multi_thread()
            .worker_threads(asked.unwrap_or(1).clamp(1, 64))
            .thread_name("portkey-native")
            .enable_all()
            .build()
            .expect("the operating system gives this process its first threads")
    })
}
