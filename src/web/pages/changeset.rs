//! One changeset with its diff, and what is said about it.

use std::sync::Arc;

use model::{ReadableRepository, Said};
use vcs::{Changeset, ChangesetId, Repository, SignatureFormat, Verdict};

use super::diff::{self, Comments, PLACE, Shown, Side, Switches};
use super::{changeset_range, revision};
use crate::frame;
use crate::i18n::m;
use crate::problem::Problem;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{
    Changeset as View, CommentView, Link, NeighbourLink, Origin, Person, SignatureView, Status, Tab,
};
use crate::visit::Visit;
use crate::words;

/// How many bytes of a message the page shows.
const LONGEST_MESSAGE: usize = 256 << 10;

/// `GET /<repo>/changeset/<revision>`, and `/<repo>/changeset/<first>...<last>`
pub fn show(visit: &mut Visit<'_>, repository: &ReadableRepository, captures: &Captures) -> Answer {
    let asked = captures.text("revision")?;
    if let Some((first, last)) = asked.split_once("...") {
        return changeset_range::show(visit, repository, first, last);
    }
    let name = repository.name();
    let contents = visit.model.open_repository(repository)?;
    let id = revision::resolve(&contents, asked)?;
    let changeset = contents.changeset(&id)?;
    let switches = Switches::of(&visit.query);
    let against = Against::of(visit, &changeset);
    let refs = contents.refs()?;
    let review = review(visit, repository, &id)?;
    let signatures = signatures(visit, &contents, &changeset);

    let text = |page: &str| String::from(visit.url(name).join(page).join(id.to_string()));
    let plain = |page: &str| {
        String::from(switches.added_to(visit.url(name).join(page).join(id.to_string())))
    };
    let changesets = format!("{}/", String::from(visit.url(name).join("changeset")));
    let links = words::message_links(visit, name, &changesets);
    let message = changeset.message.trim();
    // All of it stands in the patch.
    let message = render::message::beginning(message, LONGEST_MESSAGE);
    let (subject, body) = message.split_once('\n').unwrap_or((&message, ""));
    let base = visit.url(name).join("changeset").join(id.to_string());
    let committer = changeset
        .committer
        .as_ref()
        .filter(|committer| committer.raw != changeset.author.raw);
    let rewritten = committer.is_some() || changeset.author_date != changeset.date;
    let (inline, general) = (review.comments.inline(), review.comments.general.len());
    let view = View {
        repo: frame::repository(visit, repository, false, "changelog")?,
        id: words::numbered(visit, &contents, &id),
        raw_id: id.to_string(),
        url: text("changeset"),
        subject_html: render::message::urlify(subject.trim(), &links),
        body_html: render::message::urlify(body.trim_end().trim_start_matches('\n'), &links),
        author: words::author(&changeset.author),
        email: Some(words::author_email(&changeset.author)).filter(|email| !email.is_empty()),
        when: words::when_of(changeset.author_date),
        committer: changeset
            .committer
            .as_ref()
            .filter(|_| rewritten)
            .map(words::author),
        committed: rewritten.then(|| words::when_of(changeset.date)),
        chips: words::chips(visit, name, &changeset, refs.labels(&id)),
        merge: changeset.is_merge(),
        signatures,
        status: review.status,
        comments: (inline + general > 0).then(|| {
            visit.tn(
                "{n} comment ({inline} inline, {general} general)",
                "{n} comments ({inline} inline, {general} general)",
                (inline + general) as u64,
                &[("inline", &inline), ("general", &general)],
            )
        }),
        parents: neighbours(visit, name, &contents, &changeset.parents)?,
        children: neighbours(visit, name, &contents, &contents.children(&id)?)?,
        origins: origins(visit, name, &contents, &changeset)?,
        against: against.tabs(visit, name, &changeset, &switches),
        files_url: text("files"),
        raw_url: plain("changeset-diff"),
        patch_url: plain("changeset-patch"),
        download_url: String::from(
            switches.added_to(
                visit
                    .url(name)
                    .join("changeset-download")
                    .join(id.to_string())
                    .query("diff", "download"),
            ),
        ),
        diff_html: PLACE.to_owned(),
        frame: frame::frame(
            visit,
            visit.tf(
                "{repository} Changeset - {id}",
                &[
                    ("repository", &name),
                    ("id", &words::numbered(visit, &contents, &id)),
                ],
            ),
            "repositories",
        ),
    };
    let html = template::html(visit.language, &view)?;

    let base = against.added_to(base);
    let parent = against.parent(&changeset);
    let (old, new) = (Side::new(name, parent), Side::new(name, Some(&id)));
    let mut shown = Shown::new(visit, switches, base, old, new, &id.to_string());
    shown.comments = review.comments;
    shown.comments.draw(visit.language, &shown.fragment)?;
    if let Against::All = against {
        let pieces = diff::combined(shown, move || {
            Ok(contents.combined_diff(&id, switches.context, true)?)
        });
        return diff::page(visit.language, &html, pieces, usize::MAX);
    }
    let options = switches.options(visit.model.config().cut_off_limit);
    let parent = parent.copied();
    let weighed = Arc::clone(&contents);
    let drawn = shown.kept(
        visit.model.cache(),
        &options.clone(),
        |most| weighed.diff_weight(parent.as_ref(), &id, &[], most),
        move || Ok(contents.diff(parent.as_ref(), &id, &options)?),
    )?;
    diff::page(visit.language, &html, drawn.pieces, drawn.patience)
}

