//! Follows the frames that a peer sends, without keeping any of them.
//!
//! hyper gives whole heads and pieces of bodies and says nothing of what lies between. Whether a
//! peer stopped in the middle of a head, and how often it took back what it had asked for, shows
//! only here. Whether the frames are well-formed is hyper's business.

use crate::wire::sniff::HTTP2_PREFACE;

/// The length of the head of a frame. *Source* RFC 9113 §4.1
const FRAME_HEAD_BYTES: usize = 9;

const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const RST_STREAM: u8 = 0x3;
const CONTINUATION: u8 = 0x9;
const END_HEADERS: u8 = 0x4;

/// Where a peer stands in its frames.
#[derive(Debug, Clone)]
pub struct Frames {
    preface_bytes_left: usize,
    head: [u8; FRAME_HEAD_BYTES],
    head_bytes: usize,
    payload_bytes_left: usize,
    is_data: bool,
    is_block_open: bool,
    has_begun: bool,
    ended: u64,
    resets: u64,
}

impl Default for Frames {
    fn default() -> Self {
        Self {
            preface_bytes_left: HTTP2_PREFACE.len(),
            head: [0; FRAME_HEAD_BYTES],
            head_bytes: 0,
            payload_bytes_left: 0,
            is_data: false,
            is_block_open: false,
            has_begun: false,
            ended: 0,
            resets: 0,
        }
    }
}

impl Frames {
    /// Follows the next bytes of the peer, the preface first.
    pub fn advance(&mut self, bytes: &[u8]) {
        let preface_bytes = self.preface_bytes_left.min(bytes.len());
        self.preface_bytes_left -= preface_bytes;
        let mut rest = &bytes[preface_bytes..];
        while !rest.is_empty() {
            let eaten = if self.payload_bytes_left > 0 {
                let eaten = self.payload_bytes_left.min(rest.len());
                self.payload_bytes_left -= eaten;
                eaten
            } else {
                self.read_head(rest)
            };
            rest = &rest[eaten..];
            let is_between = self.head_bytes == 0 && self.payload_bytes_left == 0;
            self.ended += u64::from(is_between && !self.is_block_open);
        }
    }

    fn read_head(&mut self, bytes: &[u8]) -> usize {
        let eaten = (FRAME_HEAD_BYTES - self.head_bytes).min(bytes.len());
        self.head[self.head_bytes..][..eaten].copy_from_slice(&bytes[..eaten]);
        self.head_bytes += eaten;
        if self.head_bytes == FRAME_HEAD_BYTES {
            self.head_bytes = 0;
            self.begin_frame();
        }
        eaten
    }

    fn begin_frame(&mut self) {
        let [high, middle, low, kind, flags, ..] = self.head;
        self.payload_bytes_left = u32::from_be_bytes([0, high, middle, low]) as usize;
        self.is_data = kind == DATA;
        self.has_begun = true;
        match kind {
            HEADERS | CONTINUATION => self.is_block_open = flags & END_HEADERS == 0,
            RST_STREAM => self.resets += 1,
            _ => {}
        }
    }

    /// Whether the peer owes the rest of a head or of another frame that is no content, or has not
    /// sent its first frame yet.
    #[must_use]
    pub fn owes_more(&self) -> bool {
        let is_in_frame = self.payload_bytes_left > 0 && !self.is_data;
        !self.has_begun || self.head_bytes > 0 || is_in_frame || self.is_block_open
    }

    /// How many frames, or blocks of header frames, have ended.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.ended
    }

    /// How many streams the peer has reset.
    #[must_use]
    pub fn resets(&self) -> u64 {
        self.resets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).unwrap();
        let mut bytes = vec![0, 0, length, kind, flags, 0, 0, 0, 1];
        bytes.extend_from_slice(payload);
        bytes
    }

    /// Feeds the frames whole, byte by byte and split at each place; all must end alike.
    fn check(frames: &[Vec<u8>], owes_more: bool, resets: u64) {
        let bytes = [HTTP2_PREFACE.to_vec(), frames.concat()].concat();
        let follow = |pieces: &[&[u8]]| {
            let mut follower = Frames::default();
            pieces.iter().for_each(|piece| follower.advance(piece));
            (follower.owes_more(), follower.resets())
        };
        assert_eq!(follow(&[&bytes]), (owes_more, resets), "whole");
        let single: Vec<_> = bytes.chunks(1).collect();
        assert_eq!(follow(&single), (owes_more, resets), "byte by byte");
        for at in 0..bytes.len() {
            let (left, right) = bytes.split_at(at);
            assert_eq!(follow(&[left, right]), (owes_more, resets), "split at {at}");
        }
    }

    #[test]
    fn a_peer_owes_its_first_frame_and_then_nothing_between_frames() {
        let settings = frame(4, 0, &[0; 6]);
        check(&[], true, 0);
        check(std::slice::from_ref(&settings), false, 0);
        check(
            &[settings.clone(), frame(HEADERS, END_HEADERS, b"abc")],
            false,
            0,
        );
        check(&[settings, frame(DATA, 0, b"")], false, 0);
    }

    #[test]
    fn a_block_without_its_end_is_owed_whatever_comes_between() {
        let open = frame(HEADERS, 0, b"abc");
        check(std::slice::from_ref(&open), true, 0);
        check(&[open.clone(), frame(CONTINUATION, 0, b"")], true, 0);
        check(&[open, frame(CONTINUATION, END_HEADERS, b"d")], false, 0);
    }

    #[test]
    fn a_frame_that_stops_is_owed_unless_it_is_content() {
        let cut = |kind: u8| {
            let mut bytes = frame(kind, END_HEADERS, b"abcdef");
            bytes.truncate(12);
            bytes
        };
        check(&[cut(HEADERS)], true, 0);
        check(&[cut(0xfe)], true, 0);
        check(&[cut(DATA)], false, 0);
        check(&[frame(4, 0, b""), vec![0, 0]], true, 0);
    }

    #[test]
    fn a_block_of_header_frames_ends_once() {
        let frames = [
            frame(4, 0, b""),
            frame(DATA, 0, b"abc"),
            frame(HEADERS, 0, b"abc"),
            frame(CONTINUATION, 0, b""),
            frame(CONTINUATION, END_HEADERS, b"d"),
        ];
        let bytes = [HTTP2_PREFACE.to_vec(), frames.concat()].concat();
        for size in 1..bytes.len() {
            let mut follower = Frames::default();
            bytes.chunks(size).for_each(|piece| follower.advance(piece));
            assert_eq!(follower.ended(), 3, "in pieces of {size}");
        }
    }

    #[test]
    fn resets_are_counted() {
        let reset = frame(RST_STREAM, 0, &[0; 4]);
        check(&[reset.clone(), frame(DATA, 0, &[3; 90]), reset], false, 2);
    }
}
