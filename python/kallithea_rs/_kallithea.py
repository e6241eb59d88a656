"""The package ``kallithea`` as far as files ``extensions.py`` use it.

Such a file was written for a process in which all of Kallithea lives, and looks up what its arguments do not tell:
``from kallithea.model import db``, ``db.Repository.guess_instance(name).extra_fields``, ``db.User.get_by_username(name)``,
``kallithea.CONFIG``. These names are here, and read only. Whatever else is imported from the package fails with a message
that says so, and not in the middle of something.

Modules of this name are made only where there is an ``extensions.py``, and take the place of a real Kallithea that happens to
be installed: without its own start that one could not answer either.
"""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

from kallithea_rs import _kallithea_lib
from kallithea_rs._kallithea_lib import ChangesetDoesNotExistError

# Loaded by every connection over SSH, and `typing` would take longer than all of this.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar, Protocol, TypeAlias

    Facts: TypeAlias = dict[str, Any]

    class Questions(Protocol):
        """What the compiled half answers; a number is an id, a text a name."""

        def user(self, which: int | str) -> Facts | None: ...
        def repository(self, which: int | str) -> Facts | None: ...
        def changeset(self, repository: int, revision: str) -> Facts | None: ...
        def setting(self, name: str) -> Any: ...


VERSION = "0.7.0"
"""The version whose names these are."""

class Record:
    """The attributes of an object of the original, read once."""

    _facts: Facts
    _questions: ClassVar[Questions]

    def __init__(self, facts: Facts):
        object.__setattr__(self, "_facts", facts)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._facts[name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no {name!r} in kallithea-rs; it has {', '.join(sorted(self._facts))}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} can be read, not set: use the API to change something")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name()}>"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._name() == self._name()

    def __hash__(self) -> int:
        return hash(self._name())

    def _name(self) -> str:
        return ""


class Row(Record):
    """An object that has a number and a name."""

    @classmethod
    def _ask(cls, which: int | str) -> Facts | None:
        raise NotImplementedError

    @classmethod
    def get(cls, id_: int | None) -> Any:
        """That with this number, or nothing."""
        facts = None if id_ is None else cls._ask(int(id_))
        return facts and cls(facts)

    @classmethod
    def _named(cls, name: str) -> Any:
        facts = cls._ask(str(name))
        return facts and cls(facts)

    @classmethod
    def guess_instance(cls, value: Any, callback: Callable[[str], Any] | None = None) -> Any:
        """What is meant: an object as it is, a number or its digits, else a name."""
        if value is None or isinstance(value, cls):
            return value
        if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()):
            return cls.get(int(value))
        return (callback or cls._named)(value)


class User(Row):
    """An account."""

    DEFAULT_USER_NAME = "default"

    @classmethod
    def _ask(cls, which: int | str) -> Facts | None:
        return cls._questions.user(which)

    @classmethod
    def get_by_username(cls, username: str, case_insensitive: bool = False) -> User | None:
        return cls._named(username)

    get_by_username_or_email = get_by_username

    @classmethod
    def get_by_email(cls, email: str) -> User | None:
        found = cls._named(email)
        return found if found and email.lower() in map(str.lower, found.emails) else None

    def get_api_data(self, details: bool = False) -> Facts:
        """What the API says about it."""
        names = ("user_id", "username", "firstname", "lastname", "email", "emails", "active", "admin")
        return {name: self._facts[name] for name in names}

    @property
    def name(self) -> str:
        return self.firstname

    @property
    def is_admin(self) -> bool:
        return self.admin

    def _name(self) -> str:
        return self.username


class Repository(Row):
    """A repository, with its extra fields and its changesets."""

    @classmethod
    def _ask(cls, which: int | str) -> Facts | None:
        return cls._questions.repository(which)

    @classmethod
    def get_by_repo_name(cls, repo_name: str) -> Repository | None:
        return cls._named(repo_name)

    @property
    def landing_rev(self) -> list[str]:
        stored = self._facts["_landing_revision"]
        return stored.split(":", 1) if ":" in stored else ["rev", stored]

    @property
    def just_name(self) -> str:
        return self.repo_name.rpartition("/")[2]

    @property
    def owner(self) -> User | None:
        return User.get(self.owner_id)

    @property
    def fork(self) -> Repository | None:
        return Repository.get(self.fork_id)

    @property
    def scm_instance(self) -> Repository:
        """What reads the repository: this object itself, as far as it goes."""
        return self

    def get_changeset(self, rev: str | int | None = None) -> Changeset:
        """The changeset that is named; without a name the one that the repository shows first."""
        revision = self.landing_rev[1] if rev is None else str(rev)
        facts = self._questions.changeset(self.repo_id, revision)
        if facts is None:
            raise ChangesetDoesNotExistError(f"{self.repo_name} has no changeset {revision!r}")
        return Changeset(self, facts)

    def get_landing_changeset(self) -> Changeset:
        return self.get_changeset()

    @property
    def changeset_cache(self) -> Facts:
        """The newest changeset, as the database keeps it."""
        return _kallithea_lib.loads(self._facts["_changeset_cache"] or "{}")

    def get_api_data(self, *_: Any, **__: Any) -> Facts:
        """What the API says about it, to whom it is no secret."""
        names = ("repo_id", "repo_name", "repo_type", "clone_uri", "private", "created_on", "description")
        data = {name: self._facts[name] for name in names}
        owner, fork = self.owner, self.fork
        data.update(
            landing_rev=self.landing_rev,
            owner=owner and owner.username,
            fork_of=fork and fork.repo_name,
            enable_statistics=self.enable_statistics,
            enable_downloads=self.enable_downloads,
            last_changeset=self.changeset_cache,
        )
        if Setting.get_value("repository_fields"):
            data.update((field.field_key_prefixed, field.field_value) for field in self.extra_fields)
        return data

    def _name(self) -> str:
        return self.repo_name


