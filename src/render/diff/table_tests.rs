use super::*;
use crate::diff::anchor_name;
use proptest::prelude::*;

const WORDS: Words<'static> = Words {
    no_newline: "No newline at end of file",
    moved_to: "Moved to {path}, line {line}",
    moved_from: "Moved from {path}, line {line}",
    more: "Show {n} lines more",
    between: "Show the {n} lines between",
};

fn line(kind: Kind, old_no: Option<u32>, new_no: Option<u32>, text: &'static str) -> Line<'static> {
    Line {
        kind,
        old_no,
        new_no,
        text: text.as_bytes(),
        changed: &[],
        moved: None,
        no_newline: false,
    }
}

fn example() -> Hunk<'static> {
    use Kind::{Added, Removed, Unmodified};
    Hunk {
        old: (31, 3),
        new: (31, 4),
        section: b"fn <main>",
        lines: vec![
            line(Unmodified, Some(31), Some(31), "a"),
            line(Removed, Some(32), None, "b"),
            line(Added, None, Some(32), "B"),
            line(Added, None, Some(33), "C"),
            line(Unmodified, Some(33), Some(34), "d"),
        ],
    }
}

struct Drawing {
    blanks: bool,
    below: HashMap<String, String>,
    syntax: Option<Syntax>,
}

