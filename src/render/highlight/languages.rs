//! What the lexer has to know about each language.

use std::collections::HashMap;
use std::sync::OnceLock;

/// A language, as far as its colours need it.
pub(super) struct Language {
    /// Its name among the grammars.
    name: &'static str,
    /// What starts a comment up to the end of the line.
    pub line_comments: &'static [&'static str],
    /// What encloses a comment.
    pub block_comment: Option<(&'static str, &'static str)>,
    /// Whether comments nest.
    pub nested_comments: bool,
    /// Kinds of strings, the longer opening first.
    pub quotes: &'static [Quote],
    /// What may stand directly before a string, in lower case, the empty prefix excepted.
    pub prefixes: &'static [&'static str],
    /// What a prefix with an `r` means.
    pub raw: Raw,
    /// Classes of words.
    words: &'static [(&'static str, &'static str)],
    /// Words after which a name is defined, with the class of that name.
    definitions: &'static [(&'static str, &'static str)],
    /// Words that are keywords only at the start of a line that ends with a colon.
    pub soft_keywords: &'static [&'static str],
    /// Characters that are operators.
    pub operators: &'static str,
    /// Words count in any case.
    pub ignores_case: bool,
    /// `@name` decorates what follows.
    pub decorators: bool,
    /// `#word` at the start of a line speaks to the compiler.
    pub directives: bool,
    /// `#[…]`, `'lifetime` and `macro!`.
    pub rust: bool,
    /// A slash may start a regular expression.
    pub regexes: bool,
    /// `$` belongs to names.
    pub dollar_in_names: bool,
    /// `$name`, here-documents, comments only after a blank, no numbers or calls.
    pub shell: bool,
    /// A string before a colon is a key.
    pub keys: bool,
}

/// A kind of string.
pub(super) struct Quote {
    pub open: &'static str,
    pub close: &'static str,
    /// It may go on in the next line.
    pub multiline: bool,
    /// What a backslash does.
    pub escapes: Escapes,
    /// What starts a value inside: `${` or, in strings with an `f` before them, `{`.
    pub interpolation: Option<&'static str>,
}

/// What a backslash in a string does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    /// Nothing.
    None,
    /// It keeps a quote from ending the string, and both are in the string.
    Kept,
    /// It starts an escape.
    Marked,
}

/// How strings without escapes are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Raw {
    /// As any other string.
    Plain,
    /// `r#"…"#`.
    Hashes,
    /// `R"x(…)x"`.
    Delimiter,
}

/// A language with its words in a form for looking up.
pub(super) struct Compiled {
    pub language: &'static Language,
    pub words: HashMap<&'static str, &'static str>,
    pub definitions: HashMap<&'static str, &'static str>,
    /// How many bytes the longest of both has: most names in a text are longer and need not be looked up.
    pub longest: usize,
    /// Nothing but names, keywords and prefixes of strings begins with a letter.
    pub letters_begin_names: bool,
}

impl Compiled {
    /// The class of a word that is known, and that of the name which it defines.
    pub fn look_up(&self, word: &str) -> (Option<&'static str>, Option<&'static str>) {
        if word.len() > self.longest {
            return (None, None);
        }
        let folded = self
            .language
            .ignores_case
            .then(|| word.to_ascii_lowercase());
        let word = folded.as_deref().unwrap_or(word);
        let known = self.words.get(word).copied();
        (known, self.definitions.get(word).copied())
    }
}

/// The language with this name among the grammars, if the lexer knows it.
pub(super) fn find(name: &str) -> Option<&'static Compiled> {
    static COMPILED: OnceLock<HashMap<&'static str, Compiled>> = OnceLock::new();
    COMPILED
        .get_or_init(|| {
            LANGUAGES
                .iter()
                .map(|language| (language.name, compile(language)))
                .collect()
        })
        .get(name)
}

/// The names of all languages the lexer knows.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    LANGUAGES.iter().map(|language| language.name)
}

fn compile(language: &'static Language) -> Compiled {
    let words = language
        .words
        .iter()
        .flat_map(|(class, words)| words.split(' ').map(move |word| (word, *class)));
    let words: HashMap<_, _> = words.collect();
    let definitions: HashMap<_, _> = language.definitions.iter().copied().collect();
    let marks = language
        .line_comments
        .iter()
        .copied()
        .chain(language.block_comment.map(|(open, _)| open))
        .chain(language.quotes.iter().map(|quote| quote.open));
    Compiled {
        language,
        longest: words
            .keys()
            .chain(definitions.keys())
            .map(|word| word.len())
            .max()
            .unwrap_or_default(),
        letters_begin_names: !marks
            .into_iter()
            .any(|mark| mark.starts_with(char::is_alphabetic)),
        words,
        definitions,
    }
}

