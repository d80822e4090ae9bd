//! Transcripts of dialogues, each fed whole, byte by byte and split at each place.

use proptest::prelude::{any, proptest};

use super::*;

/// What a dialogue came to: its request, then the words of its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    Request(Method, String),
    Answer(Vec<String>),
    Refused(Reason),
    Waiting,
}

fn request(method: Method, target: &str) -> Seen {
    Seen::Request(method, target.to_owned())
}

fn answer(words: &[&str]) -> Seen {
    Seen::Answer(words.iter().map(ToString::to_string).collect())
}

/// Feeds pieces; `end` says how the client ends after the last one.
fn feed<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    end: AnswerEnd,
    limits: Limits,
) -> Vec<Seen> {
    let mut machine = Machine::new(limits);
    let mut input = BytesMut::new();
    let mut seen = Vec::new();
    let mut pieces: Vec<(&[u8], AnswerEnd)> = pieces
        .into_iter()
        .map(|piece| (piece, AnswerEnd::LineEnd))
        .collect();
    pieces.push((b"", end));
    for (piece, end) in pieces {
        input.extend_from_slice(piece);
        match step(&mut machine, &mut input, end, &mut seen) {
            Ok(()) => {}
            Err(reason) => {
                seen.push(Seen::Refused(reason));
                return seen;
            }
        }
    }
    if !matches!(seen.last(), Some(Seen::Answer(_))) {
        seen.push(Seen::Waiting);
    }
    seen
}

fn step(
    machine: &mut Machine,
    input: &mut BytesMut,
    end: AnswerEnd,
    seen: &mut Vec<Seen>,
) -> Result<(), Reason> {
    if seen.is_empty()
        && let Some(request) = machine.request(input, end == AnswerEnd::Closed)?
    {
        seen.push(Seen::Request(request.method, request.target));
    }
    if seen.len() == 1
        && let Some(words) = machine.answer(input, end)?
    {
        seen.push(Seen::Answer(
            words.into_iter().map(|word| word.text).collect(),
        ));
    }
    Ok(())
}

fn feed_every_way(transcript: &[u8], end: AnswerEnd, limits: Limits) -> Vec<Seen> {
    let whole = feed([transcript], end, limits);
    assert_eq!(
        feed(transcript.chunks(1), end, limits),
        whole,
        "byte by byte: {}",
        transcript.escape_ascii()
    );
    for place in 1..transcript.len() {
        let (first, second) = transcript.split_at(place);
        assert_eq!(
            feed([first, second], end, limits),
            whole,
            "at {place}: {}",
            transcript.escape_ascii()
        );
    }
    whole
}

#[track_caller]
fn check(transcript: &str, end: AnswerEnd, expected: &[Seen]) {
    let seen = feed_every_way(transcript.as_bytes(), end, Limits::default());
    assert_eq!(seen, expected, "{transcript:?}");
}

#[test]
fn a_head_may_end_its_lines_in_any_way() {
    for transcript in [
        "GET students.json\r\n\r\n",
        "GET students.json\n\n",
        "GET students.json HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET students.json HTTP/1.1\r\nHost: x\r\n\n\n",
        "GET students.json HTTP/1.1\r\n\n\n",
        "GET students.json\n\r\n",
        "GET students.json\r\nHost: x\n\r\n",
        "\r\n\nGET students.json\n\n",
        "GET students.json\nany thing\n: x\n\n",
    ] {
        check(
            transcript,
            AnswerEnd::LineEnd,
            &[request(Method::Get, "students.json"), Seen::Waiting],
        );
    }
}

#[test]
fn nothing_is_yielded_before_the_head_has_ended() {
    for transcript in [
        "",
        "\n",
        "GET",
        "GET students.json",
        "GET students.json\r\n",
        "GET a\r\nHost: x\r\n",
        "GET a\n\r",
    ] {
        check(transcript, AnswerEnd::LineEnd, &[Seen::Waiting]);
    }
}