/// What a changeset is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Against {
    /// One of its parents.
    Parent(usize),
    /// All of a merge's parents at once.
    All,
}

impl Against {
    /// `parent=2` or `parent=all`, for merges.
    fn of(visit: &Visit<'_>, changeset: &Changeset) -> Self {
        match visit.query.get("parent") {
            Some("all") if changeset.is_merge() => Self::All,
            Some(number) => match number.parse::<usize>() {
                Ok(number) if (2..=changeset.parents.len()).contains(&number) => {
                    Self::Parent(number - 1)
                }
                _ => Self::Parent(0),
            },
            None => Self::Parent(0),
        }
    }

    fn parent(self, changeset: &Changeset) -> Option<&ChangesetId> {
        match self {
            Self::Parent(at) => changeset.parents.get(at),
            Self::All => changeset.parents.first(),
        }
    }

    fn added_to(self, url: crate::path::Url) -> crate::path::Url {
        match self {
            Self::Parent(0) => url,
            Self::Parent(at) => url.query("parent", &(at + 1).to_string()),
            Self::All => url.query("parent", "all"),
        }
    }

    /// The choice, for merges.
    fn tabs(
        self,
        visit: &Visit<'_>,
        repository: &str,
        changeset: &Changeset,
        switches: &Switches,
    ) -> Vec<Tab> {
        if !changeset.is_merge() {
            return Vec::new();
        }
        let base = || {
            visit
                .url(repository)
                .join("changeset")
                .join(changeset.id.to_string())
        };
        let tab = |text: String, against: Self| Tab {
            text,
            url: switches.added_to(against.added_to(base())).into(),
            current: self == against,
            count: None,
        };
        let parents = changeset.parents.iter().enumerate().map(|(at, parent)| {
            let values: &[(&str, &dyn std::fmt::Display)] =
                &[("n", &(at + 1)), ("id", &words::short(visit, parent))];
            tab(visit.tf("Parent {n}: {id}", values), Self::Parent(at))
        });
        let all = tab(visit.t("What the merge did itself").to_owned(), Self::All);
        parents.chain([all]).collect()
    }
}

struct Review {
    status: Option<Status>,
    comments: Comments,
}

/// What is said and voted about a changeset.
fn review(
    visit: &Visit<'_>,
    repository: &ReadableRepository,
    id: &ChangesetId,
) -> Result<Review, Problem> {
    let said = visit.model.comments_on_changeset(repository, id)?;
    let newest = said.iter().rev().find(|said| said.newest);
    let status = newest.map(|newest| {
        let word = newest.vote.map_or("", model::Vote::as_str);
        let label = words_of(visit, word);
        Status {
            kind: word.to_owned(),
            text: match &newest.author {
                Some(voter) => visit.tf(
                    "{status} by {user}",
                    &[("status", &label), ("user", &voter.username)],
                ),
                None => label.to_owned(),
            },
            url: Some(format!("#comment-{}", newest.comment.id.0)),
        }
    });
    let status = status.unwrap_or_else(|| Status {
        kind: "not_reviewed".to_owned(),
        text: words_of(visit, "not_reviewed").to_owned(),
        url: None,
    });
    let name = repository.name();
    let changesets = format!("{}/", String::from(visit.url(name).join("changeset")));
    let links = words::message_links(visit, name, &changesets);
    let mut comments = Comments::default();
    comments.shown = !said.is_empty();
    for said in said {
        let view = comment(visit, &said, &links);
        // Comments on lines belong to what they were written on.
        match (
            &said.comment.path,
            &said.comment.line,
            said.comment.pull_request,
        ) {
            (Some(path), Some(line), None) => comments.add(path, line, view),
            _ => comments.general.push(view),
        }
    }
    Ok(Review {
        status: Some(status),
        comments,
    })
}

fn comment(
    visit: &Visit<'_>,
    said: &Said,
    links: &render::message::LinkContext<'_>,
) -> CommentView {
    let when = said.comment.created_on.to_unix();
    let gone = || Person {
        name: visit.t("(account gone)").to_owned(),
        ..Person::default()
    };
    CommentView {
        id: said.comment.id.0,
        author: said.author.as_ref().map_or_else(gone, words::user),
        when: words::when(when, 0),
        text_html: render::message::urlify(&said.comment.text, links),
        status: said.vote.map(|vote| Status {
            kind: vote.as_str().to_owned(),
            text: words_of(visit, vote.as_str()).to_owned(),
            url: None,
        }),
        pull_request: said.comment.pull_request.map(|id| id.0),
    }
}

