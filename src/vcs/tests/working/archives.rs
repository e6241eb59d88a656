//! Archives hold what `git archive` and `hg archive` put into theirs.

use std::io::Read;

use vcs::{ArchiveFormat, ArchiveOptions, ChangesetId, Kind, RepoPath, Repository};

use crate::recipe::{Story, Work, path, story};

fn make(repository: &Repository, id: &ChangesetId, options: &ArchiveOptions) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = repository.archive(id, options).expect("the archive begins");
    archive.read_to_end(&mut bytes).expect("the archive ends");
    bytes
}

fn options(format: ArchiveFormat) -> ArchiveOptions {
    ArchiveOptions {
        format,
        prefix: path(b"pre-fix/1"),
        path: RepoPath::root(),
    }
}

fn same_as_git(work: &Work, id: &ChangesetId) {
    let wanted = work.run(
        "git",
        &[
            "archive",
            "--format=tar",
            "--prefix=pre-fix/1/",
            &id.to_string(),
        ],
    );
    let made = make(&work.open(), id, &options(ArchiveFormat::Tar));
    assert_eq!(entries(&made), entries(&wanted), "{id}");
    assert!(made == wanted, "{id}: equal entries, unequal bytes");
}

/// Name, kind, mode, time, link and content of everything in a tar.
fn entries(tar: &[u8]) -> Vec<(String, u8, u32, u64, String, String)> {
    let mut archive = tar::Archive::new(tar);
    let entries = archive.entries().expect("a tar");
    let told = entries.map(|entry| {
        let mut entry = entry.expect("an entry");
        let mut content = Vec::new();
        entry.read_to_end(&mut content).expect("content");
        let header = entry.header();
        let (mode, time) = (header.mode().unwrap(), header.mtime().unwrap());
        let link = entry.link_name_bytes().unwrap_or_default();
        (
            String::from_utf8_lossy(&entry.path_bytes()).into_owned(),
            header.entry_type().as_byte(),
            mode,
            time,
            String::from_utf8_lossy(&link).into_owned(),
            String::from_utf8_lossy(&content).into_owned(),
        )
    });
    told.collect()
}

#[test]
fn git_tars_are_the_same_bytes() {
    let Story { work, ids } = story(Kind::Git);
    for id in &ids {
        same_as_git(&work, id);
    }
}

#[test]
fn git_tars_of_odd_trees_are_the_same_bytes() {
    let work = Work::new(Kind::Git);
    let long = "long/".to_owned() + &"d".repeat(60) + "/" + &"f".repeat(50);
    work.write(long.as_bytes(), b"split at a slash");
    let longest = "x".repeat(150);
    work.write(longest.as_bytes(), b"with a header of its own");
    work.symlink(b"far", &"../".repeat(60));
    work.write(b"a/b/c/deep", b"deep");
    work.write(b"only-ignored/file", b"its folder is there");
    work.write(b"ignored/file", b"not exported");
    work.write(b"docs/private/x", b"not exported");
    work.write(b"docs/public", b"exported");
    work.write(b"dos.txt", b"one\ntwo\r\nthree");
    work.write(b"auto.txt", b"one\ntwo\n");
    work.write(b"auto2.txt", b"one\ntwo\r\n");
    work.write(
        b"ident.c",
        b"$Id$ $Id: old $ $Id: not ours at all $ $Identity$ $Id",
    );
    work.write(b"binary.bin", b"\0\n\n");
    let placeholders = "$Format:%H|%T|%P|%an|%ae|%al|%at|%ad|%aD|%ai|%aI|%as|%cn|%ce|%ct|%cd|%ci$\n$Format:%s|%f|%b|%B|%n|%%|%x41|%q|%$ $Format:unended";
    work.write(b"version", placeholders.as_bytes());
    work.write(b"short", b"$Format:%h %t %p$\n");
    work.write(
        b".gitattributes",
        b"ignored export-ignore\nonly-ignored/file export-ignore\nversion export-subst\nshort export-subst\n\
          dos.txt eol=crlf\nauto*.txt text=auto eol=crlf\nident.c ident\n[attr]crlfs text eol=crlf\n*.bin crlfs -text\n",
    );
    work.write(
        b"docs/.gitattributes",
        b"private/ export-ignore\n.gitattributes export-ignore\n",
    );
    let first = work
        .commit("Subject: with (odd) characters... \u{e9}!\nand a second line\n\nBody\n\nMore\n");
    work.write(b"docs/.gitattributes", b"private/ -export-ignore\n");
    work.write(
        b".gitattributes",
        b"version -export-subst\nshort export-subst\n",
    );
    let second = work.commit("Otherwise");
    let module = format!("160000,{first},vendor/module");
    work.git(&["update-index", "--add", "--cacheinfo", &module]);
    work.run("git", &["commit", "-q", "-m", "A submodule"]);
    let third = work.head();
    for id in [first, second, third] {
        same_as_git(&work, &id);
    }
    for inside in ["docs", "a/b", "docs/public", "vendor"] {
        let wanted = work.run(
            "git",
            &[
                "archive",
                "--format=tar",
                "--prefix=pre-fix/1/",
                &third.to_string(),
                inside,
            ],
        );
        let options = ArchiveOptions {
            path: path(inside.as_bytes()),
            ..options(ArchiveFormat::Tar)
        };
        let made = make(&work.open(), &third, &options);
        assert_eq!(entries(&made), entries(&wanted), "{inside}");
    }
    let nowhere = ArchiveOptions {
        path: path(b"nowhere"),
        ..options(ArchiveFormat::Tar)
    };
    assert!(work.open().archive(&third, &nowhere).is_err());
}

