//! A chunk of rows in the making: one complete `COPY … FROM stdin; … \.` block.

use super::pieces::column_list;
use crate::archive::{CHUNK_SIZE, ChunkSender};
use crate::fingerprint::{Fingerprint, row_hash};
use crate::postgres::ddl::Relation;
use crate::postgres::quote::qualified;

/// Ends the rows of a COPY block.
pub(in crate::postgres) const END_OF_ROWS: &[u8] = b"\\.\n\n";

/// A full chunk ends at one of the rows behind this size.
const EARLIEST_END: usize = CHUNK_SIZE / 4 * 3;

/// More is not moved to the next chunk: there is a very long row in it, and memory would hold it twice.
const LONGEST_LEFT: usize = CHUNK_SIZE / 2;

/// What was read of one table.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::postgres) struct Measured {
    /// Rows.
    pub rows: u64,
    /// Sum of their hashes.
    pub fingerprint: Fingerprint,
}

impl Measured {
    fn add(&mut self, hash: u128) {
        self.rows += 1;
        self.fingerprint.add_row(hash);
    }

    /// Adds what was read elsewhere.
    pub(super) fn merge(&mut self, part: Self) {
        self.rows += part.rows;
        self.fingerprint.merge(part.fingerprint);
    }
}

/// The chunk being filled: a COPY statement, then rows.
pub(super) struct Block {
    /// All of it.
    pub data: Vec<u8>,
    header: usize,
}

impl Block {
    /// Begins with the rows that the one before has left.
    pub(super) fn begin(relation: &Relation, sender: &ChunkSender, left: &[u8]) -> Self {
        let mut data = sender.buffer();
        data.extend_from_slice(copy_in(&relation.schema, &relation.name, &relation.columns).as_bytes());
        data.extend_from_slice(b";\n");
        let header = data.len();
        data.extend_from_slice(left);
        Self { data, header }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.data.len() == self.header
    }

    /// Counts and hashes the rows.
    pub(super) fn measure(&self) -> Measured {
        measure(self.rows())
    }

    /// The same for those that stay here of a full block; the others are moved to `left`.
    ///
    /// It ends behind the row with the least hash, so that rows tell where chunks end, not the number of bytes before
    /// them: in another backup of the same table the chunks are the same ones again soon after what has changed.
    pub(super) fn cut(&mut self, left: &mut Vec<u8>) -> Measured {
        let mut measured = Measured::default();
        let mut least: Option<(u128, usize, Measured)> = None;
        for (row, end) in lines(self.rows()) {
            let hash = row_hash(row);
            measured.add(hash);
            if end > EARLIEST_END && least.is_none_or(|(least, ..)| hash < least) {
                least = Some((hash, end, measured));
            }
        }
        let Some((_, end, measured_here)) = least else { return measured };
        let behind = &self.rows()[end..];
        if behind.len() > LONGEST_LEFT {
            return measured;
        }
        left.extend_from_slice(behind);
        self.data.truncate(self.header + end);
        measured_here
    }

    fn rows(&self) -> &[u8] {
        &self.data[self.header..]
    }
}

/// Counts and hashes rows of COPY text.
pub(in crate::postgres) fn measure(text: &[u8]) -> Measured {
    let mut measured = Measured::default();
    for (row, _) in lines(text) {
        measured.add(row_hash(row));
    }
    measured
}

/// Each row, and where the next one begins. COPY's text format escapes newlines inside values: a line is a row.
fn lines(text: &[u8]) -> impl Iterator<Item = (&[u8], usize)> {
    let mut start = 0;
    memchr::memchr_iter(b'\n', text).map(move |end| {
        let row = &text[start..end];
        start = end + 1;
        (row, start)
    })
}

/// The statement that opens a data chunk, without its semicolon; also what a restore sends.
pub(in crate::postgres) fn copy_in(schema: &str, name: &str, columns: &[String]) -> String {
    format!("COPY {} {}FROM stdin", qualified(schema, name), column_list(columns))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Block, CHUNK_SIZE, LONGEST_LEFT, Measured, measure};

    /// Rows as a reader cuts them into chunks.
    fn chunks(rows: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        let mut rest = rows;
        let mut left = Vec::new();
        loop {
            let mut data = std::mem::take(&mut left);
            let wanted = CHUNK_SIZE.saturating_sub(data.len()).min(rest.len());
            let end = rest[wanted..].iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| wanted + end + 1);
            data.extend_from_slice(&rest[..end]);
            rest = &rest[end..];
            let mut block = Block { data, header: 0 };
            if rest.is_empty() {
                found.push(block.data);
                return found;
            }
            let measured = block.cut(&mut left);
            assert_eq!((measured.rows, measured.fingerprint), of(&block.data));
            found.push(block.data);
        }
    }

    fn of(text: &[u8]) -> (u64, crate::fingerprint::Fingerprint) {
        let Measured { rows, fingerprint } = measure(text);
        (rows, fingerprint)
    }

    fn table(rows: impl Iterator<Item = u32>) -> Vec<u8> {
        rows.flat_map(|row| format!("{row}\t{}\n", "x".repeat(row as usize % 97)).into_bytes()).collect()
    }

    #[test]
    fn nothing_is_lost_between_chunks() {
        let rows = table(0..300_000);
        let chunks = chunks(&rows);
        assert!(chunks.len() > 4);
        assert!(chunks[..chunks.len() - 1].iter().all(|chunk| chunk.len() >= CHUNK_SIZE / 4 * 3));
        assert!(chunks.concat() == rows);
    }

    #[test]
    fn a_change_leaves_later_chunks_as_they_were() {
        let before: HashSet<Vec<u8>> = chunks(&table(0..1_500_000)).into_iter().collect();
        let after = chunks(&table((0..1_500_000).filter(|row| !(1000..3000).contains(row))));
        let new = after.iter().filter(|chunk| !before.contains(*chunk)).count();
        assert!(after.len() > 20 && new < after.len() / 2, "{new} of {} chunks are new", after.len());
    }

    #[test]
    fn a_very_long_row_goes_at_once() {
        let mut rows = table(0..100_000);
        rows.truncate(CHUNK_SIZE - 10);
        rows.push(b'\n');
        rows.resize(rows.len() + LONGEST_LEFT + 1, b'y');
        rows.push(b'\n');
        let mut left = Vec::new();
        let mut block = Block { data: rows.clone(), header: 0 };
        let measured = block.cut(&mut left);
        assert!(left.is_empty() && block.data == rows);
        assert_eq!((measured.rows, measured.fingerprint), of(&rows));
    }
}
