//! What crossed the wire as a capture file (pcapng) that Wireshark opens.
//!
//! The socket moves streams, not packets; so each piece becomes segments of TCP with the numbers and
//! the time that they had, behind a handshake that is made up. Within TLS it is what was in it, on
//! the port of HTTP. Secrets are hidden. *Source*: draft-ietf-opsawg-pcapng §4

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use etherparse::{PacketBuilder, PacketBuilderStep, TcpHeader};

use super::secret::Secrets;
use super::transcript::{Direction, Link, Piece, Record, Transcript};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;

/// Packets begin with their IP header.
const LINK_TYPE_RAW: u16 = 101;

/// The comment, an option of every block.
const COMMENT: u16 = 1;

/// As much fits into one packet of either version of IP.
const SEGMENT_BYTES_MAX: usize = 32 * 1024;

/// Where what was within TLS is shown: on its own port it would be taken for TLS.
const HTTP_PORT: u16 = 80;

const ABOUT: &str = "Made by jsond client from what its socket moved. The handshakes are made up; \
    what was within TLS is shown in plain text on port 80; secrets are hidden behind asterisks.";

/// Writes a record as a capture; gives how many packets there are.
///
/// Errors: those of `out`.
pub(super) fn write(record: &Record, out: &mut dyn Write) -> io::Result<usize> {
    write_block(out, SECTION_HEADER, &section_header())?;
    write_block(out, INTERFACE, &interface())?;
    let mut capture = Capture { out, packets: 0 };
    for transcript in record.transcripts() {
        if let Some(link) = transcript.link {
            capture.write_connection(&link, &transcript)?;
        }
    }
    Ok(capture.packets)
}

/// A block: its type, its length on both sides, and a body of whole words.
fn write_block(out: &mut dyn Write, kind: u32, body: &[u8]) -> io::Result<()> {
    let padding = body.len().next_multiple_of(4) - body.len();
    let length = u32::try_from(12 + body.len() + padding).map_err(io::Error::other)?;
    out.write_all(&kind.to_le_bytes())?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(body)?;
    out.write_all(&[0; 3][..padding])?;
    out.write_all(&length.to_le_bytes())
}

fn section_header() -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(0x1a2b_3c4d_u32.to_le_bytes());
    body.extend([1, 0, 0, 0]);
    // The length of the section is not said.
    body.extend((-1_i64).to_le_bytes());
    let length = u16::try_from(ABOUT.len()).expect("INVARIANT: the text is short");
    body.extend(COMMENT.to_le_bytes());
    body.extend(length.to_le_bytes());
    body.extend_from_slice(ABOUT.as_bytes());
    body.resize(body.len().next_multiple_of(4), 0);
    // The end of the options.
    body.extend([0; 4]);
    body
}

fn interface() -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(LINK_TYPE_RAW.to_le_bytes());
    body.extend([0; 2]);
    // No packet is cut.
    body.extend(0_u32.to_le_bytes());
    body
}

struct Capture<'a> {
    out: &'a mut dyn Write,
    packets: usize,
}

/// The two ends of a connection with what each has sent, as TCP counts it.
struct Ends {
    local: SocketAddr,
    peer: SocketAddr,
    opened: SystemTime,
    sent: u64,
    received: u64,
}

/// What a segment does besides carrying bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flag {
    Open,
    Data,
    Close,
}

