//! A form as `multipart/form-data` (RFC 7578): a call's fields as texts, then its files. Names and values are put as
//! OpenAI's SDK puts them: `list[]` for each item of a list, `object[key]` for each member of an object.

use std::fmt::Write as _;
use std::fs;
use std::io::{Seek, SeekFrom};
use std::path::Path;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::outgoing::{Disk, Fed, Outgoing, Piece};
use super::{File, Form, Source};
use crate::body::Body;
use crate::clock::new_id;
use crate::error::{Error, Result};

/// A form, ready to be sent once.
pub struct Made {
    /// With the boundary.
    pub content_type: String,
    /// Of the recording in it, in milliseconds, where that is to be told.
    pub duration: Option<u64>,
    pub outgoing: Outgoing,
}

impl Form {
    /// The form with `fields`, the JSON text of an object, in front of its files.
    pub async fn make(&self, fields: &[u8]) -> Result<Made> {
        let boundary = format!("portkey-native-{}", new_id());
        let mut text = String::new();
        for (name, value) in flat(fields)? {
            head(&mut text, &boundary, &name);
            write!(text, "\r\n\r\n{value}\r\n").expect("a string takes every write");
        }
        let mut pieces = Vec::with_capacity(2 * self.files.len() + 1);
        for file in &self.files {
            head(&mut text, &boundary, &file.field);
            let (name, kind) = (escaped(&file.name), one_line(&file.content_type));
            write!(text, "; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n")
                .expect("a string takes every write");
            pieces.push(Piece::Bytes(Bytes::from(std::mem::take(&mut text))));
            pieces.push(file.piece().await?);
            text.push_str("\r\n");
        }
        write!(text, "--{boundary}--\r\n").expect("a string takes every write");
        pieces.push(Piece::Bytes(Bytes::from(text)));
        let content_type = format!("multipart/form-data; boundary={boundary}");
        Ok(Made { content_type, duration: None, outgoing: Outgoing::new(pieces) })
    }
}

impl File {
    async fn piece(&self) -> Result<Piece> {
        Ok(match &self.source {
            Source::Bytes(bytes) => Piece::Bytes(bytes.clone()),
            Source::Feed(feed) => Piece::Feed(Fed::new(self.name.clone(), feed.clone())),
            Source::Path { path, start, end } => {
                let (path, start, end) = (path.clone(), *start, *end);
                let opened = tokio::task::spawn_blocking(move || open(&path, start, end)).await;
                let (file, size) =
                    opened.map_err(std::io::Error::other).and_then(|opened| opened).map_err(|why| {
                        let message = format!("{} can't be read: {why}", self.name);
                        Error::problem(format!("body.{}", self.field.trim_end_matches("[]")), message)
                    })?;
                Piece::Disk(Disk::new(self.name.clone(), file, size))
            }
        })
    }
}

/// A file at its first byte that is wanted, and how many are.
fn open(path: &Path, start: u64, end: Option<u64>) -> std::io::Result<(fs::File, u64)> {
    let mut file = fs::File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(std::io::Error::other("it is no regular file"));
    }
    let end = end.unwrap_or(u64::MAX).min(metadata.len());
    if start > 0 {
        file.seek(SeekFrom::Start(start))?;
    }
    Ok((file, end.saturating_sub(start)))
}

