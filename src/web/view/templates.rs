//! The templates' sources, compiled into the program.

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        /// Name and source of every template, for `Tera::add_raw_templates`.
        pub const TEMPLATES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../templates/", $name)))),*];
    };
}

templates![
    "about.html",
    "account_permissions.html",
    "account_repositories.html",
    "api.html",
    "archives.html",
    "authors.html",
    "authors_piece.html",
    "base.html",
    "changelog.html",
    "changelog_details.html",
    "changeset.html",
    "changeset_range.html",
    "comment_chunk.html",
    "comment_list.html",
    "compare.html",
    "compare_rows.html",
    "diff_file.html",
    "diff_head.html",
    "edit_file.html",
    "edit_remove.html",
    "error.html",
    "error_bare.html",
    "file.html",
    "file_diff.html",
    "file_part.html",
    "files.html",
    "files_part.html",
    "followers.html",
    "followers_part.html",
    "forks.html",
    "forks_part.html",
    "form_page.html",
    "group_delete.html",
    "group_settings.html",
    "home.html",
    "journal.html",
    "journal_list.html",
    "login.html",
    "new_fork.html",
    "new_group.html",
    "new_repository.html",
    "parts/diff.html",
    "parts/edit.html",
    "parts/forks.html",
    "parts/forms.html",
    "parts/group_head.html",
    "parts/lists.html",
    "parts/ui.html",
    "permissions.html",
    "range_part.html",
    "repo.html",
    "repo_creating.html",
    "repo_delete.html",
    "repo_settings.html",
    "setup.html",
    "site_access.html",
    "statistics.html",
    "summary.html",
    "summary_facts.html",
];

#[cfg(test)]
mod tests {
    use super::TEMPLATES;

    /// Every place in which `needle` occurs, with the template's name and what follows.
    fn places(needle: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
        TEMPLATES.iter().flat_map(move |(name, source)| {
            source
                .match_indices(needle)
                .map(|(at, _)| (*name, &source[at..]))
        })
    }

    #[test]
    fn only_html_fields_are_printed_raw() {
        for (name, source) in TEMPLATES {
            for (at, _) in source.match_indices("| safe") {
                let variable = source[..at].trim_end();
                let known = variable.ends_with("_html");
                assert!(
                    known,
                    "{name} prints {:?} raw",
                    &variable[variable.len().saturating_sub(40)..]
                );
            }
        }
    }

    #[test]
    fn nothing_is_inline() {
        for needle in [
            " style=",
            "<style",
            "javascript:",
            " onclick=",
            " onload=",
            " onsubmit=",
            " onchange=",
        ] {
            assert_eq!(
                places(needle).next(),
                None,
                "a strict Content-Security-Policy forbids {needle}"
            );
        }
        for (name, source) in places("<script") {
            // The captcha's script is of another maker and no module; data that programs outside read is run by no browser.
            assert!(
                source.starts_with("<script type=\"module\" src=\"{{")
                    || source.starts_with("<script async defer src=\"{{ captcha_script }}\"")
                    || source.starts_with("<script type=\"text/plain\" id=\""),
                "{name} has an inline script"
            );
        }
    }

    #[test]
    fn every_post_carries_the_token() {
        let mut forms = 0;
        for (name, source) in places("<form ") {
            let form = &source[..source.find("</form>").expect("a form ends")];
            let post = form
                .find('>')
                .is_some_and(|end| form[..end].contains("method=\"post\""));
            assert_eq!(
                post,
                form.contains("<csrf />"),
                "{name}: {}",
                &form[..form.len().min(80)]
            );
            forms += usize::from(post);
        }
        assert!(forms > 10);
    }

    #[test]
    fn every_picture_has_a_text() {
        for (name, source) in places("<img") {
            assert!(
                source[..source.find('>').expect("a tag ends")].contains(" alt="),
                "{name}"
            );
        }
    }
}
