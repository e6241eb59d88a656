"""Every kind of page under axe, in both colours, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import axe_playwright_python
import pytest
from playwright.sync_api import Page

from harness.garden import GARDENS, ODD_NAME

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ON_A_PHONE = {"type": "rule", "values": ["target-size", "scrollable-region-focusable"]}
"""What depends on the width of the screen."""
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}

BELOW_A_REPOSITORY = [
    "", "/changelog", "/changelog/tip/src/beds.py", "/changeset/tip", "/changeset/{first}...tip", "/files/tip/", "/files/tip/src/beds.py", "/files/tip/README.md",
    "/files/tip/plan.csv", "/files/tip/picture.png", "/files/tip/src/seed.bin", "/annotate/tip/src/beds.py", "/compare", "/statistics", "/forks", "/followers", "/fork",
    "/edit/tip/src/beds.py", "/add/tip/", "/delete/tip/src/beds.py", "/settings", "/settings/permissions", "/settings/advanced", "/archive",
    "/history/tip/src/beds.py", "/authors/tip/src/beds.py", "/diff/src/beds.py?diff1={first}&diff2=tip", "/diff-2way/src/beds.py?diff1={first}&diff2=tip",
    "/compare/tag@{first}...rev@tip", "/files/{first}/src/seed.bin", "/files/tip/nothing",
]  # fmt: skip
OF_THE_SITE = [
    "/", "/?filter=nothing", "/team", "/about", "/_admin/my_account", "/_admin/my_account/sessions", "/_admin/my_account/repos",
    "/_admin/my_account/watched", "/_admin/my_account/perms", "/_admin/auth", "/_admin/repo_groups/team/edit",
    "/_admin/my_account/api_keys", "/_admin/my_account/emails", "/_admin/my_account/password", "/_admin/journal", "/_admin/public_journal",
    "/_admin/create_repository", "/_admin/repo_groups/new", "/_admin/permissions", "/_admin/api", "/empty-git", "/empty-hg", "/no/such/place",
]  # fmt: skip

OF_VISITORS = [
    "/", "/_admin/login", "/_admin/register", "/_admin/password_reset", "/_admin/public_journal", f"/{GARDENS['git']}", "/no/such/place",
    f"/{GARDENS['git']}/settings",
]  # fmt: skip


def paths(kind: str) -> list[str]:
    garden = GARDENS[kind]
    below = [f"/{garden}{path.replace('{first}', 'v1.0')}" for path in BELOW_A_REPOSITORY]
    return below + [f"/{garden}/files/tip/{quote(ODD_NAME)}"] + (OF_THE_SITE if kind == "git" else [])


def complaints_of_axe(page: Page, rules: dict) -> list[str]:
    if not page.evaluate("!!window.axe"):
        page.evaluate(AXE)
    found = page.evaluate("options => axe.run(options)", rules)["violations"]
    return [
        f"{each['id']}: {each['help']}: " + "; ".join(node["html"][:160] for node in each["nodes"][:2]) for each in found
    ]


def looked_at(page: Page, paths: list[str], complaints: list[str]) -> Iterator[str]:
    """Goes from page to page. One that says "not found" is looked at as well; its status is not the matter here."""
    for path in paths:
        answer = page.goto(path)
        if answer.status == 404:
            complaints[:] = [each for each in complaints if "404" not in each]
        yield path


@pytest.mark.parametrize("kind", ["git", "hg"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(kind: str, open_page, complaints) -> None:
    page = open_page("/about", viewport=DESK, bypass_csp=True)
    found = []
    for path in looked_at(page, paths(kind), complaints):
        found += [f"{path}: {each}" for each in complaints_of_axe(page, {"runOnly": RULES})]
        page.set_viewport_size(PHONE)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            found.append(f"{path} is {wide} px too wide at {PHONE['width']}")
        found += [f"{path} on a phone: {each}" for each in complaints_of_axe(page, {"runOnly": ON_A_PHONE})]
        page.set_viewport_size(DESK)
    assert not found, "\n".join(found)


def test_visitors_find_the_same(open_page, complaints) -> None:
    page = open_page("/about", viewport=DESK, bypass_csp=True, storage_state=None)
    found = []
    for path in looked_at(page, OF_VISITORS, complaints):
        found += [f"{path}: {each}" for each in complaints_of_axe(page, {"runOnly": RULES})]
        page.set_viewport_size(PHONE)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            found.append(f"{path} is {wide} px too wide at {PHONE['width']}")
        page.set_viewport_size(DESK)
    assert not found, "\n".join(found)


def test_words_can_be_read_in_the_dark(open_page, complaints) -> None:
    """Other colours, the same page: one system is enough, and the one rule that knows colours."""
    page = open_page("/about", viewport=DESK, color_scheme="dark", bypass_csp=True)
    found = []
    for path in looked_at(page, paths("git"), complaints):
        found += [f"{path}: {each}" for each in complaints_of_axe(page, {"runOnly": {"type": "rule", "values": ["color-contrast"]}})]
    assert not found, "\n".join(found)
