"""Write the story as a Mercurial repository. This file is an extension of Mercurial:

    hg --config extensions.history=hg_history.py --cwd REPOSITORY tell-history COMMITS

Changesets are made in memory and go into one transaction, which is some ten times faster than `hg import` or `hg convert`.
"""

from __future__ import annotations

import os
import sys

from mercurial import context, registrar
from mercurial.node import hex

# Mercurial loads an extension by its path, outside of any package.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import story

cmdtable = {}
command = registrar.command(cmdtable)


@command(b"tell-history", [], b"COMMITS")
def tell_history(ui, repo, commits):
    """Commit the whole story to an empty repository."""
    with repo.wlock(), repo.lock(), repo.transaction(b"tell-history"):
        nodes = {}
        tags = b""
        for commit in story.tell(int(commits)):
            node = _commit(repo, commit, [nodes[parent] for parent in commit.parents])
            if commit.tag:
                # A tag is a line in a file, committed after what it names; the next changeset goes on top of that.
                tags += hex(node) + b" " + commit.tag.encode() + b"\n"
                node = _commit_tag(repo, commit, node, tags)
            nodes[commit.number] = node


def _commit(repo, commit, parents):
    renamed = {new.encode(): old.encode() for new, old in commit.renamed.items()}
    files = {path.encode(): content for path, content in commit.files.items()}

    def content_of(repo, changeset, path):
        if files[path] is None:
            return None
        return context.memfilectx(repo, changeset, path, files[path], copysource=renamed.get(path))

    return _add(repo, parents, commit, commit.message, files, content_of)


def _commit_tag(repo, commit, parent, tags):
    def content_of(repo, changeset, path):
        return context.memfilectx(repo, changeset, path, tags)

    return _add(repo, [parent], commit, "Added tag %s" % commit.tag, [b".hgtags"], content_of)


def _add(repo, parents, commit, message, files, content_of):
    return context.memctx(
        repo,
        parents + [None] * (2 - len(parents)),
        message.strip().encode(),
        list(files),
        content_of,
        user=commit.author.encode(),
        date=b"%d 0" % commit.seconds,
        branch=b"default" if commit.branch == story.MAIN else commit.branch.encode(),
    ).commit()
