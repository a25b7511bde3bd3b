//! Where a stream of events that are no chat's may end. Some kinds have a last event, and a stream without it was cut; the
//! others are whole when their host ends them.

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
    pub fn see(&mut self, kind: &str) {
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

#[cfg(test)]
mod tests {
    use crate::endpoint::Streamed;
    use crate::progress::Progress;

    fn ends(events: &[&str]) -> (bool, bool) {
        let mut progress = Progress::new(Streamed::Events);
        for event in events {
            progress.read(event);
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
}
