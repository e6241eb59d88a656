//! `ishell`: a name that administrators know.

use super::failure::Failure;
use super::instance::ConfigFile;

/// Not available: there are no Python classes of the data to look at
#[derive(clap::Args, Debug)]
pub(super) struct Ishell {
    #[command(flatten)]
    config: ConfigFile,
}

/// What the original ends with when it cannot start its shell.
const UNAVAILABLE: i32 = 255;

impl Ishell {
    pub(super) fn run(self, console: &mut super::Console) -> Result<(), Failure> {
        let _ = self.config;
        console.note(
            "ishell is not available: the data are not kept in Python objects; use the API (kallithea-api) or the database's own shell",
        );
        Err(Failure::Told(UNAVAILABLE))
    }
}