const fn quote(
    mark: &'static str,
    multiline: bool,
    escapes: Escapes,
    interpolation: Option<&'static str>,
) -> Quote {
    Quote {
        open: mark,
        close: mark,
        multiline,
        escapes,
        interpolation,
    }
}

const SINGLE: Quote = quote("'", false, Escapes::Marked, None);
const DOUBLE: Quote = quote("\"", false, Escapes::Marked, None);

const NONE: Language = Language {
    name: "",
    line_comments: &[],
    block_comment: None,
    nested_comments: false,
    quotes: &[],
    prefixes: &[],
    raw: Raw::Plain,
    words: &[],
    definitions: &[],
    soft_keywords: &[],
    operators: "",
    ignores_case: false,
    decorators: false,
    directives: false,
    rust: false,
    regexes: false,
    dollar_in_names: false,
    shell: false,
    keys: false,
};

/// What most languages with braces share.
const BRACES: Language = Language {
    line_comments: &["//"],
    block_comment: Some(("/*", "*/")),
    quotes: &[DOUBLE, SINGLE],
    operators: "+-*/%=<>!&|^~?",
    ..NONE
};

const SCRIPT: Language = Language {
    quotes: &[
        DOUBLE,
        SINGLE,
        quote("`", true, Escapes::Marked, Some("${")),
    ],
    decorators: true,
    regexes: true,
    dollar_in_names: true,
    words: &[
        (
            "k",
            "async await break case catch continue debugger default delete do else export extends finally for from if import in \
               instanceof new of return static super switch throw try typeof void while with yield as get set satisfies keyof infer is asserts",
        ),
        (
            "kd",
            "abstract class const declare enum function implements interface let module namespace private protected public readonly type var",
        ),
        ("kc", "true false null undefined NaN Infinity"),
        ("bp", "this arguments"),
        (
            "kt",
            "any boolean bigint never number object string symbol unknown",
        ),
        (
            "nb",
            "Array Boolean Date Error JSON Map Math Number Object Promise Proxy Reflect RegExp Set String Symbol WeakMap WeakSet console \
                document globalThis window process require",
        ),
    ],
    definitions: &[
        ("function", "nf"),
        ("class", "nc"),
        ("interface", "nc"),
        ("enum", "nc"),
        ("namespace", "nn"),
        ("type", "nc"),
    ],
    ..BRACES
};

const C_WORDS: &str = "auto break case const continue default do else enum extern for goto if inline register restrict return sizeof static \
                       struct switch typedef union volatile while _Alignas _Alignof _Atomic _Generic _Noreturn _Static_assert _Thread_local";
const C_TYPES: &str = "bool char double float int long short signed unsigned void size_t ssize_t ptrdiff_t intptr_t uintptr_t int8_t int16_t \
                       int32_t int64_t uint8_t uint16_t uint32_t uint64_t FILE va_list wchar_t _Bool";

