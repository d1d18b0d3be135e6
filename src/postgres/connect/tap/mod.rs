//! Stands between the socket and the driver and takes the rows of a COPY out of the server's messages.
//!
//! The server's messages are a type (one byte), a length (four, itself included) and a body. The tap follows their
//! borders from the first byte on, whether it has something to take out or not, so it never guesses where one begins.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

use super::copy_out::{Counter, Filled, Loan, Mode, Rest};

/// What is read from the socket at once; the server sends pieces of 8 KiB, several of which wait where we are slower.
const READ_SIZE: usize = 128 * 1024;

const HEADER: usize = 5;

const COPY_OUT_RESPONSE: u8 = b'H';
const COPY_DATA: u8 = b'd';
const COPY_DONE: u8 = b'c';

/// How the bytes begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// With messages.
    Messages,
    /// With the one byte that answers the request for TLS.
    AnswerToTls,
}

/// A stream of the server's messages, without the rows that somebody wants for himself.
pub(super) struct Tap<S> {
    stream: S,
    counter: Arc<Counter>,
    incoming: Box<[u8]>,
    unread: std::ops::Range<usize>,
    message: Message,
}

/// What is left of the message that the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Message {
    /// Nothing: the next byte is the type of a new one.
    None,
    /// This many bytes for the driver.
    Passed(usize),
    /// This many bytes of a row.
    Row(usize),
    /// This many bytes of a message that only frames the rows.
    Frame(usize, Rest),
}

/// Why [`Tap::advance`] stopped.
enum Stop {
    /// All bytes are used up but for a part of a header.
    Drained,
    /// The driver has as much as it asked for.
    DriverFull,
    /// The rows have nowhere to go.
    NoBuffer,
}

impl<S> Tap<S> {
    pub(super) fn new(stream: S, counter: Arc<Counter>, opening: Opening) -> Self {
        let message = match opening {
            Opening::Messages => Message::None,
            Opening::AnswerToTls => Message::Passed(1),
        };
        Self { stream, counter, incoming: vec![0; READ_SIZE].into(), unread: 0..0, message }
    }

    /// Uses what was read as far as it goes.
    fn advance(&mut self, mode: Mode, loan: &mut Option<Loan>, driver: &mut ReadBuf<'_>) -> io::Result<Stop> {
        loop {
            let bytes = &self.incoming[self.unread.clone()];
            let left = match self.message {
                Message::None => {
                    if bytes.len() < HEADER {
                        return Ok(Stop::Drained);
                    }
                    let used = self.begin(mode)?;
                    self.unread.start += used;
                    continue;
                }
                Message::Passed(left) | Message::Row(left) | Message::Frame(left, _) => left,
            };
            let mut part = &bytes[..left.min(bytes.len())];
            if part.is_empty() && left > 0 {
                return Ok(Stop::Drained);
            }
            if let Message::Passed(_) = self.message {
                part = &part[..part.len().min(driver.remaining())];
                if part.is_empty() {
                    return Ok(Stop::DriverFull);
                }
                driver.put_slice(part);
            } else {
                // The messages that frame the rows wait for a buffer too: each COPY ends in one.
                let Some(mut buffer) = loan.take() else { return Ok(Stop::NoBuffer) };
                if let Message::Row(_) = self.message {
                    buffer.data.extend_from_slice(part);
                }
                match self.message.rest_after(part.len() == left, &buffer) {
                    Some(rest) => self.counter.give_back(Filled { data: buffer.data, rest }),
                    None => *loan = Some(buffer),
                }
            }
            self.unread.start += part.len();
            self.message = self.message.without(part.len());
        }
    }

    /// Looks at a header; gives how much of it is used up.
    fn begin(&mut self, mode: Mode) -> io::Result<usize> {
        let bytes = &self.incoming[self.unread.clone()];
        let body = body_length(bytes)?;
        self.message = match (mode, bytes[0]) {
            (Mode::Divert, COPY_DATA) => Message::Row(body),
            (Mode::Divert, COPY_OUT_RESPONSE) => Message::Frame(body, Rest::Unread),
            (Mode::Divert, COPY_DONE) => Message::Frame(body, Rest::Nothing),
            _ => Message::Passed(HEADER + body),
        };
        Ok(if let Message::Passed(_) = self.message { 0 } else { HEADER })
    }
}

