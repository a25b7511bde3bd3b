//! JSON text written piece by piece, so that long texts go from one body into the other as they are spelled.
//! Not for values that are built and changed. What is written is valid as long as what is handed in as raw is.

/// Writes one JSON value.
pub struct Writer(Vec<u8>);

impl Writer {
    pub fn with_capacity(size: usize) -> Self {
        Self(Vec::with_capacity(size))
    }

    /// The name of an object's next field.
    pub fn key(&mut self, name: &str) -> &mut Self {
        self.string(name);
        self.0.push(b':');
        self
    }

    pub fn object(&mut self, fill: impl FnOnce(&mut Self)) {
        self.open(b'{');
        fill(self);
        self.close(b'}');
    }

    pub fn array(&mut self, fill: impl FnOnce(&mut Self)) {
        self.open(b'[');
        fill(self);
        self.close(b']');
    }

    /// Begins an object or an array that `close` ends.
    pub fn open(&mut self, bracket: u8) {
        self.separate();
        self.0.push(bracket);
    }

    pub fn close(&mut self, bracket: u8) {
        self.0.push(bracket);
    }

    /// A value that is JSON text already.
    pub fn raw(&mut self, json: &str) {
        self.separate();
        self.0.extend_from_slice(json.as_bytes());
    }

    pub fn string(&mut self, text: &str) {
        self.separate();
        serde_json::to_writer(&mut self.0, text).expect("a string always has a JSON form");
    }

    pub fn number(&mut self, number: u64) {
        self.raw(&number.to_string());
    }

    /// A list of values that are JSON text already.
    pub fn raws<T: AsRef<str>>(&mut self, values: impl IntoIterator<Item = T>) {
        self.array(|w| {
            for value in values {
                w.raw(value.as_ref());
            }
        });
    }

    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    pub fn finish_text(self) -> String {
        String::from_utf8(self.0).expect("only text is written")
    }

    /// No value ends in one of these, so the last byte tells whether another value stands before this one.
    fn separate(&mut self) {
        if !matches!(self.0.last(), None | Some(b'{' | b'[' | b':')) {
            self.0.push(b',');
        }
    }
}

/// JSON text of `fill`'s object.
pub fn object(fill: impl FnOnce(&mut Writer)) -> String {
    let mut writer = Writer::with_capacity(128);
    writer.object(fill);
    writer.finish_text()
}

/// What is between the quotes of a JSON string, with its escapes.
pub fn inside(string: &str) -> &str {
    string.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default()
}

/// `json` without the white space between its tokens; numbers and strings keep their spelling.
pub fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut quoted = false;
    let mut escaped = false;
    for letter in json.chars() {
        if quoted {
            quoted = escaped || letter != '"';
            escaped = !escaped && letter == '\\';
        } else if letter.is_ascii_whitespace() {
            continue;
        } else {
            quoted = letter == '"';
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_separated_where_one_stands_before_them() {
        let text = object(|w| {
            w.key("a").string("\"[{:\n");
            w.key("b").array(|w| {
                w.number(1);
                w.raw("[]");
                w.object(|_| {});
                w.object(|w| w.key("c").raw("null"));
            });
            w.key("d").object(|_| {});
        });
        assert_eq!(text, r#"{"a":"\"[{:\n","b":[1,[],{},{"c":null}],"d":{}}"#);
    }

    #[test]
    fn white_space_goes_and_spelling_stays() {
        let spaced = "{\n  \"a b\": [ 1.0,\t1e5 ],\n  \"q\\\" \\\\\" : \" x \"\n}";
        assert_eq!(compact(spaced), r#"{"a b":[1.0,1e5],"q\" \\":" x "}"#);
    }
}