const LANGUAGES: &[Language] = &[
    Language {
        name: "Python",
        line_comments: &["#"],
        quotes: &[
            quote("\"\"\"", true, Escapes::Marked, None),
            quote("'''", true, Escapes::Marked, None),
            DOUBLE,
            SINGLE,
        ],
        prefixes: &["r", "b", "u", "f", "t", "rb", "br", "fr", "rf", "tr", "rt"],
        words: &[
            (
                "k",
                "as assert async await break continue del elif else except finally for global if lambda nonlocal pass raise return try \
                   while with yield",
            ),
            ("kn", "from import"),
            ("kd", "class def"),
            ("ow", "and in is not or"),
            ("kc", "True False None NotImplemented Ellipsis"),
            ("bp", "self cls"),
            (
                "nb",
                "__import__ abs all any bool bytearray bytes callable chr classmethod compile complex delattr dict dir divmod enumerate eval \
                    exec filter float format frozenset getattr globals hasattr hash help hex id input int isinstance issubclass iter len list \
                    locals map max memoryview min next object oct open ord pow print property range repr reversed round set setattr slice \
                    sorted staticmethod str sum super tuple type vars zip",
            ),
            (
                "ne",
                "ArithmeticError AssertionError AttributeError BaseException EOFError Exception FileExistsError FileNotFoundError \
                    GeneratorExit ImportError IndexError InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError \
                    ModuleNotFoundError NameError NotADirectoryError NotImplementedError OSError OverflowError PermissionError \
                    ProcessLookupError RecursionError RuntimeError StopIteration SyntaxError SystemError SystemExit TimeoutError TypeError \
                    UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError ValueError Warning DeprecationWarning \
                    ZeroDivisionError",
            ),
        ],
        definitions: &[("def", "nf"), ("class", "nc")],
        soft_keywords: &["match", "case"],
        operators: "+-*/%=<>!&|^~@",
        decorators: true,
        ..NONE
    },
    Language {
        name: "Rust",
        nested_comments: true,
        quotes: &[quote("\"", true, Escapes::Marked, None), SINGLE],
        prefixes: &["b", "r", "br", "c", "cr"],
        raw: Raw::Hashes,
        words: &[
            (
                "k",
                "as async await break continue dyn else extern for if impl in loop match move ref return unsafe where while yield",
            ),
            ("kn", "use mod"),
            (
                "kd",
                "const crate enum fn let mut pub static struct super trait type union macro_rules",
            ),
            ("kc", "true false"),
            ("bp", "self Self"),
            (
                "kt",
                "bool char f32 f64 i8 i16 i32 i64 i128 isize str u8 u16 u32 u64 u128 usize",
            ),
            ("nb", "Box Err None Ok Option Result Some String Vec"),
        ],
        definitions: &[
            ("fn", "nf"),
            ("struct", "nc"),
            ("enum", "nc"),
            ("trait", "nc"),
            ("type", "nc"),
            ("union", "nc"),
            ("mod", "nn"),
            ("const", "no"),
        ],
        rust: true,
        ..BRACES
    },
    Language {
        name: "C",
        prefixes: &["l", "u", "u8"],
        words: &[
            ("k", C_WORDS),
            ("kt", C_TYPES),
            ("kc", "true false NULL nullptr"),
        ],
        definitions: &[("struct", "nc"), ("enum", "nc"), ("union", "nc")],
        directives: true,
        ..BRACES
    },
    Language {
        name: "C++",
        prefixes: &["l", "u", "u8", "r", "lr", "ur", "u8r"],
        raw: Raw::Delimiter,
        words: &[
            ("k", C_WORDS),
            (
                "k",
                "alignas alignof catch co_await co_return co_yield concept const_cast consteval constexpr constinit decltype delete \
                   dynamic_cast explicit export final friend mutable new noexcept operator override private protected public \
                   reinterpret_cast requires static_assert static_cast template thread_local throw try typeid typename using virtual",
            ),
            ("kd", "class namespace"),
            ("kt", C_TYPES),
            ("kt", "char8_t char16_t char32_t"),
            ("kc", "true false NULL nullptr"),
            ("bp", "this"),
        ],
        definitions: &[
            ("class", "nc"),
            ("struct", "nc"),
            ("enum", "nc"),
            ("union", "nc"),
            ("namespace", "nn"),
            ("concept", "nc"),
        ],
        directives: true,
        ..BRACES
    },
    Language {
        name: "Go",
        quotes: &[DOUBLE, SINGLE, quote("`", true, Escapes::None, None)],
        words: &[
            (
                "k",
                "break case chan continue default defer else fallthrough for go goto if map range return select switch",
            ),
            ("kn", "import package"),
            ("kd", "const func interface struct type var"),
            ("kc", "true false nil iota"),
            (
                "kt",
                "any bool byte comparable complex64 complex128 error float32 float64 int int8 int16 int32 int64 rune string uint uint8 \
                    uint16 uint32 uint64 uintptr",
            ),
            (
                "nb",
                "append cap clear close complex copy delete imag len make max min new panic print println real recover",
            ),
        ],
        definitions: &[("func", "nf"), ("type", "nc"), ("package", "nn")],
        ..BRACES
    },
    Language {
        name: "Java",
        quotes: &[quote("\"\"\"", true, Escapes::Marked, None), DOUBLE, SINGLE],
        words: &[
            (
                "k",
                "assert break case catch continue default do else extends finally for goto if implements instanceof new permits return \
                   super switch throw throws try while yield",
            ),
            ("kn", "import package"),
            (
                "kd",
                "abstract class enum final interface native private protected public record sealed static strictfp synchronized \
                    transient var volatile",
            ),
            ("kc", "true false null"),
            ("bp", "this"),
            ("kt", "boolean byte char double float int long short void"),
        ],
        definitions: &[
            ("class", "nc"),
            ("interface", "nc"),
            ("enum", "nc"),
            ("record", "nc"),
        ],
        decorators: true,
        dollar_in_names: true,
        ..BRACES
    },
    Language {
        name: "C#",
        quotes: &[
            quote("\"\"\"", true, Escapes::None, None),
            Quote {
                open: "@\"",
                close: "\"",
                multiline: true,
                escapes: Escapes::None,
                interpolation: None,
            },
            Quote {
                open: "$@\"",
                close: "\"",
                multiline: true,
                escapes: Escapes::None,
                interpolation: Some("{"),
            },
            Quote {
                open: "$\"",
                close: "\"",
                multiline: false,
                escapes: Escapes::Marked,
                interpolation: Some("{"),
            },
            DOUBLE,
            SINGLE,
        ],
        words: &[
            (
                "k",
                "add as async await base break by case catch checked continue default delegate do else event finally fixed for foreach \
                   from get goto group if in init into is join let lock new operator orderby out params ref remove return select set sizeof \
                   stackalloc switch throw try typeof unchecked unsafe using value when where while with yield",
            ),
            (
                "kd",
                "abstract class const enum explicit extern implicit interface internal namespace override partial private protected \
                    public readonly record required sealed static struct virtual volatile var",
            ),
            ("kc", "true false null"),
            ("bp", "this"),
            (
                "kt",
                "bool byte char decimal double dynamic float int long nint nuint object sbyte short string uint ulong ushort void",
            ),
        ],
        definitions: &[
            ("class", "nc"),
            ("struct", "nc"),
            ("interface", "nc"),
            ("enum", "nc"),
            ("record", "nc"),
            ("namespace", "nn"),
        ],
        directives: true,
        ..BRACES
    },
    Language {
        name: "JavaScript",
        ..SCRIPT
    },
    Language {
        name: "JavaScript (Babel)",
        ..SCRIPT
    },
    Language {
        name: "TypeScript",
        ..SCRIPT
    },
    Language {
        name: "JSON",
        quotes: &[DOUBLE],
        words: &[("kc", "true false null")],
        operators: "-",
        keys: true,
        ..NONE
    },
    Language {
        name: "SQL",
        line_comments: &["--"],
        block_comment: Some(("/*", "*/")),
        quotes: &[
            quote("'", true, Escapes::None, None),
            quote("\"", true, Escapes::None, None),
            quote("`", false, Escapes::None, None),
        ],
        words: &[
            (
                "k",
                "add all alter analyze and as asc begin between by cascade case check collate column commit constraint create cross \
                   database default deferrable delete desc distinct drop else end except exists explain for foreign from full function \
                   grant group having if in index inner insert intersect into is join key left like limit natural not of offset on or \
                   order outer over partition pragma primary procedure references replace returning returns revoke right rollback row \
                   select sequence set table temporary then to transaction trigger truncate union unique update using vacuum values view \
                   when where window with",
            ),
            ("kc", "true false null"),
            (
                "kt",
                "bigint binary blob boolean bytea char character date datetime decimal double float int integer interval json jsonb \
                    numeric real serial smallint text time timestamp timestamptz tinyint uuid varchar",
            ),
            ("nb", "avg cast coalesce count max min nullif now sum"),
        ],
        operators: "+-*/%=<>!|",
        ignores_case: true,
        ..NONE
    },
    Language {
        name: "Bourne Again Shell (bash)",
        ..SHELL
    },
];

