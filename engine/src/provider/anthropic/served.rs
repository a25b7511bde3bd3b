//! Anthropic's Messages as another service has them beside its chats: below its own base URL, with its own credential.
//! The body goes out as it is and the reply comes back as it is; errors of the service's own shape become Anthropic's.

use ::http::HeaderMap;
use bytes::Bytes;
use serde_json::Value;

use super::native::Messages;
use crate::error::Result;
use crate::front::Front;
use crate::provider::dialect::{Asked, Context, Dialect, Made, Translator};
use crate::provider::reported;

pub struct Served {
    /// The row's own version, before the path.
    pub version: &'static str,
    /// What every request carries beside Anthropic's own, in lower case.
    pub headers: &'static [(&'static str, &'static str)],
}

impl Dialect for Served {
    fn request(&self, asked: &Asked<'_>) -> Result<Made> {
        let mut made = Messages.request(asked)?;
        made.path.insert_str(0, self.version);
        made.headers.extend(self.headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Ok(made)
    }

    fn answer(&self, context: &Context<'_>, reply: &[u8]) -> std::result::Result<Bytes, String> {
        Messages.answer(context, reply)
    }

    fn translator(&self, context: &Context<'_>) -> Box<dyn Translator> {
        Messages.translator(context)
    }

    fn error(&self, status: u16, headers: &HeaderMap, reply: &[u8]) -> Option<Bytes> {
        let parsed: Value = serde_json::from_slice(reply).unwrap_or_default();
        if parsed["type"] == "error" && parsed["error"].is_object() {
            return None;
        }
        let is_openai_s = parsed["error"]["message"].is_string();
        let ours = reported::in_our_shape(headers, reply);
        let ours = ours.or_else(|| is_openai_s.then(|| Bytes::copy_from_slice(reply)))?;
        Some(Front::Messages.error(status, &ours))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(reply: &str) -> Option<Value> {
        let served = Served { version: "", headers: &[] };
        let error = served.error(404, &HeaderMap::new(), reply.as_bytes())?;
        Some(serde_json::from_slice(&error).expect("JSON"))
    }

    #[test]
    fn an_error_has_anthropic_s_shape_whatever_the_service_wrote() {
        assert_eq!(told(r#"{"type":"error","error":{"type":"not_found_error","message":"m"}}"#), None);
        for reply in
            [r#"{"error":{"message":"no model","code":404}}"#, r#"{"message":"no model"}"#, "no model"]
        {
            let error = told(reply).unwrap_or_else(|| panic!("{reply} stays as it is"));
            assert_eq!(error["type"], "error", "{reply}");
            assert_eq!(error["error"]["type"], "not_found_error", "{reply}");
            assert_eq!(error["error"]["message"], "no model", "{reply}");
        }
    }
}
