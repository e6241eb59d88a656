"""The package `kallithea` that an `extensions.py` finds: what it answers, and what it says about the rest."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from kallithea_rs import _extensions

REPOSITORIES = {
    "group/site": {
        "repo_id": 7,
        "repo_name": "group/site",
        "owner_id": 2,
        "fork_id": None,
        "_landing_revision": "branch:main",
        "repo_type": "git",
        "clone_uri": None,
        "private": False,
        "created_on": None,
        "description": "",
        "enable_statistics": False,
        "enable_downloads": False,
        "_changeset_cache": '{"short_id": "bbbbbbbbbbbb"}',
        "extra_fields": [
            SimpleNamespace(field_key="webhook", field_key_prefixed="ex_webhook", field_value="https://example.com/"),
        ],
    }
}
USERS = {
    "alice": {
        "user_id": 2,
        "username": "alice",
        "firstname": "Alice",
        "lastname": "",
        "email": "alice@example.com",
        "emails": ["alice@example.com"],
        "active": True,
        "admin": True,
    },
}
CHANGESETS = {
    "main": {"raw_id": "b" * 40, "parents": ["a" * 40], "added": ["x/new"], "changed": [], "removed": ["old"]},
    "a" * 40: {"raw_id": "a" * 40, "parents": [], "added": [], "changed": [], "removed": []},
}


class Answers:
    """Stands in for the compiled half."""

    def user(self, which: int | str) -> dict | None:
        name = which.lower() if isinstance(which, str) else which
        return next((facts for facts in USERS.values() if name in (facts["user_id"], facts["username"], facts["email"])), None)

    def repository(self, which: int | str) -> dict | None:
        return next((facts for facts in REPOSITORIES.values() if which in (facts["repo_id"], facts["repo_name"])), None)

    def changeset(self, repository: int, revision: str) -> dict | None:
        return CHANGESETS.get(revision) if repository == 7 else None

    def setting(self, name: str) -> object:
        return {"repository_fields": True}.get(name)


@pytest.fixture
def load(tmp_path: Path) -> Iterator:
    def load(text: str) -> object:
        file = tmp_path / "extensions.py"
        file.write_text(text)
        return _extensions.load(file, Answers(), {"base_path": "/srv/repos", "app_instance_uuid": "x"})

    finders = list(sys.meta_path)
    yield load
    sys.meta_path[:] = finders
    for name in [name for name in sys.modules if name == "extensions" or name.split(".")[0] == "kallithea"]:
        del sys.modules[name]


def test_what_such_files_look_up(load) -> None:
    found = load(
        """
import kallithea, kallithea.model.db
from kallithea import CONFIG
from kallithea.lib.utils2 import safe_str, safe_bytes
from kallithea.model import db
from kallithea.model.db import Repository, RepositoryField, Setting, User
site = Repository.guess_instance("group/site")
"""
    )
    site = found.site
    assert found.CONFIG["base_path"] == "/srv/repos" and found.kallithea.EXTENSIONS is found
    assert found.kallithea.__version__ == "0.7.0" and found.db is found.kallithea.model.db
    assert found.safe_str(b"\xc3\xa9") == "é" and found.safe_bytes("é") == b"\xc3\xa9"
    for same in (7, "7", site):
        assert found.Repository.guess_instance(same) == site
    assert found.Repository.get_by_repo_name("group/site") == found.Repository.get(7) == site
    assert [(f.field_key, f.field_value) for f in site.extra_fields] == [("webhook", "https://example.com/")]
    assert (site.landing_rev, site.just_name, site.fork) == (["branch", "main"], "site", None)
    assert site.owner.name == "Alice" and site.owner == found.User.get_by_username("alice")
    assert found.User.guess_instance("alice", callback=found.User.get_by_username).is_admin
    tip = site.scm_instance.get_changeset()
    assert (tip.raw_id, tip.repository) == ("b" * 40, site)
    assert [file.name for file in tip.added] == ["new"] and tip.affected_files == ["old", "x/new"]
    assert [parent.raw_id for parent in tip.parents] == ["a" * 40]
    with pytest.raises(LookupError, match="group/site has no changeset 'gone'"):
        site.get_changeset("gone")
    for nothing in (found.Repository.guess_instance("none"), found.User.get(99), found.User.guess_instance(None)):
        assert nothing is None
    assert found.Setting.get_by_name("repository_fields").app_settings_value is True
    assert found.Setting.get_by_name("none") is None and found.RepositoryField.un_prefix_key("ex_a") == "a"


def test_what_is_not_there_says_so(load) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"kallithea\.model\.comment is a part of Kallithea .* the API at /_admin/api"):
        load("from kallithea.model.comment import ChangesetCommentsModel\n")
    assert "extensions" not in sys.modules
    with pytest.raises(ImportError, match="PullRequest"):
        load("from kallithea.model.db import PullRequest\n")
    site = load("from kallithea.model.db import Repository\nsite = Repository.get(7)\n").site
    with pytest.raises(AttributeError, match="Repository has no 'followers' in kallithea-rs; it has .*extra_fields"):
        site.followers  # noqa: B018
    with pytest.raises(AttributeError, match="can be read, not set"):
        site.description = "new"


def test_what_such_files_import_beside_that(load, tmp_path: Path) -> None:
    found = load(
        """
