//! The meter of an evaluation: every visit, scan and comparison is charged before or right after it
//! is done, every byte of the result before it is made.

use super::error::JsonPathOverrun;
use std::cell::Cell;

/// How much a query may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonPathBounds {
    /// How much work; a step is one visit or comparison, or 32 bytes of text stepped over, and
    /// takes some 20 ns.
    pub steps_max: usize,
    /// How long the result may be, and how much memory it may take on the way.
    pub result_bytes_max: usize,
}

/// How many bytes of text are stepped over in the time of one visit.
const STEP_BYTES: usize = 32;

/// Why an evaluation ends before it has seen everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// What was asked is known already.
    Enough,
    Overrun(JsonPathOverrun),
}

/// What is left of the bounds.
#[derive(Debug)]
pub(super) struct Work {
    bounds: JsonPathBounds,
    steps_left: Cell<usize>,
    bytes_left: Cell<usize>,
}

impl Work {
    pub(super) fn new(bounds: JsonPathBounds) -> Self {
        Self {
            bounds,
            steps_left: Cell::new(bounds.steps_max),
            bytes_left: Cell::new(bounds.result_bytes_max),
        }
    }

    /// Charges a number of steps.
    pub(super) fn charge(&self, steps: usize) -> Result<(), Stop> {
        let overrun = JsonPathOverrun::Steps(self.bounds.steps_max);
        take(&self.steps_left, steps).ok_or(Stop::Overrun(overrun))
    }

    /// Charges one visit and the text that is stepped over in it.
    pub(super) fn charge_bytes(&self, bytes: usize) -> Result<(), Stop> {
        self.charge(1 + bytes / STEP_BYTES)
    }

    /// Charges a part of the result.
    pub(super) fn keep_bytes(&self, bytes: usize) -> Result<(), Stop> {
        let overrun = JsonPathOverrun::ResultBytes(self.bounds.result_bytes_max);
        take(&self.bytes_left, bytes).ok_or(Stop::Overrun(overrun))
    }

    /// Gives back what was charged for a part of the result that is not needed.
    pub(super) fn give_back_bytes(&self, bytes: usize) {
        self.bytes_left.set(self.bytes_left.get() + bytes);
    }
}

fn take(left: &Cell<usize>, amount: usize) -> Option<()> {
    left.set(left.get().checked_sub(amount)?);
    Some(())
}
