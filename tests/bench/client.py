"""The smallest HTTP client that measures: bytes out, bytes in, and the time between.

A library would cost about as much processor time as the server under test, on the same processors.
"""

from __future__ import annotations

import selectors
import socket
import time
from dataclasses import dataclass, field

BLOCK = 1 << 18


class WrongAnswer(ValueError):
    """A page that is measured must be the page that was meant."""


def request(path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    lines = {"Host": "127.0.0.1", "Connection": "close"} | (headers or {})
    if body:
        lines["Content-Length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{'POST' if body else 'GET'} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def once(port: int, sent: bytes, seconds: float = 120) -> tuple[float, bytes]:
    """One request on a connection of its own: seconds until the server closed, and what it answered."""
    _, whole, received = watched(port, sent, seconds)
    return whole, received


def watched(port: int, sent: bytes, seconds: float = 120) -> tuple[float, float, bytes]:
    """The same, and before it the seconds until the first byte of the page was there: headers alone show a reader nothing."""
    begin = time.perf_counter()
    first, blocks, head = 0.0, [], b""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as wire:
        wire.sendall(sent)
        while block := wire.recv(BLOCK):
            blocks.append(block)
            if not first:
                head += block
                if head.partition(b"\r\n\r\n")[2]:
                    first = time.perf_counter() - begin
    whole = time.perf_counter() - begin
    return first or whole, whole, b"".join(blocks)


def check(sent: bytes, received: bytes) -> None:
    """Only a whole 200 counts."""
    head, _, body = received.partition(b"\r\n\r\n")
    status = head.split(b"\r\n", 1)[0]
    if b" 200 " not in status + b" ":
        what = sent.split(b"\r\n", 1)[0].decode()
        raise WrongAnswer(f"{what} was answered with {status.decode(errors='replace')}: {body[:300].decode(errors='replace')}")


@dataclass
class Load:
    """What many clients at once have seen."""

    requests: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


class _Exchange:
    """One request of a crowd, on a socket that never blocks."""

    def __init__(self, port: int, sent: bytes):
        self.sent = sent
        self.begin = time.perf_counter()
        self.status = b""
        self.wire = socket.socket()
        self.wire.setblocking(False)
        self.wire.connect_ex(("127.0.0.1", port))


def crowd(port: int, requests: list[bytes], clients: int, seconds: float, at_most: int | None = None) -> Load:
    """`clients` clients, each with a new request as soon as the last is answered, taking `requests` in turn.

    It ends after `seconds` or `at_most` requests, and waits for the answers that are still under way. One thread serves all
    clients: it leaves most of the machine to the server, and an interrupt leaves nothing behind.
    """
    load = Load()
    started = 0
    begin = time.perf_counter()

    def start(selector: selectors.BaseSelector) -> None:
        nonlocal started
        exchange = _Exchange(port, requests[started % len(requests)])
        started += 1
        selector.register(exchange.wire, selectors.EVENT_WRITE, exchange)

    def more() -> bool:
        return time.perf_counter() - begin < seconds and (at_most is None or started < at_most)

    with selectors.DefaultSelector() as selector:
        try:
            for _ in range(clients):
                start(selector)
            while selector.get_map():
                for key, _ in selector.select(timeout=60):
                    exchange: _Exchange = key.data
                    if key.events == selectors.EVENT_WRITE:
                        # A request is a few hundred bytes: an empty send buffer takes it whole.
                        exchange.wire.send(exchange.sent)
                        selector.modify(exchange.wire, selectors.EVENT_READ, exchange)
                        continue
                    block = exchange.wire.recv(BLOCK)
                    exchange.status = exchange.status or block
                    if block:
                        continue
                    check(exchange.sent, exchange.status)
                    selector.unregister(exchange.wire)
                    exchange.wire.close()
                    load.requests += 1
                    load.latencies.append(time.perf_counter() - exchange.begin)
                    if more():
                        start(selector)
        finally:
            for key in list(selector.get_map().values()):
                key.fileobj.close()
    load.seconds = time.perf_counter() - begin
    return load
