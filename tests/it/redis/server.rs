//! A real Redis on loopback, for one test: no persistence, its own folder, ended with the test. And a raw client,
//! which shares no code with prodview.

#![expect(clippy::disallowed_types, reason = "the other side of the wire needs a socket and a process")]

use crate::program::PATIENCE;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub const PASSWORD: &str = "a-password-for-tests-0042";

pub struct Server {
    child: Child,
    pub port: u16,
    pub tls_port: Option<u16>,
    folder: PathBuf,
}

impl Server {
    pub fn new() -> Server {
        Server::started(None)
    }

    /// A server that speaks TLS on a port of its own as well, with this certificate and key in PEM.
    pub fn encrypted(certificate: &str, key: &str) -> Server {
        Server::started(Some((certificate, key)))
    }

    fn started(tls: Option<(&str, &str)>) -> Server {
        // Another process may take the port between the look and the start: then the next one is tried.
        for _ in 0..5 {
            let port = free_port();
            let folder = std::env::temp_dir().join(format!("prodview-redis-{}-{port}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            let mut settings = vec![
                ("--port", port.to_string()),
                ("--bind", "127.0.0.1".to_owned()),
                ("--dir", folder.display().to_string()),
                ("--save", String::new()),
                ("--appendonly", "no".to_owned()),
                ("--databases", "4".to_owned()),
                ("--slowlog-log-slower-than", "5000".to_owned()),
                ("--enable-debug-command", "yes".to_owned()),
            ];
            let tls_port = tls.map(|_| free_port());
            if let (Some((certificate, key)), Some(port)) = (tls, tls_port) {
                let (crt, pem) = (folder.join("server.crt"), folder.join("server.key"));
                std::fs::write(&crt, certificate).unwrap();
                std::fs::write(&pem, key).unwrap();
                settings.extend([
                    ("--tls-port", port.to_string()),
                    ("--tls-cert-file", crt.display().to_string()),
                    ("--tls-key-file", pem.display().to_string()),
                    ("--tls-auth-clients", "no".to_owned()),
                ]);
            }
            let child = Command::new("redis-server")
                .args(settings.iter().flat_map(|(name, value)| [(*name).to_owned(), value.clone()]))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap_or_else(|e| panic!("redis-server is needed (apt install redis-server): {e}"));
            let mut server = Server { child, port, tls_port, folder };
            if server.is_up() {
                return server;
            }
        }
        panic!("no redis-server came up");
    }

    fn is_up(&mut self) -> bool {
        let started = Instant::now();
        while started.elapsed() < PATIENCE && self.child.try_wait().unwrap().is_none() {
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", self.port)) {
                drop(stream);
                return self.admin().say(&["PING"]) == "PONG";
            }
            sleep(Duration::from_millis(10));
        }
        false
    }

    /// As the user that may do everything.
    pub fn admin(&self) -> Raw {
        Raw::new(self.port)
    }

    /// Makes the user of the documentation, word for word.
    pub fn documented_user(&self) {
        let words = documented();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert_eq!(self.admin().say(&words), "OK");
    }

    pub fn url(&self) -> String {
        format!("redis://prodview:{PASSWORD}@127.0.0.1:{}", self.port)
    }

    pub fn open_url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Everything that a client could have changed: keys of all databases with values and ends, users, settings,
    /// functions.
    pub fn fingerprint(&self) -> Vec<String> {
        let mut admin = self.admin();
        let mut all = Vec::new();
        for db in ["0", "1", "2", "3"] {
            admin.say(&["SELECT", db]);
            let mut keys: Vec<String> = admin.say(&["KEYS", "*"]).lines().map(str::to_owned).collect();
            keys.sort();
            for key in keys {
                let value = admin.say(&["DUMP", &key]);
                let end = admin.say(&["PEXPIRETIME", &key]);
                all.push(format!("{db} {key} {end} {value}"));
            }
        }
        admin.say(&["SELECT", "0"]);
        for question in
            [&["ACL", "LIST"][..], &["CONFIG", "GET", "*"], &["FUNCTION", "LIST"], &["LASTSAVE"], &["ROLE"]]
        {
            all.push(admin.say(question));
        }
        all
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// The line of docs/providers.md, as words.
pub fn documented() -> Vec<String> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/providers.md")).unwrap();
    let (_, rest) = page.split_once("```text\nACL SETUSER").unwrap();
    let (line, _) = rest.split_once("```").unwrap();
    format!("ACL SETUSER{line}").split_whitespace().map(|word| word.replace("PASSWORD", PASSWORD)).collect()
}

/// A connection that says anything.
pub struct Raw {
    stream: BufReader<TcpStream>,
}

impl Raw {
    pub fn new(port: u16) -> Raw {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Raw { stream: BufReader::new(stream) }
    }

    /// One command; its answer as lines. Errors begin with `-`.
    pub fn say(&mut self, words: &[&str]) -> String {
        self.try_say(words).unwrap_or_else(|| "-closed".to_owned())
    }

    /// `None` when the server closed the connection.
    pub fn try_say(&mut self, words: &[&str]) -> Option<String> {
        let mut packed = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            packed.extend(format!("${}\r\n{word}\r\n", word.len()).into_bytes());
        }
        self.stream.get_mut().write_all(&packed).ok()?;
        self.answer()
    }

    fn answer(&mut self) -> Option<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        let (kind, rest) = line.split_at(1);
        match kind {
            "$" | "*" if rest.starts_with('-') => Some("(nil)".to_owned()),
            "$" => {
                let mut bytes = vec![0; rest.parse::<usize>().unwrap() + 2];
                self.stream.read_exact(&mut bytes).ok()?;
                bytes.truncate(bytes.len() - 2);
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
            "*" => {
                let parts: Option<Vec<String>> =
                    (0..rest.parse::<usize>().unwrap()).map(|_| self.answer()).collect();
                Some(parts?.join("\n"))
            }
            "-" => Some(line.to_owned()),
            _ => Some(rest.to_owned()),
        }
    }
}
