//! Which of a user's own headers a target gets: those that the list in force names, and the call's own.

use ::http::HeaderMap;

use super::names::nearest;
use super::plan::Maker;
use crate::error::Problem;
use crate::headers::{fold, insert_secret, refusal, wire_name};
use crate::secret::Secret;
use crate::telemetry::is_trace_header;

impl Maker<'_> {
    /// The list in force: the option's, else the config's. They are never merged. In a group, the option's goes to
    /// hosts of the user's own only.
    pub fn forward_list(&self) -> (String, &[String]) {
        let option = self
            .options
            .forward_headers
            .as_deref()
            .filter(|_| !self.aside && (self.rooted || self.is_custom()));
        match (option, &self.node.forward_headers) {
            (Some(list), _) => ("forwardHeaders".to_owned(), list),
            (None, Some(list)) => (self.key("forward_headers"), list),
            (None, None) => ("forwardHeaders".to_owned(), &[]),
        }
    }

    pub fn forward(&mut self, headers: &mut HeaderMap) {
        let (path, list) = self.forward_list();
        let list = list.to_vec();
        for (at, listed) in list.iter().enumerate() {
            let place = format!("{path}[{at}]");
            let name = wire_name(listed);
            if name == "x-portkey-forward-headers" {
                self.problem(
                    place,
                    "forward_headers must not contain the 'x-portkey-forward-headers' header",
                );
            } else if let Some(reason) = refusal(&name) {
                self.problem(place, format!("{listed} {reason}, and is never forwarded"));
            } else if let Some(value) = self.value_of(listed) {
                if let Err(why) = insert_secret(headers, &name, &value) {
                    self.problem(place, format!("{listed}: {why}"));
                }
            } else {
                let message = self.nothing_to_forward(listed);
                self.missing.push(Problem { path: place, message });
            }
        }
        self.unlisted(&list);
        self.call_headers(&list, headers);
    }

    /// Headers of the call itself go to its target; those that a list names have gone in already.
    fn call_headers(&mut self, list: &[String], headers: &mut HeaderMap) {
        let is_gateway = self.gateway().is_some();
        for (name, value) in self.headers {
            let name = name.to_ascii_lowercase();
            // Each attempt is told of the trace in its own words.
            if is_trace_header(&name) {
                continue;
            }
            let Some(value) = value else {
                headers.remove(&name);
                continue;
            };
            // What some node forwards goes to those alone that list it; a public provider of a group gets nothing.
            if self.listed.contains(&fold(&name)) || list.iter().any(|listed| fold(listed) == fold(&name)) {
                continue;
            }
            if self.aside || (!self.rooted && !self.is_custom()) {
                continue;
            }
            let is_told = is_gateway && name.starts_with("x-portkey-");
            let refused = refusal(&name).filter(|_| !is_told);
            let refused = refused.map(|reason| format!("{reason}, and is never sent"));
            if let Some(why) = refused.or_else(|| insert_secret(headers, &name, value).err()) {
                self.problem(format!("headers.{name}"), why);
            }
        }
    }

    /// The call's headers come first, then the options, then the config that lists the name.
    fn value_of(&self, listed: &str) -> Option<Secret> {
        let folded = fold(listed);
        let in_list = |values: &[(String, Secret)]| {
            values.iter().find(|(name, _)| fold(name) == folded).map(|(_, value)| value.clone())
        };
        let own = self.headers.iter().find(|(name, value)| fold(name) == folded && value.is_some());
        own.and_then(|(_, value)| value.clone())
            .or_else(|| in_list(&self.options.values))
            .or_else(|| self.options.authorization.clone().filter(|_| folded == "authorization"))
            .or_else(|| in_list(&self.node.values))
    }

    fn nothing_to_forward(&self, listed: &str) -> String {
        let given = self
            .options
            .values
            .iter()
            .chain(&self.node.values)
            .map(|(name, _)| name.as_str())
            .chain(self.headers.iter().map(|(name, _)| name.as_str()));
        let near = nearest(listed, given.chain(self.options.authorization.as_ref().map(|_| "Authorization")));
        let advice = near.map_or_else(
            || "pass its value as an option of that name, of the client or of the call".to_owned(),
            |near| format!("did you mean {near}?"),
        );
        format!("{listed} has no value anywhere; {advice}")
    }

    /// A header's value that no list names would do nothing.
    fn unlisted(&mut self, list: &[String]) {
        let listed: Vec<String> = list.iter().map(|name| fold(name)).collect();
        let elsewhere = if self.rooted { &[] } else { self.listed.as_slice() };
        let listed: Vec<&String> = listed.iter().chain(elsewhere).collect();
        let own = self.node.values.iter().map(|(name, _)| (self.key(name), name));
        // A target that stands beside the tree has nothing to do with what the options give to the tree.
        let options: &[(String, Secret)] = if self.aside { &[] } else { &self.options.values };
        let all: Vec<(String, &String)> =
            options.iter().map(|(name, _)| (name.clone(), name)).chain(own).collect();
        for (path, name) in all.into_iter().filter(|(_, name)| !listed.contains(&&fold(name))) {
            let message = format!("is sent to no one: add {name} to forwardHeaders");
            self.missing.push(Problem { path, message });
        }
    }
}
