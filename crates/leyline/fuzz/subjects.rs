//! What is held against any bytes: the fuzz targets and the replay of their corpus both call these.

use leyline::wire::{FrameDecoder, RowDecoder, Schema, encode_frame, encode_row};
use leyline::{Incoming, RunId};

/// Lines of any bytes become events, and what became a known event reads back from the row that it makes.
pub(crate) fn rows(data: &[u8]) {
    let mut decoder = RowDecoder::new("fuzz");
    for line in data.split(|byte| *byte == b'\n') {
        let Incoming::Known(read) = decoder.decode(line) else { continue };
        let mut row = String::new();
        encode_row(&read, &mut row);
        let Incoming::Known(again) = decoder.decode(row.as_bytes()) else {
            panic!("not read back: {row}")
        };
        let mut second = String::new();
        encode_row(&again, &mut second);
        assert_eq!(row, second);
    }
}

/// Any bytes as a frame of this build's schema become an event, and a known one reads back from the frame it makes.
pub(crate) fn frames(data: &[u8]) {
    let mut decoder = FrameDecoder::new(RunId::nearest("fuzz"), Schema::own());
    check_frame(&mut decoder, data);
}

/// Any text as the listing of another writer, and any bytes as its frame: the first zero byte separates them.
pub(crate) fn foreign_frames(data: &[u8]) {
    let (listing, frame) = data.iter().position(|byte| *byte == 0).map_or((data, &[][..]), |at| {
        let (listing, rest) = data.split_at(at);
        (listing, rest.get(1..).unwrap_or_default())
    });
    let Ok(listing) = std::str::from_utf8(listing) else { return };
    let Ok(schema) = Schema::parse(listing) else { return };
    let mut decoder = FrameDecoder::new(RunId::nearest("fuzz"), schema);
    check_frame(&mut decoder, frame);
}

fn check_frame(decoder: &mut FrameDecoder, data: &[u8]) {
    let Incoming::Known(read) = decoder.decode(data) else { return };
    let mut frame = Vec::new();
    encode_frame(&read, &mut frame).expect("what was read fits into a frame");
    let mut own = FrameDecoder::new(read.run_id.clone(), Schema::own());
    let Incoming::Known(again) = own.decode(&frame) else { panic!("not read back: {frame:?}") };
    let mut second = Vec::new();
    encode_frame(&again, &mut second).expect("what was read fits into a frame");
    assert_eq!(frame, second);
}
