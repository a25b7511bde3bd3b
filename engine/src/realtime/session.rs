//! The open session: one task that reads, writes and watches the clock. The framing is tungstenite's.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Sink, Stream as _};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as Fault, Message as Frame, Utf8Bytes};

use super::line::{Ended, Line, Message, News};
use super::usage::Usage;
use crate::clock::{Alarm, Clock, Instant, SystemClock};
use crate::config::Target;
use crate::error::{Error, Kind};
use crate::events::Held;
use crate::explain::Place;
use crate::http::{Changed, Heard, Stream};
use crate::observe::{Phase, Report, milliseconds};
use crate::record::End;

/// A longer message is not read, also where `maxAnswerBytes` would allow it.
const LONGEST_MESSAGE: usize = 32 << 20;
/// So much is read at a time.
const PIECE: usize = 16 << 10;
/// How long the host may take to answer a goodbye, and a goodbye to be sent.
const PARTING: Duration = Duration::from_secs(5);

/// RFC 6455 §7.4.1: no code was given; the connection was cut.
const NO_CODE: u16 = 1005;
const CUT: u16 = 1006;

/// What an attempt hands over to a session.
pub struct Opening {
    pub changed: Changed,
    pub target: Arc<Target>,
    /// Without its query.
    pub url: Arc<str>,
    pub began: Instant,
    pub held: Held,
}

pub struct Session {
    socket: WebSocketStream<Stream>,
    heard: Heard,
    target: Arc<Target>,
    url: Arc<str>,
    began: Instant,
    held: Held,
    longest: usize,
    usage: Usage,
    alarm: Alarm,
    /// When something was last heard of the host.
    last_heard: Instant,
    /// It is asked whether it is still there, and this is to be sent.
    asks: bool,
    asked: bool,
    /// Until when the goodbyes have time, once one was said.
    parting: Option<Instant>,
    /// The host's goodbye.
    farewell: Option<(u16, String)>,
    /// Nothing can be sent any more; what the host has sent before is still read.
    mute: bool,
}

/// Its end, also where nobody waits for it any more.
impl Drop for Session {
    fn drop(&mut self) {
        self.settle();
    }
}

/// What comes next in a session.
enum Step {
    Came(Frame),
    /// A goodbye is on its way to the host.
    Parted,
    Over,
    Failed(Fault),
}

impl Session {
    /// Speaks WebSocket from here on.
    pub async fn open(opening: Opening) -> Self {
        let Opening { changed: Changed { stream, heard }, target, url, began, held } = opening;
        let longest = target.most_bytes.min(LONGEST_MESSAGE);
        let config = WebSocketConfig::default()
            .read_buffer_size(PIECE)
            .max_message_size(Some(longest))
            .max_frame_size(Some(longest));
        let socket = WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await;
        Self {
            socket,
            heard,
            target,
            url,
            began,
            held,
            longest,
            usage: Usage::default(),
            alarm: Alarm::default(),
            last_heard: SystemClock.now(),
            asks: false,
            asked: false,
            parting: None,
            farewell: None,
            mute: false,
        }
    }

    /// Counts against the target's limits what the responses have used until now.
    fn settle(&mut self) {
        let Some(reserved) = self.held.reserved.take() else { return };
        let seconds = (SystemClock.now() - self.began).as_secs_f64();
        reserved.answered(Some(self.usage.sum()), 0, seconds);
    }

    /// Talks until one side has closed the session, or it is cut off, and closes the call's report. Dropping the future
    /// closes the connection.
    pub async fn run<E: Clone>(mut self, report: &mut Report, line: &Line<E>, tell: impl Fn(News)) -> Ended {
        let ended = self.talk(line, &tell).await;
        report.usage = Some(self.usage.json());
        self.settle();
        let attempt = report.last();
        attempt.ms.total = Some(milliseconds(SystemClock.now() - self.began));
        match &ended.error {
            None => {
                attempt.phase = Phase::Done;
                report.close(&End::Streamed(101));
            }
            Some(error) => {
                attempt.code.clone_from(&error.facts().code);
                self.held.failed(error);
                report.close(&End::Failed(error));
            }
        }
        ended
    }

