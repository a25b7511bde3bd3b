//! Turns of content blocks as messages of a chat: tool results become messages of their own before what else the turn
//! holds, thinking becomes `reasoning_content`, and with it `content_blocks` where a dialect of ours reads the chat.

use super::Beyond;
use crate::error::{Error, Result};
use crate::provider::anthropic::notes::Notes;
use crate::provider::json::{Bracket, Json, Object, Raw, is_object, is_string, items, text};

/// Writes `messages` into an open object.
pub fn write<'a>(
    messages: Vec<Object<'a>>,
    system: Option<Raw<'a>>,
    beyond: Beyond,
    out: &mut Json,
    notes: &mut Notes,
) -> Result<()> {
    out.key("messages").open(Bracket::Array);
    let mut turns = Turns { beyond, out, notes };
    if let Some(system) = system {
        turns.plain("system", "system", system)?;
    }
    for (at, mut turn) in messages.into_iter().enumerate() {
        let path = format!("messages[{at}].content");
        let content = turn.take("content").ok_or_else(|| Error::problem(&path, NO_CONTENT))?;
        match turn.take("role").and_then(text).as_deref() {
            Some("user") => turns.user(&path, content)?,
            Some("assistant") => turns.assistant(&path, content)?,
            Some("system") => turns.plain(&path, "system", content)?,
            _ => {
                let path = format!("messages[{at}].role");
                return Err(Error::problem(path, "expected user, assistant or system"));
            }
        }
        for (key, _) in turn.iter() {
            turns.notes.dropped(&format!("messages[].{key}"), NO_FIELD);
        }
    }
    out.close(Bracket::Array);
    Ok(())
}

const NO_CONTENT: &str = "expected a text or an array of content blocks";
const NO_FIELD: &str = "a chat's messages have no such field";

struct Turns<'t> {
    beyond: Beyond,
    out: &'t mut Json,
    notes: &'t mut Notes,
}

/// A block with its type.
struct Block<'a> {
    kind: String,
    raw: Raw<'a>,
    fields: Object<'a>,
}

impl Block<'_> {
    /// Whether it is a text and nothing else.
    fn is_plain_text(&self) -> bool {
        self.kind == "text" && self.fields.iter().all(|(key, _)| matches!(key, "type" | "text"))
    }
}

fn blocks<'a>(path: &str, content: Raw<'a>) -> Result<Vec<Block<'a>>> {
    let items = items(content).ok_or_else(|| Error::problem(path, NO_CONTENT))?;
    let block = |(at, raw): (usize, Raw<'a>)| {
        let fields = Object::parse(raw);
        let kind = fields.as_ref().and_then(|fields| fields.text("type")).map(String::from);
        let what = || Error::problem(format!("{path}[{at}].type"), "expected the type of a content block");
        fields.zip(kind).map(|(fields, kind)| Block { kind, raw, fields }).ok_or_else(what)
    };
    items.into_iter().enumerate().map(block).collect()
}

