//! W3C trace context: the trace that a call belongs to, the names of its spans, and what hosts are told of them.

use ::http::HeaderValue;
use sha2::{Digest, Sha256};

use super::Settings;
use crate::clock::{digits, new_number, new_ordered_number};
use crate::config::Trace;

pub type TraceId = [u8; 16];
pub type SpanId = [u8; 8];

/// The flag of a span that is recorded.
const SAMPLED: u8 = 1;

/// A span of someone else's, as `traceparent` and `tracestate` name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub trace_id: TraceId,
    pub span_id: SpanId,
    pub flags: u8,
    pub state: Option<String>,
}

/// What the caller's own tracer says of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// The span that was active when the call was made.
    Active(Span),
    /// The span that the caller has opened for the call itself.
    Own(Span),
}

/// A call's place in a trace.
#[derive(Clone)]
pub struct Tracing {
    pub trace_id: TraceId,
    /// The call's own span.
    pub span_id: SpanId,
    pub parent: Option<SpanId>,
    /// A span of another trace that the call comes from.
    pub link: Option<Span>,
    pub sampled: bool,
    pub state: Option<String>,
    told: Told,
}

/// What hosts are told.
#[derive(Clone)]
enum Told {
    Nothing,
    /// The span of each attempt.
    Attempt,
    /// The call's own span: those of attempts get other names in the caller's tracer.
    Call,
    /// What the caller gave: nobody here makes spans.
    Given(Span),
}

impl Span {
    /// Reads a `traceparent` of any version; `None` where it is none.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let known = text.get(..55)?;
        let rest = &text[55..];
        let mut parts = known.split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let later = version != "00" && version != "ff" && (rest.is_empty() || rest.starts_with('-'));
        if parts.next().is_some() || !(later || (version == "00" && rest.is_empty())) {
            return None;
        }
        hex::<1>(version)?;
        let trace_id = hex(trace).filter(|id| *id != [0; 16])?;
        let span_id = hex(span).filter(|id| *id != [0; 8])?;
        Some(Self { trace_id, span_id, flags: hex::<1>(flags)?[0], state: None })
    }

    pub fn with_state(self, state: Option<String>) -> Self {
        Self { state, ..self }
    }

    fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    fn header(trace_id: &TraceId, span_id: SpanId, flags: u8) -> HeaderValue {
        let text = format!("00-{}-{}-{flags:02x}", written(trace_id), written(&span_id));
        HeaderValue::from_str(&text).expect("hexadecimal digits and hyphens are ASCII")
    }
}

impl Tracing {
    /// The place of a call whose options say `trace`. Without `settings` nobody makes spans here, and a call has a place only
    /// in a trace that it was given.
    pub fn begin(trace: &Trace, given: Option<&Given>, settings: Option<&Settings>) -> Option<Self> {
        if let (Some(Given::Own(own)), Some(settings)) = (given, settings) {
            return Some(Self::owned(own, settings));
        }
        let active = match given {
            Some(Given::Active(span)) => Some(span),
            _ => None,
        };
        let parent = trace.parent.as_ref().or(active);
        let Some(settings) = settings else { return parent.map(Self::given) };
        let named = trace.trace_id.as_deref();
        let asked = named.and_then(as_trace_id);
        // A name that is no trace id makes one only where no trace is given.
        let trace_id = asked
            .or(parent.map(|parent| parent.trace_id))
            .or_else(|| named.map(derived))
            .unwrap_or_else(|| new_ordered_number().to_be_bytes());
        let (parent, link) = match parent {
            Some(parent) if parent.trace_id == trace_id => (Some(parent), None),
            other => (None, other.cloned()),
        };
        let sampled = settings.sampler.takes(parent.map(Span::is_sampled), &trace_id);
        Some(Self {
            trace_id,
            span_id: trace.span_id.as_deref().and_then(as_span_id).unwrap_or_else(new_span_id),
            parent: trace
                .parent_span_id
                .as_deref()
                .and_then(as_span_id)
                .or(parent.map(|parent| parent.span_id)),
            state: parent.and_then(|parent| parent.state.clone()),
            link,
            sampled,
            told: if settings.propagates { Told::Attempt } else { Told::Nothing },
        })
    }

