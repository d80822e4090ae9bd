//! The order of system calls around one write, as strace sees it: journal, sync, answer; temporary
//! file, sync, mark, sync, rename, sync of the folder, and only then a segment may go.
//!
//! The judge is a function over the calls. Doctored logs, and a server whose syncs are skipped, show
//! that it finds what it is for.

use crate::support::{Call, STUDENTS, Server, Strace, parse_trace};

/// Everything that the judge looks at.
const CALLS: &str = "trace=write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,fsync,fdatasync,\
                     rename,renameat,renameat2,unlink,unlinkat";

/// Asserts the order of the steps of one write to a file, of its checkpoint and of a clean stop.
fn check_order(calls: &[Call], folder: &str, file: &str) -> Result<(), String> {
    let begin = 0;
    let append = find(calls, begin, "append of the change", |call| {
        is_append(call, " change ")
    })?;
    let sync = find(calls, append.end, "sync of the change", |call| {
        is_sync(call, append.path())
    })?;
    let answer = find(calls, begin, "answer", is_success)?;
    precedes(sync, answer)?;

    let rename = find(calls, begin, "rename", |call| {
        call.name.starts_with("rename") && strings(call).get(1) == Some(&file)
    })?;
    let temporary = format!("{folder}/{}", strings(rename)[0]);
    let mut written = calls.iter().filter(|call| is_write(call, &temporary));
    let written = written
        .next_back()
        .ok_or("no write of the temporary file")?;
    let synced = find(calls, written.end, "sync of the temporary file", |call| {
        is_sync(call, &temporary)
    })?;
    precedes(synced, rename)?;
    let mark = find(calls, begin, "append of the mark", |call| {
        is_append(call, " mark ")
    })?;
    let marked = find(calls, mark.end, "sync of the mark", |call| {
        is_sync(call, mark.path())
    })?;
    precedes(marked, rename)?;
    let named = find(calls, rename.end, "sync of the folder", |call| {
        is_sync(call, folder)
    })?;
    let removal = find(calls, begin, "removal of the segment", |call| {
        call.name.starts_with("unlink") && call.arguments.contains("journal-")
    })?;
    precedes(named, removal)
}

/// The first such call that the kernel did, and that began behind a line.
fn find<'a>(
    calls: &'a [Call],
    behind: usize,
    what: &str,
    is_it: impl Fn(&Call) -> bool,
) -> Result<&'a Call, String> {
    let mut found = calls
        .iter()
        .filter(|call| (behind == 0 || call.begin > behind) && call.is_done() && is_it(call));
    found.next().ok_or(format!("no {what}"))
}

fn precedes(first: &Call, second: &Call) -> Result<(), String> {
    if first.end < second.begin {
        return Ok(());
    }
    Err(format!("{second:?}\nbefore\n{first:?}"))
}

fn is_write(call: &Call, path: &str) -> bool {
    let writes = ["write", "writev", "pwrite64", "pwritev", "pwritev2"];
    writes.contains(&call.name.as_str()) && call.path() == path
}

fn is_append(call: &Call, kind: &str) -> bool {
    call.path().contains("/journal-")
        && is_write(call, call.path())
        && call.arguments.contains(kind)
}

fn is_sync(call: &Call, path: &str) -> bool {
    ["fsync", "fdatasync"].contains(&call.name.as_str()) && call.path() == path
}

fn is_success(call: &Call) -> bool {
    call.arguments.contains("\"HTTP/1.1 2")
}

/// What stands in quotes among the arguments.
fn strings(call: &Call) -> Vec<&str> {
    call.arguments.split('"').skip(1).step_by(2).collect()
}

/// One PUT, its checkpoint and a clean stop, traced.
fn trace_one_put(arguments: &[&str]) -> (Vec<Call>, String) {
    let server = Server::school();
    let strace = Strace::attach(&server, &[&["-e", CALLS], arguments].concat());
    server.put("/students.json/Da_Eun/grade", "\"4.0\"").is(200);
    let after = STUDENTS.replace("\"3.9\"", "\"4.0\"");
    server.folder.becomes("students.json", &after);
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    let folder = exit.folder.path().to_str().unwrap().to_owned();
    (strace.finish(), folder)
}

fn show(calls: &[Call]) -> String {
    let line = |call: &Call| {
        let arguments: String = call.arguments.chars().take(160).collect();
        format!(
            "{} {}({arguments}) = {}\n",
            call.thread, call.name, call.result
        )
    };
    calls.iter().map(line).collect()
}

#[test]
fn journal_and_sync_precede_the_answer_and_every_sync_of_a_checkpoint_its_next_step() {
    if Strace::is_there("order of system calls") {
        let (calls, folder) = trace_one_put(&[]);
        let judged = check_order(&calls, &folder, "students.json");
        assert_eq!(judged, Ok(()), "\n{}", show(&calls));
    }
}

