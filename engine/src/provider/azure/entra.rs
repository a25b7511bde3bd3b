//! Tokens of Microsoft Entra for Azure's services: granted for a client's secret, or for the identity that Azure gives the
//! machine. Pure, like `grant`. <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>

use ::http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::error::Problem;
use crate::provider::compatible::is_plain;
use crate::provider::dialect::{Setting, Settings};
use crate::provider::grant::{TokenRequest, form_of, is_safe};
use crate::provider::problem;
use crate::secret::Secret;

pub const MODE: &str = "azure_auth_mode";
pub const TOKEN: &str = "azure_ad_token";
const TENANT: &str = "azure_entra_tenant_id";
const CLIENT: &str = "azure_entra_client_id";
const SECRET: &str = "azure_entra_client_secret";
const SCOPE: &str = "azure_entra_scope";
const MANAGED_CLIENT: &str = "azure_managed_client_id";
const AUTHORITY: &str = "azure_authority_host";

/// The words that `azure_auth_mode` takes.
pub const ENTRA: &str = "entra";
const MANAGED: &str = "managed";

const PUBLIC_AUTHORITY: &str = "https://login.microsoftonline.com";
/// The address at which Azure answers its own machines, and nobody else.
const MACHINE: &str = "http://169.254.169.254";
const USUAL_SCOPE: &str = "https://cognitiveservices.azure.com/.default";

/// The options of each of Azure's services.
pub const SETTINGS: [Setting; 8] = [
    setting(
        MODE,
        "entra: by an Entra token, given or granted for a client's secret; managed: by the machine's identity",
    ),
    setting(TOKEN, "an Entra token, in place of the key"),
    setting(TENANT, "the Entra tenant whose client asks for tokens"),
    setting(CLIENT, "the id of the client that asks for tokens"),
    setting(SECRET, "the client's secret"),
    setting(SCOPE, "what tokens are for, https://cognitiveservices.azure.com/.default when left out"),
    setting(MANAGED_CLIENT, "the client id of a user-assigned identity; else the machine's own"),
    setting(AUTHORITY, "where tokens are granted, in place of https://login.microsoftonline.com"),
];

const fn setting(key: &'static str, what: &'static str) -> Setting {
    Setting { key, what, required: false }
}

/// Whether tokens are to be had for what the settings hold.
pub fn grants(settings: &Settings) -> bool {
    settings.get(TOKEN).is_none() && (is_managed(settings) || client(settings).is_some())
}

fn is_managed(settings: &Settings) -> bool {
    settings.get(MODE) == Some(MANAGED)
}

/// The tenant, the client and its secret.
fn client(settings: &Settings) -> Option<(&str, &str, &str)> {
    Some((settings.get(TENANT)?, settings.get(CLIENT)?, settings.get(SECRET)?))
}

/// The request for a token; `None` where none is granted.
pub fn request(settings: &Settings) -> Option<TokenRequest> {
    if !grants(settings) {
        return None;
    }
    let host = settings.get(AUTHORITY).map(|host| host.trim_end_matches('/'));
    let scope = settings.get(SCOPE).unwrap_or(USUAL_SCOPE);
    if is_managed(settings) {
        let mut query =
            vec![("api-version", "2018-02-01"), ("resource", scope.trim_end_matches("/.default"))];
        query.extend(settings.get(MANAGED_CLIENT).map(|id| ("client_id", id)));
        let url = format!("{}/metadata/identity/oauth2/token?{}", host.unwrap_or(MACHINE), form_of(&query));
        let own = (HeaderName::from_static("metadata"), HeaderValue::from_static("true"));
        let headers = HeaderMap::from_iter([own]);
        return Some(TokenRequest { method: Method::GET, url, headers, body: Secret::new(""), direct: true });
    }
    let (tenant, id, secret) = client(settings)?;
    let form = form_of(&[
        ("grant_type", "client_credentials"),
        ("client_id", id),
        ("client_secret", secret),
        ("scope", scope),
    ]);
    let url = format!("{}/{tenant}/oauth2/v2.0/token", host.unwrap_or(PUBLIC_AUTHORITY));
    Some(TokenRequest::form(url, &form))
}

