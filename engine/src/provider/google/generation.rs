//! Parameters as Google's `generationConfig`: sampling, lengths, the form of the answer and thinking.
//! The caller's own `generationConfig` stands above what its other parameters say.

use std::borrow::Cow;

use super::fields::Fields;
use super::raw::Raw;
use super::{Generation, Notes, schema};
use crate::body::Body;
use crate::error::{Error, Result};
use crate::provider::json::{Json, object};

/// Parameters with another name and the same values.
const RENAMED: &[(&str, &str)] = &[
    ("temperature", "temperature"),
    ("top_p", "topP"),
    ("top_k", "topK"),
    ("n", "candidateCount"),
    ("seed", "seed"),
    ("presence_penalty", "presencePenalty"),
    ("frequency_penalty", "frequencyPenalty"),
    ("logprobs", "responseLogprobs"),
    ("top_logprobs", "logprobs"),
    ("media_resolution", "mediaResolution"),
    ("speech_config", "speechConfig"),
];

/// Writes `generationConfig`, if there is anything to say in it.
pub fn write(w: &mut Json, fields: &mut Fields<'_>, model: Generation, notes: &mut Notes) -> Result<()> {
    let own = fields.take_any(&["generationConfig", "generation_config"]);
    let mut config = Body::parse(b"{}").expect("an empty object is one");
    for (name, google) in RENAMED {
        if let Some(value) = fields.take(name) {
            config.set(google, value.get());
        }
    }
    lengths(&mut config, fields, notes);
    form(&mut config, fields, model, notes)?;
    modalities(&mut config, fields, notes)?;
    if let Some(thinking) = thinking(fields, model, notes)? {
        config.set("thinkingConfig", thinking);
    }
    if let Some(own) = own {
        let wanted = || Error::problem("generationConfig", "expected an object");
        for (name, value) in own.fields().ok_or_else(wanted)?.iter() {
            config.set(name, value.get());
        }
    }
    let config = config.to_bytes();
    if &config[..] != b"{}" {
        w.key("generationConfig").raw(std::str::from_utf8(&config).expect("fields of JSON text are text"));
    }
    Ok(())
}

fn lengths<'a>(config: &mut Body<'a>, fields: &mut Fields<'a>, notes: &mut Notes) {
    let older = fields.take("max_tokens");
    let newer = fields.take("max_completion_tokens");
    if let (Some(older), Some(newer)) = (older, newer)
        && older.get() != newer.get()
    {
        notes.add("max_tokens was dropped: max_completion_tokens says another length".to_owned());
    }
    if let Some(length) = newer.or(older) {
        config.set("maxOutputTokens", length.get());
    }
    if let Some(stop) = fields.take("stop") {
        let single = stop.is_string();
        config.set(
            "stopSequences",
            if single { format!("[{}]", stop.get()).into() } else { Cow::from(stop.get()) },
        );
    }
}

/// `response_format`.
fn form<'a>(
    config: &mut Body<'a>,
    fields: &mut Fields<'a>,
    model: Generation,
    notes: &mut Notes,
) -> Result<()> {
    let Some(format) = fields.take("response_format") else { return Ok(()) };
    let wanted = || {
        let wanted = "expected { type: \"text\" }, { type: \"json_object\" } or { type: \"json_schema\", json_schema }";
        Error::problem("response_format", wanted)
    };
    let mut format = format.fields().ok_or_else(wanted)?;
    match format.text("type").as_deref() {
        Some("text") => return Ok(()),
        Some("json_object" | "json_schema") => config.set("responseMimeType", "\"application/json\""),
        _ => return Err(wanted()),
    }
    let Some(mut named) = format.object("json_schema") else { return Ok(()) };
    if named.has("description") {
        notes.dropped("response_format.json_schema.description");
    }
    if named.has("name") {
        let told = "response_format.json_schema.name was left out: Google's schemas have no names";
        notes.add(told.to_owned());
    }
    let Some(given) = named.take("schema") else { return Ok(()) };
    match model {
        Generation::Plain => {
            let reduced = schema::reduced(given, "response_format.json_schema.schema", notes);
            config.set("responseSchema", reduced);
        }
        _ => config.set("responseJsonSchema", given.get()),
    }
    Ok(())
}

