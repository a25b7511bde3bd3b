//! A real Redis for tests: on a unix socket, a port or a TLS port of its own, gone with the value that stands for it.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use redis::{FromRedisValue, cmd};

use super::Limits;

/// What never takes as long, however busy the machine is.
pub const PATIENT: Limits = Limits { operation: Duration::from_secs(30), connect: Duration::from_secs(30) };

pub struct Server {
    /// `None` once it was killed.
    child: Option<Child>,
    pub folder: PathBuf,
    pub url: String,
}

impl Server {
    /// On a unix socket.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    pub fn start_with(settings: &[&str]) -> Self {
        let folder = new_folder();
        let socket = folder.join("redis.sock");
        let url = format!("unix://{}", socket.display());
        let arguments = [&["--port", "0", "--unixsocket", path(&socket)], settings].concat();
        let child = spawn(&folder, &arguments).expect("redis-server starts on a unix socket");
        Self { child: Some(child), folder, url }
    }

    /// On a free port, as `option` (`--port`, `--tls-port`) has it.
    pub fn start_on_port(option: &str, scheme: &str, settings: &[&str], folder: PathBuf) -> Self {
        // A port that was free may be taken by the time the server binds it; another is tried then.
        for _ in 0..20 {
            let port = free_port();
            let number = port.to_string();
            let arguments = [&[option, &number, "--bind", "127.0.0.1"], settings].concat();
            if let Some(child) = spawn(&folder, &arguments) {
                let url = format!("{scheme}://127.0.0.1:{port}");
                return Self { child: Some(child), folder, url };
            }
        }
        panic!("redis-server found no free port");
    }

    /// Ends it at once, as `kill -9` does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("our own child can be killed");
            child.wait().expect("our own child can be waited for");
        }
    }

    /// `STOP` has it take what it is sent and answer nobody, until `CONT`.
    pub fn signal(&self, name: &str) {
        let child = self.child.as_ref().expect("it runs").id().to_string();
        let sent = Command::new("kill").args(["-s", name, &child]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Starts it again, empty, where it was.
    pub fn restart(&mut self) {
        self.kill();
        let socket = self.folder.join("redis.sock");
        let child = spawn(&self.folder, &["--port", "0", "--unixsocket", path(&socket)]);
        self.child = Some(child.expect("redis-server starts again"));
    }

    /// Asks the server past everything that is tested.
    pub async fn ask<T: FromRedisValue>(&self, words: &[&str]) -> T {
        let client = redis::Client::open(self.url.as_str()).expect("a URL");
        let mut connection = client.get_multiplexed_async_connection().await.expect("the server is up");
        cmd(words[0]).arg(&words[1..]).query_async(&mut connection).await.expect("an answer")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        // What cannot be removed is left to the system's temporary folder.
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

pub fn new_folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("portkey-redis-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the temporary folder can be written");
    folder
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a temporary path is UTF-8")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// Starts the server and waits for its word that it takes connections; `None` when it ended instead.
fn spawn(folder: &Path, arguments: &[&str]) -> Option<Child> {
    let mut child = Command::new("redis-server")
        .args(["--save", "", "--appendonly", "no", "--dir", path(folder)])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|why| panic!("redis-server: {why}; install the Debian package redis-server"));
    let output = child.stdout.take().expect("its output is piped");
    let ready = BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .any(|line| line.to_lowercase().contains("ready to accept connections"));
    if ready {
        return Some(child);
    }
    child.wait().expect("our own child can be waited for");
    None
}