class Changeset(Record):
    """A changeset. Its files are objects with `path` and `name`."""

    def __init__(self, repository: Repository, facts: Facts):
        super().__init__({**facts, "repository": repository})

    @property
    def parents(self) -> list[Changeset]:
        return [self.repository.get_changeset(parent) for parent in self._facts["parents"]]

    @property
    def added(self) -> list[SimpleNamespace]:
        return _files(self._facts["added"])

    @property
    def changed(self) -> list[SimpleNamespace]:
        return _files(self._facts["changed"])

    @property
    def removed(self) -> list[SimpleNamespace]:
        return _files(self._facts["removed"])

    @property
    def affected_files(self) -> list[str]:
        return sorted(path for kind in ("added", "changed", "removed") for path in self._facts[kind])

    def _name(self) -> str:
        return self.raw_id


def _files(paths: list[str]) -> list[SimpleNamespace]:
    return [SimpleNamespace(path=path, name=path.rpartition("/")[2]) for path in paths]


class Setting(Record):
    """A setting of the site."""

    @classmethod
    def get_by_name(cls, key: str) -> Setting | None:
        value = cls._questions.setting(key)
        return None if value is None else cls({"app_settings_name": key, "app_settings_value": value})

    @classmethod
    def get_value(cls, key: str) -> Any:
        found = cls.get_by_name(key)
        return found and found.app_settings_value

    def _name(self) -> str:
        return self.app_settings_name


class RepositoryField:
    """Names of extra fields."""

    PREFIX = "ex_"

    @classmethod
    def un_prefix_key(cls, key: str) -> str:
        return key.removeprefix(cls.PREFIX)


class ChangesetStatus:
    """The words of votes."""

    STATUS_NOT_REVIEWED = "not_reviewed"
    STATUS_APPROVED = "approved"
    STATUS_REJECTED = "rejected"
    STATUS_UNDER_REVIEW = "under_review"


class RepoModel:
    """Looks repositories up."""

    def get(self, repo_id: int) -> Repository | None:
        return Repository.get(repo_id)

    def get_repo(self, repository: Any) -> Repository | None:
        return Repository.guess_instance(repository)

    def get_by_repo_name(self, repo_name: str) -> Repository | None:
        return Repository.get_by_repo_name(repo_name)


class UserModel:
    """Looks accounts up."""

    def get(self, user_id: int) -> User | None:
        return User.get(user_id)

    def get_user(self, user: Any) -> User | None:
        return User.guess_instance(user)

    def get_by_username(self, username: str) -> User | None:
        return User.get_by_username(username)


class ScmModel:
    """What keeps caches of repositories: here nothing has to be told, what is cached notices by itself."""

    def mark_for_invalidation(self, repo_name: str) -> None:
        pass

    def get_scm(self, repo_name: str) -> Repository | None:
        return Repository.get_by_repo_name(repo_name)


class Session:
    """The session of the database as far as a file that reads needs it: there is nothing to write, and nothing to take back."""

    @classmethod
    def remove(cls) -> None:
        pass

    commit = rollback = flush = close = expire_all = remove

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"Session().{name} is not offered to extensions.py: use the API at /_admin/api to change something")


class _Refusal:
    """Says of what is not here why it is not."""

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname.startswith("kallithea."):
            offered = ", ".join(sorted(name for name in sys.modules if name == "kallithea" or name.startswith("kallithea.")))
            raise ModuleNotFoundError(
                f"{fullname} is a part of Kallithea that kallithea-rs does not offer to extensions.py (it offers {offered}); "
                "what is there to change goes through the API at /_admin/api",
                name=fullname,
            )


def offer(questions: Questions, settings: dict[str, str], extensions: ModuleType) -> None:
    """Make the modules, over this instance, for this file."""
    Record._questions = questions
    for name in [name for name in sys.modules if name == "kallithea" or name.startswith("kallithea.")]:
        del sys.modules[name]
    contents: dict[str, dict[str, Any]] = {
        "kallithea": {"__version__": VERSION, "CONFIG": settings, "EXTENSIONS": extensions},
        **_kallithea_lib.modules(),
        "kallithea.model": {},
        "kallithea.model.db": {
            kind.__name__: kind for kind in (ChangesetStatus, Repository, RepositoryField, Setting, User)
        },
        "kallithea.model.meta": {"Session": Session},
        "kallithea.model.repo": {"RepoModel": RepoModel},
        "kallithea.model.scm": {"ScmModel": ScmModel},
        "kallithea.model.user": {"UserModel": UserModel},
    }
    for name, names in contents.items():
        module = ModuleType(name, __doc__)
        module.__path__ = []  # so that what it has not is looked for, and refused
        vars(module).update(names)
        sys.modules[name] = module
        parent, _, last = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], last, module)
    if not any(isinstance(finder, _Refusal) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Refusal())
