//! Sizes in words.

const BYTES: &str = "B";
const BINARY_UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
const DECIMAL_UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];

/// A size in powers of 1024, as file lists show it: `1000 B`, `4.7 KiB`, `1.0 MiB`.
///
/// The unit is chosen before rounding, so one byte below a mebibyte is `1024.0 KiB`; programs that read these pages expect that.
pub fn size(bytes: u64) -> String {
    in_english(size_parts(bytes))
}

/// A size in powers of 1000, as the summary of a repository shows it: `999 B`, `4.8 kB`, `1.0 GB`.
pub fn size_decimal(bytes: u64) -> String {
    in_english(size_decimal_parts(bytes))
}

/// The number and the unit of [`size`], for other languages. All but bytes are shown with one decimal place.
pub fn size_parts(bytes: u64) -> (f64, &'static str) {
    in_units(bytes, 1024, BINARY_UNITS)
}

/// The number and the unit of [`size_decimal`].
pub fn size_decimal_parts(bytes: u64) -> (f64, &'static str) {
    in_units(bytes, 1000, DECIMAL_UNITS)
}

fn in_english((number, unit): (f64, &str)) -> String {
    if unit == BYTES {
        format!("{number} {unit}")
    } else {
        format!("{number:.1} {unit}")
    }
}

fn in_units(bytes: u64, step: u64, units: [&'static str; 6]) -> (f64, &'static str) {
    if bytes < step {
        return (bytes as f64, BYTES);
    }
    let mut scale = step;
    let mut unit = 0;
    while bytes / scale >= step && unit + 1 < units.len() {
        scale *= step;
        unit += 1;
    }
    // A double has 53 bits, far more than one decimal place of the quotient needs.
    (bytes as f64 / scale as f64, units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_sizes() {
        let cases = [
            (0, "0 B"),
            (1000, "1000 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (4800, "4.7 KiB"),
            (1_048_575, "1024.0 KiB"),
            (1_048_576, "1.0 MiB"),
            (u64::MAX, "16.0 EiB"),
        ];
        for (bytes, words) in cases {
            assert_eq!(size(bytes), words);
        }
    }

    #[test]
    fn decimal_sizes() {
        let cases = [
            (999, "999 B"),
            (1000, "1.0 kB"),
            (4800, "4.8 kB"),
            (1_200_000, "1.2 MB"),
            (1_000_000_000, "1.0 GB"),
        ];
        for (bytes, words) in cases {
            assert_eq!(size_decimal(bytes), words);
        }
    }
}
