//! `repo-update-cache` and `repo-housekeeping`, on repositories with something in them.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::place::Place;

/// Three commits, each of them a pack of its own.
fn fill(repository: &Path) {
    for number in 1..=3 {
        let parent = if number == 1 {
            ""
        } else {
            "from refs/heads/master^0\n"
        };
        let stream = format!(
            "commit refs/heads/master\ncommitter Ann <ann@example.com> {}00000000 +0000\ndata 4\nwork\n{parent}\
             M 100644 inline file{number}\ndata 5\ntext\n\n",
            14 + number
        );
        let file = repository.join("stream");
        fs::write(&file, stream).unwrap();
        let output = Command::new("git")
            .args([
                "-c",
                "fastimport.unpackLimit=0",
                "fast-import",
                "--quiet",
                "--force",
            ])
            .current_dir(repository)
            .stdin(fs::File::open(&file).unwrap())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        fs::remove_file(file).unwrap();
    }
}

fn packs(repository: &Path) -> usize {
    let files = fs::read_dir(repository.join("objects/pack")).unwrap();
    files
        .filter(|file| {
            let path = file.as_ref().unwrap().path();
            path.extension().is_some_and(|ending| ending == "pack")
        })
        .count()
}

/// Whether Git has written down what makes histories cheap.
fn has_graph(repository: &Path) -> bool {
    let info = repository.join("objects/info");
    info.join("commit-graph").exists() || info.join("commit-graphs").exists()
}

fn place() -> Place {
    let place = Place::with_database();
    fill(&place.git("full"));
    place.git("empty");
    let (code, _, err) = place.run("repo-scan", &[]);
    assert_eq!(code, 0, "{err}");
    place
}

#[test]
fn caches_are_filled_before_somebody_asks() {
    let place = place();
    let full = place.repos().join("full");
    let cache = place.0.path().join("data");
    let bytes = || -> u64 {
        let mut folders = vec![cache.clone()];
        let mut sum = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let entry = entry.unwrap();
                let facts = entry.metadata().unwrap();
                if facts.is_dir() {
                    folders.push(entry.path());
                } else {
                    sum += facts.len();
                }
            }
        }
        sum
    };
    let (before, had) = (bytes(), packs(&full));
    assert!(!has_graph(&full) && had == 3);
    let (code, out, err) = place.run("repo-update-cache", &["full", "empty", "nobody"]);
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (
            0,
            "Updated the caches of the following 2 repositories:\nempty\nfull\n",
            ""
        )
    );
    assert!(has_graph(&full), "the index of its history");
    assert!(bytes() > before, "the list of its files");
    assert_eq!(packs(&full), had, "nothing is packed anew for that");
}

#[test]
fn a_repository_is_packed_and_one_that_cannot_be_is_told() {
    let place = place();
    let full = place.repos().join("full");
    let (code, out, err) = place.run("repo-housekeeping", &["--no-collect", "full"]);
    assert_eq!(
        (code, out.as_str()),
        (0, "Tidied the following 1 repositories:\nfull\n"),
        "{err}"
    );
    assert!(has_graph(&full));
    let (code, _, err) = place.run("repo-housekeeping", &["--no-collect", "--no-index"]);
    assert_eq!(code, 2, "nothing would be left to do: {err}");

    let (code, out, err) = place.run("repo-housekeeping", &["--json"]);
    assert_eq!(code, 0, "{err}");
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        told,
        serde_json::json!({"done": ["empty", "full"], "failed": {}})
    );
    assert_eq!(packs(&full), 1);

    fs::write(full.join("config"), "[core\n").unwrap();
    let (code, out, err) = place.run("repo-housekeeping", &[]);
    assert_eq!(
        (code, out.as_str()),
        (1, "Tidied the following 1 repositories:\nempty\n")
    );
    assert!(err.starts_with("Failed: full: "), "{err}");
}
