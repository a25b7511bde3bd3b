//! How a chat ended, by its finish reason: OpenAI's word, or a provider's own where that stands in its place.

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Whole,
    /// With the reason in a response's words.
    Cut(&'static str),
    Failed,
}

impl Ending {
    /// By the finish reason: a chat's, or a provider's own where it stands in its place.
    pub fn of(reason: Option<&str>) -> Self {
        match reason.unwrap_or_default().to_ascii_lowercase().as_str() {
            "length" | "max_tokens" | "model_length" | "model_context_window_exceeded" => {
                Self::Cut("max_output_tokens")
            }
            "content_filter"
            | "content_filtered"
            | "refusal"
            | "guardrail_intervened"
            | "safety"
            | "recitation"
            | "language"
            | "blocklist"
            | "prohibited_content"
            | "spii"
            | "model_armor"
            | "image_safety"
            | "image_prohibited_content"
            | "image_recitation" => Self::Cut("content_filter"),
            "error" | "insufficient_system_resource" => Self::Failed,
            _ => Self::Whole,
        }
    }
}
