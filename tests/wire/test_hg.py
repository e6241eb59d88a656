"""Mercurial's own ways: what comes in and goes out, branches, bookmarks, phases, and the commands hidden in a batch."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote_plus, urlencode

import pytest
import requests

from harness import Hg, Instance, People, Server


@pytest.fixture
def repository(new_repository: Callable[[str], str]) -> str:
    return new_repository("hg")


@pytest.fixture
def url(repository: str, server: Server, people: People) -> str:
    return server.url_for(people.writer, repository)


def test_incoming_outgoing_and_identify(url: str, hg: Hg) -> None:
    alice = hg.init()
    first = hg.commit(alice, "First", {"a": "1"})
    assert "First" in hg("outgoing", url, cwd=alice)
    hg.push(alice, url)
    assert "no changes found" in hg.fails("outgoing", url, cwd=alice)
    assert hg("identify", "--id", url).strip() == first[:12]

    bob = hg.clone(url)
    second = hg.commit(alice, "Second", {"a": "2"})
    hg.push(alice, url)
    assert "Second" in hg("incoming", url, cwd=bob)
    hg.pull(bob, url)
    assert hg.tip(bob) == second
    assert "no changes found" in hg.fails("incoming", url, cwd=bob)


def test_named_branches_and_tags(url: str, hg: Hg) -> None:
    alice = hg.init()
    hg.commit(alice, "On default", {"a": ""})
    hg("tag", "1.0", cwd=alice)
    hg.push(alice, url)
    hg("branch", "stable", cwd=alice)
    hg.commit(alice, "On stable", {"b": ""})
    assert "new remote branches" in hg.fails("push", url, cwd=alice)
    hg.push(alice, url, "--new-branch")

    bob = hg.clone(url)
    assert [line.split()[0] for line in hg("branches", cwd=bob).splitlines()] == ["stable", "default"]
    assert [line.split()[0] for line in hg("tags", cwd=bob).splitlines()] == ["tip", "1.0"]
    only = hg.clone(url, "--branch", "default")
    assert "On stable" not in hg.messages(only)


def test_bookmarks_travel(url: str, hg: Hg) -> None:
    alice = hg.init()
    hg.commit(alice, "Marked", {"a": ""})
    hg("bookmark", "here", cwd=alice)
    hg("push", "-B", "here", url, cwd=alice)
    assert hg("identify", "--bookmarks", url).strip() == "here"

    bob = hg.clone(url)
    tip = hg.commit(alice, "Marked again", {"a": "2"})
    hg("push", "-B", "here", url, cwd=alice)
    hg("pull", "-B", "here", url, cwd=bob)
    assert hg("log", "-r", "here", "-T", "{node}", cwd=bob) == tip

    hg("bookmark", "-d", "here", cwd=alice)
    assert "deleting remote bookmark here" in hg.run("push", "-B", "here", url, cwd=alice)[1]
    assert hg("identify", "--bookmarks", url).strip() == ""


def test_what_is_pushed_becomes_public_and_a_secret_stays_home(url: str, hg: Hg) -> None:
    alice = hg.init()
    hg.commit(alice, "For all", {"a": ""})
    assert hg("log", "-T", "{phase}", cwd=alice) == "draft"
    hg.push(alice, url)
    assert hg("log", "-T", "{phase}", cwd=alice) == "public"
    hg.write(alice, {"b": ""})
    hg("commit", "--secret", "--addremove", "-m", "For me", cwd=alice)
    hg.fails("push", url, cwd=alice)
    assert hg.messages(hg.clone(url)) == ["For all"]


def test_phases_of_a_repository_that_does_not_publish(repository: str, url: str, hg: Hg, instance: Instance) -> None:
    (instance.repositories / repository / ".hg" / "hgrc").write_text("[phases]\npublish = False\n")
    alice = hg.init()
    hg.commit(alice, "Still open", {"a": ""})
    hg.push(alice, url)
    bob = hg.clone(url)
    assert hg("log", "-T", "{phase}", cwd=bob) == "draft"
    hg("phase", "--public", "tip", cwd=alice)
    hg.run("push", url, cwd=alice)  # sends the phase; its exit status says that no changeset went along
    hg("pull", url, cwd=bob)
    assert hg("log", "-T", "{phase}", cwd=bob) == "public"


def test_a_stream_clone(url: str, hg: Hg) -> None:
    alice = hg.init()
    for number in range(5):
        hg.commit(alice, f"Change {number}", {f"dir/file {number}": "x" * 1000 * number})
    hg.push(alice, url)
    bob = hg.clone(url, "--stream")
    assert len(hg.messages(bob)) == 5
    assert "checking" in hg("verify", cwd=bob)


def test_an_old_client_without_bundle2(url: str, hg: Hg, repository: str, instance: Instance) -> None:
    old = ("--config", "devel.legacy.exchange=bundle1")
    alice = hg.init()
    tip = hg.commit(alice, "The old way", {"a": ""})
    hg("push", *old, url, cwd=alice)
    assert instance.last_changeset(repository)["raw_id"] == tip
    bob = hg.new_folder("old")
    hg("clone", *old, url, bob)
    assert hg.messages(bob) == ["The old way"]


def test_what_the_server_offers(repository: str, server: Server, people: People) -> None:
    auth = (people.reader.name, people.reader.password)
    headers = {"Accept": "application/mercurial-0.1"}
    answer = requests.get(f"{server.url}/{repository}?cmd=capabilities", auth=auth, headers=headers, timeout=120)
    assert answer.headers["Content-Type"] == "application/mercurial-0.1"
    offered = answer.text.split()
    for wanted in (
        "batch",
        "branchmap",
        "getbundle",
        "httpheader=1024",
        "known",
        "lookup",
        "pushkey",
        "unbundle=HG10GZ,HG10BZ,HG10UN",
    ):
        assert wanted in offered, offered
    assert any(word.startswith("bundle2=") for word in offered)
    assert any(word.startswith("compression=") and "zstd" in word for word in offered)
    assert requests.get(f"{server.url}/{repository}", auth=auth, headers=headers, timeout=120).status_code == 400


class TestBatch:
    """Kallithea 0.7 split a batch before decoding it, saw only the first command, and let readers set bookmarks and phases."""

    def batch(self, server: Server, repository: str, auth, commands: str, posted: bool = False) -> requests.Response:
        arguments = urlencode({"cmds": commands})
        headers = {"Accept": "application/mercurial-0.1"}
        url = f"{server.url}/{repository}?cmd=batch"
        if posted:
            headers |= {"X-HgArgs-Post": str(len(arguments))}
            return requests.post(url, data=arguments, headers=headers, auth=auth, timeout=120)
        return requests.post(url, headers=headers | {"X-HgArg-1": arguments}, auth=auth, timeout=120)

    @pytest.fixture
    def attack(self, url: str, hg: Hg) -> str:
        work = hg.init()
        node = hg.commit(work, "Target", {"a": ""})
        hg.push(work, url)
        return f"heads ;pushkey namespace=bookmarks,key=evil,old=,new={node}"

    @pytest.mark.parametrize("posted", [False, True], ids=["in headers", "in the body"])
    def test_a_reader_cannot_hide_a_write(
        self, posted: bool, attack: str, repository: str, url: str, server: Server, people: People, hg: Hg
    ) -> None:
        answer = self.batch(server, repository, (people.reader.name, people.reader.password), attack, posted)
        assert answer.status_code == 403, (answer.status_code, answer.text)
        assert hg("identify", "--bookmarks", url).strip() == ""

    def test_nor_by_encoding_it_twice(
        self, attack: str, repository: str, url: str, server: Server, people: People, hg: Hg
    ) -> None:
        answer = self.batch(server, repository, (people.reader.name, people.reader.password), quote_plus(attack))
        assert answer.status_code in (400, 403), (answer.status_code, answer.text)
        assert hg("identify", "--bookmarks", url).strip() == ""

    def test_a_writer_may(self, attack: str, repository: str, url: str, server: Server, people: People, hg: Hg) -> None:
        answer = self.batch(server, repository, (people.writer.name, people.writer.password), attack)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        assert hg("identify", "--bookmarks", url).strip() == "evil"

    def test_reading_in_a_batch_needs_no_more_than_reading(
        self, attack: str, repository: str, server: Server, people: People
    ) -> None:
        answer = self.batch(
            server, repository, (people.reader.name, people.reader.password), "heads ;listkeys namespace=bookmarks"
        )
        assert answer.status_code == 200 and ";" in answer.text, (answer.status_code, answer.text)


def test_a_reader_cannot_set_bookmarks_or_phases(url: str, repository: str, hg: Hg, server: Server, people: People) -> None:
    work = hg.init()
    hg.commit(work, "One", {"a": ""})
    hg.push(work, url)
    hg("bookmark", "mine", cwd=work)
    refusal = hg.fails("push", "-B", "mine", server.url_for(people.reader, repository), cwd=work)
    assert "403" in refusal or "authorization" in refusal.lower() or "denied" in refusal.lower(), refusal
    assert hg("identify", "--bookmarks", url).strip() == ""