impl Message {
    fn without(self, used: usize) -> Self {
        match self {
            Self::Passed(left) if left > used => Self::Passed(left - used),
            Self::Row(left) if left > used => Self::Row(left - used),
            Self::Frame(left, rest) if left > used => Self::Frame(left - used, rest),
            _ => Self::None,
        }
    }

    /// Whether the buffer goes back now, at the end of a row or of all rows, and what follows.
    fn rest_after(self, complete: bool, buffer: &Loan) -> Option<Rest> {
        match self {
            Self::Row(_) if complete && buffer.data.len() >= buffer.enough && buffer.data.ends_with(b"\n") => {
                Some(Rest::Unread)
            }
            Self::Frame(_, Rest::Nothing) if complete => Some(Rest::Nothing),
            _ => None,
        }
    }
}

impl<S: AsyncRead + Unpin> Tap<S> {
    fn poll_messages(
        &mut self,
        context: &mut Context<'_>,
        loan: &mut Option<Loan>,
        driver: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = driver.filled().len();
        loop {
            let mode;
            (mode, *loan) = match loan.take() {
                Some(kept) => (Mode::Divert, Some(kept)),
                None => self.counter.look(context),
            };
            let inside_rows = matches!(self.message, Message::Row(_) | Message::Frame(..));
            if mode == Mode::Broken || (mode == Mode::Pass && inside_rows) {
                return Poll::Ready(Err(io::Error::other("the rows of a COPY were left unread")));
            }
            let stop = self.advance(mode, loan, driver)?;
            if driver.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
            match stop {
                Stop::DriverFull => return Poll::Ready(Ok(())),
                Stop::NoBuffer => {
                    (_, *loan) = self.counter.look(context);
                    if loan.is_none() {
                        return Poll::Pending;
                    }
                }
                Stop::Drained => {
                    if ready!(self.poll_refill(context))? == 0 {
                        // The driver knows whether this is a good place for an end.
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }

    /// Reads more behind the part of a header that is left; gives the number of new bytes.
    fn poll_refill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let left = self.unread.len();
        self.incoming.copy_within(self.unread.clone(), 0);
        self.unread = 0..left;
        let mut free = ReadBuf::new(&mut self.incoming[left..]);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut free))?;
        let count = free.filled().len();
        self.unread.end += count;
        Poll::Ready(Ok(count))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tap<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        driver: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut loan = None;
        let result = self.poll_messages(context, &mut loan, driver);
        if let Some(loan) = loan {
            self.counter.keep(loan);
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Tap<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.stream.channel_binding()
    }
}

/// Puts the tap on the inner side of the encryption, where messages can be read.
pub(super) struct TapInside<T>(pub(super) T);

impl<S, T> TlsConnect<Tap<S>> for TapInside<T>
where
    S: Send + 'static,
    T: TlsConnect<S>,
    T::Future: Send + 'static,
    T::Stream: Send,
{
    type Stream = Tap<T::Stream>;
    type Error = T::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Stream, Self::Error>> + Send>>;

    fn connect(self, tap: Tap<S>) -> Self::Future {
        let connecting = self.0.connect(tap.stream);
        Box::pin(async move { Ok(Tap::new(connecting.await?, tap.counter, Opening::Messages)) })
    }
}

fn body_length(header: &[u8]) -> io::Result<usize> {
    let length = match header {
        [_, a, b, c, d, ..] => u32::from_be_bytes([*a, *b, *c, *d]),
        _ => 0,
    };
    length
        .checked_sub(4)
        .and_then(|length| usize::try_from(length).ok())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the server sent a message of impossible length"))
}

#[cfg(test)]
mod tests;