    fn owned(own: &Span, settings: &Settings) -> Self {
        Self {
            trace_id: own.trace_id,
            span_id: own.span_id,
            parent: None,
            link: None,
            sampled: own.is_sampled(),
            state: own.state.clone(),
            told: if settings.propagates { Told::Call } else { Told::Nothing },
        }
    }

    fn given(parent: &Span) -> Self {
        Self {
            trace_id: parent.trace_id,
            span_id: new_span_id(),
            parent: Some(parent.span_id),
            link: None,
            sampled: false,
            state: None,
            told: Told::Given(parent.clone()),
        }
    }

    /// The headers of a request whose attempt has the span `attempt`.
    pub fn headers(&self, attempt: SpanId) -> impl Iterator<Item = (&'static str, HeaderValue)> {
        let flags = if self.sampled { SAMPLED } else { 0 };
        let (parent, state) = match &self.told {
            Told::Nothing => (None, None),
            Told::Attempt => (Some(Span::header(&self.trace_id, attempt, flags)), self.state.as_ref()),
            Told::Call => (Some(Span::header(&self.trace_id, self.span_id, flags)), self.state.as_ref()),
            Told::Given(span) => {
                (Some(Span::header(&span.trace_id, span.span_id, span.flags)), span.state.as_ref())
            }
        };
        let state = state.and_then(|state| HeaderValue::from_str(state).ok());
        parent.map(|value| ("traceparent", value)).into_iter().chain(state.map(|value| ("tracestate", value)))
    }
}

/// Whether a header of this name, in lower case, tells of a trace.
pub fn is_trace_header(name: &str) -> bool {
    matches!(name, "traceparent" | "tracestate")
}

pub fn new_span_id() -> SpanId {
    ((new_number() >> 64) as u64).max(1).to_be_bytes()
}

/// 32 hexadecimal digits, or a UUID.
pub fn as_trace_id(name: &str) -> Option<TraceId> {
    let plain = if name.len() == 36 { name.replace('-', "") } else { name.to_owned() };
    hex(&plain.to_ascii_lowercase()).filter(|id| *id != [0; 16])
}

/// 16 hexadecimal digits.
pub fn as_span_id(name: &str) -> Option<SpanId> {
    hex(&name.to_ascii_lowercase()).filter(|id| *id != [0; 8])
}

/// The trace id of a name that is none: the same for the same name, everywhere.
fn derived(name: &str) -> TraceId {
    let digest = Sha256::digest(name.as_bytes());
    std::array::from_fn(|at| digest[at])
}

/// As it is written: hexadecimal digits.
pub fn written(id: &[u8]) -> String {
    digits(id)
}

