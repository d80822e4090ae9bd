//! The dialogue door: how a request may arrive (line ends, pieces, versions), how an answer is
//! complete, and the shape of the replies. What changes is in `dialogue_change`.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Folder, STUDENTS, Server};

const PROMPT: &str = "Enter follow data : key student_number grade department";
const ANSWER: &str = "Seung_Hyun 20213100 4.3 software";

fn students() -> serde_json::Value {
    serde_json::from_str(STUDENTS).unwrap()
}

/// Line ends that end a head: strict, bare, mixed.
const HEAD_ENDS: [&str; 8] = [
    "\r\n\r\n",
    "\n\n",
    "\r\n\n",
    "\n\r\n",
    "\r\nHost: localhost\r\n\r\n",
    "\r\nHost: localhost\n\n",
    "\nHost: localhost\r\nAccept: */*\n\r\n",
    "\r\nHost: localhost\r\n\n\n",
];

#[test]
fn get_is_200_with_the_file() {
    let server = Server::school();
    let (_, reply) = server.ask("GET students.json\r\n\r\n");
    let reply = reply.is(200);
    assert_eq!(reply.need("Content-Type"), "application/json");
    assert_eq!(reply.json(), students());
    let places: Vec<_> = ["Chan_Jin", "Da_Eun", "So_Jeong"]
        .iter()
        .map(|key| reply.text().find(key))
        .collect();
    assert!(places.is_sorted(), "the records stand in the file's order");
}

#[test]
fn every_line_end_ends_a_head() {
    let server = Server::school();
    for end in HEAD_ENDS {
        for line in [
            "GET students.json",
            "GET students.json HTTP/1.1",
            "GET students.json HTTP/1.0",
        ] {
            let (_, reply) = server.ask(format!("{line}{end}"));
            assert_eq!(reply.is(200).json(), students(), "{line}{end:?}");
        }
    }
}

#[test]
fn every_line_end_asks_and_takes_the_answer() {
    let server = Server::school();
    for (number, end) in HEAD_ENDS.iter().enumerate() {
        for (letter, answer_end) in [("a", "\r\n"), ("b", "\n"), ("c", "")] {
            let (mut wire, prompt) = server.ask(format!("POST students.json{end}"));
            assert_eq!(prompt.is(300).text().trim_end(), PROMPT, "{end:?}");
            wire.send(format!("{letter}{number} 1 2 3{answer_end}"));
            assert_eq!(
                wire.dialogue_reply().status,
                201,
                "head {end:?}, answer {answer_end:?}"
            );
        }
    }
    assert_eq!(
        server.json("/students.json").as_object().unwrap().len(),
        3 + 3 * HEAD_ENDS.len()
    );
}

/// The usual student client ends its `\r\n` lines with `\n\n`: the second `\n` is left over when
/// the head is complete, and is no answer.
#[test]
fn a_stray_line_feed_after_the_head_is_not_an_answer() {
    let server = Server::school();
    for head in [
        "POST students.json\r\n\n\n",
        "POST students.json\r\nHost: x\r\n\n\n",
    ] {
        let (mut wire, prompt) = server.ask(head);
        prompt.is(300);
        std::thread::sleep(Duration::from_millis(150));
        wire.has_nothing();
        wire.send("Seung_Hyun 20213100 4.3 software");
        let status = wire.dialogue_reply().status;
        assert!([201, 409].contains(&status), "{head:?} ended in {status}");
    }
    assert_eq!(server.body("/students.json/Seung_Hyun/grade"), "\"4.3\"\n");
}

#[test]
fn a_stray_line_feed_that_comes_after_the_prompt_is_not_an_answer_either() {
    let server = Server::school();
    let (mut wire, prompt) = server.ask("POST students.json\r\nHost: x\r\n\n");
    prompt.is(300);
    wire.send("\n");
    wire.send(ANSWER);
    wire.dialogue_reply().is(201);
}

#[test]
fn an_empty_line_as_the_answer_is_the_wrong_number_of_words() {
    let server = Server::school();
    for method in ["POST", "PUT", "DELETE"] {
        for answer in ["\r\n", "\n", "   \r\n", "\t\n"] {
            let (mut wire, prompt) = server.ask(format!("{method} students.json\r\n\r\n"));
            prompt.is(300);
            wire.send(answer);
            assert_eq!(
                wire.dialogue_reply().status,
                400,
                "{method}, answer {answer:?}"
            );
        }
    }
    assert_eq!(server.json("/students.json"), students());
}

