//! Token counts. Anthropic counts what was read from and written to its cache beside the input; OpenAI counts it in.

use serde::Deserialize;

use crate::provider::completion;
use crate::provider::json::Raw;

/// The counts that have come so far; a stream brings some at its beginning and some at its end.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Usage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    output_tokens_details: Option<Details>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    thinking_tokens: Option<u64>,
}

impl Usage {
    /// Counts that can't be read count as not given.
    pub fn of(raw: Raw<'_>) -> Self {
        serde_json::from_str(raw.get()).unwrap_or_default()
    }

    /// Lays later counts over the earlier ones: they are totals.
    pub fn update(&mut self, later: Self) {
        self.input_tokens = later.input_tokens.or(self.input_tokens);
        self.output_tokens = later.output_tokens.or(self.output_tokens);
        self.cache_creation_input_tokens =
            later.cache_creation_input_tokens.or(self.cache_creation_input_tokens);
        self.cache_read_input_tokens = later.cache_read_input_tokens.or(self.cache_read_input_tokens);
        self.output_tokens_details = later.output_tokens_details.or(self.output_tokens_details.take());
    }

    /// In our shape.
    pub fn told(&self) -> completion::Usage {
        let read = self.cache_read_input_tokens.unwrap_or(0);
        let written = self.cache_creation_input_tokens.unwrap_or(0);
        completion::Usage {
            prompt: self.input_tokens.unwrap_or(0) + read + written,
            completion: self.output_tokens.unwrap_or(0),
            total: None,
            cached: Some(read),
            written: Some(written),
            reasoning: self.output_tokens_details.as_ref().and_then(|details| details.thinking_tokens),
            audio: None,
        }
    }
}
