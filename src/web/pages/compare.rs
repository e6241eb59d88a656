//! Two states held against each other: of one repository, or of it and a fork.

use std::sync::Arc;

use model::{Gate, ReadableRepository};
use vcs::compare::{CompareError, Comparison, End, Merge, Sides};
use vcs::{ChangesetId, RefName, Refs, Repository};

use super::diff::{self, PLACE, Shown, Side, Switches};
use super::{forks, graph, revision};
use crate::frame;
use crate::path::Url;
use crate::people::People;
use crate::problem::Problem;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{
    Changelog, Compare, CompareEnd, CompareResult, CompareRows, EndName, FamilyMember, Link,
};
use crate::visit::Visit;
use crate::words;

/// How many changesets are listed.
const MOST: usize = 250;
/// How many names the pickers offer without a script.
const NAMES: usize = 100;
/// How many repositories of the family they offer.
const FAMILY: usize = 500;
/// The kinds of names in addresses.
const KINDS: &[&str] = &["branch", "book", "tag", "rev"];

/// A name as the address has it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    kind: String,
    name: String,
}

impl Named {
    fn text(&self) -> String {
        format!("{}@{}", self.kind, self.name)
    }
}

/// `GET /<repo>/compare`: the form, and the way from it to the page.
pub fn form(visit: &mut Visit<'_>, repository: &ReadableRepository, _: &Captures) -> Answer {
    let name = repository.name();
    let contents = visit.model.open_repository(repository)?;
    let other_name = other_name(visit, name);
    let (org, other) = (
        visit.query.trimmed("org_ref"),
        visit.query.trimmed("other_ref"),
    );
    let fork = match other_repository(visit, repository, &other_name)? {
        Ok(fork) => fork,
        Err(sentence) => {
            // Without a second repository it is the page of the first one.
            visit.flash("error", &sentence);
            let here = visit.url(name).join("compare");
            return Ok(visit.redirect(&String::from(here)));
        }
    };
    if !org.is_empty() || !other.is_empty() {
        let named = |contents: &Repository, text: &str| -> Result<Named, Problem> {
            let text = if text.is_empty() { "tip" } else { text };
            Ok(guess(&contents.refs()?, text))
        };
        let org = named(&contents, org)?;
        let other = named(&fork.1, other)?;
        let url = address(
            visit,
            name,
            &org,
            &other,
            &other_name,
            visit.query.checked("merge"),
        );
        return Ok(visit.redirect(&String::from(url)));
    }
    let tip = Named {
        kind: String::new(),
        name: String::new(),
    };
    let repo = frame::repository(visit, repository, contents.is_empty()?, "compare")?;
    let view = Compare {
        org: end(visit, name, &tip, &contents.refs()?, None),
        other: end(visit, &other_name, &tip, &fork.1.refs()?, None),
        root_url: root(visit),
        family: family(visit, repository)?,
        repo,
        action: visit.url(name).join("compare").into(),
        swap_url: None,
        merge: true,
        result: None,
        frame: frame::frame(
            visit,
            visit.tf("{repository} Compare", &[("repository", &name)]),
            "repositories",
        ),
    };
    template::page(visit.language, &view)
}

