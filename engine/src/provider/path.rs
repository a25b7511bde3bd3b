//! Paths that hold a value of the call's: a model's name, a deployment. A value is encoded so that it stays what it is,
//! and one that would lead somewhere else is refused.

use crate::error::{Error, Result};

/// A value as one segment: `a/b` becomes `a%2Fb`. `field` is named in the error.
pub fn segment(value: &str, field: &str) -> Result<String> {
    checked(value, field)?;
    Ok(encoded(value, "@"))
}

/// A name that may hold slashes of its own, as models' names do: `@cf/meta/llama` stays as it is.
pub fn segments(value: &str, field: &str) -> Result<String> {
    for part in value.split('/') {
        checked(part, field)?;
    }
    Ok(encoded(value, "@/"))
}

/// An endpoint's path with its arguments in it, in their order.
pub fn filled(path: &str, arguments: &[String]) -> Result<String> {
    let mut filled = String::with_capacity(path.len() + 16);
    let mut rest = path;
    for argument in arguments {
        let Some((before, after)) =
            rest.split_once('{').and_then(|(before, open)| Some((before, open.split_once('}')?.1)))
        else {
            break;
        };
        filled.push_str(before);
        filled.push_str(&segment(argument, "the call's argument")?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Empty segments and dots would change which path it is.
fn checked(segment: &str, field: &str) -> Result<()> {
    if segment.is_empty() || segment == "." || segment == ".." {
        return Err(Error::problem(field, "expected a name that can stand in a path"));
    }
    Ok(())
}

/// `text` with every byte percent-encoded that is neither unreserved nor among those `kept`. What it makes of an empty
/// text or of dots can't stand in a path by itself; `segment` refuses those.
pub fn encoded(text: &str, kept: &str) -> String {
    use std::fmt::Write as _;
    let mut path = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || kept.as_bytes().contains(&byte) {
            path.push(char::from(byte));
        } else {
            write!(path, "%{byte:02X}").expect("a string takes every write");
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_one_segment_and_a_name_keeps_its_slashes() {
        assert_eq!(segment("my deployment/1", "x").expect("a name"), "my%20deployment%2F1");
        assert_eq!(segments("@cf/meta/llama-3.1:x?", "x").expect("a name"), "@cf/meta/llama-3.1%3Ax%3F");
    }

    #[test]
    fn what_is_kept_is_named() {
        assert_eq!(encoded("arn:aws:x/é@~", ""), "arn%3Aaws%3Ax%2F%C3%A9%40~");
        assert_eq!(encoded("claude@2024", "@"), "claude@2024");
    }

    #[test]
    fn arguments_fill_a_path_in_their_order() {
        let arguments = ["a/b".to_owned(), "{c}".to_owned()];
        assert_eq!(filled("/x/{one}/y/{two}", &arguments).expect("a path"), "/x/a%2Fb/y/%7Bc%7D");
        assert_eq!(filled("/models", &arguments).expect("a path"), "/models");
    }

    #[test]
    fn a_value_that_leads_elsewhere_is_refused() {
        for value in ["", ".", "..", "a/../b", "/a", "a//b", "a/"] {
            let error = segments(value, "body.model").expect_err(value);
            assert!(error.to_string().starts_with("body.model: "), "{error}");
        }
        assert!(segment("..", "x").is_err());
    }
}
