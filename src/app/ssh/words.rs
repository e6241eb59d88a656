//! The command of a client: which of the few that are answered it is.
//!
//! Clients send what a shell would read, so names may be in quotes. There is no shell here: quotes are taken off, and whatever else a shell would
//! act upon makes the command one that is not supported.

use vcs::wire::git::Talk;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// `hg -R NAME serve --stdio`
    Hg(String),
    /// `git-upload-pack 'NAME'` and its kin, also with a blank in place of the first dash.
    Git(Talk, String),
}

/// Why a command cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("No closing quotation")]
    OpenQuote,
    #[error("No escaped character")]
    LoneBackslash,
}

/// Longer commands come from no client.
const LONGEST: usize = 4096;

/// Reads a command; nothing when it is none of those that are answered.
pub(super) fn wanted(command: &str) -> Result<Option<Wanted>, Unreadable> {
    if command.len() > LONGEST {
        return Ok(None);
    }
    let Some(words) = split(command)? else {
        return Ok(None);
    };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Ok(match words[..] {
        ["hg", "-R", repository, "serve", "--stdio"] => name(repository).map(Wanted::Hg),
        ["git", verb, repository] => git(&format!("git-{verb}"), repository),
        [program, repository] => git(program, repository),
        _ => None,
    })
}

fn git(program: &str, repository: &str) -> Option<Wanted> {
    let talk = Talk::from_name(program)?;
    Some(Wanted::Git(talk, name(repository)?))
}

/// The full name of a repository: without slashes around it, and nothing that could pass for an option.
fn name(text: &str) -> Option<String> {
    let name = text.trim_matches('/');
    let plain = !name.is_empty() && !name.starts_with('-') && !name.contains(char::is_control);
    plain.then(|| name.to_owned())
}

/// Splits into words as a shell does; nothing when a shell would do more than that.
fn split(text: &str) -> Result<Option<Vec<String>>, Unreadable> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or(Unreadable::OpenQuote)? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or(Unreadable::OpenQuote)? {
                        '"' => break,
                        '\\' => match chars.next().ok_or(Unreadable::OpenQuote)? {
                            c @ ('"' | '\\' | '$' | '`') => word.push(c),
                            c => word.extend(['\\', c]),
                        },
                        '$' | '`' => return Ok(None),
                        c => word.push(c),
                    }
                }
            }
            '\\' => {
                let escaped = chars.next().ok_or(Unreadable::LoneBackslash)?;
                word.get_or_insert_default().push(escaped);
            }
            c if c.is_control() || "|&;<>()$`*?[]#{}!".contains(c) => return Ok(None),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(Some(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vcs::wire::git::Service;

    fn hg(name: &str) -> Option<Wanted> {
        Some(Wanted::Hg(name.to_owned()))
    }

    fn git(talk: Talk, name: &str) -> Option<Wanted> {
        Some(Wanted::Git(talk, name.to_owned()))
    }

    #[test]
    fn what_clients_send_is_read() {
        let (fetch, push) = (
            Talk::Pack(Service::UploadPack),
            Talk::Pack(Service::ReceivePack),
        );
        for (command, expected) in [
            ("hg -R group/repo serve --stdio", hg("group/repo")),
            ("hg -R /group/repo serve --stdio", hg("group/repo")),
            ("hg -R 'with blank' serve --stdio", hg("with blank")),
            ("hg -R '_12' serve --stdio", hg("_12")),
            ("git-upload-pack '/group/repo'", git(fetch, "group/repo")),
            ("git upload-pack '/repo'", git(fetch, "repo")),
            ("git-receive-pack 'repo/'", git(push, "repo")),
            ("git-upload-archive '/repo'", git(Talk::Archive, "repo")),
            (r"git-upload-pack '/it'\''s'", git(fetch, "it's")),
            (r"git-upload-pack '/wow'\!''", git(fetch, "wow!")),
            (r#"git-upload-pack "/a \"b\"""#, git(fetch, r#"a "b""#)),
            ("  git-upload-pack   /ünï ", git(fetch, "ünï")),
        ] {
            assert_eq!(wanted(command), Ok(expected), "{command}");
        }
    }

    #[test]
    fn nothing_else_is() {
        for command in [
            "",
            "ls",
            "hg",
            "hg -R repo serve",
            "hg -R repo serve --stdio --config x=y",
            "hg --config hooks.x=y -R repo serve --stdio",
            "hg -R repo push",
            "hg -R --debugger serve --stdio",
            "hg --cwd / -R repo serve --stdio",
            "git-shell",
            "git-upload-pack",
            "git-upload-pack --help",
            "git-upload-pack '--upload-pack=touch x'",
            "git-upload-pack repo other",
            "git-upload-pack repo; touch x",
            "git-upload-pack repo && id",
            "git-upload-pack $(id)",
            "git-upload-pack \"$(id)\"",
            "git-upload-pack `id`",
            "git-upload-pack repo\nid",
            "git-upload-pack 'repo\nid'",
            "git-upload-pack 'repo\0id'",
            "git-upload-pack repo > x",
            "git-upload-pack ''",
            "git-upload-pack /",
            "git-lfs-authenticate repo download",
            "/usr/bin/git-upload-pack repo",
            "GIT-UPLOAD-PACK repo",
            "scp -f x",
        ] {
            assert_eq!(wanted(command), Ok(None), "{command}");
        }
        assert_eq!(
            wanted(&format!("git-upload-pack {}", "x".repeat(5000))),
            Ok(None)
        );
    }

    #[test]
    fn quotes_that_do_not_close_are_told() {
        assert_eq!(wanted("git-upload-pack 'repo"), Err(Unreadable::OpenQuote));
        assert_eq!(wanted("git-upload-pack \"repo"), Err(Unreadable::OpenQuote));
        assert_eq!(
            wanted("git-upload-pack \"repo\\"),
            Err(Unreadable::OpenQuote)
        );
        assert_eq!(
            wanted("git-upload-pack repo\\"),
            Err(Unreadable::LoneBackslash)
        );
    }
}
