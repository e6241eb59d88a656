"""`kallithea-api` and `kallithea-gist` against a real server."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import Instance, Server
from harness.instance import ADMIN


@pytest.fixture(scope="module")
def access(instance: Instance, server: Server, folder: Path) -> list[str]:
    """The options that name the server and the admin's key, in a file."""
    ((key,),) = instance.rows(f"SELECT api_key FROM users WHERE username = '{ADMIN.name}'")
    config = folder / "keys" / "kallithea"
    config.parent.mkdir(mode=0o700)
    config.write_text(json.dumps({"apikey": key, "apihost": server.url + "/"}))
    return [f"--config={config}"]


def test_a_config_is_kept_for_its_owner_alone(run: Callable, folder: Path) -> None:
    config = folder / "home" / "deep" / "kallithea"
    words = [f"--config={config}", "--save-config", "--apikey=abc"]
    done = run("kallithea-api", *words)
    assert done.returncode == 2 and "--save-config requires --apikey and --apihost" in done.stderr
    done = run("kallithea-api", *words, "--apihost=http://localhost/")
    assert (done.returncode, done.stdout) == (0, f"Created new config in {config}\n")
    assert config.read_text() == '{\n    "apikey": "abc",\n    "apihost": "http://localhost/"\n}\n'
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert run("kallithea-gist", *words, "--apihost=http://localhost/").stdout == f"Updated config in {config}\n"


def test_a_call_is_printed_for_people_and_for_programs(run: Callable, access: list[str], server: Server) -> None:
    done = run("kallithea-api", *access, "get_user", f"userid:{ADMIN.name}")
    head, response, *body = done.stdout.splitlines()
    assert (head, response) == (f"Calling method get_user => {server.url}", "Server response ")
    assert json.loads("\n".join(body))["username"] == ADMIN.name and body[1].startswith("    ")
    done = run("kallithea-api", *access, "--format=json", "get_user")
    assert json.loads(done.stdout)["admin"] is True and done.stdout.count("\n") == 1
    done = run("kallithea-api", *access, "create_repo", "repo_name:by-client", "repo_type:git", "private:=true", "--format=json")
    assert json.loads(done.stdout)["success"] is True
    done = run("kallithea-api", *access, "--format=json", "get_repo", "repoid:by-client")
    assert json.loads(done.stdout)["private"] is True


def test_what_goes_wrong_is_told(run: Callable, access: list[str]) -> None:
    done = run("kallithea-api", *access, "get_repo", "repoid:nowhere")
    assert done.returncode == 0 and done.stdout.endswith('Server response \nERROR:"repository `nowhere` does not exist"\n'), done
    done = run("kallithea-api", *access, "--strict-exit", "--format=json", "get_repo", "repoid:nowhere")
    assert (done.returncode, done.stdout) == (1, '"repository `nowhere` does not exist"\n')
    for words, message in [
        ([], "Please specify method name"),
        (["get_repo", "nowhere"], "Error parsing arguments"),
        (["get_repo", "repoid:=x"], "Error parsing arguments"),
    ]:
        done = run("kallithea-api", *access, *words)
        assert done.returncode == 2 and message in done.stderr, done
    done = run("kallithea-api", "get_repo")
    assert done.returncode == 2 and "Could not find config file and missing --apikey or --apihost in params" in done.stderr
    done = run("kallithea-api", "--apikey=x", "--apihost=http://127.0.0.1:9", "get_repo")
    assert done.returncode == 1 and "cannot be reached" in done.stderr and "Traceback" not in done.stderr


def test_gists_from_files_and_pipes(run: Callable, access: list[str], server: Server, folder: Path) -> None:
    file = folder / "notes.txt"
    file.write_text("Käse\n", encoding="utf-8")
    done = run("kallithea-gist", *access, file)
    assert done.returncode == 0 and f"Created public gist {server.url}/_admin/gists/" in done.stdout, done
    done = run("kallithea-gist", *access, "--format=json", "-p", "-d", "what it is", "-f", "../x.py", "-l", "60", text="print(1)\n")
    made = json.loads(done.stdout)["gist"]
    assert (made["type"], made["description"]) == ("private", "what it is")
    assert run("kallithea-gist", *access, "-", text="x").returncode == 0
    done = run("kallithea-gist", *access, text=b"a\0b")
    assert (done.returncode, done.stdout) == (1, "Error: binary files upload is not possible\n")
    done = run("kallithea-gist", *access, "/no/such/file")
    assert done.returncode == 1 and "/no/such/file" in done.stdout
    done = run("kallithea-gist", "--apikey=wrong", f"--apihost={server.url}", file)
    assert done.returncode == 1 and "Created" not in done.stdout
