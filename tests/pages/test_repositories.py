"""Making and removing repositories and groups, and reading what is in them."""

from __future__ import annotations

import pytest

from harness import Browser, Client, Instance, Server
from harness.instance import ADMIN


def test_create_and_delete_a_repository(client: Client, admin: Browser, instance: Instance) -> None:
    name = f"made-{client.kind}"
    page = admin.create_repository(name, client.kind, repo_description="Made by a test")
    assert page.status == 200, page
    summary = admin.get(f"/{name}")
    assert summary.status == 200 and "Made by a test" in summary.text
    assert (instance.repositories / name).is_dir()
    assert instance.rows("SELECT repo_type, repo_state, landing_revision FROM repositories WHERE repo_name = ?", name) == [
        (client.kind, "repo_state_created", "rev:tip")
    ]
    assert instance.journal(name) == [("admin", "started_following_repo"), ("admin", "user_created_repo")]
    for command in ("hg clone", "hg push") if client.kind == "hg" else ("git clone", "git push"):
        assert command in summary.text, "an empty repository tells how to fill it"

    gone = admin.fill(f"/{name}/settings/advanced", {"confirm_name": name}, f"/_admin/repos/{name}/delete")
    assert gone.status == 200, gone
    assert admin.get(f"/{name}").status == 404
    assert not (instance.repositories / name).exists()
    assert len(list(instance.repositories.glob(f"rm__*__{name}"))) == 1, "deleted is moved aside"
    assert instance.journal(name)[-1] == ("admin", "admin_deleted_repo")


def test_a_wrongly_typed_name_deletes_nothing(admin: Browser, instance: Instance) -> None:
    admin.create_repository("keep", "git")
    page = admin.fill("/keep/settings/advanced", {"confirm_name": "kept"}, "/_admin/repos/keep/delete")
    assert "keep" in page.text and admin.get("/keep").status == 200
    assert (instance.repositories / "keep").is_dir()


@pytest.mark.parametrize("name", ["", "   ", ".", "..", "_admin", "rm__20200101_000000_000000__x", "x.git", ".hidden"])
def test_names_that_cannot_be(name: str, admin: Browser, instance: Instance) -> None:
    before = instance.rows("SELECT repo_name FROM repositories ORDER BY 1")
    page = admin.create_repository(name, "git")
    assert page.status == 200 and page.html.find("form"), page
    made = [row for row in instance.rows("SELECT repo_name FROM repositories ORDER BY 1") if row not in before]
    assert made == [], made


def test_a_slash_in_a_name_does_not_reach_into_a_group(admin: Browser, instance: Instance) -> None:
    admin.create_group("guarded")
    admin.create_repository("guarded/inside", "git")
    made = instance.rows("SELECT repo_name, group_id FROM repositories WHERE repo_name LIKE 'guarded%'")
    assert made == [("guarded-inside", None)], made


def test_a_name_is_taken_whatever_its_letters(admin: Browser, instance: Instance) -> None:
    admin.create_repository("Taken", "git")
    page = admin.create_repository("taken", "hg")
    assert page.status == 200 and "exists" in page.text, page
    assert page.html.find("input", {"name": "repo_name"})["value"] == "taken", "what was typed is still there"
    assert instance.rows("SELECT count(*) FROM repositories WHERE lower(repo_name) = 'taken'") == [(1,)]


def test_groups(client: Client, admin: Browser, instance: Instance, server: Server) -> None:
    group, sub = f"team-{client.kind}", "sub"
    admin.create_group(group)
    ((number,),) = instance.rows("SELECT group_id FROM groups WHERE group_name = ?", group)
    admin.create_group(sub, parent=str(number))
    ((inner,),) = instance.rows("SELECT group_id FROM groups WHERE group_name = ?", f"{group}/{sub}")
    admin.create_repository("deep", client.kind, group=str(inner))
    full = f"{group}/{sub}/deep"
    assert (instance.repositories / full).is_dir()

    assert group in admin.get("/").text
    assert sub in admin.get(f"/{group}").text and "deep" not in admin.get(f"/{group}").text
    page = admin.get(f"/{group}/{sub}/")
    assert page.status == 200 and "deep" in page.text
    assert admin.get(f"/{full}").status == 200

    work = client.init()
    client.commit(work, "Deep down", {"a": ""})
    client.push(work, server.url_for(ADMIN, full))
    assert "Deep down" in admin.get(f"/{full}/changelog").text

    refused = admin.post(f"/_admin/repo_groups/{group}/{sub}/delete", follow=True)
    assert "cannot be deleted" in refused.text, refused
    admin.post(f"/_admin/repos/{full}/delete", {"confirm_name": full})
    admin.post(f"/_admin/repo_groups/{group}/{sub}/delete")
    admin.post(f"/_admin/repo_groups/{group}/delete")
    assert admin.get(f"/{group}").status == 404
    assert instance.rows("SELECT 1 FROM groups WHERE group_name LIKE ?", f"{group}%") == []


