//! Keys as hashes: taken from rows of COPY text, kept in a sorted set.

use xxhash_rust::xxh3::Xxh3;

/// What COPY writes for NULL.
const NULL: &[u8] = b"\\N";

/// Hashes of keys, eight bytes each.
pub(super) struct KeySet(Vec<u64>);

impl KeySet {
    /// Room for this many and a few more, since ranges of hashes are not quite even; beyond that it doubles.
    pub(super) fn with_room_for(keys: u64) -> Self {
        Self(Vec::with_capacity(usize::try_from(keys + keys / 64).unwrap_or(0)))
    }

    pub(super) fn insert(&mut self, hash: u64) {
        self.0.push(hash);
    }

    /// Makes it ready for [`KeySet::contains`].
    pub(super) fn seal(&mut self) {
        self.0.sort_unstable();
    }

    pub(super) fn contains(&self, hash: u64) -> bool {
        self.0.binary_search(&hash).is_ok()
    }
}

/// Rows of COPY text one after the other; each lends its values until the next one is asked for.
pub(super) struct Rows<'a> {
    text: &'a [u8],
    row: Row<'a>,
}

impl<'a> Rows<'a> {
    pub(super) fn of(text: &'a [u8]) -> Self {
        Self { text, row: Row { values: Vec::new() } }
    }

    /// A line is a row, since COPY escapes line breaks and tabs inside of values.
    pub(super) fn next_row(&mut self) -> Option<&Row<'a>> {
        let end = memchr::memchr(b'\n', self.text)?;
        let (line, rest) = (&self.text[..end], &self.text[end + 1..]);
        self.text = rest;
        self.row.values.clear();
        let mut start = 0;
        for tab in memchr::memchr_iter(b'\t', line) {
            self.row.values.push(&line[start..tab]);
            start = tab + 1;
        }
        self.row.values.push(&line[start..]);
        Some(&self.row)
    }
}

/// The values of one row, as COPY escapes them: two texts are equal exactly when their escaped forms are.
pub(super) struct Row<'a> {
    values: Vec<&'a [u8]>,
}

impl Row<'_> {
    /// The hash of these columns; `None` where one of them is NULL, so that the key refers to nothing.
    pub(super) fn key(&self, columns: &[usize]) -> Option<u64> {
        let mut hash = Xxh3::new();
        for &column in columns {
            let value = self.values.get(column).filter(|value| **value != NULL)?;
            hash.update(value);
            // No value holds a tab, so this tells ("a", "bc") from ("ab", "c").
            hash.update(b"\t");
        }
        Some(hash.digest())
    }
}

#[cfg(test)]
mod tests {
    use super::{KeySet, Rows};

    fn keys(text: &str, columns: &[usize]) -> Vec<Option<u64>> {
        let mut rows = Rows::of(text.as_bytes());
        let mut keys = Vec::new();
        while let Some(row) = rows.next_row() {
            keys.push(row.key(columns));
        }
        keys
    }

    #[test]
    fn values_are_told_apart_at_tabs() {
        let keys = keys("a\tbc\t1\nab\tc\t1\na\tbc\t2\n", &[0, 1]);
        assert_ne!(keys[0], keys[1]);
        assert_eq!(keys[0], keys[2]);
    }

    #[test]
    fn columns_count_in_the_order_of_the_key() {
        assert_eq!(keys("1\t2\n", &[0, 1]), keys("2\t1\n", &[1, 0]));
        assert_ne!(keys("1\t2\n", &[0, 1]), keys("2\t1\n", &[0, 1]));
    }

    #[test]
    fn null_is_no_key_but_text_that_looks_like_it_is() {
        assert_eq!(keys("\\N\t1\n", &[0, 1]), [None]);
        assert!(keys("\\\\N\t1\n", &[0, 1])[0].is_some());
        assert!(keys("\n", &[0])[0].is_some());
        assert_eq!(keys("1\n", &[4]), [None]);
    }

    #[test]
    fn a_set_knows_its_keys() {
        let mut set = KeySet::with_room_for(1);
        for hash in [9, 3, 7] {
            set.insert(hash);
        }
        set.seal();
        assert!(set.contains(3) && set.contains(9) && !set.contains(4));
    }
}
