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
            (RequestType::Chat, Some(body)) => self.in_messages(body)?,
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
    fn in_messages(&self, body: &Bytes) -> Result<Option<Subject>, Fault> {
        let json = std::str::from_utf8(body).map_err(|_| no_messages())?;
        let list = field(json, "messages")?.ok_or_else(no_messages)?;
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
            Some(existing) if self.to_existing => self.before_content(json, existing)?,
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
        Ok(Some(Subject::request(RequestType::Chat, &splice(body, &[(place, new)]))))
    }

    /// The prefix before a message's content: into a text, or into the first text of a list, else as a part of its own.
    fn before_content(&self, json: &str, message: &str) -> Result<(Range<usize>, String), Fault> {
        let own = json_string(&self.prefix);
        let Some(content) = field(message, "content")? else {
            return Ok((at(place_in(json, message).start + 1), format!(r#""content":{own},"#)));
        };
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
                let part = format!(r#"{{"type":"text","text":{own}}}{comma}"#);
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