/// `GET /<repo>/compare/<type>@<name>...<type>@<name>`
pub fn show(visit: &mut Visit<'_>, repository: &ReadableRepository, captures: &Captures) -> Answer {
    let name = repository.name();
    let (org, other) = parse(captures.text("ends")?).ok_or_else(|| {
        Problem::NotFound("An address to compare has the form TYPE@NAME...TYPE@NAME".into())
    })?;
    let other_name = other_name(visit, name);
    let merge = visit
        .query
        .get("merge")
        .is_some_and(|value| !value.is_empty());
    let org_contents = visit.model.open_repository(repository)?;
    let (other_right, other_contents) = match other_repository(visit, repository, &other_name)? {
        Ok(other) => other,
        Err(sentence) => {
            visit.flash("error", &sentence);
            let here = visit.url(name).join("compare");
            return Ok(visit.redirect(&String::from(here)));
        }
    };
    let two_repositories = other_name != name;
    if two_repositories && !merge {
        return Err(Problem::BadRequest(
            visit
                .t("Cannot compare repositories without using common ancestor")
                .to_owned(),
        ));
    }
    let org_refs = org_contents.refs()?;
    let other_refs = other_contents.refs()?;
    let empty = |contents: &Repository| contents.is_empty();
    // A fork of nothing may be compared with nothing; what it would bring is everything.
    let base = if empty(&org_contents)? {
        None
    } else {
        find(visit, &org_contents, &org_refs, &org, name)?
    };
    if empty(&other_contents)? {
        return Err(Problem::NotFound("There are no changesets yet".into()));
    }
    let head = find(visit, &other_contents, &other_refs, &other, &other_name)?;
    let ends = Ends {
        base_contents: org_contents,
        head_contents: other_contents,
        base,
        head,
    };
    let comparison = ends.comparison()?;
    let sides = comparison.sides()?;
    if merge && sides.ahead.is_empty() {
        return Err(Problem::NotFound("Cannot show empty diff".into()));
    }
    if merge && sides.ancestors.is_empty() && base.is_some() {
        return Err(Problem::NotFound("No ancestor found for merge diff".into()));
    }
    let rows = rows(
        visit,
        &other_right,
        &ends.head_contents,
        &sides,
        &other_refs,
    )?;
    if visit.request.headers.contains_key("x-partial-xhr") {
        let html = template::html(visit.language, &rows)?;
        return Ok(Response::html(http::StatusCode::OK, html));
    }
    let preview = if merge {
        ends.preview(visit, &comparison)?
    } else {
        None
    };
    drop(comparison);

    let link = |repository: &str, id: &ChangesetId| Link {
        text: words::short(visit, id),
        url: words::changeset_url(visit, repository, id),
    };
    let result = CompareResult {
        behind: sides.behind.len() as u64,
        merge,
        merge_url: (!merge && !sides.ahead.is_empty())
            .then(|| address(visit, name, &org, &other, &other_name, true).into()),
        plain_url: (merge && !two_repositories)
            .then(|| address(visit, name, &org, &other, &other_name, false).into()),
        ancestors: sides.ancestors.iter().map(|id| link(name, id)).collect(),
        clean: preview.as_ref().map(Merge::is_clean),
        fast_forward: base.is_none_or(|base| sides.ancestors == [base]),
        conflicts: preview
            .iter()
            .flat_map(|merge| &merge.conflicts)
            .map(|conflict| conflict.path.to_string())
            .collect(),
        rows,
        diff_html: PLACE.to_owned(),
    };
    let ends_named = [(name, &org.name), (&other_name, &other.name)]
        .map(|(repository, end)| format!("{repository}@{end}"));
    let title: &[(&str, &dyn std::fmt::Display)] = &[
        ("repository", &name),
        ("org", &ends_named[0]),
        ("other", &ends_named[1]),
    ];
    let repo = frame::repository(
        visit,
        repository,
        frame::is_empty(visit, repository),
        "compare",
    )?;
    let view = Compare {
        org: end(visit, name, &org, &org_refs, base.as_ref()),
        other: end(visit, &other_name, &other, &other_refs, head.as_ref()),
        root_url: root(visit),
        family: family(visit, repository)?,
        repo,
        action: visit.url(name).join("compare").into(),
        // Nothing cannot be compared with something, and a merge that brings nothing is not shown.
        swap_url: (base.is_some() && !(two_repositories && sides.behind.is_empty())).then(|| {
            let merge = merge && !sides.behind.is_empty();
            address(visit, &other_name, &other, &org, name, merge).into()
        }),
        merge,
        result: Some(result),
        frame: frame::frame(
            visit,
            visit.tf("{repository} Compare - {org} > {other}", title),
            "repositories",
        ),
    };
    let html = template::html(visit.language, &view)?;
    let base_url = address(visit, name, &org, &other, &other_name, merge);
    drawn(
        visit,
        &html,
        ends,
        &sides,
        merge,
        (name, &other_name),
        base_url,
    )
}

