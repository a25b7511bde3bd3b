//! Error replies of other shapes than OpenAI's, made `{"error": {message, type, param, code}}`: a bare text, `errors`,
//! `detail`, `fault`, a `message` at the top, a web page. One that has OpenAI's shape keeps its bytes, and with them
//! what it holds beyond (Azure's `innererror`, `metadata`).

use ::http::{HeaderMap, header};
use bytes::Bytes;
use serde_json::{Value, json};

use super::dialect::Fault;

/// So much of a reply that is no JSON is shown.
const LONGEST_QUOTE: usize = 300;

/// What an error reply says.
#[derive(Debug, Default, PartialEq)]
struct Report {
    message: String,
    kind: Value,
    param: Value,
    code: Value,
}

/// An error reply in our shape; `None` when it has it already, or says nothing.
pub fn in_our_shape(headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
    let report = match serde_json::from_slice::<Value>(reply) {
        Ok(parsed) if parsed["error"]["message"].is_string() => return None,
        Ok(parsed) => read(&parsed)?,
        Err(_) => Report { message: text(headers, reply)?, ..Report::default() },
    };
    Some(envelope(&report))
}

/// An error that came as an event of a stream; `data` is the event's.
pub fn in_stream(data: &[u8]) -> Fault {
    let parsed: Value = serde_json::from_slice(data).unwrap_or_default();
    let body = in_our_shape(&HeaderMap::new(), data).unwrap_or_else(|| Bytes::copy_from_slice(data));
    Fault::Reported { status: status(&parsed), body }
}

/// The status that an error inside a stream stands for: its own number, else 500.
fn status(parsed: &Value) -> u16 {
    let error = if parsed["error"].is_object() { &parsed["error"] } else { parsed };
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let found = [&error["code"], &error["status"], &error["status_code"], &parsed["code"]];
    let found = found.into_iter().filter_map(number).find(|status| (400..600).contains(status));
    found.map_or(500, |status| status as u16)
}

fn envelope(report: &Report) -> Bytes {
    let Report { message, kind, param, code } = report;
    let body = json!({ "error": { "message": message, "type": kind, "param": param, "code": code } });
    Bytes::from(body.to_string())
}

/// The first of the known shapes that `parsed` has.
fn read(parsed: &Value) -> Option<Report> {
    let top = |message: String| Report {
        message,
        kind: first(&[&parsed["type"], &parsed["error_type"], &parsed["name"]]),
        param: parsed["param"].clone(),
        code: coded(&parsed["code"]),
    };
    let error = &parsed["error"];
    if error.is_object() {
        let message = sentence(&error["message"]).or_else(|| sentence(&error["detail"]))?;
        let kind = first(&[&error["type"], &error["status"]]);
        return Some(Report { message, kind, param: error["param"].clone(), code: coded(&error["code"]) });
    }
    if let Some(message) = sentence(error) {
        return Some(top(message));
    }
    if let Some(message) = sentence(&parsed["errors"]) {
        let code = coded(&parsed["errors"][0]["code"]);
        let report = top(message);
        return Some(if code.is_null() { report } else { Report { code, ..report } });
    }
    let fault = &parsed["fault"];
    if let Some(message) = sentence(&fault["faultstring"]).or_else(|| sentence(&fault["message"])) {
        return Some(Report { code: coded(&fault["detail"]["errorcode"]), ..top(message) });
    }
    let message = [&parsed["message"], &parsed["detail"], &parsed["title"]].into_iter().find_map(sentence)?;
    Some(top(message))
}

