//! End to end: the real program, as one binary.
