//! The least that a durable PUT over HTTP can be: one loop that reads what is ready, overwrites a part
//! of a file with as many bytes, syncs once, and answers with the bodies that it was sent. It looks at
//! nothing, keeps nothing that could be found again, and is no server for anything; nothing that does
//! more is faster by the same means.

use super::{Rival, free_port, own_folder};
use crate::setup::Setup;
use anyhow::{Context as _, Result, ensure};
use rustix::event::epoll;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

/// How many bytes are written for each request: about a change in the journal.
const CHANGE_BYTES: usize = 200;
/// The file that is written over, again and again.
const FILE_BYTES: usize = 16 << 20;
const EVENTS_MAX: usize = 256;
const REQUEST_BYTES_MAX: usize = 4096;

/// Starts it.
///
/// *Errors*: it does not start.
pub(crate) fn least(setup: &Setup) -> Result<Rival> {
    let port = free_port()?;
    let own = own_folder(setup, "least")?;
    let mut command = setup.pinning.command(&std::env::current_exe()?);
    command.arg("least").arg(port.to_string());
    command.arg(own.join("changes"));
    let words = "the least: a loop that syncs once a turn, and looks at nothing";
    Rival::start(command, port, words.to_owned(), &own.join("out"))
}

/// What [`least`] starts.
#[derive(Debug, clap::Args)]
pub(crate) struct Least {
    port: u16,
    file: PathBuf,
}

/// Serves until it is stopped.
///
/// *Errors*: the port or the file cannot be had, or a sync fails.
pub(crate) fn serve(least: &Least) -> Result<()> {
    std::fs::write(&least.file, vec![0; FILE_BYTES])?;
    let file = File::options().write(true).open(&least.file)?;
    file.sync_all()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, least.port))?;
    listener.set_nonblocking(true)?;
    let queue = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let of_listener = epoll::EventData::new_u64(u64::MAX);
    epoll::add(&queue, &listener, of_listener, epoll::EventFlags::IN)?;
    let mut clients: Vec<Option<TcpStream>> = Vec::new();
    let mut events = Vec::with_capacity(EVENTS_MAX);
    let (mut changes, mut answers, mut at) = (Vec::new(), Vec::new(), 0);
    loop {
        events.clear();
        let buffer = rustix::buffer::spare_capacity(&mut events);
        epoll::wait(&queue, buffer, None)?;
        for event in &events {
            let Ok(n) = usize::try_from(event.data.u64()) else {
                continue;
            };
            if event.data.u64() == u64::MAX {
                accept(&listener, &queue, &mut clients)?;
            } else if let Some(client) = &mut clients[n] {
                match read(client, &mut changes)? {
                    Some(answer) => answers.push((n, answer)),
                    None => clients[n] = None,
                }
            }
        }
        if answers.is_empty() {
            continue;
        }
        if at + changes.len() > FILE_BYTES {
            at = 0;
        }
        file.write_all_at(&changes, at as u64)?;
        file.sync_data()?;
        at += changes.len();
        changes.clear();
        for (n, answer) in answers.drain(..) {
            if let Some(client) = &mut clients[n] {
                client.write_all(&answer)?;
            }
        }
    }
}

fn accept(
    listener: &TcpListener,
    queue: &std::os::fd::OwnedFd,
    clients: &mut Vec<Option<TcpStream>>,
) -> Result<()> {
    loop {
        let client = match listener.accept() {
            Ok((client, _)) => client,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        client.set_nonblocking(true)?;
        client.set_nodelay(true)?;
        let data = epoll::EventData::new_u64(clients.len() as u64);
        epoll::add(queue, &client, data, epoll::EventFlags::IN)?;
        clients.push(Some(client));
    }
}

/// Reads a request, which comes whole; gives its answer, or none at the end.
fn read(client: &mut TcpStream, changes: &mut Vec<u8>) -> Result<Option<Vec<u8>>> {
    let mut request = [0; REQUEST_BYTES_MAX];
    let count = client.read(&mut request)?;
    if count == 0 {
        return Ok(None);
    }
    let request = &request[..count];
    let head = memchr::memmem::find(request, b"\r\n\r\n").context("no whole request")?;
    let body = &request[head + 4..];
    ensure!(!body.is_empty(), "no whole request");
    let end = changes.len() + CHANGE_BYTES;
    changes.extend_from_slice(&request[..count.min(CHANGE_BYTES)]);
    changes.resize(end, b' ');
    let mut answer = Vec::with_capacity(ANSWER.len() + 32);
    answer.extend_from_slice(ANSWER);
    write!(answer, "Content-Length: {}\r\n\r\n", body.len() + 1)?;
    answer.extend_from_slice(body);
    answer.push(b'\n');
    Ok(Some(answer))
}

/// What an answer of jsond says, but for its length.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: \
    application/json\r\nETag: \"562591323b675829dedb980100c87e72\"\r\nX-Content-Type-Options: \
    nosniff\r\n";
