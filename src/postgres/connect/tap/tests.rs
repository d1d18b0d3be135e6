//! Conversations cut at every place.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

/// Gives its bytes in pieces of one size.
struct Pieces {
    bytes: Vec<u8>,
    given: usize,
    size: usize,
}

impl AsyncRead for Pieces {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let end = self.bytes.len().min(self.given + self.size.min(buffer.remaining()));
        buffer.put_slice(&self.bytes[self.given..end]);
        self.given = end;
        Poll::Ready(Ok(()))
    }
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    [&[kind], &length[..], body].concat()
}

fn tap(bytes: &[u8], size: usize, opening: Opening) -> (Tap<Pieces>, Arc<Counter>) {
    let counter = Arc::<Counter>::default();
    let pieces = Pieces { bytes: bytes.to_vec(), given: 0, size };
    (Tap::new(pieces, Arc::clone(&counter), opening), counter)
}

/// Reads to the end, lending a buffer whenever the tap waits; what the driver got, and what came back.
fn drain(tap: &mut Tap<Pieces>, counter: &Counter, driver_size: usize) -> io::Result<(Vec<u8>, Vec<Filled>)> {
    let (mut passed, mut filled) = (Vec::new(), Vec::new());
    let mut context = Context::from_waker(std::task::Waker::noop());
    loop {
        let mut room = vec![0; driver_size];
        let mut driver = ReadBuf::new(&mut room);
        let read = Pin::new(&mut *tap).poll_read(&mut context, &mut driver)?;
        passed.extend_from_slice(driver.filled());
        filled.extend(counter.take_filled());
        if read.is_pending() {
            counter.lend(Loan { data: b">".to_vec(), enough: 8 });
        } else if driver.filled().is_empty() {
            return Ok((passed, filled));
        }
    }
}

fn conversation() -> (Vec<u8>, Vec<u8>) {
    let ends = [message(b'C', b"COPY 4\0"), message(b'Z', b"T")].concat();
    let notice = message(b'N', &[b'd'; 300]);
    let copies = [
        message(b'H', &[0, 0, 1, 0, 0]),
        message(b'd', b"one\n"),
        notice.clone(),
        message(b'd', b"two\n"),
        message(b'd', &[b"three", &[b'c'; 700][..], b"\n"].concat()),
        message(b'd', b"\n"),
        message(b'c', b""),
        message(b'H', &[0, 0, 0]),
        message(b'c', b""),
    ];
    ([message(b'Z', b"I"), copies.concat(), ends.clone()].concat(), [message(b'Z', b"I"), notice, ends].concat())
}

#[test]
fn rows_go_one_way_and_all_else_the_other_however_the_bytes_are_cut() {
    let (bytes, others) = conversation();
    let long = [b">three", &[b'c'; 700][..], b"\n"].concat();
    for size in (1..40).chain([1000, 5000]) {
        for driver_size in [1, 5, 64, 8192] {
            let (mut tap, counter) = tap(&bytes, size, Opening::Messages);
            counter.set(Mode::Divert);
            let (passed, filled) = drain(&mut tap, &counter, driver_size).unwrap();
            assert_eq!(passed, others);
            let filled: Vec<(&[u8], Rest)> = filled.iter().map(|filled| (&filled.data[..], filled.rest)).collect();
            let expected: [(&[u8], Rest); 4] =
                [(b">one\ntwo\n", Rest::Unread), (&long, Rest::Unread), (b">\n", Rest::Nothing), (b">", Rest::Nothing)];
            assert_eq!(filled, expected, "{size}");
        }
    }
}

#[test]
fn nothing_is_taken_that_nobody_wants() {
    let (messages, _) = conversation();
    let bytes = [b"N", &messages[..]].concat();
    let (mut tap, counter) = tap(&bytes, 7, Opening::AnswerToTls);
    assert_eq!(drain(&mut tap, &counter, 16).unwrap(), (bytes, Vec::new()));
}

#[test]
fn rows_that_are_given_up_end_the_connection() {
    let (bytes, _) = conversation();
    let (mut tap, counter) = tap(&bytes, 16, Opening::Messages);
    counter.set(Mode::Broken);
    counter.set(Mode::Divert);
    assert!(drain(&mut tap, &counter, 16).is_err());
}
