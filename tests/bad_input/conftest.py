"""One worker, so that the process that had to digest something bad is known, and a look at whether it is well afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness import Browser, Instance, Server, gunicorn
from harness.instance import ADMIN


@pytest.fixture(scope="module")
def server(instance: Instance) -> Iterator[Server]:
    with gunicorn(instance, workers=1) as running:
        browser = Browser(running.url)
        browser.log_in(ADMIN)
        browser.anonymous_access(True)
        yield running


@pytest.fixture
def healthy(server: Server) -> Iterator[None]:
    """The same worker answers before and after, and nothing has crashed on the way."""
    (worker,) = server.workers()
    start = len(server.log())
    yield
    assert Browser(server.url).get("/").status == 200
    assert server.workers() == [worker]
    said = server.log()[start:]
    assert "panicked" not in said and "Traceback" not in said, said
