//! `iis-install`: a name that recipes know; there is no Windows here.

use super::failure::Failure;
use super::instance::ConfigFile;

/// Not supported: this program does not run on Windows
#[derive(clap::Args, Debug)]
pub(super) struct IisInstall {
    #[command(flatten)]
    config: ConfigFile,
    /// Folder of the site below which it would be served
    #[arg(long, default_value = "/")]
    virtualdir: String,
}

impl IisInstall {
    pub(super) fn run(self) -> Result<(), Failure> {
        let _ = (self.config, self.virtualdir);
        Err(Failure::failed(
            "Internet Information Services is not supported; see the examples for gunicorn, uWSGI and mod_wsgi",
        ))
    }
}
