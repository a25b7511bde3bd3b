//! How a provider wants its credential. Closed set: a new scheme is a variant here.

use ::http::{HeaderName, header};

use crate::secret::Secret;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer <credential>`.
    Bearer,
    /// The provider takes no credential; one that is given all the same is sent as a bearer token, since many such
    /// servers stand behind a proxy that asks for one.
    Optional,
    /// A header of the provider's own, by its lower-case name: `api-key: <credential>`.
    Header(&'static str),
    /// `Authorization` with another scheme: `Key <credential>`.
    Scheme(&'static str),
}

impl Auth {
    /// The header that carries `credential`, which the user may have written with its own scheme.
    /// `Bearer ` is made anew; another scheme (`Basic …`, `Token …`) is kept as it is, since a bearer token holds no space.
    pub fn header(self, credential: &Secret) -> (HeaderName, Secret) {
        let written = credential.expose().trim();
        let token = match written.get(..7) {
            Some(scheme) if scheme.eq_ignore_ascii_case("bearer ") => written[7..].trim_start(),
            _ => written,
        };
        let scheme = match self {
            Self::Bearer | Self::Optional => "Bearer",
            Self::Scheme(scheme) => scheme,
            Self::Header(name) => return (HeaderName::from_static(name), Secret::new(token)),
        };
        let value = if token.contains(' ') { token.to_owned() } else { format!("{scheme} {token}") };
        (header::AUTHORIZATION, Secret::new(&value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_header_is_made_from_every_spelling_of_the_credential() {
        let cases = [
            ("sk-1", "Bearer sk-1"),
            ("Bearer sk-1", "Bearer sk-1"),
            ("bearer  sk-1", "Bearer sk-1"),
            ("Basic dXNlcjpwYXNz", "Basic dXNlcjpwYXNz"),
            ("Token abc", "Token abc"),
        ];
        for (written, wanted) in cases {
            assert_eq!(Auth::Bearer.header(&Secret::new(written)).1.expose(), wanted);
        }
    }

    #[test]
    fn a_header_of_the_provider_s_own_carries_the_bare_credential() {
        for written in ["k-1", "Bearer k-1"] {
            let (name, value) = Auth::Header("api-key").header(&Secret::new(written));
            assert_eq!((name.as_str(), value.expose()), ("api-key", "k-1"));
        }
    }

    #[test]
    fn another_scheme_is_written_before_a_bare_credential() {
        for written in ["k-1", "Bearer k-1", "Key k-1"] {
            assert_eq!(Auth::Scheme("Key").header(&Secret::new(written)).1.expose(), "Key k-1");
        }
    }
}
