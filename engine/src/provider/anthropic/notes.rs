//! What a translation has to tell beside its result: what differs in meaning from what was given, and which beta
//! features of the API the request needs. A line is told once, however often it is true.

#[derive(Default)]
pub struct Notes {
    pub changes: Vec<String>,
    pub betas: Vec<&'static str>,
}

impl Notes {
    pub fn tell(&mut self, line: String) {
        if !self.changes.contains(&line) {
            self.changes.push(line);
        }
    }

    pub fn dropped(&mut self, what: &str, why: &str) {
        self.tell(format!("{what} was dropped: {why}"));
    }

    /// A field that the dialect has no place for.
    pub fn unknown(&mut self, what: &str) {
        self.dropped(what, "anthropic has no such field");
    }

    pub fn needs_beta(&mut self, beta: &'static str) {
        if !self.betas.contains(&beta) {
            self.betas.push(beta);
        }
    }
}
