//! The table language: what a provider's own parameters differ in from OpenAI's, as data. A row of `compatible.rs` lists
//! its rules, and `apply` runs them over a body. A parameter that no rule names goes through as it is, known or not.
//! The invariant: what changes a body says so, one sentence each, and a body that no rule touches keeps its bytes.

use serde_json::value::RawValue;

use crate::body::Body;
use crate::error::Problem;

/// One difference. Values are raw JSON: `"\"any\""`, `"50"`.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// The parameter goes out under another name, in place of one of that name.
    Rename { from: &'static str, to: &'static str },
    /// The provider refuses the parameter, or has no use for it.
    Drop { name: &'static str, why: &'static str },
    /// The provider refuses the parameter, and does what it asks for all the same.
    Omit { name: &'static str, why: &'static str },
    /// The provider refuses this one value of the parameter.
    DropValue { name: &'static str, value: &'static str, why: &'static str },
    /// The provider calls this value something else.
    Value { name: &'static str, from: &'static str, to: &'static str },
    /// A number outside of these bounds goes out as the nearer one.
    Clamp { name: &'static str, min: f64, max: f64 },
    /// The provider needs a value that the caller may leave out.
    SetDefault { name: &'static str, value: &'static str, why: &'static str },
    /// Messages of the role `developer` go out as `system`.
    DeveloperToSystem,
    /// The provider refuses this field of a message.
    DropOfMessages { name: &'static str, why: &'static str },
    /// Anthropic's `thinking: {type}` goes out as `reasoning_effort`.
    ThinkingToEffort,
}

/// OpenAI's newer name of the limit, for the many hosts that know the older one alone.
pub const MAX_COMPLETION_TOKENS: Rule = Rule::Rename { from: "max_completion_tokens", to: "max_tokens" };

/// Runs `rules` over `body` in their order. Returns what differs now. With `strict`, a rule that would take something
/// away from what the caller asked for (a drop, a clamp) is a problem instead.
pub fn apply(rules: &[Rule], body: &mut Body<'_>, strict: bool) -> Result<Vec<String>, Problem> {
    let mut changes = Vec::new();
    for rule in rules {
        let loss = rule.run(body, &mut changes);
        if let Some((path, why)) = loss.filter(|_| strict) {
            let message = format!("{why}; leave it out, or turn strictParams off");
            return Err(Problem { path: format!("body.{path}"), message });
        }
    }
    Ok(changes)
}

/// What a rule took away, and why.
type Loss = Option<(String, String)>;

impl Rule {
    fn run(self, body: &mut Body<'_>, changes: &mut Vec<String>) -> Loss {
        match self {
            Self::Rename { from, to } => {
                rename(body, from, to, changes);
                None
            }
            Self::Drop { name, why } => drop_field(body, name, why, changes),
            Self::Omit { name, why } => {
                leave_out(body, name, why, changes);
                None
            }
            Self::DropValue { name, value, why } if body.get(name) == Some(value) => {
                drop_field(body, name, why, changes)
            }
            Self::Value { name, from, to } if body.get(name) == Some(from) => {
                body.set(name, to);
                changes.push(format!("{name} {from} was sent as {to}"));
                None
            }
            Self::Clamp { name, min, max } => clamp(body, name, min, max, changes),
            Self::SetDefault { name, value, why } if body.get(name).is_none() => {
                body.set(name, value);
                changes.push(format!("{name} was set to {value}: {why}"));
                None
            }
            Self::DeveloperToSystem => {
                developer_to_system(body, changes);
                None
            }
            Self::DropOfMessages { name, why } => drop_of_messages(body, name, why, changes),
            Self::ThinkingToEffort => {
                thinking_to_effort(body, changes);
                None
            }
            Self::DropValue { .. } | Self::Value { .. } | Self::SetDefault { .. } => None,
        }
    }
}

fn rename(body: &mut Body<'_>, from: &str, to: &str, changes: &mut Vec<String>) {
    let Some(value) = body.get(from).map(str::to_owned) else { return };
    let replaced = body.get(to).is_some();
    if value == "null" {
        return leave_out(body, from, "it is null", changes);
    }
    body.remove(from);
    body.set(to, value);
    changes.push(format!(
        "{from} was sent as {to}{}",
        if replaced { ", in place of the one given" } else { "" }
    ));
}

/// Takes a parameter out. One that is `null` asks for nothing, so nothing is lost with it.
fn drop_field(body: &mut Body<'_>, name: &str, why: &str, changes: &mut Vec<String>) -> Loss {
    if body.get(name)? == "null" {
        leave_out(body, name, "it is null", changes);
        return None;
    }
    body.remove(name);
    changes.push(format!("{name} was dropped: {why}"));
    Some((name.to_owned(), why.to_owned()))
}

/// Takes out what is not missed: `dropped` is said of a loss alone.
fn leave_out(body: &mut Body<'_>, name: &str, why: &str, changes: &mut Vec<String>) {
    if body.get(name).is_some() {
        body.remove(name);
        changes.push(format!("{name} was left out: {why}"));
    }
}

fn clamp(body: &mut Body<'_>, name: &str, min: f64, max: f64, changes: &mut Vec<String>) -> Loss {
    let value: f64 = serde_json::from_str(body.get(name)?).ok()?;
    let nearest = value.clamp(min, max);
    if (min..=max).contains(&value) {
        return None;
    }
    body.set(name, nearest.to_string());
    changes.push(format!("{name} was set to {nearest}, the nearest value that the provider takes"));
    Some((name.to_owned(), format!("expected a number from {min} to {max}")))
}

fn developer_to_system(body: &mut Body<'_>, changes: &mut Vec<String>) {
    let count = each_message(body, "developer", |message| {
        let is_developer = message.get("role") == Some("\"developer\"");
        if is_developer {
            message.set("role", "\"system\"");
        }
        is_developer
    });
    if count > 0 {
        changes.push("the role developer was sent as system".to_owned());
    }
}

fn drop_of_messages(body: &mut Body<'_>, name: &str, why: &str, changes: &mut Vec<String>) -> Loss {
    let mut asks = false;
    let count = each_message(body, name, |message| {
        let value = message.get(name);
        asks |= value.is_some_and(|value| value != "null");
        let is_there = value.is_some();
        message.remove(name);
        is_there
    });
    if count > 0 {
        changes.push(format!("messages[*].{name} was dropped: {why}"));
    }
    asks.then(|| (format!("messages[*].{name}"), why.to_owned()))
}

/// Lets `change` have every message, as long as `needle` is in the messages at all. Returns how many it changed; the
/// others, and a list that can't be read, stay as they were written.
pub fn each_message(
    body: &mut Body<'_>,
    needle: &str,
    mut change: impl FnMut(&mut Body<'_>) -> bool,
) -> usize {
    let Some(raw) = body.get("messages").filter(|raw| raw.contains(needle)) else { return 0 };
    let Ok(messages) = serde_json::from_str::<Vec<&RawValue>>(raw) else { return 0 };
    let mut count = 0;
    let mut written = Vec::with_capacity(messages.len());
    for message in messages {
        let text = message.get();
        let Ok(mut fields) = Body::parse(text.as_bytes()) else {
            written.push(text.to_owned());
            continue;
        };
        if change(&mut fields) {
            count += 1;
            written.push(String::from_utf8_lossy(&fields.to_bytes()).into_owned());
        } else {
            written.push(text.to_owned());
        }
    }
    if count > 0 {
        let list = format!("[{}]", written.join(","));
        body.set("messages", list);
    }
    count
}

/// `thinking` is switched, not measured: an effort that the caller names beside it is the better word.
fn thinking_to_effort(body: &mut Body<'_>, changes: &mut Vec<String>) {
    let Some(raw) = body.get("thinking") else { return };
    let off = serde_json::from_str::<serde_json::Value>(raw)
        .is_ok_and(|thinking| thinking["type"] == "disabled" || thinking == false);
    body.remove("thinking");
    if body.get("reasoning_effort").is_some_and(|effort| effort != "null") {
        changes.push("thinking was left out: reasoning_effort says how much".to_owned());
        return;
    }
    let effort = if off { "\"none\"" } else { "\"medium\"" };
    body.set("reasoning_effort", effort);
    changes.push(format!("thinking was sent as reasoning_effort {effort}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(rules: &[Rule], text: &str, strict: bool) -> Result<(String, Vec<String>), Problem> {
        let mut body = Body::parse(text.as_bytes()).expect("an object");
        let changes = apply(rules, &mut body, strict)?;
        Ok((String::from_utf8(body.to_bytes().to_vec()).expect("UTF-8"), changes))
    }

    const EVERY: &[Rule] = &[
        Rule::DeveloperToSystem,
        MAX_COMPLETION_TOKENS,
        Rule::Drop { name: "logit_bias", why: "it has none" },
        Rule::Omit { name: "stream_options", why: "usage comes anyway" },
        Rule::DropValue { name: "encoding_format", value: "\"float\"", why: "floats are what it sends" },
        Rule::Value { name: "tool_choice", from: "\"required\"", to: "\"any\"" },
        Rule::Clamp { name: "top_k", min: 1.0, max: 128.0 },
        Rule::DropOfMessages { name: "reasoning", why: "it refuses it" },
        Rule::ThinkingToEffort,
    ];

    #[test]
    fn a_body_that_no_rule_names_keeps_its_bytes() {
        let text = r#"{"model":"m","messages":[ {"role" : "user","content":"developer"} ],"temperature":1.50,"top_k":4,"x":[1e2],"tool_choice":"auto","encoding_format":"base64"}"#;
        let (body, changes) = run(EVERY, text, true).expect("nothing is lost");
        assert_eq!(body, text);
        assert!(changes.is_empty(), "{changes:?}");
    }

    #[test]
    fn every_rule_changes_its_own_field_and_says_so() {
        let text = r#"{"messages":[{"role":"developer","content":"d"},{"role":"assistant","content":"a","reasoning":"r"}],"max_completion_tokens":9,"logit_bias":{"1":2},"encoding_format":"float","tool_choice":"required","top_k":500,"n":1.0,"thinking":{"type":"enabled"},"stream_options":{}}"#;
        let (body, changes) = run(EVERY, text, false).expect("drops are allowed");
        assert_eq!(
            body,
            r#"{"messages":[{"role":"system","content":"d"},{"role":"assistant","content":"a"}],"tool_choice":"any","top_k":128,"n":1.0,"max_tokens":9,"reasoning_effort":"medium"}"#
        );
        assert_eq!(
            changes,
            [
                "the role developer was sent as system",
                "max_completion_tokens was sent as max_tokens",
                "logit_bias was dropped: it has none",
                "stream_options was left out: usage comes anyway",
                "encoding_format was dropped: floats are what it sends",
                "tool_choice \"required\" was sent as \"any\"",
                "top_k was set to 128, the nearest value that the provider takes",
                "messages[*].reasoning was dropped: it refuses it",
                "thinking was sent as reasoning_effort \"medium\"",
            ]
        );
    }

    #[test]
    fn strict_parameters_turn_a_loss_into_a_problem_that_names_it() {
        let cases = [
            (r#"{"logit_bias":{}}"#, "body.logit_bias", "it has none"),
            (r#"{"top_k":0}"#, "body.top_k", "expected a number from 1 to 128"),
            (r#"{"encoding_format":"float"}"#, "body.encoding_format", "floats are what it sends"),
            (r#"{"messages":[{"reasoning":"r"}]}"#, "body.messages[*].reasoning", "it refuses it"),
        ];
        for (text, path, why) in cases {
            let problem = run(EVERY, text, true).expect_err(text);
            assert_eq!(problem.path, path);
            assert_eq!(problem.message, format!("{why}; leave it out, or turn strictParams off"));
        }
    }

    #[test]
    fn strict_parameters_leave_renames_and_empty_fields_alone() {
        let text = r#"{"stream_options":{},"logit_bias":null,"max_completion_tokens":1,"thinking":{"type":"disabled"}}"#;
        let (body, changes) = run(EVERY, text, true).expect("nothing is lost");
        assert_eq!(body, r#"{"max_tokens":1,"reasoning_effort":"none"}"#);
        assert_eq!(changes.len(), 4, "{changes:?}");
    }

    #[test]
    fn the_newer_name_of_a_parameter_wins_over_the_older_one() {
        let (body, changes) =
            run(EVERY, r#"{"max_tokens":5,"max_completion_tokens":7}"#, false).expect("no loss");
        assert_eq!(body, r#"{"max_tokens":7}"#);
        assert_eq!(changes, ["max_completion_tokens was sent as max_tokens, in place of the one given"]);
    }

    #[test]
    fn a_name_that_holds_null_takes_no_other_s_place() {
        let (body, changes) =
            run(EVERY, r#"{"max_tokens":5,"max_completion_tokens":null}"#, true).expect("no loss");
        assert_eq!(body, r#"{"max_tokens":5}"#);
        assert_eq!(changes, ["max_completion_tokens was left out: it is null"]);
    }

    #[test]
    fn an_effort_that_is_named_beats_thinking() {
        let text = r#"{"thinking":{"type":"enabled","budget_tokens":10},"reasoning_effort":"low"}"#;
        let (body, changes) = run(EVERY, text, true).expect("no loss");
        assert_eq!(body, r#"{"reasoning_effort":"low"}"#);
        assert_eq!(changes, ["thinking was left out: reasoning_effort says how much"]);
    }

    #[test]
    fn a_default_fills_what_the_caller_left_out() {
        let rules = [Rule::SetDefault { name: "top_k", value: "50", why: "it needs one" }];
        assert_eq!(run(&rules, r#"{"top_k":3}"#, true).expect("no loss").0, r#"{"top_k":3}"#);
        let (body, changes) = run(&rules, "{}", true).expect("no loss");
        assert_eq!(body, r#"{"top_k":50}"#);
        assert_eq!(changes, ["top_k was set to 50: it needs one"]);
    }

    #[test]
    fn messages_that_cannot_be_read_go_through_as_they_are() {
        for text in [
            r#"{"messages":"developer"}"#,
            r#"{"messages":["developer",{"role":"user"}]}"#,
            r#"{"messages":null}"#,
        ] {
            assert_eq!(run(EVERY, text, false).expect("no loss").0, text);
        }
    }
}