#[test]
fn a_request_may_arrive_byte_by_byte() {
    let server = Server::school();
    for end in HEAD_ENDS {
        let mut wire = server.connect();
        wire.send_byte_by_byte(format!("GET students.json{end}"));
        assert_eq!(wire.dialogue_reply().is(200).json(), students());
    }
    let mut wire = server.connect();
    wire.send_byte_by_byte("POST students.json HTTP/1.1\r\nHost: x\r\n\n\n");
    assert_eq!(wire.dialogue_reply().is(300).text().trim_end(), PROMPT);
    wire.send_byte_by_byte(format!("{ANSWER}\r\n"));
    wire.dialogue_reply().is(201);
}

#[test]
fn a_request_may_be_split_at_every_place() {
    let server = Server::school();
    let request = "POST students.json\r\nHost: x\r\n\n\n";
    for place in 1..request.len() {
        let mut wire = server.connect();
        wire.send(&request[..place]);
        std::thread::sleep(Duration::from_millis(3));
        wire.send(&request[place..]);
        assert_eq!(wire.dialogue_reply().status, 300, "split at {place}");
        wire.send(format!("key_{place} 1 2 3"));
        assert_eq!(wire.dialogue_reply().status, 201, "split at {place}");
    }
}

#[test]
fn an_answer_without_line_end_is_complete_after_a_quiet_moment() {
    let server = Server::school();
    let (mut wire, prompt) = server.ask("POST students.json\r\n\r\n");
    prompt.is(300);
    let sent = Instant::now();
    wire.send(ANSWER);
    wire.dialogue_reply().is(201);
    let took = sent.elapsed();
    assert!(
        took >= Duration::from_millis(49),
        "50 ms of quiet, not {took:?}"
    );
    assert!(
        took < Duration::from_secs(2),
        "50 ms of quiet, not {took:?}"
    );
}

#[test]
fn an_answer_with_a_line_end_is_not_kept_waiting() {
    let server = Server::school();
    let quickest = (0..5).map(|number| {
        let (mut wire, prompt) = server.ask("POST students.json\r\n\r\n");
        prompt.is(300);
        let sent = Instant::now();
        wire.send(format!("key_{number} 1 2 3\n"));
        wire.dialogue_reply().is(201);
        sent.elapsed()
    });
    let quickest = quickest.min().unwrap();
    assert!(
        quickest < Duration::from_millis(50),
        "no timer before the answer, but {quickest:?}"
    );
}

#[test]
fn an_answer_is_complete_when_the_client_closes_its_sending_side() {
    let server = Server::school();
    let (mut wire, prompt) = server.ask("POST students.json\r\n\r\n");
    prompt.is(300);
    wire.send(ANSWER);
    wire.half_close();
    wire.dialogue_reply().is(201);
    assert_eq!(
        server.body("/students.json/Seung_Hyun/department"),
        "\"software\"\n"
    );
}

/// A pause inside an answer longer than the quiet moment ends it there.
#[test]
fn half_an_answer_and_a_long_pause_is_half_an_answer() {
    let server = Server::school();
    let (mut wire, prompt) = server.ask("POST students.json\r\n\r\n");
    prompt.is(300);
    wire.send("Seung_Hyun 20213100");
    wire.dialogue_reply().is(400);
    assert_eq!(server.json("/students.json"), students());
}

#[test]
fn an_answer_without_line_end_may_come_in_pieces_that_follow_closely() {
    let server = Server::school();
    for attempt in 0..20 {
        let (mut wire, prompt) = server.ask("POST students.json\r\n\r\n");
        prompt.is(300);
        let start = Instant::now();
        wire.send_byte_by_byte(format!("key_{attempt} 20213100 4.3 software"));
        // Only a machine that let us send without a pause of its own can judge.
        if start.elapsed() < Duration::from_millis(40) {
            wire.dialogue_reply().is(201);
            return;
        }
    }
    panic!("this machine never sent 30 bytes within 40 ms");
}

#[test]
fn request_and_answer_may_come_in_one_piece() {
    let server = Server::school();
    let (mut wire, prompt) = server.ask(format!("POST students.json\r\n\r\n{ANSWER}\r\n"));
    prompt.is(300);
    wire.dialogue_reply().is(201);
    let mut wire = server.connect();
    wire.send("PUT students.json\r\n\r\nSeung_Hyun grade 4.5");
    wire.half_close();
    assert_eq!(wire.reply().status, 300);
    wire.dialogue_reply().is(200);
    assert_eq!(server.body("/students.json/Seung_Hyun/grade"), "\"4.5\"\n");
}