#[test]
fn a_closed_sending_side_ends_the_head_after_the_request_line() {
    let seen = [request(Method::Get, "a"), answer(&[])];
    for transcript in [
        "GET a",
        "GET a\r",
        "GET a\r\n",
        "GET a\nHost: x",
        "GET a HTTP/1.1\r\nHost: x\r\n",
        "GET a\n\n",
    ] {
        check(transcript, AnswerEnd::Closed, &seen);
    }
    check("", AnswerEnd::Closed, &[Seen::Waiting]);
    check("\r\n", AnswerEnd::Closed, &[Seen::Waiting]);
    check(
        "GET a\nContent-Length: 5",
        AnswerEnd::Closed,
        &[Seen::Refused(Reason::BodyNotTaken)],
    );
    check(
        "GET",
        AnswerEnd::Closed,
        &[Seen::Refused(Reason::MissingTarget)],
    );
}

#[test]
fn an_answer_ends_at_a_line_end_or_in_silence_or_at_the_close() {
    let seen = [
        request(Method::Put, "s"),
        answer(&["Seung_Hyun", "grade", "4.5"]),
    ];
    for head in ["PUT s\r\n\r\n", "PUT s\n\n", "PUT s\r\n\n\n"] {
        for line_end in ["\r\n", "\n", "\n\n", "\r\nmore"] {
            check(
                &format!("{head}Seung_Hyun grade 4.5{line_end}"),
                AnswerEnd::LineEnd,
                &seen,
            );
        }
        for line_end in ["", "\r", " "] {
            check(
                &format!("{head}Seung_Hyun grade 4.5{line_end}"),
                AnswerEnd::Quiet,
                &seen,
            );
            check(
                &format!("{head}Seung_Hyun grade 4.5{line_end}"),
                AnswerEnd::Closed,
                &seen,
            );
        }
        let waiting = [request(Method::Put, "s"), Seen::Waiting];
        check(
            &format!("{head}Seung_Hyun grade 4.5"),
            AnswerEnd::LineEnd,
            &waiting,
        );
        check(head, AnswerEnd::Quiet, &waiting);
        check(
            head,
            AnswerEnd::Closed,
            &[request(Method::Put, "s"), answer(&[])],
        );
    }
}

#[test]
fn what_the_grammar_refuses_is_refused_as_soon_as_its_line_has_ended() {
    for (transcript, reason) in [
        ("HELLO\r\n", Reason::MissingTarget),
        ("HELLO x\n", Reason::UnknownMethod),
        ("GET x y z\n", Reason::TooManyWords),
        ("GET x y\r\n", Reason::MalformedVersion),
        ("GET x\r\nContent-Length: 3\r\n", Reason::BodyNotTaken),
        (
            "GET x\nTransfer-Encoding: chunked\n\n",
            Reason::BodyNotTaken,
        ),
        ("\n\n\n\n\n", Reason::TooManyEmptyLines),
        ("GET \0\n", Reason::ControlCharacter),
        ("GET x\u{85}\n", Reason::ControlCharacter),
    ] {
        check(transcript, AnswerEnd::LineEnd, &[Seen::Refused(reason)]);
    }
    check(
        "GET x\r\nContent-Length: 0\r\n\r\n",
        AnswerEnd::LineEnd,
        &[request(Method::Get, "x"), Seen::Waiting],
    );
    let junk = [
        request(Method::Post, "x"),
        Seen::Refused(Reason::TextAfterString),
    ];
    check("POST x\n\n\"a\"b\n", AnswerEnd::LineEnd, &junk);
}

#[test]
fn each_limit_holds_to_the_byte() {
    let limits = Limits {
        request_line_bytes_max: 8,
        fields_bytes_max: 10,
        answer_bytes_max: 5,
    };
    let outcome =
        |transcript: &str| feed_every_way(transcript.as_bytes(), AnswerEnd::Quiet, limits).pop();
    assert_eq!(
        outcome("PUT abcd\r\n\r\nabcde\r\n"),
        Some(answer(&["abcde"]))
    );
    assert_eq!(
        outcome("PUT abcdefg\r\n\r\n"),
        Some(Seen::Refused(Reason::RequestLineTooLong))
    );
    assert_eq!(
        outcome("PUT abcdefgh"),
        Some(Seen::Refused(Reason::RequestLineTooLong))
    );
    assert_eq!(
        outcome("PUT a\r\nabcdef\r\n\r\nx\r\n"),
        Some(answer(&["x"]))
    );
    assert_eq!(
        outcome("PUT a\r\nabcdefg\r\n\r\nx\r\n"),
        Some(Seen::Refused(Reason::FieldsTooLarge))
    );
    assert_eq!(
        outcome("PUT a\r\nabcdefghij"),
        Some(Seen::Refused(Reason::FieldsTooLarge))
    );
    assert_eq!(
        outcome("PUT a\r\n\r\nabcdefg"),
        Some(Seen::Refused(Reason::AnswerTooLong))
    );
    assert_eq!(
        outcome("PUT a\r\n\r\nabcdefg\n"),
        Some(Seen::Refused(Reason::AnswerTooLong))
    );
}

