use super::*;
use crate::stopwatch::Stopwatch;
use proptest::prelude::*;

/// One small piece of many languages.
const SAMPLES: &[(&str, &str)] = &[
    (
        "a.py",
        "@cached\ndef größe(x: int = 1) -> str:\n    \"\"\"Doc <b>.\"\"\"\n    return f\"{x!r} & {'y'}\" if not x else None  # why\n",
    ),
    (
        "a.rs",
        "/// Doc.\nfn main() -> Result<(), E> {\n\tlet s = r#\"a \"q\" b\"#; // c\n\tprintln!(\"{s}\\n\");\n}\n",
    ),
    (
        "a.c",
        "#include <stdio.h>\n/* multi\n   line */\nint main(void) { return 'a' && 0x1F; }\n",
    ),
    (
        "a.cpp",
        "template<typename T> class A : public B { auto f() const -> T&; };\n",
    ),
    (
        "a.js",
        "const f = async (x) => `a ${x + 1} b`; // c\r\nexport default /re+/g;\r\n",
    ),
    ("a.ts", "interface A<T> { readonly b?: T[] }\n"),
    (
        "a.html",
        "<!DOCTYPE html>\n<p class=\"a\">x &amp; y<script>let a = '<b>';</script></p>\n<style>p { color: #fff }</style>\n",
    ),
    (
        "a.css",
        "@media (min-width: 3em) { .a::before { content: \"<\"; color: rgb(1 2 3 / 50%) } }\n",
    ),
    (
        "a.java",
        "package a.b;\nimport java.util.*;\n@Override public final class A extends B<C> { }\n",
    ),
    (
        "a.go",
        "package main\n\nfunc (t *T) F(c chan<- int) error { return nil }\n",
    ),
    (
        "a.rb",
        "class A < B\n  def x; puts \"a #{b} c\" unless @d; end\nend\n",
    ),
    ("a.php", "<?php echo $a['b'] ?? \"c $d\"; ?>\n<b>html</b>\n"),
    (
        "a.sh",
        "#!/bin/sh\nfor f in *.c; do echo \"$f\" 'x' $(wc -l <\"$f\"); done\ncat <<EOF\n$HOME\nEOF\n",
    ),
    (
        "a.pl",
        "my %h = (a => 1); print \"$h{a}\\n\" if $x =~ m/^a.*b$/i;\n",
    ),
    (
        "a.sql",
        "SELECT a.b, count(*) FROM a WHERE c <> 'd''e' -- f\n",
    ),
    ("a.json", "{\"a\": [1, -2.5e3, true, null, \"\\u00e9\"]}\n"),
    ("a.yaml", "a: &x\n  - b: \"c\" # d\n  - *x\n"),
    ("a.toml", "[a.\"b\"]\nc = 1979-05-27T07:32:00Z\n"),
    (
        "a.xml",
        "<?xml version=\"1.0\"?>\n<!-- c --><a b='c'><![CDATA[<x>]]></a>\n",
    ),
    (
        "a.md",
        "# Title\n\n*a* **b** `c` [d](e)\n\n```python\nx = 1\n```\n",
    ),
    ("a.rst", "Title\n=====\n\n.. note:: ``a`` *b*\n"),
    ("a.diff", "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n"),
    (
        "a.hs",
        "main :: IO ()\nmain = putStrLn $ show (\\x -> x <> \"a\")\n",
    ),
    ("a.lua", "local a = [[long\nstring]] -- c\n"),
    ("a.tex", "\\section{A} $x^2$ % c\n"),
    (
        "a.cs",
        "using System; namespace A { class B { string c = $\"{d}\"; } }\n",
    ),
    (
        "a.kt",
        "fun main(args: Array<String>) { println(\"$args\") }\n",
    ),
    (
        "a.swift",
        "func f(_ a: Int) -> String? { return \"\\(a)\" }\n",
    ),
    ("a.el", "(defun a (b) \"doc\" (cons 'c `(,@d))) ; e\n"),
    ("Makefile", "all: a.o\n\t$(CC) -o $@ $< # c\n"),
    (
        "Dockerfile",
        "FROM debian:12\nRUN apt-get update && echo \"a\"\n",
    ),
    ("CMakeLists.txt", "add_executable(a \"${B}\")\n"),
    ("a.ini", "[a]\nb = c ; d\n"),
    ("a.txt", "plain <text> & more\n"),
];

/// The text of HTML made here.
fn text_of(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        rest = rest[open..].split_once('>').expect("every tag ends").1;
    }
    text.push_str(rest);
    text.replace("&#13;", "\r")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// Checks that each line is the line of the text, in flat spans with known classes.
