//! A stream in a dialect of its own: its events become chunks in our shape before they are read as any others.

use bytes::Bytes;

use super::frames::{Frames, Uncuttable};
use super::{Events, State};
use crate::http::Failure;
use crate::provider::aws::event_stream::Frame;
use crate::provider::dialect::{Fault, Translator, WireEvent};

/// What a stream is translated with.
pub struct Translation {
    pub frames: Frames,
    pub translator: Box<dyn Translator>,
}

impl Events {
    /// Turns bytes into chunks.
    pub(super) fn translate(
        &mut self,
        mut translation: Box<Translation>,
        chunk: Result<Option<Bytes>, Failure>,
    ) {
        let mut frames = Vec::new();
        match chunk {
            Ok(Some(bytes)) => {
                let fed = translation.frames.feed(&bytes, &mut frames);
                self.take_frames(&mut translation, frames);
                if let Err(Uncuttable(why)) = fed {
                    self.broken(why);
                }
            }
            Ok(None) => {
                let is_whole = translation.frames.finish(&mut frames);
                self.take_frames(&mut translation, frames);
                if is_whole {
                    self.finish_translation(&mut translation);
                }
                self.end(None);
            }
            Err(failure) => self.end(Some(&failure)),
        }
        self.translation = Some(translation);
    }

    fn take_frames(&mut self, translation: &mut Translation, frames: Vec<Frame>) {
        for frame in frames {
            if !matches!(self.state, State::Open) {
                return;
            }
            self.take_frame(translation, frame);
        }
    }

    fn take_frame(&mut self, translation: &mut Translation, Frame { name, data, exception }: Frame) {
        let mut chunks = Vec::new();
        if data.is_empty() && !exception {
            return;
        }
        let event = WireEvent { name: name.as_deref(), data: &data, exception };
        let translated = translation.translator.event(event, &mut chunks);
        self.take_chunks(chunks);
        if data == b"[DONE]"[..] {
            self.finish_translation(translation);
            if matches!(self.state, State::Open) {
                self.done();
            }
            return;
        }
        match translated {
            Ok(()) => {}
            Err(Fault::Reported { status, body }) => {
                self.fail(|events| events.place().in_stream(body).with_status(status));
            }
            Err(Fault::Garbled(why)) => self.broken(&why),
        }
    }

    /// Nothing more is to come: what the translator has kept back.
    pub(super) fn finish_translation(&mut self, translation: &mut Translation) {
        let mut chunks = Vec::new();
        translation.translator.end(&mut chunks);
        self.take_chunks(chunks);
    }

    fn take_chunks(&mut self, chunks: Vec<Bytes>) {
        for chunk in chunks {
            if matches!(self.state, State::Open) {
                self.take_data(None, chunk);
            }
        }
    }

    fn broken(&mut self, why: &str) {
        if matches!(self.state, State::Open) {
            self.fail(|events| events.place().truncated(why, events.partial()));
        }
    }
}