/// What is wrong with the options taken together.
pub fn problems(settings: &Settings) -> Vec<Problem> {
    let mut found = Vec::new();
    match settings.get(MODE) {
        None | Some(ENTRA | MANAGED) => {}
        Some(_) => found.push(problem(
            MODE,
            "expected entra (a token as azure_ad_token or as the credential, or a client's id and secret) or managed",
        )),
    }
    let parts = [TENANT, CLIENT, SECRET];
    if parts.iter().any(|key| settings.get(key).is_some()) {
        for key in parts.into_iter().filter(|key| settings.get(key).is_none()) {
            found.push(problem(key, "is missing: tokens are granted for tenant, client and secret together"));
        }
        if is_managed(settings) {
            found.push(problem(MODE, "expected entra, which the client's secret is for"));
        }
    }
    if settings.get(TENANT).is_some_and(|tenant| !is_plain(tenant)) {
        found.push(problem(TENANT, "expected the tenant's id or domain"));
    }
    if settings.get(MANAGED_CLIENT).is_some() && !is_managed(settings) {
        found.push(problem(MANAGED_CLIENT, "expected azure_auth_mode managed beside it"));
    }
    if settings.get(AUTHORITY).is_some_and(|host| !is_safe(host)) {
        found.push(problem(AUTHORITY, "expected an https:// URL, or one of this machine"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::fixtures::settings;

    const CLIENT_SECRET: [(&str, &str); 3] = [(TENANT, "t-1"), (CLIENT, "c 1"), (SECRET, "s&c=")];

    fn with(more: &[(&'static str, &str)]) -> Settings {
        settings(&[&CLIENT_SECRET[..], more].concat())
    }

    #[test]
    fn a_client_asks_for_a_token_with_its_secret() {
        let asked = request(&with(&[])).expect("a request");
        assert_eq!(asked.url, "https://login.microsoftonline.com/t-1/oauth2/v2.0/token");
        assert_eq!(
            asked.body.expose(),
            "grant_type=client_credentials&client_id=c+1&client_secret=s%26c%3D&\
             scope=https%3A%2F%2Fcognitiveservices.azure.com%2F.default"
        );
        let other = request(&with(&[
            (SCOPE, "https://ml.azure.com/.default"),
            (AUTHORITY, "https://login.microsoftonline.us/"),
        ]));
        let other = other.expect("a request");
        assert_eq!(other.url, "https://login.microsoftonline.us/t-1/oauth2/v2.0/token");
        assert!(other.body.expose().ends_with("&scope=https%3A%2F%2Fml.azure.com%2F.default"));
        assert!(!other.direct);
    }

    #[test]
    fn the_machine_s_identity_is_asked_for_at_the_machine_and_by_no_proxy() {
        let asked = request(&settings(&[(MODE, MANAGED), (MANAGED_CLIENT, "id-1")])).expect("a request");
        assert_eq!(
            asked.url,
            "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&\
             resource=https%3A%2F%2Fcognitiveservices.azure.com&client_id=id-1"
        );
        assert_eq!((asked.method, asked.direct), (Method::GET, true));
        assert_eq!(asked.headers["metadata"], "true");
        assert_eq!(asked.body.expose(), "");
    }

    #[test]
    fn a_token_that_is_given_is_not_asked_for() {
        assert!(request(&with(&[(TOKEN, "t")])).is_none());
        assert!(request(&settings(&[(MODE, ENTRA)])).is_none());
        assert!(request(&settings(&[(MODE, MANAGED), (TOKEN, "t")])).is_none());
        assert!(request(&settings(&[(TENANT, "t"), (CLIENT, "c")])).is_none());
    }

    #[test]
    fn what_does_not_go_together_is_named() {
        let paths = |settings: &Settings| -> Vec<String> {
            problems(settings).into_iter().map(|problem| problem.path).collect()
        };
        assert!(paths(&with(&[(MODE, ENTRA)])).is_empty());
        assert!(paths(&settings(&[(MODE, MANAGED)])).is_empty());
        assert_eq!(paths(&settings(&[(CLIENT, "c")])), [TENANT, SECRET]);
        assert_eq!(paths(&with(&[(MODE, MANAGED)])), [MODE]);
        assert_eq!(paths(&settings(&[(MODE, "workload")])), [MODE]);
        assert_eq!(paths(&settings(&[(MANAGED_CLIENT, "c")])), [MANAGED_CLIENT]);
        assert_eq!(paths(&with(&[(AUTHORITY, "http://login.example.com")])), [AUTHORITY]);
        let elsewhere = settings(&[(TENANT, "a/../b"), (CLIENT, "c"), (SECRET, "s")]);
        assert_eq!(paths(&elsewhere), [TENANT]);
    }
}
