//! The endpoint table: one row for each operation of the API. Routing, the JavaScript resource tree, the types and the
//! tables of the documentation grow from it. The rows stand in the files beside this one, by who answers them.
//!
//! The invariant: a row says all that a call needs to know of its endpoint; nothing else lists endpoints but to say what one
//! provider makes of them.

mod beta;
mod data;
mod portkey;
mod stored;

use ::http::Method;
use serde::Serialize;

/// One operation of the API.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    /// The call's path in the resource tree: `chat.completions.create`.
    pub call: &'static str,
    pub method: &'static Method,
    /// The path below the base URL. `{name}` is an argument of the call, in the order that they are given in; `{.name}` is
    /// taken out of the object that comes after them, and `{+name}` is read from it and stays in it. `{*name}` is a path
    /// that the caller writes, with its query.
    pub path: &'static str,
    pub sends: Sends,
    /// Whether the object may be left out, where the path needs nothing of it.
    pub optional: bool,
    pub gives: Gives,
    /// What a body that says `stream: true` is answered with.
    pub streamed: Streamed,
    pub plane: Plane,
    /// Headers that the endpoint needs, in lower case. The caller's and the target's come before them.
    pub headers: &'static [(&'static str, &'static str)],
    /// Parameters that hold an underscore. Their camelCase spelling is accepted; no other key is renamed, but for Portkey's
    /// own endpoints, whose parameters all are in `snake_case`.
    pub parameters: &'static [&'static str],
    /// Fields of the object that go into the URL's query, where the others are the body.
    pub queried: &'static [&'static str],
    /// TypeScript types of the object handed in, the answer and the chunk (empty: none).
    pub types: [&'static str; 3],
}

/// What the caller hands in besides the path's arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Sends {
    /// No body. What the path names may come in an object.
    Nothing,
    /// A JSON object.
    Json,
    /// `{}`, whatever is handed in.
    EmptyJson,
    /// An object whose fields go into the URL's query.
    Query,
    /// `multipart/form-data`, made of an object.
    Form,
    /// `multipart/form-data` where one of the object's values is a file, else JSON.
    FormOrJson,
}

/// What a whole answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Gives {
    Json,
    /// A JSON list that can be iterated over, page after page.
    Page,
    /// Bytes: what `fetch` calls a `Response`.
    Bytes,
    /// The body's text.
    Text,
    /// JSON where the reply says that it is, else the body's text.
    Any,
}

/// What the events of a streamed answer are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Streamed {
    Never,
    /// Completion chunks, whole when every choice has had its `finish_reason`.
    Chunks,
    /// Anthropic's events of a message, whole at `message_stop`.
    Messages,
    /// OpenAI's events of a response, whole at `response.completed`, `response.incomplete` or `response.failed`.
    Responses,
    /// Events with names or without, whole when the host ends the stream.
    Events,
}

/// Who can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Plane {
    /// Any provider that has the endpoint.
    Data,
    /// A Portkey gateway, which knows prompts, logs and feedback.
    Hosted,
    /// Portkey's control plane.
    Control,
}

impl Endpoint {
    /// Whether the call takes a body, whose fields are JSON here even where they are sent as a form.
    pub fn takes_body(&self) -> bool {
        matches!(self.sends, Sends::Json | Sends::Form | Sends::FormOrJson)
    }

    /// What a whole answer of it may be, for its host.
    pub fn accepts(&self) -> &'static str {
        match self.gives {
            Gives::Json | Gives::Page => "application/json",
            Gives::Bytes | Gives::Text | Gives::Any => "*/*",
        }
    }

    /// Whether that body must be an object: Portkey's own endpoints and the generic ones take any JSON.
    pub fn takes_object(&self) -> bool {
        self.takes_body() && self.plane == Plane::Data && !self.is_generic()
    }

    /// Whether its body names a model and how to use it: a config's parameters go into it.
    pub fn takes_params(&self) -> bool {
        self.takes_body()
            && matches!(
                self.call,
                CHAT | "completions.create"
                    | EMBEDDINGS
                    | MESSAGES
                    | RESPONSES
                    | IMAGES
                    | "images.edit"
                    | "images.createVariation"
                    | "audio.speech.create"
                    | "audio.transcriptions.create"
                    | "audio.translations.create"
                    | "videos.create"
                    | "moderations.create"
                    | REALTIME
            )
    }

    /// Whether it can be answered with server-sent events.
    pub fn streams(&self) -> bool {
        self.streamed != Streamed::Never
    }

    /// Whether it opens a session rather than being answered.
    pub fn is_session(&self) -> bool {
        self.call == REALTIME
    }

    /// Whether it makes text of a recording.
    pub fn hears(&self) -> bool {
        matches!(self.call, "audio.transcriptions.create" | "audio.translations.create")
    }

    /// Whether the caller says method and path: `post`, `get`, `put`, `delete`.
    pub fn is_generic(&self) -> bool {
        self.path.starts_with("/{*")
    }
}

