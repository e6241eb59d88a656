//! Where a changeset was made from, when a command made it out of another one.
//!
//! Commands that copy or rewrite changesets note the original in the extras, each under a name of its own, and mostly as forty
//! hexadecimal digits.

use crate::changeset::Changeset;
use crate::ids::Node;
use crate::text::Text;

/// What a changeset was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A copy by `hg graft`.
    Graft {
        /// The first original.
        source: Node,
        /// The copy that this one was copied from, where it was not the original.
        intermediate: Option<Node>,
    },
    /// A copy by the transplant extension.
    Transplant(Node),
    /// A rewrite; the original is mostly gone.
    Rewrite {
        /// The command: `rebase`, `amend`, `unamend`, `absorb`, `fix`, `histedit`.
        command: &'static str,
        /// The originals; several where `histedit` folded them.
        sources: Vec<Node>,
    },
    /// A revision of another system, converted by `hg convert`.
    Convert(Text),
}

impl Changeset {
    /// What this changeset was made from, by all that its extras tell. The originals need not be in the repository.
    pub fn origins(&self) -> Vec<Origin> {
        let value = |key: &str| self.extras.get(key.as_bytes());
        let node = |key: &str| value(key).and_then(|digits| Node::from_hex(digits));
        let mut origins = Vec::new();
        if let Some(source) = node("source") {
            let intermediate = node("intermediate-source");
            origins.push(Origin::Graft {
                source,
                intermediate,
            });
        }
        // The only one that is stored as bytes.
        if let Some(source) = value("transplant_source").and_then(|bytes| Node::from_slice(bytes)) {
            origins.push(Origin::Transplant(source));
        }
        for command in ["rebase", "amend", "unamend", "absorb", "fix", "histedit"] {
            let Some(value) = value(&format!("{command}_source")) else {
                continue;
            };
            let sources: Vec<Node> = value
                .split(|&byte| byte == b',')
                .filter_map(Node::from_hex)
                .collect();
            if !sources.is_empty() {
                origins.push(Origin::Rewrite { command, sources });
            }
        }
        if let Some(foreign) = value("convert_revision") {
            origins.push(Origin::Convert(Text::from(&foreign[..])));
        }
        origins
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changeset::RawChangeset;
    use crate::ids::Rev;

    fn origins(extras: &str) -> Vec<Origin> {
        let text = format!("{}\nu\n0 0 {extras}\n\nd", "0".repeat(40));
        let raw = RawChangeset::parse(text.as_bytes()).unwrap();
        raw.to_changeset(Rev::new(0), Node::NULL, [None; 2])
            .origins()
    }

    #[test]
    fn each_command_has_its_own_name_and_form() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let node = |digits: &str| digits.parse::<Node>().unwrap();
        assert_eq!(
            origins(&format!("source:{a}\0intermediate-source:{b}")),
            [Origin::Graft {
                source: node(&a),
                intermediate: Some(node(&b))
            }]
        );
        assert_eq!(
            origins(&format!(
                "histedit_source:{a},{b}\0transplant_source:{}",
                "\\n".repeat(20)
            )),
            [
                Origin::Transplant(Node::new([b'\n'; 20])),
                Origin::Rewrite {
                    command: "histedit",
                    sources: vec![node(&a), node(&b)]
                },
            ]
        );
        assert_eq!(
            origins(&format!("convert_revision:r7\0rebase_source:{b}")),
            [
                Origin::Rewrite {
                    command: "rebase",
                    sources: vec![node(&b)]
                },
                Origin::Convert(Text::from("r7")),
            ]
        );
        assert!(origins("source:short\0branch:x").is_empty());
    }
}
