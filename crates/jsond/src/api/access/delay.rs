//! Answers to wrong tokens are held back, the longer the more there were from an address.
//!
//! Nobody guesses a token of 256 bits; but a token that somebody chose, or half of one that leaked,
//! is not to be tried out a thousand times a second. Who has the right one is never held up.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long the first wrong token waits for its answer; each further one waits twice as long.
const FIRST: Duration = Duration::from_millis(50);

/// How often that is doubled: 3.2 s.
const DOUBLINGS_MAX: u32 = 6;

/// After so long without a wrong token an address is forgotten.
const MEMORY: Duration = Duration::from_secs(60);

/// How many addresses are remembered; with more at one time, all of them share one count.
const ADDRESSES_MAX: usize = 4096;

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

/// The wrong tokens of the last minute.
#[derive(Debug, Default)]
pub(super) struct Delays(Mutex<HashMap<Option<IpAddr>, Failures>>);

impl Delays {
    /// Notes a wrong token, and says how long its answer is to wait.
    pub(super) fn note(&self, address: IpAddr, now: Instant) -> Duration {
        let mut all = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut key = Some(network_of(address));
        if all.len() >= ADDRESSES_MAX && !all.contains_key(&key) {
            all.retain(|_, it| now.duration_since(it.last) < MEMORY);
            if all.len() >= ADDRESSES_MAX {
                key = None;
            }
        }
        let failures = all.entry(key).or_insert(Failures {
            count: 0,
            last: now,
        });
        if now.duration_since(failures.last) >= MEMORY {
            failures.count = 0;
        }
        let delay = FIRST * (1 << failures.count.min(DOUBLINGS_MAX));
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
        delay
    }
}

/// What one person can have many addresses of counts as one.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(network.into())
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_wrong_token_of_an_address_waits_longer_up_to_a_bound() {
        let (delays, now) = (Delays::default(), Instant::now());
        let one = address("192.0.2.1");
        let waits: Vec<_> = (0..9).map(|_| delays.note(one, now).as_millis()).collect();
        assert_eq!(waits, [50, 100, 200, 400, 800, 1600, 3200, 3200, 3200]);
        assert_eq!(delays.note(address("192.0.2.2"), now), FIRST);
        assert_eq!(delays.note(one, now + MEMORY), FIRST);
    }

    #[test]
    fn a_network_of_one_house_counts_as_one_address() {
        let (delays, now) = (Delays::default(), Instant::now());
        delays.note(address("2001:db8::1"), now);
        assert_eq!(delays.note(address("2001:db8::2"), now), FIRST * 2);
        assert_eq!(delays.note(address("2001:db8:0:1::1"), now), FIRST);
        delays.note(address("192.0.2.1"), now);
        assert_eq!(delays.note(address("::ffff:192.0.2.1"), now), FIRST * 2);
    }

    #[test]
    fn many_addresses_take_no_more_memory() {
        let (delays, now) = (Delays::default(), Instant::now());
        for number in 0..20_000_u32 {
            delays.note(IpAddr::V4(number.into()), now);
        }
        assert_eq!(delays.0.lock().unwrap().len(), ADDRESSES_MAX + 1);
        let later = now + MEMORY;
        assert_eq!(delays.note(address("198.51.100.1"), later), FIRST);
        assert_eq!(delays.0.lock().unwrap().len(), 1);
    }
}
