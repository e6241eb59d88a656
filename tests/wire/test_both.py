"""What Git and Mercurial users do all day, and what their work leaves in the database."""

from __future__ import annotations

from harness import Client, Instance, People, Server


def test_clone_push_and_pull(client: Client, project: str, server: Server, people: People) -> None:
    url = server.url_for(people.writer, project)
    alice = client.clone(url)
    client.commit(alice, "One", {"a.txt": "1\n"})
    client.commit(alice, "Two", {"b/c.txt": "2\n", "ünï/cödé.txt": "3\n"})
    client.push(alice, url)

    bob = client.clone(server.url_for(people.reader, project))
    assert client.messages(bob) == ["Two", "One"]
    assert (bob / "ünï/cödé.txt").read_text() == "3\n"

    client.commit(alice, "Three", {"a.txt": "1\n3\n"})
    client.push(alice, url)
    client.pull(bob, server.url_for(people.reader, project))
    assert client.messages(bob) == ["Three", "Two", "One"]
    assert (bob / "a.txt").read_text() == "1\n3\n"


def test_a_push_is_written_down(client: Client, project: str, server: Server, instance: Instance, people: People) -> None:
    url = server.url_for(people.writer, project)
    work = client.init()
    ids = [client.commit(work, f"Number {n}", {"file": str(n)}) for n in range(3)]
    client.push(work, url)

    assert instance.journal(project)[-1] == (people.writer.name, "push:" + ",".join(ids))
    cached = instance.last_changeset(project)
    assert (cached["raw_id"], cached["short_id"], cached["message"].strip()) == (ids[-1], ids[-1][:12], "Number 2")
    assert "Ada Example" in cached["author"]

    last = client.commit(work, "One more", {"file": "more"})
    client.push(work, url)
    assert instance.journal(project)[-1] == (people.writer.name, f"push:{last}")
    assert instance.last_changeset(project)["raw_id"] == last


def test_a_clone_is_written_down(client: Client, project: str, server: Server, instance: Instance, people: People) -> None:
    work = client.init()
    client.commit(work, "Something to fetch", {"file": "x"})
    client.push(work, server.url_for(people.writer, project))

    client.clone(server.url_for(people.reader, project))
    assert instance.journal(project)[-1] == (people.reader.name, "pull")


def test_an_empty_repository_can_be_cloned(client: Client, project: str, server: Server, people: People) -> None:
    work = client.clone(server.url_for(people.reader, project))
    assert [path.name for path in work.iterdir()] == [f".{client.kind}"]


def test_a_push_that_would_lose_changesets_is_refused(
    client: Client, project: str, server: Server, instance: Instance, people: People
) -> None:
    url = server.url_for(people.writer, project)
    alice = client.init()
    client.commit(alice, "Base", {"base": ""})
    client.push(alice, url)
    second = client.clone(url)
    theirs = client.commit(alice, "First to come", {"a": ""})
    client.push(alice, url)

    client.commit(second, "Too late", {"b": ""})
    refusal = client.fails("push", url, *(["HEAD"] if client.kind == "git" else []), cwd=second)
    assert "rejected" in refusal or "new remote head" in refusal, refusal
    assert instance.last_changeset(project)["raw_id"] == theirs


def test_the_permanent_url_goes_on_working(
    client: Client, project: str, server: Server, instance: Instance, people: People
) -> None:
    ((number,),) = instance.rows("SELECT repo_id FROM repositories WHERE repo_name = ?", project)
    url = server.url_for(people.writer, f"_{number}")
    work = client.clone(url)
    client.commit(work, "By number", {"n": ""})
    client.push(work, url)
    assert client.messages(client.clone(server.url_for(people.reader, project))) == ["By number"]
