//! The languages in which pages can be read, and which of them a reader wants.

use std::sync::OnceLock;

use super::catalogue::Catalogue;

/// A language in which pages can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language(usize);

/// What the texts are written in.
pub const ENGLISH: Language = Language(0);

/// What is known of a language.
struct Known {
    /// BCP 47.
    tag: &'static str,
    /// Its name in itself.
    name: &'static str,
    /// Its gettext file; empty for English.
    catalogue: &'static str,
    /// Which form a number takes; the file's head says the same as a formula.
    plural: fn(u64) -> usize,
    /// What a machine that reads the head of the file knows as the rule.
    #[cfg_attr(
        not(test),
        allow(dead_code, reason = "compared with the files by a test")
    )]
    rule: &'static str,
    right_to_left: bool,
}

macro_rules! known {
    ($tag:literal, $name:literal, $file:literal, $plural:expr, $rule:literal) => {
        Known {
            tag: $tag,
            name: $name,
            catalogue: include_str!(concat!("../../../python/kallithea_rs/i18n/", $file, ".po")),
            plural: $plural,
            rule: $rule,
            right_to_left: false,
        }
    };
}

const KNOWN: [Known; 7] = [
    Known {
        tag: "en",
        name: "English",
        catalogue: "",
        plural: two_forms,
        rule: "",
        right_to_left: false,
    },
    known!(
        "de",
        "Deutsch",
        "de",
        two_forms,
        "nplurals=2; plural=(n != 1);"
    ),
    known!(
        "es",
        "Español",
        "es",
        two_forms,
        "nplurals=2; plural=(n != 1);"
    ),
    known!(
        "fr",
        "Français",
        "fr",
        french,
        "nplurals=2; plural=(n > 1);"
    ),
    known!("ja", "日本語", "ja", one_form, "nplurals=1; plural=0;"),
    known!(
        "ru",
        "Русский",
        "ru",
        russian,
        "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);"
    ),
    known!(
        "zh-Hans",
        "简体中文",
        "zh_Hans",
        one_form,
        "nplurals=1; plural=0;"
    ),
];

fn one_form(_: u64) -> usize {
    0
}

fn two_forms(n: u64) -> usize {
    usize::from(n != 1)
}

fn french(n: u64) -> usize {
    usize::from(n > 1)
}

fn russian(n: u64) -> usize {
    match (n % 10, n % 100) {
        (_, 11..=14) => 2,
        (1, _) => 0,
        (2..=4, _) => 1,
        _ => 2,
    }
}

/// Read when the first page in a language is made; each process keeps only what its readers read.
static READ: [OnceLock<Catalogue>; KNOWN.len()] = [const { OnceLock::new() }; KNOWN.len()];