@pytest.fixture
def story(client: Client, histories: dict[str, list[str]]) -> tuple[str, list[str]]:
    return f"story-{client.kind}", histories[f"story-{client.kind}"]


def test_summary(story: tuple[str, list[str]], admin: Browser, client: Client) -> None:
    name, ids = story
    page = admin.get(f"/{name}")
    assert page.status == 200 and f"The story in {client.kind}" in page.text
    assert page.html.find("em", string="Once"), "the README is rendered"
    assert f"/{name}" in str(page.html.find("input", {"readonly": True}) or page.html), "the clone URL can be copied"
    assert page.title.startswith(name) or name in page.title
    assert admin.get(f"/{name}/").status == 200


def test_changelog(story: tuple[str, list[str]], admin: Browser) -> None:
    name, ids = story
    page = admin.get(f"/{name}/changelog")
    assert page.status == 200
    shown = [changeset for link in page.links for changeset in ids if f"/changeset/{changeset[:12]}" in link]
    assert list(dict.fromkeys(shown)) == ids[::-1], "newest first"
    assert "Begin <b>the</b> story" in page.text, "messages are text"
    assert admin.get(f"/{name}/changelog?page=2").status == 200


def test_changeset(story: tuple[str, list[str]], admin: Browser) -> None:
    name, ids = story
    page = admin.get(f"/{name}/changeset/{ids[1]}")
    assert page.status == 200 and "Change the answer" in page.text
    assert "return 1" in page.text and "return 42" in page.text and "data.bin" in page.text
    assert any(ids[0] in link for link in page.links) and any(ids[2] in link for link in page.links), "parent and child"
    assert admin.get(f"/{name}/changeset/{ids[1][:12]}").status == 200
    assert admin.get(f"/{name}/changeset/tip").status == 200
    for unknown in ("0123456789", "nonsense", "f" * 40):
        missing = admin.get(f"/{name}/changeset/{unknown}")
        assert missing.status == 404 and missing.in_frame, missing


def test_files(story: tuple[str, list[str]], admin: Browser) -> None:
    name, ids = story
    listing = admin.get(f"/{name}/files/{ids[2]}/")
    assert listing.status == 200
    assert all(entry in listing.text for entry in ("README.md", "src", "data.bin", "ünï cödé"))
    source = admin.get(f"/{name}/files/{ids[1]}/src/main.py")
    assert "return 42" in source.text and source.html.find(id="L2"), "lines can be linked"
    older = admin.get(f"/{name}/files/{ids[0]}/src/main.py")
    assert "return 1" in older.text and "return 42" not in older.text
    assert admin.get(f"/{name}/files/tip/data.bin").status == 200
    odd = admin.get(f"/{name}/files/tip/ünï cödé/a & b.txt")
    assert odd.status == 200 and "<script>alert(1)</script>" in odd.text
    assert admin.get(f"/{name}/files/tip/no/such/file").status == 404


def test_raw_files_cannot_do_harm(story: tuple[str, list[str]], admin: Browser) -> None:
    name, ids = story
    text = admin.get(f"/{name}/raw/{ids[2]}/ünï cödé/a & b.txt")
    assert text.response.content == b"<script>alert(1)</script>\n"
    assert text.headers["Content-Type"].startswith("text/plain")
    assert text.headers["X-Content-Type-Options"] == "nosniff" and "sandbox" in text.headers["Content-Security-Policy"]
    binary = admin.get(f"/{name}/raw/{ids[1]}/data.bin")
    assert binary.response.content == b"\0\1\2\xff" and binary.headers["Content-Type"] == "application/octet-stream"
    assert admin.get(f"/{name}/rawfile/{ids[0]}/README.md").headers["Content-Disposition"].startswith("attachment; filename=")
    assert admin.get(f"/{name}/raw/tip/src").status == 404


def test_a_changeset_of_somebody_elses_push_shows_at_the_next_request(
    client: Client, story: tuple[str, list[str]], admin: Browser, instance: Instance
) -> None:
    """What git or hg do to a repository behind our back."""
    name, _ = story
    work = client.clone(str(instance.repositories / name))
    new = client.commit(work, "By the back door", {"new": ""})
    client.push(work, str(instance.repositories / name))
    assert "By the back door" in admin.get(f"/{name}/changelog").text
    assert admin.get(f"/{name}/changeset/{new}").status == 200