fn draw_with(hunks: &[Hunk<'_>], two: bool, how: &Drawing) -> String {
    let more =
        |lines: Range<u32>, gap: Gap| format!("?{}-{}&{:?}", lines.start, lines.end, gap.length);
    let name = anchor_name(Some("src/a.rs"));
    let page = Page {
        name: &name,
        facts: &[],
        syntax: how.syntax,
        blanks: how.blanks,
        context: 1,
        words: WORDS,
        more: Some(&more),
        below: &how.below,
    };
    let mut out = String::new();
    if two {
        side_by_side(&mut out, hunks, &page);
    } else {
        unified(&mut out, hunks, &page);
    }
    out
}

fn drawn(hunks: &[Hunk<'_>], two: bool) -> String {
    let how = Drawing {
        blanks: false,
        below: HashMap::new(),
        syntax: None,
    };
    draw_with(hunks, two, &how)
}

#[test]
fn rows_keep_their_ids_and_classes() {
    let html = drawn(&[example()], false);
    for part in [
        "<tr class=\"line context\"><td id=\"srcars_0\" class=\"lineno\" colspan=\"2\">",
        "<pre>@@ -31,3 +31,4 @@ fn &lt;main&gt;</pre>",
        "<tr class=\"line unmod\"><td id=\"srcars_o31\" class=\"lineno old\"><a href=\"#srcars_o31\" tabindex=\"-1\">31</a></td><td id=\"srcars_n31\" class=\"lineno new\"><a href=\"#srcars_n31\" tabindex=\"-1\">31</a></td><td class=\"code\"><pre>a</pre></td></tr>",
        "<tr class=\"line del\"><td id=\"srcars_o32\" class=\"lineno old\"><a href=\"#srcars_o32\" tabindex=\"-1\">32</a></td><td class=\"lineno new\"></td>",
        "<tr class=\"line add\"><td class=\"lineno old\"></td><td id=\"srcars_n33\" class=\"lineno new\">",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
}

#[test]
fn removed_lines_stand_beside_added_ones() {
    let html = drawn(&[example()], true);
    let rows: Vec<&str> = html.lines().collect();
    assert!(
        rows[2].contains("half del\"><pre>b</pre>") && rows[2].contains("half add\"><pre>B</pre>")
    );
    assert!(rows[3].contains("gone") && rows[3].contains("half add\"><pre>C</pre>"));
    assert!(rows[4].matches("<pre>d</pre>").count() == 2);
}

#[test]
fn what_is_left_out_can_be_asked_for() {
    let mut second = example();
    (second.old, second.new) = ((101, 3), (102, 4));
    let html = drawn(&[example(), second], false);
    // Above the first hunk: the twenty lines right above it. Between: below the first, above the second. Below: so many more.
    let links: Vec<&str> = html
        .split("href=\"?")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(
        links,
        [
            "11-31&amp;Some(30)",
            "35-55&amp;Some(67)",
            "82-102&amp;Some(67)",
            "106-126&amp;None"
        ]
    );
    let mut near = example();
    (near.old, near.new) = ((40, 3), (41, 4));
    assert!(drawn(&[example(), near], false).contains("Show the 6 lines between"));
}

#[test]
fn a_file_that_came_or_went_has_nothing_around() {
    let hunk = Hunk {
        old: (0, 0),
        new: (1, 1),
        section: b"",
        lines: vec![line(Kind::Added, None, Some(1), "x")],
    };
    assert_eq!(drawn(&[hunk], false).matches("<tr").count(), 1);
    let hunk = Hunk {
        old: (1, 1),
        new: (0, 0),
        section: b"",
        lines: vec![line(Kind::Removed, Some(1), None, "x")],
    };
    assert_eq!(drawn(&[hunk], true).matches("<tr").count(), 1);
}

#[test]
fn a_missing_line_end_and_moves_are_told() {
    let mut hunk = example();
    hunk.lines[4].no_newline = true;
    let there = Move {
        name: "b",
        path: "x/<b>",
        line: 7,
    };
    hunk.lines[2].moved = Some(there);
    hunk.lines[3].moved = Some(Move { line: 8, ..there });
    let html = drawn(&[hunk], false);
    assert!(html.contains("\\ No newline at end of file"), "{html}");
    assert!(
        html.contains("title=\"Moved from x/&lt;b&gt;, line 7\""),
        "{html}"
    );
    assert_eq!(
        (
            html.matches("moved-link").count(),
            html.matches("code moved").count()
        ),
        (1, 2)
    );
}

#[test]
fn what_belongs_below_a_line_stands_there() {
    let mut below = HashMap::new();
    below.insert("n31".to_owned(), "<p>first</p>".to_owned());
    below.insert("o32".to_owned(), "<p>second</p>".to_owned());
    below.insert("0".to_owned(), "<p>head</p>".to_owned());
    let how = Drawing {
        blanks: false,
        below,
        syntax: None,
    };
    for two in [false, true] {
        let html = draw_with(&[example()], two, &how);
        for text in ["first", "second", "head"] {
            assert_eq!(html.matches(text).count(), 1, "{text} {two}\n{html}");
        }
    }
}

#[test]
fn code_is_coloured() {
    let hunk = Hunk {
        old: (0, 0),
        new: (1, 1),
        section: b"",
        lines: vec![line(Kind::Added, None, Some(1), "fn one() {}")],
    };
    let how = Drawing {
        blanks: false,
        below: HashMap::new(),
        syntax: Syntax::of("a.rs"),
    };
    let html = draw_with(&[hunk], false, &how);
    assert!(html.contains("<span class=\"nf\">one</span>"), "{html}");
}

#[test]
fn an_opened_gap_shows_its_lines_and_what_is_left() {
    let more = |lines: Range<u32>, gap: Gap| format!("?{}-{}&{}", lines.start, lines.end, gap.new);
    let below = HashMap::new();
    let page = Page {
        name: "a",
        facts: &[],
        syntax: None,
        blanks: false,
        context: 3,
        words: WORDS,
        more: Some(&more),
        below: &below,
    };
    let gap = Gap {
        old: 11,
        new: 21,
        length: Some(60),
    };
    let mut out = String::new();
    unchanged(&mut out, &[b"x", b"y"], 21..23, gap, false, &page);
    let ids = "<td id=\"a_o12\" class=\"lineno old\"><a href=\"#a_o12\" tabindex=\"-1\">12</a></td><td id=\"a_n22\"";
    assert!(
        out.contains(ids) && out.contains("href=\"?23-43&amp;23\""),
        "{out}"
    );
    // The file ended before.
    let mut out = String::new();
    unchanged(
        &mut out,
        &[b"x"],
        21..41,
        Gap {
            length: None,
            ..gap
        },
        true,
        &page,
    );
    assert_eq!(out.matches("<tr").count(), 1, "{out}");
}

proptest! {
    #[test]
    fn no_line_is_lost(kinds in proptest::collection::vec(0..3u8, 1..30), two: bool) {
        let kind = |k: &u8| [Kind::Unmodified, Kind::Added, Kind::Removed][usize::from(*k)];
        let lines: Vec<Line> = kinds.iter().zip(1..).map(|(k, n)| {
            let kind = kind(k);
            line(kind, (kind != Kind::Added).then_some(n), (kind != Kind::Removed).then_some(n), "x")
        }).collect();
        let html = drawn(&[Hunk { old: (1, 9), new: (1, 9), section: b"", lines: lines.clone() }], two);
        for line in lines {
            for (side, number) in [('o', line.old_no), ('n', line.new_no)] {
                if let Some(number) = number {
                    let id = format!("id=\"srcars_{side}{number}\"");
                    prop_assert_eq!(html.matches(&id).count(), 1);
                }
            }
        }
    }
}

/// Comments on rows without numbers are found by their position, so what stands above counts.
#[test]
fn facts_stand_above_all_and_are_counted() {
    let below = HashMap::new();
    let facts = ["new file 100644".to_owned(), "<binary>".to_owned()];
    let page = Page {
        name: "a",
        facts: &facts,
        syntax: None,
        blanks: false,
        context: 1,
        words: WORDS,
        more: None,
        below: &below,
    };
    let mut html = String::new();
    unified(&mut html, &[example()], &page);
    let at = |text: &str| {
        html.find(text)
            .unwrap_or_else(|| panic!("{text} in {html}"))
    };
    let first = at(
        "<td id=\"a_0\" class=\"lineno\" colspan=\"2\"></td><td class=\"code\" colspan=\"1\"><pre>new file 100644</pre>",
    );
    let second = at("<td id=\"a_1\"");
    assert!(first < second && second < at("&lt;binary&gt;"));
    assert!(second < at("id=\"a_2\"") && at("id=\"a_2\"") < at("@@ -31,3 +31,4 @@"));
}