from kallithea.lib import ext_json, helpers as h
from kallithea.lib.utils2 import ascii_str, aslist, safe_int, str2bool, time_to_datetime
from kallithea.lib.vcs.backends.git import GitRepository
from kallithea.lib.vcs.exceptions import ChangesetDoesNotExistError, RepositoryError
from kallithea.model.db import ChangesetStatus, Repository, User
from kallithea.model.meta import Session
from kallithea.model.repo import RepoModel
from kallithea.model.scm import ScmModel
from kallithea.model.user import UserModel
Session().commit()
Session.remove()
ScmModel().mark_for_invalidation("group/site")
site = RepoModel().get_by_repo_name("group/site")
alice = UserModel().get_by_username("alice")
"""
    )
    assert found.h.short_id("a" * 40) == "a" * 12 and found.ascii_str(b"x") == "x"
    assert found.aslist("a, b", ",") == ["a", "b"] and found.safe_int("x", 3) == 3 and found.str2bool("On")
    when = found.time_to_datetime(1.0)
    assert found.ext_json.loads(found.ext_json.dumps({"when": when})) == {"when": when.isoformat()}
    assert found.ChangesetStatus.STATUS_APPROVED == "approved"
    data = found.site.get_api_data()
    assert (data["owner"], data["fork_of"], data["landing_rev"]) == ("alice", None, ["branch", "main"])
    assert data["ex_webhook"] == "https://example.com/" and data["last_changeset"]["short_id"] == "b" * 12
    assert found.alice.get_api_data()["firstname"] == "Alice"
    assert found.User.get_by_email("ALICE@example.com") == found.alice and found.User.get_by_email("x@example.com") is None
    with pytest.raises(found.ChangesetDoesNotExistError):
        found.site.get_changeset("gone")
    with pytest.raises(AttributeError, match=r"Session\(\)\.add is not offered .* the API"):
        found.Session().add(found.site)
    git = found.GitRepository(str(tmp_path))
    assert git.run_git_command(["--version"])[0].startswith("git version")
    with pytest.raises(found.RepositoryError, match="git show nothing in .* failed with 128: fatal: "):
        git.run_git_command(["show", "nothing"])


def test_a_kallithea_that_happens_to_be_installed_stays_out(load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "installed" / "kallithea" / "model"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("CONFIG = None\n")
    (package / "__init__.py").write_text("")
    (package / "db.py").write_text("raise RuntimeError('not started')\n")
    monkeypatch.syspath_prepend(package.parents[1])
    import kallithea

    assert kallithea.CONFIG is None
    found = load("from kallithea.model import db\nsite = db.Repository.get(7)\n")
    assert found.site.repo_name == "group/site"


def test_the_tables_of_a_file(load) -> None:
    found = load(
        """
EXTRA_MAPPINGS = {"pde": ["Processing", "Java"], ".x": "Ex", "empty": []}
EXTRA_LEXERS = {"pde": "java"}
INDEX_EXTENSIONS = ("txt",)
EXTRA_INDEX_EXTENSIONS = ["log", "md"]
"""
    )
    expected = ([("pde", "Processing"), (".x", "Ex")], [("pde", "java")], ["txt"], ["log", "md"])
    assert _extensions.tables(found) == expected
    assert _extensions.tables(load("")) == ([], [], [], [])
    with pytest.raises(TypeError, match="EXTRA_LEXERS must be a dict, not list"):
        _extensions.tables(load("EXTRA_LEXERS = []\n"))
