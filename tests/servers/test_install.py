"""`pip install .`: what arrives, and that it is all that is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from harness import Browser, Instance, gunicorn
from harness.instance import environment
from harness.servers import PROJECT


@pytest.fixture(scope="module")
def site(folder: Path) -> Path:
    """Where pip has put a fresh build of this checkout; the tools that build are already here."""
    target = folder / "site"
    argv = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target", target, PROJECT]
    env = os.environ | {"PATH": f"{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


def test_what_arrives(site: Path) -> None:
    package = site / "kallithea_rs"
    assert {"__init__.py", "_native.pyi", "py.typed", "public", "demo.py"} <= {path.name for path in package.iterdir()}
    assert {"css", "js", "images"} <= {path.name for path in (package / "public").iterdir()}
    (found,) = distributions(path=[str(site)])
    assert found.metadata["License-Expression"] == "GPL-3.0-or-later"
    assert sorted((point.group, point.name, point.value) for point in found.entry_points) == [
        ("console_scripts", "kallithea-api", "kallithea_rs.api_client:main"),
        ("console_scripts", "kallithea-cli", "kallithea_rs.cli:main"),
        ("console_scripts", "kallithea-gist", "kallithea_rs.gist_client:main"),
        ("paste.app_factory", "main", "kallithea_rs:paste_app_factory"),
    ]
    assert any(str(path).endswith("LICENSE") for path in found.files)


def test_it_serves_from_there(site: Path, folder: Path) -> None:
    place = folder / "place"
    place.mkdir()
    with gunicorn(Instance(place), env=environment(place, PYTHONPATH=str(site))) as server:
        browser = Browser(server.url)
        assert browser.get("/").location == "/_admin/setup"
        page = browser.get("/_admin/setup")
        styles = [link["href"] for link in page.html.find_all("link", rel="stylesheet")]
        assert styles and all(browser.get(style).status == 200 for style in styles)
