//! The bar that shows how much of a file was added and removed.

const SMALLEST: u32 = 9;

/// The widths of the two parts of a change bar, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeBar {
    /// Width of the added part, 0 or 9 to 100.
    pub added: u32,
    /// Width of the removed part, 0 or 9 to 100.
    pub removed: u32,
}

impl ChangeBar {
    /// The widths for these numbers of lines. A part that is not empty is never so narrow that its number does not fit, and both
    /// together never exceed 100.
    pub fn new(added: u64, removed: u64) -> ChangeBar {
        let total = u128::from(added) + u128::from(removed);
        if total == 0 {
            return ChangeBar {
                added: 0,
                removed: 0,
            };
        }
        let share = |part: u64| {
            let percent = u32::try_from(u128::from(part) * 100 / total).unwrap_or(100);
            if part == 0 { 0 } else { percent.max(SMALLEST) }
        };
        let (mut added, mut removed) = (share(added), share(removed));
        let excess = (added + removed).saturating_sub(100);
        if added > removed {
            added -= excess;
        } else {
            removed -= excess;
        }
        ChangeBar { added, removed }
    }
}

/// What happened to a file whose difference has no lines to show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Operations {
    /// The content is binary.
    pub binary: bool,
    /// The file is new.
    pub new: bool,
    /// The content changed.
    pub modified: bool,
    /// The file is gone.
    pub deleted: bool,
    /// The file has another name.
    pub renamed: bool,
    /// The file has another mode.
    pub chmod: bool,
}

/// The words in place of a change bar for a file without lines to show: `bin+new file`, `rename+chmod`, `chmod`.
pub fn operations_label(operations: Operations) -> String {
    let mut label = String::new();
    if operations.binary {
        label.push_str("bin+");
    }
    let order = [
        (operations.new, "new file"),
        (operations.modified, "mod"),
        (operations.deleted, "del"),
        (operations.renamed, "rename"),
    ];
    if let Some((_, word)) = order.iter().find(|(happened, _)| *happened) {
        label.push_str(word);
    }
    if operations.chmod {
        if !label.is_empty() && !label.ends_with('+') {
            label.push('+');
        }
        label.push_str("chmod");
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_widths() {
        assert_eq!(
            ChangeBar::new(0, 0),
            ChangeBar {
                added: 0,
                removed: 0
            }
        );
        assert_eq!(
            ChangeBar::new(5, 0),
            ChangeBar {
                added: 100,
                removed: 0
            }
        );
        assert_eq!(
            ChangeBar::new(1, 1),
            ChangeBar {
                added: 50,
                removed: 50
            }
        );
        assert_eq!(
            ChangeBar::new(999, 1),
            ChangeBar {
                added: 91,
                removed: 9
            }
        );
    }

    #[test]
    fn known_labels() {
        let none = Operations::default();
        assert_eq!(
            operations_label(Operations {
                binary: true,
                new: true,
                ..none
            }),
            "bin+new file"
        );
        assert_eq!(
            operations_label(Operations {
                renamed: true,
                chmod: true,
                ..none
            }),
            "rename+chmod"
        );
        assert_eq!(
            operations_label(Operations {
                binary: true,
                chmod: true,
                ..none
            }),
            "bin+chmod"
        );
        assert_eq!(
            operations_label(Operations {
                chmod: true,
                ..none
            }),
            "chmod"
        );
    }

    proptest! {
        #[test]
        fn fits(added: u64, removed: u64) {
            let bar = ChangeBar::new(added, removed);
            prop_assert!(bar.added + bar.removed <= 100);
            prop_assert_eq!(added == 0, bar.added == 0);
            prop_assert_eq!(removed == 0, bar.removed == 0);
            prop_assert!(added == 0 || bar.added >= SMALLEST);
            prop_assert!(removed == 0 || bar.removed >= SMALLEST);
        }
    }
}
