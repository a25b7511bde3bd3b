//! Active health checks, as a config's `health_check` asks for them: while a target is benched, a GET that costs no
//! tokens asks whether it is back. It goes out beside a call that came meanwhile, never by itself: an idle client sends
//! nothing.

use std::sync::Mutex;
use std::time::Duration;

use ::http::{HeaderMap, Method, header};
use bytes::Bytes;
use serde_json::Value;
use std::sync::Arc;

use crate::clock::{Instant, before};
use crate::config::{Reader, Target};
use crate::engine::Context;
use crate::headers::fold;
use crate::http::{ConnectWatch, Destination, Wire};

/// When and where to ask.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `/health` from the host's root, `models` below the base URL.
    pub path: String,
    /// No sooner than so long after the last time.
    pub interval: Duration,
}

const DEFAULT_PATH: &str = "models";
const DEFAULT_INTERVAL: u64 = 5_000;

/// A health route that takes longer is not healthy.
const LONGEST: Duration = Duration::from_secs(5);

impl Settings {
    /// Reads `{ path, interval }`, both optional.
    pub fn read(value: &Value, path: &str, reader: &mut Reader) -> Option<Self> {
        let mut settings =
            Self { path: DEFAULT_PATH.to_owned(), interval: Duration::from_millis(DEFAULT_INTERVAL) };
        for (written, value) in reader.object(value, path)?.iter().filter(|(_, value)| !value.is_null()) {
            let place = format!("{path}.{written}");
            match fold(written).as_str() {
                "path" => settings.path = reader.string(value, &place)?,
                "interval" => {
                    let read = reader.whole(value, &place, 100..=3_600_000);
                    settings.interval = Duration::from_millis(read.unwrap_or(DEFAULT_INTERVAL));
                }
                _ => reader.problem(place, "expected one of path, interval"),
            }
        }
        Some(settings)
    }
}

/// When a target was asked last.
#[derive(Default)]
pub struct Asked(Mutex<Option<Instant>>);

impl Asked {
    /// Whether it is time to ask again; the asker has then asked.
    pub fn is_due(&self, interval: Duration, now: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let due = last.is_none_or(|last| now >= last + interval);
        if due {
            *last = Some(now);
        }
        due
    }
}

/// Asks a benched target whether it is back, where that is due.
pub fn look_after(context: &Context, target: &Arc<Target>) {
    let Some(settings) = &target.health_check else { return };
    let now = context.clock.now();
    if !target.live.may_be_back(now) || !target.live.asked.is_due(settings.interval, now) {
        return;
    }
    let (context, target, path) = (context.clone(), target.clone(), settings.path.clone());
    tokio::spawn(async move {
        if is_healthy(&context, &target, &path).await {
            target.live.is_back();
        }
    });
}

async fn is_healthy(context: &Context, target: &Target, path: &str) -> bool {
    let Some(url) = target.base_url.health(path) else { return false };
    let mut headers: HeaderMap = target.headers.clone();
    headers.remove(header::CONTENT_TYPE);
    let wire = Wire {
        method: Method::GET,
        url: Destination::of(url),
        headers: Arc::new(headers),
        body: Bytes::new().into(),
        socket: target.base_url.socket().cloned(),
        route: target.route.clone(),
        connect: target.clocks.connect,
        upgrade: false,
    };
    let watch = ConnectWatch::default();
    let deadline = Some(context.clock.now() + LONGEST);
    let reply = before(deadline, context.transport.send(wire, &watch)).await;
    matches!(reply, Some(Ok(reply)) if (200..300).contains(&reply.status))
}
