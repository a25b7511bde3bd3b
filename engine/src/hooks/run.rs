//! Running hooks over a request or an answer. Each hook, and each check of one that isn't sequential, judges what came
//! in; what they write in its place adds up, so that none undoes another.

use bytes::Bytes;

use super::check::{Check, Fault, Judged};
use super::record::{CheckRecord, Record, Taken};
use super::subject::Subject;
use super::{Hook, Hooks, RequestType, Scene};
use crate::observe::milliseconds;

/// What hooks said of a request or an answer.
#[derive(Debug, Default)]
pub struct Verdicts {
    /// Records of the hooks that count.
    pub results: Vec<Record>,
    /// Records of `async` hooks, which are reported and change nothing.
    pub asynchronous: Vec<Record>,
    /// The call ends here, with status 446.
    pub denied: bool,
    /// A hook failed that does not deny: the status is 246.
    pub failed: bool,
    /// The body to go on with, where a check wrote another.
    pub body: Option<Bytes>,
}

/// Runs the hooks before a request over its body.
pub fn before(hooks: &Hooks, scene: &Scene, body: &Bytes) -> Verdicts {
    judge(&hooks.before, scene, Subject::request(scene.request, body)).0
}

/// Runs the hooks after an answer over its body, which came with status 200. An answer of embeddings holds nothing to
/// look at.
pub fn after(hooks: &Hooks, scene: &Scene, answer: &Bytes) -> Verdicts {
    match scene.request {
        RequestType::Embeddings => Verdicts::default(),
        request => judge(&hooks.after, scene, Subject::answer(request, answer)).0,
    }
}

/// The verdicts, and the subject where a check wrote another.
pub fn judge(hooks: &[Hook], scene: &Scene, original: Subject) -> (Verdicts, Option<Subject>) {
    let mut verdicts = Verdicts::default();
    let mut run = Run { scene, original, rewritten: None };
    for hook in hooks {
        let record = run.hook(hook);
        if hook.asynchronous {
            verdicts.asynchronous.push(record);
            continue;
        }
        verdicts.denied |= record.deny;
        verdicts.failed |= !record.verdict && !record.deny;
        verdicts.results.push(record);
    }
    let rewritten = run.rewritten.filter(|_| !verdicts.denied);
    verdicts.body = rewritten.as_ref().and_then(Subject::body).cloned();
    (verdicts, rewritten)
}

struct Run<'s> {
    scene: &'s Scene,
    original: Subject,
    /// The original with all that has been written by now.
    rewritten: Option<Subject>,
}

impl Run<'_> {
    fn hook(&mut self, hook: &Hook) -> Record {
        let began = self.scene.clock.now();
        let mut must_deny = false;
        let mut records = Vec::with_capacity(hook.checks.len());
        for check in &*hook.checks {
            let began = self.scene.clock.now();
            let judged = self.check(check, hook.sequential);
            must_deny |= judged.is_err() && check.must_run();
            records.push(CheckRecord::new(check, judged.as_ref(), &self.taken(began)));
            if let Some(rewritten) =
                judged.ok().and_then(|judged| judged.rewritten).filter(|_| !hook.asynchronous)
            {
                self.rewritten = Some(rewritten);
            }
        }
        Record::new(hook, records, must_deny, &self.taken(began))
    }

    /// Judges what is there now when the hook is sequential, else what came in; what is written is written into what is
    /// there now.
    fn check(&self, check: &Check, sequential: bool) -> Result<Judged, Fault> {
        let Some(now) = &self.rewritten else { return check.rule.judge(self.scene, &self.original) };
        if sequential {
            return check.rule.judge(self.scene, now);
        }
        let judged = check.rule.judge(self.scene, &self.original)?;
        if judged.rewritten.is_none() {
            return Ok(judged);
        }
        let rewritten = check.rule.judge(self.scene, now)?.rewritten;
        Ok(Judged { rewritten, ..judged })
    }

    fn taken(&self, began: crate::clock::Instant) -> Taken {
        let clock = &self.scene.clock;
        Taken { milliseconds: milliseconds(clock.now() - began), at: clock.wall() }
    }
}
