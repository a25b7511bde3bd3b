//! Fenced blocks of a text, and the check whether one of them is code of a language.

use std::sync::Arc;

use serde_json::json;

use super::Made;
use crate::config::nearest;
use crate::hooks::Scene;
use crate::hooks::check::{Fault, Judged, Rule};
use crate::hooks::parameters::Parameters;
use crate::hooks::subject::Subject;

/// Each language, with the tags that fences have for it.
const LANGUAGES: &[(&str, &[&str])] = &[
    ("SQL", &["sql"]),
    ("Python", &["py", "python", "python3"]),
    ("TypeScript", &["ts", "typescript", "tsx"]),
    ("JavaScript", &["js", "javascript", "jsx", "mjs"]),
    ("Java", &["java"]),
    ("C#", &["cs", "c#", "csharp"]),
    ("C++", &["cpp", "c++", "cc"]),
    ("C", &["c"]),
    ("Ruby", &["rb", "ruby"]),
    ("PHP", &["php"]),
    ("Swift", &["swift"]),
    ("Kotlin", &["kt", "kotlin"]),
    ("Go", &["go", "golang"]),
    ("Rust", &["rs", "rust"]),
    ("Scala", &["scala"]),
    ("R", &["r"]),
    ("Perl", &["pl", "perl"]),
    ("Shell", &["sh", "shell", "bash", "zsh"]),
    ("HTML", &["html"]),
    ("CSS", &["css"]),
    ("XML", &["xml"]),
    ("JSON", &["json"]),
    ("YAML", &["yml", "yaml"]),
    ("Markdown", &["md", "markdown"]),
    ("Dockerfile", &["dockerfile", "docker"]),
];

/// `containsCode`: whether a fenced block has the language's tag. A block whose end is missing counts.
struct ContainsCode {
    language: &'static str,
    tags: &'static [&'static str],
    not: bool,
}

pub fn read(parameters: &mut Parameters<'_, '_>) -> Made {
    let (not, format) = (parameters.flag("not", false), parameters.text("format"));
    let (not, format) = (not?, format?);
    let Some((language, tags)) = LANGUAGES.iter().find(|(language, _)| *language == format) else {
        let names = || LANGUAGES.iter().map(|(language, _)| *language);
        let known =
            names().find(|name| name.eq_ignore_ascii_case(&format)).or_else(|| nearest(&format, names()));
        parameters.problem(
            "format",
            match known {
                Some(near) => format!("is no format known here; did you mean {near}?"),
                None => format!("expected one of {}", names().collect::<Vec<_>>().join(", ")),
            },
        );
        return None;
    };
    Some(Arc::new(ContainsCode { language, tags, not }))
}

impl Rule for ContainsCode {
    fn judge(&self, _: &Scene, subject: &Subject) -> Result<Judged, Fault> {
        let text = subject.text()?;
        let blocks = fences(&text);
        let of_language =
            |block: &&Fence<'_>| self.tags.iter().any(|tag| tag.eq_ignore_ascii_case(block.tag));
        let found = blocks.iter().filter(of_language).count();
        let explanation = format!("{found} of {} fenced blocks are {}", blocks.len(), self.language);
        Ok(Judged::new(
            (found > 0) != self.not,
            json!({ "explanation": explanation, "searchedFormat": self.language, "not": self.not }),
        ))
    }
}

/// A fenced block: the first word after its fence, and what is between the fences.
pub struct Fence<'t> {
    pub tag: &'t str,
    pub content: &'t str,
}

/// The fenced blocks of a text. Each begins with a line's fence of three or more backticks and ends with the next one, or
/// with the text.
pub fn fences(text: &str) -> Vec<Fence<'_>> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("```") {
        let opened = rest[start..].trim_start_matches('`');
        let (info, body) = opened.split_once('\n').unwrap_or((opened, ""));
        // A fence in the middle of a line: what follows it is the block itself.
        let (tag, body) = if info.contains("```") {
            ("", opened)
        } else {
            (info.split_whitespace().next().unwrap_or(""), body)
        };
        let end = body.find("```").unwrap_or(body.len());
        blocks.push(Fence { tag, content: &body[..end] });
        rest = body[end..].trim_start_matches('`');
    }
    blocks
}
