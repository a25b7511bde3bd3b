//! How long a stream's next bytes are waited for.

use std::time::Duration;

use bytes::Bytes;

use super::Events;
use crate::clock::{Clock, Instant, SystemClock};
use crate::config::Clocks;
use crate::http::Failure;

/// After the finish reason, only usage and `[DONE]` are still to come; a host that leaves its body open without them is
/// not waited for.
const AFTERWARDS: Duration = Duration::from_secs(2);

impl Events {
    /// The next bytes, or `None` when a clock ran out first and the stream has failed.
    pub(super) async fn chunk(&mut self) -> Option<std::result::Result<Option<Bytes>, Failure>> {
        let deadline = self.deadline();
        let chunk = self.alarm.before(deadline.map(|(at, ..)| at), self.body.chunk()).await;
        if chunk.is_some() {
            return chunk;
        }
        let (_, clock, limit) = deadline?;
        if self.progress.is_whole() {
            if let Some(mut translation) = self.translation.take() {
                self.finish_translation(&mut translation);
            }
            self.end(None);
        } else {
            self.fail(|events| {
                let elapsed = SystemClock.now() - events.began;
                events.place().timeout(clock, limit, elapsed).with_partial(events.partial())
            });
        }
        None
    }

    /// The clock that runs out first. Only semantic events move it: comments, pings and roles do not.
    fn deadline(&self) -> Option<(Instant, &'static str, Duration)> {
        let Clocks { first_token, idle, .. } = self.target.clocks;
        let own = match self.last_semantic {
            None => first_token.map(|limit| (self.began + limit, "firstToken", limit)),
            Some(last) if self.progress.is_whole() => Some((last + AFTERWARDS, "idle", AFTERWARDS)),
            Some(last) => idle.map(|limit| (last + limit, "idle", limit)),
        };
        let total = self.total.map(|(at, limit)| (at, "total", limit));
        [own, total].into_iter().flatten().min_by_key(|(at, ..)| *at)
    }
}
