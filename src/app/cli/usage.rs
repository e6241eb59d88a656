//! Usage errors in the words that scripts know from the original: `Error: No such command 'x'.`, and exit code 2.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::console::Console;
use super::failure::USAGE;

/// Prints help, or what is wrong with the arguments; gives the exit code.
pub(super) fn tell(error: &clap::Error, program: &str, console: &mut Console) -> i32 {
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            console.text(&error.to_string());
            0
        }
        _ => {
            let usage = context(error, ContextKind::Usage)
                .map(|usage| usage.trim().to_owned())
                .filter(|usage| !usage.is_empty())
                .unwrap_or_else(|| {
                    // Before the command there is a command to be named; after it, its options.
                    let rest = if program.contains(' ') {
                        ""
                    } else {
                        " COMMAND"
                    };
                    format!("Usage: {program} [OPTIONS]{rest}")
                });
            console.note(usage);
            console.note(format!("Try '{program} -h' for help."));
            console.note("");
            console.note(format!("Error: {}", message(error)));
            USAGE
        }
    }
}

fn message(error: &clap::Error) -> String {
    let given = context(error, ContextKind::InvalidValue).unwrap_or_default();
    let argument = context(error, ContextKind::InvalidArg).unwrap_or_default();
    let suggestion = context(error, ContextKind::SuggestedArg)
        .or_else(|| context(error, ContextKind::SuggestedSubcommand))
        .or_else(|| context(error, ContextKind::SuggestedValue))
        .map(|other| format!(" Did you mean '{other}'?"))
        .unwrap_or_default();
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let name = context(error, ContextKind::InvalidSubcommand).unwrap_or_default();
            format!("No such command '{name}'.{suggestion}")
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = names(&argument);
            if argument.starts_with('-') {
                format!("Missing option {missing}.")
            } else {
                format!("Missing argument {missing}.")
            }
        }
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            format!("No such option: {argument}{suggestion}")
        }
        ErrorKind::UnknownArgument => format!("Got unexpected extra argument ({argument})"),
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map(ToString::to_string);
            format!(
                "Invalid value for {}: {}",
                names(&argument),
                why.unwrap_or(given)
            )
        }
        ErrorKind::InvalidValue if given.is_empty() => {
            format!("Option {} requires an argument.", names(&argument))
        }
        ErrorKind::InvalidValue => {
            format!(
                "Invalid value for {}: '{given}' is not one of the choices.{suggestion}",
                names(&argument)
            )
        }
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8".to_owned(),
        _ => {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            first.strip_prefix("error: ").unwrap_or(first).to_owned()
        }
    }
}

/// `--config_file <FILE>` as `'--config_file' / '-c'`, `<REPOSITORY>` as `'REPOSITORY'`.
fn names(argument: &str) -> String {
    let first = argument.split([' ', '\n']).next().unwrap_or_default();
    let name = first.trim_matches(['<', '>', '[', ']', '.']);
    match name {
        "--config_file" => "'--config_file' / '-c'".to_owned(),
        name => format!("'{name}'"),
    }
}

fn context(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        ContextValue::StyledStr(text) => Some(text.to_string()),
        _ => None,
    }
}