/// A student's client sent its lines with CRLF and ended with two bare LF; the second of them came
/// in a packet of its own, was taken for an empty answer, and the dialogue was over before it began.
#[test]
fn a_stray_line_feed_after_the_head_is_no_answer() {
    let mut machine = Machine::new(Limits::default());
    let mut input = BytesMut::from("POST students.json HTTP/1.1\r\n\n");
    let request = machine.request(&mut input, false).unwrap().unwrap();
    assert!(request.may_have_stray_line_end);
    assert!(!machine.swallow_stray_line_end(&mut input));
    input.extend_from_slice(b"\n");
    assert!(machine.swallow_stray_line_end(&mut input));
    assert!(input.is_empty());
    assert_eq!(machine.answer(&mut input, AnswerEnd::Quiet), Ok(None));
    input.extend_from_slice(b"\n");
    assert_eq!(
        machine.answer(&mut input, AnswerEnd::LineEnd),
        Ok(Some(vec![]))
    );
}

#[test]
fn a_stray_line_feed_is_awaited_only_where_the_line_ends_are_mixed_and_it_has_not_come() {
    for (head, expected) in [
        ("POST s\r\n\n", true),
        ("POST s\r\nHost: x\r\n\n", true),
        ("POST s\r\n\n\n", false),
        ("POST s\r\n\r\n", false),
        ("POST s\n\n", false),
        ("POST s\r\nHost: x\n\n", false),
        ("POST s\n\r\n", false),
    ] {
        let mut machine = Machine::new(Limits::default());
        let mut input = BytesMut::from(head);
        let request = machine.request(&mut input, false).unwrap().unwrap();
        assert_eq!(request.may_have_stray_line_end, expected, "{head:?}");
        assert_eq!(
            machine.swallow_stray_line_end(&mut input),
            !expected,
            "{head:?}"
        );
        assert!(input.is_empty(), "{head:?}");
    }
}

#[test]
fn an_empty_line_is_an_answer_once_no_stray_one_is_awaited() {
    let mut machine = Machine::new(Limits::default());
    let mut input = BytesMut::from("POST s\r\n\n");
    machine.request(&mut input, false).unwrap().unwrap();
    machine.end_stray_wait();
    input.extend_from_slice(b"\n");
    assert_eq!(
        machine.answer(&mut input, AnswerEnd::LineEnd),
        Ok(Some(vec![]))
    );
}

#[test]
fn the_request_line_is_kept_for_the_log_even_when_it_is_refused() {
    let mut machine = Machine::new(Limits::default());
    assert_eq!(machine.request_line(), None);
    let mut input = BytesMut::from("HELLO \x1b[31m\r\n");
    assert_eq!(
        machine.request(&mut input, false),
        Err(Reason::ControlCharacter)
    );
    assert_eq!(machine.request_line(), Some("HELLO \x1b[31m"));
}

proptest! {
    #[test]
    fn any_bytes_come_to_the_same_in_every_cut(
        bytes in proptest::collection::vec(
            proptest::sample::select(&b"POST a\r\n\n\r\n\"\\:x \xff\0"[..]), 0..40),
        is_post in any::<bool>(),
        end in proptest::sample::select(&[AnswerEnd::LineEnd, AnswerEnd::Quiet, AnswerEnd::Closed][..]),
    ) {
        let start: &[u8] = if is_post { b"POST students.json\r\n" } else { b"" };
        let bytes = [start, &bytes[..]].concat();
        // How many line ends belong to the head when more than its empty line stand there depends
        // on what is already here, so three in a row are left to the examples above.
        let line_ends: String =
            String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
        if !line_ends.contains("\n\n\n") {
            let limits =
                Limits { request_line_bytes_max: 24, fields_bytes_max: 12, answer_bytes_max: 9 };
            feed_every_way(&bytes, end, limits);
        }
    }
}
