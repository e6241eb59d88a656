//! Every command as somebody types it, without a process of its own.

use std::ffi::OsString;

use super::console::Console;
use super::{Host, run_at};

/// Exit code, standard output, standard error.
pub(super) fn typed(line: &[&str], answers: &[&str]) -> (i32, String, String) {
    let (mut console, out, err) = Console::script(answers);
    let arguments: Vec<OsString> = line.iter().map(OsString::from).collect();
    let host = Host {
        program: "/srv/venv/bin/kallithea-cli".into(),
        public: "/usr/lib/kallithea_rs/public".into(),
    };
    let code = run_at(&mut console, &arguments, &host);
    (code, out.text(), err.text())
}

#[test]
fn the_program_alone_prints_its_commands() {
    let (code, out, err) = typed(&[], &[]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("config-check") && !out.contains("ssh-serve "));
    let (code, out, _) = typed(&["index-create", "-h"], &[]);
    assert_eq!(code, 0);
    assert!(out.contains("--config_file"), "{out}");
}

#[test]
fn usage_errors_are_worded_as_scripts_know_them() {
    let lines: [(&[&str], &str); 6] = [
        (&["x"], "Error: No such command 'x'."),
        (
            &["index-create"],
            "Error: Missing option '--config_file' / '-c'.",
        ),
        (
            &["index-create", "-c", "/no/such.ini"],
            "Error: Invalid value for '--config_file' / '-c': File '/no/such.ini' does not exist.",
        ),
        (
            &["index-create", "--config-file", "/"],
            "Error: Invalid value for '--config_file' / '-c': File '/' is a directory.",
        ),
        (
            &["front-end-build", "--fast"],
            "Error: No such option: --fast",
        ),
        (
            &["front-end-build", "x"],
            "Error: Got unexpected extra argument (x)",
        ),
    ];
    for (line, wanted) in lines {
        let (code, out, err) = typed(line, &[]);
        assert_eq!((code, out.as_str()), (2, ""), "{line:?}");
        assert!(err.starts_with("Usage: kallithea-cli"), "{err}");
        assert_eq!(err.contains("COMMAND"), line == ["x"], "{err}");
        assert_eq!(err.lines().last(), Some(wanted), "{err}");
    }
}

#[test]
fn what_has_no_meaning_here_says_so() {
    let (code, out, _) = typed(&["front-end-build", "--no-install-deps", "--generate"], &[]);
    assert_eq!(code, 0);
    assert!(out.contains("/usr/lib/kallithea_rs/public"));
    for shell in ["bash", "zsh", "fish"] {
        let (code, out, _) = typed(&["completion", shell], &[]);
        assert!(code == 0 && out.contains("front-end-build"), "{shell}");
    }
}

mod at_once;
mod instances;
mod place;
mod upkeep;
