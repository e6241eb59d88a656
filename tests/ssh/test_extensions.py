"""`extensions.py` beside the ini file: what its functions are told, over HTTP, SSH and the command line; what an error in one does."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from harness import Browser, Client, Instance, People, Person, Server
from harness.instance import ADMIN
from harness.sshd import Sshd

EXTENSIONS = """
import datetime, json, os

import kallithea
from kallithea.model.db import User

TOLD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "told")
EXTRA_MAPPINGS = {"recipe": ["Cooking"]}
EXTRA_LEXERS = {"recipe": "python3"}

def tell(name, kwargs):
    def plain(value):
        return value.isoformat() if isinstance(value, datetime.datetime) else vars(value)
    with open(TOLD, "a") as file:
        file.write(json.dumps([name, kwargs], default=plain) + "\\n")

def PUSH_HOOK(*args, **kwargs):
    tell("push", kwargs)
    from kallithea.model import db
    repo = db.Repository.guess_instance(kwargs["repository"])
    user = User.get_by_username(kwargs["username"])
    commit = repo.get_changeset(kwargs["pushed_revs"][-1])
    print("a word from the hook")
    os.system("echo and one from a program")
    tell("seen", {
        "fields": [(field.field_key, field.field_value) for field in repo.extra_fields],
        "owner": repo.owner.username,
        "email": user.email,
        "commit": [commit.short_id, commit.message.strip(), commit.branches, commit.affected_files],
        "root": kallithea.CONFIG["base_path"],
    })
    raise SystemExit("a broken hook")

def PULL_HOOK(*args, **kwargs):
    tell("pull", kwargs)

def CREATE_REPO_HOOK(*args, **kwargs):
    assert isinstance(kwargs["created_on"], datetime.datetime)
    tell("create_repo", kwargs)

def DELETE_REPO_HOOK(*args, **kwargs):
    tell("delete_repo", kwargs)

def PRE_CREATE_USER_HOOK(*args, **kwargs):
    tell("pre_create_user", kwargs)
    if kwargs["username"] == "broken":
        raise ValueError("no rule for this one")
    return kwargs["username"] != "mallory", "nobody of that name here"

def CREATE_USER_HOOK(*args, **kwargs):
    tell("create_user", kwargs)

def DELETE_USER_HOOK(*args, **kwargs):
    tell("delete_user", kwargs)
"""


@pytest.fixture(scope="module")
def instance(instance: Instance) -> Instance:
    (instance.folder / "extensions.py").write_text(EXTENSIONS)
    return instance


def told(instance: Instance, name: str) -> list[dict]:
    file = instance.folder / "told"
    lines = file.read_text().splitlines() if file.exists() else []
    return [kwargs for what, kwargs in map(json.loads, lines) if what == name]


def test_pushes_and_pulls(
    client: Client,
    project: str,
    sshd: Sshd,
    server: Server,
    instance: Instance,
    people: People,
    admin: Browser,
    api: Callable[..., object],
    over_ssh: Callable[[Person], dict],
) -> None:
    work = client.init()
    api("set_repo_field", repoid=project, key="webhook", value="https://example.com/")
    ways = ((server.url_for(people.writer, project), None), (sshd.url(project), over_ssh(people.writer)))
    for number, (url, env) in enumerate(ways):
        node = client.commit(work, f"Number {number}", {"file.recipe": f"x = '{number}'\n"})
        client("push", url, *(["HEAD"] if client.kind == "git" else []), cwd=work, env=env)
        expected = {
            "config": str(instance.config),
            "scm": client.kind,
            "username": people.writer.name,
            "ip": "127.0.0.1",
            "action": "push",
            "repository": project,
        }
        assert told(instance, "push")[-1] == expected | {"pushed_revs": [node]}, "and its error broke nothing"
        branch = "main" if client.kind == "git" else "default"
        assert told(instance, "seen")[-1] == {
            "fields": [["webhook", "https://example.com/"]],
            "owner": ADMIN.name,
            "email": f"{people.writer.name}@example.com",
            "commit": [node[:12], f"Number {number}", [branch], ["file.recipe"]],
            "root": str(instance.repositories),
        }
        assert instance.journal(project)[-1] == (people.writer.name, f"push:{node}")
        client("clone", url, client.new_folder("clone"), env=env)
        assert told(instance, "pull")[-1] == expected | {"action": "pull"}
    page = admin.get(f"/{project}/files/tip/file.recipe").response.text
    assert "Cooking" in page and '<span class="s">' in page, "the tables of the file hold for pages, too"


def test_repositories(client: Client, admin: Browser, instance: Instance) -> None:
    name = f"made-{client.kind}"
    admin.create_repository(name, client.kind)
    made = told(instance, "create_repo")[-1]
    ((number, owner),) = instance.rows("SELECT repo_id, user_id FROM repositories WHERE repo_name = ?", name)
    assert (made["repo_id"], made["owner_id"], made["repo_name"], made["repo_type"]) == (number, owner, name, client.kind)
    assert (made["created_by"], made["landing_rev"], made["private"], made["fork_id"]) == ("admin", ["rev", "tip"], False, None)
    admin.post(f"/_admin/repos/{name}/delete", {"confirm_name": name})
    gone = told(instance, "delete_repo")[-1]
    assert (gone["repo_id"], gone["deleted_by"]) == (number, "admin") and gone["deleted_on"] > 1e9


def test_accounts(api: Callable[..., object], server: Server, admin: Browser, instance: Instance) -> None:
    new = {"username": "dora", "email": "dora@example.com", "password": "dora-secret", "firstname": "Dora", "lastname": "D"}
    api("create_user", **new)
    asked = told(instance, "pre_create_user")[-1]
    assert asked == new | {"active": True, "admin": False, "created_by": ADMIN.name}
    made = told(instance, "create_user")[-1]
    assert (made["username"], made["full_name"], made["emails"]) == ("dora", "Dora D", ["dora@example.com"])
    api("delete_user", userid="dora")
    assert (told(instance, "delete_user")[-1]["username"], told(instance, "delete_user")[-1]["deleted_by"]) == ("dora", "admin")

    ((key,),) = instance.rows("SELECT api_key FROM users WHERE username = 'admin'")
    for name in ("mallory", "broken"):
        args = new | {"username": name, "email": f"{name}@example.com"}
        body = {"id": 1, "api_key": key, "method": "create_user", "args": args}
        answer = admin.session.post(server.url + "/_admin/api", json=body, timeout=60).json()
        assert answer["error"].startswith(f"failed to create user `{name}`")
        assert instance.rows("SELECT * FROM users WHERE username = ?", name) == []


def test_a_file_that_cannot_be_loaded_lets_nobody_in_and_breaks_no_push(
    client: Client, project: str, sshd: Sshd, instance: Instance, people: People, over_ssh: Callable[[Person], dict]
) -> None:
    file = instance.folder / "extensions.py"
    file.write_text("import no_such_module\n")
    try:
        work = client.init()
        client.commit(work, "One", {"file": "1"})
        words = ["HEAD"] if client.kind == "git" else []
        client("push", sshd.url(project), *words, cwd=work, env=over_ssh(people.writer))
        assert instance.journal(project)[-1][1].startswith("push:")
    finally:
        file.write_text(EXTENSIONS)