/// All that `git help log` names, each in a file of its own; but for `%w`, which stands as it is.
#[test]
fn placeholders_are_filled_in_as_git_fills_them_in() {
    let work = Work::new(Kind::Git);
    work.write(
        b".mailmap",
        b"Alice Proper <proper@example.com> <alice@example.com>\n",
    );
    let first = work.commit("First");
    work.git(&["tag", "-a", "-m", "One", "v1", &first.to_string()]);
    work.git(&["branch", "other", &first.to_string()]);
    let formats = [
        "%d",
        "%D",
        "%(decorate)",
        "%(decorate:prefix=[,suffix=],separator=%x2C%x20,tag=T:,pointer==>)",
        "%(describe)",
        "%(describe:tags)",
        "%ar|%cr",
        "%ah|%ch",
        "%aN|%aE|%aL|%cN|%cE|%cL",
        "%an|%ae|%al",
        "%m",
        "%Cred%C(bold blue)%C(auto)x%Creset%C(reset)%Cnone",
        "%G?|%GG|%GS|%GK|%GF|%GP|%GT|%GX",
        "%gD|%gd|%gs|%gn|%gN|%ge|%gE|%gX",
        "%S|%N",
        "%+s%-s% s",
        "%+d%-d% d",
        "x%n%n%-Gfx%n%n%-GG|",
        "%+q|%-q",
        "%<(30)%an|%>(30)%an|%><(31)%an|",
        "%<(7,trunc)%s|%<(7,ltrunc)%s|%<(7,mtrunc)%s|%<(2,trunc)%s|",
        "abc      %>>(30)%s|%<|(20)%an|%>|(60)%an|%<(x)%an|%<(0)%an|%<(9",
        "%<(20)%Cred%an|",
        "%(trailers)",
        "%(trailers:key=Reviewed-by,valueonly,separator=%x2C )",
        "%(trailers:only,unfold)",
        "%(trailers:only=no,separator=|)",
        "%(trailers:key=none)",
        "%(trailers:keyonly,separator=%x20)",
        "%(trailers:key_value_separator==)",
        "%(trailers:unknown)",
        "%(nonsense)",
        "%(",
        "%e|%x4",
        "%s|%f|%b|%B",
        "%at %ct %as %cs %aI %cI",
        "%",
        "%%d",
    ];
    for (number, format) in formats.iter().enumerate() {
        let text = format!("{number} {format}\n$Format:{format}$ end\n\n$Format:{format}\n");
        work.write(format!("f{number:02}").as_bytes(), text.as_bytes());
    }
    work.write(b".gitattributes", b"f* export-subst\n");
    let message = "A rather long subject: with (odd) characters...\nand a second line\n\nBody\n  indented\n\n\
                   Signed-off-by: Alice <alice@example.com>\nreviewed-by: Bob\n  and others\nsome other text\nReviewed-By: Carol\n";
    let second = work.commit(message);
    work.git(&["tag", "light", &second.to_string()]);
    work.git(&["tag", "-a", "-m", "Two", "z/v2", &second.to_string()]);
    for number in 0..3 {
        work.write(b"more", format!("{number}").as_bytes());
        work.commit("No trailers\n\nNote: this\nis text, and more of it than of the other\n");
    }
    let third = work.head();
    work.git(&["checkout", "-q", "--detach"]);
    for id in [first, second, third] {
        same_as_git(&work, &id);
    }
    work.git(&["checkout", "-q", "main"]);
    same_as_git(&work, &third);
}

