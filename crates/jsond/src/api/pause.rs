//! How long answers are held back, so that a front end can be tried on a slow network.

use std::time::Duration;

/// How long every answer is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pause {
    /// At the least.
    pub delay: Duration,
    /// How much more it can be; how much is a matter of chance.
    pub jitter: Duration,
}

impl Pause {
    /// Whether nothing is held back.
    pub(super) fn is_zero(self) -> bool {
        self.delay.is_zero() && self.jitter.is_zero()
    }

    /// How long this time.
    pub(super) fn length(self) -> Duration {
        if self.jitter.is_zero() {
            return self.delay;
        }
        let mut bytes = [0; 4];
        // Without chance it is the shortest.
        getrandom::fill(&mut bytes).ok();
        let share = f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX);
        self.delay + self.jitter.mul_f64(share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_lies_between_its_ends() {
        let (delay, jitter) = (Duration::from_millis(20), Duration::from_millis(30));
        let pause = Pause { delay, jitter };
        let lengths: Vec<_> = (0..200).map(|_| pause.length()).collect();
        assert!(
            lengths
                .iter()
                .all(|it| (delay..=delay + jitter).contains(it))
        );
        assert!(lengths.iter().any(|it| *it != lengths[0]));
        assert_eq!(
            Pause {
                delay,
                ..Pause::default()
            }
            .length(),
            delay
        );
        assert!(Pause::default().is_zero() && !pause.is_zero());
    }
}
