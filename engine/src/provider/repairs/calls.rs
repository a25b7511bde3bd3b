//! The tool calls of one choice: which call each piece of a stream belongs to, and what is wrong with the piece.
//! Servers name a call by its index, by its id, by both or by neither, and some by the same for all: a piece continues a
//! call unless it says that it begins one.

use super::nesting::Nesting;
use super::{Holder, Repair, Repairs, text_of};
use crate::body::Body;

#[derive(Default)]
pub struct Calls {
    calls: Vec<Call>,
    /// How many lists of pieces there were, the one that is read included.
    lists: usize,
}

struct Call {
    /// As the caller reads it.
    id: String,
    /// As the server gave them.
    own_id: Option<String>,
    own_index: Option<u64>,
    name: Option<String>,
    arguments: Nesting,
    /// The server gives the name with every piece.
    repeats: bool,
    /// The last list with a piece of it.
    list: usize,
}

/// What a piece says of the call that it belongs to.
struct Piece {
    index: Option<u64>,
    id: Option<String>,
    name: Option<String>,
}

impl Calls {
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    pub fn next_list(&mut self) {
        self.lists += 1;
    }

    /// A call of a message, or a piece of one in a delta, as it should be; `None` when that is what it is.
    pub fn piece(&mut self, text: &str, holder: Holder, repairs: &mut Repairs) -> Option<String> {
        let mut fields = Body::parse(text.as_bytes()).ok()?;
        let mut function = fields.get("function").and_then(|raw| Body::parse(raw.as_bytes()).ok());
        let piece = Piece {
            index: fields.get("index").and_then(|raw| raw.parse().ok()),
            id: said(&fields, "id"),
            name: function.as_ref().and_then(|function| said(function, "name")),
        };
        let known = if holder == Holder::Delta { self.of(&piece) } else { None };
        let at = known.unwrap_or_else(|| self.begin(&piece, repairs));
        let call = &mut self.calls[at];
        call.list = self.lists;
        call.repeats |= known.is_some() && piece.name.is_some();
        let mut changed = false;
        if let Some(function) = &mut function {
            changed |= arguments(function, holder, repairs);
            call.arguments.read(&said(function, "arguments").unwrap_or_default());
        }
        let new_function = changed.then(|| function.as_ref().map(text_of)).flatten();
        let is_function = function.is_some();
        drop(function);
        if let Some(text) = new_function {
            fields.set("function", text);
        }
        if holder == Holder::Delta && piece.index != Some(at as u64) {
            fields.set("index", at.to_string());
            repairs.make(Repair::Places);
            changed = true;
        }
        let names_its_id = fields.get("id").is_some_and(|raw| raw != "null");
        if piece.id.as_ref() != Some(&call.id) && (known.is_none() || names_its_id) {
            fields.set("id", json(&call.id));
            repairs.make(Repair::Ids);
            changed = true;
        }
        if known.is_none() && is_function && said(&fields, "type").is_none() {
            fields.set("type", "\"function\"");
            repairs.make(Repair::Types);
            changed = true;
        }
        changed.then(|| text_of(&fields))
    }

    /// The call that a piece goes on with.
    fn of(&self, piece: &Piece) -> Option<usize> {
        let last = |is: &dyn Fn(&Call) -> bool| self.calls.iter().rposition(is);
        let by_index = piece.index.and_then(|index| last(&|call| call.own_index == Some(index)));
        let by_id = piece.id.as_ref().and_then(|id| last(&|call| call.own_id.as_ref() == Some(id)));
        let begins = piece.name.is_some() && (piece.index.is_some() || piece.id.is_some());
        let at = match (piece.index, by_index, by_id) {
            (_, Some(at), _) | (None, None, Some(at)) => at,
            (_, None, Some(at)) if piece.name.is_none() => at,
            _ if begins => return None,
            _ => self.calls.len().checked_sub(1)?,
        };
        (!self.is_another(&self.calls[at], piece)).then_some(at)
    }

    /// Whether a piece that seems to go on with a call begins another, as its name tells.
    fn is_another(&self, call: &Call, piece: &Piece) -> bool {
        let Some(name) = &piece.name else { return false };
        let is_beside = call.list == self.lists;
        let has_other_name = call.name.as_ref().is_some_and(|own| own != name);
        match (&piece.id, &call.own_id) {
            (Some(id), Some(own)) if id == own => has_other_name || (is_beside && piece.index.is_none()),
            (Some(_), Some(_)) => true,
            _ => is_beside || has_other_name || (call.arguments.is_whole() && !call.repeats),
        }
    }

    fn begin(&mut self, piece: &Piece, repairs: &mut Repairs) -> usize {
        let is_taken = |id: &String| self.calls.iter().any(|call| call.id == *id);
        let id = piece.id.clone().filter(|id| !is_taken(id)).unwrap_or_else(|| repairs.new_id());
        self.calls.push(Call {
            id,
            own_id: piece.id.clone(),
            own_index: piece.index,
            name: piece.name.clone(),
            arguments: Nesting::default(),
            repeats: false,
            list: self.lists,
        });
        self.calls.len() - 1
    }
}

/// Arguments become a text; true when they were none. A call without any has an empty object.
fn arguments(function: &mut Body<'_>, holder: Holder, repairs: &mut Repairs) -> bool {
    let text = match function.get("arguments") {
        Some(raw) if raw.starts_with('"') => return false,
        None | Some("null") if holder == Holder::Message => json("{}"),
        None => return false,
        Some("null") => json(""),
        Some(raw) => json(raw),
    };
    function.set("arguments", text);
    repairs.make(Repair::Arguments);
    true
}

/// A text that is not empty.
fn said(fields: &Body<'_>, name: &str) -> Option<String> {
    let text: String = serde_json::from_str(fields.get(name)?).ok()?;
    (!text.is_empty()).then_some(text)
}

fn json(text: &str) -> String {
    serde_json::to_string(text).expect("a string always has a JSON form")
}
