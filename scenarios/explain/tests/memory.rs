//! A capture may be of any length: what is in memory of it at a time does not grow with it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod sample;

use allocation_counter::measure;
use explain::report::{Form, Html, Json, Text};
use explain::{Keys, Summary, Told};
use sample::{Long, keys};

/// The most octets that were taken from memory at a time while a capture was told.
fn most(mut tell: impl FnMut() -> Summary, frames: u64) -> u64 {
    let mut seen = Summary::default();
    let used = measure(|| seen = tell()).bytes_max;
    assert_eq!(seen.frames, frames);
    used
}

/// Explains a capture into a report that nobody keeps.
fn told(capture: Long, keys: &Keys, each: bool, sink: &mut dyn FnMut(Told)) -> Summary {
    explain::explain(capture, keys, each, sink).unwrap()
}

/// Peaks for a capture and for one of eight times its length are the same, but for what lengths of numbers make.
fn do_not_grow(short: u64, long: u64) {
    assert!(long <= short + 8 * 1024, "{short} octets, and {long} for a capture of eight times the length");
}

const FRAMES: u64 = 2_048;

#[test]
fn a_long_conversation_takes_no_more_memory_than_a_short_one_in_any_form() {
    let keys = keys();
    let ladder = |frames| {
        let mut text = Text::new(std::io::sink(), Form::Ladder);
        let seen = told(Long::conversation(frames), &keys, true, &mut |told| text.take(&told));
        text.finish().unwrap();
        seen
    };
    let json = |frames| {
        let mut json = Json::new(std::io::sink());
        let seen = told(Long::conversation(frames), &keys, true, &mut |told| json.take(&told));
        json.finish(&seen, None).unwrap();
        seen
    };
    let html = |frames| {
        let mut html = Html::new("capture.pcap");
        let seen = told(Long::conversation(frames), &keys, true, &mut |told| html.take(told));
        html.finish(std::io::sink(), &seen, None).unwrap();
        seen
    };
    let forms: [&dyn Fn(u64) -> Summary; 3] = [&ladder, &json, &html];
    for form in forms {
        // Algorithms find out at their first use what the processor can do.
        form(8);
        do_not_grow(most(|| form(FRAMES), FRAMES), most(|| form(8 * FRAMES), 8 * FRAMES));
    }
}

#[test]
fn strangers_and_flows_without_end_take_no_more_memory_than_are_followed_at_a_time() {
    let keys = Keys::default();
    let strangers = |frames| told(Long::strangers(frames), &keys, false, &mut |_| {});
    let frames = 2 * 4_096;
    let (short, long) = (most(|| strangers(frames), frames), most(|| strangers(3 * frames), 3 * frames));
    do_not_grow(short, long);
}
