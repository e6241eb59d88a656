//! How much processor time the expensive parts take: `cargo run --release -p kallithea-render --example speed`.

use kallithea_render::diff::{Hunk, Kind, Line, Page, Syntax, Words, unified};
use kallithea_render::graph::{Node, Parent, lanes, svg};
use kallithea_render::markup::Links;
use kallithea_render::message::{LinkContext, urlify};
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

fn main() {
    let python: String = (0..2_300 / 5).map(python_function).collect();
    let lines = || {
        kallithea_render::highlight::shared()
            .lines("a.py", "", &python)
            .len()
    };
    measure("highlight 2,300 lines of Python, first", 1, lines);
    measure("highlight 2,300 lines of Python", 5, lines);

    let ruby =
        "class A < B\n  def f(x)\n    puts \"a #{x}\" unless @b # c\n  end\nend\n".repeat(460);
    measure("highlight 2,300 lines of Ruby (grammar)", 3, || {
        kallithea_render::highlight::shared()
            .lines("a.rb", "", &ruby)
            .len()
    });

    let links = Links {
        files: "/r/files/x",
        raw: "/r/raw/x",
        directory: "",
    };
    let section = "## Section *one*\n\nText with a [link](doc/a.md), `code` and https://example.com/.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n";
    let markdown = section.repeat((1 << 20) / section.len());
    let prose =
        "Some ordinary words of a paragraph in a text, and more of them.\n\n".repeat(16_000);
    measure("render 1 MB of Markdown, prose", 3, || {
        kallithea_render::markup::render("a.md", &prose, &links).map_or(0, |html| html.len())
    });
    measure("render 1 MB of Markdown, dense", 3, || {
        kallithea_render::markup::render("a.md", &markdown, &links).map_or(0, |html| html.len())
    });

    let hostile = [
        ("a.py", "f'{".repeat(1_600)),
        ("a.js", "/[".repeat(2_400)),
        ("a.cpp", "a<".repeat(2_400)),
        ("a.sh", "$((".repeat(1_600)),
        ("a.md", "`".repeat(990)),
        ("a.erl", "a".repeat(990)),
        ("a.lua", "a".repeat(990)),
        ("a.hs", "a::".repeat(330)),
        ("a.php", "<?".repeat(495)),
        ("a.tex", "\\a{".repeat(330)),
    ];
    for (name, line) in &hostile {
        let text = format!("{line}\n").repeat(20);
        measure(&format!("highlight 20 hostile lines of {name}"), 1, || {
            kallithea_render::highlight::shared()
                .lines(name, "", &text)
                .len()
        });
    }

    let hunk: Vec<(String, String)> = (0..2_000)
        .map(|n| {
            (
                format!("    let value_{n} = old({n});"),
                format!("    let value_{n} = new({n}, &x);"),
            )
        })
        .collect();
    let line = |kind, text: &'static str| Line {
        kind,
        old_no: Some(1),
        new_no: Some(1),
        text: text.as_bytes(),
        changed: &[],
        moved: None,
        no_newline: false,
    };
    let hunk: &'static [(String, String)] = hunk.leak();
    let removed = hunk.iter().map(|(old, _)| line(Kind::Removed, old));
    let added = hunk.iter().map(|(_, new)| line(Kind::Added, new));
    let hunks = [Hunk {
        old: (1, 2_000),
        new: (1, 2_000),
        section: b"",
        lines: removed.chain(added).collect(),
    }];
    let page = Page {
        name: "a",
        facts: &[],
        syntax: Syntax::of("a.rs"),
        blanks: false,
        context: 3,
        words: Words {
            no_newline: "",
            moved_to: "",
            moved_from: "",
            more: "",
            between: "",
        },
        more: None,
        below: &std::collections::HashMap::new(),
    };
    measure("rows of 2,000 changed lines", 5, || {
        let mut out = String::new();
        unified(&mut out, &hunks, &page);
        out.len()
    });

    let context = LinkContext {
        changeset_url: Some("/r/changeset/"),
        mentions: true,
        ..LinkContext::default()
    };
    let message =
        "Fix the parser, see http://example.com/x and 0123456789ab, thanks @alice.\n".repeat(3);
    measure("links of 1,000 messages", 5, || {
        (0..1_000).map(|_| urlify(&message, &context).len()).sum()
    });

    let nodes: Vec<Node> = (0..200u32).rev().map(graph_node).collect();
    measure("graph of 200 changesets", 5, || {
        svg(&lanes(&nodes), 32).len()
    });
}

fn python_function(number: usize) -> String {
    format!(
        "@cached\ndef function_{number}(self, name, value=None, *args, **kwargs):\n    \"\"\"Return what belongs to the name.\"\"\"\n    \
         if value is not None and name in self._names:  # known already\n        return '%s: %d' % (name, self.other(value, {number}, [x for x in args]))\n"
    )
}

fn graph_node(id: u32) -> Node {
    let parents = [Some(1), id.is_multiple_of(5).then_some(7)];
    let parents = parents
        .into_iter()
        .flatten()
        .filter_map(|back| id.checked_sub(back))
        .map(Parent::Shown)
        .collect();
    Node {
        id,
        parents,
        ..Node::default()
    }
}

fn measure(what: &str, times: u32, run: impl Fn() -> usize) {
    let used = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default();
    let started = used();
    let mut size = 0;
    for _ in 0..times {
        size = run();
    }
    let each = used().saturating_sub(started) / times;
    println!("{what}: {each:.2?} (result {size})");
}
