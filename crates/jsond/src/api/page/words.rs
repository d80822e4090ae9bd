//! Numbers and kinds in the words of a page.

/// Spells a count with its digits in groups.
pub(super) fn count_text(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Spells a count and its noun.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    let noun = if count == 1 { one } else { many };
    format!("{} {noun}", count_text(count))
}

/// Spells a size as people read it: three digits at the most, in decimal units.
pub(super) fn bytes_text(bytes: usize) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1_000 {
        return counted(bytes, "byte", "bytes");
    }
    let exact = bytes as u128;
    let mut divisor = 1;
    for unit in UNITS {
        divisor *= 1_000;
        let whole = (exact + divisor / 2) / divisor;
        let tenths = (exact * 10 + divisor / 2) / divisor;
        if tenths < 1_000 {
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
        if whole < 1_000 {
            return format!("{whole} {unit}");
        }
    }
    unreachable!("INVARIANT: no size is over 18.4 EB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped() {
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(count_text(count), text);
        }
        assert_eq!(counted(1, "record", "records"), "1 record");
        assert_eq!(counted(2_000, "record", "records"), "2,000 records");
    }

    #[test]
    fn sizes_are_short() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1_000, "1.0 kB"),
            (1_549, "1.5 kB"),
            (1_550, "1.6 kB"),
            (99_949, "99.9 kB"),
            (123_456, "123 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (12_345_678, "12.3 MB"),
            (usize::MAX, "18.4 EB"),
        ] {
            assert_eq!(bytes_text(bytes), text, "{bytes}");
        }
    }
}
