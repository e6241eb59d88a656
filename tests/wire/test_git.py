"""Git's own ways: references, protocol versions, shallow and partial clones, compressed and chunked bodies."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
import requests

from harness import Git, Instance, People, Server


@pytest.fixture(scope="module")
def history(new_repository: Callable[[str], str], git: Git, server: Server, people: People) -> str:
    """A repository with fifty changesets, two branches and two tags."""
    name = new_repository("git")
    url = server.url_for(people.writer, name)
    work = git.init()
    for number in range(50):
        git.commit(work, f"Change {number}", {"count": f"{number}\n", f"files/{number}": os.urandom(100)})
        if number == 20:
            git("branch", "feature/x", cwd=work)
            git("tag", "-a", "-m", "first", "v1", cwd=work)
    git("tag", "light", cwd=work)
    git("push", url, "--all", cwd=work)
    git("push", url, "--tags", cwd=work)
    return name


def test_branches_and_tags_come_along(history: str, git: Git, server: Server, instance: Instance, people: People) -> None:
    url = server.url_for(people.reader, history)
    names = [line.split("\t")[1] for line in git("ls-remote", url).splitlines()]
    assert names == ["HEAD", "refs/heads/feature/x", "refs/heads/main", "refs/tags/light", "refs/tags/v1", "refs/tags/v1^{}"]
    pushes = [action for _, action in instance.journal(history) if action.startswith("push:")]
    assert pushes[-1] == "push:tag=>light,tag=>v1"


def test_head_follows_the_first_branch_pushed(
    git: Git, new_repository: Callable[[str], str], server: Server, people: People
) -> None:
    url = server.url_for(people.writer, new_repository("git"))
    work = git.init()
    git("checkout", "-q", "-b", "trunk", cwd=work)
    git.commit(work, "On trunk", {"a": ""})
    git("push", url, "trunk", cwd=work)
    assert "ref: refs/heads/trunk\tHEAD" in git("ls-remote", "--symref", url, "HEAD")


def test_a_branch_is_deleted_and_a_tag_is_moved(
    git: Git, new_repository: Callable[[str], str], server: Server, instance: Instance, people: People
) -> None:
    name = new_repository("git")
    url = server.url_for(people.writer, name)
    work = git.init()
    git.commit(work, "One", {"a": "1"})
    git("tag", "t", cwd=work)
    git("push", url, "main", "main:old", "t", cwd=work)
    git("push", url, ":old", cwd=work)
    assert instance.journal(name)[-1][1] == "push:delete_branch=>old"
    git.commit(work, "Two", {"a": "2"})
    git("tag", "-f", "t", cwd=work)
    git("push", "-f", url, "main", "t", cwd=work)
    assert git("ls-remote", url, "refs/tags/t").split()[0] == git.tip(work)
    assert "old" not in git("ls-remote", url)


@pytest.mark.parametrize("version", [0, 1, 2])
def test_protocol_versions(version: int, history: str, git: Git, server: Server, people: People) -> None:
    work = git.new_folder("protocol")
    output = git(
        "-c", f"protocol.version={version}", "clone", server.url_for(people.reader, history), work, env={"GIT_TRACE_PACKET": "1"}
    )
    assert ("version 2" in output) == (version == 2)
    assert len(git.messages(work)) == 50


def test_a_strange_protocol_header_is_ignored(history: str, server: Server, people: People) -> None:
    url = f"{server.url}/{history}/info/refs?service=git-upload-pack"
    answer = requests.get(
        url, auth=(people.reader.name, people.reader.password), headers={"Git-Protocol": "version=2; touch /tmp/x"}, timeout=30
    )
    assert answer.status_code == 200 and b"version 2" not in answer.content
    assert answer.headers["Content-Type"] == "application/x-git-upload-pack-advertisement"
    assert "no-cache" in answer.headers["Cache-Control"]


def test_shallow_clone_deepens(history: str, git: Git, server: Server, people: People) -> None:
    url = server.url_for(people.reader, history)
    work = git.clone(url, "--depth", "3")
    assert len(git.messages(work)) == 3
    git("fetch", "--deepen", "4", url, "main", cwd=work)
    assert len(git.messages(work)) == 7
    git("fetch", "--unshallow", url, "main", cwd=work)
    assert len(git.messages(work)) == 50


def test_partial_clone_fetches_blobs_when_needed(history: str, git: Git, server: Server, people: People) -> None:
    work = git.clone(server.url_for(people.reader, history), "--filter=blob:none", "--no-checkout")
    missing = git("rev-list", "--objects", "--all", "--missing=print", cwd=work)
    assert sum(line.startswith("?") for line in missing.splitlines()) == 100
    git("checkout", "-q", "main", cwd=work)
    assert (work / "count").read_text() == "49\n"


def test_a_long_negotiation_is_compressed_and_understood(history: str, git: Git, server: Server, people: People) -> None:
    """With many lines of `have`, git gzips the body of its request."""
    url = server.url_for(people.writer, history)
    work = git.clone(url)
    other = git.clone(url)
    git("checkout", "-q", "-b", "other", cwd=other)
    git.commit(other, "From elsewhere", {"new": ""})
    git("push", url, "other", cwd=other)
    for number in range(60):
        git("commit", "-q", "--allow-empty", "-m", f"Only here {number}", cwd=work)
    output = git("fetch", url, "other", cwd=work, env={"GIT_TRACE_CURL": "1"})
    assert "content-encoding: gzip" in output.lower(), output[-3000:]
    assert "From elsewhere" in git("log", "-1", "--format=%s", "FETCH_HEAD", cwd=work)


def test_a_push_in_chunks(
    git: Git, new_repository: Callable[[str], str], server: Server, instance: Instance, people: People
) -> None:
    name = new_repository("git")
    url = server.url_for(people.writer, name)
    work = git.init()
    tip = git.commit(work, "Three megabytes", {"random": os.urandom(3_000_000)})
    output = git(
        "-c", "http.postBuffer=65536", "push", url, "main", cwd=work, env={"GIT_TRACE_CURL": "1", "GIT_TRACE_CURL_NO_DATA": "1"}
    )
    assert "transfer-encoding: chunked" in output.lower()
    assert instance.last_changeset(name)["raw_id"] == tip


def test_pull_request_references_are_not_for_pushing(history: str, git: Git, server: Server, people: People) -> None:
    work = git.clone(server.url_for(people.writer, history))
    refusal = git.fails("push", server.url_for(people.writer, history), "HEAD:refs/pull/1/head", cwd=work)
    assert "refs/pull/1/head" in refusal and "rejected" in refusal, refusal


def test_the_old_file_by_file_protocol_is_refused(history: str, server: Server, people: People) -> None:
    auth = (people.reader.name, people.reader.password)
    assert requests.get(f"{server.url}/{history}/info/refs", auth=auth, timeout=120).status_code == 400
    assert requests.get(f"{server.url}/{history}/info/refs?service=git-shell", auth=auth, timeout=120).status_code == 400
    assert requests.get(
        f"{server.url}/{history}/objects/info/packs", auth=auth, timeout=30, allow_redirects=False
    ).status_code in (302, 404)
