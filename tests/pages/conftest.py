"""An instance with people, a group and a repository of each kind with some history."""

from __future__ import annotations

import pytest

from harness import Browser, Git, Hg, Instance, Server
from harness.instance import ADMIN


@pytest.fixture
def visitor(server: Server, admin: Browser) -> Browser:
    """Somebody who has not logged in."""
    return Browser(server.url)


@pytest.fixture(scope="module")
def histories(instance: Instance, server: Server, admin: Browser, git: Git, hg: Hg) -> dict[str, list[str]]:
    """The repositories `story-git` and `story-hg`, and their changesets, oldest first."""
    made = {}
    for client in (git, hg):
        name = f"story-{client.kind}"
        instance.create_repository(ADMIN, name, client.kind, f"The story in {client.kind}")
        work = client.init()
        ids = [
            client.commit(
                work,
                "Begin <b>the</b> story",
                {"README.md": "# A story\n\n*Once* upon a time.\n", "src/main.py": "def main():\n    return 1\n"},
            )
        ]
        ids.append(
            client.commit(work, "Change the answer", {"src/main.py": "def main():\n    return 42\n", "data.bin": b"\0\1\2\xff"})
        )
        ids.append(
            client.commit(work, "Odd names\n\nWith a second paragraph.", {"ünï cödé/a & b.txt": "<script>alert(1)</script>\n"})
        )
        client.push(work, server.url_for(ADMIN, name))
        made[name] = ids
    return made