fn check(lines: &[String], text: &str) {
    let expected: Vec<&str> = text.split_inclusive('\n').map(without_line_end).collect();
    assert_eq!(lines.len(), expected.len());
    for (line, expected) in lines.iter().zip(expected) {
        assert_eq!(text_of(line), expected);
        assert_eq!(
            line.matches("<span").count(),
            line.matches("</span>").count(),
            "{line}"
        );
        assert_eq!(
            line.matches('<').count(),
            line.matches("<span class=\"").count() * 2,
            "{line}"
        );
        for class in line
            .split("class=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
        {
            assert!(CLASSES.contains(&class), "{class}");
        }
    }
}

#[test]
fn the_text_is_kept_in_every_language() {
    for (name, text) in SAMPLES {
        let lines = shared().lines(name, text.lines().next().unwrap_or(""), text);
        check(&lines, text);
        assert_eq!(
            lines.iter().any(|line| line.contains("<span")),
            *name != "a.txt",
            "{name}: {lines:?}"
        );
    }
}

#[test]
fn python_looks_as_expected() {
    let lines = shared().lines(
        "a.py",
        "",
        "@cached\ndef f(self):\n    return \"a\\n\" + 1  # <why>\n",
    );
    assert_eq!(
        lines,
        [
            "<span class=\"nd\">@cached</span>",
            "<span class=\"kd\">def</span> <span class=\"nf\">f</span>(<span class=\"bp\">self</span>):",
            "    <span class=\"k\">return</span> <span class=\"s\">\"a</span><span class=\"se\">\\n</span><span class=\"s\">\"</span> \
             <span class=\"o\">+</span> <span class=\"m\">1</span>  <span class=\"c\"># &lt;why&gt;</span>",
        ]
    );
}

#[test]
fn a_comment_over_several_lines_is_closed_in_each() {
    let lines = shared().lines("a.c", "", "/* a\n b */ int\n");
    assert_eq!(
        lines,
        [
            "<span class=\"c\">/* a</span>",
            "<span class=\"c\"> b */</span> <span class=\"kt\">int</span>"
        ]
    );
}

#[test]
fn languages_are_found() {
    let cases = [
        ("src/main.rs", "", Some("Rust")),
        ("a/b.py", "", Some("Python")),
        ("types.pyi", "", Some("Python")),
        ("Makefile", "", Some("Makefile")),
        ("run", "#!/usr/bin/env python3", Some("Python")),
        ("run", "#!/bin/bash", Some("Shell")),
        ("README.MD", "", Some("Markdown")),
        ("notes.txt", "", None),
        ("unknown", "", None),
        ("", "", None),
    ];
    for (name, first_line, language) in cases {
        assert_eq!(shared().language(name, first_line), language, "{name}");
    }
}

#[test]
fn a_site_names_its_own_files() {
    let pair = |ending: &str, name: &str| (ending.to_owned(), name.to_owned());
    let own = Highlighter {
        syntaxes: two_face::syntax::extra_newlines(),
        site: SiteNames::new(
            [pair("pde", "Processing"), pair(".PY", "Our Python")],
            [
                pair("pde", "java"),
                pair("odd", "nobody knows"),
                pair("jobfile", "python3"),
            ],
        ),
        budget: BUDGET,
    };
    assert_eq!(own.language("a/b.PDE", ""), Some("Processing"));
    assert_eq!(own.language("b.py", ""), Some("Our Python"));
    assert_eq!(own.language("b.rs", ""), Some("Rust"));
    for (name, like) in [
        ("x.pde", "x.java"),
        ("JobFile", "x.py"),
        ("b.py", "x.py"),
        ("x.odd", "x.txt"),
    ] {
        let text = "class A { int x = 1; }\n# x\n";
        assert_eq!(
            own.lines(name, "", text),
            shared().lines(like, "", text),
            "{name}"
        );
        assert_eq!(
            own.painter(name, "", 1).engine.is_some(),
            shared().painter(like, "", 1).engine.is_some()
        );
    }
    assert!(
        own.knows("java")
            && own.knows("c++")
            && own.knows("objective-c")
            && !own.knows("nobody knows")
    );
    assert!(!own.edition().is_empty() && shared().edition().is_empty());
}

#[test]
fn empty_texts_and_missing_line_ends() {
    assert!(shared().lines("a.py", "", "").is_empty());
    assert_eq!(shared().lines("a.txt", "", "a\n\nb"), ["a", "", "b"]);
    assert_eq!(
        shared().lines("a.py", "", "1").concat(),
        "<span class=\"m\">1</span>"
    );
}

#[test]
fn long_lines_and_large_files_are_plain() {
    let long = format!("x = \"{}\"\ny = 1\n", "a".repeat(LONGEST_LINE));
    let lines = shared().lines("a.py", "", &long);
    check(&lines, &long);
    assert!(!lines[0].contains("<span") && lines[1].contains("<span"));
    let large = "x = 1\n".repeat(LARGEST_TEXT / 6 + 1);
    let lines = shared().lines("a.py", "", &large);
    assert!(lines.iter().all(|line| line == "x = 1"));
}

#[test]
fn hostile_lines_end_in_time() {
    let syntaxes = two_face::syntax::extra_newlines();
    let hasty = Highlighter {
        syntaxes,
        site: SiteNames::default(),
        budget: Duration::from_millis(50),
    };
    for (name, piece) in [
        ("a.md", "`"),
        ("a.erl", "a"),
        ("a.lua", "a"),
        ("a.py", "{("),
        ("a.js", "/["),
    ] {
        let text = format!("{}\n", piece.repeat(900 / piece.len())).repeat(20);
        let watch = Stopwatch::start();
        check(&hasty.lines(name, "", &text), &text);
        // The budget, one line more, and what a debug build takes for the check.
        assert!(
            watch.elapsed() < Duration::from_secs(2),
            "{name}: {:?}",
            watch.elapsed()
        );
    }
}

#[test]
fn without_time_left_the_rest_is_plain() {
    let hasty = Highlighter {
        syntaxes: two_face::syntax::extra_newlines(),
        site: SiteNames::default(),
        budget: Duration::ZERO,
    };
    let lines = hasty.lines("a.rb", "", "x = 1\ny = '<'\n");
    assert_eq!(lines, ["x = 1", "y = '&lt;'"]);
}

#[test]
fn snippets_keep_their_line_ends() {
    assert_eq!(
        shared().snippet("python", "a\n1\n"),
        "a\n<span class=\"m\">1</span>\n"
    );
    assert_eq!(shared().snippet("", "<a>"), "&lt;a&gt;");
    assert_eq!(shared().snippet("no such language", "1"), "1");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_text_is_kept(text in "([a-z \"'<>{}()/*#\r\n\té€]|\\PC){0,200}", sample in 0..SAMPLES.len()) {
        let lines = shared().lines(SAMPLES[sample].0, "", &text);
        check(&lines, &text);
    }
}

#[test]
fn lines_painted_one_by_one_are_the_lines() {
    let text = "/* a\n b */ fn f() { \"<x>\" }\r\nlet s = r#\"\n\"#;";
    for name in ["a.rs", "notes.txt"] {
        let mut painter = shared().painter(name, "", text.len());
        let painted: Vec<String> = text
            .split_inclusive('\n')
            .map(|line| painter.line(line))
            .collect();
        assert_eq!(painted, shared().lines(name, "", text), "{name}");
    }
    assert!(
        shared().painter("a.rb", "", 10).is_dear(),
        "a grammar takes its time"
    );
    assert!(
        !shared().painter("a.rb", "", LARGEST_TEXT + 1).is_dear(),
        "what is too large is plain"
    );
}

#[test]
fn a_text_half_read_goes_on_in_its_own_thread_only() {
    let text = "def f(x)\n  puts \"#{x}\" # why\nend\n".repeat(40);
    let whole = shared().lines("a.rb", "", &text);
    // Many at once, line by line in turn.
    let mut painters: Vec<Painter<'_>> = (0..10)
        .map(|_| shared().painter("a.rb", "", text.len()))
        .collect();
    for (line, expected) in text.split_inclusive('\n').zip(&whole) {
        for painter in &mut painters {
            assert_eq!(painter.line(line), *expected);
        }
    }
    assert!(
        painters
            .iter()
            .all(|painter| painter.is_dear() && !painter.is_lost())
    );
    let mut moved = shared().painter("a.rb", "", text.len());
    assert!(moved.line("puts 1 # a < b").contains("<span"));
    let (rest, lost) = std::thread::spawn(move || (moved.line("puts 1 # a < b"), moved.is_lost()))
        .join()
        .unwrap();
    assert_eq!((rest.as_str(), lost), ("puts 1 # a &lt; b", true));
    // Whoever begins too many loses the first of them, not the last.
    painters.extend((0..30).map(|_| shared().painter("a.rb", "", text.len())));
    assert!(
        painters
            .last_mut()
            .unwrap()
            .line("puts 1")
            .contains("<span")
    );
    painters[0].line("puts 1");
    assert!(painters[0].is_lost());
}
