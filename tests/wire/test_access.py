"""Who gets in: 401, 403 and 404 of both protocols."""

from __future__ import annotations

import pytest
import requests

from harness import Browser, Client, People, Person, Server
from harness.instance import ADMIN


def first_request(client: Client, project: str, write: bool = False) -> tuple[str, dict[str, str]]:
    """The address and the headers that a clone or a push begins with."""
    if client.kind == "git":
        return f"/{project}/info/refs?service={'git-receive-pack' if write else 'git-upload-pack'}", {}
    return f"/{project}?cmd={'unbundle&heads=666f726365' if write else 'heads'}", {"Accept": "application/mercurial-0.1"}


def ask(server: Server, client: Client, project: str, person: Person | None, write: bool = False) -> requests.Response:
    path, headers = first_request(client, project, write)
    auth = (person.name, person.password) if person else None
    method = "POST" if write and client.kind == "hg" else "GET"
    return requests.request(method, server.url + path, auth=auth, headers=headers, timeout=120)


def essence(answer: requests.Response) -> tuple:
    """What a stranger can learn from an answer; time and request id differ always."""
    unimportant = {"date", "x-request-id"}
    return (
        answer.status_code,
        answer.content,
        sorted((k.lower(), v) for k, v in answer.headers.items() if k.lower() not in unimportant),
    )


def test_without_a_name_one_is_asked_for_it(client: Client, project: str, server: Server) -> None:
    answer = ask(server, client, project, None)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Kallithea"'


def test_without_a_name_unknown_and_unreadable_look_the_same(client: Client, project: str, server: Server) -> None:
    assert essence(ask(server, client, project, None)) == essence(ask(server, client, "no-such-repository", None))


def test_wrong_passwords_are_refused_for_known_and_unknown_names_alike(
    client: Client, project: str, server: Server, people: People
) -> None:
    wrong = ask(server, client, project, Person(people.writer.name, "guess"))
    unknown = ask(server, client, project, Person("nobody-of-that-name", "guess"))
    assert wrong.status_code == 401 and essence(wrong) == essence(unknown)


def test_levels(client: Client, project: str, server: Server, people: People) -> None:
    def status(person: Person, write: bool) -> int:
        return ask(server, client, project, person, write).status_code

    assert [status(people.reader, False), status(people.reader, True)] == [200, 403]
    assert status(people.writer, False) == 200
    assert [status(people.stranger, False), status(people.stranger, True)] == [404, 404], "as if it were not there"
    assert [status(ADMIN, False)] == [200]
    assert ask(server, client, "no-such-repository", people.writer).status_code == 404


def test_an_email_address_serves_as_name(client: Client, project: str, server: Server, people: People) -> None:
    assert ask(server, client, project, Person(people.reader.email, people.reader.password)).status_code == 200


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic " + "QUJD", "Bearer " + "a" * 40, "Negotiate x"])
def test_other_credentials_are_no_credentials(header: str, client: Client, project: str, server: Server) -> None:
    path, headers = first_request(client, project)
    answer = requests.get(server.url + path, headers=headers | {"Authorization": header}, timeout=120)
    assert answer.status_code == 401


def test_a_session_cookie_does_not_open_the_protocols(client: Client, project: str, server: Server) -> None:
    browser = Browser(server.url)
    browser.log_in(ADMIN)
    path, headers = first_request(client, project)
    assert browser.get(path, headers=headers).status == 401


def test_a_reader_cannot_push_and_nothing_arrives(client: Client, project: str, server: Server, people: People) -> None:
    work = client.init()
    client.commit(work, "Unwanted", {"a": ""})
    refusal = client.fails("push", server.url_for(people.reader, project), *(["HEAD"] if client.kind == "git" else []), cwd=work)
    assert "403" in refusal or "authorization" in refusal.lower(), refusal
    assert client.is_empty(server.url_for(people.reader, project))


def test_one_system_cannot_be_asked_for_the_other(
    client: Client, project: str, server: Server, people: People, git: Client, hg: Client
) -> None:
    other = hg if client.kind == "git" else git
    assert ask(server, other, project, people.reader).status_code == 404


def test_anonymous_access(client: Client, project: str, server: Server, admin: Browser) -> None:
    work = client.init()
    client.commit(work, "Open to all", {"a": ""})
    client.push(work, server.url_for(ADMIN, project))
    admin.anonymous_access(True)
    try:
        assert ask(server, client, project, None).status_code == 401, "the default user's level on it is none"
        admin.permit(project, "read")
        assert client.messages(client.clone(f"{server.url}/{project}")) == ["Open to all"]
        assert ask(server, client, project, None, write=True).status_code == 401
    finally:
        admin.anonymous_access(False)
    assert ask(server, client, project, None).status_code == 401