/// A vote in words.
fn words_of<'a>(visit: &Visit<'_>, vote: &str) -> &'a str {
    match vote {
        "approved" => visit.t("Approved"),
        "rejected" => visit.t("Not approved"),
        "under_review" => visit.t("Under review"),
        _ => visit.t("Not reviewed"),
    }
}

/// The signatures that a changeset carries. Whether they hold takes a program, which is asked when this answer has gone out; the next
/// reader sees what it said.
fn signatures(
    visit: &mut Visit<'_>,
    contents: &Arc<Repository>,
    changeset: &Changeset,
) -> Vec<SignatureView> {
    let formats: Vec<SignatureFormat> = match (contents.kind(), changeset.signature) {
        (vcs::Kind::Git, format) => format.into_iter().collect(),
        (vcs::Kind::Hg, _) => contents
            .signatures(&changeset.id)
            .unwrap_or_default()
            .iter()
            .map(|signature| signature.format)
            .collect(),
    };
    if formats.is_empty() {
        return Vec::new();
    }
    let (id, checks) = (changeset.id, visit.model.checks_signatures());
    let known = checks
        .then(|| visit.model.known_verdicts(contents, &id))
        .flatten();
    if checks && known.is_none() {
        let contents = Arc::clone(contents);
        visit.later.push(Box::new(move |model| {
            if let Err(error) = model.check_signatures(&contents, &id) {
                tracing::warn!("the signatures of {id} cannot be read: {error}");
            }
        }));
    }
    let view = |format: SignatureFormat, verdict: Option<&Verdict>| {
        let kind = match format {
            SignatureFormat::OpenPgp => "OpenPGP",
            SignatureFormat::Ssh => "SSH",
            SignatureFormat::X509 => "X.509",
        };
        let (state, message, signer, key) = match verdict {
            None if checks => ("open", m("{kind} signature, being checked"), "", ""),
            None | Some(Verdict::NotConfigured | Verdict::Failed { .. }) => {
                ("open", m("{kind} signature (not checked)"), "", "")
            }
            Some(Verdict::Good { signer, key }) => (
                "good",
                m("{kind} signature of {signer}"),
                signer.as_str(),
                key.as_str(),
            ),
            Some(Verdict::Bad) => (
                "bad",
                m("{kind} signature that does not belong to this changeset"),
                "",
                "",
            ),
            Some(Verdict::UnknownKey) => (
                "open",
                m("{kind} signature by a key that is not known here"),
                "",
                "",
            ),
            Some(Verdict::ExpiredKey { signer, key }) => (
                "bad",
                m("{kind} signature of {signer}, whose key has expired or was revoked"),
                signer.as_str(),
                key.as_str(),
            ),
        };
        SignatureView {
            state: state.to_owned(),
            text: visit.tf(message, &[("kind", &kind), ("signer", &signer)]),
            key: key.to_owned(),
        }
    };
    match &known {
        Some(checked) => checked
            .iter()
            .map(|(format, verdict)| view(*format, Some(verdict)))
            .collect(),
        None => formats.iter().map(|format| view(*format, None)).collect(),
    }
}

fn neighbours(
    visit: &Visit<'_>,
    repository: &str,
    contents: &Repository,
    ids: &[ChangesetId],
) -> Result<Vec<NeighbourLink>, Problem> {
    /// More children than this are a list of their own.
    const MOST: usize = 20;
    ids.iter()
        .take(MOST)
        .map(|id| {
            // A shallow clone knows the ids of parents that it does not have.
            let subject = match contents.changeset(id) {
                Ok(changeset) => words::subject(&changeset),
                Err(vcs::ReadError::UnknownChangeset { .. }) => String::new(),
                Err(error) => return Err(error.into()),
            };
            Ok(NeighbourLink {
                id: words::numbered(visit, contents, id),
                url: words::changeset_url(visit, repository, id),
                subject,
            })
        })
        .collect()
}

/// Where a changeset was taken from and what became of it, as far as that is in the repository.
fn origins(
    visit: &Visit<'_>,
    repository: &str,
    contents: &Arc<Repository>,
    changeset: &Changeset,
) -> Result<Vec<Origin>, Problem> {
    let evolution = &changeset.evolution;
    let known = |id: Option<ChangesetId>| id.into_iter().collect::<Vec<_>>();
    let mut origins = Vec::new();
    for (label, ids) in [
        (visit.t("Grafted from"), known(changeset.grafted_from())),
        (
            visit.t("Transplanted from"),
            known(changeset.transplanted_from()),
        ),
        (visit.t("Replaced by"), evolution.successors.concat()),
        (visit.t("Preceded by"), evolution.predecessors.clone()),
    ] {
        if ids.is_empty() {
            continue;
        }
        let links = ids.iter().map(|id| {
            let here = matches!(contents.number_of(id), Ok(Some(_)));
            Link {
                text: words::short(visit, id),
                url: if here {
                    words::changeset_url(visit, repository, id)
                } else {
                    String::new()
                },
            }
        });
        origins.push(Origin {
            label: label.to_owned(),
            links: links.collect(),
        });
    }
    Ok(origins)
}
