//! What a call's report says of the cache, in Portkey's documented words, and which calls have one.

use crate::endpoint::{MESSAGES, RESPONSES};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Hit,
    SemanticHit,
    Miss,
    SemanticMiss,
    /// The cache was not asked, because the call wanted a new answer; that is kept.
    Refresh,
    /// No cache is configured, or the call is none that is kept.
    Disabled,
}

impl Status {
    pub fn text(self) -> &'static str {
        match self {
            Self::Hit => "HIT",
            Self::SemanticHit => "SEMANTIC HIT",
            Self::Miss => "MISS",
            Self::SemanticMiss => "SEMANTIC MISS",
            Self::Refresh => "REFRESH",
            Self::Disabled => "DISABLED",
        }
    }
}

/// Whether answers of this endpoint are kept: those that depend on nothing but the request and change nothing. What
/// lists, uploads, trains or runs in the background is not among them; nor is an endpoint that was never thought of.
pub fn cacheable(call: &str) -> bool {
    matches!(
        call,
        "chat.completions.create"
            | "completions.create"
            | "embeddings.create"
            | "moderations.create"
            | MESSAGES
            | RESPONSES
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::ENDPOINTS;

    #[test]
    fn each_status_has_the_documented_words() {
        let all = [
            Status::Hit,
            Status::SemanticHit,
            Status::Miss,
            Status::SemanticMiss,
            Status::Refresh,
            Status::Disabled,
        ];
        let words = ["HIT", "SEMANTIC HIT", "MISS", "SEMANTIC MISS", "REFRESH", "DISABLED"];
        assert_eq!(all.map(Status::text), words);
    }

    #[test]
    fn only_calls_whose_answers_depend_on_their_body_alone_are_kept() {
        let kept: Vec<_> = ENDPOINTS.iter().map(|row| row.call).filter(|call| cacheable(call)).collect();
        let wanted = [
            "chat.completions.create",
            "completions.create",
            "embeddings.create",
            "messages.create",
            "responses.create",
            "moderations.create",
        ];
        assert_eq!(kept, wanted);
        for call in
            ["models.list", "files.create", "batches.create", "fineTuning.jobs.create", "images.edit", ""]
        {
            assert!(!cacheable(call), "{call}");
        }
        assert!(ENDPOINTS.iter().all(|row| row.takes_body() || !cacheable(row.call)));
    }
}
