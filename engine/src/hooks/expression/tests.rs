use std::ops::Range;

use proptest::prelude::*;

use super::*;
use crate::clock::SystemClock;

fn flags(text: &str) -> Flags {
    Flags {
        ignore_case: text.contains('i'),
        multiline: text.contains('m'),
        dot_all: text.contains('s'),
        unicode: text.contains('u'),
    }
}

fn compiled(pattern: &str, flag: &str) -> Expression {
    Expression::new(pattern, flags(flag)).unwrap_or_else(|why| panic!("{pattern}: {why}"))
}

fn found(pattern: &str, flag: &str, text: &str) -> Option<Range<usize>> {
    compiled(pattern, flag).find(text).unwrap_or_else(|why| panic!("{pattern}: {why:?}"))
}

/// An engine of JavaScript's own expressions, which backtracks and so cannot be used for strangers' texts.
fn oracle(pattern: &str, flag: &str, text: &str) -> Option<Range<usize>> {
    let regex = regress::Regex::with_flags(pattern, flag).unwrap_or_else(|why| panic!("{pattern}: {why}"));
    regex.find(text).map(|found| found.range())
}

const LINEAR: &[(&str, &str, &str)] = &[
    (r"\d+", "", "a ٣ 12"),
    (r"\w+", "", "é_a"),
    (r"\bfoo\b", "", "éfoo"),
    (r"\Boo", "", "foo"),
    (r"\Bo", "", "éo"),
    (r"\s+", "", "a\u{feff}\u{85}b"),
    (r"\S", "", "\u{85}"),
    (r".+", "", "\u{2028}ab\rc"),
    (r".+", "s", "\u{2028}ab\rc"),
    (r"^b", "", "a\nb"),
    (r"a$", "", "a\nb"),
    (r"a$", "", "a\n"),
    (r"[^]", "", "\n"),
    (r"[]", "", "a"),
    (r"a{,2}", "", "aa a{,2}"),
    (r"{", "", "x{"),
    (r"]}", "", "a]}"),
    (r"a{2}b{1,}?c{0,3}", "", "aabbcc"),
    (r"[\w-]+", "", "a-b c"),
    (r"[\w-a]+", "", "-é"),
    (r"[a\-z]+", "", "b-a"),
    (r"[\]\[&&~~-]+", "", "x[&]~"),
    (r"[^\s\d]+", "", "1 ab"),
    (r"[\D]+", "", "1ab"),
    (r"[\b]", "", "a\u{8}"),
    (r"\x41\u0042\cJ", "", "AB\n"),
    (r"\u{1F600}", "u", "a😀"),
    (r"\ud83d\ude00", "u", "a😀"),
    (r"\p{L}+", "u", "1é"),
    (r"\P{L}+", "u", "é12"),
    (r"[\p{Lu}\d]+", "u", "aÉ1"),
    (r"FOO", "i", "a foo"),
    (r"[A-Z]+\d", "i", "ab1"),
    (r"é", "i", "É"),
    (r"a\/b\-c", "", "a/b-c"),
    (r"\A\z\k", "", "Azk"),
    (r"\0", "", "a\0"),
    (r"(a|ab)(c|bcd)", "", "abcd"),
    (r"(?<year>\d{4})-(?:0|1)\d", "", "in 2024-11"),
    (r"<[^>]+>", "", "a <b c> d"),
    (r"#~ @!%&,;:'`=", "", "#~ @!%&,;:'`="),
    ("日本", "", "x日本"),
];

const AROUND: &[(&str, &str, &str)] = &[
    (r"^b", "m", "a\nb"),
    (r"^b", "m", "a\u{2028}b"),
    (r"a$", "m", "a\rb"),
    (r"(?=.*\d)[a-z]+\d", "", "abc1"),
    (r"(?<=\$)\d+", "", "€4 $42"),
    (r"(?<!\$)\b\d+", "", "$4 42"),
    (r"(?<=a+)b", "", "aaab"),
    (r"x(?!y)", "", "xyxz"),
    (r"(\w)\1", "", "abccd"),
    (r"(?<q>['\x22]).*?\k<q>", "", "say 'a\"b' \"c\""),
    (r"(?:(a)\1)+b", "", "aaaab"),
    (r"(?<=é)\b\w", "", "éa"),
];

