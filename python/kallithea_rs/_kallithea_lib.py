"""What files ``extensions.py`` take from ``kallithea.lib``: small functions, names of errors, and the `git` of a repository.

A file often imports more than it uses, and one name that is missing would keep all of it from being loaded. So what costs
nothing is here; what is seldom called loads its modules when it is.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any


def safe_str(value: Any) -> str:
    """A text, whatever it was."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def safe_bytes(value: Any) -> bytes:
    """Its bytes."""
    return value if isinstance(value, bytes) else str(value).encode()


def ascii_str(value: str | bytes) -> str:
    """A text that must be ASCII."""
    return value.decode("ascii") if isinstance(value, bytes) else value.encode("ascii").decode()


def ascii_bytes(value: str) -> bytes:
    """The bytes of a text that must be ASCII."""
    return value.encode("ascii")


def safe_int(value: Any, default: int | None = None) -> int | None:
    """A number, or the default."""
    try:
        return int(value)
    except (ValueError, TypeError):
        return default


def str2bool(value: Any) -> bool:
    """What a word of an ini file means."""
    return str(value).strip().lower() in ("true", "yes", "on", "y", "t", "1")


def aslist(value: Any, sep: str | None = None, strip: bool = True) -> list[Any]:
    """A list: the parts of a text, or what is given."""
    if isinstance(value, str):
        parts = value.split(sep)
        return [part.strip() for part in parts] if strip else parts
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def time_to_datetime(value: Any) -> datetime | None:
    """The time of the server's clock that is so many seconds after 1970."""
    if not value:
        return None
    from datetime import datetime

    return datetime.fromtimestamp(float(value))


def short_id(raw_id: str) -> str:
    """The beginning of a changeset's id, as pages show it."""
    return raw_id[:12]


def dumps(value: Any, **options: Any) -> str:
    """JSON, with times in the form of the API."""
    import json

    def shown(found: Any) -> Any:
        if hasattr(found, "isoformat"):
            return found.isoformat()
        if isinstance(found, (set, frozenset)):
            return list(found)
        raise TypeError(f"{found!r} is no JSON")

    return json.dumps(value, default=shown, **options)


def loads(text: str | bytes) -> Any:
    """What JSON says."""
    import json

    return json.loads(text)


class VCSError(Exception):
    pass


class RepositoryError(VCSError):
    pass


class EmptyRepositoryError(RepositoryError):
    pass


class TagAlreadyExistError(RepositoryError):
    pass


class TagDoesNotExistError(RepositoryError):
    pass


class BranchDoesNotExistError(RepositoryError):
    pass


class ChangesetError(RepositoryError):
    pass


class ChangesetDoesNotExistError(ChangesetError, LookupError):
    pass


class CommitError(RepositoryError):
    pass


class NodeError(VCSError):
    pass


class NodeDoesNotExistError(NodeError):
    pass


EXCEPTIONS = [
    VCSError,
    RepositoryError,
    EmptyRepositoryError,
    TagAlreadyExistError,
    TagDoesNotExistError,
    BranchDoesNotExistError,
    ChangesetError,
    ChangesetDoesNotExistError,
    CommitError,
    NodeError,
    NodeDoesNotExistError,
]


class GitRepository:
    """A Git repository on disk, for asking `git` itself."""

    scm = "git"
    git_path = "git"

    def __init__(self, repo_path: Any, create: bool = False, src_url: str | None = None, *_: Any, **__: Any):
        if create or src_url:
            raise RepositoryError(f"{repo_path}: kallithea-rs makes repositories through its API alone")
        self.path = safe_str(repo_path)

    @property
    def name(self) -> str:
        return self.path.rstrip("/").rpartition("/")[2]

    def run_git_command(self, cmd: list[str]) -> tuple[str, str]:
        """What `git` prints, and what it says about that."""
        import subprocess

        done = subprocess.run([self.git_path, *cmd], cwd=self.path, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        said = safe_str(done.stderr)
        if done.returncode:
            raise RepositoryError(f"git {' '.join(cmd)} in {self.path} failed with {done.returncode}: {said}")
        return safe_str(done.stdout), said


def modules() -> dict[str, dict[str, Any]]:
    """The modules and what is in them."""
    utils2 = (safe_str, safe_bytes, ascii_str, ascii_bytes, safe_int, str2bool, aslist, time_to_datetime)
    return {
        "kallithea.lib": {},
        "kallithea.lib.ext_json": {"dumps": dumps, "loads": loads},
        "kallithea.lib.helpers": {"short_id": short_id, "safe_str": safe_str},
        "kallithea.lib.utils2": {function.__name__: function for function in utils2},
        "kallithea.lib.vcs": {},
        "kallithea.lib.vcs.backends": {},
        "kallithea.lib.vcs.backends.git": {"GitRepository": GitRepository},
        "kallithea.lib.vcs.exceptions": {error.__name__: error for error in EXCEPTIONS},
    }
