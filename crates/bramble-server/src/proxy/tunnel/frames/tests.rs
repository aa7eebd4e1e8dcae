use proptest::prelude::*;

use super::{CLOSE, Frames, MASKED_CLOSE};

/// A frame with a payload of this length.
fn frame(len: usize, is_masked: bool) -> Vec<u8> {
    let mask = if is_masked { 0x80 } else { 0 };
    let mut frame = vec![0x82];
    match len {
        0..126 => frame.push(mask | u8::try_from(len).unwrap()),
        126..65_536 => {
            frame.push(mask | 126);
            frame.extend(u16::try_from(len).unwrap().to_be_bytes());
        }
        _ => {
            frame.push(mask | 127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend(std::iter::repeat_n(0xff, len + if is_masked { 4 } else { 0 }));
    frame
}

#[test]
fn our_own_closes_are_whole_frames() {
    for close in [CLOSE, MASKED_CLOSE] {
        let mut frames = Frames::default();
        assert!(frames.is_between());
        let (last, first) = close.split_last().unwrap();
        frames.pass(first);
        assert!(!frames.is_between());
        frames.pass(&[*last]);
        assert!(frames.is_between());
    }
}

proptest! {
    #[test]
    fn between_frames_is_known_however_they_are_cut(
        sizes in prop::collection::vec((prop_oneof![0..130_usize, Just(65_535), 65_536..70_000_usize], any::<bool>()), 1..6),
        piece in 1..5_000_usize,
    ) {
        let mut frames = Frames::default();
        for (size, is_masked) in sizes {
            let frame = frame(size, is_masked);
            let (last, first) = frame.split_last().unwrap();
            for part in first.chunks(piece) {
                frames.pass(part);
                prop_assert!(!frames.is_between());
            }
            frames.pass(&[*last]);
            prop_assert!(frames.is_between());
        }
    }

    #[test]
    fn any_bytes_may_pass(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (mut whole, mut single) = (Frames::default(), Frames::default());
        whole.pass(&bytes);
        bytes.iter().for_each(|byte| single.pass(&[*byte]));
        prop_assert_eq!(whole.is_between(), single.is_between());
    }
}
