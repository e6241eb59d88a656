"""The C interface: its header, and the two programs of examples/c over the library as cargo builds it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness import Browser, Git, Hg, Instance, Server, converse, processes
from harness.clients import program
from harness.instance import ADMIN, SYSTEM_PATH, environment
from harness.journey import everything
from harness.raw import basic, connect, parse, request
from harness.servers import PROJECT, free_port, from_example

HEADERS = PROJECT / "include"


def run(*argv: object, **options) -> str:
    done = subprocess.run([*map(str, argv)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    assert done.returncode == 0, f"{' '.join(map(str, argv))} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="module")
def programs(folder: Path) -> Path:
    """Where the examples' Makefile has put both programs."""
    # Together with the Python binding the dependencies have the features they had when the wheel was built: none is
    # compiled again.
    packages = ["-p", "kallithea-c", "-p", "kallithea-python"]
    run("cargo", "build", "--release", "--locked", *packages, cwd=PROJECT, timeout=1800)
    made = folder / "programs"
    output = run("make", "-C", PROJECT / "examples" / "c", f"BUILD={made}", "CFLAGS=-O2 -Werror", timeout=120)
    assert "warning" not in output, output
    return made


@pytest.fixture
def place(folder: Path, request: pytest.FixtureRequest) -> Path:
    """An empty folder."""
    made = folder / request.node.name
    made.mkdir()
    return made


def surroundings(home: Path, **more: str) -> dict[str, str]:
    """No Python is around that would know where `hg` is: it is found in PATH, as `git` is."""
    return environment(home, **more) | {"PATH": f"{Path(program('hg')).parent}:{SYSTEM_PATH}"}


def c_server(programs: Path, folder: Path, *ini: Path) -> Server:
    port = free_port()
    argv = [programs / "kallithea-server", "127.0.0.1", str(port), *ini]
    return Server(argv, folder=folder, port=port, env=surroundings(folder))


@pytest.fixture(scope="module")
def server(programs: Path, instance: Instance) -> Iterator[Server]:
    """One running server.c over an instance that has an admin."""
    with c_server(programs, instance.folder) as running:
        yield running


def helpers(server: Server) -> list[processes.Process]:
    return processes.descendants(server.process.pid)


# The header


@pytest.mark.parametrize("compiler", [["gcc", "-std=c99", "-x", "c"], ["g++", "-std=c++11", "-x", "c++"]], ids=["c99", "c++11"])
def test_the_header_is_clean(compiler: list[str]) -> None:
    strict = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only", f"-I{HEADERS}"]
    run(*compiler, *strict, "-", input='#include "kallithea_rs.h"\n')


def test_the_library_exports_what_the_header_says(programs: Path) -> None:
    target = Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target"))
    symbols = run("nm", "--dynamic", "--defined-only", target / "release" / "libkallithea_rs.so")
    exported = {line.split()[-1] for line in symbols.splitlines() if " T " in line}
    declared = (HEADERS / "kallithea_rs.h").read_text()
    assert exported >= {"kallithea_app_new", "kallithea_handle", "kallithea_version"}
    assert all(f"{name}(" in declared for name in exported if name.startswith("kallithea_")), exported


# server.c


def test_server_in_an_empty_folder(programs: Path, place: Path, git: Git, hg: Hg) -> None:
    instance = Instance(place)
    with c_server(programs, place) as server:
        everything(server, instance, git, hg)
        for client in (git, hg):
            copies = [client.new_folder("at-once") for _ in range(4)]
            url = server.url_for(ADMIN, f"journey-{client.kind}")
            with ThreadPoolExecutor(4) as threads:
                list(threads.map(lambda copy: client("clone", url, copy), copies))
            assert {client.tip(copy) for copy in copies} == {instance.last_changeset(f"journey-{client.kind}")["raw_id"]}
    assert "kallithea-data" in {path.name for path in place.iterdir()}


