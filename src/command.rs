//! The command line.
//!
//! Exit codes: 0, it went well · 1, the answer is an error, or `check` found something · 2, the command line or the
//! configuration is wrong.

mod call;
mod check;
mod demo;
mod production;
mod serve;
mod tools;

use crate::config::Problem;
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Look at production from an AI assistant or a terminal, and never touch it.
#[derive(Parser)]
#[command(name = "prodview", version, after_help = EXIT_CODES, max_term_width = 100)]
struct Arguments {
    /// Configuration file [default: $PRODVIEW_CONFIG, ./prodview.toml, the user's configuration folder]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

const EXIT_CODES: &str = "\
Without a command it is the MCP server on standard input and output, like `prodview serve`.

Exit codes:
  0  it went well
  1  the answer is an error, or check found something
  2  the command line or the configuration is wrong

PRODVIEW_LOG sets how much is logged to standard error: warn, info, debug.";

#[derive(Subcommand)]
enum Command {
    /// The MCP server, on standard input and output or on HTTP
    Serve(serve::Serve),
    /// Shows the job on a small fake production: an incident, from the question to the finding
    Demo(demo::Demo),
    /// One tool call from the terminal: prodview call find_user who=alice@acme.dev
    Call(call::Call),
    /// The tools, and about how many tokens each costs a model
    Tools(tools::Tools),
    /// Looks at the configuration: is each source reachable, as whom, and could its key write?
    Check(check::Check),
    /// Completions for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
}

/// Why a command did not do what it should.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The configuration is wrong: everything that is, at once.
    Configuration(Vec<Problem>),
    /// The command line is.
    Usage(String),
    /// Anything else.
    Failed(String),
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Trouble {
        Trouble::Failed(error.to_string())
    }
}

/// Does what the command line says.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => return report(Trouble::Failed(format!("no runtime: {e}"))),
    };
    let done = runtime.block_on(dispatch(arguments));
    // A reader blocked on standard input must not keep the process alive.
    runtime.shutdown_background();
    match done {
        Ok(code) => code,
        Err(trouble) => report(trouble),
    }
}

async fn dispatch(arguments: Arguments) -> Result<ExitCode, Trouble> {
    let config = arguments.config.as_deref();
    match arguments.command {
        None => serve::Serve::default().run(config).await,
        Some(Command::Serve(serve)) => serve.run(config).await,
        Some(Command::Demo(demo)) => demo.run().await,
        Some(Command::Call(call)) => call.run(config).await,
        Some(Command::Tools(tools)) => tools.run(config).await,
        Some(Command::Check(check)) => check.run(config).await,
        Some(Command::Completions { shell }) => {
            clap_complete::generate(shell, &mut Arguments::command(), "prodview", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn report(trouble: Trouble) -> ExitCode {
    let mut err = anstream::AutoStream::auto(std::io::stderr().lock());
    // There is nobody left to tell when standard error is closed.
    let (text, code) = match trouble {
        Trouble::Configuration(problems) => {
            let lines: Vec<String> = problems.iter().map(|p| format!("  {p}")).collect();
            (format!("the configuration has {} to mend:\n{}", things(lines.len()), lines.join("\n")), 2)
        }
        Trouble::Usage(text) => (text, 2),
        // Whoever closed our standard output knows.
        Trouble::Failed(text) if text.contains("Broken pipe") => return ExitCode::SUCCESS,
        Trouble::Failed(text) => (text, 1),
    };
    let _ = writeln!(err, "prodview: {}", prodview_guard::redact(&text));
    ExitCode::from(code)
}

fn things(n: usize) -> String {
    if n == 1 { "one thing".to_owned() } else { format!("{n} things") }
}
