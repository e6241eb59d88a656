//! `%<(20)`, `%>(20,trunc)`: the next placeholder in so many columns.

/// How wide something shall be, and at which side it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Padding {
    width: usize,
    /// Counted from the start of the line.
    from_start: bool,
    side: Side,
    cut: Cut,
}

#[derive(Debug, Clone, Copy)]
enum Side {
    Left,
    Right,
    /// To the right, and into the blanks before it.
    RightStealing,
    Middle,
}

#[derive(Debug, Clone, Copy)]
enum Cut {
    No,
    Start,
    Middle,
    End,
}

/// Git gives no more columns either.
const WIDEST: usize = 16 * 1024;

impl Padding {
    /// Reads `<(N)`, `<|(N,trunc)` and the like; tells how many bytes that takes.
    pub fn parse(text: &[u8]) -> Option<(Padding, usize)> {
        let (side, rest) = match *text {
            [b'<', ref rest @ ..] => (Side::Left, rest),
            [b'>', b'<', ref rest @ ..] => (Side::Middle, rest),
            [b'>', b'>', ref rest @ ..] => (Side::RightStealing, rest),
            [b'>', ref rest @ ..] => (Side::Right, rest),
            _ => return None,
        };
        let (from_start, rest) = match rest.strip_prefix(b"|") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let rest = rest.strip_prefix(b"(")?;
        let end = memchr::memchr(b')', rest)?;
        let inside = std::str::from_utf8(&rest[..end]).ok()?;
        let (width, cut) = match inside.split_once(',') {
            None => (inside, Cut::No),
            Some((width, cut)) => {
                let cut = match cut.trim_start() {
                    "trunc" => Cut::End,
                    "ltrunc" => Cut::Start,
                    "mtrunc" => Cut::Middle,
                    _ => return None,
                };
                (width, cut)
            }
        };
        let width = width.trim().parse().ok()?;
        if width == 0 || width > WIDEST {
            return None;
        }
        let padding = Padding {
            width,
            from_start,
            side,
            cut,
        };
        Some((padding, text.len() - rest.len() + end + 1))
    }

    /// Writes an item.
    pub fn write(&self, item: &[u8], out: &mut Vec<u8>) {
        let text = String::from_utf8_lossy(item);
        let mut width = self.width;
        if self.from_start {
            let line = out.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
            width = width.saturating_sub(columns(&String::from_utf8_lossy(line)));
        }
        let has = columns(&text);
        if matches!(self.side, Side::RightStealing) {
            while has > width && out.last() == Some(&b' ') {
                out.pop();
                width += 1;
            }
        }
        if has > width {
            let keep = width.saturating_sub(2);
            let cut = match self.cut {
                Cut::No => text.into_owned(),
                Cut::End => format!("{}..", first(&text, keep)),
                Cut::Start => format!("..{}", last(&text, keep)),
                Cut::Middle => {
                    let before = (width / 2).saturating_sub(1);
                    let (start, end) = (first(&text, before), last(&text, keep - before.min(keep)));
                    format!("{start}..{end}")
                }
            };
            out.extend_from_slice(cut.as_bytes());
            return;
        }
        let blanks = width - has;
        let before = match self.side {
            Side::Left => 0,
            Side::Right | Side::RightStealing => blanks,
            Side::Middle => blanks / 2,
        };
        out.resize(out.len() + before, b' ');
        out.extend_from_slice(item);
        out.resize(out.len() + blanks - before, b' ');
    }
}

/// How many columns a character takes on a terminal: letters of East Asia two, accents that join the letter before them none.
fn column(char: char) -> usize {
    match u32::from(char) {
        0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

fn columns(text: &str) -> usize {
    text.chars().map(column).sum()
}

/// As much of the start as fits.
fn first(text: &str, most: usize) -> String {
    let mut left = most;
    let fits = |char: &char| {
        let width = column(*char);
        let fits = width <= left;
        left = left.saturating_sub(width);
        fits
    };
    text.chars().take_while(fits).collect()
}

/// As much of the end as fits.
fn last(text: &str, most: usize) -> String {
    let backwards: String = text.chars().rev().collect();
    first(&backwards, most).chars().rev().collect()
}
