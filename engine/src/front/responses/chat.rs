//! What a chat says, whole or in pieces, as far as a response has a place for it.

use serde::Deserialize;

use super::item::object;
use super::output::Output;
use crate::provider::json::{Json, Object, Raw, is_array, is_object, is_string, items, text};

/// A whole answer, or a chunk of a streamed one.
#[derive(Deserialize)]
pub struct Chat<'a> {
    #[serde(borrow, default)]
    pub id: Option<Raw<'a>>,
    #[serde(borrow, default)]
    pub model: Option<Raw<'a>>,
    #[serde(borrow, default)]
    pub created: Option<Raw<'a>>,
    #[serde(borrow, default)]
    pub service_tier: Option<Raw<'a>>,
    #[serde(borrow, default)]
    pub choices: Option<Vec<Choice<'a>>>,
    #[serde(borrow, default)]
    pub usage: Option<Raw<'a>>,
}

#[derive(Deserialize)]
pub struct Choice<'a> {
    #[serde(default)]
    pub index: Option<u64>,
    /// A chunk calls it `delta`.
    #[serde(borrow, default, alias = "delta")]
    pub message: Option<Message<'a>>,
    #[serde(borrow, default)]
    pub logprobs: Option<Raw<'a>>,
    #[serde(borrow, default)]
    pub finish_reason: Option<Raw<'a>>,
}

#[derive(Deserialize)]
pub struct Message<'a> {
    #[serde(borrow, default)]
    content: Option<Raw<'a>>,
    #[serde(borrow, default)]
    refusal: Option<Raw<'a>>,
    #[serde(borrow, default)]
    reasoning_content: Option<Raw<'a>>,
    #[serde(borrow, default)]
    reasoning: Option<Raw<'a>>,
    #[serde(borrow, default)]
    content_blocks: Option<Raw<'a>>,
    #[serde(borrow, default)]
    annotations: Option<Raw<'a>>,
    #[serde(borrow, default)]
    images: Option<Raw<'a>>,
    #[serde(borrow, default)]
    extra_content: Option<Raw<'a>>,
    #[serde(borrow, default)]
    tool_calls: Option<Vec<Raw<'a>>>,
}

/// A tool call, or a piece of one.
pub struct Call<'a> {
    pub index: Option<u64>,
    pub id: Option<Raw<'a>>,
    pub is_custom: bool,
    pub name: Option<Raw<'a>>,
    /// Arguments, or a custom tool's input.
    pub said: Option<Raw<'a>>,
    /// What a provider has beside that.
    pub rest: Object<'a>,
}

impl<'a> Call<'a> {
    fn of(raw: Raw<'a>) -> Option<Self> {
        let mut call = Object::parse(raw)?;
        let index = call.take("index").and_then(|raw| raw.get().parse().ok());
        let id = call.take("id").filter(says_something);
        let kind = call.take("type").and_then(text);
        let [function, custom] = ["function", "custom"].map(|name| call.take(name).and_then(Object::parse));
        let is_custom = custom.is_some() || kind.as_deref() == Some("custom");
        let mut tool = custom.or(function).unwrap_or_default();
        let name = tool.take("name").filter(says_something);
        let said = tool.take(if is_custom { "input" } else { "arguments" });
        Some(Self { index, id, is_custom, name, said, rest: call })
    }
}

impl<'a> Message<'a> {
    pub fn calls(&self) -> impl Iterator<Item = Call<'a>> {
        self.tool_calls.iter().flatten().filter_map(|raw| Call::of(raw))
    }

    /// A whole message's content. Blocks, where there are any, tell its order and what thoughts were sealed with.
    pub fn tell(&self, logprobs: Option<Raw<'a>>, output: &mut Output) {
        let blocks = self.content_blocks.and_then(items).unwrap_or_default();
        let blocks: Vec<Object<'a>> = blocks.into_iter().filter_map(Object::parse).collect();
        let is = |kinds: &[&str]| {
            let kind = |block: &Object<'_>| block.text("type").is_some_and(|kind| kinds.contains(&&*kind));
            blocks.iter().any(kind)
        };
        let has_thoughts = is(&["thinking", "redacted_thinking"]);
        // Log probabilities are those of the text as one.
        let has_text = is(&["text"]) && logprobs.is_none();
        if !has_thoughts {
            self.tell_reasoning(output);
        }
        for block in blocks {
            let is_told_later = !has_text && block.text("type").as_deref() == Some("text");
            if !is_told_later {
                tell_block(block, output);
            }
        }
        if !has_text {
            self.tell_text(logprobs, output);
        }
        self.tell_beside(output);
    }

    /// A delta's content.
    pub fn tell_piece(&self, logprobs: Option<Raw<'a>>, output: &mut Output) {
        self.tell_reasoning(output);
        for block in self.content_blocks.and_then(items).into_iter().flatten().filter_map(Object::parse) {
            let Some(mut delta) = block.get("delta").and_then(Object::parse) else { continue };
            if delta.get("type").is_some() {
                tell_own(delta, output);
            } else if let Some(raw) = delta.take("signature") {
                output.seal(vec![("signature".to_owned(), raw.get().to_owned())]);
            } else if let Some(raw) = delta.take("data") {
                output.redacted(vec![("data".to_owned(), raw.get().to_owned())]);
            }
        }
        self.tell_text(logprobs, output);
        self.tell_beside(output);
    }

    fn tell_reasoning(&self, output: &mut Output) {
        let given = [self.reasoning_content, self.reasoning].into_iter().flatten().find(says_something);
        if let Some(raw) = given {
            output.reason(raw);
        }
    }

    fn tell_text(&self, logprobs: Option<Raw<'a>>, output: &mut Output) {
        let logprobs = logprobs.and_then(Object::parse).and_then(|logprobs| logprobs.get("content"));
        let mut logprobs = logprobs.filter(|raw| is_array(raw));
        let parts = self.content.filter(|raw| is_array(raw)).and_then(items).unwrap_or_default();
        let parts = parts.into_iter().filter_map(|part| Object::parse(part)?.get("text"));
        for raw in self.content.into_iter().chain(parts).filter(says_something) {
            output.say(raw, logprobs.take());
        }
    }

    /// What goes with the text.
    fn tell_beside(&self, output: &mut Output) {
        if let Some(raw) = self.refusal.filter(says_something) {
            output.refuse(raw);
        }
        for annotation in self.annotations.and_then(items).into_iter().flatten() {
            output.annotate(&flat(annotation));
        }
        for image in self.images.and_then(items).into_iter().flatten().filter_map(Object::parse) {
            tell_own(image, output);
        }
        if let Some(raw) = self.extra_content.filter(|raw| is_object(raw)) {
            output.attach("extra_content", raw);
        }
    }
}