#[test]
fn an_expression_means_what_it_means_in_javascript() {
    for (pattern, flag, text) in LINEAR {
        assert_eq!(found(pattern, flag, text), oracle(pattern, flag, text), "{pattern} {flag} {text}");
        assert!(matches!(compiled(pattern, flag).matcher, Matcher::Linear(_)), "{pattern}");
    }
    for (pattern, flag, text) in AROUND {
        assert_eq!(found(pattern, flag, text), oracle(pattern, flag, text), "{pattern} {flag} {text}");
        assert!(matches!(compiled(pattern, flag).matcher, Matcher::Stepped(_)), "{pattern}");
    }
    assert_eq!(found(r"\ud83d\ude00", "", "a😀"), Some(1..5));
}

#[test]
fn what_has_no_equal_is_refused_with_its_reason() {
    let cases = [
        ("(", "", "never closed"),
        (")", "", "closes nothing"),
        ("[a", "", "never closed"),
        ("*a", "", "follows nothing"),
        ("a**", "", "follows another"),
        ("a{2}{3}", "", "follows nothing"),
        ("{2}", "", "follows nothing"),
        ("(?=a)*", "", "cannot be repeated"),
        (r"\b+", "", "cannot be repeated"),
        ("a{3,2}", "", "wrong order"),
        ("[z-a]", "", "wrong order"),
        ("a\\", "", "backslash"),
        (r"\2(a)", "", "no group"),
        (r"\1(a)", "", "may not have matched"),
        (r"(a)?\1", "", "may not have matched"),
        (r"(a)|\1", "", "may not have matched"),
        (r"(?:(a)|b)\1", "", "may not have matched"),
        (r"(a\1)", "", "may not have matched"),
        (r"(?!(a))\1", "", "may not have matched"),
        (r"(?<=(a)\1)", "", "look-behind"),
        (r"(a)\1", "i", "flag i"),
        (r"\k<b>(?<a>x)", "", "no group"),
        (r"(?<a>x)(?<a>y)", "", "same name"),
        (r"(?<1>x)", "", "name"),
        (r"(?i:x)", "", "not known"),
        (r"\01", "", "octal"),
        (r"[\1]", "", "no meaning"),
        (r"\ud83d", "", "surrogate"),
        (r"[\ud83d]", "", "surrogate"),
        (r"\u{61}", "", "flag u"),
        (r"\p{L}", "", "flag u"),
        (r"\p{L}", "iu", "under i"),
        (r"\p{Nonsense}", "u", "too large, or names no property"),
        (r"\u{61", "u", "no character"),
        (r"\p{L", "u", "no property"),
        (r"\u{110000}", "u", "no character"),
        (r"\x4", "", "hexadecimal"),
        (r"\-", "u", "no escape"),
        (r"\xZZ", "", "hexadecimal"),
        ("(?:a{1000}){1000}", "", "too large"),
        (&"(".repeat(101), "", "nested deeper"),
    ];
    for (pattern, flag, reason) in cases {
        let why =
            Expression::new(pattern, flags(flag)).err().unwrap_or_else(|| panic!("{pattern} was accepted"));
        assert!(why.contains(reason), "{pattern}: {why}");
    }
    let why = Expression::to_replace("(?:|a)+", Flags::default()).expect_err("a reason");
    assert!(why.contains("may match nothing"), "{why}");
    assert!(Expression::new(r"(\s*\w*)*x", Flags::default()).is_ok());
}

