//! A TCP server on a free port that answers each request with the bytes, pauses and endings that its test scripts, and
//! tells what it saw. It knows nothing of the engine. Requests take the scripts in turn, over whichever connection.

use std::collections::VecDeque;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What the server does, one after the other, when a request has come. At the end it waits for the next request.
#[derive(Clone)]
pub enum Step {
    Send(Bytes),
    /// Until the test opens the gate, or the client goes away.
    Wait(Arc<Notify>),
    /// Ends the connection with FIN.
    Close,
    /// Ends the connection with RST.
    Reset,
    /// The only step of a script that takes a connection rather than a request: RST before anything is read.
    ResetUnread,
}

pub type Script = Vec<Step>;

/// A request as it came; header names as they were spelled.
#[derive(Clone, Debug)]
pub struct Request {
    /// Counts connections from 0.
    pub connection: usize,
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Request {
    /// All values of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }
}

pub struct Server {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    requests: UnboundedReceiver<Request>,
    waits: UnboundedReceiver<()>,
    endings: UnboundedReceiver<usize>,
}

struct Shared {
    scripts: Mutex<VecDeque<Script>>,
    written: AtomicUsize,
    requests: UnboundedSender<Request>,
    waits: UnboundedSender<()>,
    endings: UnboundedSender<usize>,
}

impl Shared {
    fn next_script(&self, fits: impl FnOnce(&Script) -> bool) -> Option<Script> {
        let mut scripts = self.scripts.lock().expect("nothing panics with it");
        if scripts.front().is_some_and(fits) { scripts.pop_front() } else { None }
    }
}

impl Server {
    pub async fn start(scripts: impl IntoIterator<Item = Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (requests, waits, endings) = (unbounded_channel(), unbounded_channel(), unbounded_channel());
        let shared = Arc::new(Shared {
            scripts: Mutex::new(scripts.into_iter().collect()),
            written: AtomicUsize::new(0),
            requests: requests.0,
            waits: waits.0,
            endings: endings.0,
        });
        tokio::spawn(accept(listener, shared.clone()));
        Self { address, shared, requests: requests.1, waits: waits.1, endings: endings.1 }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The requests that came since this was last asked.
    pub fn requests(&mut self) -> Vec<Request> {
        std::iter::from_fn(|| self.requests.try_recv().ok()).collect()
    }

    /// When the server has come to a gate, with all before it written.
    pub async fn waiting(&mut self) {
        in_time(self.waits.recv()).await.expect("a running server");
    }

    /// The number of the connection that ended next, from either side.
    pub async fn ended(&mut self) -> usize {
        in_time(self.endings.recv()).await.expect("a running server")
    }

    /// Bytes that went into sockets so far.
    pub fn written(&self) -> usize {
        self.shared.written.load(Ordering::Relaxed)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    for number in 0.. {
        let Ok((stream, _)) = listener.accept().await else { return };
        stream.set_nodelay(true).expect("a socket takes its options");
        let resets = |script: &Script| matches!(script[..], [Step::ResetUnread]);
        if shared.next_script(resets).is_some() {
            stream.set_zero_linger().expect("a socket takes its options");
            drop(stream);
            let _ = shared.endings.send(number);
        } else {
            tokio::spawn(connection(stream, number, shared.clone()));
        }
    }
}

async fn connection(mut stream: TcpStream, number: usize, shared: Arc<Shared>) {
    while let Some(request) = read_request(&mut stream, number).await {
        let script = shared.next_script(|_| true).unwrap_or_else(unscripted);
        let _ = shared.requests.send(request);
        if play(&mut stream, script, &shared).await.is_none() {
            break;
        }
    }
    drop(stream);
    let _ = shared.endings.send(number);
}

/// A status that no policy retries, from a script that is at its end.
fn unscripted() -> Script {
    vec![Step::Send(Bytes::from_static(b"HTTP/1.1 418 Unscripted\r\ncontent-length: 0\r\n\r\n"))]
}

/// `None` when the connection is at its end.
async fn play(stream: &mut TcpStream, script: Script, shared: &Shared) -> Option<()> {
    for step in script {
        match step {
            Step::Send(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                shared.written.fetch_add(bytes.len(), Ordering::Relaxed);
            }
            Step::Wait(gate) => {
                let _ = shared.waits.send(());
                let mut byte = [0];
                tokio::select! {
                    () = gate.notified() => {}
                    _ = stream.read(&mut byte) => return None,
                }
            }
            Step::Close => return None,
            Step::Reset | Step::ResetUnread => {
                stream.set_zero_linger().ok()?;
                return None;
            }
        }
    }
    Some(())
}

/// The next request of a connection; `None` when the client has gone away.
async fn read_request(stream: &mut TcpStream, connection: usize) -> Option<Request> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        (stream.read_buf(&mut bytes).await.ok()? > 0).then_some(())?;
    };
    let text: String = bytes[..head].iter().copied().map(char::from).collect();
    let mut lines = text.split("\r\n");
    let mut first = lines.next()?.split(' ').map(str::to_owned);
    let (method, path) = (first.next()?, first.next()?);
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned())))
        .collect();
    let mut request = Request { connection, method, path, headers, body: Bytes::new() };
    let length = request.all("content-length").first().map_or(0, |text| text.parse().expect("a length"));
    let mut body = bytes.split_off(head + 4);
    while body.len() < length {
        (stream.read_buf(&mut body).await.ok()? > 0).then_some(())?;
    }
    request.body = body.into();
    Some(request)
}

/// Nothing here takes long; what does hangs.
#[expect(clippy::disallowed_methods, reason = "a test that hangs must end all the same")]
pub async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(8), work).await.expect("it hangs")
}

/// Lets the runtime see all that has happened on its sockets until now: a connection that is made now is seen after it.
pub async fn turn() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (near, far) = tokio::join!(TcpStream::connect(address), listener.accept());
    drop((near.expect("a connection"), far.expect("a connection")));
}
