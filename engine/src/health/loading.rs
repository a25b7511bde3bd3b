//! "The model is being loaded": the answer of a local server that is well and will soon be ready. It is waited for
//! without penalty. Not for servers that listen only when they are ready (vLLM, TGI: those can't be reached until then),
//! nor for those that hold a request back while they load, as LM Studio and Ollama mostly do.

use std::time::Duration;

use serde_json::Value;

/// An answer longer than this says something else.
const LONGEST_ANSWER: usize = 4096;

/// Whether a refusal says that the model is being loaded. The whole message has to say so: "error loading model", or a
/// page that only mentions it, is a failure like any other.
///
/// - llama.cpp, `server.cpp`: 503 `{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}`, and
///   `{"status":"loading model"}` of its health page until 2024.
/// - Ollama, `llm/server.go`: 500 `{"error":"unexpected server status: llm server loading model"}`, or that in OpenAI's
///   envelope.
/// - LM Studio and others that load on demand: 503 or 500 with "Model is loading", "Loading model…".
/// - Hugging Face's serverless inference: 503 `{"error":"Model gpt2 is currently loading","estimated_time":20.0}`.
pub fn is_loading(status: u16, body: &[u8]) -> bool {
    if !matches!(status, 500 | 503) || body.len() > LONGEST_ANSWER {
        return false;
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(answer) => {
            let error = &answer["error"];
            [&error["message"], error, &answer["message"], &answer["detail"], &answer["status"]]
                .into_iter()
                .find_map(Value::as_str)
                .is_some_and(says_loading)
        }
        Err(_) => std::str::from_utf8(body).is_ok_and(says_loading),
    }
}

fn says_loading(message: &str) -> bool {
    let message = message.trim().to_lowercase();
    let plain = message.trim_end_matches(['.', '…', '!', ' ']);
    if matches!(plain, "loading model" | "loading the model") || plain.ends_with("llm server loading model") {
        return true;
    }
    // "Model is loading, try again in a minute"; "The model x is currently loading".
    let Some(rest) = plain.strip_prefix("the ").unwrap_or(plain).strip_prefix("model ") else { return false };
    ["is loading", "is still loading", "is currently loading"].iter().any(|words| {
        let Some((name, after)) = rest.split_once(words) else { return false };
        let after = after.trim_start();
        let ends = after.starts_with("please") || !after.starts_with(|next: char| next.is_alphanumeric());
        !name.trim().contains(' ') && ends
    })
}

const LONGEST_PAUSE: u64 = 5;
const MOST_PAUSES: u64 = 14;

/// How long to wait before the model is asked for again, after `asked` answers that it is loading: 1, 2, 3, 4, 5, 5 … s.
/// `None` after a minute of waits in all.
pub fn wait(asked: u32) -> Option<Duration> {
    let asked = u64::from(asked);
    (1..=MOST_PAUSES).contains(&asked).then(|| Duration::from_secs(asked.min(LONGEST_PAUSE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_s_words_are_known() {
        for (status, body) in [
            (503, r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#),
            (503, r#"{"error":{"message":"Loading model","type":"unavailable_error","code":503}}"#),
            (503, r#"{"status": "loading model"}"#),
            (500, r#"{"error":"unexpected server status: llm server loading model"}"#),
            (
                500,
                r#"{"error":{"message":"unexpected server status: llm server loading model","type":"api_error","param":null,"code":null}}"#,
            ),
            (503, r#"{"error":"llm server loading model"}"#),
            (503, r#"{"error":"Model is loading"}"#),
            (503, r#"{"error":{"message":"Loading model..."}}"#),
            (500, r#"{"error":"Model is still loading, try again in a minute"}"#),
            (503, r#"{"error":"Model openai-community/gpt2 is currently loading","estimated_time":20.0}"#),
            (503, r#"{"detail":"The model is loading."}"#),
            (503, r#"{"message":"Model is loading please wait"}"#),
            (503, "Loading model…\n"),
        ] {
            assert!(is_loading(status, body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn other_failures_are_failures() {
        let long = format!(r#"{{"error":"Loading model","trace":"{}"}}"#, "x".repeat(LONGEST_ANSWER));
        for (status, body) in [
            (500, r#"{"error":"error loading model: unable to allocate buffer"}"#),
            (500, r#"{"error":"llama runner process has terminated: error loading model"}"#),
            (500, r#"{"error":"Loading model failed"}"#),
            (500, r#"{"error":"Failed to load model"}"#),
            (500, r#"{"error":"unexpected server status: llm server not responding"}"#),
            (503, r#"{"error":"unexpected server status: llm busy - no slots available"}"#),
            (503, r#"{"error":"server busy, please try again.  maximum pending requests exceeded"}"#),
            (503, r#"{"error":{"message":"That model is currently overloaded"}}"#),
            (503, r#"{"error":{"message":"Service Unavailable","hint":"Loading model"}}"#),
            (503, "<html><title>503 Service Unavailable</title>Model is loading</html>"),
            (500, r#"{"error":"the file of a model is loading slowly"}"#),
            (500, r#"{"error":"model which is loading weights crashed"}"#),
            (500, r#"{"error":"model is loadingx"}"#),
            (503, "{}"),
            (503, ""),
            (503, "\u{fffd}"),
            (200, r#"{"status":"loading model"}"#),
            (404, r#"{"error":"Loading model"}"#),
            (503, &long),
        ] {
            assert!(!is_loading(status, body.as_bytes()), "{body}");
        }
        assert!(!is_loading(503, b"\xff\xfe"));
    }

    #[test]
    fn the_waits_grow_to_5_seconds_and_end_after_a_minute() {
        let waits: Vec<u64> = (1..).map_while(wait).map(|wait| wait.as_secs()).collect();
        assert_eq!(waits[..6], [1, 2, 3, 4, 5, 5]);
        assert_eq!(waits.iter().sum::<u64>(), 60);
        assert_eq!(wait(0), None);
    }
}