const SHELL: Language = Language {
    line_comments: &["#"],
    quotes: &[
        quote("\"", true, Escapes::Marked, Some("$")),
        quote("'", true, Escapes::None, None),
    ],
    words: &[
        (
            "k",
            "case do done elif else esac fi for function if in select then until while",
        ),
        (
            "nb",
            "alias bg bind break builtin cd command continue declare dirs echo enable eval exec exit export false fc fg getopts hash \
                help jobs kill let local logout popd printf pushd pwd read readonly return set shift shopt source test times trap true type \
                typeset ulimit umask unalias unset wait",
        ),
    ],
    definitions: &[("function", "nf")],
    operators: "=|&<>!",
    shell: true,
    ..NONE
};

#[cfg(test)]
mod tests {
    use super::super::{CLASSES, shared};
    use super::*;

    #[test]
    fn names_are_those_of_grammars() {
        for language in LANGUAGES {
            let known = shared()
                .syntaxes
                .find_syntax_by_name(language.name)
                .is_some();
            assert!(known, "{}", language.name);
        }
    }

    #[test]
    fn classes_are_listed_and_words_have_one() {
        for language in LANGUAGES {
            let compiled = compile(language);
            for class in compiled.words.values().chain(compiled.definitions.values()) {
                assert!(CLASSES.contains(class), "{class}");
            }
            let count: usize = language
                .words
                .iter()
                .map(|(_, words)| words.split(' ').count())
                .sum();
            assert_eq!(
                compiled.words.len(),
                count,
                "{} has a word twice",
                language.name
            );
            assert!(
                compiled.words.keys().all(|word| !word.is_empty()),
                "{}",
                language.name
            );
        }
    }
}
