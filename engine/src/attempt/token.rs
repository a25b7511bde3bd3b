//! Short-lived tokens: had where a provider grants them for what the settings hold, and used until they are stale.

use ::http::{HeaderMap, HeaderValue, Method, header};
use bytes::{Bytes, BytesMut};
use url::Url;

use crate::clock::before;
use crate::config::Target;
use crate::engine::Context;
use crate::error::{Error, Kind, Resend, Result};
use crate::http::{ConnectWatch, Failure, Wire};
use crate::provider::{Token, TokenRequest};

/// A token service that takes longer is taken for dead.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(30);
/// More is no token.
const LARGEST: usize = 1 << 20;

/// The token to send as `Authorization`; `None` where the target's credential is none of that kind.
pub async fn bearer(context: &Context, target: &Target) -> Result<Option<HeaderValue>> {
    if target.headers.contains_key(header::AUTHORIZATION) {
        return Ok(None);
    }
    let now = context.clock.wall();
    let Some(request) = target.provider.token_request(&target.settings, now) else { return Ok(None) };
    let seconds = now.duration_since(std::time::SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    // Held while one is fetched, so that calls in flight fetch it once.
    let mut kept = target.live.token.lock().await;
    let token = match kept.take().filter(|token| seconds < token.fresh_until) {
        Some(token) => token,
        None => fetch(context, target, request?, seconds).await?,
    };
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.value.expose()))
        .map_err(|_| refused("the token holds what no header can"))?;
    value.set_sensitive(true);
    target.live.sends_token(&token.value);
    *kept = Some(token);
    Ok(Some(value))
}

async fn fetch(context: &Context, target: &Target, request: TokenRequest, now: u64) -> Result<Token> {
    let url = Url::parse(&request.url).map_err(|_| refused("its URL is none"))?;
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    let wire = Wire {
        method: Method::POST,
        url,
        headers: HeaderMap::from_iter([(header::CONTENT_TYPE, form)]),
        body: Bytes::copy_from_slice(request.form.expose().as_bytes()).into(),
        socket: None,
        route: target.route.clone(),
        connect: target.clocks.connect,
    };
    let deadline = Some(context.clock.now() + LONGEST);
    let asked = before(deadline, exchange(context, wire)).await;
    let (status, body) =
        asked.ok_or_else(|| refused("it took too long"))?.map_err(|failure| refused(&failure.detail))?;
    target.provider.token(status, &body, now).map_err(|why| refused(&why))
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