def test_server_ends_with_a_broken_ini_file(programs: Path, place: Path) -> None:
    ini = place / "kallithea.ini"
    ini.write_text("[app:main]\nuse = egg:kallithea-rs\nforce_https = maybe\n")
    argv = [programs / "kallithea-server", "127.0.0.1", str(free_port()), ini]
    done = subprocess.run(argv, cwd=place, env=surroundings(place), capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "kallithea.ini, line 3: key 'force_https'" in done.stderr


def test_several_requests_on_one_connection(server: Server) -> None:
    wire = connect(server.url)
    wire.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3 + request("HEAD", "/about"))
    received = b"".join(iter(lambda: wire.recv(65536), b""))
    wire.close()
    assert received.count(b"HTTP/1.1 200 ") == 4, received[:2000]
    head, _, body = received.rpartition(b"HTTP/1.1 200 ")[2].partition(b"\r\n\r\n")
    assert b"content-length" in head.lower() and body == b""


def test_a_client_of_http_1_0(server: Server) -> None:
    wire = connect(server.url)
    wire.sendall(b"GET /about HTTP/1.0\r\n\r\n")
    answer = parse(b"".join(iter(lambda: wire.recv(65536), b"")))
    wire.close()
    assert answer.status == 200 and answer.text.rstrip().endswith("</html>"), answer
    assert "transfer-encoding" not in answer.headers


LOGIN = {"Content-Type": "application/x-www-form-urlencoded"}


def test_a_body_in_chunks_is_a_body(server: Server) -> None:
    form = b"username=nobody&password=x"
    plain = converse(server.url, request("POST", "/_admin/login", LOGIN | {"Content-Length": str(len(form))}, form))
    chunks = b"%x;name=value\r\n%b\r\n%X\r\n%b\r\n0\r\nTrailer: x\r\n\r\n" % (9, form[:9], len(form) - 9, form[9:])
    chunked = converse(server.url, request("POST", "/_admin/login", LOGIN | {"Transfer-Encoding": "chunked"}, chunks))
    assert plain.status == chunked.status != 400, (plain, chunked)


def test_a_client_that_asks_before_it_sends(server: Server) -> None:
    wire = connect(server.url)
    wire.sendall(request("POST", "/_admin/login", LOGIN | {"Content-Length": "10", "Expect": "100-continue"}))
    assert wire.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    wire.sendall(b"username=x")
    assert wire.recv(100).startswith(b"HTTP/1.1 ")
    wire.close()


@pytest.mark.parametrize(
    "headers, body",
    [
        ({"Content-Length": "3", "Transfer-Encoding": "chunked"}, b"0\r\n\r\n"),
        ({"Transfer-Encoding": "gzip, chunked"}, b"0\r\n\r\n"),
        ({"Content-Length": "+3"}, b"abc"),
        ({"Content-Length": "3", "content-length": "4"}, b"abcd"),
        ({"Content-Length ": "3"}, b"abc"),
        ({"Cookie": "a\0b"}, b""),
        ({"Cookie": "a\nX: b"}, b""),
        ({"Cookie": "a", "cookie": "b"}, b""),
    ],
    ids=["both-lengths", "unknown-coding", "sign", "two-lengths", "blank", "nul", "line-feed", "twice"],
)
def test_what_a_proxy_might_read_otherwise_is_refused(headers: dict[str, str], body: bytes, server: Server) -> None:
    assert converse(server.url, request("POST", "/_admin/login", headers, body)).status == 400


@pytest.mark.parametrize("chunk", [b"0x5\r\nabcde\r\n", b"-5\r\nabcde\r\n", b"5\r\nabcdefg\r\n", b"ffffffffffffffffff\r\nabc"])
def test_a_chunk_that_is_none(chunk: bytes, server: Server) -> None:
    wanted = request("POST", "/_admin/login", LOGIN | {"Transfer-Encoding": "chunked"}, chunk + b"0\r\n\r\n")
    assert converse(server.url, wanted, half_close=True).status == 400