/// The diff of the page.
fn drawn(
    visit: &Visit<'_>,
    html: &str,
    ends: Ends,
    sides: &Sides,
    merge: bool,
    (name, other_name): (&str, &str),
    base: Url,
) -> Answer {
    let switches = Switches::of(&visit.query);
    let options = switches.options(visit.model.config().cut_off_limit);
    // With `merge`: from where both parted. The ancestor is in both repositories, so the other one has both ends.
    let (from, from_name) = match (merge, sides.ancestors.first()) {
        (true, ancestor) => (ancestor.copied(), other_name),
        (false, _) => (ends.base, name),
    };
    let old = Side::new(from_name, from.as_ref());
    let new = Side::new(other_name, ends.head.as_ref());
    let shown = Shown::new(visit, switches, base, old, new, "");
    let kept_as = options.clone();
    let make = move || {
        let comparison = ends.comparison()?;
        match (&from, &ends.head) {
            (from, Some(head)) => Ok(comparison.diff(from.as_ref(), head, &options)?),
            (Some(from), None) => Ok(super::file_diff::turned(
                comparison.diff(None, from, &options)?,
            )),
            (None, None) => Err(Problem::NotFound("Cannot show empty diff".into())),
        }
    };
    // The list of changesets alone is worth to be seen at once.
    let heavy = |_| Ok(u64::MAX);
    let drawn = shown.kept(visit.model.cache(), &kept_as, heavy, make)?;
    diff::page(visit.language, html, drawn.pieces, drawn.patience)
}

/// Both ends, found.
struct Ends {
    base_contents: Arc<Repository>,
    head_contents: Arc<Repository>,
    base: Option<ChangesetId>,
    head: Option<ChangesetId>,
}

impl Ends {
    fn comparison(&self) -> Result<Comparison<'_>, Problem> {
        let base = End {
            repository: &self.base_contents,
            id: self.base,
        };
        let head = End {
            repository: &self.head_contents,
            id: self.head,
        };
        Comparison::new(base, head).map_err(problem)
    }

    /// What merging comes to. Ids say all that it depends on, so it is worked out once.
    fn preview(
        &self,
        visit: &Visit<'_>,
        comparison: &Comparison<'_>,
    ) -> Result<Option<Merge>, Problem> {
        let (Some(base), Some(head)) = (&self.base, &self.head) else {
            return Ok(None);
        };
        let key = vcs::CacheKey::new(
            "merge-preview",
            1,
            &[
                self.base_contents.kind().as_str().as_bytes(),
                base.as_bytes(),
                head.as_bytes(),
            ],
        );
        let conflicts = |bytes: &[u8]| -> Option<Merge> {
            let mut conflicts = Vec::new();
            for path in bytes
                .split(|byte| *byte == 0)
                .filter(|path| !path.is_empty())
            {
                let path = vcs::RepoPath::parse(path).ok()?;
                conflicts.push(vcs::compare::Conflict {
                    path,
                    kind: vcs::compare::ConflictKind::Content,
                });
            }
            Some(Merge {
                conflicts,
                tree: None,
            })
        };
        let written = |merge: &Merge| {
            let mut bytes = Vec::new();
            for conflict in &merge.conflicts {
                bytes.extend_from_slice(conflict.path.as_bytes());
                bytes.push(0);
            }
            bytes
        };
        let made = visit
            .model
            .cache()
            .get_or_make(&key, conflicts, written, || comparison.merge());
        match made {
            Ok(merge) => Ok(Some(merge)),
            Err(CompareError::Unrelated) => Ok(None),
            Err(error) => Err(problem(error)),
        }
    }
}

fn problem(error: CompareError) -> Problem {
    match error {
        CompareError::DifferentKinds { .. } => {
            Problem::BadRequest("Cannot compare repositories of different types".into())
        }
        CompareError::Unrelated => Problem::NotFound("No ancestor found for merge diff".into()),
        CompareError::Read(error) => error.into(),
    }
}

