"""Bodies in chunks, as the real clients and their proxies send them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import requests

from harness import Git, Hg, Instance, Server
from harness.instance import ADMIN

pytestmark = pytest.mark.usefixtures("healthy")


def test_git_with_a_small_buffer(server: Server, instance: Instance, git: Git) -> None:
    instance.create_repository(ADMIN, "chunks-git", "git")
    work = git.init()
    tip = git.commit(work, "Sent in chunks", {"random": os.urandom(1_000_000)})
    git("-c", "http.postBuffer=65536", "push", server.url_for(ADMIN, "chunks-git"), "HEAD", cwd=work)
    assert instance.last_changeset("chunks-git")["raw_id"] == tip


def test_mercurial_by_way_of_a_proxy_that_makes_chunks(server: Server, instance: Instance, hg: Hg) -> None:
    instance.create_repository(ADMIN, "chunks-hg", "hg")
    work = hg.init()
    tip = hg.commit(work, "Sent in chunks", {"random": os.urandom(1_000_000)})
    bundle = work / "bundle"
    hg("bundle", "--all", "--type", "none-v1", bundle, cwd=work)

    def blocks() -> Iterator[bytes]:
        content = bundle.read_bytes()
        for start in range(0, len(content), 50_000):
            yield content[start : start + 50_000]

    headers = {"Accept": "application/mercurial-0.1", "Content-Type": "application/mercurial-0.1"}
    url = f"{server.url}/chunks-hg?cmd=unbundle&heads=666f726365"
    answer = requests.post(url, data=blocks(), headers=headers, auth=(ADMIN.name, ADMIN.password), timeout=60)
    assert answer.status_code == 200, answer.text
    assert instance.last_changeset("chunks-hg")["raw_id"] == tip
