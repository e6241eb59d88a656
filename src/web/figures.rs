//! Numbers, shares and sizes in the figures of a language.

use crate::i18n::{Language, m};

impl Language {
    /// `82 601`, with what the language puts between thousands. Numbers of four digits stay together.
    #[must_use]
    pub fn number(self, n: u64) -> String {
        let digits = n.to_string();
        if digits.len() < 5 {
            return digits;
        }
        let gap = match self.tag() {
            "de" | "es" => '.',
            "ja" | "zh-Hans" => ',',
            _ => '\u{202f}',
        };
        let mut out = String::with_capacity(digits.len() * 2);
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                out.push(gap);
            }
            out.push(digit);
        }
        out
    }

    /// A number with so many decimal places: `42,1`.
    #[must_use]
    pub fn decimal(self, number: f64, places: usize) -> String {
        let figures = format!("{number:.places$}");
        match self.tag() {
            "de" | "es" | "fr" | "ru" => figures.replace('.', ","),
            _ => figures,
        }
    }

    /// A size in powers of 1024, as file lists show it: `4.7 KiB`.
    #[must_use]
    pub fn size(self, bytes: u64) -> String {
        self.measured(render::size_parts(bytes))
    }

    /// A size in powers of 1000, as the summary of a repository shows it: `4.8 kB`.
    #[must_use]
    pub fn size_decimal(self, bytes: u64) -> String {
        self.measured(render::size_decimal_parts(bytes))
    }

    fn measured(self, (number, unit): (f64, &str)) -> String {
        let sentence = match unit {
            "kB" => m("{n} kB"),
            "MB" => m("{n} MB"),
            "GB" => m("{n} GB"),
            "TB" => m("{n} TB"),
            "PB" => m("{n} PB"),
            "EB" => m("{n} EB"),
            "KiB" => m("{n} KiB"),
            "MiB" => m("{n} MiB"),
            "GiB" => m("{n} GiB"),
            "TiB" => m("{n} TiB"),
            "PiB" => m("{n} PiB"),
            "EiB" => m("{n} EiB"),
            _ => return self.tf(m("{n} B"), &[("n", &self.decimal(number, 0))]),
        };
        self.tf(sentence, &[("n", &self.decimal(number, 1))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_its_own_figures() {
        let of = |tag: &str| Language::for_tag(tag).unwrap();
        for (tag, expected) in [
            (
                "en",
                [
                    "4.7 KiB",
                    "1.0 MB",
                    "999 B",
                    "42.1",
                    "1234",
                    "82\u{202f}601",
                ],
            ),
            (
                "de",
                ["4,7 KiB", "1,0 MB", "999 B", "42,1", "1234", "82.601"],
            ),
            (
                "fr",
                [
                    "4,7 Kio",
                    "1,0 Mo",
                    "999 o",
                    "42,1",
                    "1234",
                    "82\u{202f}601",
                ],
            ),
            (
                "ja",
                ["4.7 KiB", "1.0 MB", "999 B", "42.1", "1234", "82,601"],
            ),
            (
                "ru",
                [
                    "4,7 КиБ",
                    "1,0 МБ",
                    "999 Б",
                    "42,1",
                    "1234",
                    "82\u{202f}601",
                ],
            ),
        ] {
            let language = of(tag);
            let found = [
                language.size(4800),
                language.size_decimal(1_000_000),
                language.size(999),
                language.decimal(42.14, 1),
                language.number(1234),
                language.number(82_601),
            ]
            .map(|figures| figures.replace('\u{a0}', " "));
            assert_eq!(found, expected, "{tag}");
        }
    }
}
