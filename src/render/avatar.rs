//! Pictures of people, made here: no third party learns who looks at whose commits.

use crate::digest::{md5, md5_hex, sha256_hex};
use std::fmt::Write;

/// How large the largest place for a picture is, in pixels.
const SHOWN: u32 = 24;
/// What is asked for: twice of it, for screens with fine pixels.
const SIZE: u32 = 2 * SHOWN;

/// A small symmetric picture that is always the same for the same seed (a user name or address; upper and lower case count as one).
///
/// Five by five fields, mirrored left to right, in one colour; drawn with presentation attributes alone, so a strict
/// Content-Security-Policy lets it through. It is decoration beside a name and therefore hidden from screen readers. A page names a
/// hundred people, so the picture is as short as can be: each row of fields is pieces of one thick line, and the style sheet puts the
/// colour, thinned, behind them.
pub fn identicon(seed: &str) -> String {
    let hash = md5(seed.trim().to_lowercase().as_bytes());
    // Fifteen bits decide the fields of the left three columns; other bytes decide the colour, so both vary independently.
    let fields = u16::from_be_bytes([hash[0], hash[1]]);
    let mut path = String::new();
    for row in 0..5 {
        let full = |column: usize| fields >> (row * 3 + column.min(4 - column)) & 1 == 1;
        let mut column = 0;
        while column < 5 {
            let length = (column..5).take_while(|&column| full(column)).count();
            if length > 0 {
                // Writing to a String cannot fail.
                let _ = write!(path, "M{column} {row}h{length}");
            }
            column += length.max(1);
        }
    }
    let colour = colour(hash[2], hash[3]);
    format!(
        "<svg class=\"identicon\" viewBox=\"-1 -1.5 7 7\" color=\"{colour}\" aria-hidden=\"true\"><path d=\"{path}\"/></svg>"
    )
}

/// A picture kept elsewhere: the address of a template of the site's choice, filled in.
///
/// Places: `{email}`, `{md5email}` and `{sha256email}` (of the address in lower case), `{size}` in pixels, `{scheme}` and
/// `{netloc}` of the page.
pub fn elsewhere(template: &str, email: &str, scheme: &str, netloc: &str) -> String {
    let email = email.trim().to_lowercase();
    let encoded: String = form_urlencoded::byte_serialize(email.as_bytes()).collect();
    let address = template
        .replace("{email}", &encoded)
        .replace("{md5email}", &md5_hex(email.as_bytes(), 32))
        .replace("{sha256email}", &sha256_hex(email.as_bytes()))
        .replace("{size}", &SIZE.to_string())
        .replace("{scheme}", scheme)
        .replace("{netloc}", netloc);
    format!(
        "<img src=\"{}\" alt=\"\" width=\"{SHOWN}\" height=\"{SHOWN}\" loading=\"lazy\" referrerpolicy=\"no-referrer\">",
        crate::escape(&address)
    )
}

/// A colour that is readable on light and on dark: the hue varies freely, the lightness hardly.
fn colour(hue: u8, lightness: u8) -> String {
    let hue = f64::from(hue) / 256.0 * 6.0;
    let lightness = 0.45 + f64::from(lightness) / 256.0 * 0.1;
    let chroma = 0.5 * (1.0 - (2.0 * lightness - 1.0).abs());
    let second = chroma * (1.0 - (hue % 2.0 - 1.0).abs());
    let (red, green, blue) = match hue as u8 {
        0 => (chroma, second, 0.0),
        1 => (second, chroma, 0.0),
        2 => (0.0, chroma, second),
        3 => (0.0, second, chroma),
        4 => (second, 0.0, chroma),
        _ => (chroma, 0.0, second),
    };
    let base = lightness - chroma / 2.0;
    let byte = |part: f64| ((part + base) * 255.0).round() as u8;
    format!("#{:02x}{:02x}{:02x}", byte(red), byte(green), byte(blue))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_from_elsewhere_cannot_break_out() {
        let picture = elsewhere(
            "{scheme}://{netloc}/{md5email}?s={size}&e={email}",
            " Ada@Example.com\"><script>",
            "https",
            "pictures.example",
        );
        assert!(!picture.contains("<script"), "{picture}");
        assert!(picture.starts_with("<img src=\"https://pictures.example/"));
        assert!(picture.contains("?s=48&amp;e=ada%40example.com%22%3E%3Cscript%3E"));
        let hashed = elsewhere("{md5email} {sha256email}", "A@b.c", "", "");
        assert!(
            hashed.contains("5d60d4e28066df254d5452f92c910092"),
            "{hashed}"
        );
    }

    #[test]
    fn same_person_same_picture() {
        assert_eq!(
            identicon("Alice@Example.com "),
            identicon("alice@example.com")
        );
        assert_ne!(identicon("alice"), identicon("bob"));
    }

    #[test]
    fn passes_a_strict_policy() {
        let svg = identicon("<script>\" onload='x'");
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
        assert!(!svg.contains("style") && !svg.contains("script") && !svg.contains("onload"));
    }

    #[test]
    fn is_mirrored() {
        for seed in ["alice", "bob", "carol", "dave"] {
            let svg = identicon(seed);
            let mut fields = [[false; 5]; 5];
            let path = svg.split("d=\"").nth(1).unwrap().split('"').next().unwrap();
            for piece in path.split('M').skip(1) {
                let numbers: Vec<usize> = piece
                    .split([' ', 'h'])
                    .map(|number| number.parse().unwrap())
                    .collect();
                fields[numbers[1]][numbers[0]..numbers[0] + numbers[2]].fill(true);
            }
            assert!(fields.as_flattened().contains(&true), "{seed}");
            for row in fields {
                let mirrored: Vec<bool> = row.iter().rev().copied().collect();
                assert_eq!(row[..], mirrored, "{seed}");
            }
        }
    }
}
