use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};

use super::*;
use crate::provider::Granted;

/// A key of 2048 bits that was made for this test alone: `openssl genpkey -algorithm RSA`.
const KEY: &str = include_str!("../../../../fixtures/vertex-ai/service-account/key.pem");
/// Its public half: `openssl rsa -RSAPublicKey_out -outform DER`.
const PUBLIC: &[u8] = include_bytes!("../../../../fixtures/vertex-ai/service-account/public.der");

const NOW: u64 = 1_700_000_000;

fn key_file() -> Value {
    json!({
        "type": "service_account",
        "project_id": "proj-1",
        "private_key_id": "kid-1",
        "private_key": KEY,
        "client_email": "robot@proj-1.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    })
}

fn account(file: &Value) -> ServiceAccount {
    ServiceAccount::read(&file.to_string()).unwrap_or_else(|why| panic!("{why}"))
}

fn decoded(part: &str) -> Value {
    let bytes = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(part).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[test]
fn the_assertion_says_who_asks_for_what_and_is_signed() {
    let request = account(&key_file()).request(NOW).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(request.url, "https://oauth2.googleapis.com/token");
    let form = request.body.expose();
    let assertion = form
        .strip_prefix("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=")
        .expect("the grant");
    let (signed, signature) = assertion.rsplit_once('.').expect("a signature");
    let (header, claims) = signed.split_once('.').expect("claims");
    assert_eq!(decoded(header), json!({ "alg": "RS256", "typ": "JWT", "kid": "kid-1" }));
    let wanted = json!({
        "iss": "robot@proj-1.iam.gserviceaccount.com",
        "sub": "robot@proj-1.iam.gserviceaccount.com",
        "aud": "https://oauth2.googleapis.com/token",
        "scope": "https://www.googleapis.com/auth/cloud-platform",
        "iat": NOW,
        "exp": NOW + 3600,
    });
    assert_eq!(decoded(claims), wanted);
    let signature = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(signature).expect("base64url");
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, PUBLIC);
    public.verify(signed.as_bytes(), &signature).expect("the key's own signature");
}

#[test]
fn a_token_is_asked_for_where_nobody_listens_on_the_way() {
    for (uri, is_right) in [
        ("https://oauth2.example.com/token", true),
        ("http://127.0.0.1:8080/token", true),
        ("http://localhost/token", true),
        ("http://[::1]/token", true),
        ("http://localhost.example.com/token", false),
        ("http://127.0.0.1.example.com/token", false),
        ("ftp://127.0.0.1/token", false),
        ("127.0.0.1/token", false),
    ] {
        let mut file = key_file();
        file["token_uri"] = json!(uri);
        assert_eq!(ServiceAccount::read(&file.to_string()).is_ok(), is_right, "{uri}");
    }
}

#[test]
fn a_key_file_names_its_project() {
    assert_eq!(project(&key_file().to_string()).as_deref(), Some("proj-1"));
    assert_eq!(project("{}"), None);
}

#[test]
fn what_is_wrong_with_a_key_file_is_told_without_showing_it() {
    let told = |change: (&str, Value)| {
        let mut file = key_file();
        file[change.0] = change.1;
        let account = ServiceAccount::read(&file.to_string());
        account.and_then(|account| account.request(NOW)).err().expect("a problem")
    };
    for (change, wanted) in [
        (("client_email", Value::Null), "client_email and private_key"),
        (("token_uri", json!("http://elsewhere")), "token_uri"),
        (("private_key", json!("secret")), "BEGIN PRIVATE KEY"),
        (
            ("private_key", json!("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----")),
            "PKCS #8",
        ),
    ] {
        let message = told(change);
        assert!(message.contains(wanted), "{message}");
        assert!(!message.contains("secret") && !message.contains("c2Vj"), "{message}");
    }
}

#[test]
fn a_token_is_used_until_shortly_before_its_end() {
    let granted = |life: u64| {
        let reply = json!({ "access_token": "ya29.t..", "expires_in": life, "token_type": "Bearer" });
        answer(200, reply.to_string().as_bytes(), NOW).unwrap_or_else(|why| panic!("{why}"))
    };
    let token = granted(3600);
    let Granted::Bearer(value) = &token.granted else { panic!("a token") };
    assert_eq!(value.expose(), "ya29.t..");
    assert_eq!(token.fresh_until, NOW + 3000);
    assert_eq!(granted(60).fresh_until, NOW + 50);
}

#[test]
fn a_refusal_says_what_google_said() {
    let told = |status: u16, reply: &str| answer(status, reply.as_bytes(), NOW).err().expect("a refusal");
    let refused = r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#;
    assert_eq!(
        told(400, refused),
        "no token for the service account: status 400, invalid_grant: Invalid JWT Signature."
    );
    assert_eq!(told(502, "<html>"), "no token for the service account: status 502");
    assert_eq!(told(200, "{}"), "no token for the service account: status 200");
}
