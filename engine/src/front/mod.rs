//! Front formats: the ways beside chat completions in which a call can be written. One is put before any provider by
//! translating it to a chat and the chat's answer back; a provider that has the format itself gets it untouched.
//! Pure, as dialects are: what differs in meaning is told in `changes`.

pub mod messages;
pub mod responses;