/// What a value says: a text, an object's `msg`, `message` or `detail`, or a list of these.
fn sentence(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Array(items) => {
            let said: Vec<String> = items.iter().filter_map(sentence).collect();
            (!said.is_empty()).then(|| said.join("; "))
        }
        Value::Object(fields) => {
            let said =
                ["msg", "message", "detail"].into_iter().find_map(|name| sentence(fields.get(name)?))?;
            // FastAPI tells where: `body.messages: Field required`.
            let place: Vec<String> =
                fields.get("loc").and_then(Value::as_array).into_iter().flatten().map(plain).collect();
            Some(if place.is_empty() { said } else { format!("{}: {said}", place.join(".")) })
        }
        _ => None,
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn first(values: &[&Value]) -> Value {
    values.iter().find(|value| value.is_string()).map_or(Value::Null, |value| (*value).clone())
}

/// OpenAI's codes are texts.
fn coded(code: &Value) -> Value {
    match code {
        Value::Number(number) => Value::String(number.to_string()),
        Value::String(_) => code.clone(),
        _ => Value::Null,
    }
}

/// A reply that is no JSON: a web page's title, or the text itself.
fn text(headers: &HeaderMap, reply: &[u8]) -> Option<String> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    if !kind.is_empty() && !kind.starts_with("text/") && !kind.contains("json") {
        return None;
    }
    let text = String::from_utf8_lossy(reply);
    let shown: Vec<&str> = text.split_whitespace().collect();
    let shown = shown.join(" ");
    let title = shown.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    let said = title.map_or(shown.as_str(), |(title, _)| title.trim());
    let said: String = said.chars().filter(|letter| !letter.is_control()).take(LONGEST_QUOTE).collect();
    (!said.is_empty()).then_some(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shaped(kind: &'static str, reply: &str) -> Option<Value> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
        let body = in_our_shape(&headers, reply.as_bytes())?;
        Some(serde_json::from_slice(&body).expect("JSON"))
    }

    #[test]
    fn each_known_shape_of_an_error_becomes_ours() {
        let cases = [
            (r#"{"error":"loading"}"#, json!(["loading", null, null, null])),
            (r#"{"error":"Input","error_type":"validation"}"#, json!(["Input", "validation", null, null])),
            (
                r#"{"code":"invalid argument","error":"no such model"}"#,
                json!(["no such model", null, null, "invalid argument"]),
            ),
            (
                r#"{"errors":[{"code":5007,"message":"No such model"}],"success":false}"#,
                json!(["No such model", null, null, "5007"]),
            ),
            (
                r#"{"id":"1","name":"bad_request","errors":["a","b"]}"#,
                json!(["a; b", "bad_request", null, null]),
            ),
            (
                r#"{"fault":{"faultstring":"too many","detail":{"errorcode":"quota"}}}"#,
                json!(["too many", null, null, "quota"]),
            ),
            (r#"{"detail":"Not Found"}"#, json!(["Not Found", null, null, null])),
            (
                r#"{"detail":[{"loc":["body","messages",0],"msg":"Field required"}]}"#,
                json!(["body.messages.0: Field required", null, null, null]),
            ),
            (
                r#"{"object":"error","message":{"detail":[{"msg":"Field required"}]},"type":"invalid","param":null,"code":"1500"}"#,
                json!(["Field required", "invalid", null, "1500"]),
            ),
            (r#"{"statusCode":401,"message":"Unauthorized"}"#, json!(["Unauthorized", null, null, null])),
            (r#"{"error":{"message":["a"],"code":7,"type":"t"}}"#, json!(["a", "t", null, "7"])),
        ];
        for (reply, wanted) in cases {
            let error = &shaped("application/json", reply).expect(reply)["error"];
            assert_eq!(
                json!([error["message"], error["type"], error["param"], error["code"]]),
                wanted,
                "{reply}"
            );
        }
    }

    #[test]
    fn an_error_in_openai_s_shape_keeps_its_bytes() {
        assert_eq!(
            shaped("application/json", r#"{"error":{"message":"m","innererror":{"code":"x"}}}"#),
            None
        );
    }

    #[test]
    fn what_says_nothing_is_left_as_it_is() {
        for reply in ["{}", "[]", r#"{"error":null}"#, r#"{"message":""}"#, "", "  "] {
            assert_eq!(shaped("application/json", reply), None, "{reply}");
        }
        assert_eq!(shaped("application/octet-stream", "\u{1}\u{2}"), None);
    }

    #[test]
    fn a_web_page_is_told_by_its_title_and_a_text_by_itself() {
        let page = "<html><head><title> 502 Bad\nGateway </title></head></html>";
        assert_eq!(shaped("text/html", page).expect("a page")["error"]["message"], "502 Bad Gateway");
        assert_eq!(
            shaped("text/plain", "upstream\ntimed out").expect("a text")["error"]["message"],
            "upstream timed out"
        );
        let long = "x".repeat(5_000);
        let shown = shaped("text/plain", &long).expect("a text");
        assert_eq!(shown["error"]["message"].as_str().expect("a text").len(), LONGEST_QUOTE);
    }

    #[test]
    fn an_error_inside_a_stream_has_the_status_that_it_names() {
        let cases = [
            (r#"{"error":{"code":502,"message":"m"}}"#, 502),
            (r#"{"error":"m","error_type":"t"}"#, 500),
            ("oops", 500),
            (r#"{"error":{"code":"429","message":"m"}}"#, 429),
        ];
        for (data, wanted) in cases {
            let Fault::Reported { status, body } = in_stream(data.as_bytes()) else { panic!("{data}") };
            assert_eq!(status, wanted, "{data}");
            let body: Value = serde_json::from_slice(&body).expect("JSON");
            assert!(body["error"]["message"].is_string(), "{body}");
        }
    }
}
