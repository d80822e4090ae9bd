//! The stylesheet, and what the browser is told to allow: that stylesheet and nothing else.

/// The stylesheet as it stands in the page.
pub(super) const STYLE: &str = include_str!("page.css");

/// The value of `Content-Security-Policy` for every page.
///
/// *Shape*: the hash is of the stylesheet as it stands between the tags; a test says the new one
/// when the stylesheet has changed. `img-src data:` is for the icon in the shell.
pub const POLICY: &str = "default-src 'none'; \
    style-src 'sha256-H2ssV9REi/jIZi/CBdhVfRrHmKw2lSZfuk9ArHAu8Ek='; \
    img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_the_stylesheet_as_it_is() {
        let hash = base64(&sha256(STYLE.as_bytes()));
        assert!(
            POLICY.contains(&format!("style-src 'sha256-{hash}';")),
            "the stylesheet has changed, its hash is {hash}"
        );
    }

    #[test]
    fn the_policy_is_fit_for_a_field() {
        assert!(POLICY.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        assert!(!POLICY.contains("  "));
    }

    #[test]
    fn the_stylesheet_stays_between_its_tags() {
        assert!(!STYLE.contains("</") && !STYLE.contains("{{") && !STYLE.contains('\r'));
    }

    #[test]
    fn the_hash_of_these_tests_is_sha_256() {
        assert_eq!(
            base64(&sha256(b"abc")),
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
        );
        assert_eq!(
            base64(&sha256(b"")),
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
        );
    }

    /// The primes that SHA-256 takes its constants from.
    fn primes() -> impl Iterator<Item = u64> {
        (2_u64..).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0))
    }

    /// The first 32 bits of the fraction of the square or cube root of a small number.
    fn root_bits(n: u64, power: u32) -> u32 {
        let scaled = u128::from(n) << (32 * power);
        let (mut low, mut high) = (0_u128, 1 << 40);
        while high - low > 1 {
            let middle = (low + high) / 2;
            if middle.pow(power) <= scaled {
                low = middle;
            } else {
                high = middle;
            }
        }
        u32::try_from(low & 0xffff_ffff).unwrap()
    }

    /// SHA-256, as FIPS 180-4 writes it down; only to hold the constant above.
    fn sha256(text: &[u8]) -> [u8; 32] {
        let round: Vec<u32> = primes().take(64).map(|n| root_bits(n, 3)).collect();
        let mut state: Vec<u32> = primes().take(8).map(|n| root_bits(n, 2)).collect();
        let mut padded = text.to_vec();
        padded.push(0x80);
        padded.resize(padded.len().next_multiple_of(64), 0);
        if padded.len() < text.len() + 9 {
            padded.resize(padded.len() + 64, 0);
        }
        let end = padded.len() - 8;
        padded[end..].copy_from_slice(&(text.len() as u64 * 8).to_be_bytes());
        for block in padded.chunks(64) {
            compress(&mut state, block, &round);
        }
        let bytes: Vec<u8> = state.iter().flat_map(|word| word.to_be_bytes()).collect();
        bytes.try_into().unwrap()
    }

    fn compress(state: &mut [u32], block: &[u8], round: &[u32]) {
        let mut words: Vec<u32> = block
            .chunks(4)
            .map(|bytes| u32::from_be_bytes(bytes.try_into().unwrap()))
            .collect();
        for t in 16..64 {
            let (a, b) = (words[t - 15], words[t - 2]);
            let a = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
            let b = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
            let sum = words[t - 16].wrapping_add(a).wrapping_add(words[t - 7]);
            words.push(sum.wrapping_add(b));
        }
        let mut v = state.to_vec();
        for t in 0..64 {
            let s1 = v[4].rotate_right(6) ^ v[4].rotate_right(11) ^ v[4].rotate_right(25);
            let choice = (v[4] & v[5]) ^ (!v[4] & v[6]);
            let one = v[7].wrapping_add(s1).wrapping_add(choice);
            let one = one.wrapping_add(round[t]).wrapping_add(words[t]);
            let s0 = v[0].rotate_right(2) ^ v[0].rotate_right(13) ^ v[0].rotate_right(22);
            let majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
            v.rotate_right(1);
            v[4] = v[4].wrapping_add(one);
            v[0] = one.wrapping_add(s0).wrapping_add(majority);
        }
        for (sum, word) in state.iter_mut().zip(v) {
            *sum = sum.wrapping_add(word);
        }
    }

    fn base64(bytes: &[u8]) -> String {
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut out = String::new();
        for chunk in bytes.chunks(3) {
            let bits = chunk
                .iter()
                .fold(0, |bits, &byte| bits << 8 | u32::from(byte));
            let bits = bits << (8 * (3 - chunk.len()));
            for n in 0..4 {
                let six = (bits >> (18 - 6 * n)) & 63;
                let is_padding = n > chunk.len();
                out.push(if is_padding {
                    '='
                } else {
                    char::from(letters[six as usize])
                });
            }
        }
        out
    }
}