/// The changesets that the other end has and this one lacks.
fn rows(
    visit: &Visit<'_>,
    other: &ReadableRepository,
    contents: &Repository,
    sides: &Sides,
    refs: &Refs,
) -> Result<CompareRows, Problem> {
    let ids = &sides.ahead[..sides.ahead.len().min(MOST)];
    let changesets = ids
        .iter()
        .map(|id| contents.changeset(id))
        .collect::<Result<Vec<_>, _>>()?;
    let people = People::find(visit, changesets.iter().map(|one| &one.author))?;
    let rows = words::changeset_rows(visit, other, contents, &changesets, refs, &people)?;
    let lanes = graph::lanes(contents, ids)?;
    Ok(CompareRows {
        frame: crate::view::Fragment {
            assets: crate::static_files::assets(&visit.request.peer.script_name, visit.language),
        },
        total: sides.ahead.len() as u64,
        left_out: (sides.ahead.len() - rows.len()) as u64,
        graph_data_html: render::graph::json(&lanes),
        rows,
        // The line of a single one says nothing.
        graph_html: match &lanes[..] {
            [] | [_] => String::new(),
            lanes => render::graph::svg(lanes, Changelog::ROW_HEIGHT),
        },
        graph_width: u32::try_from(render::graph::width(&lanes)).unwrap_or(0),
    })
}

/// Takes `TYPE@NAME...TYPE@NAME` apart: the first name is as short as it can be.
fn parse(ends: &str) -> Option<(Named, Named)> {
    let named = |text: &str| {
        let (kind, name) = text.split_once('@')?;
        KINDS.contains(&kind).then(|| Named {
            kind: kind.to_owned(),
            name: name.trim().to_owned(),
        })
    };
    ends.match_indices("...")
        .find_map(|(at, dots)| Some((named(&ends[..at])?, named(&ends[at + dots.len()..])?)))
}

/// What somebody typed, with the kind of name it is.
fn guess(refs: &Refs, text: &str) -> Named {
    if let Some((kind, name)) = text.split_once('@')
        && KINDS.contains(&kind)
    {
        return Named {
            kind: kind.to_owned(),
            name: name.to_owned(),
        };
    }
    let kind = if refs.branch(text).is_some() {
        "branch"
    } else if refs.tags.iter().any(|tag| tag.name.as_str() == text) {
        "tag"
    } else if refs
        .bookmarks
        .iter()
        .any(|bookmark| bookmark.name.as_str() == text)
    {
        "book"
    } else {
        "rev"
    };
    Named {
        kind: kind.to_owned(),
        name: text.to_owned(),
    }
}

/// The changeset of a name; zeros are the empty state.
fn find(
    visit: &Visit<'_>,
    contents: &Repository,
    refs: &Refs,
    named: &Named,
    repository: &str,
) -> Result<Option<ChangesetId>, Problem> {
    let name = named.name.as_str();
    if !name.is_empty() && name.len() >= 12 && name.bytes().all(|byte| byte == b'0') {
        return Ok(None);
    }
    let known = match named.kind.as_str() {
        "branch" => refs.branch(name).map(|branch| branch.id),
        "tag" => refs
            .tags
            .iter()
            .find(|tag| tag.name.as_str() == name)
            .map(|tag| tag.id),
        "book" => refs
            .bookmarks
            .iter()
            .find(|bookmark| bookmark.name.as_str() == name)
            .map(|bookmark| bookmark.id),
        _ => None,
    };
    if known.is_some() {
        return Ok(known);
    }
    // Mercurial keeps tags and bookmarks apart from other names; what is called a branch may be anything.
    let other_kind =
        contents.kind() == vcs::Kind::Hg && matches!(named.kind.as_str(), "tag" | "book");
    let found = match other_kind {
        true => Err(Problem::NotFound(String::new())),
        false => revision::resolve(contents, name),
    };
    match found {
        Ok(id) => Ok(Some(id)),
        Err(Problem::NotFound(_)) => Err(Problem::NotFound(visit.tf(
            "Changeset for {kind} {name} not found in {repository}",
            &[
                ("kind", &named.kind),
                ("name", &name),
                ("repository", &repository),
            ],
        ))),
        Err(problem) => Err(problem),
    }
}

fn other_name(visit: &Visit<'_>, name: &str) -> String {
    match visit.query.trimmed("other_repo") {
        "" => name.to_owned(),
        other => other.to_owned(),
    }
}

