"""uWSGI 2.0 does not undo the chunks of a request body; it offers `uwsgi.chunked_read` to applications that want to.

Git sends every push of more than 1 MiB in chunks, so this makes the usual `wsgi.input` of them.
"""

from __future__ import annotations

# Every command and every connection over SSH starts with this file: what types alone need is not loaded.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeAlias

    Application: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

try:
    import uwsgi  # exists inside uWSGI only
except ImportError:
    uwsgi = None

HOSTED = uwsgi is not None
"""Whether uWSGI runs this process."""


class ChunkedInput:
    """A body that ends by itself. `read` may return less than asked for, and nothing only at the end."""

    def __init__(self, read_chunk: Callable[[], bytes]):
        self._read_chunk = read_chunk
        self._rest = b""
        self._ended = False

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            return b"".join(iter(lambda: self.read(1 << 16), b""))
        if not self._rest and not self._ended:
            self._rest = self._read_chunk()
            self._ended = not self._rest
        block, self._rest = self._rest[:size], self._rest[size:]
        return block


def undo_chunks(application: Application) -> Application:
    """Wrap an application when uWSGI hosts it; elsewhere it stays as it is."""
    if not HOSTED:
        return application

    def with_whole_body(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        chunked = environ.get("HTTP_TRANSFER_ENCODING", "").strip().lower() == "chunked"
        if chunked and not environ.get("wsgi.input_terminated"):
            environ["wsgi.input"] = ChunkedInput(uwsgi.chunked_read)
            environ["wsgi.input_terminated"] = True
        return application(environ, start_response)

    return with_whole_body