    async fn talk<E: Clone>(&mut self, line: &Line<E>, tell: &impl Fn(News)) -> Ended {
        loop {
            let deadline = self.deadline();
            let mut alarm = std::mem::take(&mut self.alarm);
            let step = alarm.before(deadline, self.step(line, tell)).await;
            self.alarm = alarm;
            match step {
                Some(Step::Came(frame)) => self.take(frame, line, tell),
                // From here on, the host has that long for its own goodbye.
                Some(Step::Parted) => {}
                Some(Step::Over) => return self.over(None),
                Some(Step::Failed(fault)) => {
                    self.object(&fault).await;
                    return self.over(Some(fault));
                }
                None if self.parting.is_some() => return self.over(None),
                None => {
                    if let Some(ended) = self.silence(line) {
                        return ended;
                    }
                }
            }
        }
    }

    /// Sends what there is to send, until something comes.
    async fn step<E: Clone>(&mut self, line: &Line<E>, tell: &impl Fn(News)) -> Step {
        let mut changed = pin!(line.changed());
        std::future::poll_fn(|context| {
            loop {
                let has_parted = self.parting.is_some();
                if !self.mute && self.send(context, line, tell).is_err() {
                    // What the host has said last tells why, if it has said something.
                    self.mute = true;
                }
                if self.parting.is_some() && !has_parted {
                    return Poll::Ready(Step::Parted);
                }
                if line.has_room()
                    && let Poll::Ready(came) = Pin::new(&mut self.socket).poll_next(context)
                {
                    return Poll::Ready(match came {
                        Some(Ok(frame)) => Step::Came(frame),
                        Some(Err(fault)) => Step::Failed(fault),
                        None => Step::Over,
                    });
                }
                if changed.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                changed.set(line.changed());
            }
        })
        .await
    }

    /// Hands all that waits to the socket, as far as it takes it.
    fn send<E: Clone>(
        &mut self,
        context: &mut Context<'_>,
        line: &Line<E>,
        tell: &impl Fn(News),
    ) -> Result<(), Fault> {
        while self.parting.is_none() {
            if Pin::new(&mut self.socket).poll_ready(context)?.is_pending() {
                return Ok(());
            }
            let frame = if std::mem::take(&mut self.asks) {
                Frame::Ping(Bytes::new())
            } else if let Some((message, is_told)) = line.next_out() {
                if is_told {
                    tell(News::Drained);
                }
                framed(message)
            } else if let Some((code, reason)) = line.goodbye() {
                self.parting = Some(SystemClock.now() + PARTING);
                Frame::Close(Some(CloseFrame { code: CloseCode::from(code), reason: reason.into() }))
            } else {
                break;
            };
            Pin::new(&mut self.socket).start_send(frame)?;
        }
        match Pin::new(&mut self.socket).poll_flush(context) {
            Poll::Ready(flushed) => flushed,
            Poll::Pending => Ok(()),
        }
    }

