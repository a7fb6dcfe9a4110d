//! MCP on standard input and output: one JSON message a line, and nothing else on standard output.

use crate::server::Server;
use rmcp::ServiceExt;
use rmcp::transport::io::stdio_pipes;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};

/// The longest line that is taken; what is beyond is thrown away up to the next line.
const LONGEST_LINE: usize = 4 * 1024 * 1024;

/// Serves until the client closes standard input.
pub async fn serve(server: Server) -> Result<(), String> {
    let (input, output) = stdio_pipes();
    let service = match server.serve((BoundedLines::new(input, LONGEST_LINE), output)).await {
        Ok(service) => service,
        // A client that starts the server and leaves at once has done nothing wrong.
        Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(e) => return Err(format!("the client did not begin as MCP asks: {e}")),
    };
    service.waiting().await.map(|_| ()).map_err(|e| format!("the connection ended badly: {e}"))
}

/// Passes lines on, the end of too long ones left out: a line without end must not fill the memory.
struct BoundedLines<R> {
    inner: R,
    longest: usize,
    line: usize,
}

impl<R> BoundedLines<R> {
    fn new(inner: R, longest: usize) -> BoundedLines<R> {
        BoundedLines { inner, longest, line: 0 }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for BoundedLines<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        loop {
            let mut chunk = [0_u8; 8 * 1024];
            let room = out.remaining().min(chunk.len());
            let mut read = ReadBuf::new(chunk.get_mut(..room).unwrap_or_default());
            ready!(Pin::new(&mut self.inner).poll_read(cx, &mut read))?;
            let before = out.filled().len();
            let bytes = read.filled();
            if bytes.is_empty() {
                return Poll::Ready(Ok(()));
            }
            for part in bytes.split_inclusive(|b| *b == b'\n') {
                let ends = part.last() == Some(&b'\n');
                let left = self.longest.saturating_sub(self.line);
                out.put_slice(part.get(..part.len().min(left)).unwrap_or_default());
                if ends && part.len() > left {
                    tracing::warn!(
                        longest = self.longest,
                        "a message was longer than is taken and was thrown away"
                    );
                    out.put_slice(b"\n");
                }
                self.line = if ends { 0 } else { self.line + part.len() };
            }
            // Nothing passed on would read as the end of the input.
            if out.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn the_end_of_a_long_line_is_left_out_and_the_next_line_is_whole() {
        let text = format!("short\n{}\nnext\n", "x".repeat(50_000));
        let mut passed = String::new();
        BoundedLines::new(text.as_bytes(), 10).read_to_string(&mut passed).await.unwrap();
        assert_eq!(passed, "short\nxxxxxxxxxx\nnext\n");
    }
}
