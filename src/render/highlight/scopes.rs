//! The table from scopes to class names.

use std::collections::HashMap;
use std::sync::OnceLock;
use syntect::parsing::Scope;

/// Scope prefix to class; the longest prefix that fits wins. The empty class means: plain again, whatever is around it.
///
/// The scopes are those of Sublime Text's naming guide, the classes Pygments' short ones. What is not named here keeps the look of what
/// surrounds it; punctuation and ordinary names are left out on purpose, they would double the size of a page to say nothing.
const TABLE: &[(&str, &str)] = &[
    // Comments and preprocessor lines.
    ("comment", "c"),
    ("comment.block.documentation.python", "sd"),
    ("meta.preprocessor", "cp"),
    ("meta.annotation", "nd"),
    // Keywords.
    ("keyword", "k"),
    ("keyword.control.import", "kn"),
    ("keyword.import", "kn"),
    ("keyword.other.import", "kn"),
    ("keyword.declaration", "kd"),
    ("keyword.operator", "o"),
    ("keyword.operator.logical.python", "ow"),
    ("keyword.operator.word", "ow"),
    ("keyword.other.unit", "m"),
    ("storage", "k"),
    ("storage.type", "kt"),
    ("storage.type.class", "kd"),
    ("storage.type.enum", "kd"),
    ("storage.type.function", "kd"),
    ("storage.type.impl", "kd"),
    ("storage.type.interface", "kd"),
    ("storage.type.module", "kd"),
    ("storage.type.struct", "kd"),
    ("storage.type.trait", "kd"),
    ("storage.type.type", "kd"),
    ("storage.modifier", "kd"),
    // Literals.
    ("constant.numeric", "m"),
    ("constant.language", "kc"),
    ("constant.character", "sc"),
    ("constant.character.escape", "se"),
    ("constant.other", "no"),
    ("constant.other.placeholder", "si"),
    ("string", "s"),
    ("string.regexp", "sr"),
    ("string.unquoted", ""),
    ("string.unquoted.heredoc", "sh"),
    ("punctuation.section.interpolation", "si"),
    ("punctuation.section.embedded", "si"),
    ("meta.interpolation", ""),
    ("meta.string-contents.unquoted", ""),
    ("source", ""),
    ("text", ""),
    // Names where they are defined, and those of the language itself.
    ("entity.name.function", "nf"),
    ("entity.name.function.decorator", "nd"),
    ("entity.name.class", "nc"),
    ("entity.name.enum", "nc"),
    ("entity.name.impl", "nc"),
    ("entity.name.interface", "nc"),
    ("entity.name.struct", "nc"),
    ("entity.name.trait", "nc"),
    ("entity.name.type", "nc"),
    ("entity.name.union", "nc"),
    ("entity.name.constant", "no"),
    ("entity.name.label", "nl"),
    ("entity.name.module", "nn"),
    ("entity.name.namespace", "nn"),
    ("entity.name.package", "nn"),
    ("entity.name.tag", "nt"),
    ("entity.other.attribute-name", "na"),
    ("entity.other.inherited-class", "nc"),
    ("variable.annotation", "nd"),
    ("variable.function", "nf"),
    ("variable.language", "bp"),
    ("variable.other.makefile", "nv"),
    ("variable.other.php", "nv"),
    ("variable.other.readwrite.instance", "nv"),
    ("variable.other.readwrite.shell", "nv"),
    ("variable.parameter.makefile", "nv"),
    ("support.class", "nb"),
    ("support.constant", "kc"),
    ("support.function", "nb"),
    ("support.macro", "nb"),
    ("support.type", "nb"),
    ("support.type.property-name", "na"),
    ("support.type.exception", "ne"),
    // Text formats and differences.
    ("entity.name.section", "gh"),
    ("markup.heading", "gh"),
    ("markup.bold", "gs"),
    ("markup.italic", "ge"),
    ("markup.raw", "s"),
    ("markup.inserted", "gi"),
    ("markup.deleted", "gd"),
    ("meta.diff.header", "gh"),
    ("meta.diff.range", "gu"),
    ("invalid.illegal", "err"),
];

/// Every class the table can give, sorted.
pub(crate) const CLASSES: &[&str] = &[
    "bp", "c", "cp", "err", "gd", "ge", "gh", "gi", "gs", "gu", "k", "kc", "kd", "kn", "kt", "m",
    "na", "nb", "nc", "nd", "ne", "nf", "nl", "nn", "no", "nt", "nv", "o", "ow", "s", "sc", "sd",
    "se", "sh", "si", "sr",
];

/// The table with its scopes compiled, and the answers given so far: a file has few different scopes.
pub(super) struct ScopeClasses {
    table: &'static [(Scope, Option<&'static str>)],
    known: HashMap<Scope, Option<Option<&'static str>>>,
}

impl ScopeClasses {
    pub fn new() -> ScopeClasses {
        static COMPILED: OnceLock<Vec<(Scope, Option<&'static str>)>> = OnceLock::new();
        let table = COMPILED.get_or_init(|| {
            TABLE
                .iter()
                .filter_map(|(scope, class)| {
                    Some((
                        Scope::new(scope).ok()?,
                        Some(*class).filter(|c| !c.is_empty()),
                    ))
                })
                .collect()
        });
        ScopeClasses {
            table,
            known: HashMap::new(),
        }
    }

    /// The class for a scope; nothing if the scope says nothing, `Some(None)` if it makes text plain again.
    pub fn class(&mut self, scope: Scope) -> Option<Option<&'static str>> {
        *self.known.entry(scope).or_insert_with(|| {
            let fitting = self
                .table
                .iter()
                .filter(|(prefix, _)| prefix.is_prefix_of(scope));
            fitting
                .max_by_key(|(prefix, _)| prefix.len())
                .map(|(_, class)| *class)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_classes_is_that_of_the_table() {
        let mut classes: Vec<&str> = TABLE
            .iter()
            .map(|(_, class)| *class)
            .filter(|class| !class.is_empty())
            .collect();
        classes.sort_unstable();
        classes.dedup();
        assert_eq!(classes, CLASSES);
    }

    #[test]
    fn every_scope_of_the_table_compiles() {
        assert_eq!(ScopeClasses::new().table.len(), TABLE.len());
    }

    #[test]
    fn the_longest_prefix_wins() {
        let mut table = ScopeClasses::new();
        let mut class = |scope: &str| table.class(Scope::new(scope).expect("a short scope"));
        assert_eq!(class("keyword.operator.assignment.rust"), Some(Some("o")));
        assert_eq!(class("keyword.control.flow.rust"), Some(Some("k")));
        assert_eq!(class("meta.interpolation.python"), Some(None));
        assert_eq!(class("meta.block.rust"), None);
    }
}
