"""Requests that no library would send: bytes on a socket."""

from __future__ import annotations

import base64
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.instance import Person


@dataclass(frozen=True)
class Reply:
    """What came back. `status` is 0 when the server closed the connection without an answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


def connect(url: str, seconds: float = 30) -> socket.socket:
    place = urlsplit(url)
    return socket.create_connection((place.hostname, place.port), timeout=seconds)


def request(method: str, target: str | bytes, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """The bytes of a request. Nothing is checked or completed but `Host` and `Connection`."""
    target = target.encode() if isinstance(target, str) else target
    lines = {"Host": "127.0.0.1", "Connection": "close"} | (headers or {})
    head = b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in lines.items())
    return method.encode() + b" " + target + b" HTTP/1.1\r\n" + head + b"\r\n" + body


def basic(person: Person) -> str:
    return "Basic " + base64.b64encode(f"{person.name}:{person.password}".encode()).decode()


def converse(url: str, sent: bytes, half_close: bool = False, seconds: float = 30) -> Reply:
    """Send bytes as they are, read until the server closes."""
    with connect(url, seconds) as wire:
        received = b""
        try:
            wire.sendall(sent)
            if half_close:
                wire.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # A server may answer and close before it has read everything.
        try:
            while block := wire.recv(65536):
                received += block
        except ConnectionResetError:
            pass
    return parse(received)


def parse(received: bytes) -> Reply:
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    if not first.startswith("HTTP/"):
        return Reply(0, {}, received)
    headers = dict(line.split(": ", 1) for line in lines if ": " in line)
    headers = {name.lower(): value for name, value in headers.items()}
    if headers.get("transfer-encoding") == "chunked":
        body = _joined(body)
    return Reply(int(first.split()[1]), headers, body)


def _joined(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size.split(b";")[0] or b"0", 16)
        if length == 0:
            break
        whole, body = whole + body[:length], body[length + 2 :]
    return whole
