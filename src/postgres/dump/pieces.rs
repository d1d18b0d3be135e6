//! What the readers read one piece after the other: whole tables, and ranges of blocks where a table would keep one of
//! them busy alone in the end.

use std::cmp::Reverse;
use std::collections::VecDeque;

use crate::postgres::ddl::{Relation, Size};
use crate::postgres::quote::{identifiers, qualified};

/// As a server is compiled unless somebody has changed that.
const BLOCK_BYTES: u64 = 8192;

/// Blocks of a range, large values included: 32 MiB. A table of no more is never divided.
const RANGE_BLOCKS: u64 = 4096;

/// Blocks of small tables that are read in one round trip; one is added for each, since an empty one takes time too.
const BATCH_BLOCKS: u64 = 128;

/// This part of all blocks is left in small pieces, however well whole tables would go up: a row of one table takes the
/// server twice as long as a row of another.
const FILLING: u64 = 8;

/// A table, or a range of its blocks, that one reader reads in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Index of its table.
    pub table: usize,
    first_block: u64,
    /// `None` reads to the end, however far the table has grown since.
    end_block: Option<u64>,
    blocks: u64,
}

impl Piece {
    fn whole(table: usize, size: Size) -> Self {
        Self { table, first_block: 0, end_block: None, blocks: size.all_blocks }
    }

    /// Ranges of equal length; one for a table without a block, which may have got some since.
    fn ranges(table: usize, size: Size) -> impl Iterator<Item = Self> {
        let count = size.all_blocks.div_ceil(RANGE_BLOCKS).clamp(1, size.blocks.max(1));
        let length = size.blocks.div_ceil(count).max(1);
        (0..size.blocks.max(1)).step_by(usize::try_from(length).unwrap_or(usize::MAX)).map(move |first_block| {
            let end = first_block + length;
            let end_block = (end < size.blocks).then_some(end);
            Self { table, first_block, end_block, blocks: size.all_blocks.div_ceil(count) }
        })
    }

    /// How much of the table it is.
    pub(super) fn bytes(&self) -> u64 {
        self.blocks * BLOCK_BYTES
    }

    /// The statement that reads it.
    pub(super) fn statement(&self, relation: &Relation) -> String {
        let table = qualified(&relation.schema, &relation.name);
        if self.first_block == 0 && self.end_block.is_none() {
            return format!("COPY {table} {}TO STDOUT", column_list(&relation.columns));
        }
        // Two bounds on ctid are a TID range scan since PostgreSQL 14: only these blocks are read.
        let end = self.end_block.map(|block| format!(" AND ctid < '({block},0)'")).unwrap_or_default();
        format!(
            "COPY (SELECT {} FROM ONLY {table} WHERE ctid >= '({},0)'{end}) TO STDOUT",
            identifiers(&relation.columns),
            self.first_block
        )
    }
}

/// The columns in parentheses; nothing for a table without columns, where COPY does not allow empty ones.
pub(super) fn column_list(columns: &[String]) -> String {
    if columns.is_empty() { String::new() } else { format!("({}) ", identifiers(columns)) }
}

/// All pieces, in the order in which they are begun.
///
/// Whole tables come first: a scan of a range goes through all of the server's shared buffers instead of a small ring
/// and costs it a fifth more. What is divided comes last and fills the time until all readers are done.
pub(super) fn plan(relations: &[Relation], wanted: &[usize], readers: usize) -> VecDeque<Piece> {
    let readers = readers.max(1);
    let size = |table: usize| relations[table].size;
    let total: u64 = wanted.iter().map(|&table| size(table).all_blocks).sum();
    let share = total.div_ceil(readers as u64);
    let filling = if readers > 1 { total / FILLING } else { 0 };
    let mut busy = vec![0; readers];
    let mut undecided = total;
    let mut filled = 0;
    let mut first = VecDeque::new();
    let mut last = Vec::new();
    let mut tables = wanted.to_vec();
    tables.sort_by_key(|&table| Reverse(size(table).all_blocks));
    for table in tables {
        let blocks = size(table).all_blocks;
        undecided -= blocks;
        let freest = busy.iter_mut().min();
        let fits = |freest: &u64| *freest + blocks <= share && undecided + filled >= filling;
        match freest {
            Some(freest) if blocks > RANGE_BLOCKS && (!relations[table].heap || fits(freest)) => {
                *freest += blocks;
                first.push_back(Piece::whole(table, size(table)));
            }
            _ => {
                filled += blocks;
                last.extend(Piece::ranges(table, size(table)));
            }
        }
    }
    first.extend(last);
    first
}

