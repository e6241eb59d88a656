"""Every kind of page under axe, in both colours, on a desk and on a phone."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python
import pytest

from harness.garden import GARDENS, ODD_NAME

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

BELOW_A_REPOSITORY = [
    "", "/changelog", "/changelog/tip/src/beds.py", "/changeset/tip", "/changeset/{first}...tip", "/files/tip/", "/files/tip/src/beds.py", "/files/tip/README.md",
    "/files/tip/plan.csv", "/files/tip/picture.png", "/files/tip/src/seed.bin", "/annotate/tip/src/beds.py", "/compare", "/statistics", "/forks", "/followers", "/fork",
    "/edit/tip/src/beds.py", "/add/tip/", "/delete/tip/src/beds.py", "/settings", "/settings/permissions",
]  # fmt: skip
OF_THE_SITE = [
    "/", "/team", "/about", "/_admin/my_account", "/_admin/my_account/api_keys", "/_admin/my_account/emails", "/_admin/my_account/password", "/_admin/journal",
    "/_admin/public_journal", "/_admin/create_repository", "/_admin/repo_groups/new", "/_admin/permissions", "/_admin/api", "/empty-git", "/empty-hg", "/no/such/place",
]  # fmt: skip


def paths(kind: str) -> list[str]:
    garden = GARDENS[kind]
    below = [f"/{garden}{path.replace('{first}', 'v1.0')}" for path in BELOW_A_REPOSITORY]
    return below + [f"/{garden}/files/tip/{ODD_NAME}"] + (OF_THE_SITE if kind == "git" else [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["git", "hg"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(kind: str, scheme: str, open_page, complaints) -> None:
    page = open_page("/about", viewport={"width": 1280, "height": 900}, color_scheme=scheme, bypass_csp=True)
    found = []
    for path in paths(kind):
        answer = page.goto(path)
        if answer.status == 404:
            # A page that says "not found" is looked at as one; its status is not this test's matter.
            complaints[:] = [each for each in complaints if "404" not in each]
        page.evaluate(AXE)
        result = page.evaluate("rules => axe.run({ runOnly: rules })", RULES)
        for violation in result["violations"]:
            nodes = "; ".join(node["html"][:160] for node in violation["nodes"][:2])
            found.append(f"{path}: {violation['id']}: {violation['help']}: {nodes}")
        page.set_viewport_size({"width": 390, "height": 844})
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            found.append(f"{path} is {wide} px too wide at 390")
        page.set_viewport_size({"width": 1280, "height": 900})
    assert not found, "\n".join(found)
