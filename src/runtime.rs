//! The process's own tokio runtime, started by the first call. It belongs to no JavaScript environment, so that
//! connections outlive a worker thread; its threads never keep the process alive.

use std::future::pending;
use std::sync::OnceLock;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

/// Sets the number of threads. One is enough to saturate a JavaScript thread, and wakes no second one for each call.
const THREADS: &str = "PORTKEY_WORKER_THREADS";

const NAME: &str = "portkey-native";

/// Waits on this thread, at most `limit`, until what was asked of the runtime before is begun: calls that were aborted have ended
/// by then, and are recorded; where several threads were asked for, nearly always. Gives `limit`, or nothing where that is over.
pub fn settle(limit: Duration) -> Duration {
    let (tell, told) = sync_channel(1);
    runtime().spawn(async move {
        let _ = tell.send(());
    });
    told.recv_timeout(limit).map_or(Duration::ZERO, |()| limit)
}

pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    static DRIVEN: OnceLock<()> = OnceLock::new();
    let asked = || std::env::var(THREADS).ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let runtime = RUNTIME.get_or_init(|| {
        let mut builder = match asked() {
            // It has nobody to share work with, and spends nothing on being ready to.
            ..=1 => Builder::new_current_thread(),
            threads => {
                let mut builder = Builder::new_multi_thread();
                builder.worker_threads(threads.min(64));
                builder
            }
        };
        builder
            .thread_name(NAME)
            .enable_all()
            .build()
            .expect("the operating system gives this process its first threads")
    });
    DRIVEN.get_or_init(|| {
        if asked() <= 1 {
            let driving = move || runtime.block_on(pending::<()>());
            let thread = std::thread::Builder::new().name(NAME.to_owned());
            thread.spawn(driving).expect("the operating system gives this process its first threads");
        }
    });
    runtime
}
