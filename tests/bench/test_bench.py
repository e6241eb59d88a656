"""The benchmark itself: a run on a small history fills every row, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench import report
from bench.story import LARGE_END, LARGE_FILE, MAIN, NEXT, STABLE, tell

BENCH = Path(__file__).with_name("bench.py")


def test_the_story_is_always_the_same_and_whole():
    history = list(tell(400))
    assert history == list(tell(400))
    assert [commit.number for commit in history] == list(range(1, 401))
    assert all(parent < commit.number for commit in history for parent in commit.parents)
    assert {commit.branch for commit in history} == {MAIN, STABLE, NEXT}
    assert any(len(commit.parents) == 2 for commit in history)
    assert [commit.tag for commit in history if commit.tag] == [f"0.0.{n}" for n in range(5)]
    last = [commit.files[LARGE_FILE] for commit in history if LARGE_FILE in commit.files][-1]
    assert last.count(b"\n") == LARGE_END


def run(tmp_path: Path, *options: str) -> dict:
    """The figures of a run on 300 changesets. Its folder must be gone afterwards."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    figures = tmp_path / "figures.json"
    argv = [sys.executable, BENCH, "--quick", "--commits", "300", "--json", figures, *options]
    places = {"XDG_CACHE_HOME": str(tmp_path), "TMPDIR": str(temporary)}
    done = subprocess.run(argv, env=os.environ | places, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(temporary.iterdir())
    return json.loads(figures.read_text())


def test_some_rows(tmp_path: Path):
    result = run(tmp_path, "--only", "login|summary|hg identify$|git ls-remote, ssh")
    assert [row["row"] for row in result["pages"]] == ["login page (anonymous)", "git: summary", "hg: summary"]
    assert [row["row"] for row in result["wire"]] == ["hg identify", "git ls-remote, ssh"]

    git, hg = result["repositories"]
    assert git["changesets"] == 300
    # Each tag of Mercurial is a changeset of its own.
    assert hg["changesets"] == 300 + hg["tags"]
    for facts in (git, hg):
        assert (facts["large_file"], facts["large_file_lines"], facts["branches"]) == (LARGE_FILE, LARGE_END, 3)
        assert facts["large_file_changes"] > 30

    same = report.comparison(result, result)
    assert re.search(r"git: summary +\|( +1\.00 \|){7}", same), same


@pytest.mark.soak
def test_every_row(tmp_path: Path):
    result = run(tmp_path)
    # Three pages and a call of the site, fifteen pages of each repository and five as if nobody had been there, four of ten thousand.
    assert len(result["pages"]) == 4 + 2 * (15 + 5) + 4 and len(result["wire"]) == 2 * 4 * 2
    for row in result["pages"]:
        assert row["median_ms"] >= row["first_ms"] > 0, row
        assert "first visit" in row["row"] or row["load_rps"] > 0 and row["load_cpu_ms"] > 0, row
    assert result["start"]["median_s"] > 0
    assert result["mixed"]["requests"] == 400 and len(result["mixed"]["rss"]) == 5
