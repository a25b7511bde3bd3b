//! What two texts must have in common whatever their vectors say: their numbers, in order, and how often they negate.
//! Embeddings of "refund order 17" and "refund order 71", or of "is it safe" and "is it not safe", are nearly the same;
//! their answers are not. A text is compared by what it spells, so that a doubt costs a new answer and never a wrong one.
//! It knows English words, digits of any script, and nothing of opposites (`enable`, `disable`), names or dates in words.

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// As they are spelled, signs and separators included; number words in lower case.
    numbers: Vec<Box<str>>,
    negations: usize,
}

/// Without apostrophes, as the words of a text are compared.
const NEGATIONS: &str = "\
    no not nor none never neither nobody nothing nowhere without except unless hardly barely cannot aint \
    arent cant couldnt didnt doesnt dont hadnt hasnt havent isnt mustnt neednt shouldnt wasnt werent wont \
    wouldnt";

const NUMBERS: &str = "\
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen \
    seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand \
    million billion trillion dozen half quarter once twice first second third fourth fifth sixth seventh \
    eighth ninth tenth";

impl Facts {
    pub fn of(text: &str) -> Self {
        let mut facts = Self::default();
        let mut at = 0;
        while let Some(skipped) = text[at..].find(char::is_alphanumeric) {
            at += skipped;
            let length = word_length(&text[at..]);
            facts.take(sign_before(&text[..at]), &text[at..at + length]);
            at += length;
        }
        facts
    }

    fn take(&mut self, sign: &str, word: &str) {
        if word.contains(char::is_numeric) {
            let sign = if word.starts_with(char::is_numeric) { sign } else { "" };
            return self.numbers.push(format!("{sign}{word}").to_lowercase().into());
        }
        let word: String = word.chars().filter(|c| !is_apostrophe(*c)).flat_map(char::to_lowercase).collect();
        let is_among = |list: &str| list.split(' ').any(|listed| listed == word);
        if is_among(NUMBERS) {
            self.numbers.push(word.into());
        } else if is_among(NEGATIONS) {
            self.negations += 1;
        }
    }

    pub fn weight(&self) -> usize {
        let numbers: usize = self.numbers.iter().map(|number| size_of::<Box<str>>() + number.len()).sum();
        size_of::<Self>() + numbers
    }
}

/// A sign that belongs to the number after it: one that follows no word, as the hyphen of `4-5` does.
fn sign_before(text: &str) -> &'static str {
    let mut before = text.chars().rev();
    let sign = match before.next() {
        Some('-' | '\u{2212}') => "-",
        Some('+') => "+",
        _ => return "",
    };
    if before.next().is_none_or(|c| !c.is_alphanumeric()) { sign } else { "" }
}

/// The length of a word: letters and digits, with an apostrophe, a point or a comma between two of them where it
/// belongs to the word (`don't`, `1,000.50`).
fn word_length(text: &str) -> usize {
    let mut previous = None;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        if !letter.is_alphanumeric() {
            let next = letters.peek().map(|(_, next)| *next);
            let (Some(before), Some(after)) = (previous, next) else { return at };
            let joins = is_apostrophe(letter) && char::is_alphabetic(before) && after.is_alphabetic()
                || matches!(letter, '.' | ',') && char::is_numeric(before) && after.is_numeric();
            if !joins {
                return at;
            }
        }
        previous = Some(letter);
    }
    text.len()
}

fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '\u{2019}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agree(one: &str, other: &str) -> bool {
        Facts::of(one) == Facts::of(other)
    }

    #[test]
    fn other_words_for_the_same_agree() {
        for (one, other) in [
            ("What is the capital of France?", "Which city is France's capital?"),
            ("Refund order 17, please", "please refund the order 17."),
            ("Is this NOT safe?", "isn't this safe"),
            ("Why doesn’t it start?", "why does it not start?"),
            ("Convert 1,000.50 € to USD", "How much is 1,000.50 € in USD?"),
            ("", "Hello!"),
        ] {
            assert!(agree(one, other), "{one} / {other}: {:?} {:?}", Facts::of(one), Facts::of(other));
        }
    }

    #[test]
    fn other_numbers_do_not() {
        for (one, other) in [
            ("Refund order 17", "Refund order 71"),
            ("Refund order 17", "Refund the order"),
            ("What is 3 to the 5?", "What is 5 to the 3?"),
            ("Is -5 cold?", "Is 5 cold?"),
            ("Is −5 cold?", "Is 5 cold?"),
            ("2.5 mg", "25 mg"),
            ("2.5 mg", "2,5 mg"),
            ("gpt-4", "gpt-5"),
            ("model v2", "model v3"),
            ("Give me two examples", "Give me three examples"),
            ("the first chapter", "the second chapter"),
            ("٣ أمثلة", "٤ أمثلة"),
            ("in 2023", "in 2024"),
        ] {
            assert!(!agree(one, other), "{one} / {other}: {:?}", Facts::of(one));
        }
    }

    #[test]
    fn a_negation_more_or_less_does_not() {
        for (one, other) in [
            ("Is it safe?", "Is it not safe?"),
            ("Can I return it?", "Can't I return it?"),
            ("Can I return it?", "Cant I return it?"),
            ("pizza with cheese", "pizza without cheese"),
            ("Never call this twice", "Call this twice"),
            ("all except mine", "all, and mine"),
            ("I do not know nothing", "I do not know"),
        ] {
            assert!(!agree(one, other), "{one} / {other}: {:?}", Facts::of(one));
        }
    }

    #[test]
    fn a_hyphen_inside_is_no_sign() {
        assert_eq!(Facts::of("4-5"), Facts::of("4 5"));
        assert_eq!(Facts::of("a -5"), Facts::of("(-5)"));
        assert_eq!(&*Facts::of("-1.").numbers[0], "-1");
        assert_eq!(&*Facts::of("1.x").numbers[0], "1");
    }

    /// Its documented limit: opposites and names are left to the vectors.
    #[test]
    fn opposites_and_names_are_not_told_apart() {
        assert!(agree("How do I enable it?", "How do I disable it?"));
        assert!(agree("weather in Paris", "weather in London"));
    }
}