/// The repository of the other end, or the sentence that there is none. It takes the right to read that one, too: what may not
/// be seen is like what does not exist.
fn other_repository(
    visit: &Visit<'_>,
    repository: &ReadableRepository,
    other: &str,
) -> Result<Result<(ReadableRepository, Arc<Repository>), String>, Problem> {
    if other == repository.name() {
        let contents = visit.model.open_repository(repository)?;
        return Ok(Ok((repository.clone(), contents)));
    }
    let right = match Gate::new(visit.model).read_repository(&visit.viewer, other) {
        Ok(right) => right,
        Err(model::Error::NotFound { .. }) => {
            let known: &[(&str, &dyn std::fmt::Display)] = &[("name", &other)];
            return Ok(Err(
                visit.tf("Could not find other repository {name}", known)
            ));
        }
        Err(error) => return Err(error.into()),
    };
    if right.kind() != repository.kind() {
        let sentence = visit.t("Cannot compare repositories of different types");
        return Ok(Err(sentence.to_owned()));
    }
    let contents = visit.model.open_repository(&right)?;
    Ok(Ok((right, contents)))
}

/// The address of a comparison.
fn address(
    visit: &Visit<'_>,
    repository: &str,
    org: &Named,
    other: &Named,
    other_name: &str,
    merge: bool,
) -> Url {
    let mut url =
        visit
            .url(repository)
            .join("compare")
            .join(format!("{}...{}", org.text(), other.text()));
    if other_name != repository {
        url = url.query("other_repo", other_name);
    }
    if merge {
        url = url.query("merge", "1");
    }
    url
}

/// One end, with names to choose from.
fn end(
    visit: &Visit<'_>,
    repository: &str,
    named: &Named,
    refs: &Refs,
    id: Option<&ChangesetId>,
) -> CompareEnd {
    CompareEnd {
        repository: repository.to_owned(),
        kind: named.kind.clone(),
        name: named.name.clone(),
        text: if named.kind.is_empty() {
            String::new()
        } else {
            named.text()
        },
        changeset: id.map(|id| Link {
            text: words::short(visit, id),
            url: words::changeset_url(visit, repository, id),
        }),
        names: names(refs),
    }
}

/// A part of the names for each kind, so that many branches leave room for the newest tags.
fn names(refs: &Refs) -> Vec<EndName> {
    let name = |kind: &str, name: &RefName| EndName {
        kind: kind.to_owned(),
        text: name.to_string(),
    };
    let branches = refs.branches.iter().filter(|branch| !branch.closed);
    let branches = branches.map(|branch| name("branch", &branch.name));
    let bookmarks = refs.bookmarks.iter().map(|one| name("book", &one.name));
    let tags = refs
        .tags
        .iter()
        .rev()
        .filter(|tag| tag.name.as_str() != "tip");
    let tags = tags.map(|tag| name("tag", &tag.name));
    let each = NAMES / 2;
    let some = branches.take(each).chain(bookmarks.take(each / 2));
    some.chain(tags.take(each)).collect()
}

fn root(visit: &Visit<'_>) -> String {
    visit.request.peer.script_name.clone()
}

/// What the other end may be of: all that came of the same original, this one first.
fn family(
    visit: &Visit<'_>,
    repository: &ReadableRepository,
) -> Result<Vec<FamilyMember>, Problem> {
    let family = visit.model.readable_family(repository, &visit.viewer)?;
    let named = |id: model::RepoId| family.iter().find(|member| member.id() == id);
    let members = family.iter().take(FAMILY).map(|member| FamilyMember {
        name: member.name().to_owned(),
        fork_of: member
            .row()
            .fork_of
            .and_then(named)
            .map(|parent| parent.name().to_owned()),
        here: member.id() == repository.id(),
        url: forks::compare_url(visit, repository, member),
        when: words::when(member.row().created_on.to_unix(), 0),
    });
    Ok(members.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let parsed = |text: &str| parse(text).map(|(a, b)| (a.text(), b.text()));
        let both = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(parsed("branch@a/b...tag@v1"), both("branch@a/b", "tag@v1"));
        assert_eq!(parsed("rev@a...b...rev@c"), both("rev@a...b", "rev@c"));
        assert_eq!(parsed("book@x ...rev@ y@z"), both("book@x", "rev@y@z"));
        for bad in ["", "a...b", "branch@a", "branch@a...x@b", "branch@a..tag@b"] {
            assert_eq!(parsed(bad), None, "{bad}");
        }
    }
}
