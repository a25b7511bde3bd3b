//! What the services of AWS share: their hosts, their options, signed requests and the event stream framing.
//! Credentials are the caller's own keys, or those of a role that these may assume; profiles and instance metadata are
//! not known here.

pub mod errors;
pub mod event_stream;
pub mod role;
pub mod sign;

use std::time::SystemTime;

use ::http::{HeaderName, HeaderValue};

use super::dialect::{Setting, Settings};
use super::{Unsigned, path};
use crate::error::{Problem, Result};

const ACCESS_KEY: &str = "aws_access_key_id";
const SECRET_KEY: &str = "aws_secret_access_key";
const SESSION_TOKEN: &str = "aws_session_token";
const REGION: &str = "aws_region";
pub const AUTH_TYPE: &str = "aws_auth_type";
const ROLE: &str = "aws_role_arn";
const EXTERNAL_ID: &str = "aws_external_id";
const STS: &str = "aws_sts_endpoint";

/// The word of `aws_auth_type` for the keys of a role.
const ROLE_KEYS: &str = "assumedRole";

/// The options of every AWS service. The keys are needed where requests are signed, which `problems` looks at.
pub const SETTINGS: [Setting; 8] = [
    Setting { key: ACCESS_KEY, what: "the access key's id", required: false },
    Setting { key: SECRET_KEY, what: "the access key's secret", required: false },
    Setting { key: SESSION_TOKEN, what: "the token of a temporary access key", required: false },
    Setting { key: REGION, what: "the region, such as us-east-1", required: true },
    Setting {
        key: AUTH_TYPE,
        what: "accessKey (signed requests, the default), assumedRole (the same with a role's keys) or apiKey (Authorization is a bearer token)",
        required: false,
    },
    Setting { key: ROLE, what: "the role to assume, as its ARN", required: false },
    Setting { key: EXTERNAL_ID, what: "the external id that the role asks for", required: false },
    Setting {
        key: STS,
        what: "where the role's keys are granted, in place of AWS's own address in the region",
        required: false,
    },
];

/// Whether requests are signed; else the credential goes as a bearer token.
pub fn signs(settings: &Settings) -> bool {
    settings.get(AUTH_TYPE) != Some("apiKey")
}

/// The headers that sign `request` for `service`; none where the credential goes as a bearer token.
pub fn sign(
    service: &str,
    request: &Unsigned<'_>,
    settings: &Settings,
    now: SystemTime,
) -> Result<Vec<(HeaderName, HeaderValue)>> {
    if signs(settings) { sign::sign(service, request, settings, now) } else { Ok(Vec::new()) }
}

/// The base URL of a service in the settings' region; `None` without a region that can be part of a host's name.
pub fn base_url(service: &str, settings: &Settings) -> Option<String> {
    let region = settings.get(REGION).filter(|region| is_region(region))?;
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    Some(format!("https://{service}.{region}.{domain}"))
}

fn is_region(region: &str) -> bool {
    !region.is_empty() && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// A name as one segment of a path: an ARN has slashes of its own. Signatures are made of paths that keep nothing.
pub fn segment(name: &str) -> String {
    path::encoded(name, "")
}

/// What is wrong with the options taken together; each problem's path is a config key.
pub fn problems(settings: &Settings) -> Vec<Problem> {
    let problem = |key: &str, message: &str| Problem { path: key.to_owned(), message: message.to_owned() };
    let mut found = Vec::new();
    match settings.get(AUTH_TYPE) {
        None | Some("accessKey" | ROLE_KEYS) => {
            for key in [ACCESS_KEY, SECRET_KEY] {
                if settings.get(key).is_none() {
                    found.push(problem(key, "is missing: requests to AWS are signed with it"));
                }
            }
        }
        Some("apiKey") => {}
        Some(_) => found.push(problem(AUTH_TYPE, "expected accessKey, assumedRole or apiKey")),
    }
    found.extend(role::problems(settings));
    for key in [ACCESS_KEY, SESSION_TOKEN] {
        if settings.get(key).is_some_and(|value| !value.bytes().all(|b| b.is_ascii_graphic())) {
            found.push(problem(key, "holds a character that no header can"));
        }
    }
    if settings.get(REGION).is_some_and(|region| !is_region(region)) {
        found.push(problem(REGION, "expected a region's name, such as us-east-1"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn settings(pairs: &[(&'static str, &str)]) -> Settings {
        let mut settings = Settings::default();
        for (key, value) in pairs {
            settings.set(key, Secret::new(value));
        }
        settings
    }

    #[test]
    fn the_region_is_part_of_the_host() {
        let url = |region: &str| base_url("bedrock-runtime", &settings(&[(REGION, region)]));
        assert_eq!(url("eu-west-3").as_deref(), Some("https://bedrock-runtime.eu-west-3.amazonaws.com"));
        assert_eq!(url("cn-north-1").as_deref(), Some("https://bedrock-runtime.cn-north-1.amazonaws.com.cn"));
        for wrong in ["", "us-east-1.example.com/", "US EAST", "a@b"] {
            assert_eq!(url(wrong), None, "{wrong}");
        }
        assert_eq!(base_url("bedrock-runtime", &settings(&[])), None);
    }

    #[test]
    fn options_that_do_not_go_together_are_named() {
        let paths = |pairs: &[(&'static str, &str)]| -> Vec<String> {
            problems(&settings(pairs)).into_iter().map(|problem| problem.path).collect()
        };
        let keys = [(ACCESS_KEY, "id"), (SECRET_KEY, "secret"), (REGION, "us-east-1")];
        assert!(paths(&keys).is_empty());
        assert_eq!(paths(&[]), [ACCESS_KEY, SECRET_KEY]);
        assert_eq!(paths(&[(ACCESS_KEY, "id"), (REGION, "Oslo")]), [SECRET_KEY, REGION]);
        assert_eq!(
            paths(&[(ACCESS_KEY, "i d"), (SECRET_KEY, "s"), (SESSION_TOKEN, "t\n")]),
            [ACCESS_KEY, SESSION_TOKEN]
        );
        assert!(paths(&[(AUTH_TYPE, "apiKey")]).is_empty());
        assert_eq!(paths(&[(AUTH_TYPE, "assumedRole")]), [ACCESS_KEY, SECRET_KEY, ROLE]);
        assert_eq!(paths(&[(AUTH_TYPE, "APIKEY")]), [AUTH_TYPE]);
    }

    #[test]
    fn only_an_api_key_leaves_requests_unsigned() {
        assert!(signs(&settings(&[])));
        assert!(signs(&settings(&[(AUTH_TYPE, "accessKey")])));
        assert!(!signs(&settings(&[(AUTH_TYPE, "apiKey")])));
    }
}