#[test]
fn work_is_bounded_and_what_is_not_done_is_an_error() {
    let evil = compiled(r"(?=x|a)(a|a)+$(?!x)", "");
    let text = format!("{}b", "a".repeat(40));
    assert_eq!(
        evil.find(&text).expect_err("too many steps").message(),
        "the expression takes too many steps over this text"
    );
    let long = "a".repeat(LONGEST_AROUND + 1);
    assert!(evil.find(&long).expect_err("too long").message().contains("32 KiB"));
    let linear = compiled("(a+)+$", "");
    assert_eq!(linear.find(&format!("{long}b")), Ok(None));
    let long = "a".repeat(LONGEST_TEXT + 1);
    assert!(linear.find(&long).expect_err("too long").message().contains("1024 KiB"));
}

/// What a follower says after each piece.
fn followed(pattern: &str, pieces: &[&str]) -> Vec<Followed> {
    let automaton = compiled(pattern, "").automaton().expect("an automaton");
    let mut follower = Follower::new(&automaton);
    let mut text = String::new();
    let mut read = |piece: &&str| {
        text.push_str(piece);
        follower.read(&text)
    };
    pieces.iter().map(&mut read).collect()
}

#[test]
fn a_follower_knows_what_may_yet_match() {
    use Followed::{ClearTo, Match};
    assert_eq!(followed(r"\d{3}-\d", &["a 12", "x12", "3-"]), [ClearTo(2), ClearTo(5), ClearTo(5)]);
    assert_eq!(followed(r"\d{3}-\d", &["1234", "-", "5"]), [ClearTo(1), ClearTo(1), Match]);
    assert_eq!(
        followed(r"\w+@\w+\.com", &["mail me", "@h.c", " or e@"]),
        [ClearTo(5), ClearTo(5), ClearTo(15)]
    );
    assert_eq!(followed(r"\bfoo\b", &["foo", "d foo", "."]), [ClearTo(0), ClearTo(5), Match]);
    assert_eq!(followed(r"a$", &["a", "a"]), [ClearTo(0), ClearTo(1)]);
    assert_eq!(followed(r"^a", &["a"]), [Match]);
    assert_eq!(followed(r"^b", &["a", "b"]), [ClearTo(1), ClearTo(2)]);
    assert_eq!(followed(r"x*", &[""]), [Match]);
    assert_eq!(followed(r"[]", &["a"]), [ClearTo(1)]);
    assert!(compiled("a(?=b)", "").automaton().is_none());
}

fn replaced(pattern: &str, flag: &str, text: &str, with: &str, all: bool) -> Option<(String, usize)> {
    let expression =
        Expression::to_replace(pattern, flags(flag)).unwrap_or_else(|why| panic!("{pattern}: {why}"));
    let template = Template::new(with, &expression).unwrap_or_else(|why| panic!("{with}: {why}"));
    expression.replace(text, &template, all, &SystemClock).unwrap_or_else(|why| panic!("{pattern}: {why:?}"))
}

#[test]
fn matches_are_replaced_as_javascript_replaces_them() {
    let cases = [
        ("[0-9]+", "a 12 b 3", "[N]", false, "a [N] b 3", 1),
        ("[0-9]+", "a 12 b 3", "[N]", true, "a [N] b [N]", 2),
        ("x*", "xa", "-", true, "--a-", 3),
        ("x*", "é", "-", true, "-é-", 2),
        ("", "", "-", true, "-", 1),
        (r"(\d{4})(\d{4})", "12345678", "****$2", true, "****5678", 1),
        (r"(?<a>\w)(?<b>\w)?", "ab c", "$<b>$<a>$<z>|", true, "ba| c|", 2),
        ("(a)", "a", "$1$01$10$2$0$$1$&$<x>$", true, "aaa0$2$0$1a$<x>$", 1),
        (r"(?<=a)b", "abab", "_", true, "a_a_", 2),
        ("^a", "aa", "_", true, "_a", 1),
    ];
    for (pattern, text, with, all, wanted, count) in cases {
        let wanted = Some((wanted.to_owned(), count));
        assert_eq!(replaced(pattern, "", text, with, all), wanted, "{pattern} {text} {with}");
    }
    assert_eq!(replaced("z", "", "abc", "-", true), None);
    let expression = compiled("a", "");
    assert!(Template::new("$`", &expression).is_err());
    let template = Template::new(&"x".repeat(1 << 20), &expression).unwrap_or_else(|why| panic!("{why}"));
    let why = expression.replace(&"a".repeat(99), &template, true, &SystemClock).expect_err("too long");
    assert!(why.message().contains("16 MiB"), "{why:?}");
}

