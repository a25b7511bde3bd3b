//! Short-lived credentials: had where a provider grants them for what the settings hold, and used until they are stale.

use std::sync::Arc;
use std::time::SystemTime;

use ::http::{HeaderValue, header};
use bytes::{Bytes, BytesMut};
use url::Url;

use crate::clock::before;
use crate::config::Target;
use crate::engine::Context;
use crate::error::{Error, Kind, Resend, Result};
use crate::http::{ConnectWatch, Destination, Failure, Route, Through, Wire};
use crate::provider::dialect::Settings;
use crate::provider::{Granted, Token, TokenRequest};

/// A token service that takes longer is taken for dead.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(30);
/// More is no token.
const LARGEST: usize = 1 << 20;

/// What a request goes out with.
pub enum Credential {
    Authorization(HeaderValue),
    /// All of the target's settings, with those that were granted in place of its own.
    Settings(Settings),
}

/// How a credential is asked for; `None` where the target's is none of that kind.
pub fn request(target: &Target, now: SystemTime) -> Option<Result<TokenRequest>> {
    if target.headers.contains_key(header::AUTHORIZATION) {
        return None;
    }
    target.provider.token_request(&target.settings, now)
}

/// The credential that is granted, the one of another call as long as it is fresh.
pub async fn granted(
    context: &Context,
    target: &Target,
    request: Result<TokenRequest>,
    now: SystemTime,
) -> Result<Credential> {
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let slot = target.live.tokens.of(&target.settings);
    let mut kept = slot.lock().await;
    let token = match kept.take().filter(|token| seconds < token.fresh_until) {
        Some(token) => token,
        None => fetch(context, target, request?, seconds).await?,
    };
    let credential = match &token.granted {
        Granted::Bearer(secret) => {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", secret.expose()))
                .map_err(|_| refused("the token holds what no header can"))?;
            value.set_sensitive(true);
            target.live.tokens.sends(&target.settings, [secret]);
            Credential::Authorization(value)
        }
        Granted::Settings(granted) => {
            let mut settings = target.settings.clone();
            for (key, value) in granted.iter() {
                settings.set(key, value.clone());
            }
            target.live.tokens.sends(&target.settings, granted.iter().map(|(_, value)| value));
            Credential::Settings(settings)
        }
    };
    *kept = Some(token);
    Ok(credential)
}

async fn fetch(context: &Context, target: &Target, request: TokenRequest, now: u64) -> Result<Token> {
    let url = Url::parse(&request.url).map_err(|_| refused("its URL is none"))?;
    let wire = Wire {
        method: request.method,
        url: Destination::of(url),
        headers: Arc::new(request.headers),
        body: Bytes::copy_from_slice(request.body.expose().as_bytes()).into(),
        socket: None,
        route: if request.direct { directly(&target.route) } else { target.route.clone() },
        connect: target.clocks.connect,
        upgrade: false,
    };
    let deadline = Some(context.clock.now() + LONGEST);
    let asked = before(deadline, exchange(context, wire)).await;
    let (status, body) =
        asked.ok_or_else(|| refused("it took too long"))?.map_err(|failure| refused(&failure.detail))?;
    target.provider.token(status, &body, now).map_err(|why| refused(&why))
}

/// The same way, with no proxy on it.
fn directly(route: &Route) -> Arc<Route> {
    Arc::new(Route { tls: route.tls.clone(), proxy: Through::Direct, egress: route.egress.clone() })
}

async fn exchange(context: &Context, wire: Wire) -> std::result::Result<(u16, Bytes), Failure> {
    let watch = ConnectWatch::default();
    let mut reply = context.transport.send(wire, &watch).await?;
    let mut body = BytesMut::new();
    while let Some(bytes) = reply.body.chunk().await? {
        body.extend_from_slice(&bytes);
        if body.len() > LARGEST {
            break;
        }
    }
    Ok((reply.status, body.freeze()))
}

fn refused(why: &str) -> Error {
    Error::new(Kind::Refused, format!("The access token could not be had: {why}."))
        .with_status(401)
        .with_code("no_token")
        .with_resend(Resend::Never)
}
