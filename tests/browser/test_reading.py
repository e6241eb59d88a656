"""Reading with a keyboard, a phone, other colours, and without script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from harness import Browser, Server
from harness.garden import GARDENS

GARDEN = GARDENS["git"]


@pytest.fixture(params=["git", "hg"])
def garden(request: pytest.FixtureRequest) -> str:
    return GARDENS[request.param]


def test_the_finder_finds_a_file(open_page, garden: str) -> None:
    page = open_page(f"/{garden}/files/tip/")
    page.keyboard.press("t")
    page.keyboard.type("beds.py")
    expect(page.get_by_role("option").or_(page.get_by_role("link", name=re.compile("beds.py"))).first).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/files/[^/]+/src/beds\.py$"))
    expect(page.locator("#L1")).to_be_visible()


def test_y_makes_the_address_permanent(open_page, garden: str) -> None:
    page = open_page(f"/{garden}/files/tip/src/beds.py")
    page.keyboard.press("y")
    page.wait_for_url(re.compile(r"/files/[0-9a-f]{40}/src/beds\.py$"))


def test_lines_are_marked_by_click_and_range(open_page, garden: str) -> None:
    page = open_page(f"/{garden}/files/tip/src/beds.py")
    page.locator("a[href='#L3']").first.click()
    expect(page).to_have_url(re.compile("#L3$"))
    page.locator("a[href='#L6']").first.click(modifiers=["Shift"])
    expect(page).to_have_url(re.compile("#L3-L?6$"))


def test_the_address_can_be_copied(open_page, world: Server) -> None:
    page = open_page(f"/{GARDEN}", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy address").locator("visible=true").first.click()
    assert page.evaluate("navigator.clipboard.readText()").startswith(world.url.replace("://", "://admin@"))


def test_shortcuts_are_told_and_lists_are_walked(open_page, garden: str) -> None:
    page = open_page(f"/{garden}/changelog")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/changeset/[0-9a-f]{40}"))


def test_tab_reaches_the_content_first(open_page) -> None:
    page = open_page(f"/{GARDEN}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_colours_follow_the_system_and_the_choice(open_page) -> None:
    def background(page) -> str:
        return page.evaluate("getComputedStyle(document.documentElement).backgroundColor")

    light, dark = (open_page("/", color_scheme=scheme) for scheme in ("light", "dark"))
    assert background(light) != background(dark)
    light.get_by_role("button", name=re.compile("dark", re.IGNORECASE)).click()
    assert background(light) == background(dark)
    light.reload()
    assert background(light) == background(dark), "the choice is remembered"


def test_the_filter_narrows_the_home_page(open_page) -> None:
    page = open_page("/")
    page.get_by_role("searchbox").or_(page.get_by_placeholder("Filter")).last.fill("garden-hg")
    expect(page.get_by_role("link", name="garden-hg", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="single-git", exact=True)).to_be_hidden()


def test_diffs_open_side_by_side(open_page, garden: str) -> None:
    page = open_page(f"/{garden}/changelog")
    page.get_by_role("link", name=re.compile("Widen")).first.click()
    expect(page.locator(".code-difftable").first).to_be_visible()
    page.get_by_role("link", name=re.compile("side by side", re.IGNORECASE)).or_(
        page.get_by_role("button", name=re.compile("side by side", re.IGNORECASE))
    ).first.click()
    expect(page.get_by_text("return width * 7 + 1 # wider").or_(page.get_by_text("wider")).first).to_be_visible()


def test_context_is_expanded(open_page, garden: str) -> None:
    page = open_page(f"/{garden}/changelog")
    page.get_by_role("link", name=re.compile("Widen")).first.click()
    hidden = page.get_by_text("def bed_15(width)")
    assert hidden.count() == 0
    page.get_by_role("link", name=re.compile("expand|all lines|show", re.IGNORECASE)).locator("visible=true").first.click()
    expect(page.locator(".code-difftable tr").nth(20)).to_be_visible()


@pytest.mark.parametrize("path", ["", "/changelog", "/files/tip/src/beds.py", "/files/tip/", "/changeset/tip", "/compare", "/annotate/tip/src/beds.py"])
def test_everything_is_there_without_script(open_page, garden: str, path: str) -> None:
    page = open_page(f"/{garden}{path}", java_script_enabled=False)
    expect(page.locator("main")).to_be_visible()
    expect(page.locator("h1:not([id^=user-content-])")).to_have_count(1)
    # A button that only a script can answer must not be offered.
    for button in page.locator("main button:visible").all():
        assert button.evaluate("b => !!b.form") is True, button.evaluate("b => b.outerHTML")


def test_switching_language_without_script(world: Server) -> None:
    browser = Browser(world.url)
    german = browser.get("/_admin/login", headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})
    assert german.html.find("html")["lang"] == "de"
    assert german.headers["Vary"].find("Accept-Language") >= 0
    english = browser.get("/_admin/login", headers={"Accept-Language": "xx, en;q=0.5, de;q=0.1"})
    assert english.html.find("html")["lang"] == "en"


def test_nothing_moves_after_the_first_paint(open_page) -> None:
    page = open_page("/about")
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => { for (const e of list.getEntries()) window.shift += e.value; })"
        ".observe({ type: 'layout-shift', buffered: true });"
    )
    for path in ("/", f"/{GARDEN}", f"/{GARDEN}/changelog", f"/{GARDEN}/files/tip/", f"/{GARDEN}/files/tip/src/beds.py", f"/{GARDEN}/changeset/tip"):
        page.goto(path, wait_until="networkidle")
        assert page.evaluate("window.shift") < 0.02, path