fn tell_block(mut block: Object<'_>, output: &mut Output) {
    match block.text("type").as_deref() {
        Some("text") => {
            if let Some(raw) = block.get("text").filter(says_something) {
                output.say(raw, None);
            }
        }
        Some("thinking") => {
            block.take("type");
            match block.take("thinking") {
                Some(parts) if is_array(parts) => {
                    let parts = items(parts).unwrap_or_default().into_iter();
                    for raw in
                        parts.filter_map(|part| Object::parse(part)?.get("text")).filter(says_something)
                    {
                        output.reason(raw);
                    }
                }
                raw => {
                    if let Some(raw) = raw.filter(says_something) {
                        output.reason(raw);
                    }
                    let rest = owned(&block);
                    if !rest.is_empty() {
                        output.seal(rest);
                    }
                }
            }
        }
        _ => tell_own(block, output),
    }
}

/// Blocks that no other field tells of: hidden thoughts and pictures. A response has no place for others.
fn tell_own(mut block: Object<'_>, output: &mut Output) {
    match block.take("type").and_then(text).as_deref() {
        Some("redacted_thinking") => output.redacted(owned(&block)),
        Some("image_url") => {
            let image = block.take("image_url").and_then(Object::parse);
            if let Some(url) = image.and_then(|image| image.text("url").map(String::from)) {
                block.take("index");
                output.draw(&url, owned(&block));
            }
        }
        _ => {}
    }
}

/// Fields as they outlive what they were read from.
pub fn owned(fields: &Object<'_>) -> Vec<(String, String)> {
    fields.iter().map(|(key, raw)| (key.to_owned(), raw.get().to_owned())).collect()
}

/// An annotation as a response has it: its fields beside its type, not below it.
fn flat(annotation: Raw<'_>) -> String {
    let inner = Object::parse(annotation).and_then(|mut outer| {
        let kind = outer.take("type").and_then(text)?;
        Some((outer.take(&kind).and_then(Object::parse)?, kind))
    });
    let Some((fields, kind)) = inner else { return annotation.get().to_owned() };
    object(|out| {
        out.text("type", &kind);
        for (key, raw) in fields.iter().filter(|(key, _)| *key != "type") {
            out.field(key, raw.get());
        }
    })
}

/// Whether it is a text, and not an empty one.
pub fn says_something(raw: &Raw<'_>) -> bool {
    is_string(raw) && raw.get() != "\"\""
}

/// The token counts of a chat.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    total_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
    cache_creation_input_tokens: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PromptDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CompletionDetails {
    reasoning_tokens: Option<u64>,
}

impl Usage {
    /// Counts that can't be read count as not given.
    pub fn of(raw: Raw<'_>) -> Self {
        serde_json::from_str(raw.get()).unwrap_or_default()
    }

    /// Both count what a cache held as input.
    pub fn write(&self, out: &mut Json) {
        let prompt = self.prompt_tokens_details.as_ref();
        let cached = prompt.and_then(|some| some.cached_tokens).unwrap_or(0);
        let written = prompt.and_then(|some| some.cache_write_tokens).or(self.cache_creation_input_tokens);
        let reasoning = self.completion_tokens_details.as_ref().and_then(|some| some.reasoning_tokens);
        let (input, output) = (self.prompt_tokens.unwrap_or(0), self.completion_tokens.unwrap_or(0));
        out.key("usage").object(|out| {
            out.number("input_tokens", input).key("input_tokens_details").object(|out| {
                out.number("cached_tokens", cached).number("cache_write_tokens", written.unwrap_or(0)).done();
            });
            out.number("output_tokens", output).key("output_tokens_details").object(|out| {
                out.number("reasoning_tokens", reasoning.unwrap_or(0)).done();
            });
            out.number("total_tokens", self.total_tokens.unwrap_or(input + output));
        });
    }
}
