//! Whole bodies: how one is read, how long it is likely to be, and whether it is what was asked for.

use ::http::{HeaderMap, header};
use bytes::{Buf as _, Bytes, BytesMut};
use serde_json::value::RawValue;

use super::sending::Sending;
use crate::answer::{Content, Reached};
use crate::clock::before;
use crate::endpoint::{Endpoint, Gives};
use crate::error::Result;
use crate::explain::is_html;
use crate::http::{Reply, ReplyBody};

impl Sending<'_> {
    pub(super) async fn whole(&mut self, reply: Reply) -> Result<Reached> {
        let Reply { status, headers, mut body } = reply;
        let text = self.read(&mut body, &headers).await?;
        if is_text(self.call.endpoint, status, &headers, &text) {
            self.succeeded(status);
            return Ok(Reached { status, headers, content: Content::Text(text) });
        }
        if let Some(dialect) = self.request.dialect {
            let context = self.request.context(&headers, self.context.clock.wall());
            return match dialect.answer(&context, &text) {
                Ok(answer) => {
                    self.succeeded(status);
                    let answer = self.repaired(answer);
                    Ok(Reached { status, headers, content: Content::Whole(answer) })
                }
                Err(why) => Err(self.place().garbled(status, &why, headers, text)),
            };
        }
        let text = without_mark(text);
        if let Some(why) = not_json(&headers, &text, self.target.gated) {
            return Err(self.place().garbled(status, &why, headers, text));
        }
        self.succeeded(status);
        let text = self.repaired(text);
        Ok(Reached { status, headers, content: Content::Whole(text) })
    }

    /// A whole answer as the caller reads it.
    fn repaired(&mut self, answer: Bytes) -> Bytes {
        let Some(mut repairs) = self.request.repairs() else { return answer };
        let answer = repairs.whole(answer);
        repairs.tell(&mut self.report.changes);
        answer
    }

    /// The next piece of a body; the idle clock runs while it is waited for.
    async fn piece(&self, body: &mut ReplyBody) -> Result<Option<Bytes>> {
        let (clock, limit, deadline) =
            self.or_total("idle", self.target.clocks.idle, self.context.clock.now());
        let Some(chunk) = before(deadline, body.chunk()).await else {
            let elapsed = self.context.clock.now() - self.began;
            return Err(self.place().timeout(clock, limit.unwrap_or_default(), elapsed));
        };
        chunk.map_err(|failure| self.place().failure(&failure, true))
    }

    /// What comes of a body that explains an error, as far as it comes and no further than needed.
    pub(super) async fn read_start(&self, body: &mut ReplyBody) -> Bytes {
        let mut start = BytesMut::new();
        while let Ok(Some(bytes)) = self.piece(body).await {
            start.extend_from_slice(&bytes);
            if start.len() > LONGEST_EXPLANATION {
                start.truncate(LONGEST_EXPLANATION);
                break;
            }
        }
        start.freeze()
    }

    /// Reads a body to its end, unless it is longer than an answer may be.
    pub(super) async fn read(&self, body: &mut ReplyBody, headers: &HeaderMap) -> Result<Bytes> {
        let most = self.target.most_bytes;
        let status = self.report.attempts.last().and_then(|attempt| attempt.status);
        let too_long = || self.place().too_long(status, most, headers.clone());
        if announced_size(headers) > most {
            return Err(too_long());
        }
        let mut first = Bytes::new();
        let mut all = BytesMut::new();
        loop {
            let piece = self.piece(body).await?;
            if piece.as_ref().is_some_and(|piece| first.len().max(all.len()) + piece.len() > most) {
                return Err(too_long());
            }
            match piece {
                None if all.is_empty() => return Ok(first),
                None => return Ok(all.freeze()),
                Some(bytes) if first.is_empty() => first = bytes,
                Some(bytes) => {
                    if all.is_empty() {
                        all.reserve(expected_size(headers).max(first.len() + bytes.len()));
                        all.extend_from_slice(&first);
                    }
                    all.extend_from_slice(&bytes);
                }
            }
        }
    }
}

/// Whether a body is to be handed out as text: what its endpoint says, and else its host.
fn is_text(endpoint: &Endpoint, status: u16, headers: &HeaderMap, body: &[u8]) -> bool {
    match endpoint.gives {
        Gives::Text => true,
        Gives::Any => !is_json(headers) && serde_json::from_slice::<&RawValue>(body).is_err(),
        // No content is an answer too, but not to a model's call.
        Gives::Json | Gives::Page | Gives::Bytes => {
            matches!(status, 204 | 205) && body.is_empty() && !endpoint.takes_params()
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim();
    kind.eq_ignore_ascii_case("application/json") || kind.ends_with("+json")
}

/// So much of the body of an error is read.
const LONGEST_EXPLANATION: usize = 1 << 20;

/// A body's size as its host announces it.
fn announced_size(headers: &HeaderMap) -> usize {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    announced.unwrap_or(0)
}

/// The same within what is taken on trust.
fn expected_size(headers: &HeaderMap) -> usize {
    announced_size(headers).min(1 << 24)
}

/// JSON without the byte order mark that some servers put before it, and that no parser of JSON takes.
fn without_mark(mut text: Bytes) -> Bytes {
    if text.starts_with(b"\xEF\xBB\xBF") {
        text.advance(3);
    }
    text
}

/// Why a body can't be a JSON value, as far as its two ends tell; the face's parser sees the rest. Where another attempt
/// may follow (`gated`), that would be too late.
fn not_json(headers: &HeaderMap, text: &Bytes, gated: bool) -> Option<String> {
    let trimmed = text.trim_ascii();
    let closed = match (trimmed.first(), trimmed.last()) {
        (None, _) | (_, None) => return Some("an empty body".to_owned()),
        _ if gated => serde_json::from_slice::<serde::de::IgnoredAny>(trimmed).is_ok(),
        (Some(b'{'), Some(last)) => *last == b'}',
        (Some(b'['), Some(last)) => *last == b']',
        (Some(b'"'), Some(last)) => *last == b'"',
        _ => serde_json::from_slice::<serde::de::IgnoredAny>(trimmed).is_ok(),
    };
    if closed {
        return None;
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if kind.starts_with("text/event-stream") {
        return Some("a stream of events, which was not asked for".to_owned());
    }
    let start = String::from_utf8_lossy(&trimmed[..trimmed.len().min(200)]);
    Some(if is_html(headers, &start) { "a web page".to_owned() } else { "a body that is no JSON".to_owned() })
}
