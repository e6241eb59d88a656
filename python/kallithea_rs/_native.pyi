"""The compiled half of kallithea_rs."""

from collections.abc import Callable, Iterable
from typing import Any, TypedDict

version: str
"""The version of this program, such as ``0.1.0``."""

class App:
    """One configured application: a WSGI callable that any number of processes and threads may call."""

    def __init__(self, config: str | None = None) -> None:
        """Read ``config``, or what stands in for it when None (see ``kallithea_rs.make_app``). Nothing else is opened."""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]: ...

class Prepared(TypedDict):
    """Where an instance keeps its things."""

    repositories: str
    """The folder of the repositories."""
    database: str
    """The URL of the database, as in ``sqlalchemy.url``."""
    data: str
    """The folder of sessions, caches and the set-up code."""
    first_run: bool
    """Whether this call created the database."""

def prepare(config: str | None) -> Prepared:
    """Create the data folder and the database of ``config`` where they are missing."""

def create_user(config: str | None, username: str, email: str, password: str, admin: bool) -> int:
    """Create an active user and return its id."""

def create_repository(config: str | None, owner: str, name: str, kind: str, description: str) -> int:
    """Create an empty repository and return its id; ``kind`` is ``hg`` or ``git``, ``owner`` a username."""

def send_mails(config: str | None = None, most: int = 100) -> tuple[int, int]:
    """Send mails that wait in the database, at most ``most``; return how many were sent and how many were not taken."""

def cli(arguments: list[str], program: str, public: str) -> int:
    """Run ``kallithea-cli`` with the arguments after its name and return the exit code; ``program`` is its path, ``public`` the
    folder of css, js and images."""
