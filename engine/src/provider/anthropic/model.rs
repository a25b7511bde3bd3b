//! What a Claude model takes, by its name: how it reasons, which sampling parameters it refuses, how long it may answer.
//! Sources: Anthropic's pages on effort, thinking, structured outputs and migration, and the limits of its models page.
//! A model of another name (a custom host has any) is taken for one that knows the whole of today's API.

/// A model, as far as its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// `(4, 5)` of `claude-sonnet-4-5-20250929`; `None` of a Claude without a number, which are newer ones.
    version: Option<(u32, u32)>,
    is_claude: bool,
    is_opus: bool,
    always_thinks: bool,
}

/// How a model is told to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reasoning {
    /// It doesn't.
    None,
    /// `thinking.budget_tokens`.
    Budget,
    /// `output_config.effort`.
    Effort(Effort),
}

/// Which levels of effort there are beyond low, medium and high, and how thinking goes with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    pub xhigh: bool,
    pub max: bool,
    pub thinks: Thinks,
}

/// When a model that knows efforts thinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thinks {
    /// Nothing is known of it.
    Unknown,
    /// When it is asked to, by `thinking: {"type": "adaptive"}`.
    Asked,
    /// Unless it is told not to.
    Usually,
    Always,
}

impl Model {
    /// Reads the spellings of Anthropic, Vertex (`claude-opus-4-1@20250805`), Bedrock
    /// (`us.anthropic.claude-opus-4-1-20250805-v1:0`) and proxies (`anthropic/claude-opus-4.1`).
    pub fn of(name: &str) -> Self {
        let Some((_, rest)) = name.rsplit_once("claude-") else {
            return Self { version: None, is_claude: false, is_opus: false, always_thinks: false };
        };
        let words: Vec<&str> = rest.split(['-', '.', '@', ':']).collect();
        let number = |at: usize| words.get(at).filter(|word| word.len() <= 2)?.parse::<u32>().ok();
        let major = (0..words.len()).find(|at| number(*at).is_some());
        let version = major.map(|at| (number(at).unwrap_or(0), number(at + 1).unwrap_or(0)));
        let always_thinks = words.contains(&"fable") || words.contains(&"mythos");
        Self { version, is_claude: true, is_opus: words.contains(&"opus"), always_thinks }
    }

    fn is_before(self, version: (u32, u32)) -> bool {
        self.version.is_some_and(|own| own < version)
    }

    pub fn reasoning(self) -> Reasoning {
        if self.is_before((3, 7)) {
            return Reasoning::None;
        }
        if self.is_before((4, 6)) && !(self.is_opus && self.version == Some((4, 5))) {
            return Reasoning::Budget;
        }
        let thinks = if !self.is_claude || self.is_before((4, 6)) {
            Thinks::Unknown
        } else if self.is_before((5, 0)) {
            Thinks::Asked
        } else if self.always_thinks {
            Thinks::Always
        } else {
            Thinks::Usually
        };
        Reasoning::Effort(Effort { xhigh: !self.is_before((4, 7)), max: !self.is_before((4, 6)), thinks })
    }

    /// Whether it knows `output_config.format` and strict tools.
    pub fn takes_schemas(self) -> bool {
        !self.is_before((4, 5))
    }

    /// Whether a temperature other than 1 and the like are allowed.
    pub fn takes_sampling(self) -> bool {
        !self.is_claude || self.is_before((4, 7))
    }

    /// Whether temperature and `top_p` may come together.
    pub fn takes_two_samplings(self) -> bool {
        !self.is_claude || self.is_before((4, 1))
    }

    /// `max_tokens` for a call that gives none: room for a long answer, within every such model's limit.
    pub fn default_tokens(self) -> u64 {
        if !self.is_claude || self.is_before((3, 5)) {
            4096
        } else if self.is_before((3, 7)) {
            8192
        } else {
            16_384
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_every_spelling() {
        let cases = [
            ("claude-sonnet-4-5-20250929", Some((4, 5))),
            ("claude-sonnet-4-5@20250929", Some((4, 5))),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", Some((4, 5))),
            ("anthropic/claude-opus-4.1", Some((4, 1))),
            ("claude-sonnet-4-20250514", Some((4, 0))),
            ("claude-3-opus-20240229", Some((3, 0))),
            ("claude-3-5-haiku-latest", Some((3, 5))),
            ("claude-opus-5", Some((5, 0))),
            ("claude-2.1", Some((2, 1))),
            ("claude-mythos-preview", None),
            ("smollm2-135m", None),
        ];
        for (name, version) in cases {
            assert_eq!(Model::of(name).version, version, "{name}");
        }
    }

    #[test]
    fn reasoning_follows_the_generations() {
        let effort = |name: &str| match Model::of(name).reasoning() {
            Reasoning::Effort(effort) => (effort.xhigh, effort.max, effort.thinks),
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(Model::of("claude-3-5-sonnet-latest").reasoning(), Reasoning::None);
        for name in ["claude-3-7-sonnet-latest", "claude-opus-4-1", "claude-sonnet-4-5", "claude-haiku-4-5"] {
            assert_eq!(Model::of(name).reasoning(), Reasoning::Budget, "{name}");
        }
        assert_eq!(effort("claude-opus-4-5"), (false, false, Thinks::Unknown));
        assert_eq!(effort("claude-sonnet-4-6"), (false, true, Thinks::Asked));
        assert_eq!(effort("claude-opus-4-7"), (true, true, Thinks::Asked));
        assert_eq!(effort("claude-opus-5"), (true, true, Thinks::Usually));
        assert_eq!(effort("claude-fable-5"), (true, true, Thinks::Always));
        assert_eq!(effort("smollm2-135m"), (true, true, Thinks::Unknown));
    }

    #[test]
    fn the_default_length_is_within_each_model_s_limit() {
        let cases = [
            ("claude-3-haiku-20240307", 4096),
            ("claude-3-5-haiku-latest", 8192),
            ("claude-sonnet-5", 16_384),
            ("llama", 4096),
        ];
        for (name, wanted) in cases {
            assert_eq!(Model::of(name).default_tokens(), wanted, "{name}");
        }
    }
}
