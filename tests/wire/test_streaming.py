"""Repositories that are larger than what a worker may hold: clone and push in constant memory, and clients that hang up."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator

import pytest

from harness import Client, Instance, People, Server, gunicorn, processes
from harness.raw import basic, connect, request

MIB = 1 << 20


@pytest.fixture(scope="module")
def server(instance: Instance) -> Iterator[Server]:
    """One worker, so that every request meets the process that is measured."""
    with gunicorn(instance, workers=1) as running:
        yield running


def grow(client: Client, size: int):
    """A repository with `size` bytes that no compression makes smaller."""
    work = client.init()
    part = 10 * MIB
    for number in range(size // part):
        client.commit(work, f"Part {number}", {f"part-{number}": os.urandom(part)})
    if client.kind == "git":
        client("config", "core.compression", "0", cwd=work)
        client("config", "pack.window", "0", cwd=work)
    return work


def stays_small(server: Server, what: Callable[[], object]) -> None:
    """Whether the worker's memory stays within 32 MiB of where it was, at its highest as well as at the end."""
    (worker,) = server.workers()
    before = processes.memory(worker)
    processes.forget_peak(worker)
    what()
    assert server.workers() == [worker], "the same worker has to answer to the end"
    highest, after = processes.memory(worker, "VmHWM"), processes.memory(worker)
    assert highest - before < 32 * MIB, f"{before / MIB:.0f} MiB grew to {highest / MIB:.0f} MiB"
    assert after - before < 32 * MIB, f"{before / MIB:.0f} MiB grew to {after / MIB:.0f} MiB"


@pytest.mark.parametrize("size", [60 * MIB, pytest.param(300 * MIB, marks=pytest.mark.soak)], ids=["60 MB", "300 MB"])
def test_push_and_clone_in_constant_memory(size: int, client: Client, project: str, server: Server, people: People) -> None:
    url = server.url_for(people.writer, project)
    work = grow(client, 0)
    client.commit(work, "Warm up", {"a": "1"})
    client.push(work, url)
    client.clone(url)

    big = grow(client, size)
    if client.kind == "git":
        client("fetch", "-q", url, "HEAD", cwd=big)
        stays_small(server, lambda: client("push", url, "HEAD:refs/heads/big", cwd=big, seconds=900))
        stays_small(
            server, lambda: client("clone", "--branch", "big", "--no-checkout", url, client.new_folder("big"), seconds=900)
        )
    else:
        stays_small(server, lambda: client("push", "--force", url, cwd=big, seconds=900))
        stays_small(server, lambda: client("clone", "--noupdate", url, client.new_folder("big"), seconds=900))


@pytest.fixture
def large(client: Client, project: str, server: Server, people: People) -> str:
    """A repository too large for the buffers between us and the server."""
    client(
        "push", server.url_for(people.writer, project), *(["HEAD"] if client.kind == "git" else []), cwd=grow(client, 40 * MIB)
    )
    return project


def clone_request(client: Client, url: str, project: str, people: People) -> bytes:
    """What a client sends to get everything."""
    headers = {"Authorization": basic(people.reader)}
    if client.kind == "hg":
        return request("GET", f"/{project}?cmd=stream_out", headers | {"Accept": "application/mercurial-0.1"})
    tip = client("ls-remote", url, "HEAD").split()[0]
    line = f"want {tip} side-band-64k ofs-delta\n"
    body = f"{len(line) + 4:04x}{line}00000009done\n".encode()
    headers |= {"Content-Type": "application/x-git-upload-pack-request", "Content-Length": str(len(body))}
    return request("POST", f"/{project}/git-upload-pack", headers, body)


def test_a_client_that_hangs_up_while_cloning(client: Client, large: str, server: Server, people: People) -> None:
    wanted = clone_request(client, server.url_for(people.reader, large), large, people)
    with connect(server.url) as wire:
        wire.sendall(wanted)
        received = b""
        while len(received) < MIB:
            block = wire.recv(65536)
            assert block, received[:500]
            received += block
        assert received.startswith(b"HTTP/1.1 200"), received[:200]
        assert bool(server.helpers()) == (client.kind == "git"), "the clone is under way; Mercurial's takes no program"
    gone_and_well(client, large, server, people)


def half_a_push(client: Client, url: str, project: str, people: People) -> bytes:
    """The beginning of a push that says it will be 50 MiB."""
    headers = {"Authorization": basic(people.writer), "Content-Length": str(50 * MIB)}
    if client.kind == "hg":
        headers |= {"Accept": "application/mercurial-0.1", "Content-Type": "application/mercurial-0.1"}
        return request("POST", f"/{project}?cmd=unbundle&heads=666f726365", headers, hg_bundle(client))
    tip = client("ls-remote", url, "HEAD").split()[0]
    line = f"{'0' * 40} {tip} refs/heads/half\0 report-status\n"
    headers |= {"Content-Type": "application/x-git-receive-pack-request"}
    body = f"{len(line) + 4:04x}{line}0000PACK".encode() + b"\0\0\0\2\0\0\0\3"
    return request("POST", f"/{project}/git-receive-pack", headers, body)


def test_a_client_that_hangs_up_while_pushing(client: Client, large: str, server: Server, people: People) -> None:
    begun = half_a_push(client, server.url_for(people.writer, large), large, people)
    with connect(server.url) as wire:
        wire.sendall(begun)
        assert processes.wait_until(server.helpers), "the push is under way"
        wire.shutdown(socket.SHUT_RDWR)
    gone_and_well(client, large, server, people)


def hg_bundle(client: Client) -> bytes:
    """The first two thirds of a bundle, enough for Mercurial to have opened its transaction."""
    work = client.init()
    for number in range(3):
        client.commit(work, f"Never arrives {number}", {f"file-{number}": os.urandom(300_000)})
    bundle = work / "bundle"
    client("bundle", "--all", "--type", "none-v1", bundle, cwd=work)
    whole = bundle.read_bytes()
    return whole[: len(whole) * 2 // 3]


def gone_and_well(client: Client, project: str, server: Server, people: People) -> None:
    """Nothing is left running, nothing is left locked, the worker is the same, and the next push goes through."""
    (worker,) = server.workers()
    assert processes.wait_until(lambda: not server.helpers()), [str(helper) for helper in server.helpers()]
    url = server.url_for(people.writer, project)
    before = client.clone(url)
    client.commit(before, "Life goes on", {"later": ""})
    client.push(before, url)
    assert client.messages(client.clone(url))[0] == "Life goes on"
    assert server.workers() == [worker]
    assert "Traceback" not in server.log() and "panicked" not in server.log(), server.log()


@pytest.fixture(autouse=True)
def no_lock_stays(instance: Instance) -> Iterator[None]:
    yield
    locks = [path for path in instance.repositories.rglob("*lock") if path.suffix == ".lock" or path.name in ("lock", "wlock")]
    assert locks == []
