"""Requests that no honest client sends. Each gets a clear answer, a line in the log, and the worker lives."""

from __future__ import annotations

import pytest

from harness import Git, Instance, Reply, Server, converse
from harness.instance import ADMIN
from harness.raw import basic, request

pytestmark = pytest.mark.usefixtures("healthy")


@pytest.mark.parametrize(
    "target",
    [
        b"/%ff%fe",
        b"/\xff\xfe",
        b"/%c3%28/files/tip/",
        b"/project/files/tip/%ff",
        b"/%00",
        b"/project/files/tip/a%00b",
        b"/css/%00",
    ],
    ids=lambda target: repr(target)[2:-1],
)
def test_a_path_that_is_no_text(target: bytes, server: Server) -> None:
    answer = converse(server.url, request("GET", target))
    assert answer.status in (400, 404), answer
    logged_with_its_id(answer, server)


@pytest.mark.parametrize(
    "target",
    [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/css/../../__init__.py",
        "/css/%2e%2e/%2e%2e/__init__.py",
        "/css/..%2f..%2f__init__.py",
        "/project/raw/tip/../../../.hg/hgrc",
        "/project/raw/tip/%2e%2e/%2e%2e/kallithea.db",
        "/..%2f..%2fproject",
    ],
)
def test_a_path_that_climbs(target: str, server: Server) -> None:
    answer = converse(server.url, request("GET", target))
    assert answer.status in (400, 404), answer
    assert "root:" not in answer.text and "import" not in answer.text


def test_an_encoded_slash_is_a_slash(server: Server, instance: Instance) -> None:
    instance.create_repository(ADMIN, "slash", "git")
    assert (
        converse(server.url, request("GET", "/slash%2Fcompare")).status
        == converse(server.url, request("GET", "/slash/compare")).status
        == 200
    )


def test_a_body_shorter_than_it_says(server: Server) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": "1000"}
    answer = converse(server.url, request("POST", "/_admin/login", headers, b"username=admin"), half_close=True)
    assert answer.status == 400, answer
    logged_with_its_id(answer, server)


def test_a_body_longer_than_it_says(server: Server) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": "5"}
    answer = converse(server.url, request("POST", "/_admin/login", headers, b"username=admin&password=x" * 1000))
    assert answer.status == 403, "five bytes hold no CSRF token"


@pytest.mark.parametrize("length", ["-1", "12a", "1e3", "99999999999999999999999"])
def test_a_length_that_is_no_number(length: str, server: Server) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": length}
    answer = converse(server.url, request("POST", "/_admin/login", headers, b"username=admin"), half_close=True)
    assert answer.status in (400, 413), answer


def test_a_form_that_never_ends(server: Server) -> None:
    size = 64 << 20
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(size)}
    answer = converse(server.url, request("POST", "/_admin/login", headers, b"username=" + b"a" * size))
    assert answer.status in (0, 400, 413), answer


def test_a_form_in_chunks_is_a_form(server: Server) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Transfer-Encoding": "chunked"}
    answer = converse(server.url, request("POST", "/_admin/login", headers, b"9\r\nusername=\r\n5\r\nadmin\r\n0\r\n\r\n"))
    assert answer.status == 403, "a form without a CSRF token"


@pytest.mark.parametrize(
    "body", [b"zz\r\nhello\r\n0\r\n\r\n", b"ffffffffffffffffff\r\nhello", b"5\r\nhel"], ids=["no number", "too large", "cut off"]
)
def test_broken_chunks(body: bytes, server: Server) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Transfer-Encoding": "chunked"}
    answer = converse(server.url, request("POST", "/_admin/login", headers, body), half_close=True)
    assert answer.status in (0, 400), answer