/// Patterns whose every repetition consumes something.
fn patterns() -> impl Strategy<Value = String> {
    let letter = prop_oneof![
        Just("a"),
        Just("b"),
        Just("é"),
        Just("."),
        Just(r"\w"),
        Just(r"\d"),
        Just(r"\s"),
        Just("[^a]"),
        Just("[a-cé]"),
        Just(r"[\d\-]"),
        Just("-"),
    ];
    let assertion = prop_oneof![Just("^"), Just("$"), Just(r"\b"), Just(r"\B")];
    let quantifier = prop_oneof![
        Just(""),
        Just("*"),
        Just("+"),
        Just("?"),
        Just("*?"),
        Just("+?"),
        Just("{1,2}"),
        Just("{2}")
    ];
    let atom = prop_oneof![
        6 => (letter, quantifier.clone()).prop_map(|(letter, quantifier)| format!("{letter}{quantifier}")),
        1 => assertion.prop_map(str::to_owned),
    ];
    atom.prop_recursive(3, 16, 3, move |inner| {
        let pieces = prop::collection::vec(inner, 1..4);
        prop_oneof![
            pieces.clone().prop_map(|pieces| pieces.concat()),
            (pieces.clone(), quantifier.clone())
                .prop_map(|(pieces, q)| format!("(a{}){q}", pieces.join("|"))),
            pieces.clone().prop_map(|pieces| format!("(?:{})", pieces.join("|"))),
            pieces.clone().prop_map(|pieces| format!("(?={})", pieces.concat())),
            pieces.clone().prop_map(|pieces| format!("(?!{})", pieces.concat())),
            pieces.prop_map(|pieces| format!("(?<=(?:{}))", pieces.join("|"))),
        ]
    })
}

proptest! {
    #[test]
    fn no_pattern_breaks_the_reading_of_it(pattern in r"[a-cé(){}|*+?^$.\\dwsbBkpuxn0-9<>=!:,\-\[\]]{0,14}", text in "[a-c1 -]{0,6}", flag in prop_oneof![Just(""), Just("u"), Just("iu"), Just("m")]) {
        let (Ok(expression), Ok(wanted)) = (Expression::new(&pattern, flags(flag)), regress::Regex::with_flags(&pattern, flag))
        else { return Ok(()) };
        let found = expression.find(&text).unwrap_or_else(|why| panic!("{pattern}: {why:?}"));
        prop_assert_eq!(found.is_some(), wanted.find(&text).is_some());
    }

    #[test]
    fn any_expression_finds_what_an_engine_of_javascript_finds(
        pattern in patterns(), text in "[abé1 \n-]{0,12}", flag in prop_oneof![Just(""), Just("m"), Just("s")],
    ) {
        let Ok(expression) = Expression::new(&pattern, flags(flag)) else { return Ok(()) };
        let wanted = oracle(&pattern, flag, &text);
        let found = expression.find(&text).unwrap_or_else(|why| panic!("{pattern}: {why:?}"));
        prop_assert_eq!(found.is_some(), wanted.is_some());
        if let Some(automaton) = expression.automaton() {
            let mut follower = Follower::new(&automaton);
            let mut earlier = 0;
            for (at, letter) in text.char_indices() {
                match follower.read(&text[..at + letter.len_utf8()]) {
                    Followed::Match => {
                        prop_assert!(found.is_some());
                        break;
                    }
                    Followed::ClearTo(end) => {
                        prop_assert!(found.as_ref().is_none_or(|found| end <= found.start), "{} {:?}", end, found);
                        prop_assert!(earlier <= end);
                        earlier = end;
                    }
                }
            }
        }
        if Expression::to_replace(&pattern, flags(flag)).is_ok() {
            prop_assert_eq!(found, wanted);
        }
    }
}
