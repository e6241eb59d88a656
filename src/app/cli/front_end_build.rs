//! `front-end-build`: nothing has to be built; recipes of the original call it.

use super::Host;
use super::console::Console;
use super::failure::Failure;

/// Tell where css, js and images are; they need no build
#[derive(clap::Args, Debug)]
pub(super) struct FrontEndBuild {
    /// Without effect: nothing has to be installed
    #[arg(long, overrides_with = "no_install_deps")]
    install_deps: bool,
    /// Without effect
    #[arg(long)]
    no_install_deps: bool,
    /// Without effect: nothing has to be generated
    #[arg(long, overrides_with = "no_generate")]
    generate: bool,
    /// Without effect
    #[arg(long)]
    no_generate: bool,
}

impl FrontEndBuild {
    pub(super) fn run(self, console: &mut Console, host: &Host) -> Result<(), Failure> {
        let _ = (
            self.install_deps,
            self.no_install_deps,
            self.generate,
            self.no_generate,
        );
        console.line(format!(
            "The front-end needs no build. Its files are in {}",
            host.public.display()
        ));
        Ok(())
    }
}
