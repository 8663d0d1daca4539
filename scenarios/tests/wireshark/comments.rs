//! What comments say of packets, and that they say it as often as it happened.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use esplanade::capture::Captures;
use esplanade::node::Note;
use esplanade::run::{Both, Extra, Options, Scene, run_case};
use ipsec::crypto::Provider;
use ipsec_net::Instant;
use sim::{DropReason, Fault, Kind};

use crate::{captured, frames, in_one, tshark_is_here};

#[test]
fn comments_say_what_the_network_did() {
    if !tshark_is_here() {
        return;
    }
    let (capture, config) = captured("ikev2/loss-5");
    let comments = frames(&capture, &config, "frame.comment", &["frame.comment"]);
    assert!(comments.iter().any(|comment| comment.starts_with("IKE_SA_INIT request 0 [SA KE Nonce ")));
    assert!(comments.iter().any(|comment| comment.ends_with("lost here")), "nothing was lost");
    let (capture, config) = captured("ikev2/duplication");
    let comments = frames(&capture, &config, "frame.comment", &["frame.comment"]);
    assert!(comments.iter().any(|comment| comment.starts_with("duplicate of packet ")), "nothing came twice");
}

/// How often what was said of packets, from the records of the trace alone.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<BTreeMap<String, usize>>>);

impl Extra for Told {
    fn record(&mut self, _scene: &Scene, _at: Instant, kind: &Kind<'_, Note>, label: Option<&str>) {
        let text = match kind {
            Kind::Sent { .. } => label.map(str::to_owned),
            Kind::Dropped { reason: DropReason::Lost, .. } => Some("lost here".to_owned()),
            Kind::Dropped { reason, .. } => Some(format!("dropped here: {reason}")),
            Kind::Fragmented { pieces, .. } => Some(format!("cut into {pieces} fragments here")),
            Kind::Marked { .. } => Some("marked by the queue: congestion met".to_owned()),
            Kind::Delivered { duplicate: true, .. } => Some("duplicate of packet".to_owned()),
            Kind::Decided { decision, .. } => match decision.fault {
                Fault::Lost | Fault::Delayed(_) => None,
                Fault::Duplicated(_) => Some("comes twice".to_owned()),
                other => Some(other.to_string()),
            },
            _ => None,
        };
        if let Some(text) = text {
            *self.0.lock().unwrap().entry(text).or_default() += 1;
        }
    }
}

#[test]
fn there_are_as_many_comments_of_each_kind_as_the_trace_has_events() {
    if !tshark_is_here() {
        return;
    }
    let told = Told::default();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("comments");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut written = 0;
    // Loss, second copies, overtaking, wrong bits, cut ends, and queues that mark and drop.
    let suites = [
        ("ikev2", "loss-5"),
        ("ikev2", "duplication"),
        ("ikev2", "reordering"),
        ("ikev2", "corruption"),
        ("ikev2", "truncation"),
        ("ikev2", "narrow-line"),
        ("esp", "congestion"),
    ];
    for (suite, name) in suites {
        let path = format!("{}/suites/{suite}/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let scenario = Arc::new(esplanade::file::load(Path::new(&path)).unwrap());
        let captures = Captures::new(&folder.join(name), &scenario).unwrap();
        let both = Both(captures.clone(), told.clone());
        let options =
            Options { extra: Some(Box::new(both)), ..Options::new(Provider::best(), name.to_owned()) };
        drop(run_case(&scenario, 0, options).extra);
        let of_one = captures.finish().unwrap();
        written += of_one.frames;
        std::fs::create_dir_all(folder.join("profiles")).unwrap();
        std::fs::rename(&of_one.profile, folder.join("profiles").join(name)).unwrap();
        for capture in of_one.captures {
            let link = capture.file_stem().unwrap().to_str().unwrap().to_owned();
            std::fs::rename(&capture, folder.join(format!("{name}-{link}.pcapng"))).unwrap();
        }
    }
    // Which of the profiles is taken says nothing of comments.
    std::fs::rename(folder.join("profiles/loss-5"), folder.join("profiles/esplanade")).unwrap();
    let (whole, _) = in_one(&folder);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let rows = frames(&whole, &folder, "frame", &["frame.comment"]);
    assert_eq!(rows.len() as u64, written, "frames");
    for text in rows.iter().flat_map(|row| row.split("; ")).filter(|text| !text.is_empty()) {
        let kind = if text.starts_with("duplicate of packet ") { "duplicate of packet" } else { text };
        *seen.entry(kind.to_owned()).or_default() += 1;
    }
    let expected = told.0.lock().unwrap().clone();
    assert_eq!(seen, expected);
    for kind in ["lost here", "duplicate of packet", "comes twice", "marked by the queue", "dropped here: "] {
        assert!(seen.keys().any(|text| text.starts_with(kind)), "{kind}");
    }
}
