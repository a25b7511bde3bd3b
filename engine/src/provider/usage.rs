//! Usage that a look-alike reports elsewhere than OpenAI does.

use serde_json::{Value, value::RawValue};

use super::passing::{Manner, Mend};
use crate::body::Body;

/// Groq's streams carry usage in `x_groq.usage`.
pub const OF_GROQ: Mend = Mend { needles: &["\"x_groq\""], run: of_groq };

/// Voyage counts `total_tokens` alone; the tokens of an embedding are its prompt's.
pub const OF_VOYAGE: Mend = Mend { needles: &["\"total_tokens\""], run: of_voyage };

fn of_groq(body: &mut Body<'_>, _manner: Manner) -> bool {
    #[derive(serde::Deserialize)]
    struct Own<'a> {
        #[serde(borrow)]
        usage: Option<&'a RawValue>,
    }
    if body.get("usage").is_some_and(|usage| usage != "null") {
        return false;
    }
    let own = body.get("x_groq").and_then(|raw| serde_json::from_str::<Own<'_>>(raw).ok());
    let Some(usage) = own.and_then(|own| own.usage).map(|usage| usage.get().to_owned()) else { return false };
    body.set("usage", usage);
    true
}

fn of_voyage(body: &mut Body<'_>, _manner: Manner) -> bool {
    let usage = body.get("usage").and_then(|raw| serde_json::from_str::<Value>(raw).ok());
    let Some(Value::Object(mut usage)) = usage else { return false };
    let Some(total) = usage.get("total_tokens").filter(|_| !usage.contains_key("prompt_tokens")).cloned()
    else {
        return false;
    };
    usage.insert("prompt_tokens".to_owned(), total);
    body.set("usage", Value::Object(usage).to_string());
    true
}
