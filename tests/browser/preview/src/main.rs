//! Renders every page with sample data into a folder, so that one can look at it.
//!
//! `cargo run -- /tmp/preview` writes one HTML file for each case. `shoot.mjs` beside it serves them with the public
//! folder and takes pictures. The data is chosen to hurt: long names, right-to-left text, a 60-character branch.

#[allow(dead_code, unused_imports)]
#[path = "../../../../src/web/view/mod.rs"]
pub mod view;

mod sample;

use std::error::Error;
use std::path::Path;
use tera::{Context, Tera};
use view::Page;

/// Writes pages into one folder.
struct Gallery<'a> {
    tera: Tera,
    folder: &'a Path,
}

impl Gallery<'_> {
    fn write<P: Page>(&self, name: &str, page: &P) -> Result<(), Box<dyn Error>> {
        let html = self
            .tera
            .render(P::TEMPLATE, &Context::from_serialize(page)?)
            .map_err(|e| format!("{name}: {e}"))?;
        println!("{name:24} {:>7} bytes", html.len());
        std::fs::write(self.folder.join(format!("{name}.html")), html)?;
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args()
        .nth(1)
        .ok_or("usage: kallithea-preview <folder>")?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let mut tera = Tera::default();
    tera.add_raw_templates(view::TEMPLATES.iter().copied())?;
    let gallery = Gallery { tera, folder };
    gallery.write("home", &sample::home())?;
    gallery.write("home-fresh", &sample::home_fresh())?;
    gallery.write("home-anonymous", &sample::home_anonymous())?;
    gallery.write("group", &sample::group())?;
    gallery.write("summary", &sample::summary())?;
    gallery.write("summary-empty-git", &sample::summary_empty("git"))?;
    gallery.write("summary-empty-hg", &sample::summary_empty("hg"))?;
    gallery.write("changelog", &sample::changelog())?;
    gallery.write("changeset", &sample::changeset(false))?;
    gallery.write("changeset-side", &sample::changeset(true))?;
    gallery.write("files", &sample::files())?;
    gallery.write("file", &sample::file("text", false))?;
    gallery.write("file-annotated", &sample::file("text", true))?;
    for kind in [
        "rendered",
        "empty",
        "binary",
        "image",
        "too_big",
        "symlink",
        "submodule",
    ] {
        gallery.write(&format!("file-{kind}"), &sample::file(kind, false))?;
    }
    gallery.write("login", &sample::login(false))?;
    gallery.write("login-wrong", &sample::login(true))?;
    gallery.write("setup", &sample::setup())?;
    gallery.write("new-repository", &sample::new_repository())?;
    gallery.write("new-group", &sample::new_group())?;
    gallery.write("repo-settings", &sample::repo_settings())?;
    gallery.write("repo-delete", &sample::repo_delete())?;
    gallery.write("group-settings", &sample::group_settings())?;
    gallery.write("group-delete", &sample::group_delete())?;
    gallery.write("permissions", &sample::permissions(false))?;
    gallery.write("permissions-group", &sample::permissions(true))?;
    gallery.write("creating", &sample::creating(None))?;
    gallery.write(
        "creating-failed",
        &sample::creating(Some("The remote answered 401 Unauthorized.")),
    )?;
    gallery.write("site-access", &sample::site_access())?;
    gallery.write("about", &sample::about())?;
    gallery.write("error", &sample::error())?;
    gallery.write("error-bare", &sample::error_bare())?;
    Ok(())
}
