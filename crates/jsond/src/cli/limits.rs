//! The limits that have flags: how they are spelled, and within which bounds they can be moved.

use crate::limits::Limits;
use std::time::Duration;

/// A target is held by the `http` crate, which takes no longer one.
const REQUEST_LINE_BYTES_MAX: usize = 64_000;

/// The limits, as typed.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct Flags {
    /// The largest body, coded and decoded
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = parse_body)]
    max_body: usize,

    /// The longest request line, and with it the longest target
    #[arg(long, value_name = "SIZE", default_value = "8KiB", value_parser = parse_request_line)]
    max_request_line: usize,

    /// The largest header block
    #[arg(long, value_name = "SIZE", default_value = "64KiB", value_parser = parse_header)]
    max_header: usize,

    /// The most lines of a header block
    #[arg(long, value_name = "N", default_value = "100", value_parser = parse_header_lines)]
    max_header_lines: usize,

    /// The most operations of one JSON Patch
    #[arg(long, value_name = "N", default_value = "10000", value_parser = parse_count)]
    max_patch: usize,

    /// The most steps of one JSONPath; thirty million take about a second
    #[arg(long, value_name = "N", default_value = "30000000", value_parser = parse_count)]
    max_jsonpath_steps: usize,

    /// The most that one JSONPath finds
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = parse_size)]
    max_jsonpath_result: usize,

    /// The most connections at one time; fewer where the system allows fewer descriptors
    #[arg(long, value_name = "N", default_value = "10000", value_parser = parse_connections)]
    max_connections: usize,

    /// The most dialogues that wait for an answer at one time
    #[arg(long, value_name = "N", default_value = "4000", value_parser = parse_connections)]
    max_dialogues: usize,

    /// How long a head may take, from its first byte
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = parse_wait)]
    head_timeout: Duration,

    /// How long a body, or an answer that the client takes, may make no progress
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_wait)]
    progress_timeout: Duration,

    /// How long a connection may wait for its next request
    #[arg(long, value_name = "SECONDS", default_value = "75", value_parser = parse_wait)]
    keep_alive: Duration,

    /// How long a dialogue waits for the answer
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = parse_wait)]
    answer_timeout: Duration,

    /// How long a stop waits for requests that are under way
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = parse_seconds)]
    drain: Duration,
}

impl Flags {
    /// The limits that were asked for.
    pub(super) fn limits(&self) -> Limits {
        Limits {
            request_line_bytes_max: self.max_request_line,
            fields_bytes_max: self.max_header,
            fields_max: self.max_header_lines,
            body_bytes_max: self.max_body,
            patch_operations_max: self.max_patch,
            jsonpath_steps_max: self.max_jsonpath_steps,
            jsonpath_result_bytes_max: self.max_jsonpath_result,
            connections_max: self.max_connections,
            dialogues_max: self.max_dialogues,
            head_time: self.head_timeout,
            progress_time: self.progress_timeout,
            keep_alive_time: self.keep_alive,
            answer_time: self.answer_timeout,
            drain_time: self.drain,
        }
    }
}

/// *Units*: bytes, or with a unit of 1024 or its powers; an i may follow a letter, and a B end it.
fn parse_size(text: &str) -> Result<usize, String> {
    let refused = || "it is a size such as 65536, 64KiB or 16MiB".to_owned();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        _ => return Err(refused()),
    };
    let number: usize = number.parse().map_err(|_| refused())?;
    let size = number.checked_mul(1 << shift).filter(|size| *size > 0);
    size.ok_or_else(refused)
}

fn within(text: &str, least: usize, most: usize) -> Result<usize, String> {
    let size = parse_size(text)?;
    match (least..=most).contains(&size) {
        true => Ok(size),
        false => Err(format!("it is a size from {least} to {most} bytes")),
    }
}

fn parse_body(text: &str) -> Result<usize, String> {
    within(text, 1, 1 << 30)
}

fn parse_request_line(text: &str) -> Result<usize, String> {
    within(text, 256, REQUEST_LINE_BYTES_MAX)
}

fn parse_header(text: &str) -> Result<usize, String> {
    within(text, 1 << 10, 1 << 20)
}

fn counted(text: &str, most: usize) -> Result<usize, String> {
    let count = text.parse().ok().filter(|it| (1..=most).contains(it));
    count.ok_or_else(|| format!("it is a number from 1 to {most}"))
}

fn parse_header_lines(text: &str) -> Result<usize, String> {
    counted(text, 10_000)
}

fn parse_connections(text: &str) -> Result<usize, String> {
    counted(text, 1_000_000)
}

fn parse_count(text: &str) -> Result<usize, String> {
    counted(text, 1_000_000_000_000)
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.trim_end_matches('s').parse().ok();
    let seconds = seconds.filter(|seconds| *seconds <= 86_400);
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| "it is a number of seconds, at most 86400".to_owned())
}

/// A wait of no time at all would let nobody in.
fn parse_wait(text: &str) -> Result<Duration, String> {
    let wait = parse_seconds(text)?;
    match wait.is_zero() {
        true => Err("it is at least a second".to_owned()),
        false => Ok(wait),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(Debug, clap::Parser)]
    struct CommandLine {
        #[command(flatten)]
        flags: Flags,
    }

    #[test]
    fn without_flags_the_limits_are_those_that_have_their_reasons() {
        let parsed = CommandLine::parse_from(["jsond"]);
        assert_eq!(parsed.flags.limits(), Limits::default());
    }

    #[test]
    fn a_size_has_a_unit_or_none() {
        for (text, bytes) in [
            ("1", 1),
            ("65536", 65_536),
            ("2b", 2),
            ("8k", 8 << 10),
            ("8KB", 8 << 10),
            ("16 MiB", 16 << 20),
            ("1G", 1 << 30),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in [
            "",
            "0",
            "MiB",
            "1x",
            "-1",
            "1.5M",
            "1 000",
            "99999999999999999999",
            "٣",
        ] {
            assert!(parse_size(text).is_err(), "{text}");
        }
        assert!(parse_size("99999999999G").is_err(), "an overflow");
    }

    #[test]
    fn a_limit_stays_within_what_works() {
        for flags in [
            ["--max-body", "2GiB"],
            ["--max-request-line", "64KiB"],
            ["--max-header", "10"],
            ["--max-connections", "0"],
            ["--head-timeout", "0"],
            ["--keep-alive", "100000"],
        ] {
            let parsed = CommandLine::try_parse_from(["jsond", flags[0], flags[1]]);
            assert!(parsed.is_err(), "{flags:?}");
        }
        let flags = ["jsond", "--drain", "0", "--answer-timeout", "5s"];
        let limits = CommandLine::parse_from(flags).flags.limits();
        assert_eq!(limits.drain_time, Duration::ZERO);
        assert_eq!(limits.answer_time, Duration::from_secs(5));
    }
}
