//! The real program: started with nothing in its environment but what a test gives it, and talked to in lines.

#![expect(clippy::disallowed_types, reason = "somebody has to start the program that is tested")]

use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Far more than anything here takes: a test that gets there would hang.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A folder of a test's own, gone when the test ends.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let name = format!("prodview-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// With this `prodview.toml` in it, which the program finds by itself.
    pub fn configured(toml: &str) -> Folder {
        let folder = Folder::new();
        folder.write("prodview.toml", toml);
        folder
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    pub fn write_bytes(&self, name: &str, bytes: &[u8]) {
        fs::write(self.0.join(name), bytes).unwrap();
    }

    /// A symbolic link `name` to `to`, which is relative to the link's folder.
    #[cfg(unix)]
    pub fn link(&self, to: &str, name: &str) {
        std::os::unix::fs::symlink(to, self.0.join(name)).unwrap();
    }

    pub fn write_below(&self, folder: &str, name: &str, text: &str) {
        fs::create_dir_all(self.0.join(folder)).unwrap();
        self.write(&format!("{folder}/{name}"), text);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The program as it was when it ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    /// What it wrote, whatever the way.
    pub fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:#?}"))
    }
}

fn command(folder: &Folder, args: &[&str], env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_prodview"));
    command.env_clear().current_dir(&folder.0).args(args);
    // Windows opens no socket without it.
    command.envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)));
    for home in ["HOME", "XDG_CONFIG_HOME", "APPDATA", "USERPROFILE"] {
        command.env(home, folder.0.join("home"));
    }
    command.envs(env.iter().copied());
    command
}

/// Runs it to its end, its standard input closed.
pub fn run(folder: &Folder, args: &[&str], env: &[(&str, &str)]) -> Ended {
    let mut talk = Talk::begin(folder, args, env);
    talk.input = None;
    talk.end()
}

/// Runs it for somebody who stops reading before it has begun to write.
pub fn run_unread(folder: &Folder, args: &[&str]) -> Ended {
    let mut command = command(folder, args, &[]);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    Ended { code: done.status.code(), out: String::new(), err: String::from_utf8(done.stderr).unwrap() }
}

/// The program at work on pipes, as a client starts it.
pub struct Talk {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    errors: Receiver<String>,
    readers: Vec<JoinHandle<()>>,
    deaf: Option<Sender<()>>,
    asked: u64,
    /// What came without having been asked for, and answers to other questions, in the order of arrival.
    pub heard: Vec<Value>,
}

impl Talk {
    pub fn begin(folder: &Folder, args: &[&str], env: &[(&str, &str)]) -> Talk {
        let mut talk = Talk::begin_deaf(folder, args, env);
        talk.listen();
        talk
    }

    /// As [`Talk::begin`], but nothing is read of what it writes until [`Talk::listen`].
    pub fn begin_deaf(folder: &Folder, args: &[&str], env: &[(&str, &str)]) -> Talk {
        let mut command = command(folder, args, env);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (deaf, hears) = channel();
        let (lines, out) = lines_of(child.stdout.take().unwrap(), Some(hears));
        let (errors, err) = lines_of(child.stderr.take().unwrap(), None);
        let input = child.stdin.take();
        Talk {
            child,
            input,
            lines,
            errors,
            readers: vec![out, err],
            deaf: Some(deaf),
            asked: 0,
            heard: Vec::new(),
        }
    }

    pub fn listen(&mut self) {
        self.deaf = None;
    }

    /// Sends a message, or what is none, as one line.
    pub fn say(&mut self, line: impl ToString) {
        let input = self.input.as_mut().unwrap();
        input.write_all(line.to_string().as_bytes()).unwrap();
        input.write_all(b"\n").unwrap();
        input.flush().unwrap();
    }

    /// Sends a request and gives back its id.
    pub fn send(&mut self, method: &str, params: &Value) -> Value {
        self.asked += 1;
        let id = json!(self.asked);
        self.say(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// The next line of its standard output, which must be a JSON-RPC message.
    pub fn hear(&mut self) -> Value {
        let line =
            self.lines.recv_timeout(PATIENCE).unwrap_or_else(|e| panic!("{e}; so far: {:#?}", self.heard));
        message(&line)
    }

    /// The whole answer to the request of that id.
    pub fn answer_to(&mut self, id: &Value) -> Value {
        if let Some(at) = self.heard.iter().position(|m| m["id"] == *id) {
            return self.heard.remove(at);
        }
        loop {
            let message = self.hear();
            if message["id"] == *id {
                return message;
            }
            self.heard.push(message);
        }
    }

    /// Asks and waits for the answer.
    pub fn ask(&mut self, method: &str, params: &Value) -> Value {
        let id = self.send(method, params);
        self.answer_to(&id)
    }

    /// Asks what must succeed.
    pub fn result(&mut self, method: &str, params: &Value) -> Value {
        let answer = self.ask(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer:#}");
        answer["result"].clone()
    }

    /// Waits until it says on standard error where it serves HTTP; what it said until then is added to `log`.
    pub fn address(&mut self, log: &mut String) -> SocketAddr {
        loop {
            let line = self.errors.recv_timeout(PATIENCE).unwrap();
            log.push_str(&line);
            if let Some((_, address)) = line.split_once("MCP on http://") {
                return address.strip_suffix("/mcp").unwrap().parse().unwrap();
            }
        }
    }

    /// Asks it to end, as a supervisor does, and waits until it has; elsewhere than on Unix it is simply ended.
    pub fn terminate(mut self) -> Ended {
        let pid = self.child.id().to_string();
        if cfg!(unix) {
            assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        } else {
            self.child.kill().unwrap();
        }
        self.wait()
    }

    /// Closes its standard input, as a client does that leaves, and waits until it has ended by itself.
    pub fn end(mut self) -> Ended {
        self.input = None;
        self.wait()
    }

    fn wait(&mut self) -> Ended {
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(started.elapsed() < PATIENCE, "it goes on although it was to end");
            thread::sleep(Duration::from_millis(5));
        };
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        let text =
            |lines: &Receiver<String>| lines.try_iter().fold(String::new(), |text, line| text + &line + "\n");
        Ended { code: status.code(), out: text(&self.lines), err: text(&self.errors) }
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        // A test that failed must leave no process behind; one that has ended is not there any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A line of standard output that belongs there.
pub fn message(line: &str) -> Value {
    let message: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("not JSON ({e}): {line}"));
    assert_eq!(message["jsonrpc"], "2.0", "{line}");
    message
}

/// Its lines, read from when `hears` ends.
fn lines_of(
    stream: impl Read + Send + 'static,
    hears: Option<Receiver<()>>,
) -> (Receiver<String>, JoinHandle<()>) {
    let (sender, receiver) = channel();
    let reader = thread::spawn(move || {
        // Nothing is ever sent: the other end is dropped.
        let _ = hears.map(|hears| hears.recv());
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    (receiver, reader)
}
