//! What Gemini answers, read as far as an answer of ours needs: candidates, their parts, why they ended, and usage.
//! Whole answers and streams read the same; a stream's event is a reply with the next parts of each candidate.
//! Texts and arguments stay the JSON they came in. A part of a kind we don't know becomes a content block.

use std::borrow::Cow;

use serde::Deserialize;

use super::Model;
use super::fields::Fields;
use super::raw::Raw;
use crate::date;
use crate::provider::completion::{self, quoted};
use crate::provider::dialect::Context;
use crate::provider::head::Head;
use crate::provider::json::{Json, compact, inside, object};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reply<'a> {
    #[serde(borrow, default)]
    pub candidates: Option<Vec<Candidate<'a>>>,
    #[serde(borrow, default)]
    pub prompt_feedback: Option<Raw<'a>>,
    #[serde(default)]
    pub usage_metadata: Option<Usage>,
    #[serde(default)]
    pub model_version: Option<String>,
    #[serde(default)]
    pub response_id: Option<String>,
    /// Vertex AI alone tells it.
    #[serde(default)]
    pub create_time: Option<String>,
    #[serde(borrow, default)]
    pub error: Option<Raw<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate<'a> {
    #[serde(default)]
    pub index: Option<u64>,
    #[serde(borrow, default)]
    pub content: Option<Content<'a>>,
    #[serde(default)]
    pub finish_reason: Option<String>,
    #[serde(borrow, default)]
    logprobs_result: Option<Logprobs<'a>>,
    #[serde(borrow, default)]
    finish_message: Option<Raw<'a>>,
    #[serde(borrow, default)]
    safety_ratings: Option<Raw<'a>>,
    #[serde(borrow, default)]
    citation_metadata: Option<Raw<'a>>,
    #[serde(borrow, default)]
    grounding_metadata: Option<Raw<'a>>,
    #[serde(borrow, default)]
    url_context_metadata: Option<Raw<'a>>,
}

#[derive(Deserialize)]
pub struct Content<'a> {
    #[serde(borrow, default)]
    pub parts: Option<Vec<Fields<'a>>>,
}

/// What stands around the choices of an answer, as far as the call tells.
pub fn head_of(context: &Context<'_>, object: &'static str) -> Head<'static> {
    let model = Model::of(context.asked);
    Head {
        id: quoted(&format!("chatcmpl-{}", context.id)).into(),
        object,
        created: context.created,
        model: quoted(model.as_ref().map_or("", Model::name)).into(),
    }
}

impl Reply<'_> {
    /// Puts into a head what the reply says of itself.
    pub fn name(&self, head: &mut Head<'_>) {
        if let Some(id) = &self.response_id {
            head.id = quoted(id).into();
        }
        if let Some(model) = &self.model_version {
            head.model = quoted(model).into();
        }
        head.created = self.created().unwrap_or(head.created);
    }

    /// Unix seconds.
    fn created(&self) -> Option<u64> {
        u64::try_from(date::rfc_3339(self.create_time.as_deref()?)?).ok()
    }

    /// Whether the prompt was refused, so that there is no candidate.
    pub fn is_blocked(&self) -> bool {
        let none = self.candidates.as_ref().is_none_or(Vec::is_empty);
        let feedback = self.prompt_feedback.filter(|_| none).and_then(Raw::fields);
        feedback.is_some_and(|feedback| feedback.has("blockReason"))
    }
}

impl<'a> Candidate<'a> {
    /// What Google tells beside the message, by Google's names. Not part of OpenAI's answers.
    pub fn besides(&self) -> impl Iterator<Item = (&'static str, &'a str)> + use<'a> {
        let told = [
            ("finishMessage", self.finish_message),
            ("safetyRatings", self.safety_ratings),
            ("citationMetadata", self.citation_metadata),
            ("groundingMetadata", self.grounding_metadata),
            ("urlContextMetadata", self.url_context_metadata),
        ];
        told.into_iter().filter_map(|(name, value)| Some((name, value?.get())))
    }

    /// OpenAI's `logprobs`, as JSON.
    pub fn logprobs(&self) -> Option<String> {
        let result = self.logprobs_result.as_ref()?;
        Some(object(|w| {
            w.key("content").array(|w| {
                for (at, chosen) in result.chosen_candidates.iter().enumerate() {
                    w.object(|w| {
                        chosen.write(w);
                        let others = result.top_candidates.get(at).map(|top| &top.candidates[..]);
                        w.key("top_logprobs").array(|w| {
                            for other in others.unwrap_or_default() {
                                w.object(|w| other.write(w));
                            }
                        });
                    });
                }
            });
        }))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Logprobs<'a> {
    #[serde(borrow, default)]
    chosen_candidates: Vec<Token<'a>>,
    #[serde(borrow, default)]
    top_candidates: Vec<Top<'a>>,
}

