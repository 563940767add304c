//! What is reported: one JSON object a line, with an id that is the same however often it is reported.

use nospy::crypto::sha256;
use serde_json::{Value as Json, json};

/// One report.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its name, as docs/monitor.md lists it.
    pub name: &'static str,
    /// 32 hex digits: the same event has the same id in every report of it.
    pub id: String,
    body: Json,
}

impl Event {
    /// An event of the log `origin`. `anchor` says which one of its name: an index, or the number of an episode.
    pub fn new(origin: &str, name: &'static str, anchor: &str, fields: Json) -> Self {
        let digest = sha256(&[origin.as_bytes(), b"\n", name.as_bytes(), b"\n", anchor.as_bytes()]).to_string();
        let id = digest[..32].to_owned();
        let mut body = json!({ "event": name, "id": id, "origin": origin });
        if let (Some(body), Json::Object(fields)) = (body.as_object_mut(), fields) {
            body.extend(fields);
        }
        Self { name, id, body }
    }

    /// Adds a field.
    pub fn with(mut self, name: &str, value: Json) -> Self {
        self.body[name] = value;
        self
    }

    /// The line, without its end.
    pub fn line(&self) -> String {
        self.body.to_string()
    }
}
