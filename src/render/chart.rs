//! Small charts, drawn here: columns side by side.

use std::fmt::Write;

/// Columns of these heights, left to right, as an SVG of one path. Classes give it its colour and its size: it is as many units wide
/// as there are values and stretches to whatever the style sheet says. The greatest value fills the whole height.
///
/// The numbers must be told beside it as well, so it is hidden from screen readers.
pub fn columns(values: &[u64]) -> String {
    /// Units of height; values are rounded to these.
    const HEIGHT: u64 = 100;
    let greatest = values.iter().copied().max().unwrap_or(0).max(1);
    let mut path = String::new();
    for (at, &value) in values.iter().enumerate() {
        if value == 0 {
            continue;
        }
        // What is there shows, however small beside the greatest.
        let height = (u128::from(value) * u128::from(HEIGHT) / u128::from(greatest)).max(2);
        // Writing to a String cannot fail.
        let _ = write!(path, "M{at}.1 {HEIGHT}v-{height}h.8v{height}z");
    }
    let width = values.len().max(1);
    format!(
        "<svg class=\"columns\" viewBox=\"0 0 {width} {HEIGHT}\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><path d=\"{path}\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::columns;

    #[test]
    fn the_greatest_fills_the_height_and_the_smallest_shows() {
        assert_eq!(
            columns(&[1, 0, 1_000]),
            "<svg class=\"columns\" viewBox=\"0 0 3 100\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
             <path d=\"M0.1 100v-2h.8v2zM2.1 100v-100h.8v100z\"/></svg>"
        );
    }

    #[test]
    fn nothing_and_everything_can_be_drawn() {
        assert!(columns(&[]).contains("viewBox=\"0 0 1 100\""));
        assert!(columns(&[0, 0]).contains("<path d=\"\"/>"));
        assert!(columns(&[u64::MAX, 1]).contains("v-100"));
    }
}
