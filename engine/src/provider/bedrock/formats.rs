//! What Converse calls the formats of pictures, films, sounds and documents.

/// The kind of a content block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Image,
    Video,
    Audio,
    Document,
}

use Kind::{Audio, Document, Image, Video};

/// Media type, ending of a file's name, kind and Converse's name of the format.
const FORMATS: &[(&str, &str, Kind, &str)] = &[
    ("image/png", "png", Image, "png"),
    ("image/jpeg", "jpeg", Image, "jpeg"),
    ("image/jpg", "jpg", Image, "jpeg"),
    ("image/gif", "gif", Image, "gif"),
    ("image/webp", "webp", Image, "webp"),
    ("video/mp4", "mp4", Video, "mp4"),
    ("video/quicktime", "mov", Video, "mov"),
    ("video/mov", "", Video, "mov"),
    ("video/x-matroska", "mkv", Video, "mkv"),
    ("video/mkv", "", Video, "mkv"),
    ("video/webm", "webm", Video, "webm"),
    ("video/x-flv", "flv", Video, "flv"),
    ("video/flv", "", Video, "flv"),
    ("video/mpeg", "mpeg", Video, "mpeg"),
    ("video/mpg", "mpg", Video, "mpg"),
    ("video/x-ms-wmv", "wmv", Video, "wmv"),
    ("video/wmv", "", Video, "wmv"),
    ("video/3gpp", "3gp", Video, "three_gp"),
    ("audio/mpeg", "mp3", Audio, "mp3"),
    ("audio/mp3", "", Audio, "mp3"),
    ("audio/wav", "wav", Audio, "wav"),
    ("audio/x-wav", "", Audio, "wav"),
    ("audio/flac", "flac", Audio, "flac"),
    ("audio/ogg", "ogg", Audio, "ogg"),
    ("audio/opus", "opus", Audio, "opus"),
    ("audio/aac", "aac", Audio, "aac"),
    ("audio/mp4", "m4a", Audio, "m4a"),
    ("audio/webm", "", Audio, "webm"),
    ("application/pdf", "pdf", Document, "pdf"),
    ("text/csv", "csv", Document, "csv"),
    ("application/msword", "doc", Document, "doc"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx", Document, "docx"),
    ("application/vnd.ms-excel", "xls", Document, "xls"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", Document, "xlsx"),
    ("text/html", "html", Document, "html"),
    ("text/markdown", "md", Document, "md"),
    ("text/plain", "txt", Document, "txt"),
    ("application/json", "json", Document, "txt"),
    ("application/xml", "xml", Document, "txt"),
];

/// The kind and format of a media type. Text of other kinds is plain text.
pub fn of_media_type(media_type: &str) -> Option<(Kind, &'static str)> {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let known = FORMATS.iter().find(|row| row.0 == essence).map(|row| (row.2, row.3));
    known.or_else(|| essence.starts_with("text/").then_some((Document, "txt")))
}

/// The kind and format that the ending of a name stands for.
pub fn of_name(name: &str) -> Option<(Kind, &'static str)> {
    let ending = name.rsplit_once('.')?.1.to_ascii_lowercase();
    FORMATS.iter().find(|row| !row.1.is_empty() && row.1 == ending).map(|row| (row.2, row.3))
}

/// The format of a sound by OpenAI's name of it.
pub fn of_audio(format: &str) -> Option<&'static str> {
    match format {
        "pcm16" => Some("pcm"),
        _ => FORMATS.iter().find(|row| row.2 == Audio && row.3 == format).map(|row| row.3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_have_converse_s_names() {
        assert_eq!(of_media_type("image/jpg"), Some((Image, "jpeg")));
        assert_eq!(of_media_type("text/plain; charset=utf-8"), Some((Document, "txt")));
        assert_eq!(of_media_type("TEXT/x-rust"), Some((Document, "txt")));
        let word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        assert_eq!(of_media_type(word), Some((Document, "docx")));
        assert_eq!(of_media_type("application/zip"), None);
    }

    #[test]
    fn names_tell_their_format() {
        assert_eq!(of_name("s3://b/k.PDF"), Some((Document, "pdf")));
        assert_eq!(of_name("a.tar.jpg"), Some((Image, "jpeg")));
        assert_eq!(of_name("README"), None);
        assert_eq!(of_name("a."), None);
    }

    #[test]
    fn sounds_have_openai_s_names() {
        assert_eq!(of_audio("wav"), Some("wav"));
        assert_eq!(of_audio("pcm16"), Some("pcm"));
        assert_eq!(of_audio("midi"), None);
    }
}
