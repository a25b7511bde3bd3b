use serde_json::json;

use super::*;

fn read(value: &Value) -> Settings {
    let mut reader = Reader::default();
    let settings = Settings::read(value, "otel", &mut reader).expect("it is on");
    assert!(reader.done(()).is_ok(), "{value}");
    settings
}

fn problems(value: &Value) -> Vec<String> {
    let mut reader = Reader::default();
    Settings::read(value, "otel", &mut reader);
    let problems = reader.done(()).expect_err("it is wrong");
    problems.into_iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect()
}

fn urls(settings: &Settings) -> [Option<&str>; 2] {
    [&settings.spans, &settings.metrics].map(|signal| signal.as_ref().map(|signal| signal.url.as_str()))
}

#[test]
fn the_standard_s_defaults_hold_where_nothing_is_said() {
    let settings = read(&json!(true));
    let wanted = [Some("http://localhost:4318/v1/traces"), Some("http://localhost:4318/v1/metrics")];
    assert_eq!(urls(&settings), wanted);
    let spans = settings.spans.expect("they are on");
    assert_eq!((spans.json, spans.gzip, spans.timeout, spans.interval), (false, false, TIMEOUT, SPANS_EVERY));
    assert_eq!(settings.resource, [("service.name".to_owned(), json!(UNNAMED))]);
    assert!(Settings::read(&json!(false), "otel", &mut Reader::default()).is_none());
}

#[test]
fn a_common_endpoint_has_a_path_for_each_signal_and_one_s_own_is_taken_as_it_is() {
    let common = read(&json!({ "endpoint": "https://otel.example/in/" }));
    let wanted = [Some("https://otel.example/in/v1/traces"), Some("https://otel.example/in/v1/metrics")];
    assert_eq!(urls(&common), wanted);
    let own = read(&json!({ "endpoint": "http://h:1", "spans": { "endpoint": "http://h:2/spans" } }));
    assert_eq!(urls(&own), [Some("http://h:2/spans"), Some("http://h:1/v1/metrics")]);
    let one = read(&json!({ "metrics": false, "spans": true }));
    assert_eq!(urls(&one), [Some("http://localhost:4318/v1/traces"), None]);
    let socket = read(&json!({ "endpoint": "unix:/run/otel.sock" })).spans.expect("they are on");
    assert_eq!(
        (socket.url.path(), socket.socket.as_deref()),
        ("/v1/traces", Some(Path::new("/run/otel.sock")))
    );
}

#[test]
fn what_is_said_of_one_signal_comes_before_what_is_said_of_both() {
    let settings = read(&json!({
        "headers": { "x-key": "a" }, "protocol": "http/json", "compression": "gzip", "timeout": 7,
        "metrics": { "headers": { "x-key": "b" }, "protocol": "http/protobuf", "interval": 9 },
    }));
    let (spans, metrics) = (settings.spans.expect("on"), settings.metrics.expect("on"));
    assert_eq!((spans.json, spans.gzip, spans.headers["x-key"].as_bytes()), (true, true, &b"a"[..]));
    assert_eq!((metrics.json, metrics.gzip, metrics.headers["x-key"].as_bytes()), (false, true, &b"b"[..]));
    assert!(spans.headers["x-key"].is_sensitive());
    assert_eq!(metrics.interval, Duration::from_millis(9));
}

#[test]
fn the_service_s_name_comes_before_the_resource_s() {
    let settings = read(&json!({ "serviceName": "one", "resource": { "service.name": "two", "zone": 7 } }));
    let wanted = [("service.name".to_owned(), json!("one")), ("zone".to_owned(), json!(7))];
    assert_eq!(settings.resource, wanted);
    assert_eq!(read(&json!({ "resource": { "service.name": "two" } })).resource[0].1, "two");
}

#[test]
fn what_can_not_act_is_told_with_its_path_and_without_secrets() {
    let told = problems(&json!({
        "endpoint": "http://user:CANARY@h", "protocol": "grpc", "headers": { "x-key": "CANARY\n", "a b": "v" },
        "sampler": "jaeger_remote", "ratio": 2, "colour": 1, "spans": { "sampler": "always_on" },
        "resource": { "a": [] },
    }));
    let text = told.join("\n");
    for path in [
        "otel.endpoint:",
        "otel.protocol: expected 'http/protobuf'",
        "otel.headers.x-key:",
        "otel.headers.a b:",
        "otel.sampler:",
        "otel.ratio:",
        "otel.colour:",
        "otel.spans.sampler:",
        "otel.resource.a:",
    ] {
        assert!(text.contains(path), "{path} in {text}");
    }
    assert!(!text.contains("CANARY"), "{text}");
}