    fn take<E: Clone>(&mut self, frame: Frame, line: &Line<E>, tell: &impl Fn(News)) {
        self.last_heard = SystemClock.now();
        self.asked = false;
        let message = match frame {
            Frame::Text(text) => Message::Text(text.into()),
            Frame::Binary(bytes) => Message::Binary(bytes),
            Frame::Close(frame) => {
                let said = frame.map(|frame| (u16::from(frame.code), frame.reason.as_str().to_owned()));
                self.farewell = Some(said.unwrap_or((NO_CODE, String::new())));
                self.parting.get_or_insert(SystemClock.now() + PARTING);
                return;
            }
            // Pings are answered by tungstenite.
            Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_) => return,
        };
        if let Message::Text(text) = &message {
            self.usage.add(text);
        }
        if line.heard(message) {
            tell(News::Arrived);
        }
    }

    /// When to look at the clock again: half of the idle time after the host was last heard it is asked whether it is still
    /// there, and at its end it is given up.
    fn deadline(&self) -> Option<Instant> {
        let idle =
            self.target.clocks.idle.map(|idle| self.last_heard + if self.asked { idle } else { idle / 2 });
        self.parting.or(idle)
    }

    /// The host was silent for long. The end, where it was asked before.
    fn silence<E: Clone>(&mut self, line: &Line<E>) -> Option<Ended> {
        let now = SystemClock.now();
        if self.heard.any() || !line.has_room() {
            // A long message is on its way, or nobody listens.
            self.heard.forget();
            self.last_heard = now;
            self.asked = false;
            return None;
        }
        if !self.asked {
            self.asked = true;
            self.asks = true;
            return None;
        }
        let limit = self.target.clocks.idle.unwrap_or_default();
        Some(cut(Some(self.place().timeout("idle", limit, now - self.last_heard))))
    }

    /// Tells the host what it did wrong, if it still listens.
    async fn object(&mut self, fault: &Fault) {
        let code = match fault {
            Fault::Capacity(_) => CloseCode::Size,
            Fault::Utf8(_) => CloseCode::Invalid,
            Fault::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return,
            Fault::Protocol(_) => CloseCode::Protocol,
            _ => return,
        };
        let frame = CloseFrame { code, reason: Utf8Bytes::default() };
        let deadline = Some(SystemClock.now() + PARTING);
        let _ = crate::clock::before(deadline, self.socket.close(Some(frame))).await;
    }

    /// The connection is at its end. Whoever has said goodbye was not cut off.
    fn over(&mut self, fault: Option<Fault>) -> Ended {
        if let Some((code, reason)) = self.farewell.take() {
            return Ended { code, reason, error: None };
        }
        let is_ours = matches!(
            &fault,
            None | Some(Fault::Io(_) | Fault::Protocol(ProtocolError::ResetWithoutClosingHandshake))
        );
        if self.parting.is_some() && is_ours {
            return cut(None);
        }
        cut(Some(self.explained(fault)))
    }

    fn explained(&self, fault: Option<Fault>) -> Error {
        let place = self.place();
        let (kind, code, what, advice) = match fault {
            None | Some(Fault::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
                let what =
                    "The session was cut off: the host closed the connection without a goodbye.".to_owned();
                (Kind::Broken, "ECONNRESET", what, "")
            }
            Some(Fault::Io(why)) => {
                (Kind::Broken, "ECONNRESET", format!("The session was cut off: {why}."), "")
            }
            Some(Fault::Capacity(_)) => {
                let what = format!("A message of the host is longer than {} bytes.", self.longest);
                (Kind::Garbled, "message_too_large", what, "")
            }
            Some(fault) => (
                Kind::Garbled,
                "EPROTO",
                format!("The host does not speak WebSocket as it should: {fault}."),
                "",
            ),
        };
        Error::new(kind, place.message(&what, advice)).with_code(code)
    }

    fn place(&self) -> Place<'_> {
        Place { method: "GET", url: &self.url, query: None, target: &self.target }
    }
}

/// The end of a session in which the host has said no goodbye.
fn cut(error: Option<Error>) -> Ended {
    Ended { code: CUT, reason: String::new(), error }
}

fn framed(message: Message) -> Frame {
    match message {
        Message::Text(text) => Frame::Text(utf_8(&text)),
        Message::Binary(bytes) => Frame::Binary(bytes),
    }
}

/// What is not UTF-8 is made so.
fn utf_8(text: &Bytes) -> Utf8Bytes {
    Utf8Bytes::try_from(text.clone()).unwrap_or_else(|_| String::from_utf8_lossy(text).into_owned().into())
}
