//! Which language a file is written in.

use syntect::parsing::{SyntaxReference, SyntaxSet};

/// Names and extensions the grammars do not list, with one they do; also what Pygments calls its lexers.
const ALIASES: &[(&str, &str)] = &[
    ("cjs", "js"),
    ("mjs", "js"),
    ("pyi", "py"),
    ("pyx", "py"),
    ("wsgi", "py"),
    ("mako", "html"),
    ("tera", "html"),
    ("jinja", "html"),
    ("vue", "html"),
    ("svelte", "html"),
    ("markdown", "md"),
    ("mkdn", "md"),
    ("mdown", "md"),
    ("rest", "rst"),
    ("cfg", "ini"),
    ("conf", "ini"),
    ("hgrc", "ini"),
    ("console", "sh"),
    ("shell", "sh"),
    ("golang", "go"),
    ("python3", "py"),
    ("python2", "py"),
    ("pycon", "py"),
    ("c++", "cpp"),
    ("c#", "cs"),
    ("csharp", "cs"),
    ("fsharp", "fs"),
    ("objective-c", "m"),
    ("objectivec", "m"),
    ("zsh", "sh"),
    ("ksh", "sh"),
    ("docker", "dockerfile"),
    ("html+django", "html"),
    ("html+jinja", "html"),
    ("common-lisp", "lisp"),
    ("restructuredtext", "rst"),
    ("batch", "bat"),
    ("dosbatch", "bat"),
    ("postgresql", "sql"),
    ("mysql", "sql"),
];

/// What the grammars call themselves where people say it otherwise.
const DISPLAY_NAMES: &[(&str, &str)] = &[
    ("Bourne Again Shell (bash)", "Shell"),
    ("HTML (Rails)", "ERB"),
    ("JavaScript (Rails)", "JavaScript"),
    ("Ruby on Rails", "Ruby"),
    ("SQL (Rails)", "SQL"),
];

/// The grammar for a file; nothing for plain text. The whole name decides before its endings, the first line comes last.
pub(super) fn syntax<'a>(
    syntaxes: &'a SyntaxSet,
    file_name: &str,
    first_line: &str,
) -> Option<&'a SyntaxReference> {
    let name = file_name.rsplit('/').next().unwrap_or(file_name);
    let endings = name.match_indices('.').map(|(dot, _)| &name[dot + 1..]);
    std::iter::once(name)
        .chain(endings)
        .find_map(|ending| by_extension(syntaxes, ending))
        .or_else(|| syntaxes.find_syntax_by_first_line(first_line))
        .filter(|syntax| !is_plain(syntax))
}

/// The grammar with this name or extension, as written behind the fence of a code block.
pub(super) fn by_token<'a>(syntaxes: &'a SyntaxSet, token: &str) -> Option<&'a SyntaxReference> {
    by_extension(syntaxes, token)
        .or_else(|| syntaxes.find_syntax_by_token(token))
        .filter(|syntax| !is_plain(syntax))
}

/// The name to show for a grammar.
pub(super) fn display_name(syntax: &SyntaxReference) -> &str {
    DISPLAY_NAMES
        .iter()
        .find(|(own, _)| *own == syntax.name)
        .map_or(syntax.name.as_str(), |(_, shown)| shown)
}

fn by_extension<'a>(syntaxes: &'a SyntaxSet, extension: &str) -> Option<&'a SyntaxReference> {
    syntaxes.find_syntax_by_extension(extension).or_else(|| {
        let (_, other) = ALIASES
            .iter()
            .find(|(alias, _)| alias.eq_ignore_ascii_case(extension))?;
        syntaxes.find_syntax_by_extension(other)
    })
}

fn is_plain(syntax: &SyntaxReference) -> bool {
    syntax.name == "Plain Text"
}