impl Turns<'_> {
    /// A message without tool results or calls.
    fn plain(&mut self, path: &str, role: &str, content: Raw<'_>) -> Result<()> {
        if is_string(content) {
            self.out.object(|out| {
                out.text("role", role).field("content", content.get());
            });
            return Ok(());
        }
        self.parts(role, blocks(path, content)?);
        Ok(())
    }

    fn user(&mut self, path: &str, content: Raw<'_>) -> Result<()> {
        if is_string(content) {
            return self.plain(path, "user", content);
        }
        let (results, rest): (Vec<_>, Vec<_>) =
            blocks(path, content)?.into_iter().partition(|block| block.kind == "tool_result");
        for result in results {
            self.result(path, result.fields)?;
        }
        self.parts("user", rest);
        Ok(())
    }

    /// A message of parts; none where there are none.
    fn parts(&mut self, role: &str, blocks: Vec<Block<'_>>) {
        let begin = self.out.len();
        self.out.open(Bracket::Object).text("role", role).key("content");
        if self.content(blocks) {
            self.out.close(Bracket::Object);
        } else {
            self.out.truncate(begin);
        }
    }

    /// Writes content as one text, where it is no more than that, or as parts; false when there is nothing.
    fn content(&mut self, blocks: Vec<Block<'_>>) -> bool {
        if let [block] = &*blocks
            && block.is_plain_text()
            && let Some(written) = block.fields.get("text")
        {
            self.out.raw(written.get());
            return true;
        }
        self.out.open(Bracket::Array);
        let empty = self.out.len();
        for block in blocks {
            self.part(block);
        }
        let any = self.out.len() > empty;
        self.out.close(Bracket::Array);
        any
    }

    fn part(&mut self, block: Block<'_>) {
        let Block { kind, raw, mut fields } = block;
        fields.take("type");
        let cache_control = fields.take("cache_control");
        match &*kind {
            "text" => {
                let written = fields.take("text").map_or("\"\"", |raw| raw.get());
                self.write_part("text", |out| out.field("text", written).done(), cache_control);
                self.leftovers(&fields);
            }
            "image" | "document" => {
                let source = fields.take("source").and_then(Object::parse).unwrap_or_default();
                self.source(&kind, &source, &mut fields, cache_control);
                self.leftovers(&fields);
            }
            "search_result" if self.beyond == Beyond::Nothing => {
                self.notes.tell("a search_result was sent as its texts".to_owned());
                self.inline(fields.take("content"));
            }
            _ if self.beyond == Beyond::OpenAi => self.out.raw(raw.get()).done(),
            _ => self.notes.dropped(&format!("a {kind} block"), "a chat has no such part"),
        }
    }

    fn write_part(&mut self, kind: &str, fill: impl FnOnce(&mut Json), cache_control: Option<Raw<'_>>) {
        let keep = self.beyond == Beyond::OpenAi;
        self.out.object(|out| {
            out.text("type", kind);
            fill(out);
            if let Some(raw) = cache_control.filter(|_| keep) {
                out.field("cache_control", raw.get());
            }
        });
        if cache_control.is_some() && !keep {
            self.notes.dropped("cache_control", NO_FIELD);
        }
    }

    fn leftovers(&mut self, fields: &Object<'_>) {
        for (key, _) in fields.iter() {
            self.notes.dropped(&format!("messages[].content[].{key}"), NO_FIELD);
        }
    }

    /// An image or a document, by where its data are.
    fn source(
        &mut self,
        kind: &str,
        source: &Object<'_>,
        fields: &mut Object<'_>,
        cache_control: Option<Raw<'_>>,
    ) {
        let field = |name: &str| source.text(name).unwrap_or_default();
        let data_url = || format!("data:{};base64,{}", field("media_type"), field("data"));
        let from = field("type");
        match (kind, &*from) {
            ("image", "base64" | "url") => {
                let url = if from == "url" { field("url").into_owned() } else { data_url() };
                let fill = |out: &mut Json| {
                    out.key("image_url").object(|out| out.text("url", &url).done());
                };
                self.write_part("image_url", fill, cache_control);
            }
            (_, "text") => {
                let written = source.get("data").map_or("\"\"", |raw| raw.get());
                self.write_part("text", |out| out.field("text", written).done(), cache_control);
            }
            (_, "content") => match source.get("content") {
                Some(one) if is_string(one) => {
                    self.write_part("text", |out| out.field("text", one.get()).done(), cache_control);
                }
                several => self.inline(several),
            },
            _ => {
                let (name, value) = match &*from {
                    "url" => ("file_url", field("url").into_owned()),
                    "file" => ("file_id", field("file_id").into_owned()),
                    _ => ("file_data", data_url()),
                };
                let title = fields.take("title").and_then(text);
                let title = title.as_deref().or((name == "file_data").then_some("document.pdf"));
                let fill = |out: &mut Json| {
                    out.key("file").object(|out| {
                        out.text(name, &value);
                        if let Some(title) = title {
                            out.text("filename", title);
                        }
                    });
                };
                self.write_part("file", fill, cache_control);
            }
        }
    }

    /// Blocks that stand in another, as parts beside it.
    fn inline(&mut self, content: Option<Raw<'_>>) {
        let inner = content.map(|raw| blocks("content", raw)).and_then(Result::ok);
        for block in inner.into_iter().flatten() {
            self.part(block);
        }
    }

    fn result(&mut self, path: &str, mut result: Object<'_>) -> Result<()> {
        let id = result.take("tool_use_id").filter(|raw| is_string(raw));
        let id = id.ok_or_else(|| Error::problem(format!("{path}[].tool_use_id"), "expected an id"))?;
        result.take("type");
        self.out.open(Bracket::Object).text("role", "tool").field("tool_call_id", id.get()).key("content");
        match result.take("content") {
            Some(content) if is_string(content) => self.out.raw(content.get()).done(),
            Some(content) => drop(self.content(blocks(path, content)?)),
            None => self.out.string("").done(),
        }
        for (key, raw) in result.iter() {
            if self.beyond == Beyond::OpenAi {
                self.out.field(key, raw.get());
            } else if raw.get() != "false" {
                self.notes.dropped(&format!("tool_result.{key}"), NO_FIELD);
            }
        }
        self.out.close(Bracket::Object);
        Ok(())
    }

    fn assistant(&mut self, path: &str, content: Raw<'_>) -> Result<()> {
        if is_string(content) {
            return self.plain(path, "assistant", content);
        }
        let (calls, rest): (Vec<_>, Vec<_>) =
            blocks(path, content)?.into_iter().partition(|block| block.kind == "tool_use");
        let texts: Vec<Raw<'_>> = rest.iter().filter_map(|block| block.fields.get("text")).collect();
        self.out.open(Bracket::Object).text("role", "assistant").key("content");
        if texts.is_empty() && !calls.is_empty() {
            self.out.raw("null");
        } else {
            self.out.joined(texts.into_iter());
        }
        if rest.iter().any(|block| !block.is_plain_text()) {
            self.beside_text(&rest);
        }
        if !calls.is_empty() {
            self.out.key("tool_calls").open(Bracket::Array);
            for call in calls {
                self.call(path, call.fields)?;
            }
            self.out.close(Bracket::Array);
        }
        self.out.close(Bracket::Object);
        Ok(())
    }

    /// Thinking and the like: what an assistant's message of OpenAI's has no place for.
    fn beside_text(&mut self, blocks: &[Block<'_>]) {
        if self.beyond == Beyond::Nothing {
            for block in blocks.iter().filter(|block| !block.is_plain_text()) {
                match &*block.kind {
                    "text" => self.notes.dropped("cache_control or citations", NO_FIELD),
                    kind => self.notes.dropped(&format!("a {kind} block"), "a chat has no such part"),
                }
            }
            return;
        }
        let thoughts = blocks.iter().filter_map(|block| block.fields.get("thinking"));
        let thoughts: Vec<Raw<'_>> = thoughts.filter(|raw| is_string(raw) && raw.get() != "\"\"").collect();
        if !thoughts.is_empty() {
            self.out.key("reasoning_content").joined(thoughts.into_iter());
        }
        self.out.key("content_blocks").array(|out| {
            for block in blocks {
                out.raw(block.raw.get());
            }
        });
    }

    fn call(&mut self, path: &str, mut call: Object<'_>) -> Result<()> {
        let [id, name] = ["id", "name"].map(|field| call.take(field).filter(|raw| is_string(raw)));
        let Some((id, name)) = id.zip(name) else {
            return Err(Error::problem(format!("{path}[]"), "expected a tool_use with an id and a name"));
        };
        let input = call.take("input").filter(|raw| is_object(raw)).map_or("{}", |raw| raw.get());
        call.take("type");
        let keep = self.beyond == Beyond::OpenAi;
        let cache_control = if keep { call.take("cache_control") } else { None };
        self.out.object(|out| {
            out.field("id", id.get()).text("type", "function").key("function").object(|out| {
                out.field("name", name.get()).text("arguments", input);
            });
            if let Some(raw) = cache_control {
                out.field("cache_control", raw.get());
            }
        });
        for (key, _) in call.iter() {
            self.notes.dropped(&format!("tool_use.{key}"), NO_FIELD);
        }
        Ok(())
    }
}