def test_a_header_of_ten_megabytes(server: Server) -> None:
    answer = converse(server.url, request("GET", "/", {"X-Long": "a" * 10_000_000}))
    assert answer.status in (0, 400, 431), answer


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": "kallithea=" + "\xff" * 100},
        {"Cookie": 'kallithea=; kallithea="; =;;;'},
        {"Authorization": "Basic " + "=" * 200},
        {"Host": "a b<script>"},
        {"Accept-Language": ";q=9," * 500},
        {"Range": "bytes=9-1,a-b"},
        {"If-Modified-Since": "yesterday"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_headers_without_sense(headers: dict[str, str], server: Server) -> None:
    answer = converse(server.url, request("GET", "/", headers))
    assert answer.status in (200, 302, 400), answer
    assert "<script>" not in answer.text.split("</head>")[-1] or "a b<script>" not in answer.text


@pytest.mark.parametrize(
    "query", ["?page=-1", "?page=99999999999999999999", "?page=%ff", "?size=0", "?size=-5", "?" + "a=b&" * 900, "?branch=%00"]
)
def test_queries_without_sense(query: str, server: Server, instance: Instance, git: Git) -> None:
    if not instance.rows("SELECT 1 FROM repositories WHERE repo_name = 'queries'"):
        instance.create_repository(ADMIN, "queries", "git")
        work = git.init()
        git.commit(work, "One", {"a": ""})
        git.push(work, server.url_for(ADMIN, "queries"))
    answer = converse(server.url, request("GET", "/queries/changelog" + query))
    assert answer.status in (200, 302, 400, 404), answer


def test_a_push_shorter_than_it_says(server: Server, instance: Instance) -> None:
    instance.create_repository(ADMIN, "short-push", "git")
    headers = {"Authorization": basic(ADMIN), "Content-Type": "application/x-git-receive-pack-request", "Content-Length": "5000"}
    body = f"{4 + 80 + 20:04x}{'0' * 40} {'1' * 40} refs/heads/main\n".encode()
    answer = converse(server.url, request("POST", "/short-push/git-receive-pack", headers, body), half_close=True)
    assert answer.status in (0, 200, 400), answer
    assert instance.last_changeset("short-push").get("raw_id", "0" * 40) == "0" * 40


@pytest.mark.parametrize("body", [b"", b"garbage", b"0000", b"fff", b"ffff", b"0003", b"\x1f\x8b broken gzip"])
@pytest.mark.parametrize("service", ["git-upload-pack", "git-receive-pack"])
def test_a_git_body_that_is_none(service: str, body: bytes, server: Server, instance: Instance) -> None:
    if not instance.rows("SELECT 1 FROM repositories WHERE repo_name = 'garbage'"):
        instance.create_repository(ADMIN, "garbage", "git")
    headers = {
        "Authorization": basic(ADMIN),
        "Content-Type": f"application/x-{service}-request",
        "Content-Length": str(len(body)),
    }
    if body.startswith(b"\x1f"):
        headers["Content-Encoding"] = "gzip"
    answer = converse(server.url, request("POST", f"/garbage/{service}", headers, body))
    assert answer.status in (200, 400), answer


@pytest.mark.parametrize(
    "target",
    [
        "?cmd=",
        "?cmd=nonsense",
        "?cmd=lookup",
        "?cmd=getbundle&heads=zz",
        "?cmd=batch",
        "?cmd=known&nodes=%ff",
        "?cmd=between&pairs=1-2-3",
        "?cmd=getbundle&listkeys=phases",
    ],
)
def test_a_mercurial_command_that_is_none(target: str, server: Server, instance: Instance) -> None:
    if not instance.rows("SELECT 1 FROM repositories WHERE repo_name = 'nonsense'"):
        instance.create_repository(ADMIN, "nonsense", "hg")
    headers = {"Authorization": basic(ADMIN), "Accept": "application/mercurial-0.1"}
    answer = converse(server.url, request("GET", "/nonsense" + target, headers))
    assert answer.status in (200, 400, 404), answer
    assert not answer.text.startswith("<!DOCTYPE"), "Mercurial prints what it gets"


def logged_with_its_id(answer: Reply, server: Server) -> None:
    """Whoever reports a problem can name a line of the log. Some requests gunicorn turns away itself."""
    if "<h1><p>Bad Request</p></h1>" in answer.text:
        return
    number = answer.headers["x-request-id"]
    assert number in server.log(), f"request {number} is not in the log:\n{server.log()[-2000:]}"
