//! Medians, percentiles, and figures that were taken once a round. Pure.

/// With a wider range than this part of the median a row is called noisy.
const NOISY_SPREAD: f64 = 0.30;

/// Figures of one kind, one for each round, in the order of the rounds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Series(Vec<f64>);

impl Series {
    /// Adds the figure of a round.
    pub(crate) fn push(&mut self, figure: f64) {
        self.0.push(figure);
    }

    /// The figures, in the order of the rounds.
    pub(crate) fn figures(&self) -> &[f64] {
        &self.0
    }

    /// The figure in the middle.
    pub(crate) fn median(&self) -> Option<f64> {
        median(&self.0)
    }

    /// The least and the most.
    pub(crate) fn range(&self) -> Option<(f64, f64)> {
        let least = self.0.iter().copied().min_by(f64::total_cmp)?;
        let most = self.0.iter().copied().max_by(f64::total_cmp)?;
        Some((least, most))
    }

    /// Judges whether the range is too wide for the median to be trusted.
    pub(crate) fn is_noisy(&self) -> bool {
        match (self.median(), self.range()) {
            (Some(median), Some((least, most))) => most - least > NOISY_SPREAD * median.abs(),
            _ => false,
        }
    }

    /// Each figure divided by that of the same round.
    pub(crate) fn over(&self, base: &Self) -> Self {
        let pairs = self.0.iter().zip(&base.0);
        Self(pairs.map(|(figure, base)| figure / base).collect())
    }

    /// Each figure by the same number.
    pub(crate) fn divided_by(&self, base: f64) -> Self {
        Self(self.0.iter().map(|figure| figure / base).collect())
    }
}

impl FromIterator<f64> for Series {
    fn from_iter<T: IntoIterator<Item = f64>>(figures: T) -> Self {
        Self(figures.into_iter().collect())
    }
}

/// How long something took, as the median and the 99th percentile of each round.
///
/// *Units*: microseconds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Latency {
    pub(crate) median: Series,
    pub(crate) p99: Series,
}

impl Latency {
    /// Adds a round; one without any sample is left out.
    pub(crate) fn add_round(&mut self, samples: &[f64]) {
        if let (Some(median), Some(p99)) = (median(samples), percentile(samples, 99)) {
            self.median.push(median);
            self.p99.push(p99);
        }
    }
}

/// The middle one, or the mean of the two in the middle.
pub(crate) fn median(figures: &[f64]) -> Option<f64> {
    let sorted = sorted(figures);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        count if count % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// The least figure that at least `percent` of all do not exceed.
pub(crate) fn percentile(figures: &[f64], percent: usize) -> Option<f64> {
    let sorted = sorted(figures);
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

fn sorted(figures: &[f64]) -> Vec<f64> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::{Latency, Series, median, percentile};

    #[test]
    fn the_median_is_the_middle_or_between_the_two_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[7.0]), Some(7.0));
        assert_eq!(median(&[9.0, 1.0, 5.0]), Some(5.0));
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
    }

    #[test]
    fn a_percentile_is_a_figure_that_was_taken() {
        let hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(percentile(&hundred, 99), Some(99.0));
        assert_eq!(percentile(&hundred, 50), Some(50.0));
        assert_eq!(percentile(&[3.0, 1.0], 99), Some(3.0));
        assert_eq!(percentile(&[], 99), None);
    }

    #[test]
    fn a_range_over_30_percent_of_the_median_is_noisy() {
        let check = |figures: &[f64], expected| {
            let series: Series = figures.iter().copied().collect();
            assert_eq!(series.is_noisy(), expected, "{figures:?}");
        };
        check(&[], false);
        check(&[5.0], false);
        check(&[90.0, 100.0, 119.0], false);
        check(&[90.0, 100.0, 121.0], true);
        check(&[0.0, 0.0], false);
    }

    #[test]
    fn a_ratio_is_taken_round_by_round() {
        let large: Series = [10.0, 30.0].into_iter().collect();
        let small: Series = [5.0, 10.0].into_iter().collect();
        assert_eq!(large.over(&small).figures(), [2.0, 3.0]);
        assert_eq!(large.over(&small).range(), Some((2.0, 3.0)));
        assert_eq!(large.divided_by(10.0).figures(), [1.0, 3.0]);
    }

    #[test]
    fn a_round_without_samples_is_left_out() {
        let mut latency = Latency::default();
        latency.add_round(&[]);
        latency.add_round(&[1.0, 2.0, 3.0]);
        assert_eq!(latency.median.figures(), [2.0]);
        assert_eq!(latency.p99.figures(), [3.0]);
    }
}