/// What the administrator of a repository has set for all of its changesets counts more than what they say.
#[test]
fn attributes_of_the_repository_count_more() {
    let work = Work::new(Kind::Git);
    for name in [
        "a/keep.txt",
        "a/secret",
        "b/b/secret",
        "b/c",
        "docs/x",
        "top.txt",
        "weird [name]",
    ] {
        work.write(name.as_bytes(), b"$Id$\none\n");
    }
    work.write(
        b".gitattributes",
        b"[attr]hide export-ignore\ndocs -export-ignore\n*.txt export-ignore\nsecret hide\n\"weird [[]name]\" ident\n!bad export-ignore\n",
    );
    work.write(
        b"b/.gitattributes",
        b"[attr]nested export-ignore\nc nested\nb/secret !export-ignore\n",
    );
    let id = work.commit("Attributes");
    same_as_git(&work, &id);
    let info = work.path().join(".git/info/attributes");
    std::fs::create_dir_all(info.parent().unwrap()).unwrap();
    for text in [
        "docs export-ignore\nkeep.txt -export-ignore\n",
        "[attr]mine export-ignore\nb mine\n/top.txt !export-ignore\na/** eol=crlf\n",
        "secret -hide\n* ident\n",
    ] {
        std::fs::write(&info, text).unwrap();
        same_as_git(&work, &id);
    }
}

/// A few kilobytes would be filled in to gigabytes.
#[test]
fn a_file_that_asks_for_too_much_stays_as_it_is() {
    let work = Work::new(Kind::Git);
    let (much, little) = (
        "$Format:%B%s%b$\n".repeat(5_000),
        "$Format:%f %h$\n".repeat(400),
    );
    work.write(b"much", much.as_bytes());
    work.write(b"little", little.as_bytes());
    work.write(
        b".gitattributes",
        b"much export-subst\nlittle export-subst\n",
    );
    let id = work.commit(&"Nothing but words\n".repeat(100));
    let made = make(&work.open(), &id, &options(ArchiveFormat::Tar));
    let holds = |text: &str| memchr::memmem::find(&made, text.as_bytes()).is_some();
    assert!(holds(&much));
    assert!(!holds(&little) && holds("Nothing-but-words "));
}

/// What unpacks the other formats finds the tar, or its entries.
#[test]
fn formats_differ_in_the_wrapping_only() {
    for kind in [Kind::Git, Kind::Hg] {
        let Story { work, ids } = story(kind);
        let (repository, id) = (work.open(), ids[1]);
        let of = |format| make(&repository, &id, &options(format));
        let tar = of(ArchiveFormat::Tar);
        let unpack = |reader: &mut dyn Read| {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).expect("it unpacks");
            bytes
        };
        let gz = of(ArchiveFormat::TarGz);
        assert!(unpack(&mut flate2::read::GzDecoder::new(&gz[..])) == tar);
        let bz2 = of(ArchiveFormat::TarBz2);
        assert!(unpack(&mut bzip2::read::BzDecoder::new(&bz2[..])) == tar);
        let zst = of(ArchiveFormat::TarZst);
        assert!(zstd::decode_all(&zst[..]).expect("it unpacks") == tar);

        let bytes = of(ArchiveFormat::Zip);
        assert!(bytes == of(ArchiveFormat::Zip), "the same bytes each time");
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a zip");
        let mut found = Vec::new();
        for at in 0..zip.len() {
            let mut file = zip.by_index(at).expect("an entry");
            let content = String::from_utf8_lossy(&unpack(&mut file)).into_owned();
            let mode = file.unix_mode().expect("a mode");
            let executable = !file.is_dir() && !file.is_symlink() && mode & 0o100 != 0;
            let name = file.name().expect("a name").into_owned();
            let (content, link) = match file.is_symlink() {
                true => (String::new(), content),
                false => (content, String::new()),
            };
            found.push((name, executable, link, content));
        }
        let wanted: Vec<_> = entries(&tar)
            .into_iter()
            .filter(|entry| entry.1 != b'g')
            .map(|(name, kind, mode, _, link, content)| {
                let name = name.replace('\u{fffd}', "\u{e9}");
                (name, kind == b'0' && mode & 0o100 != 0, link, content)
            })
            .collect();
        assert_eq!(found, wanted, "{kind}");
    }
}