#[derive(Deserialize)]
struct Top<'a> {
    #[serde(borrow, default)]
    candidates: Vec<Token<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Token<'a> {
    #[serde(default)]
    token: String,
    #[serde(borrow, default)]
    log_probability: Option<Raw<'a>>,
}

impl Token<'_> {
    fn write(&self, w: &mut Json) {
        w.key("token").string(&self.token);
        w.key("logprob").raw(self.log_probability.map_or("0", Raw::get));
        w.key("bytes").raws(self.token.bytes().map(|byte| byte.to_string()));
    }
}

/// Counts of tokens. Those of thoughts are not among the candidates'.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Usage {
    prompt_token_count: Option<u64>,
    candidates_token_count: Option<u64>,
    total_token_count: Option<u64>,
    thoughts_token_count: Option<u64>,
    cached_content_token_count: Option<u64>,
    tool_use_prompt_token_count: Option<u64>,
    prompt_tokens_details: Option<Vec<Modality>>,
    candidates_tokens_details: Option<Vec<Modality>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Modality {
    modality: Option<String>,
    token_count: Option<u64>,
}

impl Usage {
    /// In our shape.
    pub fn told(&self) -> completion::Usage {
        let audio = |details: &Option<Vec<Modality>>| {
            let audio = details.iter().flatten().filter(|one| one.modality.as_deref() == Some("AUDIO"));
            audio.filter_map(|one| one.token_count).sum()
        };
        let thoughts = self.thoughts_token_count.unwrap_or(0);
        completion::Usage {
            prompt: self.prompt_token_count.unwrap_or(0) + self.tool_use_prompt_token_count.unwrap_or(0),
            completion: self.candidates_token_count.unwrap_or(0) + thoughts,
            total: self.total_token_count,
            cached: Some(self.cached_content_token_count.unwrap_or(0)),
            written: None,
            reasoning: Some(thoughts),
            audio: Some([audio(&self.prompt_tokens_details), audio(&self.candidates_tokens_details)]),
        }
    }
}