impl Language {
    /// All of them, English first.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..KNOWN.len()).map(Self)
    }

    /// BCP 47: `en`, `de`, `zh-Hans`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        KNOWN[self.0].tag
    }

    /// Its name in itself: `Deutsch`.
    #[must_use]
    pub fn name(self) -> &'static str {
        KNOWN[self.0].name
    }

    /// `ltr` or `rtl`.
    #[must_use]
    pub fn direction(self) -> &'static str {
        if KNOWN[self.0].right_to_left {
            "rtl"
        } else {
            "ltr"
        }
    }

    /// The text that all its words come from; empty for English.
    pub(crate) fn source(self) -> &'static str {
        KNOWN[self.0].catalogue
    }

    /// What a message says in this language, when that is known.
    pub(super) fn look_up(self, message: &str) -> Option<&'static str> {
        self.catalogue()?.get(message, 0)
    }

    /// What a message that counts says for this number.
    pub(super) fn look_up_plural(self, one: &str, n: u64) -> Option<&'static str> {
        self.catalogue()?.get(one, (KNOWN[self.0].plural)(n))
    }

    fn catalogue(self) -> Option<&'static Catalogue> {
        if self == ENGLISH {
            return None;
        }
        let catalogue = READ[self.0].get_or_init(|| {
            Catalogue::parse(KNOWN[self.0].catalogue)
                .expect("the catalogues are compiled in and tested")
        });
        Some(catalogue)
    }

    /// The language for a tag as browsers and ini files write it: `de`, `de-AT`, `de_AT`, `zh-CN`.
    #[must_use]
    pub fn for_tag(tag: &str) -> Option<Self> {
        let tag = tag.trim().replace('_', "-").to_ascii_lowercase();
        let parts: Vec<&str> = tag.split('-').collect();
        // Written Chinese is two languages to a reader; who asks for the traditional one gets what comes next.
        if parts.first() == Some(&"zh") {
            let traditional = ["hant", "tw", "hk", "mo"];
            let simplified =
                parts.contains(&"hans") || !parts.iter().any(|part| traditional.contains(part));
            return simplified.then(|| Self::by_tag("zh-hans")).flatten();
        }
        Self::by_tag(parts.first()?)
    }

    fn by_tag(tag: &str) -> Option<Self> {
        Self::all().find(|known| known.tag().eq_ignore_ascii_case(tag))
    }

    /// The one that the header `Accept-Language` asks for most; `None` when it knows none of ours.
    #[must_use]
    pub fn wanted(header: &str) -> Option<Self> {
        let mut best = (0.0, None);
        for range in header.split(',') {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim();
            let quality = parts
                .find_map(|part| part.trim().strip_prefix("q=")?.trim().parse::<f32>().ok())
                .unwrap_or(1.0);
            // Among equals the first one counts; `*` leaves the choice to the site.
            if let Some(language) = Self::for_tag(tag)
                && quality > best.0
                && quality <= 1.0
            {
                best = (quality, Some(language));
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_get_the_language_they_want_most() {
        for (header, tag) in [
            ("", ""),
            ("de", "de"),
            ("de-AT,de;q=0.9,en;q=0.8", "de"),
            ("en-GB,en;q=0.9,de;q=0.8", "en"),
            ("nl, fr;q=0.5, es;q=0.7", "es"),
            ("nl;q=1.0, *;q=0.5", ""),
            ("de;q=0, fr;q=0.1", "fr"),
            ("zh-CN", "zh-Hans"),
            ("zh-Hant-TW, ja;q=0.5", "ja"),
            ("zh-Hans-HK", "zh-Hans"),
            ("de;q=nonsense", "de"),
            ("de;q=7, fr", "fr"),
            (";;;,,q=,ß;q=\u{0}", ""),
        ] {
            let found = Language::wanted(header).map_or("", Language::tag);
            assert_eq!(found, tag, "{header}");
        }
        assert_eq!(Language::for_tag("pt_BR"), None);
        assert_eq!(
            Language::for_tag("de_DE").map(Language::name),
            Some("Deutsch")
        );
    }

    #[test]
    fn numbers_take_the_form_of_their_language() {
        let forms = |tag: &str, numbers: &[u64]| {
            let plural = KNOWN.iter().find(|known| known.tag == tag).unwrap().plural;
            numbers.iter().map(|&n| plural(n)).collect::<Vec<_>>()
        };
        assert_eq!(forms("de", &[0, 1, 2]), [1, 0, 1]);
        assert_eq!(forms("fr", &[0, 1, 2]), [0, 0, 1]);
        assert_eq!(forms("ja", &[0, 1, 2]), [0, 0, 0]);
        assert_eq!(
            forms(
                "ru",
                &[1, 2, 4, 5, 11, 12, 14, 20, 21, 22, 25, 101, 111, 112, 122]
            ),
            [0, 1, 1, 2, 2, 2, 2, 2, 0, 1, 2, 0, 2, 2, 1]
        );
    }

    #[test]
    fn every_catalogue_can_be_read_and_counts_as_its_head_says() {
        for (at, known) in KNOWN.iter().enumerate().skip(1) {
            assert!(Language(at).catalogue().is_some(), "{}", known.tag);
            let head = format!("\"Plural-Forms: {}\\n\"", known.rule);
            assert!(known.catalogue.contains(&head), "{}: {head}", known.tag);
            let language = format!("\"Language: {}\\n\"", known.tag.replace('-', "_"));
            assert!(known.catalogue.contains(&language), "{}", known.tag);
        }
    }
}
