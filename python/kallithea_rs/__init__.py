"""Kallithea as a WSGI application: ``gunicorn --workers 4 kallithea_rs:app``.

Asking for ``app`` reads at most one ini file, and importing the module alone not even that: the command line wants to
start quickly, also beside a broken file. Neither starts a thread or opens a socket, database or repository: all of that
happens at a worker's first request, so that forked and preloaded workers share nothing by accident.
"""

from __future__ import annotations

import os
import sys

from kallithea_rs import _native
from kallithea_rs._uwsgi import HOSTED, undo_chunks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kallithea_rs._uwsgi import Application

__all__ = ["app", "make_app", "paste_app_factory"]
__version__: str = _native.version


def make_app(config: str | os.PathLike[str] | None = None) -> Application:
    """Make the WSGI application of one ini file.

    Without a file it is ``$KALLITHEA_CONFIG``, or else ``./kallithea.ini``; where neither exists, everything is kept in
    ``./kallithea-data``, which the first request creates.
    """
    return undo_chunks(_native.App(None if config is None else os.fspath(config)))


def paste_app_factory(global_conf: dict[str, str], **local_conf: Any) -> Application:
    """The ``paste.app_factory`` behind ``use = egg:kallithea-rs``.

    PasteDeploy names the file it read in ``global_conf``; the application reads that file itself, with the same rules
    under every server.
    """
    return make_app(global_conf["__file__"])


def _offer_own_programs() -> None:
    """Let ``hg`` be found where pip has put it.

    A service manager starts ``/srv/kallithea/venv/bin/gunicorn`` without activating the environment, so its ``bin`` is not
    in PATH. It goes last: a program that the admin has put in PATH stays the one in use.
    """
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    own = os.path.join(sys.prefix, "bin")
    if own not in path:
        os.environ["PATH"] = os.pathsep.join([*path, own])


_offer_own_programs()


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    application = make_app()
    globals()["app"] = application
    return application


if HOSTED:
    # uWSGI looks into the module's dictionary and asks nobody.
    app = make_app()