/// Reads exactly so many bytes in lower-case hexadecimal digits.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 2 * N || !text.bytes().all(is_hex) {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn parent() -> Span {
        Span::read(PARENT).expect("a traceparent")
    }

    fn place(trace: &Trace) -> Tracing {
        Tracing::begin(trace, None, Some(&Settings::default())).expect("a place")
    }

    fn told(tracing: &Tracing) -> Vec<String> {
        let told = tracing.headers([7; 8]);
        told.map(|(name, value)| format!("{name}: {}", value.to_str().expect("ASCII"))).collect()
    }

    #[test]
    fn a_traceparent_is_read_as_the_standard_says() {
        let span = parent();
        assert_eq!(written(&span.trace_id), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!((written(&span.span_id).as_str(), span.flags), ("b7ad6b7169203331", 1));
        // A later version may say more.
        assert!(Span::read(&PARENT.replacen("00", "01", 1)).is_some());
        assert!(Span::read(&format!("{}-more", PARENT.replacen("00", "cc", 1))).is_some());
        for bad in [
            "",
            "00",
            &PARENT[..54],
            &format!("{PARENT}-more"),
            &PARENT.replacen("00", "ff", 1),
            &PARENT.to_uppercase(),
            &PARENT.replace('b', "g"),
            &PARENT.replace('-', "_"),
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-ü0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-01",
        ] {
            assert_eq!(Span::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_call_without_a_trace_begins_one() {
        let (one, other) = (place(&Trace::default()), place(&Trace::default()));
        assert_ne!(one.trace_id, other.trace_id);
        assert!(one.sampled && one.parent.is_none());
        let trace = written(&one.trace_id);
        assert_eq!(told(&one), [format!("traceparent: 00-{trace}-0707070707070707-01")]);
    }

    #[test]
    fn a_call_joins_the_trace_that_it_is_given() {
        let state = Some("vendor=1".to_owned());
        let trace = Trace { parent: Some(parent().with_state(state)), ..Trace::default() };
        let tracing = place(&trace);
        assert_eq!((tracing.trace_id, tracing.parent), (parent().trace_id, Some(parent().span_id)));
        assert_ne!(tracing.span_id, parent().span_id);
        let wanted = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-0707070707070707-01";
        assert_eq!(told(&tracing), [wanted, "tracestate: vendor=1"]);
    }

    #[test]
    fn what_the_caller_said_comes_before_the_span_that_was_active() {
        let active = Span { span_id: [1; 8], ..parent() };
        let trace = Trace { parent: Some(parent()), ..Trace::default() };
        let given = Given::Active(active.clone());
        let settings = Settings::default();
        let begin = |trace: &Trace| Tracing::begin(trace, Some(&given), Some(&settings)).expect("a place");
        assert_eq!(begin(&trace).parent, Some(parent().span_id));
        assert_eq!(begin(&Trace::default()).parent, Some(active.span_id));
    }

    #[test]
    fn a_trace_id_of_the_caller_s_own_is_the_trace_and_the_active_span_a_link() {
        let own = "11111111111111111111111111111111";
        let trace = Trace { trace_id: Some(own.to_owned()), parent: Some(parent()), ..Trace::default() };
        let tracing = place(&trace);
        assert_eq!(written(&tracing.trace_id), own);
        assert_eq!((tracing.parent, tracing.link), (None, Some(parent())));
        let uuid =
            Trace { trace_id: Some("0AF76519-16cd-43dd-8448-eb211c80319c".to_owned()), ..Trace::default() };
        assert_eq!(place(&uuid).trace_id, parent().trace_id);
    }

    #[test]
    fn another_name_makes_a_trace_id_of_its_own_and_joins_a_trace_that_is_given() {
        let named = Trace { trace_id: Some("session 7".to_owned()), ..Trace::default() };
        assert_eq!(place(&named).trace_id, place(&named).trace_id);
        let joined = Trace { parent: Some(parent()), ..named };
        assert_eq!(place(&joined).trace_id, parent().trace_id);
    }

    #[test]
    fn spans_that_the_caller_names_are_named_so() {
        let named = Trace {
            span_id: Some("00000000000000AA".to_owned()),
            parent_span_id: Some("00000000000000bb".to_owned()),
            ..Trace::default()
        };
        let tracing = place(&named);
        assert_eq!((tracing.span_id[7], tracing.parent.map(|id| id[7])), (0xaa, Some(0xbb)));
    }

    #[test]
    fn without_spans_of_its_own_a_call_hands_on_what_it_was_given() {
        let trace = Trace { parent: Some(parent().with_state(Some("a=b".to_owned()))), ..Trace::default() };
        let tracing = Tracing::begin(&trace, None, None).expect("a place");
        assert_eq!(told(&tracing), [format!("traceparent: {PARENT}"), "tracestate: a=b".to_owned()]);
        assert!(Tracing::begin(&Trace::default(), None, None).is_none());
    }

    #[test]
    fn hosts_are_told_of_the_caller_s_own_span_or_of_nothing() {
        let own = Given::Own(parent());
        let settings = Settings::default();
        let tracing = Tracing::begin(&Trace::default(), Some(&own), Some(&settings)).expect("a place");
        assert_eq!(told(&tracing), [format!("traceparent: {PARENT}")]);
        let silent = Settings { propagates: false, ..Settings::default() };
        let tracing = Tracing::begin(&Trace::default(), Some(&own), Some(&silent)).expect("a place");
        assert!(told(&tracing).is_empty());
    }
}
