//! Numbers of any length: digits of base 10,000 around the point, as the server's `numeric_send` writes them.

/// Decimal digits in one of the server's.
const GROUP: usize = 4;

/// What the server's own limits are far above, and a text that long is better left to it.
const LONGEST: usize = 1000;

const NEGATIVE: u16 = 0x4000;

/// Appends what `numeric_recv` reads: how many digits, the weight of the first, sign, decimal digits shown behind the
/// point, digits.
pub(super) fn append(text: &[u8], message: &mut Vec<u8>) -> Option<()> {
    let (negative, number) = text.strip_prefix(b"-").map_or((false, text), |number| (true, number));
    let (whole, fraction) = match memchr::memchr(b'.', number) {
        Some(point) => (&number[..point], &number[point + 1..]),
        None => (number, &number[number.len()..]),
    };
    if whole.is_empty() || text.len() > LONGEST || (number.len() > whole.len() && fraction.is_empty()) {
        return None;
    }
    let missing = whole.len().next_multiple_of(GROUP) - whole.len();
    let aligned = std::iter::repeat_n(b'0', missing).chain(whole.iter().copied()).chain(fraction.iter().copied());
    let mut digits: Vec<u16> = Vec::with_capacity(number.len() / GROUP + 2);
    for (place, digit) in aligned.enumerate() {
        let digit = digit.is_ascii_digit().then(|| u16::from(digit - b'0'))?;
        match digits.last_mut().filter(|_| place % GROUP > 0) {
            Some(last) => *last = *last * 10 + digit,
            None => digits.push(digit),
        }
    }
    let shorter = fraction.len().next_multiple_of(GROUP) - fraction.len();
    if let Some(last) = digits.last_mut() {
        *last *= 10_u16.pow(u32::try_from(shorter).ok()?);
    }
    // Zeros at either end are not stored; of nothing but zeros, nothing is.
    let leading = digits.iter().take_while(|digit| **digit == 0).count();
    let trailing = digits[leading..].iter().rev().take_while(|digit| **digit == 0).count();
    let stored = &digits[leading..digits.len() - trailing];
    let (weight, sign) = if stored.is_empty() {
        (0, 0)
    } else {
        let weight = i16::try_from((whole.len() + missing) / GROUP).ok()? - 1 - i16::try_from(leading).ok()?;
        (weight, if negative { NEGATIVE } else { 0 })
    };
    message.extend_from_slice(&u16::try_from(stored.len()).ok()?.to_be_bytes());
    message.extend_from_slice(&weight.to_be_bytes());
    message.extend_from_slice(&sign.to_be_bytes());
    message.extend_from_slice(&u16::try_from(fraction.len()).ok()?.to_be_bytes());
    for digit in stored {
        message.extend_from_slice(&digit.to_be_bytes());
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, NEGATIVE, append};

    /// Weight, sign, digits shown behind the point, digits.
    fn number(text: &str) -> Option<(i16, u16, u16, Vec<u16>)> {
        let mut message = Vec::new();
        append(text.as_bytes(), &mut message)?;
        let (words, _) = message.as_chunks::<2>();
        let words: Vec<u16> = words.iter().copied().map(u16::from_be_bytes).collect();
        let [count, weight, sign, scale, digits @ ..] = &words[..] else { return None };
        assert_eq!(digits.len(), usize::from(*count));
        Some((weight.cast_signed(), *sign, *scale, digits.to_vec()))
    }

    #[test]
    fn digits_are_grouped_around_the_point() {
        assert_eq!(number("1"), Some((0, 0, 0, vec![1])));
        assert_eq!(number("-12345.678"), Some((1, NEGATIVE, 3, vec![1, 2345, 6780])));
        assert_eq!(number("10000"), Some((1, 0, 0, vec![1])));
        assert_eq!(number("0.00001"), Some((-2, 0, 5, vec![1000])));
        assert_eq!(number("0.10"), Some((-1, 0, 2, vec![1000])));
        assert_eq!(number("100020003.0000"), Some((2, 0, 4, vec![1, 2, 3])));
        assert_eq!(number("9999.99999999"), Some((0, 0, 8, vec![9999, 9999, 9999])));
    }

    #[test]
    fn zero_keeps_the_digits_that_it_shows() {
        assert_eq!(number("0"), Some((0, 0, 0, vec![])));
        assert_eq!(number("0.000"), Some((0, 0, 3, vec![])));
    }

    #[test]
    fn all_else_is_left() {
        let long = "1".repeat(LONGEST + 1);
        for odd in ["", "-", ".", "1.", ".5", "NaN", "Infinity", "1e5", "+1", "1,000", "1.2.3", " 1", "--1", &long] {
            assert_eq!(number(odd), None, "{odd:?}");
        }
    }
}
