//! The real program over pipes, driven as fast as it answers.

#![expect(clippy::disallowed_types, reason = "somebody has to start the program that is measured")]

use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub struct Program {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    asked: u64,
}

/// A request that stands for itself (2026-07-28).
pub fn stateless(id: u64, method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

pub fn command(toml: &str, args: &[&str]) -> Command {
    let config: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench.toml");
    fs::write(&config, toml).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_prodview"));
    command.env_clear().envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)));
    // As in service: what goes wrong is logged, what goes well is not measured twice.
    command.env("PRODVIEW_LOG", "warn").arg("--config").arg(config).args(args);
    command
}

impl Program {
    pub fn start(toml: &str) -> Program {
        let mut command = command(toml, &["serve"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Program { child, input, output, asked: 0 }
    }

    /// Asks and waits for the answer, which is not looked into.
    pub fn ask(&mut self, method: &str, params: Value) -> String {
        self.asked += 1;
        let request = format!("{}\n", stateless(self.asked, method, params));
        self.input.write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }

    pub fn call(&mut self, tool: &str, arguments: &Value) -> String {
        let answer = self.ask("tools/call", json!({ "name": tool, "arguments": arguments }));
        assert!(answer.contains("\"structuredContent\""), "{tool} {arguments}: {answer}");
        answer
    }

    /// The memory it holds, in MiB; `None` where the system does not tell.
    pub fn resident(&self) -> Option<f64> {
        resident(self.child.id())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn resident(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}