/// A segment was asked for all that is known of it after each sync, its times among them. To tell
/// changes apart Linux gives a file that was asked for its times another with the next write, and some
/// file systems write them with the next sync: one write of the disk in three was for that.
#[test]
fn a_segment_is_never_asked_for_its_times_while_it_is_written() {
    if !Strace::is_there("questions about segments") {
        return;
    }
    const ASKS: &str = "trace=statx,fstat,newfstatat,fdatasync";
    let server = Server::school();
    // It makes the segment.
    server.put("/students.json/Da_Eun/grade", "\"4.0\"").is(200);
    let strace = Strace::attach(&server, &["-e", ASKS]);
    for grade in ["4.1", "4.2"] {
        let body = format!("\"{grade}\"");
        server.put("/students.json/Da_Eun/grade", &body).is(200);
    }
    assert_eq!(server.stop().code, Some(0));
    let calls = strace.finish();
    let (syncs, asks): (Vec<_>, Vec<_>) = calls.iter().partition(|call| call.name == "fdatasync");
    assert!(syncs.len() >= 2, "{}", show(&calls));
    // By the descriptor that is written to; a cleanup may read the file by another.
    let segment = syncs[0]
        .arguments
        .split_inclusive('>')
        .next()
        .expect("a file");
    let of_segment = asks.iter().filter(|ask| ask.arguments.starts_with(segment));
    let of_segment: Vec<_> = of_segment.collect();
    assert!(
        !of_segment.is_empty(),
        "whether it still has a name is asked"
    );
    for ask in of_segment {
        let is_narrow = ask.name == "statx" && ask.arguments.contains(", STATX_NLINK, ");
        assert!(is_narrow, "{ask:?}\n{}", show(&calls));
    }
}

/// A call that another thread's came into reads as if none had: a space went, and the test above failed
/// now and then on a machine that had much to do.
#[test]
fn a_call_in_two_pieces_reads_as_one_in_one() {
    let whole = r#"7 statx(4</f>, "", 0, STATX_NLINK, {stx_nlink=1}) = 0"#;
    let pieces = [
        r#"7 statx(4</f>, "", 0, STATX_NLINK,  <unfinished ...>"#,
        "9 fsync(5</f/a> <unfinished ...>",
        "7 <... statx resumed>{stx_nlink=1}) = 0",
        "9 <... fsync resumed>)         = 0",
    ];
    let calls = parse_trace(&pieces.join("\n"));
    assert_eq!(calls[0].arguments, parse_trace(whole)[0].arguments);
    assert_eq!(calls[1].arguments, "5</f/a>");
}

/// The negative control: a server whose syncs do nothing.
#[test]
fn the_judge_of_the_order_finds_syncs_that_are_skipped() {
    if !Strace::is_there("skipped syncs") {
        return;
    }
    for (call, missing) in [
        ("fdatasync", "sync of the change"),
        ("fsync", "sync of the temporary file"),
    ] {
        let inject = format!("inject={call}:retval=0");
        let (calls, folder) = trace_one_put(&["-e", &inject]);
        let judged = check_order(&calls, &folder, "students.json");
        let fault = judged.expect_err("a skipped sync goes through");
        assert!(fault.contains(missing), "{fault}\n{}", show(&calls));
    }
}

/// What a right server does, one step a line; two threads at once in the third and the fourth.
const GOOD: [&str; 12] = [
    r#"7 pwrite64(4</f/.jsond/journal-1.log>, "0a 2 2 2026-01-01T00:00:00.000Z change [{}]\n", 40, 64) = 40"#,
    "7 fdatasync(4</f/.jsond/journal-1.log> <unfinished ...>",
    r#"9 write(5</f/.s.json.jsond-2>, "{}", 2) = 2"#,
    "7 <... fdatasync resumed>)         = 0",
    r#"8 writev(9<socket:[1]>, [{iov_base="HTTP/1.1 200 OK\r\n", iov_len=17}], 1) = 17"#,
    "9 fsync(5</f/.s.json.jsond-2>) = 0",
    r#"7 pwrite64(4</f/.jsond/journal-1.log>, "0b 3 3 2026-01-01T00:00:00.000Z mark {}\n", 40, 104) = 40"#,
    "7 fdatasync(4</f/.jsond/journal-1.log>) = 0",
    r#"9 renameat(3</f>, ".s.json.jsond-2", 3</f>, "s.json") = 0"#,
    "9 fsync(6</f>) = 0",
    r#"7 unlinkat(2</f/.jsond>, "journal-1.log", 0) = 0"#,
    "7 +++ exited with 0 +++",
];

#[test]
fn the_judge_of_the_order_finds_every_step_that_is_moved_or_missing() {
    let judge = |lines: &[&str]| check_order(&parse_trace(&lines.join("\n")), "/f", "s.json");
    assert_eq!(judge(&GOOD), Ok(()));
    for (from, to) in [
        (4, 0),
        (4, 3),
        (5, 9),
        (6, 9),
        (7, 9),
        (8, 5),
        (9, 8),
        (10, 8),
        (10, 9),
    ] {
        let mut lines = GOOD.to_vec();
        let line = lines.remove(from);
        lines.insert(to, line);
        assert!(judge(&lines).is_err(), "{from} to {to} goes through");
    }
    for missing in 0..11 {
        let mut lines = GOOD.to_vec();
        lines.remove(missing);
        assert!(judge(&lines).is_err(), "without {missing} goes through");
    }
    for (line, failed) in [(3, "= -1 EIO"), (5, "= -1 EIO"), (7, "= 0 (INJECTED)")] {
        let mut lines = GOOD.to_vec();
        let doctored = lines[line].replace("= 0", failed);
        lines[line] = &doctored;
        assert!(judge(&lines).is_err(), "{doctored} goes through");
    }
}
