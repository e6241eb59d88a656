"""The ini file of Kallithea 0.7, unchanged, in each of the ways in which its documentation starts a server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import Browser, Person
from harness.instance import environment
from harness.servers import BIN, Server, free_port

ADMIN = Person("admin", "admin123")
DISPATCH = """
ini = {ini!r}
from logging.config import fileConfig
fileConfig(ini, {{"__file__": ini, "here": {here!r}}})
from paste.deploy import loadapp
application = loadapp("config:" + ini)
"""


def gunicorn(ini: Path, port: int) -> list[str | Path]:
    return [BIN / "gunicorn", "--paste", ini, "--workers", "2", "--bind", f"127.0.0.1:{port}"]


def uwsgi(ini: Path, port: int) -> list[str | Path]:
    # A plain http-socket serves one request per connection; clients should know.
    options = ["--master", "--die-on-term", "--processes", "2", "--buffer-size", "65535", "--add-header", "Connection: close"]
    options += ["--plugins", "python3", "--virtualenv", sys.prefix]
    return ["/usr/bin/uwsgi", *options, "--http-socket", f"127.0.0.1:{port}", "--ini-paste-logged", ini]


def dispatch(ini: Path, port: int) -> list[str | Path]:
    script = ini.with_name("dispatch.py")
    script.write_text(DISPATCH.format(ini=str(ini), here=str(ini.parent)))
    return [BIN / "gunicorn", "--workers", "2", "--bind", f"127.0.0.1:{port}", "dispatch:application"]


@pytest.mark.parametrize("how", [gunicorn, uwsgi, dispatch])
def test_the_ini_file_is_taken_as_it_is(how: Callable[[Path, int], list], restored: Callable[[str], Path]) -> None:
    ini = restored(how.__name__)
    before = ini.read_text()
    assert "\nuse = egg:kallithea\n" in before and "kallithea.lib.colored_formatter" in before
    port = free_port()
    with Server(how(ini, port), folder=ini.parent, port=port, workers=2) as server:
        browser = Browser(server.url)
        browser.log_in(ADMIN)
        assert browser.get("/web/gitsite").status == 200
    assert ini.read_text() == before


def test_the_name_leads_to_this_distribution(folder: Path) -> None:
    """Also for `egg:Kallithea`; and lines of the log get their colour from the class that the ini file names."""
    program = """
import logging
from importlib.metadata import distribution
print(distribution("kallithea").metadata["Name"], distribution("Kallithea").metadata["Name"])
from kallithea.lib.colored_formatter import ColorFormatter, ColorFormatterSql
print(repr(ColorFormatter("%(message)s").format(logging.makeLogRecord({"msg": "late", "levelno": logging.WARNING}))))
import kallithea.model
"""
    done = subprocess.run([sys.executable, "-c", program], env=environment(folder), capture_output=True, text=True, timeout=120)
    assert done.stdout == "kallithea-rs kallithea-rs\n'\\x1b[33mlate\\x1b[0m'\n"
    assert done.stderr.endswith("ModuleNotFoundError: No module named 'kallithea.model'\n")
