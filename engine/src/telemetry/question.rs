//! What spans tell of a call's body: its parameters, and its messages where contents are captured. Read by whoever makes
//! the spans, away from the call.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::attributes::Attributes;
use super::names;

/// A body's fields, each as it was written.
pub struct Question<'b>(HashMap<Cow<'b, str>, &'b RawValue>);

impl<'b> Question<'b> {
    pub fn read(body: &'b [u8]) -> Self {
        Self(serde_json::from_slice(body).unwrap_or_default())
    }

    fn get<T: Deserialize<'b>>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.get(name)
    }

    fn whole(&self, names: &[&str]) -> Option<i64> {
        names.iter().find_map(|name| self.get(name))
    }

    /// The parameters that the conventions have names for.
    pub fn parameters(&self, attributes: &mut Attributes) {
        attributes.whole(
            names::MOST_TOKENS,
            self.whole(&["max_completion_tokens", "max_tokens", "max_output_tokens"]),
        );
        attributes.number(names::TEMPERATURE, self.number("temperature"));
        attributes.number(names::TOP_P, self.number("top_p"));
        attributes.number(names::TOP_K, self.number("top_k"));
        attributes.number(names::FREQUENCY_PENALTY, self.number("frequency_penalty"));
        attributes.number(names::PRESENCE_PENALTY, self.number("presence_penalty"));
        attributes.whole(names::SEED, self.whole(&["seed"]));
        attributes.whole(names::CHOICES, self.whole(&["n"]).filter(|choices| *choices != 1));
        attributes.whole(names::DIMENSIONS, self.whole(&["dimensions"]));
        let stop = self.get::<Vec<String>>("stop").or_else(|| self.get("stop_sequences"));
        let stop = stop.or_else(|| self.get("stop").map(|stop| vec![stop]));
        attributes.texts(names::STOP, stop.unwrap_or_default());
        attributes.texts(names::ENCODINGS, self.get::<Cow<'_, str>>("encoding_format"));
        let format = self.get::<Value>("response_format");
        let kind = format.as_ref().and_then(|format| match format.get("type")?.as_str()? {
            "json_object" | "json_schema" => Some("json"),
            "text" => Some("text"),
            _ => None,
        });
        attributes.maybe_text(names::OUTPUT_TYPE, kind);
    }

    /// What was asked, in the conventions' form.
    pub fn contents(&self, attributes: &mut Attributes) {
        let mut instructions = Vec::new();
        for name in ["system", "instructions"] {
            instructions.extend(self.get::<Value>(name).map(|content| parts(&content)).unwrap_or_default());
        }
        let asked = ["messages", "input", "prompt"].iter().find_map(|name| self.get::<Value>(name));
        let messages = match &asked {
            Some(Value::Array(items)) if items.iter().any(Value::is_object) => {
                items.iter().map(message).collect()
            }
            Some(Value::Array(texts)) => texts.iter().map(user).collect(),
            Some(text) => vec![user(text)],
            None => Vec::new(),
        };
        for (name, value) in [(names::INSTRUCTIONS, instructions), (names::INPUT_MESSAGES, messages)] {
            if !value.is_empty() {
                attributes.text(name, &Value::from(value).to_string());
            }
        }
        attributes.maybe_text(names::TOOLS, self.0.get("tools").map(|tools| tools.get()));
    }
}

fn user(text: &Value) -> Value {
    serde_json::json!({ "role": "user", "parts": parts(text) })
}

/// A message of a chat, or an item of a response's input.
fn message(item: &Value) -> Value {
    let role = item.get("role").and_then(Value::as_str);
    let mut told = match item.get("type").and_then(Value::as_str).filter(|_| role.is_none()) {
        Some("function_call") => vec![tool_call(item.get("call_id"), item)],
        Some("function_call_output") => vec![tool_answer(item.get("call_id"), item.get("output"))],
        _ => Vec::new(),
    };
    let answers = item.get("tool_call_id").map(|id| tool_answer(Some(id), item.get("content")));
    match answers {
        Some(answer) => told.push(answer),
        None => told.extend(item.get("content").map(parts).unwrap_or_default()),
    }
    for call in item.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
        told.push(tool_call(call.get("id"), call.get("function").unwrap_or(&Value::Null)));
    }
    serde_json::json!({ "role": role.unwrap_or("user"), "parts": told })
}

/// A content's parts. Of media only the kind is told.
fn parts(content: &Value) -> Vec<Value> {
    let part = |part: &Value| {
        let kind = part.get("type").and_then(Value::as_str).unwrap_or("text");
        match (kind, part.get("text")) {
            ("tool_use", _) => tool_call(part.get("id"), part),
            ("tool_result", _) => tool_answer(part.get("tool_use_id"), part.get("content")),
            ("text" | "input_text" | "output_text", Some(text)) => text_part(text),
            _ => serde_json::json!({ "type": kind }),
        }
    };
    match content {
        Value::Null => Vec::new(),
        Value::Array(all) => all.iter().map(part).collect(),
        text => vec![text_part(text)],
    }
}

fn text_part(text: &Value) -> Value {
    serde_json::json!({ "type": "text", "content": text })
}

