//! Token counts. Anthropic counts what was read from and written to its cache beside the input; OpenAI counts it in.

use serde::Deserialize;

use super::json::{Json, Raw};

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

    /// Writes `usage` into an open object. The cache's own counters stand beside OpenAI's where there are any.
    pub fn write(&self, out: &mut Json) {
        let read = self.cache_read_input_tokens.unwrap_or(0);
        let created = self.cache_creation_input_tokens.unwrap_or(0);
        let prompt = self.input_tokens.unwrap_or(0) + read + created;
        let completion = self.output_tokens.unwrap_or(0);
        out.key("usage").object(|out| {
            out.number("prompt_tokens", prompt).number("completion_tokens", completion);
            out.number("total_tokens", prompt + completion);
            out.key("prompt_tokens_details").object(|out| out.number("cached_tokens", read).done());
            if let Some(thinking) = self.output_tokens_details.as_ref().and_then(|some| some.thinking_tokens)
            {
                out.key("completion_tokens_details")
                    .object(|out| out.number("reasoning_tokens", thinking).done());
            }
            for (name, count) in [("cache_read_input_tokens", read), ("cache_creation_input_tokens", created)]
            {
                if count > 0 {
                    out.number(name, count);
                }
            }
        });
    }
}