/// The next piece; of small ones as many as make up a round trip's worth.
pub(super) fn take(queue: &mut VecDeque<Piece>) -> Vec<Piece> {
    let mut batch = Vec::new();
    let mut blocks = 0;
    while let Some(piece) = queue.front() {
        blocks += piece.blocks + 1;
        if !batch.is_empty() && blocks > BATCH_BLOCKS {
            break;
        }
        batch.extend(queue.pop_front());
    }
    batch
}

#[cfg(test)]
mod tests {
    use super::{Piece, RANGE_BLOCKS, plan, take};
    use crate::postgres::ddl::{Relation, Size};

    fn size(blocks: u64) -> Size {
        Size { blocks, all_blocks: blocks }
    }

    fn table(blocks: u64) -> Relation {
        Relation {
            oid: 0,
            schema: "s".to_owned(),
            name: "t".to_owned(),
            columns: vec!["a".to_owned()],
            all_columns: vec!["a".to_owned()],
            has_rows: true,
            heap: true,
            size: size(blocks),
        }
    }

    /// Tables in the order in which they are begun, and into how many pieces each goes.
    fn order(blocks: &[u64], readers: usize) -> Vec<(usize, usize)> {
        let relations: Vec<Relation> = blocks.iter().copied().map(table).collect();
        let wanted: Vec<usize> = (0..relations.len()).collect();
        let pieces = plan(&relations, &wanted, readers);
        for table in wanted {
            cover(pieces.iter().filter(|piece| piece.table == table));
        }
        let mut order: Vec<(usize, usize)> = Vec::new();
        for piece in pieces {
            match order.last_mut() {
                Some((table, count)) if *table == piece.table => *count += 1,
                _ => order.push((piece.table, 1)),
            }
        }
        order
    }

    /// Every block is in one piece, and the last one has no end.
    fn cover<'a>(pieces: impl Iterator<Item = &'a Piece>) {
        let mut next = Some(0);
        for piece in pieces {
            assert_eq!(Some(piece.first_block), next);
            next = piece.end_block;
        }
        assert_eq!(next, None);
    }

    #[test]
    fn a_table_that_is_most_of_all_is_divided() {
        assert_eq!(order(&[10 * RANGE_BLOCKS], 2), [(0, 10)]);
        assert_eq!(order(&[10 * RANGE_BLOCKS + 1, 5], 2), [(0, 11), (1, 1)]);
        assert_eq!(order(&[RANGE_BLOCKS, 0], 2), [(0, 1), (1, 1)]);
    }

    #[test]
    fn tables_are_read_whole_and_the_smallest_is_divided_to_fill_the_end() {
        assert_eq!(order(&[8 * RANGE_BLOCKS, 12 * RANGE_BLOCKS, 12 * RANGE_BLOCKS], 2), [(1, 1), (2, 1), (0, 8)]);
        assert_eq!(order(&[12 * RANGE_BLOCKS, 12 * RANGE_BLOCKS], 2), [(0, 1), (1, 12)]);
    }

    #[test]
    fn small_tables_fill_the_end_too() {
        let mut blocks = vec![9 * RANGE_BLOCKS, 9 * RANGE_BLOCKS];
        blocks.extend([RANGE_BLOCKS / 2; 8]);
        assert_eq!(order(&blocks, 2)[..3], [(0, 1), (1, 1), (2, 1)]);
    }

    #[test]
    fn one_reader_divides_nothing() {
        assert_eq!(order(&[10 * RANGE_BLOCKS, 3 * RANGE_BLOCKS, 7], 1), [(0, 1), (1, 1), (2, 1)]);
    }

    #[test]
    fn what_has_no_ranges_is_never_divided() {
        let relations = [Relation { heap: false, ..table(10 * RANGE_BLOCKS) }];
        assert_eq!(plan(&relations, &[0], 2), [Piece::whole(0, size(10 * RANGE_BLOCKS))]);
    }

    #[test]
    fn large_values_count() {
        let few_rows = Relation { size: Size { blocks: 30, all_blocks: 20 * RANGE_BLOCKS }, ..table(0) };
        let relations = [table(4 * RANGE_BLOCKS), few_rows];
        let pieces = plan(&relations, &[0, 1], 2);
        assert_eq!(pieces[0], Piece::whole(0, size(4 * RANGE_BLOCKS)));
        cover(pieces.iter().skip(1));
        assert_eq!(pieces.len(), 1 + 15);
    }

    #[test]
    fn small_tables_share_a_round_trip() {
        let relations: Vec<Relation> = [RANGE_BLOCKS, 60, 60, 60].into_iter().map(table).collect();
        let mut queue = plan(&relations, &[0, 1, 2, 3], 2);
        let batches: Vec<usize> = (0..3).map(|_| take(&mut queue).len()).collect();
        assert_eq!(batches, [1, 2, 1]);
    }
}
