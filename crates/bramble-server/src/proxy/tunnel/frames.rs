//! Where the frames of a WebSocket begin and end (RFC 6455 section 5.2), and nothing else of them:
//! a Close of ours may stand between two frames only.

/// Going away (RFC 6455 section 7.4.1), from whoever answers.
pub(super) const CLOSE: &[u8] = &[0x88, 0x02, 0x03, 0xe9];
/// The same from whoever asks, who has to mask (section 5.3): here with zeros.
pub(super) const MASKED_CLOSE: &[u8] = &[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9];

/// Of a frame's head.
const HEAD_BYTES_MAX: usize = 14;

/// One direction.
#[derive(Default)]
pub(super) struct Frames {
    head: [u8; HEAD_BYTES_MAX],
    head_len: usize,
    /// Of the frame's payload.
    left: u64,
}

impl Frames {
    /// These bytes go by.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while let Some((first, rest)) = bytes.split_first() {
            if self.left > 0 {
                let part = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
                self.left -= part as u64;
                bytes = bytes.get(part..).unwrap_or_default();
            } else {
                self.take(*first);
                bytes = rest;
            }
        }
    }

    /// Whether the next byte begins a frame.
    pub(super) fn is_between(&self) -> bool {
        self.head_len == 0 && self.left == 0
    }

    fn take(&mut self, byte: u8) {
        if let Some(place) = self.head.get_mut(self.head_len) {
            *place = byte;
            self.head_len += 1;
        }
        let [_, second, rest @ ..] = &self.head;
        let (length_len, mask_len) = (
            match second & 0x7f {
                126 => 2,
                127 => 8,
                _ => 0,
            },
            usize::from(second >> 7) * 4,
        );
        if self.head_len < 2 || self.head_len < 2 + length_len + mask_len {
            return;
        }
        let long = rest.iter().take(length_len);
        let long = long.fold(0, |length: u64, byte| length << 8 | u64::from(*byte));
        self.left = if length_len > 0 { long } else { u64::from(second & 0x7f) };
        self.head_len = 0;
    }
}

#[cfg(test)]
mod tests;
