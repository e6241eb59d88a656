"""The benchmark itself: a run on a small history fills every row, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

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


def test_a_small_run_fills_every_row(tmp_path: Path):
    (tmp_path / "temporary").mkdir()
    figures = tmp_path / "figures.json"
    argv = [sys.executable, BENCH, "--quick", "--commits", "300", "--json", figures]
    places = {"XDG_CACHE_HOME": str(tmp_path), "TMPDIR": str(tmp_path / "temporary")}
    done = subprocess.run(argv, env=os.environ | places, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(figures.read_text())

    repositories = {facts["kind"]: facts for facts in result["repositories"]}
    assert repositories["git"]["changesets"] == 300
    # Each tag of Mercurial is a changeset of its own.
    assert repositories["hg"]["changesets"] == 300 + repositories["hg"]["tags"]
    for facts in repositories.values():
        assert (facts["large_file"], facts["large_file_lines"]) == (LARGE_FILE, LARGE_END)
        assert facts["branches"] == 3

    assert len(result["pages"]) == 3 + 2 * 9 and len(result["wire"]) == 2 * 4
    for row in result["pages"]:
        assert row["median_ms"] > 0 and row["load_rps"] > 0 and row["load_cpu_ms"] > 0, row
    assert result["mixed"]["requests"] == 400 and len(result["mixed"]["rss"]) == 5
    assert not list((tmp_path / "temporary").iterdir()), "the run's folder is gone"

    same = report.comparison(result, result)
    assert "git: summary" in same and "1.00" in same
