//! Streams that are no chats: images, speech, transcripts, runs of assistants, and what a caller asks for by its path. Every
//! event is one that was waited for. Where a kind of event has a last one, a stream without it was cut; the others are whole
//! when their host ends them.

use std::borrow::Cow;

use serde::Deserialize;

use super::{Meaning, Progress};

/// The last events of their kinds, as what they begin and end with. More than one may come, such as one for each image.
const LAST: &[(&str, &str)] = &[
    ("image_generation.", "completed"),
    ("image_edit.", "completed"),
    ("transcript.text.", "done"),
    ("speech.audio.", "done"),
];

/// Whether a stream has come to its end, as far as its events tell.
#[derive(Default)]
pub struct Ending {
    expected: bool,
    came: bool,
}

impl Ending {
    fn see(&mut self, kind: &str) {
        let rest = LAST.iter().find_map(|(begin, end)| Some((kind.strip_prefix(begin)?, end)));
        if let Some((rest, end)) = rest {
            self.expected = true;
            self.came |= rest == *end;
        }
    }

    /// Whether a body may end here. `clean`: its host ended it.
    pub fn is_near(&self, clean: bool) -> bool {
        self.came || (clean && !self.expected)
    }
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'a, str>>,
}

impl Progress {
    /// Reads one event; a chat's chunk too, since a caller may ask for a chat by its path.
    pub(super) fn read_event(&mut self, data: &str) -> Meaning {
        if let Ok(Kind { kind: Some(kind) }) = serde_json::from_str(data) {
            self.ending.see(&kind);
        }
        match self.read_as_chunk(data) {
            Meaning::Neutral => Meaning::Semantic,
            meaning => meaning,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Streamed;

    fn ends(events: &[&str]) -> (bool, bool) {
        let mut progress = Progress::new(Streamed::Events);
        for event in events {
            assert_eq!(progress.read(event), Meaning::Semantic, "{event}");
        }
        assert!(!progress.is_whole());
        (progress.may_end(true), progress.may_end(false))
    }

    #[test]
    fn a_stream_with_a_last_event_is_whole_with_it_and_cut_without() {
        for (more, last) in [
            ("image_generation.partial_image", "image_generation.completed"),
            ("image_edit.partial_image", "image_edit.completed"),
            ("transcript.text.delta", "transcript.text.done"),
            ("speech.audio.delta", "speech.audio.done"),
        ] {
            let more = format!(r#"{{"type":"{more}"}}"#);
            let last = format!(r#"{{"type":"{last}","usage":{{"total_tokens":1}}}}"#);
            assert_eq!(ends(&[&more]), (false, false));
            assert_eq!(ends(&[&more, &last]), (true, true));
        }
    }

    #[test]
    fn other_streams_are_whole_when_their_host_ends_them() {
        assert_eq!(ends(&[r#"{"id":"run_1","object":"thread.run","status":"completed"}"#]), (true, false));
        assert_eq!(ends(&[r#"{"type":"response.output_text.done","text":"a"}"#, "[1]"]), (true, false));
    }

    #[test]
    fn an_error_inside_is_one() {
        let mut progress = Progress::new(Streamed::Events);
        assert_eq!(progress.read(r#"{"type":"error","error":{"message":"no"}}"#), Meaning::Error);
    }
}
