//! Request headers: which names may be forwarded, how a name is spelled on the wire, and the values' rules.
//! Names match without regard to case, `-`, `_` and camelCase humps, so that a value is found however it is spelled.

use ::http::{HeaderMap, HeaderName, HeaderValue};

use crate::secret::Secret;

/// `X-Custom-ID`, `xCustomId` and `x_custom_id` all fold to `xcustomid`.
pub fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

/// The name on the wire of a name in `forwardHeaders`: camelCase and `x_…` names become kebab-case, all others
/// (`key_id`, `X-Api-Key`) go as they are listed, in lower case as HTTP/2 asks.
pub fn wire_name(listed: &str) -> String {
    let separated = listed.contains(['-', '_']);
    if separated {
        let lower = listed.to_ascii_lowercase();
        return if lower.starts_with("x_") { lower.replace('_', "-") } else { lower };
    }
    let letters: Vec<char> = listed.chars().collect();
    let mut name = String::with_capacity(listed.len() + 4);
    for (at, letter) in letters.iter().enumerate() {
        let begins_word = letter.is_ascii_uppercase()
            && at > 0
            && (!letters[at - 1].is_ascii_uppercase()
                || letters.get(at + 1).is_some_and(char::is_ascii_lowercase));
        if begins_word {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

/// Why a header may not be forwarded; `None` when it may.
pub fn refusal(wire_name: &str) -> Option<&'static str> {
    match wire_name {
        "host" | "content-length" => Some("is made by the connection itself"),
        "connection" | "keep-alive" | "proxy-authenticate" | "te" | "trailer" | "transfer-encoding"
        | "upgrade" => Some("belongs to one hop of the connection"),
        "metadata-flavor" | "x-aws-ec2-metadata-token" | "x-google-metadata-request" => {
            Some("opens cloud metadata services")
        }
        name if name.starts_with("x-portkey-") => {
            Some("is an option of the gateway, which never reaches a host")
        }
        _ => None,
    }
}

/// Adds a header whose value is a secret. Values are sent byte for byte in Latin-1, as `fetch` does.
/// The error says what is wrong with it and never shows the value.
pub fn insert_secret(headers: &mut HeaderMap, name: &str, value: &Secret) -> Result<(), String> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| "is no HTTP header name".to_owned())?;
    let mut value = latin_1(value.expose())?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

/// A header's value, byte for byte in Latin-1. The error says what is wrong and never shows the value.
pub fn latin_1(text: &str) -> Result<HeaderValue, String> {
    let bytes: Result<Vec<u8>, _> = text.chars().map(|c| u8::try_from(u32::from(c))).collect();
    let bytes = bytes.map_err(|_| "its value holds a character outside Latin-1".to_owned())?;
    HeaderValue::from_bytes(&bytes)
        .map_err(|_| "its value holds a line break or a control character".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_name_folds_to_one() {
        for name in [
            "X-Custom-ID",
            "x-custom-id",
            "xCustomId",
            "xCustomID",
            "x_custom_id",
            "X_CUSTOM_ID",
            "XCustomId",
        ] {
            assert_eq!(fold(name), "xcustomid", "{name}");
        }
    }

    #[test]
    fn a_listed_name_has_one_name_on_the_wire() {
        let cases = [
            ("Authorization", "authorization"),
            ("authorization", "authorization"),
            ("xApiKey", "x-api-key"),
            ("xOrgId", "x-org-id"),
            ("xOrgID", "x-org-id"),
            ("X-Custom-ID", "x-custom-id"),
            ("xCustomId", "x-custom-id"),
            ("xCustomID", "x-custom-id"),
            ("x_custom_id", "x-custom-id"),
            ("CustomHeader", "custom-header"),
            ("XCustomID", "x-custom-id"),
            ("IDToken", "id-token"),
            ("x-org-id", "x-org-id"),
            ("key_id", "key_id"),
            ("Pod_ID", "pod_id"),
            ("apikey", "apikey"),
            ("keyId", "key-id"),
        ];
        for (listed, wanted) in cases {
            assert_eq!(wire_name(listed), wanted, "{listed}");
        }
    }

    #[test]
    fn names_of_the_connection_and_of_portkey_are_never_forwarded() {
        for name in ["host", "content-length", "connection", "upgrade", "metadata-flavor", "x-portkey-config"]
        {
            assert!(refusal(name).is_some(), "{name}");
        }
        for name in ["authorization", "cookie", "proxy-authorization", "x-api-key", "key_id"] {
            assert!(refusal(name).is_none(), "{name}");
        }
    }

    #[test]
    fn values_go_out_as_latin_1_and_line_breaks_never_do() {
        let mut headers = HeaderMap::new();
        insert_secret(&mut headers, "x-name", &Secret::new("é")).expect("Latin-1");
        assert_eq!(headers["x-name"].as_bytes(), [0xE9]);
        assert!(headers["x-name"].is_sensitive());
        for bad in ["日", "a\r\nb", "a\0b"] {
            let why = insert_secret(&mut headers, "x-name", &Secret::new(bad)).expect_err("refused");
            assert!(!why.contains(bad));
        }
        assert!(insert_secret(&mut headers, "x name", &Secret::new("v")).is_err());
    }
}