fn head(text: &mut String, boundary: &str, name: &str) {
    let name = escaped(name);
    write!(text, "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"")
        .expect("a string takes every write");
}

/// A name between quotation marks, as browsers write it.
fn escaped(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

fn one_line(kind: &str) -> &str {
    kind.split(['\r', '\n']).next().unwrap_or("")
}

/// The fields with lists and objects taken apart. Numbers stay as they are spelt.
fn flat(fields: &[u8]) -> Result<Vec<(String, String)>> {
    let mut parts = Vec::new();
    let body = Body::parse(fields).map_err(|_| Error::problem("body", "expected a JSON object"))?;
    for (name, raw) in body.iter() {
        flatten(name.to_owned(), raw, &mut parts)?;
    }
    Ok(parts)
}

fn flatten(name: String, raw: &str, parts: &mut Vec<(String, String)>) -> Result<()> {
    let unread = |_| Error::problem(format!("body.{name}"), "expected JSON");
    match raw.as_bytes().first() {
        Some(b'"') => parts.push((name.clone(), serde_json::from_str(raw).map_err(unread)?)),
        Some(b'[') => {
            for item in serde_json::from_str::<Vec<&RawValue>>(raw).map_err(unread)? {
                flatten(format!("{name}[]"), item.get(), parts)?;
            }
        }
        Some(b'{') => {
            let body = Body::parse(raw.as_bytes()).map_err(unread)?;
            for (key, value) in body.iter() {
                flatten(format!("{name}[{key}]"), value, parts)?;
            }
        }
        Some(b'n') => {
            return Err(Error::problem(format!("body.{name}"), "a form has no null: leave it out"));
        }
        _ => parts.push((name, raw.to_owned())),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Arc;

    use super::*;
    use crate::upload::Feed;

    fn file(field: &str, source: Source) -> File {
        File {
            field: field.to_owned(),
            name: "a \"b\".txt".to_owned(),
            content_type: "text/plain".to_owned(),
            source,
        }
    }

    async fn sent(form: &Form, fields: &str) -> (Option<u64>, String) {
        let mut made = form.make(fields.as_bytes()).await.expect("a form");
        let announced = made.outgoing.left();
        let mut all = Vec::new();
        while let Some(piece) = poll_fn(|context| made.outgoing.poll_next(context)).await {
            all.extend_from_slice(&piece.expect("readable"));
        }
        assert!(made.outgoing.progress().written().is_some());
        let boundary = made.content_type.split_once("boundary=").expect("a boundary").1;
        let text = String::from_utf8(all).expect("UTF-8");
        assert!(announced.is_none_or(|announced| announced == text.len() as u64));
        (announced, text.replace(boundary, "B"))
    }

    #[tokio::test]
    async fn lists_and_objects_are_named_as_openai_names_them_and_numbers_keep_their_spelling() {
        let form = Form { files: vec![file("file", Source::Bytes(Bytes::from_static(b"data")))] };
        let fields = r#"{"model":"w\n","n":1.50,"yes":true,"list":["a",2],"o":{"k":{"d":"v"}},"none":[]}"#;
        let (size, text) = sent(&form, fields).await;
        assert!(size.is_some());
        let wanted = [("model", "w\n"), ("n", "1.50"), ("yes", "true"), ("list[]", "a"), ("list[]", "2")];
        let mut parts = String::new();
        for (name, value) in wanted.iter().chain(&[("o[k][d]", "v")]) {
            let head = format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            parts.extend([head.as_str(), value, "\r\n"]);
        }
        parts
            .push_str("--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a %22b%22.txt\"\r\n");
        parts.push_str("Content-Type: text/plain\r\n\r\ndata\r\n--B--\r\n");
        assert_eq!(text, parts);
    }

    #[tokio::test]
    async fn a_null_has_no_form() {
        let form = Form { files: Vec::new() };
        let error = form.make(br#"{"a":{"b":null}}"#).await.err().expect("an error");
        assert_eq!(error.to_string(), "body.a[b]: a form has no null: leave it out");
    }

    #[tokio::test]
    async fn a_range_of_a_file_on_disk_is_sent_and_one_that_is_not_there_is_named() {
        let path = std::env::temp_dir().join(format!("portkey-native-{}", new_id()));
        fs::write(&path, b"0123456789").expect("a file");
        let range = Source::Path { path: path.clone(), start: 2, end: Some(6) };
        let (size, text) = sent(&Form { files: vec![file("file", range)] }, "{}").await;
        assert!(size.is_some() && text.contains("\r\n\r\n2345\r\n--B--"), "{text}");
        fs::remove_file(&path).expect("removed");
        let gone = Source::Path { path, start: 0, end: None };
        let error = Form { files: vec![file("image[]", gone)] }.make(b"{}").await.err().expect("an error");
        assert!(error.to_string().starts_with("body.image: a \"b\".txt can't be read"), "{error}");
    }

    #[tokio::test]
    async fn a_feed_of_unknown_size_leaves_the_form_s_size_open_and_one_that_lies_is_told() {
        for (size, wanted) in
            [(None, None), (Some(3), None), (Some(4), Some("ended 1 bytes")), (Some(2), Some("more bytes"))]
        {
            let feed = Arc::new(Feed::new(size, false, |_| {}));
            let form = Form { files: vec![file("file", Source::Feed(feed.clone()))] };
            let mut made = form.make(b"{}").await.expect("a form");
            assert_eq!(made.outgoing.left().is_some(), size.is_some());
            let mut failed = None;
            loop {
                let next = poll_fn(|context| {
                    let next = made.outgoing.poll_next(context);
                    if next.is_pending() {
                        feed.push(1, Bytes::from_static(b"abc"));
                        feed.end(1);
                    }
                    next
                });
                match next.await {
                    Some(Ok(_)) => {}
                    Some(Err(why)) => break failed = Some(why),
                    None => break,
                }
            }
            match wanted {
                None => assert_eq!(failed, None),
                Some(why) => assert!(failed.is_some_and(|failed| failed.0.contains(why)), "{why}"),
            }
            assert!(form.is_spent());
        }
    }
}