/// One part of a candidate.
pub enum Piece<'a> {
    /// A JSON string.
    Text(&'a str),
    /// A JSON string.
    Thought(&'a str),
    Call(Call<'a>),
    /// JSON of a content block, for what has no other place in a message.
    Block(String),
    /// A signature alone.
    Nothing,
}

pub struct Call<'a> {
    id: Option<Cow<'a, str>>,
    /// A JSON string.
    name: &'a str,
    /// JSON text of an object.
    arguments: String,
}

/// A part, and its thought signature as a JSON string.
pub fn piece(mut part: Fields<'_>) -> Result<(Piece<'_>, Option<&str>), String> {
    let signature = part.take("thoughtSignature").map(Raw::get);
    let thought = part.take("thought").is_some_and(|thought| thought.get() == "true");
    if let Some(call) = part.object("functionCall") {
        return Ok((Piece::Call(Call::read(call)?), signature));
    }
    let piece = match part.take("text").map(Raw::get) {
        Some("\"\"") => Piece::Nothing,
        Some(text) if !text.starts_with('"') => return Err("a part's text is no string".to_owned()),
        Some(text) if thought => Piece::Thought(text),
        Some(text) => Piece::Text(text),
        None => block(&mut part, signature).map_or(Piece::Nothing, Piece::Block),
    };
    // A block carries its signature with it.
    let signature = signature.filter(|_| !matches!(piece, Piece::Block(_)));
    Ok((piece, signature))
}

/// A content block of what is neither text nor a call.
fn block(part: &mut Fields<'_>, signature: Option<&str>) -> Option<String> {
    part.take("videoMetadata");
    let media = part.object("inlineData").map(|data| (data, true));
    let media = media.or_else(|| part.object("fileData").map(|data| (data, false)));
    let named = match &media {
        None => {
            let found = part.iter().find(|(_, value)| value.get() != "null");
            Some(found.map(|(name, value)| (name.to_owned(), value))?)
        }
        Some(_) => None,
    };
    Some(object(|w| {
        if let Some((media, inline)) = media {
            write_media(w, media, inline);
        }
        if let Some((name, value)) = named {
            let kind = match name.as_str() {
                "executableCode" => "executable_code",
                "codeExecutionResult" => "code_execution_result",
                other => other,
            };
            w.key("type").string(kind);
            w.key(kind).raw(value.get());
        }
        if let Some(signature) = signature {
            extra_content(w, signature);
        }
    }))
}

fn write_media(w: &mut Json, mut media: Fields<'_>, inline: bool) {
    let mime = media.take("mimeType").map_or("", |mime| inside(mime.get()));
    let url = if inline {
        let data = media.take("data").map_or("", |data| inside(data.get()));
        format!("\"data:{mime};base64,{data}\"")
    } else {
        media.take("fileUri").map_or("\"\"", Raw::get).to_owned()
    };
    if mime.starts_with("image/") {
        w.key("type").string("image_url");
        w.key("image_url").object(|w| w.field("url", &url).done());
    } else {
        w.key("type").string("file");
        w.key("file").object(|w| w.field(if inline { "file_data" } else { "file_url" }, &url).done());
    }
}

/// A thought signature, where Google's own OpenAI surface has it.
pub fn extra_content(w: &mut Json, signature: &str) {
    w.key("extra_content").object(|w| {
        w.key("google").object(|w| w.field("thought_signature", signature).done());
    });
}

impl<'a> Call<'a> {
    fn read(mut call: Fields<'a>) -> Result<Self, String> {
        if call.has("partialArgs") || call.take("willContinue").is_some_and(|more| more.get() == "true") {
            return Err("a function call in pieces, which was not asked for".to_owned());
        }
        let name = call.take("name").map(Raw::get).filter(|name| name.starts_with('"'));
        let name = name.ok_or("a function call without a name")?;
        let id = call.text("id").filter(|id| !id.is_empty());
        let arguments = call.take("args").map_or_else(|| "{}".to_owned(), |args| compact(args.get()));
        Ok(Self { id, name, arguments })
    }

    /// The call's id: Google's, else `made`.
    pub fn id(&self, made: impl FnOnce() -> String) -> Cow<'_, str> {
        self.id.as_deref().map_or_else(|| Cow::Owned(made()), Cow::Borrowed)
    }

    pub fn arguments(&self) -> &str {
        &self.arguments
    }

    /// Its fields in a message's `tool_calls`, with the arguments given.
    pub fn write(&self, w: &mut Json, id: &str, arguments: &str, signature: Option<&str>, strict: bool) {
        w.key("id").string(id);
        w.key("type").string("function");
        w.key("function").object(|w| {
            w.key("name").raw(self.name);
            w.key("arguments").string(arguments);
            // Portkey's place for it.
            if let Some(signature) = signature.filter(|_| !strict) {
                w.key("thought_signature").raw(signature);
            }
        });
        if let Some(signature) = signature {
            extra_content(w, signature);
        }
    }
}

/// The finish reason of a candidate. Calls are told as such, which Google does not; with strict compliance off other
/// reasons are Google's own.
pub fn finish_reason(reason: Option<&str>, has_calls: bool, strict: bool) -> &str {
    match reason {
        _ if has_calls => "tool_calls",
        Some(own) if !strict => own,
        Some("MAX_TOKENS") => "length",
        Some(
            "SAFETY"
            | "RECITATION"
            | "LANGUAGE"
            | "BLOCKLIST"
            | "PROHIBITED_CONTENT"
            | "SPII"
            | "MODEL_ARMOR"
            | "IMAGE_SAFETY"
            | "IMAGE_PROHIBITED_CONTENT"
            | "IMAGE_RECITATION",
        ) => "content_filter",
        _ => "stop",
    }
}