#[test]
fn a_client_that_closes_without_an_answer_changes_nothing() {
    let server = Server::school();
    for method in ["POST", "PUT", "DELETE"] {
        let (mut wire, prompt) = server.ask(format!("{method} students.json\r\n\r\n"));
        prompt.is(300);
        wire.half_close();
        // An empty answer is refused in words, or the door closes without one.
        let mut rest = Vec::new();
        std::io::Read::read_to_end(&mut wire.stream, &mut rest).unwrap();
        assert!(
            rest.is_empty() || rest.starts_with(b"HTTP/1.1 400 "),
            "{method}: {rest:?}"
        );
    }
    assert_eq!(server.json("/students.json"), students());
}

#[test]
fn head_has_the_fields_of_get_and_no_body() {
    let server = Server::school();
    let (_, get) = server.ask("GET students.json\r\n\r\n");
    for end in HEAD_ENDS {
        let mut wire = server.connect();
        wire.send(format!("HEAD students.json{end}"));
        let head = wire.reply_to_head().is(200);
        assert_eq!(head.lasting_fields(), get.lasting_fields());
        assert_eq!(head.content_length(), get.body.len());
        wire.closes();
    }
    let mut wire = server.connect();
    wire.send("HEAD missing.json\r\n\r\n");
    wire.reply_to_head().is(404);
    wire.closes();
}

#[test]
fn head_of_a_file_that_cannot_be_read_is_400_without_a_body() {
    let server = Server::start(Folder::school().with("broken.json", "{\"a\":"), &[]);
    let mut wire = server.connect();
    wire.send("HEAD broken.json\r\n\r\n");
    wire.reply_to_head().is(400);
    wire.closes();
}

#[test]
fn the_prompt_and_every_short_reply_come_in_one_piece_of_1024_bytes() {
    let server = Server::school();
    for (request, status) in [
        ("POST students.json\r\n\n\n", "300"),
        ("PUT students.json\r\n\n\n", "300"),
        ("DELETE students.json\r\n\n\n", "300"),
        ("GET missing.json\r\n\n\n", "404"),
        ("NONSENSE students.json\r\n\n\n", "400"),
        ("GET students.json/Da_Eun\r\n\n\n", "200"),
    ] {
        let mut wire = server.connect();
        wire.send(request);
        let piece = String::from_utf8(wire.receive_once()).unwrap();
        assert_eq!(&piece[9..12], status, "{request:?}");
        let (head, body) = piece
            .split_once("\r\n\r\n")
            .expect("the whole head in one piece");
        let length = format!("Content-Length: {}", body.len()).to_lowercase();
        assert!(
            head.to_lowercase().contains(&length),
            "the whole body in one piece: {piece:?}"
        );
    }
}

#[test]
fn the_three_prompts_are_as_written() {
    let server = Server::school();
    for (method, prompt) in [
        ("POST", PROMPT),
        ("PUT", "Enter follow data : key wantToUpdate value"),
        ("DELETE", "Enter follow data : key"),
    ] {
        let (_, reply) = server.ask(format!("{method} students.json\r\n\r\n"));
        let reply = reply.is(300);
        assert_eq!(reply.text().trim_end_matches(['\r', '\n']), prompt);
        assert!(reply.need("Content-Type").starts_with("text/plain"));
        assert!(reply.head.starts_with("HTTP/1.1 300 Multiple Choices\r\n"));
    }
}

#[test]
fn after_the_final_reply_nothing_more_is_taken() {
    let server = Server::school();
    let mut wire = server.connect();
    wire.send(
        "GET students.json\r\n\r\nGET students.json\r\n\r\nDELETE students.json\r\n\r\nDa_Eun\r\n",
    );
    assert_eq!(wire.dialogue_reply().is(200).json(), students());
    let (mut wire, prompt) = server.ask(format!(
        "POST students.json\r\n\r\n{ANSWER}\r\nagain 1 2 3\r\n"
    ));
    prompt.is(300);
    wire.dialogue_reply().is(201);
    let now = server.json("/students.json");
    assert_eq!(now["again"], json!(null));
    assert_eq!(now["Da_Eun"], students()["Da_Eun"]);
}
