//! Every byte of a part of a file, block by block: digested on a thread beside whatever else is done with it.

use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use sha2::{Digest, Sha256};

use crate::error::{Context, Error, Result};
use crate::event::Progress;
use crate::store::Content;

/// How much is read between two looks at the wish to stop.
const BLOCK_SIZE: usize = 1024 * 1024;

/// How many blocks the digest may be behind.
const BEHIND: usize = 4;

/// Reads the range, shows every block to `each`, and gives the digest that went on with all of them.
pub(super) fn pass(
    file: &dyn Content,
    range: Range<u64>,
    mut digest: Sha256,
    progress: &Progress,
    mut each: impl FnMut(&[u8]) -> Result<()>,
) -> Result<Sha256> {
    thread::scope(|scope| {
        let (sender, blocks) = sync_channel::<Arc<Vec<u8>>>(BEHIND);
        let digesting = move || {
            for block in blocks {
                digest.update(&*block);
            }
            digest
        };
        let digesting = thread::Builder::new()
            .name("holdfast-digest".to_owned())
            .spawn_scoped(scope, digesting)
            .context(|| "no thread can be started")?;
        // One is filled, one digested, the others wait: each is free again when its turn comes.
        let mut buffers: [Arc<Vec<u8>>; BEHIND + 2] = Default::default();
        let mut offset = range.start;
        for turn in (0..buffers.len()).cycle() {
            let left = usize::try_from(range.end - offset).unwrap_or(BLOCK_SIZE).min(BLOCK_SIZE);
            if left == 0 {
                break;
            }
            progress.check()?;
            let block = Arc::make_mut(&mut buffers[turn]);
            block.resize(left, 0);
            file.read_exact_at(offset, block)?;
            if sender.send(Arc::clone(&buffers[turn])).is_err() {
                // It panicked, which is told below.
                break;
            }
            each(&buffers[turn])?;
            offset += left as u64;
            progress.advance(0, left as u64);
        }
        drop(sender);
        digesting.join().map_err(|_| Error::failed("a thread that digests panicked; this is a bug in Holdfast"))
    })
}
