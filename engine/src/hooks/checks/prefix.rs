//! The mutator that puts a text before a message or a prompt.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;

use super::Made;
use crate::hooks::check::{Fault, Judged, Rule, Writes};
use crate::hooks::parameters::Parameters;
use crate::hooks::subject::{Step, Subject, field, follow, items, json_string, place_in, splice, string};
use crate::hooks::{RequestType, Scene};

/// `addPrefix`. Of a chat it is the first message with the role that is changed; without one, a message is added: at the
/// front for `system` and `developer`, else at the end.
struct Prefix {
    prefix: String,
    role: String,
    /// Into the message that is there, else as a message of its own before it.
    to_existing: bool,
    /// Only where no message has the role.
    only_if_empty: bool,
}

pub fn read(parameters: &mut Parameters<'_, '_>) -> Made {
    let role = parameters.optional_text("applyToRole", "user");
    if role.as_ref().is_some_and(|role| role.trim().is_empty()) {
        parameters.problem("applyToRole", "expected a role, such as user or system");
    }
    let to_existing = parameters.flag("addToExisting", true);
    let only_if_empty = parameters.flag("onlyIfEmpty", false);
    let prefix = parameters.text("prefix")?;
    Some(Arc::new(Prefix { prefix, role: role?, to_existing: to_existing?, only_if_empty: only_if_empty? }))
}

impl Rule for Prefix {
    fn judge(&self, scene: &Scene, subject: &Subject) -> Result<Judged, Fault> {
        let changed = match (scene.request, subject.body()) {
            (RequestType::Chat, Some(body)) => self.in_list(RequestType::Chat, "messages", "text", body)?,
            (request @ (RequestType::Messages | RequestType::Responses), Some(body)) => {
                self.in_format(request, body)?
            }
            (RequestType::Completion, Some(_)) => {
                let new: Vec<_> =
                    subject.texts()?.map(|text| Some(format!("{}{text}", self.prefix))).collect();
                if new.is_empty() { None } else { Some(subject.with_texts(new)?) }
            }
            _ => None,
        };
        let explanation =
            if changed.is_some() { "the prefix was added" } else { "there was nothing to add it to" };
        let data = json!({ "explanation": explanation, "applyToRole": self.role });
        Ok(Judged { passes: true, data, rewritten: changed })
    }

    fn writes(&self) -> Writes {
        Writes::Additions
    }
}

impl Prefix {
    /// In a front format the system's words have a field of their own, and a response's input may be a text.
    fn in_format(&self, request: RequestType, body: &Bytes) -> Result<Option<Subject>, Fault> {
        let json = std::str::from_utf8(body).map_err(|_| no_messages())?;
        let [list, kind, system] = match request {
            RequestType::Messages => ["messages", "text", "system"],
            _ => ["input", "input_text", "instructions"],
        };
        let is_system = matches!(self.role.as_str(), "system" | "developer");
        let asked = field(json, list)?.ok_or_else(no_messages)?;
        let (place, new) = if is_system {
            match field(json, system)?.filter(|words| *words != "null") {
                Some(_) if self.only_if_empty => return Ok(None),
                Some(words) => self.before_text(json, words, kind)?,
                None => {
                    let start = json.find('{').unwrap_or_default() + 1;
                    (at(start), format!("\"{system}\":{},", json_string(&self.prefix)))
                }
            }
        } else if asked.starts_with('"') {
            if self.only_if_empty {
                return Ok(None);
            }
            self.before_text(json, asked, kind)?
        } else {
            return self.in_list(request, list, kind, body);
        };
        Ok(Some(Subject::request(request, &splice(body, &[(place, new)]))))
    }

    fn in_list(
        &self,
        request: RequestType,
        list: &str,
        kind: &str,
        body: &Bytes,
    ) -> Result<Option<Subject>, Fault> {
        let json = std::str::from_utf8(body).map_err(|_| no_messages())?;
        let list = field(json, list)?.ok_or_else(no_messages)?;
        let messages = items(list)?;
        let mut of_role = None;
        for message in &messages {
            if of_role.is_none() && field(message, "role")?.and_then(string).as_deref() == Some(&self.role) {
                of_role = Some(*message);
            }
        }
        let message =
            format!(r#"{{"role":{},"content":{}}}"#, json_string(&self.role), json_string(&self.prefix));
        let (place, new) = match of_role {
            Some(_) if self.only_if_empty => return Ok(None),
            Some(existing) if self.to_existing => self.before_content(json, existing, kind)?,
            Some(existing) => (at(place_in(json, existing).start), format!("{message},")),
            None => {
                let list = place_in(json, list);
                let first = matches!(self.role.as_str(), "system" | "developer");
                match (messages.is_empty(), first) {
                    (true, _) => (at(list.start + 1), message),
                    (false, true) => (at(list.start + 1), format!("{message},")),
                    (false, false) => (at(list.end - 1), format!(",{message}")),
                }
            }
        };
        Ok(Some(Subject::request(request, &splice(body, &[(place, new)]))))
    }

    /// The prefix before a message's content: into a text, or into the first text of a list, else as a part of its own.
    fn before_content(&self, json: &str, message: &str, kind: &str) -> Result<(Range<usize>, String), Fault> {
        if let Some(content) = field(message, "content")? {
            return self.before_text(json, content, kind);
        }
        let own = json_string(&self.prefix);
        Ok((at(place_in(json, message).start + 1), format!(r#""content":{own},"#)))
    }

    /// `kind`: of a part that is a text.
    fn before_text(&self, json: &str, content: &str, kind: &str) -> Result<(Range<usize>, String), Fault> {
        let own = json_string(&self.prefix);
        let before = |text: &str| json_string(&format!("{}{text}", self.prefix));
        match content.as_bytes().first() {
            Some(b'"') => Ok((place_in(json, content), before(&string(content).unwrap_or_default()))),
            Some(b'[') => {
                let parts = items(content)?;
                for part in &parts {
                    let found = follow(part, &[Step::Key("text")]).ok().flatten();
                    if let Some((raw, text)) = found.and_then(|raw| Some((raw, string(raw)?))) {
                        return Ok((place_in(json, raw), before(&text)));
                    }
                }
                let comma = if parts.is_empty() { "" } else { "," };
                let part = format!(r#"{{"type":"{kind}","text":{own}}}{comma}"#);
                Ok((at(place_in(json, content).start + 1), part))
            }
            _ => Ok((place_in(json, content), own)),
        }
    }
}

fn no_messages() -> Fault {
    Fault::new("the request has no messages")
}

/// Where nothing is replaced.
fn at(place: usize) -> Range<usize> {
    place..place
}
