//! Everything that can keep a request from being answered, and the exit code of each.
//!
//! The codes are those that scripts know from curl. The message is for people: it says what
//! happened in words of the client; what a server sent is escaped before it gets in here.

use std::fmt;
use std::io;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    Usage,
    NameNotFound,
    CannotConnect,
    TimedOut,
    Tls,
    Broken,
    Interrupted,
    /// Whoever read our standard output has gone away; nobody is left to be told.
    OutputGone,
    /// The server answered with something that is not HTTP.
    NotHttp,
    Other,
}

/// Why there is no answer, with the details for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) cause: Cause,
    pub(super) detail: String,
}

impl Failure {
    pub(super) fn new(cause: Cause, detail: impl Into<String>) -> Self {
        Self {
            cause,
            detail: detail.into(),
        }
    }

    pub(super) fn usage(detail: impl Into<String>) -> Self {
        Self::new(Cause::Usage, detail)
    }

    pub(super) fn broken(detail: impl Into<String>) -> Self {
        Self::new(Cause::Broken, detail)
    }

    /// Judges an error met while writing to standard output or a file.
    pub(super) fn output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::new(Cause::OutputGone, ""),
            _ => Self::new(Cause::Other, error.to_string()),
        }
    }

    /// The exit code of a run that ends with this failure.
    pub(super) fn exit_code(&self) -> u8 {
        match self.cause {
            Cause::Usage => 2,
            Cause::NameNotFound => 6,
            Cause::CannotConnect => 7,
            Cause::TimedOut => 28,
            Cause::Tls => 35,
            Cause::Broken => 56,
            Cause::Interrupted => 130,
            Cause::OutputGone => 0,
            Cause::NotHttp | Cause::Other => 1,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail)
    }
}

/// The exit code of a run whose last reply had this status.
pub(super) fn exit_code_of_status(status: u16) -> u8 {
    match status {
        200..=299 | 304 => 0,
        300..=399 => 3,
        400..=499 => 4,
        500..=599 => 5,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_becomes_the_exit_code_of_its_class() {
        for (status, code) in [
            (200, 0),
            (204, 0),
            (304, 0),
            (300, 3),
            (308, 3),
            (404, 4),
            (503, 5),
            (999, 1),
        ] {
            assert_eq!(exit_code_of_status(status), code, "{status}");
        }
    }

    #[test]
    fn a_closed_pipe_is_not_an_error_to_talk_about() {
        let failure = Failure::output(&io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(failure.cause, Cause::OutputGone);
    }
}
