//! A fingerprint of a table: equal for equal rows in any order. A comparison, not a defence against forgery.

use xxhash_rust::xxh3::xxh3_128;

/// The sum of the hashes of all rows modulo 2^128.
///
/// A sum, not an exclusive or: two equal rows must not cancel each other out.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(u128);

/// The hash of a row by its bytes, which must say unambiguously where each value ends.
pub fn row_hash(row: &[u8]) -> u128 {
    xxh3_128(row)
}

impl Fingerprint {
    /// Adds a row by its hash.
    pub fn add_row(&mut self, hash: u128) {
        self.0 = self.0.wrapping_add(hash);
    }

    /// Adds a row by its bytes.
    pub fn add_bytes(&mut self, row: &[u8]) {
        self.add_row(row_hash(row));
    }

    /// Adds all rows of another part of the same table.
    pub fn merge(&mut self, part: Self) {
        self.add_row(part.0);
    }

    /// Thirty-two hexadecimal digits.
    pub fn to_hex(self) -> String {
        format!("{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Fingerprint;

    fn of(rows: &[&[u8]]) -> Fingerprint {
        let mut fingerprint = Fingerprint::default();
        for row in rows {
            fingerprint.add_bytes(row);
        }
        fingerprint
    }

    #[test]
    fn order_does_not_matter_and_duplicates_do() {
        assert_eq!(of(&[b"a", b"b", b"c"]), of(&[b"c", b"a", b"b"]));
        assert_ne!(of(&[b"a", b"b", b"b"]), of(&[b"a"]));
        assert_ne!(of(&[b"a", b"b", b"b"]), of(&[b"a", b"b"]));
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let mut whole = of(&[b"a"]);
        whole.merge(of(&[b"b", b"c"]));
        assert_eq!(whole, of(&[b"a", b"b", b"c"]));
        assert_eq!(Fingerprint::default().to_hex().len(), 32);
    }
}
