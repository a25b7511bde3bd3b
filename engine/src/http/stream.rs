//! A way to a host, whatever it is made of: TCP, a unix socket, TLS over either, or over a proxy's tunnel.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;

/// What bytes go through.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

pub type Stream = Box<dyn Io>;

/// Tells whether a byte has come since it was last asked to forget.
#[derive(Clone, Default)]
pub struct Heard(Arc<AtomicBool>);

impl Heard {
    pub fn forget(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    pub fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A stream that is listened to.
pub struct Listened {
    pub stream: Stream,
    pub heard: Heard,
    /// Waits for how an HTTP/2 host greets.
    pub greeting: Option<Greeting>,
}

/// The first frame of an HTTP/2 host, its SETTINGS (RFC 9113 §6.5), as it comes in. It tells how many streams the host
/// takes at once.
pub struct Greeting {
    bytes: Vec<u8>,
    told: oneshot::Sender<usize>,
}

impl Greeting {
    pub fn new() -> (Self, oneshot::Receiver<usize>) {
        let (told, most) = oneshot::channel();
        (Self { bytes: Vec::new(), told }, most)
    }

    /// Takes what came in; the number of streams once the frame is there. Without one there is no limit.
    fn read(&mut self, bytes: &[u8]) -> Option<usize> {
        const MAX_CONCURRENT_STREAMS: u16 = 3;
        const SETTING: usize = 6;
        self.bytes.extend_from_slice(bytes);
        let (head, payload) = self.bytes.split_at_checked(9)?;
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let payload = payload.get(..length)?;
        let limit =
            payload.chunks_exact(SETTING).rfind(|one| one[..2] == MAX_CONCURRENT_STREAMS.to_be_bytes());
        let value = |one: &[u8]| one[2..].iter().fold(0, |value, byte| value << 8 | usize::from(*byte));
        Some(limit.map_or(usize::MAX, value))
    }
}

impl AsyncRead for Listened {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if let Some(news) = buffer.filled().get(before..).filter(|news| !news.is_empty()) {
            self.heard.0.store(true, Ordering::Relaxed);
            if let Some(most) = self.greeting.as_mut().and_then(|greeting| greeting.read(news))
                && let Some(greeting) = self.greeting.take()
            {
                // Nobody may be waiting for it any more.
                let _ = greeting.told.send(most);
            }
        }
        read
    }
}

impl AsyncWrite for Listened {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_http_2_host_says_how_many_streams_it_takes_in_whatever_pieces() {
        let frame = |settings: &[[u8; 6]]| {
            let length = u8::try_from(settings.len() * 6).expect("a short frame");
            [&[0, 0, length, 4, 0, 0, 0, 0, 0][..], &settings.concat(), b"the next frame"].concat()
        };
        let window = [0, 4, 0, 1, 0, 0];
        for (settings, wanted) in
            [(&[window, [0, 3, 0, 0, 1, 44]][..], 300), (&[window], usize::MAX), (&[], usize::MAX)]
        {
            for size in [1, 7, 100] {
                let (mut greeting, _) = Greeting::new();
                let told = frame(settings).chunks(size).find_map(|piece| greeting.read(piece));
                assert_eq!(told, Some(wanted), "in pieces of {size}");
            }
        }
    }
}
