"""uWSGI with Debian's plugin, from examples/uwsgi."""

from __future__ import annotations

import sys
from pathlib import Path

from harness import Git, Hg, Instance, Server
from harness.journey import everything
from harness.servers import free_port, from_example


def test_uwsgi_with_four_processes(folder: Path, git: Git, hg: Hg) -> None:
    port = free_port()
    changes = {"/srv/kallithea/venv": sys.prefix, "/srv/kallithea": str(folder), "127.0.0.1:5000": f"127.0.0.1:{port}"}
    ini = from_example(folder, "uwsgi/uwsgi.ini", changes)
    instance = Instance(folder)
    with Server(["/usr/bin/uwsgi", "--ini", ini], folder=folder, port=port, workers=4) as server:
        everything(server, instance, git, hg)