impl Capture<'_> {
    fn write_connection(&mut self, link: &Link, transcript: &Transcript) -> io::Result<()> {
        let mut peer = link.peer;
        if link.is_secure {
            peer.set_port(HTTP_PORT);
        }
        let mut ends = Ends {
            local: link.local,
            peer,
            opened: link.opened,
            sent: 0,
            received: 0,
        };
        let start = Duration::ZERO;
        self.segment(&mut ends, Direction::Sent, start, (Flag::Open, &[]))?;
        self.segment(&mut ends, Direction::Received, start, (Flag::Open, &[]))?;
        self.segment(&mut ends, Direction::Sent, start, (Flag::Data, &[]))?;
        let mut last = start;
        let mut secrets = [Secrets::default(), Secrets::default()];
        let mut before = Direction::Received;
        for piece in transcript.pieces() {
            // A request after an answer may be a new head.
            if piece.direction == Direction::Sent && before == Direction::Received {
                secrets = Default::default();
            }
            before = piece.direction;
            self.piece(&mut ends, piece, &mut secrets)?;
            last = piece.at;
        }
        self.segment(&mut ends, Direction::Sent, last, (Flag::Close, &[]))?;
        self.segment(&mut ends, Direction::Received, last, (Flag::Close, &[]))?;
        self.segment(&mut ends, Direction::Sent, last, (Flag::Data, &[]))
    }

    fn piece(
        &mut self,
        ends: &mut Ends,
        piece: &Piece,
        secrets: &mut [Secrets; 2],
    ) -> io::Result<()> {
        // What is no longer kept is missing from the capture too.
        let (count, secrets) = match piece.direction {
            Direction::Sent => (&mut ends.sent, &mut secrets[0]),
            Direction::Received => (&mut ends.received, &mut secrets[1]),
        };
        *count = 1 + piece.offset;
        let bytes = secrets.hide(&piece.bytes);
        for bytes in bytes.chunks(SEGMENT_BYTES_MAX) {
            self.segment(ends, piece.direction, piece.at, (Flag::Data, bytes))?;
        }
        Ok(())
    }

    fn segment(
        &mut self,
        ends: &mut Ends,
        direction: Direction,
        at: Duration,
        (flag, bytes): (Flag, &[u8]),
    ) -> io::Result<()> {
        let (from, to) = match direction {
            Direction::Sent => (ends.local, ends.peer),
            Direction::Received => (ends.peer, ends.local),
        };
        let (own, other) = match direction {
            Direction::Sent => (&mut ends.sent, ends.received),
            Direction::Received => (&mut ends.received, ends.sent),
        };
        let mut tcp = TcpHeader::new(from.port(), to.port(), sequence(*own), u16::MAX);
        tcp.syn = flag == Flag::Open;
        tcp.fin = flag == Flag::Close;
        tcp.psh = !bytes.is_empty();
        tcp.ack = !(tcp.syn && direction == Direction::Sent);
        tcp.acknowledgment_number = if tcp.ack { sequence(other) } else { 0 };
        let counted = bytes.len() + usize::from(tcp.syn || tcp.fin);
        *own += counted as u64;
        let mut packet = Vec::new();
        let builder = over_ip(from.ip(), to.ip()).tcp_header(tcp);
        builder
            .write(&mut packet, bytes)
            .map_err(io::Error::other)?;
        self.packet(ends.opened + at, &packet)
    }

    fn packet(&mut self, at: SystemTime, packet: &[u8]) -> io::Result<()> {
        let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let micros = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
        let micros = micros.to_le_bytes();
        let (low, high) = micros.split_at(4);
        let length = u32::try_from(packet.len()).map_err(io::Error::other)?;
        let mut body = Vec::with_capacity(20 + packet.len());
        body.extend(0_u32.to_le_bytes());
        body.extend_from_slice(high);
        body.extend_from_slice(low);
        body.extend(length.to_le_bytes());
        body.extend(length.to_le_bytes());
        body.extend_from_slice(packet);
        self.packets += 1;
        write_block(self.out, PACKET, &body)
    }
}

/// A place in a stream as TCP counts it.
fn sequence(place: u64) -> u32 {
    u32::try_from(place & u64::from(u32::MAX)).expect("INVARIANT: it is masked")
}

/// Both ends of a connection are of one version of IP.
fn over_ip(from: IpAddr, to: IpAddr) -> PacketBuilderStep<etherparse::IpHeaders> {
    const HOPS: u8 = 64;
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => PacketBuilder::ipv4(from.octets(), to.octets(), HOPS),
        (from, to) => {
            let octets = |address: IpAddr| match address {
                IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
                IpAddr::V6(address) => address.octets(),
            };
            PacketBuilder::ipv6(octets(from), octets(to), HOPS)
        }
    }
}
