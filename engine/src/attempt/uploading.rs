//! The wait for an answer while the body is still going out, however long that takes: the clocks that wait for the host
//! begin when it has all of it. Until then the idle clock runs whenever a file's own source gives nothing.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use super::sending::Sending;
use crate::clock::before;
use crate::upload::Progress;

impl Sending<'_> {
    /// What `work` gives; nothing, when a clock ran out. With that clock, and what it allows.
    pub(super) async fn while_uploading<T>(
        &self,
        upload: &Progress,
        work: impl Future<Output = T>,
    ) -> (Option<T>, &'static str, Option<Duration>) {
        let clocks = self.target.clocks;
        let (clock, limit, deadline) = self.or_total("requestTimeout", clocks.request, self.began);
        let first_token = clocks.first_token.filter(|_| self.call.stream);
        let waiting = [("headers", clocks.headers), ("firstToken", first_token)];
        let waiting = waiting.into_iter().filter_map(|(name, limit)| Some((name, limit?)));
        let waiting = waiting.min_by_key(|(_, limit)| *limit);
        let mut work = pin!(work);
        loop {
            let now = self.context.clock.now();
            let answer_by = waiting.map(|(_, limit)| upload.written().unwrap_or(now) + limit);
            let source_by = clocks.idle.map(|limit| upload.waiting().map_or(now, |(_, since)| since) + limit);
            let next = [deadline, answer_by, source_by].into_iter().flatten().min();
            if let Some(done) = before(next, work.as_mut()).await {
                return (Some(done), clock, limit);
            }
            let now = self.context.clock.now();
            if deadline.is_some_and(|deadline| deadline <= now) {
                return (None, clock, limit);
            }
            if let (Some(limit), Some((_, since))) = (clocks.idle, upload.waiting())
                && since + limit <= now
            {
                return (None, "idle", Some(limit));
            }
            if let (Some((name, limit)), Some(written)) = (waiting, upload.written())
                && written + limit <= now
            {
                return (None, name, Some(limit));
            }
        }
    }
}