@pytest.mark.parametrize("line", [b"GET /%zz HTTP/1.1", b"GET about HTTP/1.1", b"GET /about", b"GET /about HTTP/2.0", b"nonsense"])
def test_a_request_line_that_is_none(line: bytes, server: Server) -> None:
    assert converse(server.url, line + b"\r\nHost: localhost\r\n\r\n").status == 400


def test_an_underscore_cannot_pose_as_a_dash(server: Server) -> None:
    """`X_Forwarded_For` would become the variable of `X-Forwarded-For`, which a proxy has checked."""
    assert converse(server.url, request("GET", "/about", {"Content_Length": "x"})).status == 200


def test_a_head_that_is_too_long(server: Server) -> None:
    assert converse(server.url, request("GET", "/about", {"Cookie": "x" * 200_000})).status in (0, 400)
    assert converse(server.url, request("GET", "/about", {"X-HgArg-1": "x" * 60_000})).status == 200


@pytest.fixture(scope="module")
def large(git: Git, server: Server) -> str:
    """A Git repository that no socket buffer holds."""
    browser = Browser(server.url)
    browser.log_in(ADMIN)
    browser.create_repository("large", "git")
    work = git.init()
    git.commit(work, "Noise", {"noise": os.urandom(30 << 20)})
    git.push(work, server.url_for(ADMIN, "large"))
    return "large"


def begin_clone(server: Server, git: Git, large: str):
    """Ask for a pack, and read only the beginning of it."""
    tip = git("ls-remote", server.url_for(ADMIN, large), "HEAD").split()[0]
    want = f"want {tip} no-progress\n"
    body = f"{len(want) + 4:04x}{want}00000009done\n".encode()
    headers = {"Authorization": basic(ADMIN), "Content-Type": "application/x-git-upload-pack-request"}
    wire = connect(server.url)
    wire.sendall(request("POST", f"/{large}/git-upload-pack", headers | {"Content-Length": str(len(body))}, body))
    received = b""
    while len(received) < 1 << 20:
        received += wire.recv(65536)
    assert received.startswith(b"HTTP/1.1 200 "), received[:200]
    assert helpers(server), "git is at work"
    return wire


def test_a_client_that_hangs_up_ends_its_git(server: Server, git: Git, large: str) -> None:
    begin_clone(server, git, large).close()
    assert processes.wait_until(lambda: not helpers(server)), helpers(server)
    assert Browser(server.url).get("/about").status == 200


def test_a_push_in_chunks_and_a_clone_of_it(server: Server, git: Git, large: str) -> None:
    work = git.clone(server.url_for(ADMIN, large))
    pushed = git.commit(work, "More noise", {"more": os.urandom(5 << 20)})
    git.push(work, server.url_for(ADMIN, large))
    assert git.tip(git.clone(server.url_for(ADMIN, large))) == pushed


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["sigterm", "sigint"])
def test_server_ends_in_the_middle_of_a_clone(number: int, programs: Path, server: Server, instance: Instance, git: Git, large: str) -> None:
    other = c_server(programs, instance.folder)
    other.stop_signal = number
    with other:
        wire = begin_clone(other, git, large)
    assert other.process.returncode == 0
    wire.close()


# uwsgi_symcall.c


def test_uwsgi_without_python(programs: Path, place: Path, git: Git, hg: Hg) -> None:
    port = free_port()
    changes = {
        "/usr/local/lib/kallithea_symcall.so": str(programs / "kallithea_symcall.so"),
        "/srv/kallithea": str(place),
        "127.0.0.1:5000": f"127.0.0.1:{port}",
    }
    ini = from_example(place, "c/uwsgi.ini", changes)
    instance = Instance(place)
    with Server(["/usr/bin/uwsgi", "--ini", ini], folder=place, port=port, env=surroundings(place), workers=4) as server:
        everything(server, instance, git, hg)
        assert "Python version" not in server.log(), "uWSGI runs without its Python plugin"