fn tool_call(id: Option<&Value>, function: &Value) -> Value {
    let arguments = function.get("arguments").or_else(|| function.get("input"));
    // Arguments are JSON in a text; the conventions want what they say.
    let said = arguments.and_then(Value::as_str).and_then(|text| serde_json::from_str::<Value>(text).ok());
    serde_json::json!({
        "type": "tool_call", "id": id, "name": function.get("name"), "arguments": said.as_ref().or(arguments),
    })
}

fn tool_answer(id: Option<&Value>, response: Option<&Value>) -> Value {
    serde_json::json!({ "type": "tool_call_response", "id": id, "response": response })
}

/// What was answered, in the conventions' form: a chat's answer, a message, a response, or what a stream has brought.
pub fn answered(answer: &RawValue, finish_reasons: &[String]) -> Option<String> {
    let answer: Value = serde_json::from_str(answer.get()).ok()?;
    let finish = |at: usize| finish_reasons.get(at).map_or("", String::as_str);
    let output = |at: usize, said: &Value| {
        let mut told = message(said);
        told["role"] = "assistant".into();
        told["finish_reason"] = finish(at).into();
        told
    };
    let told: Vec<Value> = if let Some(choices) = answer.get("choices").and_then(Value::as_array) {
        let said = |choice: &Value| match choice.get("message") {
            Some(message) => message.clone(),
            None => serde_json::json!({ "content": choice.get("text") }),
        };
        choices.iter().enumerate().map(|(at, choice)| output(at, &said(choice))).collect()
    } else if let Some(items) = answer.get("output").and_then(Value::as_array) {
        items.iter().map(|item| output(0, item)).collect()
    } else if answer.get("content").is_some() {
        vec![output(0, &answer)]
    } else {
        let said =
            serde_json::json!({ "content": answer.get("text")?, "tool_calls": answer.get("toolCalls") });
        vec![output(0, &said)]
    };
    Some(Value::from(told).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str) -> Value {
        let mut attributes = Attributes::default();
        let question = Question::read(body.as_bytes());
        question.parameters(&mut attributes);
        question.contents(&mut attributes);
        serde_json::to_value(attributes.decoded()).expect("attributes have a JSON form")
    }

    fn value<'v>(told: &'v Value, key: &str) -> Option<&'v Value> {
        let all = told.as_array().expect("a list");
        all.iter().find(|one| one["key"] == key).map(|one| &one["value"])
    }

    fn said(told: &Value, key: &str) -> Value {
        let text = value(told, key).expect(key)["stringValue"].as_str().expect("a text").to_owned();
        serde_json::from_str(&text).expect("JSON")
    }

    #[test]
    fn parameters_have_the_conventions_names_and_types() {
        let told = told(
            r#"{"max_tokens":7,"temperature":1,"top_p":0.5,"seed":3,"n":2,"stop":"END","response_format":{"type":"json_object"},"top_k":"many"}"#,
        );
        assert_eq!(value(&told, names::MOST_TOKENS).expect("told")["intValue"], "7");
        assert_eq!(value(&told, names::TEMPERATURE).expect("told")["doubleValue"], 1.0);
        assert_eq!(value(&told, names::STOP).expect("told")["arrayValue"]["values"][0]["stringValue"], "END");
        assert_eq!(value(&told, names::OUTPUT_TYPE).expect("told")["stringValue"], "json");
        assert_eq!(value(&told, names::CHOICES).expect("told")["intValue"], "2");
        assert!(value(&told, names::TOP_K).is_none());
        assert_eq!(super::Question::read(b"no JSON").0.len(), 0);
    }

    #[test]
    fn messages_of_every_format_are_told_in_the_conventions_form() {
        let chat = told(
            r#"{"messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"image_url","image_url":{"url":"data:x"}}]},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},{"role":"tool","tool_call_id":"c1","content":"42"}]}"#,
        );
        assert_eq!(
            said(&chat, names::INPUT_MESSAGES),
            serde_json::json!([
                { "role": "user", "parts": [{ "type": "text", "content": "hi" }, { "type": "image_url" }] },
                { "role": "assistant", "parts": [{ "type": "tool_call", "id": "c1", "name": "f", "arguments": { "a": 1 } }] },
                { "role": "tool", "parts": [{ "type": "tool_call_response", "id": "c1", "response": "42" }] },
            ])
        );
        let response = told(r#"{"instructions":"be brief","input":"hi"}"#);
        assert_eq!(
            said(&response, names::INSTRUCTIONS),
            serde_json::json!([{ "type": "text", "content": "be brief" }])
        );
        assert_eq!(said(&response, names::INPUT_MESSAGES)[0]["parts"][0]["content"], "hi");
    }

    #[test]
    fn answers_of_every_format_are_told_in_the_conventions_form() {
        let wanted =
            r#"[{"role":"assistant","parts":[{"type":"text","content":"yes"}],"finish_reason":"stop"}]"#;
        for answer in [
            r#"{"choices":[{"message":{"role":"assistant","content":"yes"}}]}"#,
            r#"{"choices":[{"text":"yes"}]}"#,
            r#"{"role":"assistant","content":[{"type":"text","text":"yes"}]}"#,
            r#"{"output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"yes"}]}]}"#,
            r#"{"text":"yes","toolCalls":[],"usage":null}"#,
        ] {
            let raw: Box<RawValue> = serde_json::from_str(answer).expect("JSON");
            assert_eq!(answered(&raw, &["stop".to_owned()]).as_deref(), Some(wanted), "{answer}");
        }
    }
}
