//! How hosts are reached, as written: `tls`, `proxy` and `egress`. Files that `tls` names are read here, so that one
//! which can't be used is told with its path.

use std::sync::Arc;

use serde_json::Value;

use super::names::Spelling;
use super::read::Reader;
use crate::headers::fold;
use crate::http::{Egress, Proxy, Through, Tls, TlsSettings};

/// The longest answer that is read whole, unless an option says otherwise: 256 MiB.
pub const MOST_ANSWER_BYTES: u64 = 256 << 20;
/// A JavaScript string holds no more.
const MOST_TEXT: u64 = (1 << 29) - 24;

pub fn answer_bytes(value: &Value, path: &str, reader: &mut Reader) -> Option<u64> {
    reader.whole(value, path, 1..=MOST_TEXT)
}

pub fn tls(value: &Value, path: &str, reader: &mut Reader) -> Option<Arc<Tls>> {
    let object = reader.object(value, path)?;
    let mut settings = TlsSettings::default();
    let mut spelling = Spelling::default();
    let mut written = Vec::new();
    for (key, value) in object.iter().filter(|(_, value)| !value.is_null()) {
        let place = format!("{path}.{key}");
        if let Some(other) = spelling.twice(key) {
            reader.problem(place, format!("is given twice, as {other} too"));
            continue;
        }
        match fold(key).as_str() {
            "ca" => settings.ca = reader.string(value, &place),
            "cafile" => settings.ca_file = reader.string(value, &place),
            "cert" => settings.cert = reader.string(value, &place),
            "key" => settings.key = reader.secret(value, &place),
            "passphrase" => settings.passphrase = reader.secret(value, &place),
            "servername" => settings.server_name = reader.string(value, &place),
            "insecure" => settings.insecure = reader.boolean(value, &place).unwrap_or(false),
            _ => reader
                .problem(&place, "expected one of ca, caFile, cert, key, passphrase, serverName, insecure"),
        }
        written.push((fold(key), place));
    }
    match Tls::of(&settings) {
        Ok(tls) => Some(tls),
        Err(unusable) => {
            for (field, why) in unusable {
                let place =
                    written.iter().find(|(key, _)| *key == fold(field)).map(|(_, place)| place.clone());
                reader.problem(place.unwrap_or_else(|| format!("{path}.{field}")), why);
            }
            None
        }
    }
}

/// A proxy's URL, or `false` for none.
pub fn proxy(value: &Value, path: &str, reader: &mut Reader) -> Option<Through> {
    if *value == Value::Bool(false) {
        return Some(Through::Direct);
    }
    match Proxy::read(value.as_str().unwrap_or_default()) {
        Ok(proxy) => Some(Through::Proxy(Arc::new(proxy))),
        Err(why) => {
            reader.problem(path, why);
            None
        }
    }
}

pub fn egress(value: &Value, path: &str, reader: &mut Reader) -> Option<Arc<Egress>> {
    let object = reader.object(value, path)?;
    for key in object.keys().filter(|key| *key != "allow") {
        reader.problem(format!("{path}.{key}"), "expected allow, a list of hosts and networks");
    }
    let Some(Value::Array(items)) = object.get("allow") else {
        reader.problem(format!("{path}.allow"), "expected a list of hosts and networks that may be reached");
        return None;
    };
    let read = items.iter().enumerate().map(|(at, item)| reader.string(item, &format!("{path}.allow[{at}]")));
    let entries: Vec<String> = read.collect::<Option<_>>()?;
    match Egress::read(&entries) {
        Ok(egress) => Some(Arc::new(egress)),
        Err(wrong) => {
            for (at, why) in wrong {
                reader.problem(format!("{path}.allow[{at}]"), why);
            }
            None
        }
    }
}
