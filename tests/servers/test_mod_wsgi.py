"""Apache with Debian's mod_wsgi, from examples/mod_wsgi.

Apache gives up root's rights, so as root everything that the daemon reads is put where another user can read it.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import sys
from pathlib import Path

import pytest

from harness import Git, Hg, Instance, Server, processes
from harness.journey import everything
from harness.servers import free_port, from_example

MODULES = Path("/usr/lib/apache2/modules")

APACHE = """\
ServerRoot {folder}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
LogLevel info
DefaultRuntimeDir {folder}
Mutex pthread
{user}
{modules}
WSGISocketPrefix {folder}/wsgi
Include {folder}/kallithea.conf
"""


class Apache(Server):
    """Apache's parent writes to its own log file, where the application's lines go as well."""

    def log(self) -> str:
        error_log = self.folder / "error.log"
        return super().log() + (error_log.read_text(errors="replace") if error_log.exists() else "")


@pytest.fixture(scope="module")
def owner() -> tuple[str, str]:
    """User and group of the daemon processes."""
    if os.geteuid() == 0:
        return "www-data", "www-data"
    return pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name


@pytest.fixture(scope="module")
def environment_for_daemon(folder: Path) -> Path:
    """The virtual environment, in a place that the daemon's user can read."""
    if os.geteuid() != 0:
        return Path(sys.prefix)
    copy = folder / "venv"
    shutil.copytree(sys.prefix, copy, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "pip", "maturin*"))
    for script in (copy / "bin").iterdir():
        if script.is_file() and not script.is_symlink() and script.read_bytes()[:2] == b"#!":
            script.write_text(script.read_text().replace(sys.prefix, str(copy)))
    return copy


def test_mod_wsgi_with_four_daemon_processes(
    folder: Path, environment_for_daemon: Path, owner: tuple[str, str], git: Git, hg: Hg
) -> None:
    place = folder / "place"
    place.mkdir()
    port = free_port()
    changes = {
        "/srv/kallithea/venv": str(environment_for_daemon),
        "/srv/kallithea": str(place),
        "user=kallithea group=kallithea": f"user={owner[0]} group={owner[1]}",
        "<VirtualHost *:80>": f"<VirtualHost *:{port}>",
    }
    from_example(place, "mod_wsgi/kallithea.conf", changes)
    from_example(place, "mod_wsgi/dispatch.wsgi", {})
    names = ["mpm_event", "authz_core", "wsgi"]
    modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in names)
    user = "User {}\nGroup {}".format(*owner) if os.geteuid() == 0 else ""
    config = place / "apache.conf"
    config.write_text(APACHE.format(folder=place, port=port, user=user, modules=modules))
    if os.geteuid() == 0:
        shutil.chown(place, *owner)

    instance = Instance(place)
    with Apache(["/usr/sbin/apache2", "-f", config, "-D", "FOREGROUND"], folder=place, port=port) as server:
        daemons = [process for process in processes.children(server.process.pid) if "(wsgi:kallithea)" in process.command]
        assert len(daemons) == 4, daemons
        everything(server, instance, git, hg)