fn modalities<'a>(config: &mut Body<'a>, fields: &mut Fields<'a>, notes: &mut Notes) -> Result<()> {
    if let Some(modalities) = fields.take("modalities") {
        let wanted = |_| Error::problem("modalities", "expected a list of strings");
        let named: Vec<String> = serde_json::from_str(modalities.get()).map_err(wanted)?;
        let upper: Vec<String> = named.iter().map(|name| name.to_uppercase()).collect();
        config.set("responseModalities", serde_json::json!(upper).to_string());
    }
    if let Some(mut image) = fields.object("image_config") {
        let aspect = image.take_any(&["aspect_ratio", "aspectRatio"]);
        let size = image.take_any(&["image_size", "imageSize"]);
        let rest: Vec<_> = image.iter().collect();
        let json = object(|w| {
            let known = [("aspectRatio", aspect), ("imageSize", size)];
            let known = known.into_iter().filter_map(|(name, value)| Some((name, value?)));
            for (name, value) in known.chain(rest) {
                w.key(name).raw(value.get());
            }
        });
        config.set("imageConfig", json);
    }
    if let Some(mut audio) = fields.object("audio") {
        if let Some(voice) = audio.take("voice") {
            let voice =
                format!(r#"{{"voiceConfig":{{"prebuiltVoiceConfig":{{"voiceName":{}}}}}}}"#, voice.get());
            config.set("speechConfig", voice);
        }
        for name in audio.left() {
            notes.dropped(&format!("audio.{name}"));
        }
    }
    Ok(())
}

/// `thinkingConfig`, from Anthropic's `thinking` or from `reasoning_effort`. Only one of budget and level may be sent:
/// a budget to 2.5, a level to 3. <https://ai.google.dev/gemini-api/docs/openai#thinking>
fn thinking(fields: &mut Fields<'_>, model: Generation, notes: &mut Notes) -> Result<Option<String>> {
    let effort = fields.take("reasoning_effort");
    let thinking = fields.object("thinking");
    if model == Generation::Plain {
        for (name, given) in [("reasoning_effort", effort.is_some()), ("thinking", thinking.is_some())] {
            if given {
                notes.add(format!("{name} was dropped: this model does not think"));
            }
        }
        return Ok(None);
    }
    let Some(mut thinking) = thinking else {
        return effort.map(|effort| by_effort(effort, model, notes)).transpose();
    };
    if effort.is_some() {
        notes.add("reasoning_effort was dropped: thinking says it more exactly".to_owned());
    }
    let disabled = thinking.text("type").as_deref() == Some("disabled");
    let budget = thinking.take("budget_tokens");
    for name in thinking.left() {
        notes.dropped(&format!("thinking.{name}"));
    }
    if disabled {
        return Ok(Some(least("thinking", model, notes)));
    }
    Ok(Some(object(|w| {
        w.key("includeThoughts").raw("true");
        if let Some(budget) = budget {
            w.key("thinkingBudget").raw(budget.get());
        }
    })))
}

fn by_effort(effort: Raw<'_>, model: Generation, notes: &mut Notes) -> Result<String> {
    let (budget, level) = match effort.get() {
        "\"none\"" => return Ok(least("reasoning_effort", model, notes)),
        "\"minimal\"" => (1024, "minimal"),
        "\"low\"" => (1024, "low"),
        "\"medium\"" => (8192, "medium"),
        "\"high\"" => (24_576, "high"),
        "\"xhigh\"" => {
            notes.add("reasoning_effort xhigh became high: Gemini has no more".to_owned());
            (24_576, "high")
        }
        _ => {
            let wanted = "expected one of none, minimal, low, medium, high, xhigh";
            return Err(Error::problem("reasoning_effort", wanted));
        }
    };
    Ok(object(|w| {
        w.key("includeThoughts").raw("true");
        match model {
            Generation::Levels { large: true } if level == "minimal" => {
                notes.add("reasoning_effort minimal became low: this model has no less".to_owned());
                w.text("thinkingLevel", "low")
            }
            Generation::Levels { .. } => w.text("thinkingLevel", level),
            _ => w.number("thinkingBudget", budget),
        };
    }))
}

/// No thinking, or as little as the model can.
fn least(name: &str, model: Generation, notes: &mut Notes) -> String {
    let (least, told) = match model {
        Generation::Levels { large: true } => (r#"{"thinkingLevel":"low"}"#, "the level low"),
        Generation::Levels { large: false } => (r#"{"thinkingLevel":"minimal"}"#, "the level minimal"),
        Generation::Budget { always: true } => (r#"{"thinkingBudget":128}"#, "a budget of 128 tokens"),
        _ => return r#"{"thinkingBudget":0}"#.to_owned(),
    };
    notes.add(format!("{name} became {told}: this model can't do without thinking"));
    least.to_owned()
}