/// A row of which only the particulars are written down.
pub const PLAIN: Endpoint = Endpoint {
    call: "",
    method: POST,
    path: "",
    sends: Sends::Json,
    optional: false,
    gives: Gives::Json,
    streamed: Streamed::Never,
    plane: Plane::Data,
    headers: &[],
    parameters: &[],
    queried: &[],
    types: [""; 3],
};

const POST: &Method = &Method::POST;
const GET: &Method = &Method::GET;
const PUT: &Method = &Method::PUT;
const DELETE: &Method = &Method::DELETE;

/// The files of rows, in the table's order.
const PARTS: [&[Endpoint]; 5] = [data::ROWS, stored::ROWS, beta::ROWS, portkey::ROWS, portkey::CONTROL];

const COUNT: usize = {
    let mut count = 0;
    let mut part = 0;
    while part < PARTS.len() {
        count += PARTS[part].len();
        part += 1;
    }
    count
};

/// Every row.
pub static ENDPOINTS: &[Endpoint] = &{
    let mut all = [PLAIN; COUNT];
    let (mut at, mut part) = (0, 0);
    while part < PARTS.len() {
        let mut row = 0;
        while row < PARTS[part].len() {
            all[at] = PARTS[part][row];
            at += 1;
            row += 1;
        }
        part += 1;
    }
    all
};

/// How many of the first rows are called often enough that each target keeps their URLs.
pub const HOT: usize = 3;

/// Anthropic's Messages, for any provider (`front/`).
pub const MESSAGES: &str = "messages.create";

/// How many tokens Messages would take: Anthropic's, and of few others.
pub const COUNT_TOKENS: &str = "messages.countTokens";

/// Pictures of a prompt, which most services speak of in words of their own.
pub const IMAGES: &str = "images.generate";

/// OpenAI's Responses, for any provider (`front/`).
pub const RESPONSES: &str = "responses.create";

/// What opens a realtime session. It is no row of the table, since nobody gets an answer to it (`realtime::SESSIONS`).
pub const REALTIME: &str = "realtime.connect";

/// The endpoint that the front formats are translated to.
pub const CHAT: &str = "chat.completions.create";

/// The endpoint whose numbers are decoded here rather than in JavaScript.
pub const EMBEDDINGS: &str = "embeddings.create";

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_row_is_named_once_and_its_path_can_be_joined() {
        let names: HashSet<_> = ENDPOINTS.iter().map(|row| row.call).collect();
        assert_eq!(names.len(), ENDPOINTS.len());
        for row in ENDPOINTS {
            assert!(row.path.starts_with('/'), "{}", row.call);
            assert_eq!(row.streams(), !row.types[2].is_empty(), "{}", row.call);
        }
    }

    #[test]
    fn the_rows_whose_urls_are_kept_are_those_that_are_called_most() {
        let hot: Vec<_> = ENDPOINTS[..HOT].iter().map(|row| row.call).collect();
        assert_eq!(hot, [CHAT, "completions.create", EMBEDDINGS]);
    }

    #[test]
    fn what_a_path_takes_out_of_an_object_needs_one() {
        for row in ENDPOINTS {
            let named = row.path.contains("{.") || row.path.contains("{+");
            assert!(!(named && row.optional), "{}: the object can't be left out", row.call);
            assert!(
                !row.path.contains("{+") || matches!(row.sends, Sends::Json | Sends::Query),
                "{}",
                row.call
            );
            assert_eq!(row.path.matches('{').count(), row.path.matches('}').count(), "{}", row.call);
            assert!(row.queried.is_empty() || row.sends == Sends::Json, "{}", row.call);
        }
    }

    #[test]
    fn only_names_with_an_underscore_need_a_row_of_parameters() {
        for row in ENDPOINTS {
            assert!(row.parameters.iter().all(|name| name.contains('_')), "{}", row.call);
        }
    }
}