#[test]
fn hg_tars_have_the_entries_of_hg_archive() {
    let Story { work, ids } = story(Kind::Hg);
    work.run(
        "hg",
        &[
            "tag",
            "-q",
            "-r",
            &ids[1].to_string(),
            "one point oh",
            "-d",
            "0 0",
        ],
    );
    work.run(
        "hg",
        &["tag", "-q", "-r", &ids[3].to_string(), "side", "-d", "0 0"],
    );
    work.run("hg", &["branch", "-q", "st\u{e4}ble"]);
    work.write(b".hg_archival.not", b"");
    let last = work.commit("On a branch");
    for (id, sub) in [
        (ids[0], None),
        (ids[1], None),
        (ids[5], None),
        (last, Some("src")),
        (last, None),
    ] {
        let id_text = id.to_string();
        let file = work.path().join("../out.tar");
        let mut arguments = vec!["archive", "-t", "tar", "-p", "pre-fix/1", "-r", &id_text];
        let include = sub.map(|sub| format!("path:{sub}"));
        if let Some(include) = &include {
            arguments.extend(["-I", include]);
        }
        let file = file.with_file_name(format!("out-{}.tar", std::process::id()));
        let file = file.to_str().unwrap();
        arguments.push(file);
        work.run("hg", &arguments);
        let wanted = std::fs::read(file).unwrap();
        std::fs::remove_file(file).unwrap();
        let options = ArchiveOptions {
            path: sub.map_or(RepoPath::root(), |sub| path(sub.as_bytes())),
            ..options(ArchiveFormat::Tar)
        };
        let made = make(&work.open(), &id, &options);
        assert_eq!(entries(&made), entries(&wanted), "{id}");
    }
}

/// The first bytes come before the last file is looked for, and what is read in between is bounded by one file.
#[test]
fn archives_begin_at_once_and_break_off_loudly() {
    let work = Work::new(Kind::Git);
    let noise: Vec<u8> = (0..1_000_000u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    work.write(b"a", &noise);
    work.write(b"z", b"last");
    let id = work.commit("Two files");
    let blob = work.git(&["rev-parse", "HEAD:z"]);
    let (folder, name) = blob.trim().split_at(2);
    std::fs::remove_file(work.path().join(".git/objects").join(folder).join(name)).unwrap();
    let repository = work.open();
    let mut archive = repository
        .archive(&id, &options(ArchiveFormat::Tar))
        .unwrap();
    let mut start = vec![0; 900_000];
    archive
        .read_exact(&mut start)
        .expect("the first file is whole");
    let mut rest = Vec::new();
    let error = archive
        .read_to_end(&mut rest)
        .expect_err("the second is missing");
    assert!(error.to_string().contains(blob.trim()), "{error}");
    assert!(archive.read(&mut start).is_err(), "and it stays so");
}

/// A file too large for memory passes through, whether Git keeps it unpacked or not.
#[test]
fn large_files_are_streamed() {
    let work = Work::new(Kind::Git);
    let content: Vec<u8> = (0..35u32 << 20).map(|n| (n >> 12) as u8).collect();
    work.write(b"large", &content);
    work.write(b"after", b"small");
    let id = work.commit("Large");
    same_as_git(&work, &id);
    work.run("git", &["-c", "core.bigFileThreshold=1m", "repack", "-adq"]);
    same_as_git(&work, &id);
}

/// The story: somebody pushes a tree that no `git` would make, and whoever unpacks the archive gets files elsewhere.
#[test]
fn evil_trees_stay_in_their_folder() {
    let work = Work::new(Kind::Git);
    work.write(b"good", b"good\n");
    work.commit("Good");
    let blob = work.git(&["rev-parse", "HEAD:good"]);
    let id: ChangesetId = blob.trim().parse().unwrap();
    let mut tree = Vec::new();
    for name in [
        &b".."[..],
        b".",
        b".git",
        b".GIT",
        b"a/b",
        b"/etc/passwd",
        b"../../x",
        b"good",
        b"good",
    ] {
        tree.extend_from_slice(b"100644 ");
        tree.extend_from_slice(name);
        tree.push(0);
        tree.extend_from_slice(id.as_bytes());
    }
    let tree = work.feed(
        "git",
        &["hash-object", "--literally", "-w", "-t", "tree", "--stdin"],
        &tree,
    );
    let tree = String::from_utf8(tree).unwrap();
    let commit = work.git(&["commit-tree", "-m", "Evil", tree.trim()]);
    let evil = commit.trim().parse().unwrap();
    work.git(&["update-ref", "refs/heads/evil", commit.trim()]);
    let made = make(&work.open(), &evil, &options(ArchiveFormat::Tar));
    let names: Vec<String> = entries(&made).into_iter().map(|entry| entry.0).collect();
    assert_eq!(names, ["pax_global_header", "pre-fix/1/", "pre-fix/1/good"]);
    let zip = make(&work.open(), &evil, &options(ArchiveFormat::Zip));
    let zip = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
    let names: Vec<_> = zip.file_names().map(|name| name.expect("a name")).collect();
    assert_eq!(names, ["pre-fix/1/", "pre-fix/1/good"]);
}
