"""Text that is no UTF-8, read as the ini file's `default_encoding` says, in Japanese of Windows."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import Browser, Client, Git, Instance, Server
from harness.instance import ADMIN

FIRST = "名前 = 太郎\n表 = ソ\n"
SECOND = "名前 = 花子\n表 = ソ\n"
MESSAGE = "能力を変える"


@pytest.fixture(scope="module")
def instance(folder: Path) -> Instance:
    ini = folder / "kallithea.ini"
    ini.write_text("[app:main]\nsqlalchemy.url = sqlite:///%(here)s/kallithea.db\ndefault_encoding = utf-8, cp932\n")
    made = Instance(folder)
    made.prepare()
    made.create_user(ADMIN, admin=True)
    return made


def push(instance: Instance, server: Server, client: Client) -> tuple[str, list[str]]:
    name = f"japanese-{client.kind}"
    instance.create_repository(ADMIN, name, client.kind)
    work = client.init()
    ids = [client.commit(work, "First", {"names.txt": FIRST.encode("cp932"), "plain.txt": "größer\n"})]
    ids.append(client.commit(work, "Second", {"names.txt": SECOND.encode("cp932")}))
    client.push(work, server.url_for(ADMIN, name))
    return name, ids


def test_files_and_differences_are_read(client: Client, instance: Instance, server: Server, admin: Browser) -> None:
    name, ids = push(instance, server, client)
    for page in ("files", "annotate"):
        text = admin.get(f"/{name}/{page}/{ids[1]}/names.txt").text
        assert "花子" in text and "表 = ソ" in text, (page, text)
    assert "größer" in admin.get(f"/{name}/files/{ids[1]}/plain.txt").text

    for _ in ("drawn", "looked up"):
        text = admin.get(f"/{name}/changeset/{ids[1]}").text
        assert "太郎" in text and "花子" in text and "表 = ソ" in text

    raw = admin.get(f"/{name}/raw/{ids[1]}/names.txt").response
    assert raw.content == SECOND.encode("cp932")
    assert raw.headers["Content-Type"] == "text/plain; charset=shift_jis"


def test_a_file_that_is_edited_keeps_its_character_set(client: Client, instance: Instance, server: Server, admin: Browser) -> None:
    name = f"edited-{client.kind}"
    instance.create_repository(ADMIN, name, client.kind)
    work = client.init()
    client.commit(work, "First", {"names.txt": FIRST.encode("cp932")})
    client.push(work, server.url_for(ADMIN, name))
    branch = {"git": "main", "hg": "default"}[client.kind]
    page = f"/{name}/edit/{branch}/names.txt"

    assert "太郎" in admin.get(page).text
    saved = admin.fill(page, {"content": SECOND.replace("\n", "\r\n"), "message": "A new name", "commit": "1"})
    assert saved.status == 200, saved
    assert admin.get(f"/{name}/raw/{branch}/names.txt").response.content == SECOND.encode("cp932")

    refused = admin.fill(page, {"content": "💡\r\n", "message": "No such letter", "commit": "1"})
    assert "💡" in refused.text, "what was typed is not lost"
    assert admin.get(f"/{name}/raw/{branch}/names.txt").response.content == SECOND.encode("cp932")


def test_messages_without_a_named_encoding_are_read(git: Git, instance: Instance, server: Server, admin: Browser) -> None:
    name = "messages"
    instance.create_repository(ADMIN, name, "git")
    work = git.init()
    git.commit(work, "MESSAGE", {"file": "x\n"})
    # `git commit` would take the bytes for Latin-1 and store them as UTF-8.
    whole = git("cat-file", "commit", "HEAD", cwd=work).encode().replace(b"MESSAGE", MESSAGE.encode("cp932"))
    (work / "commit").write_bytes(whole)
    made = git("hash-object", "-t", "commit", "-w", "commit", cwd=work).strip()
    git("reset", "-q", "--hard", made, cwd=work)
    git.push(work, server.url_for(ADMIN, name))
    for page in ("changelog", f"changeset/{git.tip(work)}"):
        assert MESSAGE in admin.get(f"/{name}/{page}").text, page
