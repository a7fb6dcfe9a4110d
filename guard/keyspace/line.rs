//! One connection to a Redis: made, asked, and cut when it answers too much.

#![expect(clippy::disallowed_types, reason = "this is the one place where a connection to Redis belongs")]

use super::address::Address;
use super::refusal::{broken, refused_by};
use crate::{Command, Failure, FailureKind, Refused, Resp};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, Pipeline, RedisConnectionInfo, Value};
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::{BuilderVerifierExt, Verifier};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;

/// The longest that making a connection may take.
const CONNECTING: Duration = Duration::from_secs(3);

/// Knows how to make a line.
pub(super) struct Opener {
    pub(super) address: Address,
    roots: Vec<CertificateDer<'static>>,
    cap: usize,
    // Made at the first connection: reading the system's certificates is no work for start-up.
    tls: OnceCell<Arc<ClientConfig>>,
}

/// A connection that is asked by one at a time.
pub(super) struct Line {
    connection: MultiplexedConnection,
    read: Arc<AtomicUsize>,
    cap: usize,
}

impl Opener {
    pub(super) fn new(address: Address, ca_pem: Option<&[u8]>, cap: usize) -> Result<Opener, Refused> {
        let roots = CertificateDer::pem_slice_iter(ca_pem.unwrap_or_default())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| Refused::because("the CA file is not a PEM bundle of certificates"))?;
        Ok(Opener { address, roots, cap, tls: OnceCell::new() })
    }

    pub(super) async fn open(&self) -> Result<Line, Failure> {
        match tokio::time::timeout(CONNECTING, self.connect()).await {
            Ok(line) => line,
            Err(_) => {
                let failure = Failure::new(FailureKind::Unreachable, "no connection within 3 s");
                // A server without TLS waits for the end of what it takes for a command.
                Err(match self.address.encrypted {
                    true => failure.hint("nothing answered the handshake: does it speak TLS on that port?"),
                    false => failure,
                })
            }
        }
    }

    async fn connect(&self) -> Result<Line, Failure> {
        let address = &self.address;
        let stream = TcpStream::connect((address.host.as_str(), address.port)).await.map_err(unreachable)?;
        stream.set_nodelay(true).map_err(unreachable)?;
        let read = Arc::new(AtomicUsize::new(0));
        let capped = |stream| Capped { stream, read: Arc::clone(&read), cap: self.cap };
        let connection = if address.encrypted {
            let name = ServerName::try_from(address.host.clone())
                .map_err(|_| Failure::new(FailureKind::Unreachable, "the host is no name for TLS"))?;
            let connector = TlsConnector::from(Arc::clone(self.tls().await?));
            let stream = connector.connect(name, stream).await.map_err(untrusted)?;
            self.greet(capped(Box::new(stream) as Box<dyn Stream>)).await?
        } else {
            self.greet(capped(Box::new(stream) as Box<dyn Stream>)).await?
        };
        Ok(Line { connection, read, cap: self.cap })
    }

    /// Says who we are and which database; never sets a name or a library, which some users may not.
    async fn greet(&self, stream: Capped) -> Result<MultiplexedConnection, Failure> {
        let mut info =
            RedisConnectionInfo::default().set_skip_set_lib_name().set_db(i64::from(self.address.db));
        if let Some(user) = &self.address.user {
            info = info.set_username(user);
        }
        if let Some(password) = &self.address.password {
            info = info.set_password(password.expose());
        }
        // The waiting is bounded by who asks.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let (connection, driver) = MultiplexedConnection::new_with_config(&info, stream, config)
            .await
            .map_err(|error| refused_by(&error, None))?;
        tokio::spawn(driver);
        Ok(connection)
    }

    async fn tls(&self) -> Result<&Arc<ClientConfig>, Failure> {
        self.tls
            .get_or_try_init(|| async {
                let provider = Arc::new(rustls::crypto::ring::default_provider());
                let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
                    .with_safe_default_protocol_versions()?;
                let builder = if self.roots.is_empty() {
                    builder.with_platform_verifier()?
                } else {
                    let verifier = Verifier::new_with_extra_roots(self.roots.iter().cloned(), provider)?;
                    builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
                };
                Ok(Arc::new(builder.with_no_client_auth()))
            })
            .await
            .map_err(|error: rustls::Error| {
                Failure::new(FailureKind::Unreachable, format!("no TLS: {error}"))
            })
    }
}

impl Line {
    /// All commands in one write, their answers in one wait, and how many bytes came.
    pub(super) async fn ask(
        &mut self,
        commands: &[Command],
    ) -> Result<(Vec<Result<Resp, Failure>>, usize), Failure> {
        self.read.store(0, Ordering::Relaxed);
        let mut pipeline = Pipeline::with_capacity(commands.len());
        for command in commands {
            let mut cmd = Cmd::new();
            command.words().for_each(|word| {
                cmd.arg(word);
            });
            pipeline.add_command(cmd);
        }
        let answers = self.connection.send_packed_commands(&pipeline, 0, commands.len()).await;
        let read = self.read.load(Ordering::Relaxed);
        let answers = answers.map_err(|error| match read > self.cap {
            true => too_much(self.cap),
            false => broken(&error),
        })?;
        if answers.len() != commands.len() {
            return Err(Failure::odd("another number of answers than of commands"));
        }
        let told = answers.into_iter().zip(commands).map(|(value, command)| resp(value, command));
        Ok((told.collect(), read))
    }
}

fn too_much(cap: usize) -> Failure {
    let cause = format!("the answer is larger than {} MiB", cap / 1024 / 1024);
    Failure::odd(cause.clone()).hint(format!("{cause}: ask for less at once"))
}

fn unreachable(error: io::Error) -> Failure {
    Failure::new(FailureKind::Unreachable, format!("no connection: {}", error.kind()))
}

fn untrusted(error: io::Error) -> Failure {
    let certificate = matches!(
        error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()),
        Some(rustls::Error::InvalidCertificate(_))
    );
    let failure = Failure::new(FailureKind::Unreachable, format!("no TLS: {error}"));
    if certificate {
        return failure
            .hint("its certificate is not one that this machine trusts (ca_file adds an authority)");
    }
    failure.hint("it does not speak TLS there: is the port right, and is it rediss://?")
}

fn resp(value: Value, command: &Command) -> Result<Resp, Failure> {
    match value {
        Value::ServerError(error) => Err(refused_by(&error.into(), Some(command.name()))),
        other => Ok(plain(other)),
    }
}

fn plain(value: Value) -> Resp {
    let list = |values: Vec<Value>| Resp::List(values.into_iter().map(plain).collect());
    match value {
        Value::Int(n) => Resp::Int(n),
        Value::BulkString(bytes) => Resp::Bytes(bytes),
        Value::SimpleString(text) => Resp::Bytes(text.into_bytes()),
        Value::Okay => Resp::Bytes(b"OK".to_vec()),
        Value::Array(values) | Value::Set(values) => list(values),
        // Everything else belongs to a protocol that is never asked for, or is nothing.
        _ => Resp::Nil,
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A stream that fails once more was read since the last question than is allowed: the server is then cut off, and
/// what it still wants to send is never taken in.
struct Capped {
    stream: Box<dyn Stream>,
    read: Arc<AtomicUsize>,
    cap: usize,
}

impl AsyncRead for Capped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        let came = buf.filled().len() - before;
        if self.read.fetch_add(came, Ordering::Relaxed) + came > self.cap {
            return Poll::Ready(Err(io::Error::other("the answer is too large")));
        }
        polled
    }
}

impl AsyncWrite for Capped {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
