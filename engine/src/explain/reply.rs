//! What a reply says of its failure: the message, the code and the status that its body holds, in whatever envelope.
//! Sources of the envelopes: what llama.cpp, vLLM, llama-cpp-python, transformers, LiteLLM and Ollama answer.

use ::http::HeaderMap;
use bytes::Bytes;
use serde_json::Value;

/// A server's own words are cut at this many characters.
pub const LONGEST_QUOTE: usize = 300;

/// What a reply says, in one line: the message of its envelope, the title of a web page, or its text.
pub fn words(headers: &HeaderMap, body: &Bytes) -> String {
    if let Ok(parsed) = serde_json::from_slice::<Value>(body) {
        return envelope(&parsed);
    }
    let text = String::from_utf8_lossy(body);
    if is_html(headers, &text) {
        let title = text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
        return title.map_or_else(
            || "(a web page)".to_owned(),
            |(title, _)| format!("(a web page: {})", quote(title)),
        );
    }
    quote(&text)
}

pub fn is_html(headers: &HeaderMap, text: &str) -> bool {
    let kind = headers.get(::http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    kind.contains("text/html")
        || text
            .trim_start()
            .get(..5)
            .is_some_and(|start| start.eq_ignore_ascii_case("<html") || start.eq_ignore_ascii_case("<!doc"))
}

/// The message in an error's JSON: `error.message`, `error`, `detail`, `message`, or the JSON itself.
pub fn envelope(parsed: &Value) -> String {
    let error = &parsed["error"];
    let details =
        parsed["detail"].as_array().and_then(|list| list.first()).and_then(|first| first["msg"].as_str());
    let found = error["message"].as_str().or(error.as_str()).or(parsed["detail"].as_str()).or(details);
    let found = found.or(parsed["message"].as_str()).or(parsed["error_description"].as_str());
    found.map_or_else(|| quote(&parsed.to_string()), quote)
}

/// The error's own code in its body.
pub fn code_in(body: &Bytes) -> Option<String> {
    let parsed: Value = serde_json::from_slice(body).ok()?;
    let code = if parsed["error"].is_object() { &parsed["error"]["code"] } else { &parsed["code"] };
    code.as_str().map(quote).or_else(|| code.as_u64().map(|number| number.to_string()))
}

/// One line, without control characters, of bounded length.
pub fn quote(text: &str) -> String {
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST_QUOTE) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}

/// The status that an error inside a stream stands for, by its code, status or type.
pub fn status_in(parsed: &Value) -> Option<u16> {
    let error = if parsed["error"].is_object() { &parsed["error"] } else { parsed };
    let numbers = [&error["status"], &error["code"], &error["status_code"], &parsed["status"]];
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    if let Some(status) = numbers.into_iter().filter_map(number).find(|status| (400..600).contains(status)) {
        return Some(status as u16);
    }
    [&error["code"], &error["type"]].into_iter().filter_map(Value::as_str).find_map(status_of_name)
}

/// Names of OpenAI's and Anthropic's error codes and types.
fn status_of_name(name: &str) -> Option<u16> {
    let status = match name {
        "invalid_request_error"
        | "invalid_request"
        | "context_length_exceeded"
        | "exceed_context_size_error" => 400,
        "authentication_error" | "invalid_api_key" => 401,
        "permission_error" | "permission_denied" => 403,
        "not_found_error" | "model_not_found" => 404,
        "request_too_large" => 413,
        "rate_limit_error" | "rate_limit_exceeded" | "insufficient_quota" | "requests" | "tokens" => 429,
        "server_error" | "api_error" | "internal_server_error" | "internal_error" => 500,
        "unavailable_error" | "service_unavailable" => 503,
        "timeout_error" => 504,
        "overloaded_error" | "engine_overloaded" => 529,
        _ => return None,
    };
    Some(status)
}
