//! Realtime sessions: a WebSocket that a target has opened, spoken over our own connections. It goes by the plan as any
//! call does until it is open; then it belongs to one target until its end. What is said on it is the caller's business.
//!
//! The invariant: what waits on either side is bounded, and a session that was not closed by both sides ends with an error.

mod line;
mod session;
mod usage;

use std::time::Duration;

use ::http::Method;
use url::Url;
use url::form_urlencoded::byte_serialize;

use crate::body::Body;
use crate::call::Call;
use crate::config::Target;
use crate::endpoint::{Endpoint, Gives, PLAIN, REALTIME, Sends};
use crate::error::{Error, Result};
use crate::observe::Report;
pub use line::{Ended, Line, Message, News, Taken};
pub use session::{Opening, Session};

/// The endpoint that opens a session. Its body, which is not sent, is `{"model": …}`, so that a config may route by the
/// model and name another.
pub static SESSIONS: Endpoint = Endpoint {
    call: REALTIME,
    method: &Method::GET,
    path: "/realtime",
    sends: Sends::Json,
    gives: Gives::Any,
    ..PLAIN
};

/// A host that has not agreed to a session by then won't: nothing is thought about.
const LONGEST_OPENING: Duration = Duration::from_secs(30);

/// How long opening may take where nobody says; `None` for calls that are answered.
pub fn longest_opening(endpoint: &Endpoint) -> Option<Duration> {
    endpoint.is_session().then_some(LONGEST_OPENING)
}

/// Where `target` opens the session that `body` asks for.
pub fn url(target: &Target, call: &Call, body: &[u8], report: &mut Report) -> Result<Url> {
    let provider = target.provider;
    let Some(realtime) = provider.realtime(&target.settings) else {
        let message = format!("{} has no realtime sessions", provider.name());
        return Err(Error::problem("provider", message));
    };
    let body = Body::parse(body).map_err(|_| Error::problem("body", "expected a JSON object"))?;
    let asked = body.get("model").and_then(|model| serde_json::from_str::<String>(model).ok());
    if realtime.deployment.is_some() && realtime.deployment != asked {
        report.changes.push("model was set to azure_deployment_id".to_owned());
    }
    let model = realtime.deployment.or(asked).filter(|model| !model.is_empty());
    let model = model.map(|model| {
        let model: String = byte_serialize(model.as_bytes()).collect();
        format!("{}={}", realtime.model, model.replace('+', "%20"))
    });
    let query = [model.as_deref(), call.options.query.as_deref()];
    let query: Vec<&str> = query.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    target.join(&realtime.path, Some(&query.join("&")))
}
